"""Lesson 11: one step of an engine, its list of nodes, its rules for arrays, and a training with it to be repaired."""

import itertools
import math
import time
from collections.abc import Iterator

import numpy as np

from bplib.course.judging.comparing import TOLERANCE
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
    settling,
    shown,
)
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
            if verdict.status == NOT_YET and not verdict.recognized:
                whole = verdict.message.startswith(("It calls", IN_PLACE))
                says = (told and told(answer, each)) or (verdict.message if whole else f"{kind}: {verdict.message}")
                return Verdict(NOT_YET, says, verdict.misconception)
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


# topological-sort: any order in which inputs come first


def _sorted(inputs, output):
    order, seen = [], set()

    def visit(name):
        if name not in seen:
            seen.add(name)
            for each in inputs[name]:
                visit(each)
            order.append(name)

    visit(output)
    return order


def _named(rng, edges):
    """A graph of letters whose keys and alphabet tell nothing of its order; edges {number: numbers of its inputs}."""
    output = max(edges)

    def shuffled():
        keys = [output]
        while keys[-1] == output or _in_order(keys, edges) or _in_order(keys[::-1], edges):
            keys = [list(edges)[k] for k in rng.permutation(len(edges))]
        return keys

    letters = [chr(ord("a") + k) for k in sorted(rng.permutation(26)[: len(edges)])]
    names, keys = dict(zip(shuffled(), letters, strict=True)), shuffled()
    return {names[key]: [names[i] for i in edges[key]] for key in keys}, names[output]


CHAIN = {0: [], 1: [0], 2: [1], 3: [2], 4: [3], 5: [4]}
GRAPHS = (
    # A diamond with one long side, entered from the short side and from the long one.
    {0: [], 1: [0], 2: [1], 3: [0], 4: [3, 2], 5: [4]},
    {0: [], 1: [0], 2: [1], 3: [0], 4: [2, 3], 5: [4]},
    # An input that is used early and late, in both orders.
    {0: [], 1: [0], 2: [1, 0], 3: [2, 1], 4: [3, 0]},
    {0: [], 1: [0], 2: [0, 1], 3: [1, 2], 4: [0, 3]},
    # The same input twice; diamonds in a row.
    {0: [], 1: [0, 0], 2: [1, 1], 3: [2, 1], 4: [3, 3], 5: [4, 0]},
    {0: [], 1: [0], 2: [0], 3: [1, 2], 4: [3], 5: [3], 6: [4, 5], 7: [6], 8: [6], 9: [7, 8]},
    {0: [], 10: [], 1: [0, 10], 2: [1, 10], 3: [10, 2], 11: [3, 1, 2]},
)
BESIDE = {0: [], 1: [0], 2: [], 3: [1, 2], 4: [1], 5: [3, 1]}  # nothing of the result depends on 4


def _graphs(rng):
    """The chain first, then graphs with several paths, and one with a node that the result does not need."""
    return [_named(rng, CHAIN), *(_named(rng, edges) for edges in GRAPHS), _named(rng, BESIDE)]


def _needed(inputs, output):
    return set(_sorted(inputs, output))


def _in_order(order, inputs):
    """Whether each name of the order stands behind its inputs."""
    place = {name: k for k, name in enumerate(order)}
    return all(place.get(each, k) < k for k, name in enumerate(order) for each in inputs[name])


def _by_the_key(inputs, output):
    return list(inputs)


def _before_the_inputs(inputs, output):
    """Depth first, and each node written as soon as it is met: right for a chain once it is turned around."""
    order = []

    def visit(name):
        if name not in order:
            order.append(name)
            for each in inputs[name]:
                visit(each)

    visit(output)
    return order[::-1]


def _nearest_first(inputs, output):
    order = [output]
    for name in order:
        order += [each for each in dict.fromkeys(inputs[name]) if each not in order]
    return order[::-1]


def _every_path(inputs, output):
    return [each for name in inputs[output] for each in _every_path(inputs, name)] + [output]


def _every_node(inputs, output):
    """Depth first from every key, so that the result need not come last."""
    order = []

    def visit(name):
        if name not in order:
            for each in inputs[name]:
                visit(each)
            order.append(name)

    for name in inputs:
        visit(name)
    return order


