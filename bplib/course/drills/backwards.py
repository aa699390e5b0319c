"""Small networks as lines of code: a forward, a backward, and for every line of that some bugs."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Line:
    """A line of a backward: the gradient that it gives, its right side, what is true of it, and bugs: (code, words)."""

    name: str
    code: str
    why: str
    bugs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Network:
    """A network: its forward, the shapes of its parameters by name, the lines of its backward, and its labels.

    A label is "real" (numbers), "binary" (0 or 1) or "one-hot".
    """

    forward: tuple[str, ...]
    shapes: dict
    backward: tuple[Line, ...]
    label: str


# The lines


_FUSED = "with the cross-entropy the output minus the label is left."


def _loss(rng, Z, A, before):
    """The end of a forward and the first line back: (lines, the first `Line`, what is the label)."""
    kind = str(rng.choice(["mean", "half", "binary", "softmax"]))
    slope = f"d{Z}"
    if kind == "mean":
        lines = (f"L = (({Z} - Y) ** 2).mean()",)
        code = f"2 * ({Z} - Y) / {Z}.size"
        bugs = (
            (f"2 * ({Z} - Y)", "The mean divides by the number of entries, and so does its gradient."),
            (f"2 * (Y - {Z}) / {Z}.size", "The derivative of (Z - Y)^2 with respect to Z is 2 (Z - Y): the sign is"
             " turned around."),
            (f"({Z} - Y) / {Z}.size", "The square brings a factor 2, and it is missing."),
            (f"2 * ({Z} - Y) / len(X)", "The mean is over all entries, and not over the rows alone."),
        )  # fmt: skip
        return lines, Line(slope, code, "the loss is a mean of squares over all entries.", bugs), "real"
    if kind == "half":
        lines = (f"L = (({Z} - Y) ** 2).sum() / (2 * len(X))",)
        bugs = (
            (f"2 * ({Z} - Y) / len(X)", "The half in front of the square takes its 2 away."),
            (f"({Z} - Y) / {Z}.size", "The sum is divided by the number of rows, and not by that of all entries."),
            (f"(Y - {Z}) / len(X)", "The sign is turned around: a step down this gradient goes up."),
            (f"{Z} - Y", "The loss is divided by the number of rows, and so is its gradient."),
        )
        return lines, Line(slope, f"({Z} - Y) / len(X)", "the half takes the 2 of the square away.", bugs), "real"
    if kind == "binary":
        lines = (f"{A} = sigmoid({Z})", f"L = -(Y * np.log({A}) + (1 - Y) * np.log(1 - {A})).mean()")
        bugs = (
            (f"({A} - Y) * {A} * (1 - {A}) / {A}.size", "The slope of the sigmoid cancels against the cross-entropy,"
             " and here it stands once more."),
            (f"{A} - Y", "The mean divides by the number of entries, and so does its gradient."),
            (f"(Y - {A}) / {A}.size", "The sign is turned around: where the label is 1, Z has to grow."),
            (f"({Z} - Y) / {Z}.size", "The label is compared with what the sigmoid gives, and not with what goes in."),
        )  # fmt: skip
        return (
            lines,
            Line(slope, f"({A} - Y) / {A}.size", _FUSED, bugs),
            "binary",
        )
    lines = (f"{A} = softmax({Z})", f"L = -(Y * np.log({A})).sum(axis=1).mean()")
    bugs = (
        (f"({A} - Y) / {A}.size", "The mean is over the rows, and not over all entries."),
        (f"({A} - Y)", "The mean over the rows divides by their number, and so does its gradient."),
        (f"-Y / {A} / len(X)", f"This is the gradient with respect to {A}, the output of the softmax."),
        (f"(Y - {A}) / len(X)", "The sign is turned around: the score of the right class has to grow."),
    )
    return (
        lines,
        Line(slope, f"({A} - Y) / len(X)", _FUSED, bugs),
        "one-hot",
    )


_ACTIVATIONS = ["tanh", "sigmoid", "relu"]


def _slope(rng, Z, A, kinds):
    """An activation of the forward, and its line of the backward."""
    kind = str(rng.choice(kinds))
    into, out = f"d{Z}", f"d{A}"
    if kind == "tanh":
        bugs = (
            (f"{out} * (1 - {Z}**2)", f"The slope of tanh is 1 - tanh(z)^2, in terms of its output {A}."),
            (f"{out} * (1 - {A})", "The output has to be squared: the slope of tanh is 1 - a^2."),
            (f"1 - {A}**2", "This is the local slope alone; what comes from above is missing."),
        )
        return f"{A} = np.tanh({Z})", Line(into, f"{out} * (1 - {A}**2)", "the slope of tanh is 1 - a^2.", bugs)
    if kind == "sigmoid":
        bugs = (
            (f"{out} * {A}", "The slope of the sigmoid is a (1 - a), and the second factor is missing."),
            (f"{out} * {Z} * (1 - {Z})", f"The slope is a (1 - a) of the output {A}, and not of what goes in."),
            (f"{A} * (1 - {A})", "This is the local slope alone; what comes from above is missing."),
        )
        return f"{A} = sigmoid({Z})", Line(into, f"{out} * {A} * (1 - {A})", "the slope is a (1 - a).", bugs)
    bugs = (
        (f"{out} * ({out} > 0)", "Whether a relu lets a gradient pass depends on what went into it, and not on the"
         " gradient."),
        (f"{out} * {A}", "The slope of a relu is 1 or 0, and not its output."),
        (f"{out} * ({Z} < 0)", "A relu lets the gradient pass where what went in was above 0."),
    )  # fmt: skip
    return f"{A} = np.maximum({Z}, 0)", Line(
        into, f"{out} * ({Z} > 0)", "a relu passes where its input is above 0.", bugs
    )


def _parameters(X, Z, W, b, other=""):
    """The lines of the gradients of a weight and a bias; other is a gradient of the right shape that is not meant."""
    dZ = f"d{Z}"
    weight = [
        (f"{X}.T @ {dZ} / len(X)", "The mean is in the gradient that comes from above already: it is taken twice."),
        (f"-{X}.T @ {dZ}", "There is a minus too many: the step subtracts, and the gradient does not."),
    ]
    bias = [
        (f"{dZ}.mean(axis=0)", "The bias is added to every row, so its gradient is a sum over the rows, and no mean."),
        (f"{dZ}.sum()", "Each bias gets the gradients of its own column: the sum goes over the rows alone."),
        (f"{dZ}[0]", "The bias is added to every row, and this takes the first one alone."),
    ]
    if other:
        weight.append((f"{X}.T @ {other}", f"{W} stands before the activation: it gets the gradient of {Z}."))
        bias.append((f"{other}.sum(axis=0)", f"{b} stands before the activation: it gets the gradient of {Z}."))
    return (
        Line(f"d{W}", f"{X}.T @ {dZ}", f"what goes in, turned, times the gradient of {Z}.", tuple(weight)),
        Line(f"d{b}", f"{dZ}.sum(axis=0)", "a bias is added to every row, so its gradients add up.", tuple(bias)),
    )


def _inputs(Z, W, A, square):
    """The line of the gradient that goes on to the layer below."""
    bugs = [
        (f"d{Z} @ {W}.T / len(X)", "The mean is in the gradient that comes from above already: it is taken twice."),
        (f"(d{Z} * {Z}) @ {W}.T", f"The gradient of {Z} goes back as it is, and {Z} itself has no place here."),
    ]
    if square:
        bugs += [
            (f"d{Z} @ {W}", f"{W} has to be turned on the way back; it is square here, so shapes do not tell.")
        ] * 2
    return Line(f"d{A}", f"d{Z} @ {W}.T", f"the gradient of {Z}, times {W} turned.", tuple(bugs))


# The networks


def one_layer(rng):
    """One layer, and a loss of what it gives or of its activation."""
    d, k = _sizes(rng, 2)
    if rng.random() < 0.5:
        lines, first, label = _loss(rng, "Z", "P", "X")
        return Network(
            ("Z = X @ W + b", *lines), {"W": (d, k), "b": (k,)}, (first, *_parameters("X", "Z", "W", "b")), label
        )
    activation, slope = _slope(rng, "Z", "A", _ACTIVATIONS)
    lines, first, label = _squares(rng, "A")
    backward = (first, slope, *_parameters("X", "Z", "W", "b", "dA"))
    return Network(("Z = X @ W + b", activation, *lines), {"W": (d, k), "b": (k,)}, backward, label)


def _squares(rng, A):
    """A squared loss of an activation."""
    while True:
        lines, first, label = _loss(rng, A, "", "")
        if label == "real":
            return lines, first, label


def two_layers(rng, more=lambda rng, forward, backward, square: (forward, backward)):
    """Two layers with an activation between them; more changes forward and backward."""
    d, h, k = _sizes(rng, 3)
    square = bool(rng.random() < 0.5)
    k = h if square else k
    # Behind a relu the gradient of a square is 0 where the relu's slope is, so that a bug in the slope changes nothing.
    activation, slope = _slope(rng, "Z1", "A1", ["tanh", "sigmoid"] if more is _square_between else _ACTIVATIONS)
    lines, first, label = _loss(rng, "Z2", "P", "A1")
    forward = ("Z1 = X @ W1 + b1", activation, "Z2 = A1 @ W2 + b2", *lines)
    backward = (
        first,
        *_parameters("A1", "Z2", "W2", "b2"),
        _inputs("Z2", "W2", "A1", square),
        slope,
        *_parameters("X", "Z1", "W1", "b1", "dA1"),
    )
    forward, backward = more(rng, forward, backward, square)
    shapes = {"W1": (d, h), "b1": (h,), "W2": (h, k), "b2": (k,)}
    return Network(forward, shapes, backward, label)


def with_more(rng):
    """Two layers with a square on the way, or with a penalty on the weights."""
    return two_layers(rng, _square_between if rng.random() < 0.5 else _penalty)


def _square_between(rng, forward, backward, square):
    """A square between the layers: A1 goes two ways into it."""
    forward = tuple(line.replace("Z2 = A1 @ W2 + b2", "Z2 = (A1 * A1) @ W2 + b2") for line in forward)
    changed = []
    for line in backward:
        if line.name == "dW2":
            bugs = (
                ("A1.T @ dZ2", "What goes into W2 is the square of A1, and not A1."),
                ("(A1 * A1).T @ dZ2 / len(X)", "The mean is in dZ2 already: it is taken twice."),
            )
            line = Line("dW2", "(A1 * A1).T @ dZ2", "what goes in is A1 squared.", bugs)
        if line.name == "dA1":
            bugs = (
                ("A1 * (dZ2 @ W2.T)", "A1 goes into its square twice, and both ways bring a gradient: a factor 2."),
                ("dZ2 @ W2.T", "This is the gradient of the square of A1; the slope of the square is missing."),
                ("2 * (dZ2 @ W2.T)", "The slope of the square is 2 a: a itself is missing."),
            )
            line = Line("dA1", "2 * A1 * (dZ2 @ W2.T)", "the slope of the square is 2 a.", bugs)
        changed.append(line)
    return forward, tuple(changed)


def _penalty(rng, forward, backward, square):
    """A penalty on the weights, which adds to their gradients."""
    strength = f"{rng.choice([0.02, 0.05, 0.1, 0.2]):g}"
    twice = f"{2 * float(strength):g}"
    forward = (*forward[:-1], f"{forward[-1]} + {strength} * ((W1**2).sum() + (W2**2).sum())")
    changed = []
    for line in backward:
        if line.name in ("dW1", "dW2"):
            W = line.name[1:]
            bugs = (
                (line.code, "The penalty on the weights is in the loss, and its gradient is missing here."),
                (f"{line.code} + {strength} * {W}", "The square of the penalty brings a factor 2."),
                (f"{line.code} - {twice} * {W}", "The penalty is added to the loss, so its gradient is added too."),
                *((f"{code} + {twice} * {W}", words) for code, words in line.bugs),
            )
            line = Line(line.name, f"{line.code} + {twice} * {W}", f"{line.why} The penalty adds {twice} {W}.", bugs)
        changed.append(line)
    return forward, tuple(changed)


def _sizes(rng, count):
    return [int(size) for size in rng.permutation([2, 3, 4, 5])[:count]]
