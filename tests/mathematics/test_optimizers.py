"""Promise: every optimizer, schedule and clipping does what its formula says, in place, and refuses misuse in words."""

import copy

import numpy as np
import pytest

from bplib.activations import tanh
from bplib.layers import Activation, Linear
from bplib.networks import Arrays, Sequential
from bplib.optimizers import (
    SGD,
    Adam,
    AdamW,
    RMSProp,
    clip_norm,
    clip_value,
    cosine,
    exponential_decay,
    step_decay,
)

pytestmark = pytest.mark.filterwarnings("error")


# The textbook: one function for each rule, which returns the parameters after each step.


def descent(theta, gradients, lr):
    for g in gradients:
        theta = theta - lr * g
        yield theta


def momentum(theta, gradients, lr, mu):
    v = 0.0
    for g in gradients:
        v = mu * v + g
        theta = theta - lr * v
        yield theta


def momentum_with_the_rate_in_the_velocity(theta, gradients, lr, mu):
    v = 0.0
    for g in gradients:
        v = mu * v - lr * g
        theta = theta + v
        yield theta


def nesterov(theta, gradients, lr, mu):
    v = 0.0
    for g in gradients:
        v = mu * v + g
        theta = theta - lr * (g + mu * v)
        yield theta


def rms_prop(theta, gradients, lr, rho, eps):
    v = 0.0
    for g in gradients:
        v = rho * v + (1 - rho) * g**2
        theta = theta - lr * g / (np.sqrt(v) + eps)
        yield theta


def adam(theta, gradients, lr, beta1, beta2, eps, weight_decay=0.0):
    m = v = 0.0
    for t, g in enumerate(gradients, 1):
        theta = theta - lr * weight_decay * theta
        m = beta1 * m + (1 - beta1) * g
        v = beta2 * v + (1 - beta2) * g**2
        m_hat, v_hat = m / (1 - beta1**t), v / (1 - beta2**t)
        theta = theta - lr * m_hat / (np.sqrt(v_hat) + eps)
        yield theta


# name: (optimizer, textbook, their common arguments); eps is large, so that its place in the formula is seen
RULES = {
    "descent": (SGD, descent, {"lr": 0.1}),
    "momentum": (lambda lr, mu: SGD(lr, momentum=mu), momentum, {"lr": 0.1, "mu": 0.9}),
    "momentum, rate in the velocity": (
        lambda lr, mu: SGD(lr, momentum=mu),
        momentum_with_the_rate_in_the_velocity,
        {"lr": 0.1, "mu": 0.9},
    ),
    "nesterov": (lambda lr, mu: SGD(lr, momentum=mu, nesterov=True), nesterov, {"lr": 0.1, "mu": 0.9}),
    "rmsprop": (RMSProp, rms_prop, {"lr": 0.1, "rho": 0.8, "eps": 0.03}),
    "adam": (Adam, adam, {"lr": 0.1, "beta1": 0.8, "beta2": 0.95, "eps": 0.03}),
    "adam without memory": (Adam, adam, {"lr": 0.1, "beta1": 0.0, "beta2": 0.0, "eps": 0.03}),
    "adamw": (AdamW, adam, {"lr": 0.1, "beta1": 0.8, "beta2": 0.95, "eps": 0.03, "weight_decay": 0.5}),
}
each_rule = pytest.mark.parametrize("make, textbook, arguments", RULES.values(), ids=RULES)
MAKERS = {
    name: (lambda make=make, arguments=arguments: make(**arguments)) for name, (make, _, arguments) in RULES.items()
}
each_optimizer = pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS)


def gradients_of(steps, seed=1):
    """Gradients that vary in size and sign, for W (3, 4) and b (4,)."""
    rng = np.random.default_rng(seed)
    return [{"W": rng.normal(size=(3, 4)) * 3**t, "b": rng.normal(size=4) / 3**t} for t in range(steps)]


def parameters(seed=0):
    rng = np.random.default_rng(seed)
    return {"W": rng.normal(size=(3, 4)), "b": rng.normal(size=4)}


# The rules


@each_rule
def test_an_optimizer_follows_its_textbook_step_by_step(make, textbook, arguments):
    start, gradients = parameters(), gradients_of(4)
    params, optimizer = copy.deepcopy(start), make(**arguments)
    books = {name: textbook(start[name], [g[name] for g in gradients], **arguments) for name in start}
    for g in gradients:
        optimizer.step(params, g)
        for name in params:
            np.testing.assert_allclose(params[name], next(books[name]), rtol=1e-12)


