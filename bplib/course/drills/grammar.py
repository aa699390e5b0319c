"""Formulas drawn at random, of three levels: chains and products, quotients of two letters, and neurons with a loss."""

from bplib.course.drills.expressions import (
    ONE,
    Call,
    Letter,
    Power,
    Product,
    Quotient,
    Sum,
    add,
    letters_in,
    nodes,
    number,
    over,
    parts,
    raised,
    times,
)


def formula(rng, level):
    """The letters in their order, a formula of all of them, and the letter to differentiate by."""
    while True:
        letters, drawn, by = (_one_letter, _two_letters, _three_letters)[level - 1](rng)
        rules = sum(_takes_a_rule(node, by) for node in nodes(drawn))
        if letters_in(drawn) == set(letters) and all(map(_is_plain, nodes(drawn))) and rules >= _RULES[level - 1]:
            return list(letters), drawn, by


_RULES = (1, 1, 2)  # that the derivative takes at least, beside those for sums and for numbers in front


def _takes_a_rule(node, letter):
    """Whether the derivative of a node by a letter takes the chain, product or quotient rule, or that of a power."""
    moving = [letter in letters_in(part) for part in parts(node)]
    match node:
        case Call() | Power():
            return any(moving)
        case Quotient():
            return moving[1]
        case Product():
            return sum(moving) > 1
    return False


def _is_plain(node):
    """Whether nothing can be canceled or taken out of a power, a logarithm, a root or a quotient at sight."""
    match node:
        case Call(name="log" | "sqrt") | Power():
            return isinstance(parts(node)[0], Sum | Letter | Call)
        case Quotient(below=below):
            return isinstance(below, Sum | Letter)
    return True


def _one_letter(rng):
    """A function or a power of something simple, or a product of a power and a function."""
    name = _choice(rng, "xzw")
    x = Letter(name)
    if rng.random() < 0.6:
        return name, times(_number(rng, 1, 4), _outer(rng, _inner(rng, x))), name
    inside = times(_signed(rng, 3), x)
    inside = add(inside, _number(rng, 1, 4)) if rng.random() < 0.5 else inside
    first = times(_number(rng, 1, 3), raised(x, int(rng.integers(1, 5))))
    return name, times(first, _outer(rng, inside, powers=(3, 4), below=False)), name


def _two_letters(rng):
    """A chain, a product or a quotient in which the letters meet."""
    names = _choice(rng, ("xy", "wx", "xm", "zy", "ab"))
    x, y = (Letter(names[k]) for k in rng.permutation(2))
    kind = rng.integers(3)
    if kind == 0:
        return names, times(_number(rng, 1, 4), _outer(rng, _mixed(rng, x, y))), _choice(rng, names)
    if kind == 1:
        first = times(_number(rng, 1, 3), raised(x, int(rng.integers(1, 4))), _choice(rng, (ONE, y)))
        return names, times(first, _outer(rng, _mixed(rng, x, y), powers=(3, 4), below=False)), x.name
    above = _choice(
        rng, (times(_number(rng, 1, 5), x), times(_number(rng, 1, 3), x, y), raised(x, 2), Call("exp", times(x, y)))
    )
    below = _choice(
        rng,
        (
            lambda: add(_number(rng, 1, 4), times(_number(rng, 1, 3), x), y),
            lambda: add(raised(x, 2), times(_number(rng, 1, 4), y)),
            lambda: add(times(_number(rng, 2, 4), raised(x, 2)), y),
            lambda: add(_number(rng, 1, 4), Call("exp", times(_number(rng, 1, 3), x))),
            lambda: add(_number(rng, 1, 4), times(x, y)),
        ),
    )()
    return names, over(above, below), x.name


def _three_letters(rng):
    """What occurs in networks: a neuron and its loss, bumps and roots, two functions deep."""
    kind, roles = _choice(
        rng,
        (
            (_neuron, ("wxb", "wzb", "axb")),
            (_loss, ("wxy", "wzy", "axy")),
            (_bump, ("xms", "zms", "xas")),
            (_anything, ("xyz", "abc", "wxz")),
        ),
    )
    names = _choice(rng, roles)
    drawn = kind(rng, *map(Letter, names))
    terms = drawn.terms if isinstance(drawn, Sum) else (drawn,)
    return names, drawn, _choice(rng, [name for name in names if all(name in letters_in(term) for term in terms)])


def _neuron(rng, w, x, b):
    z = add(times(_number(rng, 1, 5), w, x), times(_signed(rng, 5), b))
    a, many = _bent(rng, z), _number(rng, 1, 5)
    return _choice(
        rng,
        (
            lambda: raised(_minus(a, many), 2),
            lambda: times(many, x, a),
            lambda: times(w, a),
            lambda: times(number(-many.value), Call("log", Call("sigmoid", z))),
            lambda: times(many, Call("log", add(ONE, Call("exp", times(_choice(rng, (ONE, number(-1))), z))))),
            lambda: _bent(rng, add(times(many, a), _signed(rng, 3))),
            lambda: over(x, add(many, Call("exp", z))),
        ),
    )()


