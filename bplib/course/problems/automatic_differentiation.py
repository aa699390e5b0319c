"""Lesson 11: one step of an engine, an engine in one piece, the forward mode, and a training to be repaired."""

import functools
import inspect
import itertools
import math
import sys
import time
from dataclasses import replace

import numpy as np

from bplib.course.judging.closing import call_from_outside
from bplib.course.judging.comparing import TOLERANCE, shape_words
from bplib.course.judging.judges import Problem, judge_function, misconceptions, verdict_of
from bplib.course.judging.raising import IN_PLACE
from bplib.course.judging.reading import (
    NOT_YET,
    PASSED,
    Settled,
    Verdict,
    call,
    fresh,
    kind_of,
    listed,
    mistaken,
    plain,
    read_parts,
    settling,
    shown,
)
from bplib.course.judging.turns import judge_value, turn
from bplib.gradcheck import relative_error

LESSON = "11_automatic_differentiation"
TITLE = "Automatic differentiation"


def judge_kinds(reference, cases, misconceptions, told=None):
    """A judge of functions that treat several kinds of input in several ways: the kinds are looked at one by one.

    cases(rng) is a list of pairs of a kind, a few words, and its cases. The first kind that is wrong is diagnosed by
    itself, so that a mistake in one rule is recognized whatever the others do. told(answer, cases) may give a
    better sentence than the general one.
    """

    def judge(answer, rng):
        for kind, each in cases(rng):
            verdict = judge_function(reference, lambda _, each=each: each, misconceptions)(answer, seed=0)
            if verdict.status == NOT_YET and (not verdict.recognized or verdict.misconception == "shapes that met"):
                if told and (says := told(answer, each)):
                    return Verdict(NOT_YET, says, verdict.misconception or "seen: told")
                whole = verdict.message.startswith(("It calls", IN_PLACE))
                return Verdict(
                    NOT_YET, verdict.message if whole else f"{kind}: {verdict.message}", verdict.misconception
                )
            if verdict.status != PASSED:
                return verdict
        return Verdict(PASSED, "It agrees with ours to 1e-6, in every rule.")

    return settling(judge, misconceptions)


# backward-step: what an engine does at one node

SLOPES = {
    "+": lambda y, x: (1.0, 1.0),
    "*": lambda y, x: (x[1], x[0]),
    "tanh": lambda y, x: (1.0 - y * y,),
    "exp": lambda y, x: (y,),
}
FORWARD = {"+": lambda a, b: a + b, "*": lambda a, b: a * b, "tanh": math.tanh, "exp": math.exp}


def _stepping(
    slopes=None,
    upstream=lambda values, grads, out: grads[out],
    add=lambda grads, name, share: grads[name] + share,
):
    """One step of the backward pass; each argument is one thing that a learner may get wrong."""
    rules = SLOPES | (slopes or {})

    def step(op, inputs, out, values, grads):
        grads = dict(grads)
        g, x = upstream(values, grads, out), [values[name] for name in inputs]
        for name, slope in zip(inputs, rules[op](values[out], x), strict=True):
            grads[name] = add(grads, name, g * slope)
        return grads

    return step


_backward_step = _stepping()


def _steps(rng):
    """For each operation: two plain nodes, one of them met before, and for two inputs the same one twice."""
    cases = []
    for op, forward in FORWARD.items():
        two, each = op in "+*", []
        for inputs in (("a", "b"), ("b", "a"), ("b", "b")) if two else (("a",), ("b",), ("a",)):
            values = {name: float(rng.choice([-1, 1]) * rng.uniform(0.3, 1.5)) for name in "ab"}
            values["c"] = float(forward(*(values[name] for name in inputs)))
            grads = {"a": 0.0, "b": float(rng.uniform(0.5, 2.0)), "c": float(rng.uniform(-2.0, -0.5))}
            each.append((op, list(inputs), "c", values, grads))
        cases.append((f'With "{op}"', each))
    return cases


def _told_of_a_step(answer, cases):
    """The first case that is wrong, with all its numbers; they are few."""
    for args in cases:
        op, inputs, out, values, grads = fresh(args)
        needed, given = _backward_step(*args), call(answer, fresh(args), "")
        if not isinstance(given, dict) or not needed.keys() <= given.keys():
            return None
        for name, want in needed.items():
            try:
                got = float(given[name])
            except (TypeError, ValueError, OverflowError):
                return None
            if not relative_error(got, want) <= TOLERANCE:
                formula = f" {op} ".join(inputs) if op in "+*" else f"{op}({inputs[0]})"
                where = ", ".join(f"{key} = {shown(values[key])}" for key in sorted({*inputs, out}))
                before = ", ".join(f"{key}: {shown(value)}" for key, value in grads.items())
                return (
                    f"With {out} = {formula}, {where}, and the gradients {before}, that of {name} must become"
                    f" {shown(want)}; you have {shown(got)}."
                )
    return None


def _twice_at_once(op, inputs, out, values, grads):
    """The shares are put beside the names first, and there the second takes the place of the first."""
    slopes = SLOPES[op](values[out], [values[name] for name in inputs])
    shares = {name: grads[out] * slope for name, slope in zip(inputs, slopes, strict=True)}
    return grads | {name: grads[name] + share for name, share in shares.items()}


def _before_forgotten(op, inputs, out, values, grads):
    """The shares of this node add up, but what had come before is lost; with one input that is to overwrite."""
    if len(inputs) == 1:
        return _backward_step(op, inputs, out, values, grads)
    grads = grads | dict.fromkeys(inputs, 0.0)
    return _stepping(upstream=lambda v, g, o, kept=grads[out]: kept)(op, inputs, out, values, grads)


STEP_MISTAKES = misconceptions(
    (
        "overwrites",
        "The share takes the place of what was there. Other paths have arrived before, and b + b brings two shares to"
        " the same b: add with += and never assign with =.",
        (_stepping(add=lambda grads, name, share: share),),
    ),
    (
        "same-input-twice",
        "All is right until a node has the same input twice, as in b + b. Both shares belong to b, and one"
        " of them is lost: add them one after the other.",
        (_twice_at_once,),
    ),
    (
        "forgets-before",
        "The shares of this node are right, and what the input had received before is lost. Gradients add up over all"
        " paths, those of earlier steps too.",
        (_before_forgotten,),
    ),
    (
        "no-upstream",
        "These are the local derivatives alone. Each is still to be multiplied by the upstream, grads[out].",
        (_stepping(upstream=lambda values, grads, out: 1.0),),
    ),
    (
        "value-for-upstream",
        "You multiplied by values[out]. The upstream is the gradient of the node, grads[out].",
        (_stepping(upstream=lambda values, grads, out: values[out]),),
    ),
    (
        "subtracts",
        "The shares are subtracted. A gradient points to where the result grows; the minus belongs to the update.",
        (_stepping(add=lambda grads, name, share: grads[name] - share),),
    ),
    (
        "sum-splits",
        "A sum does not divide its gradient between its two inputs. If a grows by a little, a + b grows by the same:"
        " the slope is 1 for both.",
        (_stepping({"+": lambda y, x: (0.5, 0.5)}),),
    ),
    (
        "sum-like-product",
        "The slopes of a + b do not depend on the values: both are 1. What you have belongs to a product.",
        (_stepping({"+": lambda y, x: (x[1], x[0])}),),
    ),
    (
        "product-own-factor",
        "In a * b each input was multiplied by itself. How fast the product grows with a is told by the other factor.",
        (_stepping({"*": lambda y, x: (x[0], x[1])}),),
    ),
    (
        "product-like-sum",
        "Through a product the upstream comes as it does through a sum. Multiply it by the other factor.",
        (_stepping({"*": lambda y, x: (1.0, 1.0)}),),
    ),
    (
        "product-by-itself",
        "You multiplied by the product a * b. With respect to a the slope is b alone.",
        (_stepping({"*": lambda y, x: (y, y)}),),
    ),
    (
        "tanh-own-derivative",
        "tanh is not its own derivative, as exp is. At 0 it is 0, and its slope there is 1: 1 - tanh(x)^2.",
        (_stepping({"tanh": lambda y, x: (y,)}),),
    ),
    (
        "tanh-twice",
        "The tanh was taken twice: values[out] is tanh(x) already, so the slope is 1 - values[out]^2.",
        (_stepping({"tanh": lambda y, x: (1.0 - math.tanh(y) ** 2,)}),),
    ),
    (
        "tanh-of-the-input",
        "You put the input into 1 - y^2. The slope of tanh is written with its output, values[out].",
        (_stepping({"tanh": lambda y, x: (1.0 - x[0] ** 2,)}),),
    ),
    (
        "tanh-no-square",
        "In the slope of tanh a square is missing: it is 1 - y^2, with y = values[out].",
        (_stepping({"tanh": lambda y, x: (1.0 - y,)}),),
    ),
    (
        "tanh-as-sigmoid",
        "y (1 - y) is the slope of the sigmoid. That of tanh is 1 - y^2.",
        (_stepping({"tanh": lambda y, x: (y * (1.0 - y),)}),),
    ),
    (
        "exp-as-power",
        "The exponential is no power: x does not come down, and no 1 is taken off. The slope of exp is exp itself,"
        " which is values[out].",
        (
            _stepping({"exp": lambda y, x: (x[0] * math.exp(x[0] - 1.0),)}),
            _stepping({"exp": lambda y, x: (x[0] * y,)}),
        ),
    ),
    (
        "exp-twice",
        "The exponential was taken twice: values[out] is exp(x) already, and that is the slope.",
        (_stepping({"exp": lambda y, x: (math.exp(y),)}),),
    ),
    (
        "exp-of-one",
        "The upstream comes through exp as it came. It is to be multiplied by the slope of exp, which is exp(x).",
        (_stepping({"exp": lambda y, x: (1.0,)}),),
    ),
)