SORT_MISTAKES = misconceptions(
    (
        "reversed",
        "The list stands the wrong way round: the inputs come first and the output last. A backward pass reads it from"
        " its end.",
        (lambda inputs, output: _sorted(inputs, output)[::-1],),
    ),
    (
        "as-soon-as-met",
        "A chain comes out right, and here a node is written before one of its inputs: it was met on one path before"
        " the other was done. Write a node down only when all its inputs are in the list.",
        (_before_the_inputs, _nearest_first),
    ),
    (
        "every-path",
        "A name is in the list more than once, since several paths lead to it. Remember which ones you have visited: a"
        " chain has one path, a diamond two, and twenty diamonds in a row a million.",
        (_every_path,),
    ),
    (
        "every-node",
        "The list holds a name that the output does not depend on. Begin at the output and follow the inputs: what you"
        " never reach does not belong in the list.",
        (_every_node,),
    ),
    (
        "no-output",
        "The output itself is missing. It is the last node of the list, where the backward pass begins.",
        (lambda inputs, output: _sorted(inputs, output)[:-1],),
    ),
    (
        "no-leaves",
        "The leaves are missing, the nodes without inputs. They are what we want the gradients of.",
        (lambda inputs, output: [name for name in _sorted(inputs, output) if inputs[name]],),
    ),
    (
        "key-order",
        "These are the keys in the order of the dict, which has nothing to do with the graph. Follow the inputs,"
        " beginning at the output.",
        (_by_the_key,),
    ),
    (
        "alphabetical",
        "The names are sorted by the alphabet. What counts is who is whose input.",
        (lambda inputs, output: sorted(_sorted(inputs, output)),),
    ),
)


def _is_chain(inputs):
    return len(inputs) == len(CHAIN) and all(len(each) < 2 for each in inputs.values())


def _diamonds(count):
    """Nodes in a row, with two ways from each to the next: 2^count paths, and 3 count + 1 nodes."""
    inputs = {"n0": []}
    for k in range(count):
        inputs |= {f"a{k}": [f"n{k}"], f"b{k}": [f"n{k}"], f"n{k + 1}": [f"a{k}", f"b{k}"]}
    return inputs, f"n{count}"


def _visits_every_path(answer):
    """Whether twice as many diamonds take many times as long, the second time too, so that no pause is to blame."""

    def seconds(count):
        args = fresh(_diamonds(count))
        begun = time.perf_counter()
        call(answer, args, "")
        return time.perf_counter() - begun

    return all(seconds(16) > max(20 * seconds(8), 0.01) for _ in range(2))


def _judge_sort():
    def found(id):
        return verdict_of(SORT_MISTAKES, id)

    def judge(answer, rng):
        for inputs, output in _graphs(rng):
            given = call(answer, fresh((inputs, output)), f"the graph {inputs} and the output {output!r}")
            if isinstance(given, Iterator) or (isinstance(given, np.ndarray) and given.ndim):
                given = list(itertools.islice(given, len(inputs) + 1))
            if not isinstance(given, list | tuple) or not all(isinstance(name, str) for name in given):
                raise Settled(f"It returns {kind_of(given)}; a list of names is needed, as in ['x', 'y'].")
            order, needed = [str(name) for name in given], _needed(inputs, output)
            unknown = [name for name in order if name not in inputs]
            if unknown:
                raise Settled(f"There is no node {unknown[0]!r} in {inputs}.")
            if order == list(inputs):
                return found("key-order")
            if len(set(order)) < len(order):
                return found("every-path")
            if set(order) - needed:
                return found("every-node")
            missing = [name for name in needed if name not in order]
            if missing == [output] and _in_order(order, inputs):
                return found("no-output")
            if missing:
                if {*missing} == {name for name in needed if not inputs[name]}:
                    return found("no-leaves")
                raise Settled(f"The list lacks {listed(sorted(missing))}, given {inputs} and the output {output!r}.")
            if not _in_order(order, inputs):
                if _in_order(order[::-1], inputs):
                    return found("reversed")
                if not _is_chain(inputs):
                    return found("as-soon-as-met")
                if order == sorted(order):
                    return found("alphabetical")
                early = next(name for k, name in enumerate(order) if not {*inputs[name]} <= {*order[:k]})
                raise Settled(f"{early} stands before an input of it, {listed(inputs[early])}, in {order}.")
        if _visits_every_path(answer):
            says = (
                "It is right, but it walks every path: with each diamond behind another the number of paths doubles,"
                " and fifty of them would not be done today. Pass over a node that has been seen."
            )
            return Verdict(NOT_YET, says, "seen: every path")
        return Verdict(PASSED, "In every graph each node stands behind its inputs.")

    return settling(judge, SORT_MISTAKES)


# array-rules: a sum and a product with broadcasting, and a product of matrices


