"""Looks at a model whose gradients a learner has derived: are they those of its own loss, as differences measure it?

What it computes and with how many parameters is the learner's choice, so there is no reference beside it. An answer
returns three things: a dict of parameters, loss_and_gradients(params, ...), and a function that uses the parameters.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bplib.course.judging.reading import NOT_YET, Settled, Verdict, call, fresh, kind_of, listed, plain, shown

_ENTRIES = 3  # of each parameter, that are nudged
_NUDGE = 0.01  # off the values that training ends at, where a relu may stand exactly at its bend
_STEPS = ((1e-5, 1e-4), (1e-7, 1e-3))  # a step, and how far apart the slopes may be; the second where a bend lies near
_SINGLE = ((3e-3, 3e-2), (3e-4, 3e-2), (1e-2, 3e-2))  # the same for whoever computes in float32


@dataclass(frozen=True)
class Model:
    """What an answer returned: the parameters as arrays, and its two functions."""

    params: dict
    loss_and_gradients: Callable
    use: Callable

    def used(self, *args, words="its third value", params=None):
        """What the third value, called with parameters and args, returns: an array of numbers."""
        params = self.params if params is None else params
        return plain(call(self.use, fresh((params, *args)), words), f"{words} returns")


def model_of(answer, args, inputs, names):
    """The `Model` that an answer returns, or Settled; names are those of its three values."""
    result = call(answer, args, inputs)
    if not isinstance(result, tuple | list) or len(result) != 3:
        count = f"{len(result)} values" if isinstance(result, tuple | list) else kind_of(result)
        raise Settled(f"It returns {count}; three are needed: {names}.")
    params, *functions = result
    for value, name in zip(functions, names.split(", ")[1:], strict=True):
        if not callable(value):
            raise Settled(f"{name} is {kind_of(value)}; a function is needed, its name without parentheses.")
    if not isinstance(params, dict) or not params or not all(isinstance(name, str) for name in params):
        raise Settled(f"The parameters are {kind_of(params)}; a dict is needed, from a name to each array.")
    arrays = {name: plain(p, f"The parameter {name} is") for name, p in params.items()}
    for name, p in arrays.items():
        if not np.isfinite(p).all():
            raise Settled(f"After a short training the parameter {name} is no longer finite. Is the rate too large?")
    return Model(arrays, *functions)


@dataclass(frozen=True)
class Slopes:
    """Of one parameter: some places, what the gradient says there, what differences say, and which agree."""

    places: list
    said: np.ndarray
    measured: np.ndarray
    right: np.ndarray


def slopes_of(model, batch, rng):
    """{name: `Slopes`} of a model for the data of one batch; Settled where there is no loss or no gradient."""
    params = {name: p + _NUDGE * rng.normal(size=p.shape) for name, p in model.params.items()}
    _, grads, single = _asked(model, params, batch)
    found = {}
    for name, g in grads.items():
        flat = [int(np.abs(g).argmax()), *rng.integers(g.size, size=_ENTRIES - 1).tolist()]
        places = [np.unravel_index(k, g.shape) for k in dict.fromkeys(flat)]
        said, steps = np.array([g[place] for place in places]), _SINGLE if single else _STEPS
        found[name] = _compared(model, params, batch, name, places, said, steps)
    return found


def _compared(model, params, batch, name, places, said, steps):
    right, first = np.zeros(len(places), dtype=bool), None
    for step, tolerance in steps:
        measured = np.array([_difference(model, params, batch, name, place, step) for place in places])
        first = measured if first is None else first
        size = np.abs(said) + np.abs(measured) + 0.1 * np.abs(said[0])
        right |= np.abs(said - measured) <= tolerance * size + 1e-3 * tolerance
        if right.all():
            break
    return Slopes(places, said, first, right)


def _difference(model, params, batch, name, place, step):
    losses = []
    for sign in (1, -1):
        moved = params[name].copy()
        moved[place] += sign * step
        losses.append(_asked(model, {**params, name: moved}, batch)[0])
    return (losses[0] - losses[1]) / (2 * step)


def _asked(model, params, batch):
    """The loss, the gradients by name, and whether they were computed in float32."""
    result = call(model.loss_and_gradients, fresh((params, *batch)), "the parameters and a batch")
    if not isinstance(result, tuple | list) or len(result) != 2:
        count = f"{len(result)} values" if isinstance(result, tuple | list) else kind_of(result)
        raise Settled(f"loss_and_gradients returns {count}; the loss and a dict of gradients are needed.")
    loss = plain(result[0], "The loss is")
    if loss.size != 1 or not np.isfinite(loss).all():
        raise Settled(f"The loss is {'not finite' if loss.size == 1 else 'an array'}; one number is needed.")
    if not isinstance(result[1], dict):
        raise Settled(f"The gradients are {kind_of(result[1])}; a dict is needed, with the names of the parameters.")
    missing = [name for name in params if name not in result[1]]
    if missing:
        raise Settled(f"The dict of gradients lacks {listed(missing)}.")
    grads = {name: plain(result[1][name], f"The gradient of {name} is") for name in params}
    for name, g in grads.items():
        if g.shape != params[name].shape:
            raise Settled(f"The gradient of {name} has the shape {g.shape}, and {name} has {params[name].shape}.")
        if not np.isfinite(g).all():
            raise Settled(f"The gradient of {name} is not finite.")
    single = any(getattr(result[1][name], "dtype", None) == np.float32 for name in params)
    return loss.item(), grads, single


def common_factor(slopes):
    """By how much all gradients are too large, one factor for all of them; None if there is none."""
    said = np.concatenate([each.said for each in slopes.values()])
    measured = np.concatenate([each.measured for each in slopes.values()])
    factor = said @ measured / max(measured @ measured, 1e-300)
    close = np.abs(said - factor * measured) <= 1e-3 * np.abs(said) + 1e-7
    return float(factor) if factor and close.all() and abs(factor - 1) > 1e-2 else None


def wrong_gradients(slopes):
    """The verdict on gradients of which some are wrong: which, and by how much; None if all are right."""
    wrong = {name: each for name, each in slopes.items() if not each.right.all()}
    if not wrong:
        return None
    name, each = next(iter(wrong.items()))
    k = int(np.flatnonzero(~each.right)[0])
    place = f" at [{', '.join(map(str, map(int, each.places[k])))}]" if each.places[k] else ""
    right = [other for other in slopes if other not in wrong]
    so_far = f"The gradients of {listed(right)} are right. " if right else "No gradient is right yet. "
    return Verdict(
        NOT_YET,
        f"{so_far}Those of {listed(wrong)} are not those of your own loss: that of {name} says"
        f" {shown(float(each.said[k]))}{place}, and differences give {shown(float(each.measured[k]))}."
        " Look between what is right and what is wrong, on the way back.",
        "seen: gradients",
    )


def loss_of(model, params, *batch):
    """The loss of a model, a number, or Settled."""
    return _asked(model, params, batch)[0]


def square_of(model, params, x, y, place):
    """(weight, forecast): in the loss stands weight (forecast - y[place])², as three values of that entry tell it."""
    losses = []
    for step in (-1.0, 0.0, 1.0):
        moved = np.array(y, dtype=float)
        moved[place] += step
        losses.append(_asked(model, params, (x, moved))[0])
    below, here, above = losses
    weight = (below + above - 2 * here) / 2
    return weight, float(y[place] + (below - above) / (4 * weight)) if abs(weight) > 1e-9 else np.nan
