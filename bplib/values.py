"""A Value is a number or an array that remembers how it was computed: the engine behind `bplib.autodiff`.

Every operation on Values leaves a node behind: its data, its parents, and a rule that turns the gradient of the node
into gradients for the parents. `Value.backward` walks the graph once, from the result to the leaves, and adds up what
arrives over several paths. Plain numbers and arrays may stand beside Values anywhere.

What a rule has to remember nobody can change: a Value copies the array that it is given, and its data can only be read.
Numbers behave as arrays of them do: what is infinite or NaN in NumPy is so here.

Source: Baydin, Pearlmutter, Radul, Siskind, Automatic differentiation in machine learning: a survey, JMLR 18 (2018).
"""

import copy
import operator

import numpy as np

from bplib.sums import ones

_ONE = 1.0  # the slope of a sum, known by its identity: times one would be a pass over an array for nothing
_SUM, _DIFFERENCE = (_ONE, _ONE), (_ONE, -1.0)


def _from_the_right(operation):  # for a plain number or array on the left of a Value
    return lambda self, other: operation(as_value(other, self._data), self)


def _compared(operation):
    return lambda self, other: operation(self._data, other._data if isinstance(other, Value) else other)


def _refused(what):
    def refuse(self, *_, **__):
        ours = "autodiff.exp(v), autodiff.stack([v, w]) and their like take Values"
        raise TypeError(f"{what} would forget the gradient: {ours}, and v.data is what a Value holds")

    return refuse


