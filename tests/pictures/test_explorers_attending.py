"""The explorer of attention shows the weights of every step, and arrows that go the way the gradient moves them."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from bplib.attention import attention, attention_backward, causal_mask
from bplib.losses import mse_grad
from bplib.pictures import explorers

WIDGET = "application/vnd.jupyter.widget-view+json"
SVG = "{http://www.w3.org/2000/svg}"
RNG = np.random.default_rng(0)
Q, K = RNG.normal(size=(4, 3)), RNG.normal(size=(4, 3))
V, TARGET = np.array([8.0, 4.0, 0.0, 6.0]), np.array([7.0, 1.0, 4.0, 2.0])


def build(**more):
    return explorers.attention_explorer(**({"q": Q, "k": K, "v": V, "target": TARGET, "rate": 0.3} | more))


def controls(explorer):
    return explorer.controls


def at(explorer, **values):
    for name, value in values.items():
        controls(explorer)[name].value = value
    return explorer


def drawn(explorer):
    return ET.fromstring(f"<div>{explorer.picture}</div>")


def field(explorer, name):
    (group,) = [g for g in drawn(explorer).iter(f"{SVG}g") if g.get("data-field") == name]
    words = [t.text.replace("−", "-") for t in group.iter(f"{SVG}text")]
    assert words[0] == name
    return np.array(words[1:], dtype=float).reshape(4, -1)


def arrows(explorer):
    """Key to the height of its arrow; upward is positive."""
    found = re.findall(r'data-arrow="(\d)" d="M[\d.]+ [\d.]+v(-?[\d.]+)', explorer.picture)
    return {int(key): -float(height) for key, height in found}


def descended(steps, mask=None):
    """The weights, the gradient of the logits and the loss after some steps, by a route of its own."""
    q, k, v, target = Q[None], K[None], V[None, :, None], TARGET[None, :, None]
    for _ in range(steps):
        y = attention(q, k, v, mask)
        dq, dk, _ = attention_backward(mse_grad(y, target), y, q, k, v, mask)
        q, k = q - 0.3 * dq, k - 0.3 * dk
    z = (q @ k.swapaxes(1, 2))[0] / np.sqrt(3)
    e = np.exp(z) * (1.0 if mask is None else mask)
    a = e / e.sum(axis=1, keepdims=True)
    y = a @ V
    dz = a * (V - y[:, None]) * (2 * (y - TARGET) / 4)[:, None]
    return a, dz, float(np.mean((y - TARGET) ** 2))


@pytest.mark.parametrize("step", [0, 1, 8])
@pytest.mark.parametrize("mask", ["none", "causal"])
def test_weights_and_gradients_are_those_of_every_step(step, mask):
    explorer = at(build(), mask=mask, step=step)
    a, dz, loss = descended(step, causal_mask(4) if mask == "causal" else None)
    np.testing.assert_allclose(field(explorer, "a"), a, atol=0.0051)
    np.testing.assert_allclose(field(explorer, "dz"), dz, atol=0.0051)
    said = float(re.search(r"loss ([\d.]+)\.", explorer.picture).group(1))
    assert said == pytest.approx(loss, abs=0.0051)


def test_the_loss_falls_along_the_steps():
    explorer = build()
    losses = [float(re.search(r"loss ([\d.]+)\.", at(explorer, step=s).picture).group(1)) for s in range(9)]
    assert losses == sorted(losses, reverse=True) and losses[-1] < losses[0] / 4


@pytest.mark.parametrize("query", range(4))
def test_arrows_point_against_the_gradient_and_dots_have_the_area_of_their_weight(query):
    explorer = at(build(), query=query)
    a, dz, _ = descended(0)
    for key, height in arrows(explorer).items():
        assert height * -dz[query, key] > 0
    radii = {c.get("data-key"): float(c.get("r")) for c in drawn(explorer).iter(f"{SVG}circle")}
    np.testing.assert_allclose([radii[str(j)] for j in range(4)], 15 * np.sqrt(a[query]), atol=0.051)


def test_the_caption_names_the_key_that_gains_most_and_the_one_that_loses_most():
    _, dz, _ = descended(0)
    text = at(build(), query=2).picture
    assert f"raises the logit of key {dz[2].argmin()} most, and lowers that of key {dz[2].argmax()} most." in text


def test_behind_a_causal_mask_the_first_query_has_nothing_to_choose_and_sees_one_key():
    explorer = at(build(), mask="causal")
    assert "There is a single key to look at: nothing to choose." in explorer.picture
    assert arrows(explorer) == {}
    assert [c.get("data-key") for c in drawn(explorer).iter(f"{SVG}circle")] == ["0"]


def test_what_the_query_takes_and_what_is_wanted_are_marked():
    assert {p.get("data-mark") for p in drawn(build()).iter(f"{SVG}path")} == {None, "y", "wanted"}


def test_without_as_many_keys_as_queries_there_is_no_causal_mask():
    explorer = build(k=RNG.normal(size=(5, 3)), v=np.arange(5.0))
    assert controls(explorer)["mask"].options == [("none", "none")]


@pytest.mark.parametrize(
    "more",
    [{"v": V[:3]}, {"target": TARGET[:2]}, {"k": K[:, :2]}, {"q": np.ones((7, 3)), "target": np.ones(7)}],
    ids=["values", "targets", "keys", "seven queries"],
)
def test_arrays_that_do_not_fit_are_refused(more):
    with pytest.raises(ValueError, match=r"needed are|room for"):
        build(**more)


def test_the_static_picture_is_the_first_and_stays():
    first, second = build(query=1), build(query=1)
    at(second, step=5)
    assert first._static == second._static
    assert first._static["text/plain"].startswith("Query 1, step 0: y = ")
    assert first._static["text/plain"] in first._static["text/html"].replace("&#x27;", "'")
    assert WIDGET in first._repr_mimebundle_()


def test_a_move_takes_a_few_milliseconds(stopwatch):
    explorer = build()
    for step in range(1, 9):
        with stopwatch:
            at(explorer, step=step)
    assert stopwatch.milliseconds() < 50