@pytest.mark.parametrize(
    "optimizer, after",
    [
        (SGD(0.5), 2 - 0.5 * 4),
        (SGD(0.5, momentum=0.9), 2 - 0.5 * 4),  # the first velocity is the gradient
        (SGD(0.5, momentum=0.9, nesterov=True), 2 - 0.5 * 1.9 * 4),
        (RMSProp(0.5, rho=0.75, eps=0.0), 2 - 0.5 / np.sqrt(0.25)),  # g / sqrt(g^2 / 4) is 2, whatever g is
        (Adam(0.5, eps=0.0), 2 - 0.5),  # both corrected means are those of one gradient: the step is the rate
        (AdamW(0.5, eps=0.0, weight_decay=0.1), 2 - 0.5 * 0.1 * 2 - 0.5),
    ],
    ids=["sgd", "momentum", "nesterov", "rmsprop", "adam", "adamw"],
)
def test_the_first_step_from_2_with_gradient_4_is_exact(optimizer, after):
    params = {"w": np.array([2.0])}
    optimizer.step(params, {"w": np.array([4.0])})
    assert params["w"][0] == pytest.approx(after, rel=1e-14)


def test_the_second_steps_with_gradients_4_and_2_are_exact():
    expected = {
        # v = 0.5 * 4 + 2 = 4: 10 - 0.1 * 4 - 0.1 * 4
        SGD(0.1, momentum=0.5): 10 - 0.4 - 0.4,
        # d = 4 + 0.5 * 4 = 6, then 2 + 0.5 * 4 = 4
        SGD(0.1, momentum=0.5, nesterov=True): 10 - 0.6 - 0.4,
        # v = 8, then 4 + 2 = 6
        RMSProp(0.1, rho=0.5, eps=0.0): 10 - 0.1 * 4 / np.sqrt(8) - 0.1 * 2 / np.sqrt(6),
        # m = 2, then 1 + 1 = 2, corrected 2 / (1/2) = 4, then 2 / (3/4) = 8/3
        # v = 3/4 * 16 = 12, then 12/4 + 3/4 * 4 = 6, corrected 12 / (3/4) = 16, then 6 / (15/16) = 32/5
        Adam(0.1, beta1=0.5, beta2=0.25, eps=0.0): 10 - 0.1 - 0.1 * (8 / 3) / np.sqrt(32 / 5),
    }
    for optimizer, after in expected.items():
        params = {"w": np.array([10.0])}
        for g in (4.0, 2.0):
            optimizer.step(params, {"w": np.array([g])})
        assert params["w"][0] == pytest.approx(after, rel=1e-14)


def test_the_two_conventions_of_momentum_part_when_the_rate_changes():
    # lr 1, then 1/10; g = 1, 1; mu = 1/2. Ours: 0 - 1 - 0.1 * 1.5; the other: v = -1, then -0.5 - 0.1
    params, optimizer = {"w": np.zeros(1)}, SGD(lambda step: 0.1**step, momentum=0.5)
    for _ in range(2):
        optimizer.step(params, {"w": np.ones(1)})
    assert params["w"][0] == pytest.approx(-1.15, rel=1e-14)
    assert params["w"][0] != pytest.approx(-1.6, rel=1e-2)


def test_the_decay_of_adamw_is_not_an_l2_penalty():
    def after(make, penalty):
        params = {"w": np.array([1.0, 1.0])}
        optimizer = make()
        for _ in range(3):  # one gradient is a thousand times the other
            optimizer.step(params, {"w": np.array([1e-3, 1.0]) + penalty * params["w"]})
        return params["w"]

    decayed = after(lambda: AdamW(0.01, eps=0.0, weight_decay=0.1), 0.0)
    penalized = after(lambda: Adam(0.01, eps=0.0), 0.1)
    plain = after(lambda: Adam(0.01, eps=0.0), 0.0)
    # decoupled: every weight loses the same share beside its step of Adam, whose size does not depend on the gradient's
    np.testing.assert_allclose(decayed[0], decayed[1], rtol=1e-12)
    assert decayed[0] == pytest.approx((((1 - 1e-3) - 0.01) * (1 - 1e-3) - 0.01) * (1 - 1e-3) - 0.01, rel=1e-12)
    # in the gradient: it is normalized away
    np.testing.assert_allclose(penalized, plain, rtol=1e-3)
    assert (plain - decayed).min() > 2.5e-3