def _reduced(g, shape):
    g = g.sum(axis=tuple(range(g.ndim - len(shape))))
    return g.sum(axis=tuple(i for i, n in enumerate(shape) if n == 1), keepdims=True)


def _ruling(
    reduce=_reduced,
    product=lambda g, a, b: (g * b, g * a),
    matrix=lambda g, a, b: (g @ b.T, a.T @ g),
):
    """The three rules; each argument is one thing that a learner may get wrong."""

    def rules(op, d_out, a, b):
        if op == "@":
            return matrix(d_out, a, b)
        parts = product(d_out, a, b) if op == "*" else (d_out, d_out)
        return tuple(reduce(part, shape) for part, shape in zip(parts, (a.shape, b.shape), strict=True))

    return rules


_array_rules = _ruling()

PAIRS = (
    ((5, 3), (3,)),
    ((5, 1), (5, 4)),
    ((5, 3), (5, 3)),
    ((6, 1), (4,)),
    ((), (5, 2)),
    ((5, 3, 4), (3, 1)),
    ((1, 4), (7, 1)),
)


def _pairs(rng):
    def drawn(op, shapes):
        a, b = (rng.normal(size=shape) for shape in shapes)
        out = a @ b if op == "@" else a + b
        return op, rng.normal(size=np.shape(out)), np.asarray(a), np.asarray(b)

    squares, others = [((4, 4), (4, 4)), ((5, 5), (5, 5))], [((5, 3), (3, 4)), ((7, 2), (2, 5)), ((6, 4), (4, 3))]
    return [
        ("In a + b", [drawn("+", shapes) for shapes in PAIRS]),
        ("In a * b", [drawn("*", shapes) for shapes in PAIRS]),
        # Where all is square NumPy lets a forgotten transpose pass, and it can be named.
        ("In a @ b", [drawn("@", shapes) for shapes in squares]),
        ("In a @ b", [drawn("@", shapes) for shapes in others]),
    ]


def _leading_only(g, shape):
    return g.sum(axis=tuple(range(g.ndim - len(shape))))


def _stretched_only(g, shape):
    ahead = g.ndim - len(shape)
    return g.sum(axis=tuple(i + ahead for i, n in enumerate(shape) if n == 1), keepdims=True)


def _first_copy(g, shape):
    g = g[(0,) * (g.ndim - len(shape))]
    return g[tuple(slice(0, 1) if n == 1 else slice(None) for n in shape)]


def _only_b_in_both(op, g, a, b):
    if op == "@":
        return _array_rules(op, g, a, b)
    da, db = (g, g) if op == "+" else (g * b, g * a)
    return da, _reduced(db, b.shape)


def _reduced_too_early(op, g, a, b):
    """The upstream is summed first, and multiplied afterward."""
    if op != "*":
        return _array_rules(op, g, a, b)
    return _reduced(g, a.shape) * b, _reduced(g, b.shape) * a


