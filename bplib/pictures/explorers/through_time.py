"""Gradients through time: how much the last state of a recurrent network still feels of each input before it."""

import math

import numpy as np

from bplib.pictures import svg
from bplib.pictures.explorers.widget import Explorer, slider, toggles
from bplib.recurrent import rnn, rnn_backward

_LOWEST, _HIGHEST = -12.0, 6.0  # of the decimal logarithms; what is smaller lies on the floor


def through_time_explorer(inputs, *, weight=0.9, step=None):
    """The states of h_t = tanh(x_t + w h_(t-1)), h_0 = 0, and the slope of one state by every input before it.

    inputs is {name: (T,)}, all equally long and at least 2, else ValueError; buttons choose one, and sliders the weight
    w, from -1.5 to 1.5, and the step at which the loss looks. weight and step are where these begin; without a step, at
    the last.
    """
    lengths = {np.shape(x) for x in inputs.values()}
    if len(lengths) != 1 or len(shape := lengths.pop()) != 1 or shape[0] < 2:
        raise ValueError(
            f"inputs are { {name: np.shape(x) for name, x in inputs.items()} }; each needs one axis of equal length,"
            " at least 2"
        )
    (T,) = shape
    one, start = np.ones((1, 1)), np.zeros((1, 1))

    def slopes(name, w, step):
        """The states h_0 to h_T, and dh_step / dx_t for t = 1, ..., step."""
        x, Wh = np.asarray(inputs[name], dtype=float).reshape(1, T, 1), np.array([[w]])
        weights = one, Wh, np.zeros(1)
        h = rnn(x, start, *weights)
        dh = np.zeros_like(h)
        dh[0, step - 1] = 1.0
        dx, *_ = rnn_backward(dh, h, x, start, *weights)
        return [0.0, *h[0, :, 0].tolist()], dx[0, :step, 0].tolist()

    def said(name, w, step, found):
        first, last = svg.number(float(f"{found[0]:.3g}")), svg.number(float(f"{found[-1]:.3g}"))
        return (
            f"{name.capitalize()}, w = {svg.number(w)}: the state of step {step} feels the input of step {step} with"
            f" the slope {last}, and that of step 1 with {first}."
        )

    def draw(name, w, step):
        w = round(w, 2) + 0.0
        h, found = slopes(name, w, step)
        caption = said(name, w, step, found)
        area = {"width": 420, "height": 250, "named": False}
        states = svg.chart(
            {"h": (range(T + 1), h)},
            f"The state at every step. {caption}",
            "step t",
            "state h",
            limits=(0, T + 0.6, -1.05, 1.05),
            marks={"h": (step, h[step], None)},
            **area,
        )
        sizes = [min(max(math.log10(abs(d)) if d else _LOWEST, _LOWEST), _HIGHEST) for d in found]
        steps = range(1, step + 1)
        gradients = svg.chart(
            {"slope": (steps, sizes)},
            f"How much the state of that step feels the input of each step. {caption}",
            "step t of the input",
            "log₁₀ of the slope",
            limits=(0, T + 0.6, _LOWEST, _HIGHEST),
            points=(steps, sizes),
            **area,
        ).replace(svg.BLUE, svg.VERMILLION)
        return [states, gradients], caption

    begin = next(iter(inputs)), weight, step or T
    controls = [
        toggles("inputs", list(inputs), begin[0]),
        slider("w", weight, -1.5, 1.5, 0.05),
        slider("step", begin[2], 1, T, 1),
    ]
    still = draw(*begin)
    return Explorer(controls, draw, still, still[1])