def test_adamw_without_decay_is_adam():
    ours, theirs = parameters(), parameters()
    one, other = Adam(0.1), AdamW(0.1, weight_decay=0.0)
    for g in gradients_of(3):
        one.step(ours, g)
        other.step(theirs, g)
    for name in ours:
        np.testing.assert_array_equal(ours[name], theirs[name])


@pytest.mark.parametrize("make", [Adam, lambda lr: RMSProp(lr)], ids=["Adam", "RMSProp"])
def test_a_parameter_without_gradient_stays_where_it_is(make):
    params, optimizer = {"w": np.array([1.0, 2.0])}, make(0.1)
    for _ in range(3):
        optimizer.step(params, {"w": np.array([0.0, 1.0])})
    assert params["w"][0] == 1.0
    assert params["w"][1] < 2.0


@each_optimizer
def test_an_optimizer_finds_the_minimum_of_a_valley(make):
    params, optimizer = {"w": np.array([3.0, -2.0])}, make()
    optimizer.lr = exponential_decay(0.05, 60)
    for _ in range(600):
        optimizer.step(params, {"w": [1.0, 10.0] * (params["w"] - [0.5, 0.25])})
    np.testing.assert_allclose(params["w"], [0.5, 0.25], atol=0.05)


# How the arrays are treated


@each_optimizer
def test_parameters_are_changed_in_place_and_gradients_are_not_changed(make):
    params, optimizer = parameters(), make()
    arrays, start = dict(params), copy.deepcopy(params)
    for g in gradients_of(3):
        for a in g.values():
            a.setflags(write=False)
        optimizer.step(params, g)
    for name in params:
        assert params[name] is arrays[name]
        assert (params[name] != start[name]).all()


@each_optimizer
def test_arrays_of_one_vector_are_updated_as_plain_dicts_are(make):
    plain, joined = parameters(), Arrays(parameters())
    one, other = make(), make()
    for g in gradients_of(4):
        one.step(plain, g)
        other.step(joined, Arrays(g))
    for name in plain:
        np.testing.assert_allclose(joined[name], plain[name], rtol=1e-14)


@each_optimizer
def test_vector_and_plain_dict_may_be_mixed(make):
    plain, joined = parameters(), Arrays(parameters())
    one, other = make(), make()
    for g in gradients_of(2):
        one.step(plain, g)
        other.step(joined, g)
    for name in plain:
        np.testing.assert_allclose(joined[name], plain[name], rtol=1e-14)


@each_optimizer
@pytest.mark.parametrize("lr", [None, cosine(0.1, 10, warmup=2)], ids=["a number", "a schedule"])
def test_float32_stays_float32(make, lr):
    wide, narrow = parameters(), {name: p.astype(np.float32) for name, p in parameters().items()}
    arrays = dict(narrow)
    one, other = make(), make()
    if lr is not None:
        one.lr = other.lr = lr
    for g in gradients_of(3):
        one.step(wide, g)
        other.step(narrow, {name: a.astype(np.float32) for name, a in g.items()})
    for name in wide:
        assert narrow[name] is arrays[name]
        assert narrow[name].dtype == np.float32
        np.testing.assert_allclose(narrow[name], wide[name], rtol=1e-4, atol=1e-5)
    for remembered in other.memory.values():
        assert all(a.dtype == np.float32 for a in remembered.values())


@each_optimizer
def test_an_optimizer_can_be_copied_in_the_middle(make):
    params, optimizer = parameters(), make()
    first, second, third = gradients_of(3)
    optimizer.step(params, first)
    params_2, optimizer_2 = copy.deepcopy((params, optimizer))
    for g in (second, third):
        optimizer.step(params, g)
        optimizer_2.step(params_2, g)
    for name in params:
        np.testing.assert_array_equal(params[name], params_2[name])


def network(n_hidden, seed=0):
    rng = np.random.default_rng(seed)
    net = Sequential(Linear(2, n_hidden, rng), Activation(tanh), Linear(n_hidden, 1, rng))
    net.backward(np.ones_like(net.forward(np.ones((4, 2)))))
    return net


