"""Derivatives by the machine: a Value is a number or an array that remembers how it was computed.

Every operation on Values leaves a node behind: its data, its parents, and a rule that turns the gradient of the node
into gradients for the parents. `Value.backward` walks the graph once, from the result to the leaves, and adds up what
arrives over several paths. The functions of this module mirror NumPy's names, so the module is an array namespace: the
definitions of `bplib.operations` run on Values as they are. Plain numbers and arrays may stand beside Values anywhere.

Source: Baydin, Pearlmutter, Radul, Siskind, Automatic differentiation in machine learning: a survey, JMLR 18 (2018).
"""

import operator

import numpy as np

_ONE = 1.0  # the slope of a sum, known by its identity: times one would be a pass over an array for nothing
_SUM, _DIFFERENCE = (_ONE, _ONE), (_ONE, -1.0)


def _from_the_right(operation):  # for a plain number or array on the left of a Value
    return lambda self, other: operation(_as_value(other, self.data), self)


class Value:
    """A float or a float array in a computational graph.

    data   the number or array
    grad   after backward(): dL/d(this), shaped like data; None before. To be read: nodes may share one array
    op     the operation that made it, "" for a leaf
    name   what a diagram calls it

    The rule of an elementwise operation is a tuple of slopes, one for each parent, to be multiplied by the gradient.
    Any other rule is a function that turns the gradient of the node into one gradient for each parent.
    """

    __slots__ = ("_rule", "data", "grad", "name", "op", "parents")
    __array_ufunc__ = None  # an array on the left leaves the operation to us

    def __init__(self, data, name="", parents=(), op="", rule=()):
        """A leaf from a number or an array; integers become floats. TypeError for anything else."""
        self.data = data if type(data) is float else _as_data(data)
        self.grad = None
        self.name, self.parents, self.op = name, parents, op
        self._rule = rule  # None: a constant, to which backward gives no gradient

    shape = property(lambda self: np.shape(self.data), doc="The shape of data, () for a number.")
    ndim = property(lambda self: len(self.shape), doc="The number of axes of data, 0 for a number.")
    size = property(lambda self: np.size(self.data), doc="The number of entries of data, 1 for a number.")
    T = property(lambda x: Value(x.data.T, "", (x,), "T", lambda g: (g.T,)), doc="The transpose, all axes reversed.")

    def __len__(self):
        return len(self.data)

    def __repr__(self):
        return f"Value({self.data}, name={self.name!r})" if self.name else f"Value({self.data})"

    def backward(self):
        """Set grad = d(self)/d(node) on every node this one depends on, except for constant arrays.

        Old gradients are forgotten first, so a second call is harmless. ValueError unless self is a single number.
        """
        if type(self.data) is not float:
            raise ValueError(f"backward starts at a number; this Value has shape {self.shape}, so take its sum or mean")
        order = topological_order(self)
        for node in order:
            node.grad = 0.0 if type(node.data) is float else None
        self.grad = 1.0
        for node in reversed(order):
            gradient, rule = node.grad, node._rule
            # Paths add up. Numbers are many and have one or two parents: a loop over them takes three times as long.
            if type(gradient) is float and type(rule) is tuple:
                if len(rule) == 2:
                    (a, b), (slope_a, slope_b) = node.parents, rule
                    a.grad += gradient * slope_a
                    b.grad += gradient * slope_b
                elif rule:
                    node.parents[0].grad += gradient * rule[0]
            elif rule:
                elementwise = type(rule) is tuple
                for parent, part in zip(node.parents, rule if elementwise else rule(gradient), strict=True):
                    if parent._rule is not None:
                        part = part if not elementwise else gradient if part is _ONE else gradient * part
                        part = _unbroadcast(part, parent.data)
                        parent.grad = part if parent.grad is None else parent.grad + part

    def local_derivatives(self):
        """d(self)/d(parent) for each parent, where self is a number: what one edge of the graph multiplies by."""
        return self._rule(1.0) if callable(self._rule) else self._rule or ()

    def __add__(self, other):
        other = other if isinstance(other, Value) else _as_value(other, self.data)
        return Value(self.data + other.data, "", (self, other), "+", _SUM)

    def __sub__(self, other):
        other = other if isinstance(other, Value) else _as_value(other, self.data)
        return Value(self.data - other.data, "", (self, other), "-", _DIFFERENCE)

    def __mul__(self, other):
        other = other if isinstance(other, Value) else _as_value(other, self.data)
        a, b = self.data, other.data
        return Value(a * b, "", (self, other), "*", (b, a))

    def __truediv__(self, other):
        other = other if isinstance(other, Value) else _as_value(other, self.data)
        b, out = other.data, self.data / other.data
        return Value(out, "", (self, other), "/", (1.0 / b, 0.0 if other._rule is None else -out / b))

    def __pow__(self, exponent):
        if not isinstance(exponent, int | float | np.integer):
            raise TypeError(f"the exponent of a Value must be a plain number, not {type(exponent).__name__}")
        a = self.data
        slope = 0.0 * a if exponent == 0 else exponent * a ** (exponent - 1)
        return Value(a**exponent, "", (self,), f"^{exponent}", (slope,))

    def __neg__(self):
        return Value(-self.data, "", (self,), "neg", (-1.0,))

    def __matmul__(self, other):
        other = _as_value(other, self.data)
        a, b = self.data, other.data
        if np.ndim(a) < 2 or np.ndim(b) < 2:
            raise ValueError(f"a product of Values takes matrices or stacks, not shapes {self.shape} and {other.shape}")
        # For a constant nothing is multiplied: with data on the left, this is half of the backward of a first layer.
        for_a, for_b = self._rule is not None, other._rule is not None
        aT, bT = a.swapaxes(-1, -2), b.swapaxes(-1, -2)
        return Value(a @ b, "", (self, other), "@", lambda g: (g @ bT if for_a else 0.0, aT @ g if for_b else 0.0))

    def __getitem__(self, index):
        x = self.data
        basic = all(p is None or p is ... or isinstance(p, int | np.integer | slice) for p in np.index_exp[index])

        def rule(g):
            gradient = np.zeros_like(x)
            if basic:
                gradient[index] += g
            else:
                np.add.at(gradient, index, g)  # an entry taken twice gets both gradients
            return (gradient,)

        return Value(x[index], "", (self,), "[]", rule)

    __radd__ = __add__
    __rmul__, __rmatmul__ = _from_the_right(operator.mul), _from_the_right(operator.matmul)
    __rsub__, __rtruediv__ = _from_the_right(operator.sub), _from_the_right(operator.truediv)


