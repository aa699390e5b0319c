"""Promise: a step is told where it stands, by rows that are learned or by the table of Vaswani et al.

Values of the operation computed by hand stand in test_known_values.
"""

from math import cos, sin

import numpy as np
import pytest

from bplib.attention import Attention
from bplib.positions import Positions, add_positions, add_positions_backward, sinusoidal_positions


def test_the_table_of_sines_by_hand():
    # d = 4: the first pair of columns turns by 1 at each step, the second by 1 / 10000^(2/4) = 1/100
    expected = [[0, 1, 0, 1], [sin(1), cos(1), sin(0.01), cos(0.01)], [sin(2), cos(2), sin(0.02), cos(0.02)]]
    np.testing.assert_allclose(sinusoidal_positions(3, 4), expected, rtol=1e-14)


def test_to_go_on_by_some_steps_turns_every_pair_of_the_table_by_an_angle_of_its_own():
    P = sinusoidal_positions(30, 8)
    hands = P[:, 1::2] + 1j * P[:, ::2]  # cos + i sin
    for k in (1, 5):
        turns = hands[k:] / hands[:-k]
        np.testing.assert_allclose(turns, np.broadcast_to(turns[0], turns.shape), rtol=1e-12)
    assert np.unique(P.round(6), axis=0).shape == P.shape


@pytest.mark.parametrize("length, d", [(0, 4), (3, 0), (3, 5)])
def test_a_table_of_no_rows_or_of_an_odd_width_is_refused(length, d):
    with pytest.raises(ValueError, match=rf"^sinusoidal_positions: length is {length} and d is {d}; needed are"):
        sinusoidal_positions(length, d)


def test_a_layer_is_its_pure_pair_and_rows_behind_the_last_step_get_nothing():
    rng = np.random.default_rng(0)
    layer, x, dy = Positions(6, 3, rng), rng.normal(size=(5, 4, 3)), rng.normal(size=(5, 4, 3))
    own, P = layer.grads["P"], layer.params["P"]
    own[...] = np.nan
    y = layer.forward(x)
    np.testing.assert_array_equal(y, add_positions(x, P))
    np.testing.assert_array_equal(layer.predict(x), y)
    dx, dP = add_positions_backward(dy, y, x, P)
    np.testing.assert_array_equal(layer.backward(dy), dx)
    np.testing.assert_array_equal(layer.grads["P"], dP)
    assert layer.grads["P"] is own
    assert (own[4:] == 0).all()


def test_with_positions_the_order_of_steps_matters_to_attention():
    rng = np.random.default_rng(0)
    places, looks, x = Positions(6, 4, rng), Attention(4, 3, rng), rng.normal(size=(5, 6, 4))
    there, back = (looks.predict(places.predict(steps)) for steps in (x, x[:, ::-1]))
    assert np.abs(there - back[:, ::-1]).max() > 0.1


def test_what_does_not_fit_is_refused():
    rng = np.random.default_rng(0)
    layer = Positions(3, 4, rng)
    needed = r"needed are \(n, t, d\) and \(length, d\), length at least t$"
    for shape in ((5, 4, 4), (5, 3, 2), (3, 4)):
        with pytest.raises(ValueError, match=r"^add_positions: x is .* and P is \(3, 4\); " + needed):
            layer.predict(np.ones(shape))
    with pytest.raises(ValueError, match=r"^add_positions: x holds int64"):
        layer.predict(np.ones((5, 3, 4), int))
    with pytest.raises(ValueError, match=r"^Positions.backward needs a forward before it"):
        layer.backward(np.ones((5, 3, 4)))
    layer.forward(np.ones((5, 3, 4)))
    with pytest.raises(ValueError, match=r"^add_positions_backward: dy is \(5, 4\) but y is \(5, 3, 4\)"):
        layer.backward(np.ones((5, 4)))
    with pytest.raises(ValueError, match=r"^Positions: length is 0 and d is 4"):
        Positions(0, 4, rng)
    with pytest.raises(TypeError, match=r"^Positions: rng is of type int"):
        Positions(3, 4, 0)