RULE_MISTAKES = misconceptions(
    (
        "not-reduced",
        "The gradients have the shape of the result. NumPy has copied the smaller array, and all copies are one array:"
        " sum over the axes along which it was copied, so that da has the shape of a and db that of b.",
        (_ruling(reduce=lambda g, shape: g),),
    ),
    (
        "only-b-reduced",
        "db is brought back to the shape of b, and da is left as it is. Either of them may be the one that was copied,"
        " and with (6, 1) and (4,) both are.",
        (_only_b_in_both,),
    ),
    (
        "leading-only",
        "The axes that were put in front are summed, those of length 1 that were stretched are not: sum over them too,"
        " with keepdims=True.",
        (_ruling(reduce=_leading_only),),
    ),
    (
        "stretched-only",
        "The stretched axes are summed, those that were put in front are not: the upstream may have more axes than the"
        " array, and the first ones have to go.",
        (_ruling(reduce=_stretched_only),),
    ),
    (
        "keepdims",
        "The axes of length 1 are lost. Sum with keepdims=True over what was stretched, so that a gradient has the"
        " shape of its array.",
        (_ruling(reduce=lambda g, shape: np.squeeze(_reduced(g, shape))),),
    ),
    (
        "mean",
        "This is the mean over the copies. Each copy pulls at the same number, and pulls add up.",
        (_ruling(reduce=lambda g, shape: _reduced(g, shape) * (np.prod(shape) / g.size)),),
    ),
    (
        "first-copy",
        "Only the first copy was taken. All copies are the same number, so the gradients of all of them count.",
        (_ruling(reduce=_first_copy),),
    ),
    (
        "sum-of-all",
        "Everything was summed. Only the axes along which NumPy copied are summed; along the others each entry keeps"
        " its own gradient.",
        (_ruling(reduce=lambda g, shape: np.full(shape, g.sum())),),
    ),
    (
        "batch-only",
        "Axis 0 is summed whatever the shape. Compare the two shapes from the right: only axes that are missing or have"
        " length 1 in the shape of the array are summed.",
        (_ruling(reduce=lambda g, shape: g if g.shape == shape else g.sum(axis=0)),),
    ),
    (
        "product-own-factor",
        "In a * b each was multiplied by itself. The slope with respect to a is the other factor, b.",
        (_ruling(product=lambda g, a, b: (g * a, g * b)),),
    ),
    (
        "product-like-sum",
        "In a * b the upstream comes through as it does in a sum. Multiply it by the other factor.",
        (_ruling(product=lambda g, a, b: (g, g)),),
    ),
    (
        "product-reduced-early",
        "In a * b the upstream was summed before it was multiplied. Each copy has its own other factor: multiply first,"
        " entry by entry, and then sum.",
        (_reduced_too_early,),
    ),
    (
        "matrix-not-turned",
        "In a @ b nothing is turned. Where all is square the shapes fit and hide it: da = d_out b^T, db = a^T d_out.",
        (_ruling(matrix=lambda g, a, b: (g @ b, a @ g)),),
    ),
    (
        "matrix-b-not-turned",
        "In a @ b, da is made with b as it stands. It has to be turned: (n, k) times (k, m) is (n, m).",
        (_ruling(matrix=lambda g, a, b: (g @ b, a.T @ g)),),
    ),
    (
        "matrix-a-not-turned",
        "In a @ b, db is made with a as it stands. It has to be turned: (m, n) times (n, k) is (m, k).",
        (_ruling(matrix=lambda g, a, b: (g @ b.T, a @ g)),),
    ),
    (
        "matrix-sides",
        "In a @ b the factors are turned and stand on the wrong sides. A product of matrices keeps its sides: b stood"
        " on the right and stays there, da = d_out b^T; a stood on the left, db = a^T d_out.",
        (
            _ruling(matrix=lambda g, a, b: (b.T @ g, g @ a.T)),
            _ruling(matrix=lambda g, a, b: (b.T @ g, a.T @ g)),
            _ruling(matrix=lambda g, a, b: (g @ b.T, g @ a.T)),
        ),
    ),
    (
        "matrix-lies-on-its-side",
        "In a @ b a gradient lies on its side: it is the transpose of what is needed. da has the shape of a, and db"
        " that of b.",
        (_ruling(matrix=lambda g, a, b: (b @ g.T, g.T @ a)),),
    ),
    (
        "matrix-entry-by-entry",
        "In a @ b you used *, entry by entry. Each entry of the result is a sum of products, and so is each gradient:"
        " use @.",
        (_ruling(matrix=lambda g, a, b: (g * b, g * a)), _ruling(matrix=lambda g, a, b: (g * b.T, a.T * g))),
    ),
    (
        "order",
        "Both gradients are right, but in the other order: return da, db.",
        (lambda op, g, a, b: _array_rules(op, g, a, b)[::-1],),
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
        id="topological-sort",
        title="Inputs first",
        points=3,
        hints=(
            "Begin at the output. Before it may be written down, all its inputs must be; and before them, theirs.",
            "That is a function that calls itself: visit every input of a node, and then append the node.",
            "Several paths may lead to a node. Keep a set of the names that have been visited, and return at once when"
            " one comes again.",
            "Where is the append? After the loop over the inputs. Before it, a chain would come out turned around, and"
            " a diamond wrong.",
        ),
        judge=_judge_sort(),
        minutes=15,
        difficulty=2,
    ),
    Problem(
        id="array-rules",
        title="Rules for arrays",
        points=5,
        hints=(
            "First forget about shapes: a sum passes the upstream on, a product multiplies it by the other factor.",
            "Then bring each gradient to the shape of its array with a small function of your own, reduced(g, shape):"
            " what was copied forward is summed backward.",
            "g may have more axes than the array; sum over the g.ndim - len(shape) axes in front. Then sum over each"
            " axis where shape has a 1, with keepdims=True.",
            "In a product of matrices nothing is copied: lesson 06 has dX = dZ W^T and dW = X^T dZ.",
        ),
        judge=judge_kinds(_array_rules, _pairs, RULE_MISTAKES),
        minutes=20,
        difficulty=3,
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
        judge=judge_function(_train, _trainings, TRAIN_MISTAKES),
        allowed=("autodiff",),
        minutes=10,
        difficulty=1,
    ),
)