# engine: a graph of arrays, differentiated in one piece

FORWARD_OF = {"+": np.add, "*": np.multiply, "@": np.matmul, "tanh": np.tanh, "sum": np.sum, "own": np.log}
RULES = {
    "+": lambda d, y, a, b: (d, d),
    "*": lambda d, y, a, b: (d * b, d * a),
    "@": lambda d, y, a, b: (d @ b.T, a.T @ d),
    "tanh": lambda d, y, x: (d * (1 - y * y),),
    "sum": lambda d, y, x: (d * np.ones(np.shape(x)),),
    "own": lambda d, y, x: (d / x,),
}


def _reduced(g, shape):
    g = np.sum(g, axis=tuple(range(np.ndim(g) - len(shape))))
    return np.sum(g, axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)


def _inputs_first(made, output):
    """The names that output depends on, inputs first: depth first, on a stack."""
    order, seen, todo = [], set(), [output]
    while todo:
        name = todo.pop()
        if name is None:
            order.append(todo.pop())
        elif name not in seen:
            seen.add(name)
            todo += [name, None, *made.get(name, ("", ()))[1]]
    return order


def _before_the_inputs(made, output):
    """Depth first, and each node written as soon as it is met: right for a chain."""
    order, todo = {}, [output]
    while todo:
        name = todo.pop()
        if name not in order:
            order[name] = True
            todo += made.get(name, ("", ()))[1]
    return [*order][::-1]


def _nearest_first(made, output):
    order, seen = [output], {output}
    for name in order:
        for each in made.get(name, ("", ()))[1]:
            if each not in seen:
                seen.add(each)
                order.append(each)
    return order[::-1]


def _called_by_itself(made, output):
    order, seen = [], set()

    def visit(name):
        if name not in seen:
            seen.add(name)
            for each in made.get(name, ("", ()))[1]:
                visit(each)
            order.append(name)

    visit(output)
    return order


def _every_path(made, output):
    """Every path is walked, on a stack; the last of each name is kept. It is right, and takes its time."""
    met, todo = {}, [(output, False)]
    while todo:
        name, done = todo.pop()
        if done:
            met.setdefault(name)
        else:
            todo += [(name, True), *((each, False) for each in made.get(name, ("", ()))[1])]
    return list(met)


def _engine_of(rules=None, order=_inputs_first, reduce=_reduced, add=lambda before, share: before + share):
    """An engine put together from its parts; each argument is one thing that a learner may get wrong."""
    rules = RULES | (rules or {})

    def engine(nodes, leaves, output):
        made = {name: (op, inputs) for name, op, inputs in nodes}
        value = dict(leaves)
        for name in _inputs_first(made, output):
            if name in made:
                op, inputs = made[name]
                value[name] = FORWARD_OF[op](*(value[each] for each in inputs))
        grad = {name: np.zeros(np.shape(x)) for name, x in value.items()}
        grad[output] = 1.0
        for name in reversed(order(made, output)):
            if name in made:
                op, inputs = made[name]
                shares = rules[op](grad[name], value[name], *(value[each] for each in inputs))
                for each, share in zip(inputs, shares, strict=True):
                    grad[each] = add(grad[each], reduce(share, np.shape(value[each])))
        return value[output], {name: grad[name] for name in leaves}

    return engine


_engine = _engine_of()


def _once(op):
    """Where both inputs of a node are the same, the second share takes the place of the first."""

    def rule(d, y, *x):
        shares = RULES[op](d, y, *x)
        return (0.0 * shares[0], shares[1]) if len(x) == 2 and x[0] is x[1] else shares

    return rule


def _flat(answer):
    """The answer as the general judges compare: one dict of the value and the gradient of each leaf."""

    @functools.wraps(answer)
    def flat(nodes, leaves, output):
        names = list(leaves)
        given = call_from_outside(answer, (nodes, leaves, output))
        if given is None or given is Ellipsis:
            return given
        if isinstance(given, np.ndarray) and given.dtype == object and given.shape == (2,):
            given = tuple(given)
        if not isinstance(given, tuple | list) or len(given) != 2 or not isinstance(given[1], dict):
            kind = f"{len(given)} values" if isinstance(given, tuple | list) and len(given) != 2 else kind_of(given)
            if isinstance(given, tuple | list) and len(given) == 2:
                kind = f"{kind_of(given[1])} in the second place"
            raise Settled(f"It returns {kind}; the value and a dict of gradients are needed: `return value, grads`.")
        value, grads = given
        missing = [name for name in names if name not in grads]
        if missing:
            raise Settled(
                f"The dict it returns lacks {listed(missing)}: every leaf needs a gradient, of zeros where the output"
                f" does not depend on it."
            )
        return {"the value": value, **{f"the gradient of {name}": grads[name] for name in names}}

    return flat


def _mixed(rng, steps):
    """The steps in another order than they were computed in, the last never at the end and the first never in front."""
    while True:
        found = [steps[k] for k in rng.permutation(len(steps))]
        if len(steps) < 3 or (found[0] != steps[0] and found[-1] != steps[-1]):
            return found


def _numbers(rng, *names):
    return {name: float(rng.choice([-1, 1]) * rng.uniform(0.4, 1.3)) for name in names}


