"""Networks as lines of code, each with the lines that undo it, right ones and wrong ones, and what they compute."""

from dataclasses import dataclass

import numpy as np

from bplib.activations import sigmoid, softmax


@dataclass(frozen=True)
class Blank:
    """A line of a backward: the name of the gradient, its right side, and wrong ones: (code, what is wrong with it).

    The words matter where a wrong one has the right shape; where it has not, the shapes say it.
    """

    name: str
    code: str
    wrong: tuple[tuple[str, str], ...] = ()

    @property
    def variable(self):
        """What it is the gradient of."""
        return self.name[1:]


@dataclass(frozen=True)
class Step:
    """A line of a forward, and the lines of the backward that undo it."""

    name: str
    code: str
    back: tuple[Blank, ...] = ()


@dataclass(frozen=True)
class Network:
    """A forward and its backward.

    given  the shapes of data, parameters and truth, by name
    steps  of which the last gives L
    key    the names of the gradients by which it differs from other networks
    words  what has to be said of its arrays
    """

    given: dict
    steps: tuple[Step, ...]
    key: tuple[str, ...] = ()
    words: str = ""

    @property
    def lines(self):
        """The lines of the backward, in the order in which they run."""
        return [blank for step in reversed(self.steps) for blank in step.back]

    @property
    def code(self):
        """The lines of the forward."""
        return tuple(f"{step.name} = {step.code}" for step in self.steps)


def values(network, rng):
    """Random numbers for what is given; a truth for a softmax is one-hot."""
    found = {name: rng.normal(size=shape) for name, shape in network.given.items()}
    if any("softmax" in step.code for step in network.steps):
        n, k = network.given["Y"]
        found["Y"] = np.eye(k)[np.arange(n) % k]
    return found


def computed(network, known):
    """All arrays by name, from `values`. What runs are the lines of a network of ours, and nothing that was typed."""
    n, t = np.shape(known["X"])[:2]  # where X holds sequences, t counts their steps
    known = {"np": np, "sigmoid": sigmoid, "softmax": softmax, "n": n, "t": t, **known}
    with np.errstate(all="ignore"):
        for step in network.steps:
            known[step.name] = eval(step.code, known)
        for blank in network.lines:
            known[blank.name] = eval(blank.code, known)
    return known


# Lines


def linear(X, W, b, Z, *, first, before="", mean=True, turned=False):
    """Z = X W + b, for W with a column for each output, or a row for each if turned.

    first says that X is the data, before names the gradient behind the activation, and mean whether there is a 1/n.
    """
    dZ = f"d{Z}"
    weight, bias, inputs = _traps(dZ, Z, before, mean)
    product = f"{X}.T @ {dZ}" if not turned else f"{dZ}.T @ {X}"
    other = f"{dZ}.T @ {X}" if not turned else f"{X}.T @ {dZ}"
    wrong = [(other, ""), (f"{X} @ {dZ}", ""), (f"{dZ} @ {X}.T", ""), (f"{X} * {dZ}", "")]
    wrong += [(product.replace(dZ, name) if name else f"{product} / n", words) for name, words in weight]
    back = [Blank(f"d{W}", product, tuple(wrong))]
    if b:
        wrong = [(f"{dZ}.sum(axis=1)", ""), (f"{dZ}.sum()", ""), (dZ, ""), (f"{X}.sum(axis=0)", "")]
        wrong += [(f"{name}.sum(axis=0)" if name else f"{dZ}.mean(axis=0)", words) for name, words in bias]
        wrong.append((f"{dZ}[0]", f"{b} was added to every row, and this takes the first one alone."))
        back.append(Blank(f"d{b}", f"{dZ}.sum(axis=0)", tuple(wrong)))
    if not first:
        product = f"{dZ} @ {W}" if turned else f"{dZ} @ {W}.T"
        wrong = [(f"{dZ} @ {W}.T" if turned else f"{dZ} @ {W}", ""), (f"{dZ} * {W}", "")]
        wrong += [(f"{W}.T @ {dZ}.T" if turned else f"{W} @ {dZ}.T", ""), (f"{dZ}.T @ {X}", "")]
        wrong += [(product.replace(dZ, name) if name else f"{product} / n", words) for name, words in inputs]
        back.append(Blank(f"d{X}", product, tuple(wrong)))
    return Step(Z, f"{X} @ {W}{'.T' if turned else ''}{f' + {b}' if b else ''}", tuple(back))


def _traps(dZ, Z, before, mean):
    """Pairs of what stands for dZ in a wrong line, "" for a division by n, and words: for weight, bias and input."""
    twice = f"What the mean divides by is in {dZ} already." if mean else "Nothing in this loss divides by n."
    found = [("", twice), (Z, f"{Z} is a value; what comes back to it is {dZ}.")]
    if before:
        found.append((before, f"{before} stands behind the activation: its slope is missing, which is in {dZ}."))
    copied = "A bias is copied into every row, and what comes back from all of them adds up: a sum, and no mean."
    return found, [("", copied), *found[1:]], found