@pytest.mark.parametrize(
    "make",
    [lambda: SGD(0.1, momentum=0.9), lambda: RMSProp(0.1), lambda: Adam(0.1), lambda: AdamW(0.1)],
    ids=["SGD", "RMSProp", "Adam", "AdamW"],
)
def test_a_second_network_of_another_size_is_refused(make):
    optimizer, net, other = make(), network(3), network(5)
    optimizer.step(net.params, net.grads)
    before = other.params.flat.copy()
    with pytest.raises(ValueError, match="flat is another array than in the steps before; each network needs its own"):
        optimizer.step(other.params, other.grads)
    np.testing.assert_array_equal(other.params.flat, before)


def test_an_optimizer_without_memory_may_serve_two_networks():
    optimizer = SGD(0.1)
    for net in (network(3), network(5)):
        before = net.params.flat.copy()
        optimizer.step(net.params, net.grads)
        np.testing.assert_allclose(net.params.flat, before - 0.1 * net.grads.flat, rtol=1e-14)


# What is refused


def test_a_step_goes_against_the_gradient_in_place():
    w, b = np.array([1.0, 2.0]), np.array([[0.5]])
    params, grads = {"w": w, "b": b}, {"w": np.array([10.0, -20.0]), "b": np.array([[1.0]])}
    SGD(lr=0.1).step(params, grads)
    assert params["w"] is w
    np.testing.assert_allclose(w, [0.0, 4.0], atol=1e-15)  # 1 - 0.1 * 10, 2 + 0.1 * 20
    np.testing.assert_allclose(b, [[0.4]])
    np.testing.assert_array_equal(grads["w"], [10, -20])


@pytest.mark.parametrize("lr", [0, -0.1, float("nan"), -np.inf])
def test_a_learning_rate_that_is_not_positive_is_refused(lr):
    with pytest.raises(ValueError, match=f"lr is {lr}; a positive"):
        SGD(lr)


@pytest.mark.parametrize("grads", [{}, {"W": np.ones(2)}, {"w": np.ones(2), "b": np.ones(1)}], ids=str)
def test_gradients_of_other_names_are_refused_with_both(grads):
    params = {"w": np.ones(2)}
    with pytest.raises(ValueError) as refusal:
        SGD(0.1).step(params, grads)
    assert f"params has {['w']} but grads has {sorted(grads)}" in str(refusal.value)
    np.testing.assert_array_equal(params["w"], [1, 1])


def test_a_gradient_of_another_shape_is_refused_before_anything_moves():
    params = {"a": np.ones(2), "w": np.ones((2, 3))}
    with pytest.raises(ValueError, match=r"w is \(2, 3\) but its gradient is \(3,\)"):
        SGD(0.1).step(params, {"a": np.ones(2), "w": np.ones(3)})
    np.testing.assert_array_equal(params["a"], [1, 1])


def test_a_parameter_that_cannot_be_changed_in_place_is_refused():
    with pytest.raises((TypeError, ValueError)):
        SGD(0.1).step({"b": np.float64(0.5)}, {"b": np.float64(1.0)})


def test_a_step_refuses_parameters_of_integers_and_takes_lists_as_gradients():
    with pytest.raises(TypeError, match="W is an array of int64"):
        SGD(0.1).step({"W": np.ones(2, dtype=np.int64)}, {"W": np.ones(2)})
    params = {"W": np.ones(2)}
    SGD(0.5).step(params, {"W": [1.0, 2.0]})
    np.testing.assert_array_equal(params["W"], [0.5, 0.0])


def test_a_schedule_is_no_number_and_is_asked_for_each_step():
    asked = []
    params, optimizer = {"w": np.zeros(1)}, SGD(lambda step: asked.append(step) or 1.0)
    for _ in range(3):
        optimizer.step(params, {"w": np.ones(1)})
    assert asked == [0, 1, 2]


@pytest.mark.parametrize("make", [SGD, RMSProp, Adam, AdamW], ids=lambda make: make.__name__)
@pytest.mark.parametrize("lr", [0, -0.1, float("nan"), np.inf])
def test_every_optimizer_refuses_a_learning_rate_that_is_not_positive_by_its_name(make, lr):
    with pytest.raises(ValueError, match=f"^{make.__name__}: lr is {lr}; a positive learning rate is needed"):
        make(lr)


