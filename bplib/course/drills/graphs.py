"""Values and gradients in a drawn graph: a chain, two paths that add up, a node used thrice, and a max."""

from dataclasses import dataclass

from bplib import autodiff
from bplib.autodiff import Value
from bplib.course.drills.drill import Drill, Field
from bplib.course.judging.judges import misconceptions
from bplib.course.judging.paper import judge_numbers
from bplib.pictures import diagrams

_LARGEST = 99  # on paper two digits are enough
_LEAVES = "abcdk"


@dataclass(frozen=True)
class Step:
    """One box of a graph: its name, an operation (+ - * max square) and the names that go into it."""

    name: str
    op: str
    inputs: tuple[str, ...]


def draw(rng, level, seed):
    """A drill of this level."""
    while True:
        steps = (_chain, _two_paths, _thrice)[level - 1](rng)
        names = dict.fromkeys(name for step in steps for name in step.inputs)
        leaves = {name: int(rng.choice([-4, -3, -2, -1, 1, 2, 3, 4, 5])) for name in names if _is_leaf(name, steps)}
        values, gradients = solved(steps, leaves)
        if _fits_on_paper(steps, values, gradients):
            return _drill(steps, leaves, level, seed)


def solved(steps, leaves):
    """All values, and the gradients of the last step with respect to all that comes before: by hand, in integers."""
    values = dict(leaves)
    for step in steps:
        values[step.name] = _FORWARD[step.op](*(values[name] for name in step.inputs))
    gradients = _back(steps, values, lambda so_far, share: so_far + share)
    return values, gradients


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
        text=_table(steps, leaves),
        fields=tuple(fields),
        right=right,
        judge=judge_numbers(right, _mistakes(steps, values, gradients, asked)),
        hints=(
            "Forward first: each box is one operation on numbers that you know by then.",
            f"Backward begins with d{last}/d{last} = 1. What goes into a box gets the gradient of the box times the"
            " local derivative; where a name goes into several boxes, what comes back from each adds up.",
        ),
        alike=(tuple(steps), tuple(leaves.values())),
    )


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
    larger = Step("m", "max", ("u", "b"))
    other = Step("v", str(rng.choice(["*", "square"])), ("u", "c"))
    other = Step("v", "square", ("u",)) if other.op == "square" else other
    joined = Step("s", str(rng.choice(["+", "-"])), ("m", "v"))
    return [first, larger, other, joined, Step("L", str(rng.choice(["*", "+"])), ("s", "u"))]


def _is_leaf(name, steps):
    return all(step.name != name for step in steps)


def _fits_on_paper(steps, values, gradients):
    """Whether every number is small, no gradient is 0 without a reason, nothing is a tie and no two steps agree."""
    if max(map(abs, (*values.values(), *gradients.values()))) > _LARGEST:
        return False
    ties = any(step.op == "max" and len({values[name] for name in step.inputs}) < 2 for step in steps)
    blocked = {name for step in steps if step.op == "max" for name in step.inputs}
    zero = any(not gradients[name] and name not in blocked for name in gradients)
    return not ties and not zero and len({values[step.name] for step in steps}) == len(steps)


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


def _back(steps, values, add, slopes=None, upstream=True):
    """The gradients, with a rule for what arrives twice at one place; with other slopes or no upstream, mistakes."""
    gradients = dict.fromkeys(values, 0) | {steps[-1].name: 1}
    for step in reversed(steps):
        local = (_SLOPES | (slopes or {}))[step.op](*(values[name] for name in step.inputs))
        for name, slope in zip(step.inputs, local, strict=True):
            gradients[name] = add(gradients[name], slope * (gradients[step.name] if upstream else 1))
    return gradients


def _mistakes(steps, values, gradients, asked):
    """The mistakes that change a number of this graph, each as the numbers that it gives."""

    def summed(so_far, share):
        return so_far + share

    variants = {
        "one-path": (
            "A name that goes into several boxes gets a gradient back from each: add them up.",
            _back(steps, values, lambda so_far, share: share),
        ),
        "local-only": (
            "This is the local derivative alone. Times the gradient of the box that it goes into.",
            _back(steps, values, summed, upstream=False),
        ),
        "max-both": (
            "Only the larger input of a max gets the gradient. The other one could change a little, and nothing would"
            " happen.",
            _back(steps, values, summed, {"max": lambda a, b: (1, 1)}),
        ),
        "max-other": (
            "The gradient goes to the larger input of a max, not to the smaller one.",
            _back(steps, values, summed, {"max": lambda a, b: (int(a < b), int(b < a))}),
        ),
        "own-factor": (
            "At a product each input gets the other factor, and not itself.",
            _back(steps, values, summed, {"*": lambda a, b: (a, b)}),
        ),
        "minus-lost": (
            "What is subtracted has the local derivative -1.",
            _back(steps, values, summed, {"-": lambda a, b: (1, 1)}),
        ),
        "no-two": (
            "The square has the derivative two times its input.",
            _back(steps, values, summed, {"square": lambda a: (a,)}),
        ),
    }
    groups = []
    for id, (says, given) in variants.items():
        spoiled = {f"d{name}": given[name] for name in asked if given[name] != gradients[name]}
        if spoiled:
            groups.append((id, says, (lambda spoiled=spoiled: spoiled,)))
    return misconceptions(*groups)


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