def topological_order(value):
    """All nodes that value depends on, and value itself, parents before children; a chain of any length fits."""
    order, seen, stack = [], set(), [value]
    while stack:
        node = stack.pop()
        if node is None:  # all parents of the node below are done
            order.append(stack.pop())
        elif node not in seen:
            seen.add(node)
            stack += (node, None, *reversed(node.parents))
    return order


# The array namespace: NumPy's names, for Values and for plain arrays alike.


def exp(x):
    """e^x, elementwise; dx = g e^x."""
    return _elementwise("exp", np.exp, x, lambda data, out: out)


def log(x):
    """Natural logarithm, elementwise; dx = g / x."""
    return _elementwise("log", np.log, x, lambda data, out: np.reciprocal(data))


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
    x, y = _as_value(x, y), _as_value(y, x)
    a, b = x.data, y.data
    if type(a) is float and type(b) is float:  # NumPy takes ten times as long for two numbers
        out, share = b if a < b or b != b else a, 0.5 * ((a > b) + (a >= b))
    else:
        out, share = np.maximum(a, b), 0.5 * np.add(a > b, a >= b, dtype=np.result_type(a, b))
    return Value(out, "", (x, y), "max", (share, 1.0 - share))


def minimum(x, y):
    """The smaller of x and y, elementwise; the gradient goes to the smaller, and half to each in a tie."""
    return -maximum(-_as_value(x, y), -_as_value(y, x))


def sum(x, axis=None, keepdims=False):
    """Sum over one or several axes, or over all entries; every entry that was added gets the gradient of the sum."""
    x = _as_value(x)
    total, kept = np.sum(x.data, axis=axis, keepdims=keepdims), keepdims or axis is None
    return Value(total, "", (x,), "sum", lambda g: (np.full_like(x.data, g if kept else np.expand_dims(g, axis)),))