CHAIN = [
    ("u", "*", ("w", "x")),
    ("t", "tanh", ("u",)),
    ("s", "*", ("t", "v")),
    ("r", "+", ("s", "c")),
    ("L", "tanh", ("r",)),
]
DIAMONDS = (
    # A value that is used early and late, met from the near side and from the far one.
    [("u", "*", ("w", "x")), ("t", "tanh", ("u",)), ("s", "+", ("u", "t")), ("L", "*", ("t", "s"))],
    [("u", "*", ("w", "x")), ("t", "tanh", ("u",)), ("s", "+", ("t", "u")), ("L", "*", ("s", "t"))],
    [
        ("a", "tanh", ("w",)),
        ("b", "*", ("a", "x")),
        ("c", "tanh", ("b",)),
        ("d", "+", ("c", "a")),
        ("L", "*", ("d", "w")),
    ],
    [
        ("a", "tanh", ("x",)),
        ("b", "*", ("x", "a")),
        ("c", "tanh", ("b",)),
        ("d", "+", ("a", "c")),
        ("L", "*", ("w", "d")),
    ],
)
TWICE = (
    [("a", "+", ("w", "w")), ("b", "*", ("a", "a")), ("c", "*", ("b", "x")), ("L", "*", ("c", "w"))],
    [
        *[("a", "*", ("x", "x")), ("b", "+", ("a", "a")), ("c", "*", ("b", "w")), ("d", "+", ("c", "c"))],
        ("L", "*", ("d", "x")),
    ],
)
BESIDE = (
    [("a", "*", ("w", "x")), ("z", "*", ("a", "y")), ("L", "tanh", ("a",))],
    [("a", "tanh", ("w",)), ("L", "*", ("a", "x")), ("z", "+", ("y", "L"))],
)
PAIRS = (((5, 3), (3,)), ((5, 1), (5, 4)), ((6, 1), (4,)), ((), (5, 2)), ((5, 3, 4), (3, 1)), ((1, 4), (7, 1)))
SQUARES = (((4, 4), (4, 4)), ((5, 5), (5, 5)))
OTHERS = (((5, 3), (3, 4)), ((7, 2), (2, 5)), ((6, 4), (4, 3)))


def _weighed(rng, op, shapes):
    """sum(R * (a op b)), so that the upstream of the operation is R."""
    a, b = (rng.normal(size=shape) for shape in shapes)
    leaves = {"a": a, "b": b, "R": rng.normal(size=(a @ b if op == "@" else a + b).shape)}
    leaves = {name: x if np.ndim(x) else float(x) for name, x in leaves.items()}
    return _mixed(rng, [("c", op, ("a", "b")), ("p", "*", ("c", "R")), ("L", "sum", ("p",))]), leaves, "L"


def _networks(rng):
    steps = [
        *[("h", "@", ("X", "W")), ("z", "+", ("h", "b")), ("t", "tanh", ("z",)), ("o", "@", ("t", "V"))],
        *[("e", "+", ("o", "y")), ("q", "*", ("e", "e")), ("p", "sum", ("q",)), ("L", "*", ("p", "k"))],
    ]
    cases = []
    for n, d, h in ((5, 3, 4), (6, 2, 3)):
        shapes = {"X": (n, d), "W": (d, h), "b": (h,), "V": (h, 1), "y": (n, 1)}
        leaves = {name: rng.normal(size=shape) for name, shape in shapes.items()} | {"k": 1 / n}
        cases.append((_mixed(rng, steps), leaves, "L"))
    return cases


def _graphs(rng):
    def numbers(steps, *names):
        return _mixed(rng, steps), _numbers(rng, *names), "L"

    far = [("u", "*", ("w", "x")), ("t", "tanh", ("u",)), ("L", "+", ("t", "far"))]
    return [
        ("In a chain of numbers", [numbers(CHAIN, "w", "x", "v", "c") for _ in range(2)]),
        ("Where a number is used twice", [numbers(steps, "w", "x") for steps in DIAMONDS]),
        ("Where both inputs are the same", [numbers(steps, "w", "x") for steps in TWICE]),
        ("Where the output does not need every node", [numbers(steps, "w", "x", "y") for steps in BESIDE]),
        ("In the sum of a + b, times R", [_weighed(rng, "+", shapes) for shapes in PAIRS]),
        ("In the sum of a * b, times R", [_weighed(rng, "*", shapes) for shapes in PAIRS]),
        # Where all is square NumPy lets a forgotten transpose pass, and it can be named.
        ("In the sum of a @ b, times R", [_weighed(rng, "@", shapes) for shapes in SQUARES]),
        ("In the sum of a @ b, times R", [_weighed(rng, "@", shapes) for shapes in OTHERS]),
        ("In a network", _networks(rng)),
        (
            "Beside a large number",
            [(_mixed(rng, far), {**_numbers(rng, "w", "x"), "far": far_off}, "L") for far_off in (3e8, -5e8)],
        ),
        ("Where the output does not need every array", _arrays_beside(rng)),
    ]


def _arrays_beside(rng):
    """Sums of a * b, with arrays that only nodes beside it use, and one that none does."""
    steps, cases = [("p", "*", ("a", "b")), ("L", "sum", ("p",)), ("z", "+", ("p", "c"))], []
    for shapes in (
        {"a": (4, 3), "b": (3,), "c": (3,), "d": (2, 5)},
        {"a": (5, 1), "b": (5, 2), "c": (5, 1), "d": (4,)},
    ):
        leaves = {name: rng.normal(size=shape) for name, shape in shapes.items()}
        cases.append((_mixed(rng, steps), leaves, "L"))
    return cases


def _told_of_a_graph(flat, cases):
    """What else is true of an answer that is wrong on these graphs, or raises there."""
    if says := _told_of_what_is_beside(flat, cases):
        return says
    if _is_right(flat, [_in_order(*args) for args in cases]):
        return (
            "It is right when the nodes happen to come in the order in which they can be computed. They come in no"
            " particular order: begin at the output and find out what it needs."
        )
    if _is_near(flat, _flat(_engine), cases):
        return NEARLY
    wide, tall = (([("L", "sum", ("a",))], {"a": np.arange(15.0).reshape(shape)}, "L") for shape in ((5, 3), (15, 1)))
    if _is_right(flat, [wide]) and not _is_right(flat, [tall]):
        return (
            "The sum of an array of shape (5, 3) is right, and that of one of shape (15, 1) is not. Does the rule of"
            " the sum hand back one share for each entry, in an array shaped like the input?"
        )
    numbers = all(np.ndim(x) == 0 for _, leaves, _ in cases for x in leaves.values())
    twice = [(steps, {"w": 0.7, "x": -1.2}, "L") for steps in (*TWICE, CHAIN_OF_TWO)]
    if numbers and all(_is_whole(flat, args) for args in cases) and _is_right(flat, twice):
        return verdict_of(ENGINE_MISTAKES, "too-early").message
    return None


def _told_of_what_is_beside(flat, cases):
    """What is wrong where the output does not need all, if nothing is where the rest has been taken away."""
    pruned = [_needed(*args) for args in cases]
    names = [[name for name in args[1] if name not in less[1]] for args, less in zip(cases, pruned, strict=True)]
    if not any(names) or not _is_right(flat, pruned):
        return None
    if _is_right(flat, [(less[0], args[1], less[2]) for args, less in zip(cases, pruned, strict=True)]):
        return (
            "It is right once the nodes that the output does not need are taken out of the list, and with them it is"
            " not. Begin at the output, and read only what it is made of."
        )
    case = next(k for k, args in enumerate(cases) if not _is_right(flat, [args]))
    beside = " and ".join(names[case])
    wrong = _gone_wrong(flat, *cases[case])
    return (
        f"It is right without {beside}, on which the output does not depend, and with {beside} {wrong}."
        " Every leaf needs a gradient: zeros, in the shape of the leaf, before the way back begins."
    )


def _gone_wrong(flat, nodes, leaves, output):
    """What happens on a graph, for the middle of a sentence."""
    try:
        given = call(flat, fresh((nodes, leaves, output)), "")
        parts = {name: plain(x, f"{name} is") for name, x in given.items()}
    except Settled as settled:
        said = settled.verdict.message
        raised = said.startswith("It raised ")
        return f"it raises {said.split()[2]}" if raised else said.split(";")[0].split(":")[0].replace("The", "the", 1)
    for name, x in leaves.items():
        if (shape := parts[f"the gradient of {name}"].shape) != np.shape(x):
            return f"the gradient of {name} is {shape_words(shape)} where {name} is {shape_words(np.shape(x))}"
    return "the gradients are not right"


