"""Networks drawn at random: a layer, two of them, and such in which something is shared or averaged."""

from bplib.course.drills.networks import Blank, Network, Step, activation, linear, loss, scale

_ACTIVATIONS = ("tanh", "sigmoid", "relu")


def network(rng, level):
    """A network of a level; all lengths in it differ."""
    n, t, d, k, m = (int(size) for size in rng.permutation([2, 3, 4, 5, 6, 7])[:5])
    build = (_one_layer, _two_layers, _choice(rng, (_sequences, _tied, _two_inputs, _centered)))[level - 1]
    return build(rng, n, t, d, k, m)


def _one_layer(rng, n, t, d, k, m):
    """A layer with a bend or a factor behind it, or a factor in front of it, and a loss."""
    beside = _choice(rng, ("", *_ACTIVATIONS, "row", "column", "row in front", "column in front"))
    kind = _choice(rng, ("mean", "rows", "sum", "softmax"))
    turned, b = _flip(rng), "b" if not beside or rng.random() < 0.7 else ""
    given, steps, into, out, before = {"X": (n, d), **_weights("W", b, d, k, turned)}, [], "X", "Z", ""
    if beside in _ACTIVATIONS:
        out, before, steps = "A", "dA", [activation("Z", "A", beside)]
    elif beside.endswith("front"):
        given |= _factor(beside, n, d)
        into, steps = "S", [scale("X", *_factor(beside, n, d), "S", beside.split()[0], first=True)]
    elif beside:
        given |= _factor(beside, n, k)
        out, steps = "S", [scale("Z", *_factor(beside, n, k), "S", beside)]
    layer = linear(into, "W", b, "Z", first=into == "X", before=before, mean=kind != "sum", turned=turned)
    steps = [*steps, layer] if into == "S" else [layer, *steps]
    return Network(given | {"Y": (n, k)}, (*steps, *loss(out, kind)))


def _factor(beside, n, columns):
    """The name and the shape of a factor for each row, or for each column."""
    return {"s": (n, 1)} if beside.startswith("row") else {"g": (columns,)}


def _two_layers(rng, n, t, d, k, m):
    """Two layers with a bend between them, and perhaps a factor; or a score, one number for each example."""
    kind = _choice(rng, ("mean", "rows", "sum", "softmax"))
    mean, turned, factor = kind != "sum", [_flip(rng), _flip(rng)], _choice(rng, ("", "", "row", "column"))
    given = {"X": (n, d), **_weights("W1", "b1", d, k, turned[0])}
    steps = [
        linear("X", "W1", "b1", "Z1", first=True, before="dA1", mean=mean, turned=turned[0]),
        activation("Z1", "A1", _choice(rng, _ACTIVATIONS)),
    ]
    into = "A1"
    if factor:
        given |= _factor(factor, n, k)
        steps.append(scale("A1", *_factor(factor, n, k), "S1", factor))
        into = "S1"
    if rng.random() < 0.3:
        given |= {"v": (k,), "Y": (n,)}
        steps += [_score(into, mean), *loss("r", "mean" if mean else "sum", flat=True)]
    else:
        given |= {**_weights("W2", "b2", k, m, turned[1]), "Y": (n, m)}
        steps.append(linear(into, "W2", "b2", "Z2", first=False, mean=mean, turned=turned[1]))
        steps += loss("Z2", kind)
    return Network(given, tuple(steps))


def _score(A, mean):
    """r = A v, one number for each example."""
    twice = "What the mean divides by is in dr already." if mean else "Nothing in this loss divides by n."
    weight = (
        (f"{A} @ dr", ""),
        (f"{A}.T * dr", ""),
        (f"dr[:, None] * {A}", ""),
        (f"{A}.T @ dr / n", twice),
        (f"{A}.T @ r", "r is a value; what comes back to it is dr."),
        (f"{A}.sum(axis=0)", "What comes back, dr, is missing."),
    )
    inputs = (
        ("dr * v", ""),
        ("dr @ v", ""),
        ("dr[:, None]", ""),
        ("v[:, None] * dr", ""),
        (f"dr[:, None] * {A}", f"At a product each gets the other: {A} gets v."),
        ("dr[:, None] * v / n", twice),
    )
    return Step("r", f"{A} @ v", (Blank("dv", f"{A}.T @ dr", weight), Blank(f"d{A}", "dr[:, None] * v", inputs)))


