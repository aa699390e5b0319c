"""A network: layers one after the other, forward through them and backward through them."""


class Sequential:
    """Layers in order, as in Sequential(Linear(2, 8, rng), Activation(tanh), Linear(8, 1, rng)).

    ``params`` and ``grads`` are flat dicts with equal keys: "0.W" is the W of the first layer. Their arrays are the
    layers' own, so an optimizer that updates them in place updates the network.
    """

    def __init__(self, *layers):
        """Layers have forward, backward, params and grads, as those of `bplib.layers`."""
        if len({id(layer) for layer in layers}) < len(layers):
            raise ValueError("Sequential: the same layer stands in it twice; each remembers one forward, so make two")
        self.layers = layers
        self.params = {f"{i}.{name}": p for i, layer in enumerate(layers) for name, p in layer.params.items()}
        self.grads = {f"{i}.{name}": g for i, layer in enumerate(layers) for name, g in layer.grads.items()}

    def forward(self, x):
        """The output of the last layer."""
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def backward(self, dy):
        """Set every gradient from the gradient of the output, and return the gradient of the input."""
        for layer in reversed(self.layers):
            dy = layer.backward(dy)
        return dy
