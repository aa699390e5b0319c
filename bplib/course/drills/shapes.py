"""A network's backward with some lines and a shape hidden: which product is meant, which sum is missing, what fits."""

import ast
import contextlib
import re
from itertools import permutations

import numpy as np

from bplib.course.drills import stacks
from bplib.course.drills.choosing import judge_choices
from bplib.course.drills.drill import Drill, Field
from bplib.course.drills.networks import computed, values
from bplib.course.drills.page import Page, shape_words

_WRONG, _HIDDEN = 3, (2, 3, 3)


def draw(rng, level, seed):
    """A drill of this level."""
    network = stacks.network(rng, level)
    known = _numbers(network, rng)
    hidden, name = _hidden(rng, network, level), _hidden_shape(rng, network)
    shapes = {each: known[each].shape for each in (*network.given, *(step.name for step in network.steps[:-1]))}
    right = {f"shape_{name}": str(shapes[name])} | {blank.name: blank.code for blank in hidden}
    wrong = {f"shape_{name}": _other_shapes(rng, network, name, shapes)}
    wrong |= {blank.name: _other_lines(rng, blank, known) for blank in hidden}
    labels = {f"shape_{name}": f"shape of {name}"} | {blank.name: blank.name for blank in hidden}
    fields = []
    for each, label in labels.items():
        options = [right[each], *wrong[each]]
        fields.append(Field(each, label, "choice", tuple(options[k] for k in rng.permutation(len(options)))))
    page = Page(network, shapes, name, [blank.name for blank in hidden])
    key = [blank for blank in hidden if blank.name in _matters(network)]
    words = f"{network.words or ' n is the number of examples.'}{_of_entries(page)}"
    asked = [f"the shape of {name}", *(blank.name for blank in hidden)]
    return Drill(
        kind="shapes",
        level=level,
        seed=seed,
        asks=f"Fill in what is hidden: {_and(asked)}.{words}",
        pictures=(page.svg(),),
        text=page.text(fields),
        fields=tuple(fields),
        right=right,
        judge=judge_choices(right, f"All of it fits. {_fits(key[0], known)}", wrong),
        hints=_hints(network, hidden, known, name),
        alike=(network.code, name, tuple(blank.name for blank in hidden)),
    )


def _of_entries(page):
    """What .size is, where a line of the page may need it."""
    options = [code for line in page.network.lines for code in (line.code, *(code for code, _ in line.wrong))]
    found = next((name for code in options for name in re.findall(r"(\w+)\.size", code)), None)
    return f" {found}.size is the number of all entries of {found}." if found else ""


def _numbers(network, rng):
    """All that the network computes, for numbers with which no gradient is zero everywhere, as behind relus."""
    while True:
        known = computed(network, values(network, rng))
        if all(np.any(known[blank.name]) for blank in network.lines):
            return known


def _matters(network):
    """The names of the gradients of which one is asked for: by which the network is special, or of its parameters."""
    return network.key or tuple(f"d{name}" for name in network.given)


def _hidden(rng, network, level):
    """The lines of the backward that are asked for, in their order: none like another, and one that matters here."""
    lines = [blank for blank in network.lines if blank.wrong]
    while True:
        found = [lines[k] for k in sorted(rng.permutation(len(lines))[: _HIDDEN[level - 1]])]
        forms = {re.sub("[0-9]", "", blank.code) for blank in found}
        if len(forms) == len(found) and any(blank.name in _matters(network) for blank in found):
            return found


def _hidden_shape(rng, network):
    """The name of a matrix whose shape is asked for: the lines where it stands say what it is."""
    given = [name for name in network.given if name not in ("X", "Y", "s")]
    matrices = [name for name in given if len(network.given[name]) == 2]
    matrices += [step.name for step in network.steps[:-1] if "@" in step.code and step.name != "r"]
    return matrices[rng.integers(len(matrices))]