def _loss(rng, w, x, y):
    z = times(_number(rng, 1, 5), w, x)
    a, many, far = _bent(rng, _choice(rng, (z, add(z, _signed(rng, 3))))), _number(rng, 1, 5), _minus(z, y)
    return _choice(
        rng,
        (
            lambda: times(many, raised(_minus(a, y), 2)),
            lambda: raised(_minus(times(_number(rng, 2, 4), a), y), 2),
            lambda: times(many, Call("log", add(ONE, Call("exp", times(number(-1), y, z))))),
            lambda: add(raised(far, 2), times(many, raised(w, 2))),
            lambda: times(many, Call("sqrt", add(ONE, raised(far, 2)))),
            lambda: times(many, Call("log", add(ONE, raised(far, 2)))),
            lambda: times(number(-1), y, Call("log", a if a.name == "sigmoid" else Call("sigmoid", z))),
        ),
    )()


def _bump(rng, x, m, s):
    far = _choice(rng, (_minus(x, m), _minus(times(_number(rng, 2, 4), x), m), _minus(x, times(_number(rng, 2, 4), m))))
    many, base, squared = _number(rng, 1, 4), _number(rng, 1, 4), raised(far, 2)
    return _choice(
        rng,
        (
            lambda: times(many, Call("exp", times(number(-1), over(squared, s)))),
            lambda: times(s, Call("exp", times(number(-many.value), squared))),
            lambda: over(times(many, s), add(base, squared)),
            lambda: times(many, s, Call("sqrt", add(base, squared))),
            lambda: times(many, Call("log", add(base, over(squared, s)))),
            lambda: times(many, s, Call("tanh", far)),
            lambda: raised(add(over(far, s), base), _choice(rng, (2, 3))),
            lambda: times(many, Call("tanh", add(over(far, s), base))),
        ),
    )()


def _anything(rng, *letters):
    """A function of a function, of letters in any roles."""
    x, y, z = (letters[k] for k in rng.permutation(3))
    inner = _bent(rng, _mixed(rng, x, y)) if rng.random() < 0.5 else Call("exp", times(_signed(rng, 3), x, y))
    middle = add(times(_number(rng, 1, 3), z, inner), _number(rng, 1, 4))
    return _choice(
        rng,
        (
            lambda: raised(middle, _choice(rng, (2, 3))),
            lambda: Call("sqrt", middle),
            lambda: Call("log", middle),
            lambda: over(times(_number(rng, 1, 4), x), middle),
            lambda: times(_number(rng, 1, 3), x, z, inner),
        ),
    )()


def _outer(rng, u, powers=(3, 4, 5), below=True):
    """A function or a power of u, or 1/u."""
    found = [lambda: raised(u, _choice(rng, powers)), *(lambda name=name: Call(name, u) for name in _PLAIN)]
    return _choice(rng, [*found, lambda: over(ONE, u)] if below else found)()


_PLAIN = ("exp", "log", "sqrt", "tanh")


def _inner(rng, x):
    """A line or a parabola."""
    return _choice(
        rng,
        (
            lambda: add(times(_number(rng, 2, 5), x), _signed(rng, 5)),
            lambda: add(_number(rng, 1, 5), times(_signed(rng, 4), x)),
            lambda: add(raised(x, 2), _signed(rng, 5)),
            lambda: add(times(_number(rng, 2, 4), raised(x, _choice(rng, (2, 3)))), _number(rng, 1, 5)),
            lambda: add(raised(x, 2), times(_signed(rng, 5), x)),
            lambda: times(_signed(rng, 4), raised(x, 2)),
        ),
    )()


def _mixed(rng, x, y):
    """Something simple in which both letters are."""
    return _choice(
        rng,
        (
            lambda: times(_signed(rng, 4), x, y),
            lambda: add(times(x, y), _number(rng, 1, 5)),
            lambda: add(times(_number(rng, 1, 4), raised(x, 2)), times(_signed(rng, 4), y)),
            lambda: add(times(_number(rng, 1, 3), x, y), times(_number(rng, 1, 4), x)),
            lambda: add(raised(x, 2), times(_number(rng, 2, 4), raised(y, 2))),
            lambda: times(_signed(rng, 3), raised(x, 2), y),
        ),
    )()


def _bent(rng, z):
    return Call(_choice(rng, ("tanh", "sigmoid")), z)


def _minus(a, b):
    return add(a, times(number(-1), b))


def _number(rng, low, high):
    return number(int(rng.integers(low, high + 1)))


def _signed(rng, high):
    return number(int(rng.integers(1, high + 1)) * int(rng.choice([-1, 1])))


def _choice(rng, options):
    return options[int(rng.integers(len(options)))]
