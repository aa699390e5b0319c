"""Derivatives by differences, and a number that says how far two gradients disagree.

A gradient derived by hand is believed when differences of the forward function say the same: all of them, one by one or
in stacks; along a few random directions, when there are too many; or layer by layer, to find the first that is wrong.
The formulas are in any text on numerical analysis; for the complex step see Squire and Trapp, SIAM Review 40 (1998).
"""

import copy

import numpy as np

from bplib.operations import find, require_generator


def central_difference(f, x, h=1e-5):
    """Gradient of a scalar function by central differences, (f(x + h e_i) - f(x - h e_i)) / 2h.

    f takes an array shaped like x and returns a number; x is a float64 array of any shape, and is not changed. The
    error is about h^2 f'''/6 from the formula and eps |f| / h from rounding; h = 1e-5 is near the best of both for
    values around 1. Costs two calls of f for each entry of x. Returns an array shaped like x.
    """
    x = _float64("central_difference", x).copy()
    gradient = np.empty_like(x)
    for i in np.ndindex(x.shape):
        kept = x[i]
        x[i] = kept + h
        above = _number("central_difference", f(x.copy()))  # f may write into what it is given
        x[i] = kept - h
        below = _number("central_difference", f(x.copy()))
        x[i] = kept
        gradient[i] = (above - below) / (2 * h)
    return gradient


def stacked_difference(f, x, h=1e-5, size=16):
    """The gradient that `central_difference` gives, with ``size`` perturbed arrays in one call of f.

    f takes a stack of arrays shaped like x, (k, *x.shape), and returns k numbers, (k,). A function of small arrays
    spends most of its time on calling NumPy, which a stack pays once.
    """
    x = _float64("stacked_difference", x)
    gradient = np.empty(x.size)
    for start in range(0, x.size, size):
        entries = np.arange(start, min(start + size, x.size))
        steps = np.zeros((2, len(entries), x.size))
        steps[0, np.arange(len(entries)), entries] = h
        steps[1] = -steps[0]
        stack = x + steps.reshape(-1, *x.shape)
        values = np.asarray(f(stack))
        if values.shape != stack.shape[:1]:
            raise ValueError(
                f"stacked_difference: f returned the shape {values.shape} for {len(stack)} arrays; "
                f"one number for each is needed, {stack.shape[:1]}"
            )
        above, below = np.split(values, 2)
        gradient[entries] = (above - below) / (2 * h)
    return gradient.reshape(x.shape)


def directional_error(f, x, gradient, rng, directions=10, h=1e-5):
    """How far a gradient is from the slopes of f along random directions, as a relative error.

    The slope along v is the sum of gradient * v, and (f(x + h v) - f(x - h v)) / 2h by differences. Costs two calls of
    f for each direction, however long x is. A direction takes every entry equally far up or down, so none is missed. f
    and x are those of `central_difference`. ValueError if the shapes differ.
    """
    require_generator("directional_error", rng)
    if directions < 1:
        raise ValueError(f"directional_error: directions is {directions}; at least 1 is needed")
    x = _float64("directional_error", x)
    if np.shape(gradient) != x.shape:
        raise ValueError(f"directional_error: x is {x.shape} but the gradient is {np.shape(gradient)}")
    claimed, found = np.empty(directions), np.empty(directions)
    for k in range(directions):
        v = (2.0 * rng.integers(2, size=x.shape, dtype=np.int8) - 1.0) / np.sqrt(x.size)  # of unit length
        claimed[k] = np.sum(gradient * v)
        found[k] = (_number("directional_error", f(x + h * v)) - _number("directional_error", f(x - h * v))) / (2 * h)
    return relative_error(claimed, found)


def complex_step(f, x, h=1e-30):
    """Gradient of a scalar function by the complex step, Im f(x + i h e_i) / h.

    Nothing is subtracted, so nothing cancels: the result is exact to rounding, for any small h. f must be analytic
    and take complex arrays: abs, maximum and comparisons are not. Costs one call of f for each entry of x.
    """
    x = _float64("complex_step", x).astype(complex)
    gradient = np.empty(x.shape)
    for i in np.ndindex(x.shape):
        kept = x[i]
        x[i] = kept + 1j * h
        value = f(x.copy())
        if not np.iscomplexobj(value):
            raise ValueError("complex_step: f returned a real number for complex input, so it is not analytic")
        x[i] = kept
        gradient[i] = _number("complex_step", value).imag / h
    return gradient


def relative_error(a, b):
    """The largest entry of |a - b| / max(|a|, |b|, 0.001 s), where s is the largest magnitude in a and b.

    The floor keeps entries that are tiny beside the rest of their array from being judged by rounding noise, and no
    entry is ever judged by an absolute tolerance: an array that should be zero throughout must be so exactly. 0 for
    equal arrays; infinity where a NaN stands in either, or an infinity that is not in both. ValueError if the shapes
    differ.
    """
    return float(np.max(relative_errors(a, b), initial=0.0))