@pytest.mark.parametrize("wrong", [-0.1, 1, 1.5, np.nan])
@pytest.mark.parametrize(
    "make, name",
    [(SGD, "momentum"), (RMSProp, "rho"), (Adam, "beta1"), (Adam, "beta2"), (AdamW, "beta1"), (AdamW, "beta2")],
)
def test_a_memory_outside_of_0_to_1_is_refused_by_its_name(make, name, wrong):
    with pytest.raises(ValueError, match=f"^{make.__name__}: {name} is {wrong}; a number from 0 to below 1"):
        make(0.1, **{name: wrong})


def test_nesterov_without_momentum_and_a_negative_decay_are_refused():
    with pytest.raises(ValueError, match="nesterov looks ahead along the momentum, which is 0"):
        SGD(0.1, nesterov=True)
    for wrong in (-0.1, np.nan):
        with pytest.raises(ValueError, match=f"AdamW: weight_decay is {wrong}"):
            AdamW(0.1, weight_decay=wrong)


@each_optimizer
def test_every_optimizer_refuses_gradients_that_do_not_fit_before_anything_moves(make):
    params = {"a": np.ones(2), "w": np.ones((2, 3))}
    for grads, words in (
        ({"a": np.ones(2)}, r"params has \['a', 'w'\] but grads has \['a'\]"),
        ({"a": np.ones(2), "w": np.ones(3)}, r"w is \(2, 3\) but its gradient is \(3,\)"),
        ({"a": np.ones(2), "w": np.ones((2, 1))}, r"w is \(2, 3\) but its gradient is \(2, 1\)"),
    ):
        with pytest.raises(ValueError, match=words):
            make().step(params, grads)
    np.testing.assert_array_equal(params["a"], [1, 1])
    np.testing.assert_array_equal(params["w"], np.ones((2, 3)))


# Schedules


def test_step_decay_falls_after_each_so_many_steps():
    assert [step_decay(0.8, 3, 0.5)(step) for step in range(8)] == [0.8] * 3 + [0.4] * 3 + [0.2] * 2
    assert step_decay(1.0, 2)(2) == 0.1


def test_exponential_decay_halves_in_every_half_life():
    rate = exponential_decay(0.8, 10)
    assert [rate(0), rate(10), rate(20)] == [0.8, 0.4, 0.2]
    assert rate(5) == pytest.approx(0.8 / np.sqrt(2), rel=1e-14)


def test_cosine_falls_along_half_a_cosine():
    rate = cosine(0.8, 12)
    # cos of 0, pi/3, pi/2, 2 pi/3, pi is 1, 1/2, 0, -1/2, -1
    assert [rate(step) for step in (0, 4, 6, 8, 12)] == pytest.approx([0.8, 0.6, 0.4, 0.2, 0.0], rel=1e-14, abs=1e-16)
    assert rate(1000) == rate(12)  # it does not rise again


def test_cosine_rises_evenly_over_its_warmup_and_falls_from_there():
    rate = cosine(1.0, 14, warmup=4)
    assert [rate(step) for step in range(5)] == [0.25, 0.5, 0.75, 1.0, 1.0]
    assert rate(9) == pytest.approx(0.5, rel=1e-14)
    assert rate(14) == pytest.approx(0.0, abs=1e-16)


@pytest.mark.parametrize("steps, warmup", [(10, 10), (10, 11), (10, -1), (0, 0), (-5, 0)])
def test_a_warmup_that_leaves_nothing_is_refused(steps, warmup):
    with pytest.raises(ValueError, match=f"warmup is {warmup} and steps is {steps}"):
        cosine(0.1, steps, warmup)


@each_optimizer
def test_a_schedule_gives_the_rate_of_each_step(make):
    # rates 0.1, 0.01, 0.001: the same as three optimizers, each told its rate, would do from the same state
    params, optimizer = parameters(), make()
    optimizer.lr = step_decay(0.1, 1)
    by_hand, other = parameters(), make()
    for step, g in enumerate(gradients_of(3)):
        optimizer.step(params, g)
        other.lr = 0.1 * 0.1**step
        other.step(by_hand, g)
    for name in params:
        np.testing.assert_allclose(params[name], by_hand[name], rtol=1e-13)


# Clipping