def _sequences(rng, n, t, d, k, m):
    """The same layer at every step of each sequence, then their mean or sum, and a layer behind it."""
    kind, how = _choice(rng, ("mean", "rows", "softmax")), _choice(rng, ("mean", "sum"))
    bend, turned = _choice(rng, _ACTIVATIONS), _flip(rng)
    share = "np.ones_like(A) * dM[:, None]"
    right = f"{share} / t" if how == "mean" else share
    other = (
        (share, "Each step went into the mean with a share of 1/t, and gets that share back.")
        if how == "mean"
        else (f"{share} / t", "The steps were added up, and nothing divides by t: each gets all of it.")
    )
    wrong = (
        other,
        (right.replace("[:, None]", ""), ""),
        (right.replace("[:, None]", "[:, :, None]"), ""),
        (right.replace("np.ones_like(A)", "A"), "The slope of a sum does not depend on A."),
        (f"{share} / n", "n counts the examples. Over them nothing was added up here."),
    )
    weight = (
        ("sum(dZ[i].T @ X[i] for i in range(n))", ""),
        ("sum(X[i] @ dZ[i].T for i in range(n))", ""),
        ("X.T @ dZ", ""),
        ("X[0].T @ dZ[0]", "The first sequence alone: W met all of them."),
        ("X.sum(axis=1).T @ dZ.sum(axis=1)", "What came in at a step belongs to what comes back at the same step."),
        ("X.mean(axis=1).T @ dM", "The slope of the activation is missing, and each step has one of its own."),
    )
    bias = (
        ("dZ.sum(axis=0)", ""),
        ("dZ.sum(axis=1)", ""),
        ("dZ.sum(axis=2)", ""),
        ("dZ.sum()", ""),
        ("dZ.mean(axis=(0, 1))", "b was copied to every step of every sequence, and copies add up: no mean."),
        ("dM.sum(axis=0)", "Between dM and dZ lies the slope of the activation."),
        ("dZ[0].sum(axis=0)", "The first sequence alone: b was added to all of them."),
    )
    first = Step(
        "Z",
        "X @ W + b",
        (
            Blank("dW", "sum(X[i].T @ dZ[i] for i in range(n))", weight),
            Blank("db", "dZ.sum(axis=(0, 1))", bias),
        ),
    )
    steps = (
        first,
        activation("Z", "A", bend),
        Step("M", f"A.{how}(axis=1)", (Blank("dA", right, wrong),)),
        linear("M", "V", "c", "U", first=False, turned=turned),
        *loss("U", kind),
    )
    given = {"X": (n, t, d), "W": (d, k), "b": (k,), **_weights("V", "c", k, m, turned), "Y": (n, m)}
    words = (
        f" X holds n = {n} sequences of t = {t} steps with {d} numbers each, and X @ W multiplies every step by W."
        " np.ones_like(A) is A with a 1 everywhere."
    )
    return Network(given, steps, ("dW", "db", "dA"), words)


def _tied(rng, n, t, d, k, m):
    """There and back again through the same weights, once turned."""
    kind, bend, turned = _choice(rng, ("mean", "rows", "sum")), _choice(rng, _ACTIVATIONS), _flip(rng)
    there, back = ("X.T @ dZ", "dR.T @ A") if not turned else ("dZ.T @ X", "A.T @ dR")
    other = "A.T @ dR" if not turned else "dR.T @ A"
    weight = (
        (there, "W stands in two lines, and the way over R is missing."),
        (back, "W stands in two lines, and the way over Z is missing."),
        (f"({there} + {back}) / 2", "What comes back on two ways adds up: a sum, and no mean."),
        (f"({there}) * ({back})", "What comes back on two ways adds up, and is not multiplied."),
        (f"{there} + {other}", ""),
        (other, ""),
    )
    mean = kind != "sum"
    first = linear("X", "W", "b", "Z", first=True, before="dA", mean=mean, turned=turned)
    second = linear("A", "W", "c", "R", first=False, mean=mean, turned=not turned)
    steps = (
        Step(first.name, first.code, (Blank("dW", f"{there} + {back}", weight), *first.back[1:])),
        activation("Z", "A", bend),
        Step(second.name, second.code, second.back[1:]),
        *loss("R", kind),
    )
    given = {"X": (n, d), **_weights("W", "b", d, k, turned), "c": (d,), "Y": (n, d)}
    return Network(given, steps, ("dW",), " W is used twice, and n is the number of examples.")