def _other_shapes(rng, network, name, shapes):
    """Wrong shapes for a name, each with the sentence that helps."""
    right = shapes[name]
    lengths = sorted({length for shape in shapes.values() for length in shape if length > 1})
    step = next(step for step in network.steps if name == step.name or re.search(rf"\b{name}\b", step.code))
    line = f"{step.name} = {step.code}"
    beside = [each for each in dict.fromkeys(re.findall(r"[A-Za-z]\w*", line)) if each in shapes and each != name]
    said = _and([f"{each} is {shape_words(shapes[each])}" for each in beside])
    others = [shape for shape in permutations(lengths, len(right)) if shape not in (right, right[::-1])]
    near = [shape for shape in others if len(set(shape) & set(right)) == len(right) - 1]
    picked = [right[::-1], *(near[k] for k in rng.permutation(len(near))[: _WRONG - 1])]
    return {str(shape): f"{name} cannot be {shape}. In {line}, {said}." for shape in picked}


def _other_lines(rng, blank, known):
    """Wrong right sides for a line, some of the right shape and some not, each with the sentence that helps."""
    needed, fits, fails = known[blank.name], {}, {}
    for code, words in blank.wrong:
        try:
            given = np.asarray(eval(code, known))  # a line of `networks` or `stacks`, and nothing that was typed
        except ValueError:
            given = None
        if given is None or given.shape != needed.shape:
            fails[code] = _does_not_fit(code, given, blank, known)
        elif not np.allclose(given, needed):
            fits[code] = f"{code} has the shape of {blank.variable}, and is not {blank.name}. {words}"
    many = min(len(fits), max(int(rng.integers(1, _WRONG)), _WRONG - len(fails)))
    return dict([*_some(rng, fits, many), *_some(rng, fails, _WRONG - many)])


def _some(rng, options, count):
    pairs = list(options.items())
    return [pairs[k] for k in rng.permutation(len(pairs))[:count]]


def _does_not_fit(code, given, blank, known):
    needed = f"{blank.name} has the shape of {blank.variable}, {shape_words(known[blank.name].shape)}."
    what = f"which is {shape_words(given.shape)}" if given is not None else f"for NumPy refuses {_refused(code, known)}"
    return f"{blank.name} cannot be {code}, {what}. {needed}"


_SIGNS = {ast.MatMult: "@", ast.Mult: "*", ast.Add: "+", ast.Sub: "-"}


def _refused(code, known):
    """The shapes that do not fit in a line: those of the innermost operation that NumPy refuses."""
    found, known = "", {**known, "i": 0}  # i counts in a sum of products
    for node in ast.walk(ast.parse(code, mode="eval")):  # from the outside inward
        if isinstance(node, ast.BinOp) and type(node.op) in _SIGNS:
            with contextlib.suppress(ValueError):  # a side is refused: another node of this walk
                sides = [np.shape(eval(ast.unparse(side), known)) for side in (node.left, node.right)]
                if not _runs(ast.unparse(node), known):
                    found = f"{shape_words(sides[0])} {_SIGNS[type(node.op)]} {shape_words(sides[1])}"
    return found


def _runs(code, known):
    try:
        eval(code, known)
    except ValueError:
        return False
    return True


def _fits(blank, known):
    return f"{blank.name} = {blank.code} has the shape of {blank.variable}, {shape_words(known[blank.name].shape)}."


def _hints(network, hidden, known, name):
    """First what shapes can say, then for each line what it undoes."""
    said = []
    for blank in hidden:
        step = next(step for step in network.steps if blank in step.back)
        used = [each.name for each in network.steps if re.search(rf"\b{blank.variable}\b", each.code)]
        shape = (
            f"the shape {shape_words(known[blank.name].shape)}" if blank.variable != name else f"the shape of {name}"
        )
        if "P" in used:  # no line has dP: a softmax and its loss are undone at once
            said.append(f"{blank.name} undoes softmax and loss together, and has {shape}. It is made of P and Y.")
            continue
        source = "" if "L" in used else f" It is made of {_and([f'd{each}' for each in used])}."
        said.append(f"{blank.name} undoes {step.name} = {step.code}, and has {shape}.{source}")
    first = "A gradient has the shape of its variable. Write the shape of each option beside it, and see which fit."
    return first, "What was copied forward is summed backward, and what goes two ways gets the sum of both.", *said


def _and(names):
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