def test_clip_norm_scales_all_gradients_by_their_common_norm():
    # 3, 4 and 12: the norm is 13
    grads = {"a": np.array([[3.0, 4.0]]), "b": np.array([-12.0])}
    arrays = dict(grads)
    assert clip_norm(grads, 1.3) == pytest.approx(13, rel=1e-15)
    np.testing.assert_allclose(grads["a"], [[0.3, 0.4]], rtol=1e-14)
    np.testing.assert_allclose(grads["b"], [-1.2], rtol=1e-14)
    assert all(grads[name] is arrays[name] for name in grads)
    assert clip_norm(grads, 2.0) == pytest.approx(1.3, rel=1e-14)  # below the limit: as they are
    np.testing.assert_allclose(grads["b"], [-1.2], rtol=1e-14)
    assert clip_norm(grads, 1.25) == pytest.approx(1.3, rel=1e-14)  # a little above: 1.3 becomes 1.25
    np.testing.assert_allclose(grads["a"], [[0.3 / 1.04, 0.4 / 1.04]], rtol=1e-14)


def test_clip_value_cuts_each_entry_at_both_sides():
    grads = {"a": np.array([[3.0, -4.0]]), "b": np.array([0.5, -12.0, 2.0])}
    arrays = dict(grads)
    assert clip_value(grads, 2.0) is None
    np.testing.assert_array_equal(grads["a"], [[2, -2]])
    np.testing.assert_array_equal(grads["b"], [0.5, -2, 2])
    assert all(grads[name] is arrays[name] for name in grads)


@pytest.mark.parametrize("clip", [clip_norm, clip_value], ids=lambda f: f.__name__)
def test_clipping_reaches_a_network_keeps_float32_and_leaves_zeros(clip):
    net = network(3).astype(np.float32)
    net.grads.flat[...] = 100
    clip(net.grads, 0.5)
    assert net.grads.flat.dtype == np.float32
    assert 0 < np.abs(net.grads.flat).max() <= 0.5 * (1 + 1e-6)
    assert net.layers[0].grads["W"].max() == net.grads.flat.max()
    zero = {"w": np.zeros(3)}
    clip(zero, 0.5)
    assert not zero["w"].any()


@pytest.mark.parametrize("clip", [clip_norm, clip_value], ids=lambda f: f.__name__)
@pytest.mark.parametrize("limit", [0, -1.0, np.nan])
def test_a_limit_that_is_not_positive_is_refused(clip, limit):
    with pytest.raises(ValueError, match=f"^{clip.__name__}: limit is {limit}; a positive number is needed"):
        clip({"w": np.ones(2)}, limit)


def test_a_second_network_of_the_same_size_is_refused_too():
    optimizer = Adam(0.1)
    for seed in (0, 1):
        net = Sequential(Linear(3, 2, np.random.default_rng(seed)))
        if seed:
            with pytest.raises(ValueError, match="each network needs its own"):
                optimizer.step(net.params, net.grads)
        else:
            optimizer.step(net.params, net.grads)


def test_gradients_of_another_network_of_as_many_numbers_are_refused():
    with pytest.raises(ValueError):
        SGD(0.1).step(
            Sequential(Linear(2, 3, np.random.default_rng(0))).params,
            Sequential(Linear(8, 1, np.random.default_rng(0))).grads,
        )  # 9 and 9


def test_a_step_that_was_refused_does_not_count():
    optimizer, params = Adam(0.5, eps=0.0), {"w": np.ones(2)}
    with pytest.raises(ValueError):
        optimizer.step(params, {"w": np.ones(3)})
    optimizer.step(params, {"w": np.ones(2)})
    np.testing.assert_allclose(params["w"], [0.5, 0.5])  # the first step of Adam is the rate


@pytest.mark.parametrize(
    "make", [lambda: step_decay(0.1, 0), lambda: exponential_decay(0.1, 0), lambda: step_decay(-1, 5)]
)
def test_a_schedule_that_makes_no_sense_is_refused_when_it_is_made(make):
    with pytest.raises(ValueError):
        make()


def test_clip_norm_of_exploded_float32_gradients_keeps_their_direction():
    grads = {"w": np.array([3e20, 4e20], np.float32)}
    clip_norm(grads, 1.0)  # the square overflows, and all gradients become 0 without a word
    np.testing.assert_allclose(grads["w"], [0.6, 0.8], rtol=1e-5)


def test_clip_norm_says_that_a_gradient_is_infinite():
    grads = {"w": np.array([np.inf, 1.0])}
    assert clip_norm(grads, 1.0) == np.inf  # without a warning of NumPy
    assert not np.isnan(grads["w"]).any()