def mean(x, axis=None, keepdims=False):
    """Mean over one or several axes, or over all entries: the sum divided by their number. ValueError for none."""
    total = sum(x, axis, keepdims)
    if total.size > np.size(x):
        raise ValueError(f"mean: x has shape {np.shape(x)}; nothing has no mean")
    return total / max(np.size(x) // max(total.size, 1), 1)


def reshape(x, *shape):
    """The same entries in another shape, a tuple or numbers; the gradient goes back to the old one."""
    x = _as_value(x)
    return Value(np.asarray(x.data).reshape(*shape), "", (x,), "reshape", lambda g: (np.reshape(g, x.shape),))


def swapaxes(x, i, j):
    """Two axes exchanged; those of the gradient are exchanged back."""
    x = _as_value(x)
    return Value(np.swapaxes(x.data, i, j), "", (x,), "swapaxes", lambda g: (np.swapaxes(g, i, j),))


Value.reshape, Value.swapaxes = reshape, swapaxes


def stack(values, axis=0):
    """Values of one shape along a new axis; each gets its part of the gradient."""
    parents = tuple(_as_value(x) for x in values)
    out = np.stack([x.data for x in parents], axis)
    return Value(out, "", parents, "stack", lambda g: tuple(np.moveaxis(g, axis, 0)))


def concatenate(values, axis=0):
    """Arrays one after the other along an axis that they have; each gets its part of the gradient."""
    parents = tuple(_as_value(x) for x in values)
    out = np.concatenate([x.data for x in parents], axis)
    ends = np.cumsum([x.shape[axis] for x in parents])[:-1]
    return Value(out, "", parents, "concatenate", lambda g: tuple(np.split(g, ends, axis)))


def pad(x, widths):
    """Zeros around an array, widths as in np.pad: a number, a pair, or a pair for each axis; dx is cut out of g."""
    x = _as_value(x)
    pairs = np.broadcast_to(widths, (x.ndim, 2))
    inside = tuple(slice(before, before + n) for (before, _), n in zip(pairs, x.shape, strict=True))
    return Value(np.pad(x.data, widths), "", (x,), "pad", lambda g: (g[inside],))


def apply(operation, *inputs):
    """One node for a whole registered operation of numbers or arrays, with its hand-derived backward as the rule."""
    # What has no gradient, such as integer labels, stays as it is.
    inputs = tuple(_as_value(x) if i in operation.wrt else x for i, x in enumerate(inputs))
    data = [x.data if isinstance(x, Value) else x for x in inputs]
    parents = tuple(inputs[i] for i in operation.wrt)
    out, slope = operation.loss_and_grad(*data) if operation.is_loss else (operation.forward(*data), None)
    rule = (lambda g: (g * slope,)) if operation.is_loss else lambda g: operation.gradients(g, out, *data)
    return Value(out, "", parents, operation.name, rule)


def _elementwise(name, function, x, slope):
    """The node of a function of one argument; slope(data, out) is its derivative at each entry."""
    x = _as_value(x)
    out = function(x.data)
    local = slope(x.data, out)
    return Value(out, "", (x,), name, (float(local) if type(x.data) is float else local,))


def _unbroadcast(gradient, data):
    """Bring a gradient to the shape and type of data: add up over the axes along which NumPy had copied the data."""
    if type(data) is float:
        return float(np.sum(gradient))
    if gradient.shape != data.shape:
        new = gradient.ndim - data.ndim
        copied = tuple(i for i, n in enumerate(gradient.shape) if i < new or n != data.shape[i - new])
        gradient = gradient.sum(axis=copied).reshape(data.shape)
    return gradient if gradient.dtype == data.dtype else gradient.astype(data.dtype)


def _as_value(x, beside=0.0):
    """A plain number or array as a Value. Among arrays it is a constant: no one asks for its gradient."""
    if isinstance(x, Value):
        return x
    value = Value(x)
    value._rule = () if type(value.data) is float and (type(beside) is float or np.ndim(beside) == 0) else None
    return value


def _as_data(data):
    array = np.asarray(data)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"a Value holds real numbers, not {type(data).__name__} of {array.dtype}")
    array = array if array.dtype.kind == "f" else array.astype(float)
    return array if array.ndim else float(array)