class Value:
    """A float or a float array in a computational graph.

    data   the number or array, to be read; a leaf is given another by p.data = p.data - lr * p.grad
    grad   dL/d(this), shaped like data, of the last backward that reached this node; None before. That of a leaf is its
           own; that of a result is to be read, and may share memory with others
    op     the operation that made it, "" for a leaf
    name   what a diagram calls it

    Comparisons and bool() look at the data; == asks whether it is the same node. copy.deepcopy copies the whole graph,
    and pickle takes leaves only.

    The rule of an elementwise operation is a tuple of slopes, one for each parent, to be multiplied by the gradient.
    Any other rule is a function that turns the gradient of the node into one gradient for each parent.
    """

    __slots__ = ("_data", "_rule", "grad", "name", "op", "parents")
    __array_priority__ = 1000  # an array on the left leaves the operation to us

    def __init__(self, data, name="", parents=(), op="", rule=()):
        """A leaf from a number or an array; integers become floats. TypeError for anything else."""
        self._data = data if type(data) is float else _result(data) if parents else _own(data)
        self.grad = None
        self.name, self.parents, self.op = name, parents, op
        self._rule = rule  # None: a constant, to which backward gives no gradient

    data = property(operator.attrgetter("_data"), lambda self, data: setattr(self, "_data", _own(data)))
    shape = property(lambda self: np.shape(self._data), doc="The shape of data, () for a number.")
    ndim = property(lambda self: np.ndim(self._data), doc="The number of axes of data, 0 for a number.")
    size = property(lambda self: np.size(self._data), doc="The number of entries of data, 1 for a number.")
    T = property(
        lambda x: Value(np.transpose(x._data), "", (x,), "T", lambda g: (np.transpose(g),)), doc="Axes reversed."
    )

    def __len__(self):
        if type(self._data) is float:
            raise TypeError("this Value is a single number, which has no length and no entries")
        return len(self._data)

    def __bool__(self):
        return bool(self._data)

    def __repr__(self):
        return f"Value({self._data}, name={self.name!r})" if self.name else f"Value({self._data})"

    def __format__(self, spec):
        return format(self._data, spec) if spec else repr(self)

    def backward(self):
        """Set grad = d(self)/d(node) on every node this one depends on, except for constant arrays.

        Old gradients are forgotten there, so a second call is harmless; what this one does not depend on keeps the
        gradient that another backward gave it. ValueError unless self is a single number.
        """
        if type(self._data) is not float:
            raise ValueError(f"backward starts at a number; this Value has shape {self.shape}, so take its sum or mean")
        order = topological_order(self)
        for node in order:
            node.grad = 0.0 if type(node._data) is float else None
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
                _spread(gradient, node.parents, rule)

    def local_derivatives(self):
        """d(self)/d(parent) for each parent, where self is a number: what one edge of the graph multiplies by."""
        return self._rule(1.0) if callable(self._rule) else self._rule or ()

    def __add__(self, other):
        other = other if isinstance(other, Value) else as_value(other, self._data)
        return Value(self._data + other._data, "", (self, other), "+", _SUM)

    def __sub__(self, other):
        other = other if isinstance(other, Value) else as_value(other, self._data)
        return Value(self._data - other._data, "", (self, other), "-", _DIFFERENCE)

    def __mul__(self, other):
        other = other if isinstance(other, Value) else as_value(other, self._data)
        a, b = self._data, other._data
        return Value(a * b, "", (self, other), "*", (b, a))

    def __truediv__(self, other):
        other = other if isinstance(other, Value) else as_value(other, self._data)
        b = other._data
        out, slope = _in_numpy(operator.truediv, self._data, b), _in_numpy(operator.truediv, 1.0, b)
        return Value(out, "", (self, other), "/", (slope, 0.0 if other._rule is None else -out * slope))

    def __pow__(self, exponent):
        """x^k, slope k x^(k-1): at 0 infinite for 0 < k < 1. x^w has slope x^w log(x) in w, and 0 where x = 0 <= w."""
        if isinstance(exponent, np.number):
            exponent = exponent.item()
        a = self._data
        if isinstance(exponent, int | float):
            slope = 0.0 * a if exponent == 0 else exponent * _in_numpy(operator.pow, a, exponent - 1)
            return Value(_in_numpy(operator.pow, a, exponent), "", (self,), f"^{exponent}", (slope,))
        other = as_value(exponent, a)
        b, out = other._data, _in_numpy(operator.pow, a, other._data)
        lower = np.where(np.equal(b, 0), 1.0, b - 1.0)  # a constant, x^0, has the slope 0 at x = 0 too
        for_a = 0.0 if self._rule is None else b * _in_numpy(operator.pow, a, lower)
        for_b = 0.0 if other._rule is None else out * np.log(np.where(np.equal(a, 0) & np.greater_equal(b, 0), 1.0, a))
        if type(out) is float:
            for_a, for_b = float(for_a), float(for_b)
        return Value(out, "", (self, other), "^", (for_a, for_b))

    def __neg__(self):
        return Value(-self._data, "", (self,), "neg", (-1.0,))

    def __matmul__(self, other):
        other = other if isinstance(other, Value) else as_value(other, self._data)
        a, b = self._data, other._data
        if type(a) is float or type(b) is float or a.ndim < 2 or b.ndim < 2:
            raise ValueError(f"a product of Values takes matrices or stacks, not shapes {self.shape} and {other.shape}")
        # For a constant nothing is multiplied: with data on the left, this is half of the backward of a first layer.
        for_a, for_b = self._rule is not None, other._rule is not None
        aT, bT = a.swapaxes(-1, -2), b.swapaxes(-1, -2)

        def rule(g):
            return _product(g, bT) if for_a else None, _product(aT, g) if for_b else None

        return Value(_product(a, b), "", (self, other), "@", rule)

    def __getitem__(self, index):
        x = self._data
        if type(x) is float:
            len(self)  # which says why not
        out = x[index]
        # What shares memory with x takes each entry once. Of any other index the places in memory are kept: an entry
        # that was taken twice gets both gradients.
        once = np.may_share_memory(out, x)
        places = None if once else np.ravel(np.arange(x.size).reshape(x.shape)[index])

        def rule(g):
            if once:
                gradient = np.zeros_like(x)
                gradient[index] = g
            else:
                gradient = np.bincount(places, np.ravel(g), x.size).reshape(x.shape)
            return (gradient,)

        return Value(out, "", (self,), "[]", rule)

    def __deepcopy__(self, memo):
        for node in topological_order(self):  # parents first: no graph is too deep
            if id(node) not in memo:
                copied = memo[id(node)] = Value.__new__(Value)
                copied._data, copied._rule, copied.grad = node._data, node._rule, copy.copy(node.grad)
                copied.name, copied.op, copied.parents = node.name, node.op, tuple(memo[id(p)] for p in node.parents)
        return memo[id(self)]

    def __reduce__(self):
        if self.parents:
            raise TypeError("a result cannot be pickled, since its rules are functions: v.data, or a leaf, can")
        return Value, (self._data, self.name)

    __lt__, __le__, __gt__, __ge__ = map(_compared, (operator.lt, operator.le, operator.gt, operator.ge))
    __radd__ = __add__
    __rmul__, __rmatmul__ = _from_the_right(operator.mul), _from_the_right(operator.matmul)
    __rsub__, __rtruediv__ = _from_the_right(operator.sub), _from_the_right(operator.truediv)
    __rpow__ = _from_the_right(lambda number, exponent: Value.__pow__(number, exponent))
    __float__ = _refused("a plain float")  # math.exp(v) asks for it
    __array__ = _refused("a plain array")  # np.exp(v) and np.array(v) ask for it


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


