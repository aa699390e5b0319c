"""What an operation is: one formula, written three times, each for a different reader.

- definition: the textbook formula, short and naive, for any array namespace ``xp``;
- forward: the NumPy that runs, vectorized and numerically safe;
- backward: the gradient, derived by hand.

NumPy, SymPy and our own autodiff all run the same definition; with differences of the forward they are the
witnesses that every hand-derived backward has to face (see `bplib.verify`).
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass

OPERATIONS: dict[str, "Operation"] = {}
"""Every registered operation by name. They register themselves when their module is imported."""


@dataclass(frozen=True)
class Operation:
    """One operation of the course.

    definition(xp, *inputs) is the formula in the array namespace ``xp``; example(rng, **sizes) draws inputs.
    ``wrt`` holds the positions of the inputs that have a gradient. A loss has a number as output and a gradient
    without an upstream, ``backward(*inputs)``; any other backward is ``backward(d_out, out, *inputs)``. ``fused``
    may compute a loss and its gradient at once, where the two share their work.
    """

    forward: Callable
    backward: Callable
    definition: Callable
    example: Callable
    wrt: tuple[int, ...] = (0,)
    is_loss: bool = False
    fused: Callable | None = None

    @property
    def name(self):
        """The name of the forward function."""
        return self.forward.__name__

    @property
    def wrt_names(self):
        """The names of the inputs that have a gradient."""
        names = list(inspect.signature(self.forward).parameters)
        return tuple(names[i] for i in self.wrt)

    @property
    def sizes(self):
        """The lengths of the axes that example(rng) uses unless it is told others."""
        parameters = inspect.signature(self.example).parameters.values()
        return {p.name: p.default for p in parameters if p.default is not p.empty}

    def gradients(self, upstream, out, *inputs):
        """The gradient of sum(upstream * out) with respect to each input in ``wrt``, always as a tuple.

        TypeError if the backward returns None, as one does that has forgotten its return.
        """
        gradients = self.backward(*inputs) if self.is_loss else self.backward(upstream, out, *inputs)
        gradients = tuple(gradients) if isinstance(gradients, tuple | list) else (gradients,)
        if any(gradient is None for gradient in gradients):
            raise TypeError(f"{self.backward.__name__} returned None where a gradient is needed; does it return?")
        return tuple(upstream * gradient for gradient in gradients) if self.is_loss else gradients

    def __reduce__(self):
        return find, (self.forward,)  # a copy is the operation itself, whose definition cannot be pickled

    def loss_and_grad(self, *inputs):
        """The loss and its gradient, in one go where there is a fused function for both."""
        return self.fused(*inputs) if self.fused else (self.forward(*inputs), self.backward(*inputs))


def register(forward, backward, *, definition, example, wrt=(0,), is_loss=False, fused=None):
    """Add an operation to OPERATIONS. ValueError if the name is taken."""
    operation = Operation(forward, backward, definition, example, wrt, is_loss, fused)
    if operation.name in OPERATIONS:
        raise ValueError(f"an operation named {operation.name!r} is registered already")
    OPERATIONS[operation.name] = operation


def find(function):
    """The registered operation of a forward function. ValueError lists the known ones."""
    operation = OPERATIONS.get(getattr(function, "__name__", None))
    if operation is None or operation.forward is not function:
        raise ValueError(f"{function!r} is not a registered operation; known are {', '.join(sorted(OPERATIONS))}")
    return operation


def away_from_zero(rng, shape):
    """Numbers from 0.1 to 2 of either sign: examples for a kink at 0, where differences and derivatives disagree."""
    return rng.choice([-1.0, 1.0], size=shape) * rng.uniform(0.1, 2.0, size=shape)


# The doors of an operation: what was given, what was needed, in the caller's own names.


def require_same_shape(operation, **arrays):
    """ValueError unless all arrays have one shape: NumPy would broadcast (4, 1) with (4,) to (4, 4)."""
    shapes = {_shape(operation, name, array) for name, array in arrays.items()}
    if len(shapes) > 1:
        given = " but ".join(f"{name} is {_shape(operation, name, array)}" for name, array in arrays.items())
        raise ValueError(f"{operation}: {given}; their shapes must be equal")


def require_upstream(operation, *, analytic=False, **arrays):
    """ValueError unless the first array, the upstream, holds floats and all arrays have its shape."""
    upstream, *others = arrays.values()
    try:  # once for each layer and step of a training: first what is nearly always true
        fits = upstream.dtype.kind == "f"
        for array in others:
            fits = fits and array.shape == upstream.shape
    except AttributeError:
        fits = False
    if not fits:
        require_floats(operation, analytic=analytic, **dict([next(iter(arrays.items()))]))
        require_same_shape(operation, **arrays)


def require_floats(operation, *, analytic=False, **arrays):
    """ValueError if an array holds anything but floating-point numbers; a plain number may be an int.

    Complex numbers pass only through an analytic operation: elsewhere the complex step would be wrong, silently.
    """
    for name, array in arrays.items():
        kind = array.dtype.kind if hasattr(array, "dtype") else _kind(operation, name, array)
        if kind == "f" or (kind == "c" and analytic):
            continue
        if kind == "c":
            raise ValueError(f"{operation}: {name} holds complex numbers; it is not analytic, and real ones are needed")
        raise ValueError(f"{operation}: {name} holds {array.dtype}; floats are needed, as {name}.astype(float) gives")


def require_generator(caller, rng):
    """TypeError unless rng is a NumPy generator: a seed or a RandomState is none."""
    if not hasattr(rng, "integers"):
        kind = type(rng).__name__
        raise TypeError(f"{caller}: rng is of type {kind}; a generator is needed, as np.random.default_rng(0) gives")


def _kind(operation, name, number):
    _shape(operation, name, number)
    return "c" if isinstance(number, complex) else "f"


def _shape(operation, name, array):
    if not hasattr(array, "shape") and not isinstance(array, int | float | complex):
        raise ValueError(f"{operation}: {name} is a {type(array).__name__}; a NumPy array or a number is needed")
    return getattr(array, "shape", ())
