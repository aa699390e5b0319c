"""Blocks: layers inside of a layer, with a way around them, or the same for every step of a sequence.

A `Container` stands in a network as any layer does, and may hold others. Batch first.
Sources: He, Zhang, Ren, Sun, Deep residual learning for image recognition, CVPR (2016), for the residual connection;
Vaswani et al., Attention is all you need, NeurIPS (2017), section 3.3, for the position-wise network.
"""

from types import MappingProxyType

import numpy as np

from bplib.layers import require_forward
from bplib.networks import Arrays, Sequential
from bplib.operations import register, require_floats, require_same_shape, require_upstream


def residual(x, f):
    """Residual connection, y = x + f: what came in, and what a layer has to add to it; f is shaped like x.

    ValueError for other shapes.
    """
    require_floats("residual", analytic=True, x=x, f=f)
    require_same_shape("residual", x=x, f=f)
    return x + f


def residual_backward(dy, y, x, f):
    """dx = dy, df = dy: the gradient goes both ways, undiminished; where f comes from x, its part is added to dx."""
    require_upstream("residual_backward", analytic=True, dy=dy, y=y, x=x, f=f)
    return dy.copy(), dy.copy()


register(
    residual,
    residual_backward,
    definition=lambda xp, x, f: x + f,
    example=lambda rng, n=5, d=3: (rng.normal(size=(n, d)), rng.normal(size=(n, d))),
    wrt=(0, 1),
)


class Container:
    """Layers inside of a layer, one after the other: `inside` is a `Sequential`, and its arrays are the container's.

    A network moves the arrays of its layers into one vector, and so hands every layer new ones: a container hands them
    on. The one here does what its layers do; another overrides `predict`, `forward` and `backward`.
    """

    def __init__(self, *layers):
        """Layers are those of a `Sequential`, which refuses what is none."""
        self.inside = Sequential(*layers)
        self._in_a_network, self._saved = False, None

    def _arrays(self, kind):
        """Those of the layers inside. A network takes `Arrays` for a sign that a layer belongs to another."""
        arrays = getattr(self.inside, kind)
        return arrays if self._in_a_network else MappingProxyType(arrays)

    def _hand_on(self, kind, arrays):
        """Let the layers inside use these arrays."""
        self._in_a_network = isinstance(arrays, Arrays)
        joined = arrays if self._in_a_network else Arrays(arrays)
        start = 0
        for layer in self.inside.layers:
            own = getattr(layer, kind)
            stop = start + sum(array.size for array in own.values())
            setattr(layer, kind, Arrays(own, joined.flat[start:stop]))
            start = stop
        setattr(self.inside, kind, joined)

    params = property(
        lambda self: self._arrays("params"),
        lambda self, arrays: self._hand_on("params", arrays),
        doc='The parameters of the layers inside: "0.W" is the W of the first.',
    )
    grads = property(
        lambda self: self._arrays("grads"),
        lambda self, arrays: self._hand_on("grads", arrays),
        doc="Their gradients, by the same names.",
    )

    @property
    def statistics(self):
        """The arrays beside the parameters on which `predict` depends, as the running means of a batch norm."""
        return {name: array for name, array in self.inside.state.items() if name not in self.inside.params}

    @property
    def rng(self):
        """The generator of the first layer inside that has one, as a dropout has; None if there is none."""
        return next((rng for layer in self.inside.layers if (rng := getattr(layer, "rng", None)) is not None), None)

    def __setstate__(self, state):
        self.__dict__ = state | {"_in_a_network": False}  # a copy belongs to no network

    def predict(self, x):
        """The output of the last layer inside, in evaluation."""
        return self.inside.predict(x)

    def forward(self, x):
        """The output of the last layer inside, in training."""
        return self.inside.forward(x)

    def backward(self, dy):
        """Set every gradient of the parameters, and return dx. ValueError before the first forward."""
        return self.inside.input_gradient(dy)


class Residual(Container):
    """A residual connection around layers, y = x + f(x), as in Residual(LayerNorm(d), Linear(d, d, rng))."""

    def predict(self, x):
        """Return x + f(x)."""
        return residual(x, self.inside.predict(x))

    def forward(self, x):
        """Return x + f(x), where f remembers what its backward needs."""
        return residual(x, self.inside.forward(x))

    def backward(self, dy):
        """Set the gradients of f, and return dx = dy + what comes back through f. ValueError before a forward."""
        return dy + self.inside.input_gradient(dy)


class PositionWise(Container):
    """The same layers for every step by itself, (n, t, d) to (n, t, k): they get the steps as rows, (n t, d).

    So PositionWise(Linear(d, m, rng), Activation(gelu), Linear(m, d, rng)) is the network of a transformer's block.
    """

    def predict(self, x):
        """Return what the layers make of each step."""
        return self._as_steps(self.inside.predict(self._as_rows(x)), x)

    def forward(self, x):
        """Return what the layers make of each step, and remember how the steps stood."""
        y = self._as_steps(self.inside.forward(self._as_rows(x)), x)
        self._saved = np.shape(x), np.shape(y)
        return y

    def backward(self, dy):
        """Set the gradients of the layers, and return dx, shaped like x. ValueError before the first forward."""
        shape, needed = require_forward(self)
        if np.shape(dy) != needed:
            raise ValueError(f"PositionWise.backward: dy is {np.shape(dy)}; needed is the shape of y, {needed}")
        return self.inside.input_gradient(dy.reshape(-1, needed[-1])).reshape(shape)

    def _as_rows(self, x):
        if np.ndim(x) != 3 or np.shape(x)[1] == 0:
            raise ValueError(f"PositionWise: x is {np.shape(x)}; needed is (n, t, d), t at least 1")
        return x.reshape(-1, x.shape[2])

    def _as_steps(self, rows, x):
        return rows.reshape(*x.shape[:2], rows.shape[-1])