def _is_whole(flat, args):
    """Whether what comes back are numbers, for the output and for each leaf, right or wrong."""
    try:
        given = call(flat, fresh(args), "")
        return all(plain(x, f"{name} is").shape == () for name, x in given.items())
    except Settled:
        return False


def _needed(nodes, leaves, output):
    """The graph without the nodes and the leaves that the output does not depend on."""
    met = set(_inputs_first({name: (op, inputs) for name, op, inputs in nodes}, output))
    return [node for node in nodes if node[0] in met], {name: x for name, x in leaves.items() if name in met}, output


def _is_near(answer, reference, cases):
    """Whether it is right to three digits in every case."""
    for args in cases:
        try:
            given, needed = call(answer, fresh(args), ""), reference(*args)
            given, needed = read_parts(given, needed), read_parts(needed, needed)
            if not all(relative_error(given[name], needed[name]) < 1e-3 for name in needed):
                return False
        except (Settled, ValueError):
            return False
    return True


NEARLY = (
    "It is right to three digits and not exact, as differences are. Let the derivatives come from the rules, and nudge"
    " nothing."
)
CHAIN_OF_TWO = [("t", "tanh", ("w",)), ("L", "*", ("t", "x"))]


def _in_order(nodes, leaves, output):
    made = {name: (op, inputs) for name, op, inputs in nodes}
    order = [name for name in _inputs_first(made, output) if name in made]
    return [(name, *made[name]) for name in order], leaves, output


def _is_right(flat, cases):
    return judge_function(_flat(_engine), lambda _: cases, ())(flat, seed=0).status == PASSED


# The operation of the learner's own


def _own_at(answer, x):
    """The value and the slope of the operation "own" at a number."""
    flat = call(_flat(answer), ([("y", "own", ("x",))], {"x": x}, "y"), f'the operation "own" at x = {shown(x)}')
    return [float(plain(flat[name], f"{name} is").reshape(-1)[0]) for name in flat]


def _at(answer, graph, x):
    nodes, leaves, output = graph
    flat = call(_flat(answer), fresh((nodes, {**leaves, "x": x}, output)), 'a graph with "own" in it')
    return {name: plain(each, f"{name} is") for name, each in flat.items()}


def _slope_of(f, x, h=1e-3):
    """Differences of the fourth order: far closer than 1e-6 for whatever is smooth."""
    return (8 * (f(x + h) - f(x - h)) - (f(x + 2 * h) - f(x - 2 * h))) / (12 * h)


def _wrong_about_own(answer, rng):
    """What is wrong with the operation that the learner has added; None if nothing is."""
    points = sorted(float(x) for x in rng.uniform(0.6, 1.9, size=3))
    values, slopes = zip(*(_own_at(answer, x) for x in points), strict=True)
    if not np.isfinite([*values, *slopes]).all():
        return 'All the rest is right, and "own" is not finite between 0.5 and 2. Choose one that is smooth there.'
    for x, slope in zip(points, slopes, strict=True):
        rises = _slope_of(lambda x: _own_at(answer, x)[0], x)
        if not abs(slope - rises) <= 1e-6 * max(1.0, abs(rises)):
            return (
                f'All the rest is right, and the rule of "own" does not fit its values: near x = {shown(x)} they rise'
                f" by"
                f" {shown(rises)} for each step of 1, and its gradient there is {shown(slope)}."
            )
    if np.ptp(slopes) < 1e-3:
        return 'All the rest is right, and "own" is a straight line. Choose one whose slope changes.'
    if np.allclose(values, np.tanh(points), atol=1e-9):
        return 'All the rest is right, and "own" is tanh again. Choose another one.'
    a = rng.uniform(0.6, 0.9, size=(4, 3))
    steps = [("p", "*", ("a", "x")), ("q", "own", ("p",)), ("r", "*", ("q", "p")), ("L", "sum", ("r",))]
    graph = (_mixed(rng, steps), {"a": a}, "L")
    x = float(rng.uniform(1.0, 1.5))
    found, rises = _at(answer, graph, x), _slope_of(lambda x: float(_at(answer, graph, x)["the value"]), x)
    if found["the gradient of a"].shape != a.shape:
        return 'Of a number "own" is right, and of an array it is not: it should work entry by entry, as tanh does.'
    slope = float(found["the gradient of x"].reshape(-1)[0]) if found["the gradient of x"].size == 1 else np.nan
    if not abs(slope - rises) <= 1e-6 * max(1.0, abs(rises)):
        return (
            f'By itself "own" is right, and within a graph of arrays it is not: the result rises by {shown(rises)} for'
            f" each"
            f" step of 1 in x, and its gradient there is {shown(slope)}. Is its rule multiplied by the upstream, and"
            f" does it work entry by entry?"
        )
    return None


# How much it works, and how deep it can go


def _diamonds(count):
    """Sums in a row with two ways from each to the next: 2^count paths, and 3 count nodes."""
    nodes, name = [], "w"
    for k in range(count):
        nodes += [(f"a{k}", "*", (name, "c")), (f"b{k}", "*", (name, "c")), (f"n{k}", "+", (f"a{k}", f"b{k}"))]
        name = f"n{k}"
    return nodes[::-1], {"w": 1.5, "c": 0.5}, name


def _tree(height=9):
    """Sums of sums of w c: one path from the output to each of its 2^height ends."""
    nodes = [(f"t{height}.{k}", "*", ("w", "c")) for k in range(2**height)]
    for h in range(height):
        nodes += [(f"t{h}.{k}", "+", (f"t{h + 1}.{2 * k}", f"t{h + 1}.{2 * k + 1}")) for k in range(2**h)]
    return nodes, {"w": 1.5, "c": 0.5}, "t0.0"


def _deep(depth=5000):
    """A long sum in a loop: n1 = w + c, n2 = n1 + c, and so on."""
    names = ["w", *(f"n{k + 1}" for k in range(depth))]
    nodes = [(name, "+", (before, "c")) for before, name in itertools.pairwise(names)]
    return nodes[::-1], {"w": 1.5, "c": 0.25}, names[-1]


def _seconds(answer, graph, times=1):
    found = []
    for _ in range(times):
        args = fresh(graph)
        begun = time.perf_counter()
        call(answer, args, "")
        found.append(time.perf_counter() - begun)
    return min(found)


def _walks_every_path(answer):
    """How many diamonds cost it more than a tree with far more nodes, which has no more paths than ends; or None.

    So its work is measured by its own work, whatever the machine and whatever else runs there: who visits nodes has a
    tenth of the tree's to do, and who walks paths a thousand times as much.
    """
    tree = _seconds(answer, _tree(), 2)
    for count in (8, 11, 14, 17, 19):
        if _seconds(answer, _diamonds(count)) > tree:
            again = min(tree, _seconds(answer, _tree()))
            if _seconds(answer, _diamonds(count), 2) > again:
                return count
    return None