def relative_errors(a, b):
    """The relative error of every entry, as `relative_error` defines it; an array shaped like a and b."""
    a, b = np.asarray(a) + 0.0, np.asarray(b) + 0.0  # unsigned integers would wrap around below zero
    if a.shape != b.shape:
        raise ValueError(f"relative_error: the shapes {a.shape} and {b.shape} differ")
    magnitude = np.maximum(np.abs(a), np.abs(b))
    finite = np.isfinite(magnitude)
    # A subnormal scale would make the quotient meaningless; such numbers are zeros with rounding on them.
    floor = max(1e-3 * np.max(magnitude, where=finite, initial=0.0), np.finfo(float).tiny)
    with np.errstate(invalid="ignore"):
        errors = np.where(finite, np.abs(a - b) / np.maximum(magnitude, floor), np.inf)
    return np.where(a == b, 0.0, errors)


def disagreement(name, claimed, found, tolerance, noise=0.0):
    """A sentence about the worst disagreement of two gradients for what is called ``name``, or "" if there is none.

    Entries that differ by no more than ``noise``, the rounding of what was found, agree.
    """
    if np.shape(claimed) != np.shape(found):
        return f"{name} has shape {np.shape(claimed)} where {np.shape(found)} is needed"
    if noise:
        claimed = np.where(np.abs(claimed - found) <= noise, found, claimed)
    if relative_error(claimed, found) <= tolerance:
        return ""
    worst = np.unravel_index(np.argmax(relative_errors(claimed, found)), np.shape(found))
    where = f"[{', '.join(map(str, worst))}]" if worst else ""
    x, y = np.asarray(claimed)[worst], np.asarray(found)[worst]
    # Four decimals, or as many as it takes to tell them apart.
    pairs = [(f"{x:.{digits}f}", f"{y:.{digits}f}") for digits in range(4, 18)]
    x, y = next((pair for pair in pairs if pair[0] != pair[1]), pairs[-1])
    return f"worst at {name}{where}, {x} where it should be {y}"


def first_wrong_gradient(network, loss, X, y, tolerance=1e-6):
    """The first gradient of a network, in the order of its backward, that differences do not confirm.

    First the gradient of the loss, a registered one such as `losses.mse`, with respect to the output; then, from the
    last layer to the first, those of its parameters and of its input. Each layer is judged by itself, with the upstream
    that it was given, so what is named is the place of the mistake and not where it was carried. Returns a sentence, as
    "worst at 2.W[0, 1], -0.2500 where it should be 0.2500", or "" if all agree to ``tolerance``. Needs float64; the
    network is left as it is, and what a layer drops stays dropped.
    """
    network = copy.deepcopy(network)
    inputs, seeds = [np.asarray(X)], []
    for layer in network.layers:
        seeds.append(copy.deepcopy(getattr(layer, "rng", None)))
        inputs.append(layer.forward(inputs[-1]))
    dy = find(loss).backward(inputs[-1], y)
    wrong = disagreement("loss", dy, central_difference(lambda z: loss(z, y), inputs[-1]), tolerance)
    for i in reversed(range(len(network.layers))):
        layer, x = network.layers[i], inputs[i]
        if wrong:
            break
        dx = layer.backward(dy)
        # The values that are subtracted round by about eps times their size: so much a difference cannot see.
        noise = 10 * np.finfo(float).eps / 1e-5 * float(np.sum(np.abs(dy * inputs[i + 1])))

        def scalar(x, layer=layer, seed=seeds[i], dy=dy):
            if seed is not None:
                layer.rng.bit_generator.state = seed.bit_generator.state
            return np.sum(dy * layer.forward(x))

        for name, parameter in layer.params.items():
            kept = parameter.copy()

            def moved(value, parameter=parameter, x=x, scalar=scalar):
                parameter[...] = value
                return scalar(x)

            claimed = np.array(layer.grads[name])
            wrong = wrong or disagreement(f"{i}.{name}", claimed, central_difference(moved, kept), tolerance, noise)
            parameter[...] = kept
        if x.dtype.kind == "f" and not wrong:
            wrong = disagreement(f"input of layer {i}", dx, central_difference(scalar, x), tolerance, noise)
        dy = dx
    return wrong


def _float64(caller, x):
    x = np.asarray(x)
    if x.dtype != np.float64:
        raise ValueError(f"{caller}: x holds {x.dtype}; differences need float64, as x.astype(float) gives")
    return x


def _number(caller, value):
    if np.asarray(value).dtype.kind not in "fciub":
        raise ValueError(f"{caller}: f returned {type(value).__name__}; a number is needed")
    if np.ndim(value) != 0:
        raise ValueError(f"{caller}: f returned an array of shape {np.shape(value)}; a single number is needed")
    return value if isinstance(value, complex) else np.asarray(value)[()]
