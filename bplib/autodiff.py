"""Derivatives by the machine: functions of Values, which remember how they were computed.

The functions mirror NumPy's names, so the module is an array namespace: the definitions of `bplib.operations` run on
Values as they are. Plain numbers and arrays may stand beside Values anywhere. The engine is `bplib.values`.
"""

import copy

import numpy as np

from bplib.values import Value, as_value, topological_order

__all__ = ["Value", "topological_order"]  # beside what is defined here


# The array namespace: NumPy's names, for Values and for plain arrays alike.


def exp(x):
    """e^x, elementwise; dx = g e^x."""
    return _elementwise("exp", np.exp, x, lambda data, out: out)


def log(x):
    """Natural logarithm, elementwise; dx = g / x."""
    return _elementwise("log", np.log, x, lambda data, out: np.reciprocal(data))


def sqrt(x):
    """Square root, elementwise; dx = g / (2 sqrt(x)), infinite at 0.

    The length sqrt(sum(x * x)) of nothing but zeros so gets infinity times 0, a NaN: it has a kink there. Add a small
    number below the root where that can happen.
    """
    return _elementwise("sqrt", np.sqrt, x, lambda data, out: 0.5 / out)


def tanh(x):
    """Hyperbolic tangent, elementwise; dx = g (1 - tanh(x)^2)."""
    return _elementwise("tanh", np.tanh, x, lambda data, out: 1.0 - out * out)


def abs(x):
    """Absolute value, elementwise; dx = g sign(x)."""
    return _elementwise("abs", np.abs, x, lambda data, out: np.sign(data))


def maximum(x, y):
    """The larger of x and y, elementwise; the gradient goes to the larger, and half to each in a tie.

    Half, since neither comes first: maximum(x, y) is maximum(y, x), and |x| = maximum(x, -x) has slope 0 at 0. In
    `activations.relu`, where z beside a constant 0 decides what passes, the slope at 0 is 0.
    """
    x, y = as_value(x, y), as_value(y, x)
    a, b = x._data, y._data
    if type(a) is float and type(b) is float:  # NumPy takes ten times as long for two numbers
        out, share = b if a < b or b != b else a, 0.5 * ((a > b) + (a >= b))
        return Value(out, "", (x, y), "max", (share, 1.0 - share))
    out, for_x, tie = np.maximum(a, b), a > b, a == b
    for_y = ~for_x
    if np.count_nonzero(tie):  # seldom: where there is none, a slope is a truth value, an eighth of a number
        half = np.multiply(tie, 0.5, dtype=out.dtype)
        for_x, for_y = for_x + half, for_y - half
    return Value(out, "", (x, y), "max", (for_x, for_y))


def minimum(x, y):
    """The smaller of x and y, elementwise; the gradient goes to the smaller, and half to each in a tie."""
    return -maximum(-as_value(x, y), -as_value(y, x))


def sum(x, axis=None, keepdims=False):
    """Sum over one or several axes, or over all entries; every entry that was added gets the gradient of the sum."""
    return _added("sum", as_value(x), axis, keepdims)


def mean(x, axis=None, keepdims=False):
    """Mean over one or several axes, or over all entries: the sum divided by their number. ValueError for none."""
    return _added("mean", as_value(x), axis, keepdims, mean=True)


def reshape(x, *shape):
    """The same entries in another shape, a tuple or numbers; the gradient goes back to the old one."""
    x = as_value(x)
    return Value(np.asarray(x._data).reshape(*shape), "", (x,), "reshape", lambda g: (np.reshape(g, x.shape),))


def swapaxes(x, i, j):
    """Two axes exchanged; those of the gradient are exchanged back."""
    x = as_value(x)
    return Value(np.swapaxes(x._data, i, j), "", (x,), "swapaxes", lambda g: (np.swapaxes(g, i, j),))


Value.reshape, Value.swapaxes, Value.__abs__ = reshape, swapaxes, abs


def stack(values, axis=0):
    """Values of one shape along a new axis; each gets its part of the gradient."""
    parents = tuple(as_value(x) for x in values)
    out = np.stack([x._data for x in parents], axis)
    return Value(out, "", parents, "stack", lambda g: tuple(np.moveaxis(g, axis, 0)))


def concatenate(values, axis=0):
    """Arrays one after the other along an axis that they have; each gets its part of the gradient."""
    parents = tuple(as_value(x) for x in values)
    out = np.concatenate([x._data for x in parents], axis)
    ends = np.cumsum([x.shape[axis] for x in parents])[:-1]
    return Value(out, "", parents, "concatenate", lambda g: tuple(np.split(g, ends, axis)))


def pad(x, widths):
    """Zeros around an array, widths as in np.pad: a number, a pair, or a pair for each axis; dx is cut out of g."""
    x = as_value(x)
    pairs = np.broadcast_to(widths, (x.ndim, 2))
    inside = tuple(slice(before, before + n) for (before, _), n in zip(pairs, x.shape, strict=True))
    return Value(np.pad(x._data, widths), "", (x,), "pad", lambda g: (np.asarray(g)[inside],))


def apply(operation, *inputs):
    """One node for a whole registered operation of numbers or arrays, with its hand-derived backward as the rule."""
    # What has no gradient, such as integer labels, stays as it is, and as it was.
    inputs = [as_value(x) if i in operation.wrt else copy.copy(x) for i, x in enumerate(inputs)]
    data = [x._data if isinstance(x, Value) else x for x in inputs]
    parents = tuple(inputs[i] for i in operation.wrt)
    if operation.is_loss:
        out, slope = operation.loss_and_grad(*data)
        return Value(out, "", parents, operation.name, lambda g: (g * slope,))
    out = operation.forward(*data)

    def rule(g):
        gradients = operation.gradients(g, out, *data)
        shared = len({*map(id, gradients)}) < len(gradients)
        return tuple(map(np.array, gradients)) if shared else gradients

    return Value(out, "", parents, operation.name, rule)


def _elementwise(name, function, x, slope):
    """The node of a function of one argument; slope(data, out) is its derivative at each entry."""
    x = as_value(x)
    data = x._data
    out = function(data)
    local = slope(data, out)
    return Value(out, "", (x,), name, (float(local) if type(data) is float else local,))


def _added(name, x, axis, keepdims, mean=False):
    """The node of a sum, or of a mean, which is one divided by the number of entries in it."""
    data = x._data
    out = np.add.reduce(data, axis=axis, keepdims=True)
    beside, n = out.shape, np.size(data) // max(out.size, 1) if mean else 1
    if mean:
        if out.size and not n:
            raise ValueError(f"mean: x has shape {x.shape}; nothing has no mean")
        out = out / n

    def rule(g):
        gradient = np.empty_like(data)
        gradient[...] = (g if type(g) is float else g.reshape(beside)) / n
        return (gradient,)

    return Value(out if keepdims else out.squeeze(axis), "", (x,), name, rule)