def activation(Z, A, kind):
    """A = tanh(Z), sigmoid(Z) or relu(Z), entry by entry."""
    dA = f"d{A}"
    code, slope, wrong = {
        "tanh": (
            f"np.tanh({Z})",
            f"(1 - {A}**2)",
            (
                (f"{dA} * (1 - {A})", "The slope of tanh is one minus its square."),
                (f"{dA} * (1 - {Z}**2)", f"What is squared is the output, {A}."),
                (f"1 - {A}**2", f"This is the slope alone; {dA} arrives, and is multiplied by it."),
            ),
        ),
        "sigmoid": (
            f"sigmoid({Z})",
            f"{A} * (1 - {A})",
            (
                (f"{dA} * (1 - {A})", "The slope of a sigmoid is a (1 - a)."),
                (f"{dA} * {Z} * (1 - {Z})", f"The slope of a sigmoid is a (1 - a), of its output {A}."),
                (f"{A} * (1 - {A})", f"This is the slope alone; {dA} arrives, and is multiplied by it."),
            ),
        ),
        "relu": (
            f"np.maximum({Z}, 0)",
            f"({Z} > 0)",
            (
                (f"{dA} * {A}", "The slope of a relu is 1 or 0, and not its output."),
                (f"{dA} * ({dA} > 0)", f"What passes is decided by {Z}, and not by the sign of {dA}."),
                (f"np.maximum({dA}, 0)", f"What passes is decided by {Z}, and {dA} passes with its sign."),
            ),
        ),
    }[kind]
    shape = ((f"{dA} @ {slope}", ""), (f"({dA} * {slope}).sum(axis=0)", ""), (f"{dA}.T * {slope}", ""))
    return Step(A, code, (Blank(f"d{Z}", f"{dA} * {slope}", (*wrong, *shape)),))


def loss(P, kind, *, flat=False):
    """L, and the gradient at its input P: steps, since a softmax is a line of its own. flat: P has a single axis."""
    far = f"({P} - Y)"
    one = ((f"2 * {far}.sum(axis=0) / n", ""), (f"2 * {far}.mean()", ""), (f"2 * {far}.T / n", ""))[: 3 - flat]
    no_two = ("The square brings a factor 2.",)
    if kind == "mean":
        wrong = (
            (f"2 * {far}", f"The mean divides by all the entries of {P}, and so does its gradient."),
            (f"{far} / {P}.size", *no_two),
            (f"2 * {far} / n", "The mean is over all entries, and not over the rows alone."),
            *one,
        )
        return (Step("L", f"({far} ** 2).mean()", (Blank(f"d{P}", f"2 * {far} / {P}.size", wrong),)),)
    if kind == "rows":
        wrong = (
            (f"2 * {far}", "The mean over the rows divides by n, and so does its gradient."),
            (f"{far} / n", *no_two),
            (f"2 * {far} / {P}.size", "Each row is summed up first: the mean is over the n rows alone."),
            *one,
        )
        return (Step("L", f"({far} ** 2).sum(axis=1).mean()", (Blank(f"d{P}", f"2 * {far} / n", wrong),)),)
    if kind == "sum":
        wrong = (
            (f"2 * {far} / n", "This loss is a sum: nothing divides by n."),
            (far, *no_two),
            (f"-2 * {far}", f"The derivative of ({P} - Y)^2 with respect to {P} is 2 ({P} - Y)."),
            *one,
        )
        return (Step("L", f"({far} ** 2).sum()", (Blank(f"d{P}", f"2 * {far}", wrong),)),)
    wrong = (
        ("(P - Y)", "The mean over the rows divides by n, and so does its gradient."),
        ("(P - Y) / P.size", "Each row is summed up first: the mean is over the n rows alone."),
        (f"({P} - Y) / n", f"What is compared with Y are the probabilities P, and not the logits {P}."),
        ("-Y / P / n", f"This is the gradient at P; the softmax lies between it and {P}."),
        ("(P - Y).sum(axis=0) / n", ""),
        ("(P - Y).T / n", ""),
    )
    slope = Blank(f"d{P}", "(P - Y) / n", wrong)
    return (
        Step("P", f"softmax({P})", (slope,)),
        Step("L", "-(Y * np.log(P)).sum(axis=1).mean()"),
    )


def scale(A, s, Y, per, *, first=False):
    """Y = A * s, with a number for each column or for each row; first says that A is the data."""
    dY, spread = f"d{Y}", per == "row"
    right = f"({dY} * {A}).sum(axis=1, keepdims=True)" if spread else f"({dY} * {A}).sum(axis=0)"
    alone = f"{dY}.sum(axis=1, keepdims=True)" if spread else f"{dY}.sum(axis=0)"
    where = "column" if spread else "row"
    wrong = (
        (f"({dY} * {A}).sum(axis=0)" if spread else f"({dY} * {A}).sum(axis=1)", ""),
        (f"({dY} * {A}).sum(axis=1)" if spread else f"({dY} * {A}).sum()", ""),
        (f"{dY} * {A}", ""),
        (alone, f"{s} was multiplied by {A}, which belongs in front of the sum."),
        (right.replace("sum", "mean"), f"{s} was copied into every {where}, and copies add up: a sum, and no mean."),
        (right.replace(f"* {A}", f"* {s}"), f"At a product each gets the other: {s} gets {A}."),
    )
    inputs = (
        (f"{dY} @ {s}", ""),
        (f"({dY} * {s}).sum(axis=0)", ""),
        (f"{dY} * {A}", f"At a product each gets the other: {A} gets {s}."),
        (f"{dY} / {s}", f"The derivative of {A} * {s} with respect to {A} is {s}, by which is multiplied."),
        (dY, f"{A} was multiplied by {s}, and so is what comes back."),
    )
    back = Blank(f"d{s}", right, wrong), Blank(f"d{A}", f"{dY} * {s}", inputs)
    return Step(Y, f"{A} * {s}", back[:1] if first else back)
