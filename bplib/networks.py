"""A network: layers one after the other, forward through them and backward through them."""

import numpy as np

from bplib.layers import l2, l2_grad


class Arrays(dict):
    """Named arrays that are views of one vector, ``flat``: whatever is written there, all of them see.

    Write into an array, as in params["0.W"][...] = 0. Another array in its place is refused, with a TypeError: the
    network would not know of it.
    """

    def __init__(self, arrays, flat=None):
        """Views of ``flat``, which is made from the arrays if there is none."""
        if flat is None:
            flat = np.concatenate([np.ravel(array) for array in arrays.values()]) if arrays else np.zeros(0)
        ends = np.cumsum([array.size for array in arrays.values()])
        parts = np.split(flat, ends[:-1]) if arrays else []
        super().__init__({name: part.reshape(a.shape) for (name, a), part in zip(arrays.items(), parts, strict=True)})
        self.flat = flat
        self.layout = tuple((name, array.shape) for name, array in self.items())

    def __setitem__(self, name, value):
        if value is not self.get(name):  # as it is after params[name] -= step, which has written into it
            self._refuse(name)

    def _refuse(self, *_, **__):
        raise TypeError("the arrays of a network stay what they are; write into them, as in params[name][...] = array")

    __delitem__ = __ior__ = clear = pop = popitem = setdefault = update = _refuse

    def __reduce__(self):
        return dict, (dict(self),)  # a copy belongs to no network


class Sequential:
    """Layers in order, as in Sequential(Linear(2, 8, rng), Activation(tanh), Linear(8, 1, rng)).

    ``params`` and ``grads`` have equal keys: "0.W" is the W of the first layer. Each is an `Arrays`, whose arrays are
    the layers' own, so an optimizer that updates them in place updates the network.
    """

    def __init__(self, *layers):
        """Layers have params, grads, forward, backward and predict, as those of `bplib.layers`; else TypeError.

        ValueError if there are none, or if one stands in a network already: it remembers one forward, in one vector.
        """
        self.layers = layers
        if not layers:
            raise ValueError("Sequential: there are no layers; at least one is needed")
        for i, layer in enumerate(layers):
            kind = type(layer).__name__
            missing = [n for n in ("params", "grads", "forward", "backward", "predict") if not hasattr(layer, n)]
            if missing:
                raise TypeError(f"Sequential: {kind} has no {', '.join(missing)}, which a layer needs")
            if any(layer is other for other in layers[:i]):
                raise ValueError(
                    f"Sequential: the same {kind} stands in it twice; each remembers one forward, so make two"
                )
            if isinstance(layer.params, Arrays):
                raise ValueError(
                    f"Sequential: {kind} belongs to a network already; make another, as copy.deepcopy does"
                )
        self.params, self.grads = self._join("params"), self._join("grads")

    def _join(self, kind):
        """Move the arrays of all layers into one vector: an optimizer then updates them in a few calls."""
        named = {f"{i}.{n}": a for i, layer in enumerate(self.layers) for n, a in getattr(layer, kind).items()}
        joined = Arrays(named)
        start = 0
        for layer in self.layers:
            own = getattr(layer, kind)
            stop = start + sum(array.size for array in own.values())
            setattr(layer, kind, Arrays(own, joined.flat[start:stop]))
            start = stop
        return joined

    def __setstate__(self, state):
        self.__dict__ = state
        self.params, self.grads = self._join("params"), self._join("grads")  # a copy shares no memory yet

    def forward(self, x):
        """The output of the last layer, in training: each layer remembers what its backward needs."""
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def predict(self, x):
        """The output of the last layer, in evaluation: nothing is remembered, and nothing dropped."""
        for layer in self.layers:
            x = layer.predict(x)
        return x

    def backward(self, dy):
        """Set every gradient of the parameters, from the gradient of the output.

        How the loss changes with the data is left out, which training never asks: `input_gradient` gives it too.
        """
        for layer in self.layers[:0:-1]:
            dy = layer.backward(dy)
        first = self.layers[0]
        getattr(first, "set_grads", first.backward)(dy)

    def input_gradient(self, dy):
        """Set every gradient as `backward` does, and return the gradient of the input."""
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy

    @property
    def state(self):
        """All arrays on which `predict` depends: the parameters, and the statistics that layers keep beside them."""
        kept = {
            f"{i}.{name}": array
            for i, layer in enumerate(self.layers)
            for name, array in getattr(layer, "statistics", {}).items()
        }
        return {**self.params, **kept}

    def astype(self, dtype):
        """Turn all parameters and gradients into ``dtype``, as np.float32, and return the network."""
        for layer in self.layers:
            layer.params = {name: a.astype(dtype) for name, a in layer.params.items()}
            layer.grads = {name: a.astype(dtype) for name, a in layer.grads.items()}
        self.params, self.grads = self._join("params"), self._join("grads")
        return self


def add_l2(network, strength):
    """Add the gradient of `layers.l2` to that of every weight, and return the penalty of all; vectors are biases."""
    penalty = 0.0
    for name, p in network.params.items():
        if p.ndim > 1:
            penalty += l2(p, strength)
            network.grads[name] += l2_grad(p, strength)
    return penalty