def _judge_engine(kinds):
    def found(id):
        return verdict_of(ENGINE_MISTAKES, id)

    def right(answer, graph, words):
        given, needed = call(_flat(answer), fresh(graph), words), _flat(_engine)(*graph)
        return all(relative_error(plain(given[name], f"{name} is"), needed[name]) <= TOLERANCE for name in needed)

    def judge(answer, rng):
        verdict = kinds(_flat(answer), seed=int(rng.integers(2**32)))
        if verdict.status != PASSED:
            return verdict
        if says := _wrong_about_own(answer, rng):
            return Verdict(NOT_YET, says, "seen: own")
        if _walks_every_path(answer):
            return found("every-path")
        if not right(answer, _diamonds(25), "twenty-five diamonds in a row"):
            return Verdict(NOT_YET, "It is wrong for twenty-five diamonds in a row.", "seen: diamonds")
        before, limit = sys.getrecursionlimit(), 1000 + len(inspect.stack(0))
        sys.setrecursionlimit(limit)
        try:
            passed = right(answer, _deep(), "a chain of 5,000 sums")
        except Settled as settled:
            if settled.verdict.misconception == "recursion":
                return found("recursion")
            raise
        finally:
            raised, _ = sys.getrecursionlimit() > limit, sys.setrecursionlimit(before)
        if raised:
            return Verdict(
                NOT_YET,
                "It raises Python's limit for calls inside one another. A deeper graph would pass that too, and end the"
                " whole program: keep what is still to do in a list of your own.",
                "seen: limit",
            )
        if not passed:
            return Verdict(NOT_YET, "It is wrong for a chain of 5,000 sums.", "seen: deep")
        return Verdict(
            PASSED,
            "It is right on numbers, arrays and networks, with your own operation, through 25 diamonds and 5,000 deep.",
        )

    return settling(judge, ENGINE_MISTAKES)


def _leading_only(g, shape):
    return np.sum(g, axis=tuple(range(np.ndim(g) - len(shape))))


def _stretched_only(g, shape):
    ahead = np.ndim(g) - len(shape)
    return np.sum(g, axis=tuple(i + ahead for i, n in enumerate(shape) if n == 1), keepdims=True)


def _first_copy(g, shape):
    g = np.asarray(g)[(0,) * (np.ndim(g) - len(shape))]
    return g[tuple(slice(0, 1) if n == 1 else slice(None) for n in shape)]


def _differences(nodes, leaves, output):
    """Each entry of each leaf is nudged, and the graph computed anew."""

    def value(moved):
        return float(_engine(nodes, moved, output)[0])

    grads = {}
    for name, x in leaves.items():
        grad = np.zeros(np.shape(x))
        for index in np.ndindex(grad.shape):
            ends = []
            for h in (1e-5, -1e-5):
                moved = np.array(x, dtype=float)
                moved[index] += h
                ends.append(value({**leaves, name: moved}))
            grad[index] = (ends[0] - ends[1]) / 2e-5
        grads[name] = grad
    return value(leaves), grads


ENGINE_MISTAKES = misconceptions(
    (
        "overwrites",
        "A chain comes out right, and a number that is used twice does not. Its shares add up: write grad + share, and"
        " begin with zeros.",
        (_engine_of(add=lambda before, share: share),),
    ),
    (
        "too-early",
        "A chain comes out right, and here a node hands on before its own gradient is complete. Another node that uses"
        " it had not been read: write a node down only when all its inputs are in the list, and read the list from its"
        " end.",
        (_engine_of(order=_before_the_inputs), _engine_of(order=_nearest_first)),
    ),
    (
        "same-input-twice",
        "All is right until a node has the same input twice, as in a + a. Both shares belong to a, and one of them is"
        " lost: a dict of shares by name keeps only one, so add them one after the other.",
        (_engine_of({op: _once(op) for op in RULES}),),
    ),
    (
        "no-upstream",
        "These are products of slopes that begin anew at each node. A share is the gradient of the node that hands it"
        " on, times the slope.",
        (_engine_of({op: (lambda d, y, *x, op=op: RULES[op](np.ones(np.shape(y)), y, *x)) for op in RULES}),),
    ),
    (
        "product-own-factor",
        "In a * b each was multiplied by itself. The slope with respect to a is the other factor, b.",
        (_engine_of({"*": lambda d, y, a, b: (d * a, d * b)}),),
    ),
    (
        "product-like-sum",
        "In a * b the upstream comes through as it does in a sum. Multiply it by the other factor.",
        (_engine_of({"*": lambda d, y, a, b: (d, d)}),),
    ),
    (
        "tanh-of-the-input",
        "The slope of tanh was written with its input. It is 1 - y^2, with the output y.",
        (_engine_of({"tanh": lambda d, y, x: (d * (1 - x * x),)}),),
    ),
    (
        "tanh-twice",
        "The tanh was taken twice. The output is tanh(x) already, so the slope is 1 - y^2.",
        (_engine_of({"tanh": lambda d, y, x: (d * (1 - np.tanh(y) ** 2),)}),),
    ),
    (
        "tanh-no-square",
        "In the slope of tanh a square is missing. It is 1 - y^2, with the output y.",
        (_engine_of({"tanh": lambda d, y, x: (d * (1 - y),)}),),
    ),
    (
        "not-reduced",
        "A gradient has the shape of the result, and not of its array. NumPy has copied the smaller array, and all"
        " copies are one: call unbroadcast on each share, with the shape of the input that it goes to.",
        (_engine_of(reduce=lambda g, shape: g),),
    ),
    (
        "leading-only",
        "The axes that were put in front are summed, those of length 1 that were stretched are not. The unbroadcast"
        " that is given does both.",
        (_engine_of(reduce=_leading_only),),
    ),
    (
        "stretched-only",
        "The stretched axes are summed, those that were put in front are not. The unbroadcast that is given does both.",
        (_engine_of(reduce=_stretched_only),),
    ),
    (
        "first-copy",
        "Only the first copy was taken. All copies are the same number, so the gradients of all of them count: sum"
        " them.",
        (_engine_of(reduce=_first_copy),),
    ),
    (
        "mean",
        "This is the mean over the copies. Each copy pulls at the same number, and pulls add up.",
        (_engine_of(reduce=lambda g, shape: _reduced(g, shape) * (np.prod(shape) / np.size(g))),),
    ),
    (
        "sum-as-mean",
        "The rule of the sum divides by the number of entries. Each entry that was added gets the gradient of the sum.",
        (_engine_of({"sum": lambda d, y, x: (d * np.ones(np.shape(x)) / np.size(x),)}),),
    ),
    (
        "matrix-order",
        "In a @ b both shares are right, and they stand in the other order. That of a comes first.",
        (_engine_of({"@": lambda d, y, a, b: (a.T @ d, d @ b.T)}),),
    ),
    (
        "matrix-not-turned",
        "In a @ b nothing is turned. Where all is square the shapes fit and hide it: da = d b^T, db = a^T d.",
        (_engine_of({"@": lambda d, y, a, b: (d @ b, a @ d)}),),
    ),
    (
        "matrix-b-not-turned",
        "In a @ b, da is made with b as it stands. It has to be turned: (n, k) times (k, m) is (n, m).",
        (_engine_of({"@": lambda d, y, a, b: (d @ b, a.T @ d)}),),
    ),
    (
        "matrix-a-not-turned",
        "In a @ b, db is made with a as it stands. It has to be turned: (m, n) times (n, k) is (m, k).",
        (_engine_of({"@": lambda d, y, a, b: (d @ b.T, a @ d)}),),
    ),
    (
        "matrix-sides",
        "In a @ b the factors are turned and stand on the wrong sides. A product of matrices keeps its sides: b stood"
        " on the right and stays there, da = d b^T; a stood on the left, db = a^T d.",
        (_engine_of({"@": lambda d, y, a, b: (b.T @ d, d @ a.T)}),),
    ),
    (
        "differences",
        "Beside a large number the gradients lose their digits, as differences do. An engine goes back through the"
        " graph once, from rule to rule, and nudges nothing.",
        (_differences,),
    ),
    (
        "every-path",
        "It is right, and nineteen diamonds in a row, 57 nodes, cost it more than a tree of a thousand nodes. Somewhere"
        " every path is walked, and with each diamond their number doubles: remember which nodes have been seen, before"
        " you go on from them and not afterward.",
        (_engine_of(order=_every_path),),
    ),
    (
        "recursion",
        "It is right, and at a depth of 5,000 nodes Python gives up: a function that calls itself for each input is as"
        " deep as the graph. Keep what is still to do in a list, take the last from it and put its inputs there; or"
        " count for each node how many shares are still to come.",
        (_engine_of(order=_called_by_itself),),
    ),
)


