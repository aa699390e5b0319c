"""One neuron to move by hand: how steep its loss is, and what a step promises beside what it does."""

from functools import cache

import numpy as np

from bplib.activations import sigmoid
from bplib.layers import linear, linear_backward
from bplib.losses import binary_cross_entropy_with_logits, binary_cross_entropy_with_logits_grad
from bplib.pictures import svg
from bplib.pictures.explorers.widget import Explorer, selection, slider, toggles

RATES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
_LOW, _HIGH = -2.8, 2.8  # of w1


def neuron_explorer(x, w, b, y=1):
    """A sigmoid neuron on one example x (d,), with weights w (d,), a bias b and the cross-entropy for the truth y.

    Sliders move the first weight, the bias and the learning rate, buttons the truth. The first chart is the loss
    against the first weight, with its slope. The second follows the step that the gradient takes, for all parameters:
    the straight line is what the slope promises, the curve what the loss does.
    """
    x, w = np.array([x], dtype=float), np.array(w, dtype=float)[:, None]
    if w.shape[0] != x.shape[1]:
        raise ValueError(f"x is {x.shape[1:]} and w is {w.shape[:1]}; needed are two equal shapes (d,)")
    tried = np.linspace(_LOW, _HIGH, 29).tolist()

    def loss(W, b, y):
        return binary_cross_entropy_with_logits(linear(x, W, b), np.array([[float(y)]]))

    @cache
    def here(y, w1, b):
        """The place, its activation and its loss, and the gradients there."""
        W, b = np.concatenate([[[w1]], w[1:]]), np.array([b])
        z, truth = linear(x, W, b), np.array([[float(y)]])
        grads = linear_backward(binary_cross_entropy_with_logits_grad(z, truth), z, x, W, b)[1:]
        return (W, b), float(sigmoid(z)[0, 0]), loss(W, b, y), grads

    @cache
    def across(y, b):
        return tried, [here(y, w1, b)[2] for w1 in tried]

    def step(y, w1, b, lr):
        """How much the slope promises that a step changes the loss, and how much it does."""
        (W, bias), _, before, (dW, db) = here(y, w1, b)
        return -lr * float(np.sum(dW**2) + np.sum(db**2)), loss(W - lr * dW, bias - lr * db, y) - before

    def caption(y, w1, b, lr):
        (_, a, before, (dW, _)), (promised, true) = here(y, w1, b), step(y, w1, b, lr)
        return (
            f"y = {y}, w1 = {svg.number(w1)}, b = {svg.number(b)}: a = {svg.number(a)}, L = {svg.number(before)},"
            f" dL/dw1 = {svg.number(float(dW[0, 0]))}. A step with η = {svg.number(lr)}: predicted change of L"
            f" {svg.number(promised)}, true change {svg.number(true)}."
        )

    def draw(y, w1, b, lr):
        said, (_, _, before, (dW, _)), (promised, true) = caption(y, w1, b, lr), here(y, w1, b), step(y, w1, b, lr)
        label, mark = f"The loss against the first weight. {said}", {"": (w1, before, float(dW[0, 0]))}
        limits = (_LOW - 0.15, _HIGH + 0.15, -0.2, 5.0)
        curve = {"": across(y, b)}
        left = svg.chart(curve, label, "weight w1", "loss L", limits=limits, marks=mark, width=380)
        rates = np.linspace(0.0, 1.2 * lr, 17).tolist()
        curves = {
            "true": (rates, [before + step(y, w1, b, each)[1] for each in rates]),
            "predicted": (rates[:: len(rates) - 1], [before, before + 1.2 * promised]),
        }
        marks = {"true": (lr, before + true, None), "predicted": (lr, before + promised, None)}
        limits = (0.0, 1.2 * lr, before + 1.3 * promised, before - 0.15 * promised)
        places = {"true": (0.25 * lr, before - 0.07 * promised), "predicted": (0.75 * lr, before + 1.15 * promised)}
        label = f"The loss along the step, and along its slope. {said}"
        axes = {"x_label": "how far the step goes, η", "y_label": "loss L", "limits": limits}
        return [left, svg.chart(curves, label, **axes, marks=marks, places=places, width=400)], said

    start = y, float(w[0, 0]), float(b), 1.0
    controls = [
        toggles("truth y", [0, 1], y),
        slider("w1", start[1], _LOW, _HIGH, 0.2),
        slider("b", start[2], -1.4, 1.6, 0.5),
        selection("η", RATES, 1.0),
    ]
    return Explorer(controls, draw, draw(*start), caption(*start))
