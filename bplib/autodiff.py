"""Derivatives by the machine: a Value is a number or an array that remembers how it was computed.

Every operation on Values leaves a node behind: its data, its parents, and a rule that turns the gradient of the node
into gradients for the parents. `Value.backward` walks the graph once, from the result to the leaves, and adds up what
arrives over several paths. The functions of this module mirror NumPy's names, so the module is an array namespace: the
definitions of `bplib.operations` run on Values as they are.

Source: Baydin, Pearlmutter, Radul, Siskind, Automatic differentiation in machine learning: a survey, JMLR 18 (2018).
"""

import numpy as np


class Value:
    """A float or a float array in a computational graph.

    data   the number or array
    grad   after backward(): dL/d(this), shaped like data; None before. To be read: nodes may share one array
    op     the operation that made it, "" for a leaf
    name   what a diagram calls it
    """

    __slots__ = ("_vjp", "data", "grad", "name", "op", "parents")
    __array_ufunc__ = None  # an array on the left leaves the operation to us

    def __init__(self, data, name="", *, parents=(), op="", vjp=None):
        """A leaf from a number or an array; integers become floats. TypeError for anything else."""
        self.data = data if type(data) is float else _as_data(data)
        self.grad = None
        self.parents = parents
        self.op = op
        self.name = name
        self._vjp = vjp  # gradient of this node -> one gradient for each parent

    @property
    def shape(self):
        """The shape of data, () for a number."""
        return np.shape(self.data)

    def __len__(self):
        return len(self.data)

    def __repr__(self):
        name = f", name={self.name!r}" if self.name else ""
        return f"Value({self.data}{name})"

    def backward(self):
        """Set grad = d(self)/d(node) on every node this one depends on.

        Old gradients are forgotten first, so a second call is harmless. ValueError unless self is a single number.
        """
        if self.shape != ():
            raise ValueError(
                f"backward starts at a single number, and this Value has shape {self.shape}; take its sum or mean first"
            )
        order = topological_order(self)
        for node in order:
            node.grad = None
        self.grad = 1.0
        for node in reversed(order):
            if node._vjp is None:
                continue
            for parent, gradient in zip(node.parents, node._vjp(node.grad), strict=True):
                if type(parent.data) is not float or type(gradient) is not float:
                    gradient = _unbroadcast(gradient, parent.shape)
                # Paths add up: a value that is used twice gets two gradients.
                parent.grad = gradient if parent.grad is None else parent.grad + gradient

    def local_derivatives(self):
        """d(self)/d(parent) for each parent, where self is a number: what one edge of the graph multiplies by."""
        return () if self._vjp is None else self._vjp(1.0)

    def __add__(self, other):
        other = _as_value(other)
        return Value(self.data + other.data, parents=(self, other), op="+", vjp=lambda g: (g, g))

    def __sub__(self, other):
        other = _as_value(other)
        return Value(self.data - other.data, parents=(self, other), op="-", vjp=lambda g: (g, -g))

    def __mul__(self, other):
        other = _as_value(other)
        a, b = self.data, other.data
        return Value(a * b, parents=(self, other), op="*", vjp=lambda g: (g * b, g * a))

    def __truediv__(self, other):
        other = _as_value(other)
        a, b = self.data, other.data
        return Value(a / b, parents=(self, other), op="/", vjp=lambda g: (g / b, -g * a / (b * b)))

    def __pow__(self, exponent):
        if not isinstance(exponent, int | float | np.integer):
            raise TypeError(f"the exponent of a Value must be a plain number, not {type(exponent).__name__}")
        a = self.data
        slope = 0.0 * a if exponent == 0 else exponent * a ** (exponent - 1)
        return Value(a**exponent, parents=(self,), op=f"^{exponent}", vjp=lambda g: (g * slope,))

    def __neg__(self):
        return Value(-self.data, parents=(self,), op="neg", vjp=lambda g: (-g,))

    def __matmul__(self, other):
        other = _as_value(other)
        a, b = self.data, other.data
        if np.ndim(a) != 2 or np.ndim(b) != 2:
            raise ValueError(f"a product of Values takes two matrices, not shapes {np.shape(a)} and {np.shape(b)}")
        return Value(a @ b, parents=(self, other), op="@", vjp=lambda g: (g @ b.T, a.T @ g))

    def __getitem__(self, index):
        shape = self.shape

        def vjp(g):
            gradient = np.zeros(shape)
            np.add.at(gradient, index, g)  # an entry taken twice gets both gradients
            return (gradient,)

        return Value(self.data[index], parents=(self,), op="[]", vjp=vjp)

    __radd__ = __add__

    def __rmul__(self, other):
        return _as_value(other) * self

    def __rsub__(self, other):
        return _as_value(other) - self

    def __rtruediv__(self, other):
        return _as_value(other) / self

    def __rmatmul__(self, other):
        return _as_value(other) @ self