# along: forward mode, a number and its derivative side by side

ALONG = {
    "+": lambda y, a, b, da, db: da + db,
    "*": lambda y, a, b, da, db: da * b + a * db,
    "@": lambda y, a, b, da, db: da @ b + a @ db,
    "tanh": lambda y, x, dx: (1 - y * y) * dx,
    "sum": lambda y, x, dx: np.sum(dx),
}


def _along_of(rules=None, start=lambda name, x, direction: direction.get(name, np.zeros(np.shape(x)))):
    rules = ALONG | (rules or {})

    def along(nodes, leaves, direction, output):
        value = dict(leaves)
        dot = {name: start(name, x, direction) for name, x in leaves.items()}
        for name, op, inputs in nodes:
            value[name] = FORWARD_OF[op](*(value[each] for each in inputs))
            dot[name] = rules[op](value[name], *(value[each] for each in inputs), *(dot[each] for each in inputs))
        return value[output], dot[output]

    return along


_along = _along_of()


def _along_differences(nodes, leaves, direction, output, h=1e-5):
    ends = []
    for k in (0.0, h, -h):
        moved = {name: x + k * direction.get(name, 0.0) for name, x in leaves.items()}
        ends.append(_along(nodes, moved, {}, output)[0])
    return ends[0], (ends[1] - ends[2]) / (2 * h)


def _along_last(nodes, leaves, direction, output):
    """What is asked for is taken to be the last of the nodes."""
    return _along(nodes, leaves, direction, nodes[-1][0])


def _ways(rng):
    def numbers(steps, names, moved):
        leaves = _numbers(rng, *names)
        return steps, leaves, _numbers(rng, *moved), "L"

    def arrays(steps, shapes, moved):
        leaves = {name: rng.normal(size=shape) for name, shape in shapes.items()}
        return steps, leaves, {name: rng.normal(size=shapes[name]) for name in moved}, "L"

    far = [("u", "*", ("w", "x")), ("t", "tanh", ("u",)), ("L", "+", ("t", "far"))]
    layer = [("h", "@", ("X", "W")), ("z", "+", ("h", "b")), ("L", "tanh", ("z",))]
    loss = [*layer[:2], ("t", "tanh", ("z",)), ("q", "*", ("t", "z")), ("L", "sum", ("q",)), ("m", "*", ("L", "L"))]
    beside = [("h", "@", ("X", "W")), ("L", "tanh", ("h",)), ("z", "+", ("L", "b"))]
    shapes = [{"X": (n, d), "W": (d, h), "b": (h,)} for n, d, h in ((5, 3, 4), (6, 2, 3))]
    squares = [{"X": (n, n), "W": (n, n), "b": (n,)} for n in (4, 5)]
    return [
        ("Along all leaves", [numbers(CHAIN, "wxvc", "wxvc") for _ in range(2)]),
        ("Along all leaves", [numbers(steps, "wx", "wx") for steps in DIAMONDS]),
        ("Along some of the leaves", [numbers(CHAIN, "wxvc", moved) for moved in ("w", "xv", "c")]),
        ("In square matrices", [arrays(layer, sizes, ("X", "W", "b")) for sizes in squares]),
        ("In a layer", [arrays(layer, sizes, moved) for sizes in shapes for moved in (("X", "W", "b"), ("b",))]),
        ("In a sum that goes on", [arrays(loss, sizes, ("W", "b")) for sizes in shapes]),
        ("Where the output stands still", [arrays(beside, sizes, ("b",)) for sizes in shapes]),
        (
            "Beside a large number",
            [(far, {**_numbers(rng, "w", "x"), "far": far_off}, _numbers(rng, "w"), "L") for far_off in (3e8, -5e8)],
        ),
    ]


def _told_of_a_direction(answer, cases):
    """What else is true of an answer that is wrong along these directions, or raises there."""
    if _is_near(answer, _along, cases):
        return NEARLY
    named = [
        (nodes, leaves, {name: direction.get(name, np.zeros(np.shape(x)) + 0.0) for name, x in leaves.items()}, output)
        for nodes, leaves, direction, output in cases
    ]
    some = any(direction.keys() < leaves.keys() for _, leaves, direction, _ in cases)
    if some and judge_function(_along, lambda _: named, ())(answer, seed=0).status == PASSED:
        return (
            "It is right when the direction names all leaves, with zeros for those that stand still. Those that it does"
            " not name stand still as well: begin them with zeros, in the shape of the leaf."
        )
    return None


ALONG_MISTAKES = misconceptions(
    (
        "product-first-only",
        "In a * b only a is let go, and b stands still. Both may move: the product rule has two terms,"
        " a_dot b + a b_dot.",
        (_along_of({"*": lambda y, a, b, da, db: da * b}),),
    ),
    (
        "product-of-the-two",
        "In a * b the two derivatives are multiplied. The product rule has two terms, a_dot b + a b_dot.",
        (_along_of({"*": lambda y, a, b, da, db: da * db}),),
    ),
    (
        "product-own-factor",
        "In a * b each derivative was multiplied by its own factor. It is the other one: a_dot b + a b_dot.",
        (_along_of({"*": lambda y, a, b, da, db: da * a + b * db}),),
    ),
    (
        "tanh-slope",
        "The derivative goes through tanh as if nothing bent there. Multiply it by the slope, 1 - y^2.",
        (_along_of({"tanh": lambda y, x, dx: dx}),),
    ),
    (
        "tanh-of-the-input",
        "The slope of tanh was written with its input. It is 1 - y^2, with the output y.",
        (_along_of({"tanh": lambda y, x, dx: (1 - x * x) * dx}),),
    ),
    (
        "tanh-twice",
        "The tanh was taken twice. The output is tanh(x) already, so the slope is 1 - y^2.",
        (_along_of({"tanh": lambda y, x, dx: (1 - np.tanh(y) ** 2) * dx}),),
    ),
    (
        "slope-alone",
        "At tanh the slope stands alone. It is multiplied by the derivative of what went in.",
        (_along_of({"tanh": lambda y, x, dx: 1 - y * y + 0 * dx}),),
    ),
    (
        "all-ones",
        "All leaves move by 1, whatever the direction says. Begin with what it holds for each leaf, and with zeros for"
        " those that it does not name.",
        (_along_of(start=lambda name, x, direction: np.ones(np.shape(x))),),
    ),
    (
        "ones-where-unnamed",
        "The leaves that the direction does not name move too. They stand still: their derivative is 0.",
        (_along_of(start=lambda name, x, direction: direction.get(name, np.ones(np.shape(x)))),),
    ),
    (
        "value-where-unnamed",
        "The leaves that the direction does not name enter with their values. They stand still: their derivative is 0.",
        (_along_of(start=lambda name, x, direction: direction.get(name, x)),),
    ),
    (
        "matrix-first-only",
        "In a @ b only a is let go, and b stands still. A product of matrices has the product rule too: a_dot @ b +"
        " a @ b_dot.",
        (_along_of({"@": lambda y, a, b, da, db: da @ b}),),
    ),
    (
        "matrix-second-only",
        "In a @ b only b is let go, and a stands still. The product rule holds for matrices too: a_dot @ b +"
        " a @ b_dot.",
        (_along_of({"@": lambda y, a, b, da, db: a @ db}),),
    ),
    (
        "matrix-backward",
        "In a @ b something is turned. Going forward the product rule keeps both as they stand, a_dot @ b + a @"
        " b_dot; turned they are on the way back.",
        (
            _along_of({"@": lambda y, a, b, da, db: da @ b.T + a.T @ db}),
            _along_of({"@": lambda y, a, b, da, db: da @ b.T + a @ db}),
            _along_of({"@": lambda y, a, b, da, db: da @ b + a.T @ db}),
        ),
    ),
    (
        "matrix-sides",
        "In a @ b the factors changed sides. A product of matrices keeps them: a_dot @ b + a @ b_dot.",
        (_along_of({"@": lambda y, a, b, da, db: b @ da + db @ a}),),
    ),
    (
        "swapped",
        "Both are right, and they stand in the other order. The value comes first.",
        (lambda *args: _along(*args)[::-1],),
    ),
    (
        "last-node",
        "The last node of the list is returned, and another one was asked for. Return those of output.",
        (_along_last,),
    ),
    (
        "differences",
        "Beside a large number the derivative loses its digits, as differences do. Let the derivative travel along with"
        " the value, from rule to rule, and nudge nothing.",
        (_along_differences,),
    ),
)