def _two_inputs(rng, n, t, d, k, m):
    """The same layer for two batches, and all products of a row of one with a row of the other."""
    kind, bend, turned = _choice(rng, ("mean", "rows", "sum", "softmax")), _choice(rng, _ACTIVATIONS), _flip(rng)
    one, two = ("X.T @ dZ1", "V.T @ dZ2") if not turned else ("dZ1.T @ X", "dZ2.T @ V")
    weight = (
        (one, "W stands in two lines, and the way over Z2 is missing."),
        (two, "W stands in two lines, and the way over Z1 is missing."),
        (f"({one} + {two}) / 2", "What comes back on two ways adds up: a sum, and no mean."),
        (one.replace("dZ1", "dZ2") + " + " + two.replace("dZ2", "dZ1"), ""),
        ("(X + V).T @ (dZ1 + dZ2)", ""),
        (f"{one.replace('dZ1', 'dA1')} + {two.replace('dZ2', 'dA2')}", "The slope of the activation is missing."),
    )
    bias = (
        ("(dZ1 + dZ2).sum(axis=0)", ""),
        ("dZ1.sum() + dZ2.sum()", ""),
        ("dZ1.sum(axis=1) + dZ2.sum(axis=1)", ""),
        ("dZ1.sum(axis=0)", "b stands in two lines, and the way over Z2 is missing."),
        ("dZ2.sum(axis=0)", "b stands in two lines, and the way over Z1 is missing."),
        ("dZ1.mean(axis=0) + dZ2.mean(axis=0)", "b was copied into every row, and copies add up: no mean."),
    )
    rows = "dZ1.sum(axis=0) + dZ2.sum(axis=0)"
    into_one = (
        ("dU @ A2.T", ""),
        ("dU.T @ A2", ""),
        ("A2.T @ dU.T", ""),
        ("dU * A2", ""),
        ("U @ A2", "U is a value; what comes back to it is dU."),
        ("-dU @ A2", "Nothing is subtracted in this line."),
    )
    into_two = (
        ("dU @ A1", ""),
        ("A1.T @ dU", ""),
        ("dU.T * A1", ""),
        ("U.T @ A1", "U is a value; what comes back to it is dU."),
        ("-dU.T @ A1", "Nothing is subtracted in this line."),
    )
    W = "W.T" if turned else "W"
    steps = (
        Step("Z1", f"X @ {W} + b", (Blank("dW", f"{one} + {two}", weight), Blank("db", rows, bias))),
        activation("Z1", "A1", bend),
        Step("Z2", f"V @ {W} + b"),
        activation("Z2", "A2", bend),
        Step("U", "A1 @ A2.T", (Blank("dA1", "dU @ A2", into_one), Blank("dA2", "dU.T @ A1", into_two))),
        *loss("U", kind),
    )
    given = {"X": (n, d), "V": (m, d), **_weights("W", "b", d, k, turned), "Y": (n, m)}
    return Network(
        given, steps, ("dW", "db", "dA1", "dA2"), " X and V go through the same layer, and n counts the rows of X."
    )


def _centered(rng, n, t, d, k, m):
    """A layer of which each column loses its mean over the batch, then a bend, and a layer behind it."""
    kind, bend = _choice(rng, ("mean", "rows", "sum", "softmax")), _choice(rng, _ACTIVATIONS)
    turned, mean = [_flip(rng), _flip(rng)], kind != "sum"
    own = "Each row goes into the mean as well, and so into every row of C: what comes back over it is missing."
    wrong = (
        ("dC", own),
        ("dC * (1 - 1 / n)", "Each row goes into every row of C, and this takes its own row alone."),
        ("dC - dC.sum(axis=0)", "A row goes into the mean with a share of 1/n, and gets that share of the sum back."),
        ("dC + dC.mean(axis=0)", "The mean is subtracted, and so is what comes back over it."),
        ("dC.mean(axis=0)", ""),
        ("dC - dC.mean(axis=1)", ""),
        ("-dC.mean(axis=0)", ""),
    )
    steps = (
        linear("X", "W", "", "Z", first=True, before="dC", mean=mean, turned=turned[0]),
        Step("C", "Z - Z.mean(axis=0)", (Blank("dZ", "dC - dC.mean(axis=0)", wrong),)),
        activation("C", "A", bend),
        linear("A", "V", "c", "U", first=False, mean=mean, turned=turned[1]),
        *loss("U", kind),
    )
    given = {"X": (n, d), **_weights("W", "", d, k, turned[0]), **_weights("V", "c", k, m, turned[1]), "Y": (n, m)}
    return Network(given, steps, ("dZ",), " Each column of Z loses its mean over the batch of n examples.")


def _weights(W, b, n_in, n_out, turned):
    return {W: (n_out, n_in) if turned else (n_in, n_out)} | ({b: (n_out,)} if b else {})


def _flip(rng):
    return bool(rng.random() < 0.5)


def _choice(rng, options):
    return options[int(rng.integers(len(options)))]
