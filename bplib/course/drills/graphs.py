"""Values and gradients in a drawn graph: a chain, two paths that add up, a node used thrice, and a max."""

import itertools
from dataclasses import dataclass

from bplib import autodiff
from bplib.autodiff import Value
from bplib.course.drills.drill import LEVELS, Drill, Field
from bplib.course.judging.judges import misconceptions
from bplib.course.judging.paper import by_hand, judge_numbers
from bplib.course.judging.reading import listed
from bplib.course.judging.turns import telling
from bplib.pictures import diagrams

_LARGEST = 99  # on paper two digits are enough
_LEAVES = "acdk"


@dataclass(frozen=True)
class Step:
    """One box of a graph: its name, an operation (+ - * max square) and the names that go into it."""

    name: str
    op: str
    inputs: tuple[str, ...]


def draw(rng, level, seed):
    """A drill of this level."""
    return _drawn(rng, (_chain, _two_paths, _thrice)[level - 1], level, seed, [-4, -3, -2, -1, 1, 2, 3, 4, 5], _LARGEST)


def draw_for_one(rng, seed):
    """A drill of the last level for one person alone: of so many numbers that hardly two people get the same."""
    return _drawn(rng, _four_leaves, LEVELS[-1], seed, [*range(-39, -1), *range(2, 40)], 999_999)


def _drawn(rng, build, level, seed, numbers, largest):
    while True:
        steps = build(rng)
        names = dict.fromkeys(name for step in steps for name in step.inputs)
        leaves = {name: int(rng.choice(numbers)) for name in names if _is_leaf(name, steps)}
        values, gradients = solved(steps, leaves)
        if _fits_on_paper(steps, values, gradients, largest):
            return _drill(steps, leaves, level, seed)


def solved(steps, leaves):
    """All values, and the gradients of the last step with respect to all that comes before: by hand, in integers."""
    values = dict(leaves)
    for step in steps:
        values[step.name] = _FORWARD[step.op](*(values[name] for name in step.inputs))
    return values, _back(steps, values)


def _drill(steps, leaves, level, seed):
    values, gradients = solved(steps, leaves)
    last = steps[-1].name
    asked = [*(step.name for step in steps[-2::-1]), *leaves]
    fields = [Field(step.name, step.name) for step in steps]
    fields += [Field(f"d{name}", f"d{last}/d{name}") for name in asked]
    right = {step.name: values[step.name] for step in steps} | {f"d{name}": gradients[name] for name in asked}
    root = _value(steps, leaves)
    root.backward()
    picture = diagrams.graph(root, step=0)
    return Drill(
        kind="graphs",
        level=level,
        seed=seed,
        asks=f"Fill in the values from left to right, and the gradients of {last} from right to left.",
        pictures=(picture.svg(),),
        code=_table(steps, leaves),
        text=_table(steps, leaves),
        fields=tuple(fields),
        right=right,
        judge=telling(judge_numbers(right, _mistakes(steps, values, gradients, asked)), "All of them are right."),
        hints=(
            "Forward first: each box is one operation on numbers that you know by then.",
            f"Backward begins with d{last}/d{last} = 1. What goes into a box gets the gradient of the box times the"
            " local derivative.",
            _paths(steps),
        ),
        alike=(tuple(steps), tuple(leaves.values())),
    )


def _paths(steps):
    """The last hint: where each name goes that goes into several boxes, or what stands in the way of a single chain."""
    into = {name: [step.name for step in steps if name in step.inputs] for step in steps for name in step.inputs}
    several = [f"{name} goes into {listed(steps)}" for name, steps in into.items() if len(steps) > 1]
    if several:
        return f"{'; '.join(several)}: what comes back from each adds up."
    return "A sum hands its gradient on, a product swaps its inputs, a square brings two times its input."


# The graphs


def _chain(rng):
    """Three steps one after the other."""
    steps, before, free = [], "x", iter(_LEAVES)
    for name in ("u", "v", "L"):
        ops = ["+", "-", "*", "*"] + ([] if any(step.op == "square" for step in steps) else ["square", "square"])
        op = str(rng.choice(ops))
        steps.append(Step(name, op, (before,) if op == "square" else (before, next(free))))
        before = name
    return steps


def _two_paths(rng):
    """x goes two ways, which meet again."""
    free, steps = iter(_LEAVES), []
    for name in ("u", "v"):
        op = str(rng.choice(["+", "-", "*", "square"]))
        steps.append(Step(name, op, ("x",) if op == "square" else ("x", next(free))))
    return [*steps, Step("L", str(rng.choice(["*", "*", "-", "+"])), ("u", "v"))]


def _thrice(rng):
    """u goes three ways, one of them through a max."""
    first = Step("u", str(rng.choice(["*", "+", "-"])), ("x", "a"))
    larger = Step("m", "max", ("u", "c"))
    other = Step("v", str(rng.choice(["*", "square"])), ("u", "d"))
    other = Step("v", "square", ("u",)) if other.op == "square" else other
    joined = Step("s", str(rng.choice(["+", "-"])), ("m", "v"))
    return [first, larger, other, joined, Step("L", str(rng.choice(["*", "+"])), ("s", "u"))]


def _four_leaves(rng):
    """u goes three ways, and every leaf changes a number that no other leaf changes alike."""
    other = Step("v", str(rng.choice(["*", "+", "-"])), ("u", "d"))
    joined = Step("s", str(rng.choice(["+", "-"])), ("m", "v"))
    last = Step("L", "*", ("s", "u"))
    return [Step("u", "*", ("x", "a")), Step("m", "max", ("u", "c")), other, joined, last]