# train-with-it: a training with two mistakes


def _train(X, y, W, b, v, lr, steps):
    losses = []
    for _ in range(steps):
        A = np.tanh(X @ W + b)
        error = A @ v - y
        losses.append(np.mean(error**2))
        d_error = 2 * error / error.size
        dZ = d_error @ v.T * (1 - A**2)
        W, b, v = W - lr * X.T @ dZ, b - lr * dZ.sum(axis=0), v - lr * A.T @ d_error
    return np.array(losses)


def _trainings(rng):
    cases = []
    for n, d, h, lr, steps in ((5, 3, 4, 0.1, 6), (7, 2, 3, 0.05, 5), (6, 4, 2, 0.2, 7)):
        shapes = (n, d), (n, 1), (d, h), (h,), (h, 1)
        cases.append((*(rng.normal(size=shape) for shape in shapes), lr, steps))
    return cases


def _training(
    update=lambda p, g, total, lr: p - lr * g,
    record=lambda before, after: before,
    once=False,
    names=("W", "b", "v"),
    together=True,
):
    """A training put together from what is wrong in it."""

    def train(X, y, W, b, v, lr, steps):
        params, losses, total = {"W": W, "b": b, "v": v}, [], dict.fromkeys("Wbv", 0.0)
        kept = None

        def look():
            A = np.tanh(X @ params["W"] + params["b"])
            error = A @ params["v"] - y
            d_error = 2 * error / error.size
            dZ = d_error @ params["v"].T * (1 - A**2)
            return np.mean(error**2), {"v": A.T @ d_error, "W": X.T @ dZ, "b": dZ.sum(axis=0)}

        for _ in range(steps):
            if together:
                loss, grads = kept or look()
                kept = (loss, grads) if once else None
                total = {name: total[name] + grads[name] for name in "Wbv"}
                params |= {name: update(params[name], grads[name], total[name], lr) for name in names}
            else:
                loss = look()[0]
                for name in names:
                    params[name] = update(params[name], look()[1][name], 0.0, lr)
            losses.append(record(loss, loss if once else look()[0]))
        return np.array(losses)

    return train


TRAIN_MISTAKES = misconceptions(
    (
        "graph-once",
        "The loss is the same in every step, since no step sees what the one before has changed. A graph is a record of"
        " one forward pass and does not compute itself anew: build it inside the loop, from the parameters as they are"
        " now. If you do that already, your updates get lost: change p.data, since p = ... only gives the name to"
        " something else, and begin no step from the first arrays again.",
        (_training(once=True),),
    ),
    (
        "uphill",
        "The loss is computed anew now, and it rises: the parameters follow the gradient, which points uphill. The"
        " update subtracts.",
        (_training(lambda p, g, total, lr: p + lr * g),),
    ),
    (
        "gradients-pile-up",
        "The gradients of earlier steps are added to those of this one. They add up over the paths of one graph; with a"
        " new forward pass they begin at zero.",
        (_training(lambda p, g, total, lr: p - lr * total),),
    ),
    (
        "recorded-after",
        "The training is right, but its losses are taken after each update. Record the loss of step 1 before anything"
        " has been learned.",
        (_training(record=lambda before, after: after),),
    ),
    (
        "no-bias",
        "Only the weights are updated: b keeps the value it had.",
        (_training(names=("W", "v")),),
    ),
    (
        "first-layer-only",
        "Only W and b are updated: v keeps the value it had.",
        (_training(names=("W", "b")),),
    ),
    (
        "one-after-the-other",
        "One parameter is updated before the gradient of the next is taken. One backward gives all gradients; then all"
        " parameters move together.",
        (_training(together=False),),
    ),
)


def _judge_training(judge):
    """The judge of trainings, which says what writes into the arrays that were given, if something does."""

    def judge_training(answer, seed=None):
        verdict = judge(answer, seed=seed)
        if verdict.message != IN_PLACE:
            return verdict
        return mistaken(
            "Your function writes into the arrays that it was given: Value(W) holds the array W itself, and p.data -="
            " changes it in place. Write p.data = p.data - lr * p.grad, which makes a new one.",
            "in place",
        )

    judge_training.misconceptions = judge.misconceptions
    return judge_training


PROBLEMS = (
    Problem(
        id="backward-step",
        title="One step of the engine",
        points=5,
        hints=(
            "The upstream is grads[out], and the numbers that went in are [values[name] for name in inputs].",
            "For each op, write the list of shares: upstream times local derivative, one for each input. A sum has the"
            " slopes 1 and 1; a product has the other factor.",
            "The slopes of tanh and exp are written with the output y = values[out]: 1 - y^2, and y.",
            "Then go through inputs and shares together and write grads[name] += share. With inputs ['b', 'b'] both"
            " shares reach b.",
        ),
        judge=judge_kinds(_backward_step, _steps, STEP_MISTAKES, _told_of_a_step),
        minutes=15,
        difficulty=2,
    ),
    Problem(
        id="engine",
        title="An engine in one piece",
        points=8,
        hints=(
            "Four parts, one after the other: a dict of the nodes by name, a list with inputs first, forward along the"
            " list, backward from its end. The check looks at chains of numbers first, so arrays can wait.",
            "The list without a function that calls itself: keep names that are still to do in a list and take the"
            " last. When a name comes for the first time, put it back with a mark and its inputs behind it; when its"
            " mark comes, all its inputs are in the list.",
            "Or count: for each node that the output needs, how many inputs of others it is. Begin at the output; a"
            " node may hand on when its count has come down to zero. That is the list read from its end.",
            "Backward, a gradient of zeros for every value, 1.0 for the output. Each node hands rule(d, y, *inputs) on,"
            " and each share goes through unbroadcast(share, np.shape(value)) before it is added.",
            "For your own operation take one that you have differentiated: exp, log, a square root, one over x.",
        ),
        judge=_judge_engine(
            judge_kinds(
                _flat(_engine),
                _graphs,
                [replace(each, answer=_flat(each.answer)) for each in ENGINE_MISTAKES],
                _told_of_a_graph,
            )
        ),
        minutes=40,
        difficulty=3,
    ),
    Problem(
        id="along",
        title="Forward, along a direction",
        points=4,
        hints=(
            "Keep two dicts, one of values and one of derivatives along the direction. At the leaves the second is the"
            " direction itself, and zeros where it names none.",
            "The nodes come in the order in which they can be computed. Each needs its inputs only, their values and"
            " their derivatives: no list, no way back, nothing to be kept.",
            "A sum adds the derivatives, a product has the product rule, tanh has its slope, and the sum of an array is"
            " linear.",
        ),
        judge=judge_kinds(_along, _ways, ALONG_MISTAKES, _told_of_a_direction),
        minutes=15,
        difficulty=2,
    ),
    Problem(
        id="train-with-it",
        title="Repair a training",
        points=2,
        hints=(
            "Print loss.data in every step. What would have to be computed anew for it to change?",
            "A Value remembers how it was computed, but it does not notice when an input changes. Which lines belong"
            " inside the loop?",
            "The second mistake is one character long. Which way does a gradient point?",
        ),
        judge=_judge_training(judge_function(_train, _trainings, TRAIN_MISTAKES)),
        allowed=("autodiff",),
        minutes=10,
        difficulty=1,
    ),
)