def topological_order(value):
    """Every node that value depends on, and value itself, parents before children.

    Iterative: a chain of any length fits, where recursion would end at Python's limit.
    """
    order, seen, stack = [], set(), [value]
    while stack:
        node = stack.pop()
        if node is None:  # all parents of the node below are done
            order.append(stack.pop())
        elif id(node) not in seen:
            seen.add(id(node))
            stack += (node, None)
            stack.extend(reversed(node.parents))
    return order


# The array namespace: NumPy's names, for Values and for plain arrays alike.


def exp(x):
    """e^x, elementwise; dx = g e^x."""
    return _elementwise("exp", np.exp, x, lambda data, out: out)


def log(x):
    """Natural logarithm, elementwise; dx = g / x."""
    return _elementwise("log", np.log, x, lambda data, out: 1.0 / data)


def sqrt(x):
    """Square root, elementwise; dx = g / (2 sqrt(x))."""
    return _elementwise("sqrt", np.sqrt, x, lambda data, out: 0.5 / out)


def tanh(x):
    """Hyperbolic tangent, elementwise; dx = g (1 - tanh(x)^2)."""
    return _elementwise("tanh", np.tanh, x, lambda data, out: 1.0 - out * out)


def abs(x):
    """Absolute value, elementwise; dx = g sign(x)."""
    return _elementwise("abs", np.abs, x, lambda data, out: np.sign(data))


def maximum(x, y):
    """The larger of x and y, elementwise; the gradient goes to the larger, and half to each in a tie."""
    x, y = _as_value(x), _as_value(y)
    share = 0.5 * (1.0 + np.sign(x.data - y.data))
    return Value(np.maximum(x.data, y.data), parents=(x, y), op="max", vjp=lambda g: (g * share, g * (1.0 - share)))


def minimum(x, y):
    """The smaller of x and y, elementwise."""
    return -maximum(-_as_value(x), -_as_value(y))


def sum(x, axis=None, keepdims=False):
    """Sum over an axis, or over all entries; every entry that was added gets the gradient of the sum."""
    x = _as_value(x)
    shape = x.shape

    def vjp(g):
        if axis is not None and not keepdims:
            g = np.expand_dims(g, axis)
        return (np.broadcast_to(g, shape),)

    return Value(np.sum(x.data, axis=axis, keepdims=keepdims), parents=(x,), op="sum", vjp=vjp)


def mean(x, axis=None, keepdims=False):
    """Mean over an axis, or over all entries: the sum divided by their number."""
    total = sum(x, axis, keepdims)
    return total / (np.size(_as_value(x).data) // max(np.size(total.data), 1))


def apply(operation, *inputs):
    """One node for a whole registered operation of numbers or arrays, with its hand-derived backward as the rule."""
    # What has no gradient, such as integer labels, stays as it is.
    inputs = tuple(_as_value(x) if i in operation.wrt else x for i, x in enumerate(inputs))
    data = [x.data if isinstance(x, Value) else x for x in inputs]
    out = operation.forward(*data)
    parents = tuple(inputs[i] for i in operation.wrt)
    return Value(out, parents=parents, op=operation.name, vjp=lambda g: operation.gradients(g, out, *data))


def _elementwise(name, function, x, slope):
    """The node of a function of one argument; slope(data, out) is its derivative at each entry."""
    x = _as_value(x)
    data, out = x.data, function(x.data)
    return Value(out, parents=(x,), op=name, vjp=lambda g: (g * slope(data, out),))


def _unbroadcast(gradient, shape):
    """Add up a gradient over the axes along which NumPy had copied the value of the given shape."""
    gradient = np.asarray(gradient)
    if gradient.ndim > len(shape):
        gradient = gradient.sum(axis=tuple(range(gradient.ndim - len(shape))))
    copied = tuple(i for i, n in enumerate(shape) if n == 1 and gradient.shape[i] != 1)
    if copied:
        gradient = gradient.sum(axis=copied, keepdims=True)
    if gradient.shape != shape:  # a number was spread over an array
        gradient = np.broadcast_to(gradient, shape)
    return float(gradient) if shape == () else gradient


def _as_value(x):
    return x if isinstance(x, Value) else Value(x)


def _as_data(data):
    array = np.asarray(data)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"a Value holds real numbers, not {type(data).__name__} of {array.dtype}")
    if array.dtype.kind != "f":
        array = array.astype(float)
    return float(array) if array.ndim == 0 else array