def _is_leaf(name, steps):
    return all(step.name != name for step in steps)


def _fits_on_paper(steps, values, gradients, largest):
    """Whether every number is small, no gradient is 0 without a reason, nothing is a tie and no two steps agree."""
    if max(map(abs, (*values.values(), *gradients.values()))) > largest:
        return False
    ties = any(step.op == "max" and len({values[name] for name in step.inputs}) < 2 for step in steps)
    blocked = {name for step in steps if step.op == "max" for name in step.inputs}
    zero = any(not gradients[name] and name not in blocked for name in gradients)
    return not ties and not zero and _differ(values[step.name] for step in steps if step.op != "max")


def _differ(numbers):
    numbers = list(numbers)
    return len(set(numbers)) == len(numbers)


# Forward and backward


_FORWARD = {
    "+": lambda a, b: a + b,
    "-": lambda a, b: a - b,
    "*": lambda a, b: a * b,
    "max": max,
    "square": lambda a: a * a,
}
_SLOPES = {
    "+": lambda a, b: (1, 1),
    "-": lambda a, b: (1, -1),
    "*": lambda a, b: (b, a),
    "max": lambda a, b: (int(a > b), int(b > a)),
    "square": lambda a: (2 * a,),
}


def _back(steps, values, slopes=None, lost=(), without_upstream=()):
    """The gradients. Mistakes as well: other slopes {name of a step: function}, shares (name, step) that are lost, and
    steps whose own gradient is left out.
    """
    gradients = dict.fromkeys(values, 0) | {steps[-1].name: 1}
    for step in reversed(steps):
        local = (slopes or {}).get(step.name, _SLOPES[step.op])(*(values[name] for name in step.inputs))
        upstream = 1 if step.name in without_upstream else gradients[step.name]
        for name, slope in zip(step.inputs, local, strict=True):
            gradients[name] += 0 if (name, step.name) in lost else slope * upstream
    return gradients


_WRONG_SLOPES = (
    ("own-factor", "*", lambda a, b: (a, b), "At a product each input gets the other factor, and not itself."),
    ("no-two", "square", lambda a: (a,), "The square has the derivative two times its input."),
    ("two-alone", "square", lambda a: (2,), "The derivative of the square is two times its input, and not two."),
    ("minus-lost", "-", lambda a, b: (1, 1), "What is subtracted has the local derivative -1."),
    (
        "max-both",
        "max",
        lambda a, b: (1, 1),
        "Only the larger input of a max gets the gradient. The other one could change a little, and nothing would"
        " happen.",
    ),
    (
        "max-other",
        "max",
        lambda a, b: (int(a < b), int(b < a)),
        "The gradient goes to the larger input of a max, not to the smaller one.",
    ),
)


def _mistakes(steps, values, gradients, asked):
    """The mistakes that change a number of this graph, each as the numbers that it gives, the likeliest first."""
    variants = []
    for name in values:
        into = [step.name for step in steps if name in step.inputs]
        for count in range(1, len(into)):
            for some in itertools.combinations(into, count):
                says = f"{name} goes into {listed(into)}: add up what comes back from each of them."
                given = _back(steps, values, lost={(name, step) for step in some})
                variants.append((f"lost path of {name}", says, given))
    for id, op, slope, says in _WRONG_SLOPES:
        those = [step.name for step in steps if step.op == op]
        for some in ([name] for name in those):
            variants.append((f"{id} at {some[0]}", says, _back(steps, values, dict.fromkeys(some, slope))))
        if len(those) > 1:
            variants.append((id, says, _back(steps, values, dict.fromkeys(those, slope))))
    says = "This is the local derivative alone. Multiply it by the gradient of the box that it goes into."
    for some in (*([step.name] for step in steps[:-1]), [step.name for step in steps]):
        variants.append(("local-only", says, _back(steps, values, without_upstream=some)))
    groups, known = [], []
    for id, says, given in variants:
        spoiled = {f"d{name}": given[name] for name in asked if given[name] != gradients[name]}
        if spoiled and not any(_look_alike(spoiled, other) for other in known):
            known.append(spoiled)
            groups.append((id, says, (lambda spoiled=spoiled: spoiled,)))
    return misconceptions(*groups)


def _look_alike(spoiled, other):
    """Whether the judge, who reads three digits, could not tell one mistake from the other."""
    return spoiled.keys() == other.keys() and all(
        by_hand(spoiled[name], other[name]) or by_hand(other[name], spoiled[name]) for name in spoiled
    )


# How it looks


def _value(steps, leaves):
    """The graph as the engine builds it, for the picture."""
    nodes = {name: Value(float(number), name) for name, number in leaves.items()}
    for step in steps:
        inputs = [nodes[name] for name in step.inputs]
        nodes[step.name] = _ENGINE[step.op](*inputs)
        nodes[step.name].name = step.name
    return nodes[steps[-1].name]


_ENGINE = {**_FORWARD, "max": autodiff.maximum, "square": lambda a: a**2}


def _table(steps, leaves):
    signs = {"+": "{} + {}", "-": "{} - {}", "*": "{} * {}", "max": "max({}, {})", "square": "{}^2"}
    lines = [f"{name} = {number}" for name, number in leaves.items()]
    return "\n".join([*lines, *(f"{step.name} = {signs[step.op].format(*step.inputs)}" for step in steps)])