# The turns within the lesson


def _quotients(rng):
    cases = []
    for _ in range(3):
        d_out, a, b = (float(rng.choice([-1, 1]) * rng.uniform(0.5, 2.0)) for _ in range(3))
        cases.append((d_out, a / b, a, b))
    return cases


DIVIDE_MISTAKES = misconceptions(
    (
        "no-minus",
        "The sign of the second share is not right. If b grows, a / b shrinks where both are positive.",
        (lambda d, y, a, b: (d / b, d * a / b**2), lambda d, y, a, b: (d / b, d * y / b)),
    ),
    (
        "no-upstream",
        "These are the slopes alone. A share is the upstream times the slope: multiply both by d_out.",
        (lambda d, y, a, b: (1 / b, -a / b**2),),
    ),
    (
        "as-a-product",
        "These are the shares of a product. Write a / b as a times 1/b: the slope by a is 1/b.",
        (lambda d, y, a, b: (d * b, d * a),),
    ),
    (
        "no-square",
        "The share of a is right, and that of b is not. By b, a / b is a times 1/b, whose slope is -1/b^2: is there an"
        " a in yours, and a square?",
        (
            lambda d, y, a, b: (d / b, -d * a / b),
            lambda d, y, a, b: (d / b, -d / b**2),
            lambda d, y, a, b: (d / b, d / a),
        ),
    ),
    (
        "order",
        "Both shares are right, and they stand in the other order. That of a comes first.",
        (lambda d, y, a, b: (-d * a / b**2, d / b),),
    ),
)


def _movers(rng):
    return [tuple(float(rng.choice([-1, 1]) * rng.uniform(0.5, 2.0)) for _ in range(4)) for _ in range(3)]


DOT_MISTAKES = misconceptions(
    (
        "of-the-two",
        "The two speeds were multiplied. The product rule of school has two terms, (a b)' = a' b + a b'.",
        (lambda a, da, b, db: da * db,),
    ),
    (
        "first-only",
        "Only a moves here. Both may move, so there are two terms: a_dot b + a b_dot.",
        (lambda a, da, b, db: da * b,),
    ),
    (
        "second-only",
        "Only b moves here. Both may move, so there are two terms: a_dot b + a b_dot.",
        (lambda a, da, b, db: a * db,),
    ),
    (
        "own-factor",
        "Each speed was multiplied by its own number. It is the other one: a_dot b + a b_dot.",
        (lambda a, da, b, db: a * da + b * db,),
    ),
    (
        "sum",
        "This is the rule of a sum. In a product the speed of a counts b times: a_dot b + a b_dot.",
        (lambda a, da, b, db: da + db,),
    ),
    (
        "pair",
        "Two values are returned. How fast a b moves is one number, the sum of both terms.",
        (lambda a, da, b, db: (da * b, a * db),),
    ),
)

TURNS = (
    turn(
        "turn-recall-tanh",
        "Lesson 03: the slope of tanh",
        judge_value(
            0.64,
            "1 - 0.36: the slope of tanh is written with its output, and nobody needs u.",
            {
                0.36: "This is the square of t. The slope is what is left of 1.",
                0.4: "The square is missing: the slope is 1 - t^2, and t is 0.6.",
                0.24: "t (1 - t) is the slope of the sigmoid. That of tanh is 1 - t^2.",
                0.712: "The tanh was taken twice: t is tanh(u) already.",
                1.36: "The sign is wrong. Where tanh is flat, near t = 1, its slope must be near 0.",
            },
        ),
        "The slope of tanh is 1 minus the square of something. Of which of the two, t or u?",
    ),
    turn(
        "turn-recall-differences",
        "Lesson 02: the cost of differences",
        judge_value(
            2000,
            "Two for each parameter, one on either side. An engine will do with one forward pass and one back.",
            {
                1000: "A central difference looks on both sides of each parameter.",
                2: "This is one parameter. Each of the thousand is nudged by itself.",
            },
        ),
        "For one parameter: how often is the loss computed?",
    ),
    turn(
        "turn-wait",
        "Who must have been read",
        judge_value(
            frozenset({"L", "s"}),
            "Both use t. As long as one of them has not spoken, the gradient of t is incomplete.",
            {
                frozenset({"L"}): "L is one of two. Which other box has an arrow from t?",
                frozenset({"s"}): "s is one of two. Which other box has an arrow from t?",
                frozenset({"u"}): "u is what t is made of, and receives from t. Who is made of t?",
                frozenset({"u", "s", "L"}): "u is what t is made of: it is still to come. The others are right.",
                frozenset({"w", "x", "u"}): "These come before t on the way forward. The way back begins at L.",
            },
        ),
        "Look for the arrows that begin at t. Each leads to a box that has a share for t.",
    ),
    turn(
        "turn-three-shares",
        "Three shares",
        judge_value(
            12,
            "y hands p = 6 to a and a = 3 to p, and p hands its 3 to a twice: 6 + 3 + 3. Indeed y is"
            " 2 a^2, whose slope is 4 a.",
            {
                9: "One share was lost: p = a + a hands its gradient on twice, once for each a.",
                6: "Only one path was counted. From y one share goes to a at once, and two more come through p.",
                3: "This is the gradient of p. It goes on to a, and y has a share for a as well.",
                8: "Is the gradient of p its slope by a? dp is what y hands to it: the other factor.",
                18: "This is y itself. How much does it grow with a?",
            },
        ),
        "y is a product: it hands p to a, and a to p. Then p is a sum of two, and both are a.",
    ),
    turn(
        "turn-divide",
        "A rule for a quotient",
        judge_function(lambda d, y, a, b: (d / b, -d * y / b), _quotients, DIVIDE_MISTAKES, returns="a b"),
        "By a the slope of a / b is 1/b. By b it is a times the slope of 1/b, which is negative.",
    ),
    turn(
        "turn-product-dot",
        "A product that moves",
        judge_function(lambda a, da, b, db: da * b + a * db, _movers, DOT_MISTAKES),
        "The product rule of school: first let a move and b stand still, then the other way round, and add.",
    ),
    turn(
        "turn-passes",
        "How many passes",
        judge_value(
            (2410, 1),
            "A JVP answers for one direction, and there are 2,410 to ask for; one VJP answers for all inputs. With one"
            " loss and many parameters one goes backward.",
            {
                (1, 2410): "It is the other way round. A JVP begins at the inputs, with one direction: how many are"
                " there?",
                (1, 1): "One pass backward is enough. Forward, a pass tells how L moves along one direction only.",
                (2410, 2410): "Forward it takes one pass for each parameter. Backward, what does one pass leave at each"
                " of the leaves?",
                (2, 1): "A dual number moves along one direction at a time, and each parameter is a direction.",
            },
        ),
        "Our function of w and x took two forward passes, and one backward.",
    ),
    turn(
        "turn-checkpoints",
        "The best distance",
        judge_value(
            200,
            "10,000/k + k is smallest where both are equal, at k = 100, the root of n: 100 + 100.",
            {
                100: "This is k, or the number of inputs that are kept. Both are kept at a time.",
                20: "So it is for 100 layers. Try k = 10 for 10,000: a thousand inputs are kept.",
                2000: "A hundred times as many layers do not need a hundred times as much. Which k did you take?",
                1010: "This is k = 10. Try larger ones.",
                10000: "This is keeping all.",
            },
        ),
        "n/k + k, with n = 10,000: try k = 10, 50, 100, 200.",
    ),
)