def as_value(x, beside=0.0):
    """A plain number or array as a Value. Among arrays it is a constant: no one asks for its gradient."""
    if isinstance(x, Value):
        return x
    value = Value(x)
    if type(value._data) is not float or (type(beside) is not float and np.ndim(beside)):
        value._rule = None
    return value


def _own(data):
    """What a leaf holds: a float, or a copy that nobody writes into."""
    if isinstance(data, Value):
        raise TypeError("a Value holds real numbers, not another Value")
    array = np.asarray(data)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"a Value holds real numbers, not {type(data).__name__} of {array.dtype}")
    return _result(array.astype(array.dtype if array.dtype.kind == "f" else float))


def _result(data):
    if data.ndim == 0:
        return float(data)
    data.setflags(False)  # to be read
    return data


def _in_numpy(operation, a, b):
    """operation(a, b); for two numbers what NumPy gives, where Python would raise at 0 or turn to complex numbers."""
    try:
        out = operation(a, b)
    except (ZeroDivisionError, OverflowError):
        out = None
    return float(operation(np.float64(a), np.float64(b))) if out is None or type(out) is complex else out


def _product(a, b):
    """a @ b; dot is quicker for two matrices, but times a single 0 it makes 0 even of NaN (NumPy issue 14788)."""
    return a.dot(b) if a.ndim == b.ndim == 2 and a.size != 1 != b.size else np.matmul(a, b)


def _spread(gradient, parents, rule):
    """Give the parents of a node, where arrays are among them, their parts of its gradient."""
    elementwise = type(rule) is tuple
    if type(gradient) is not float:
        gradient.setflags(False)  # to be read: some rules hand it on as it is
    for parent, part in zip(parents, rule if elementwise else rule(gradient), strict=True):
        if parent._rule is None:
            continue
        if elementwise:
            part = gradient if part is _ONE else gradient * part
        data = parent._data
        if type(data) is float or part.shape != data.shape or part.dtype != data.dtype:
            part = _unbroadcast(part, data)
        if parent.grad is not None:
            part = parent.grad + part
        elif not parent.parents and (part is gradient or part.base is not None):
            part = part.copy()  # a leaf shares its gradient with nobody
        parent.grad = part


def _unbroadcast(gradient, data):
    """Bring a gradient to the shape and type of data: add up over the axes along which NumPy had copied the data."""
    if type(data) is float:
        return float(np.sum(gradient))
    if gradient.shape != data.shape:
        new = gradient.ndim - data.ndim
        copied = tuple(range(new))
        if gradient.shape[new:] != data.shape:
            copied += tuple(i for i in range(new, gradient.ndim) if gradient.shape[i] != data.shape[i - new])
        of_rows = copied == (0,) and gradient.ndim == 2  # as a bias has it, and quicker as a product
        summed = ones(len(gradient), gradient.dtype).dot(gradient) if of_rows else np.add.reduce(gradient, axis=copied)
        gradient = summed if summed.shape == data.shape else summed.reshape(data.shape)
    return gradient if gradient.dtype == data.dtype else gradient.astype(data.dtype)
