"""A short backward with one planted bug, and beside it what differences say of each gradient: name the line.

The first level has one layer and a word on every gradient, the second two layers and a word on those of the parameters,
the third a way around or a penalty on the weights as well, and no word but the loss of two trainings.
"""

import numpy as np

from bplib.activations import sigmoid, softmax
from bplib.course.drills import backwards
from bplib.course.drills.choosing import judge_choices
from bplib.course.drills.drill import Drill, Field
from bplib.course.judging.paper import judge_choice
from bplib.pictures import svg

_STEPS, _RATES = 40, (0.3, 0.1, 0.03, 0.01, 0.001, 0.0001)


def draw(rng, level, seed):
    """A drill of this level."""
    while True:
        network = (backwards.one_layer, backwards.two_layers, backwards.with_more)[level - 1](rng)
        planted = network.backward[rng.integers(len(network.backward))]
        code, words = planted.bugs[rng.integers(len(planted.bugs))]
        seen = verdicts(network, planted.name, code, seed)
        if not seen[planted.name]:  # behind relus that are all off nothing is wrong
            break
    lines = [f"{line.name} = {code if line is planted else line.code}" for line in network.backward]
    program = "\n".join([*network.forward, "", *lines])
    names = tuple(line.name for line in network.backward)
    fields, right = [Field("line", "the wrong gradient", "choice", names)], {"line": planted.name}
    if level == 1:  # differences tell the line, so that what is wrong with it is asked for, too
        repairs = {planted.code: "", **{other: says for other, says in planted.bugs if other != code}}
        options = tuple(str(option) for option in rng.permutation([*repairs]))
        fields.append(Field("repair", f"{planted.name} should be", "choice", options))
        right["repair"] = planted.code
    wrong = {"line": {line.name: _fine(line, seen[line.name]) for line in network.backward if line is not planted}}
    if level == 1:
        wrong["repair"] = {option: says for option, says in repairs.items() if says}
    seen = {name: fine for name, fine in seen.items() if level == 1 or name[1:] in network.shapes}
    pictures, table = ((), _table(seen)) if level < 3 else _trainings(network, planted.name, code, seed)
    why = f"{words} It should be {planted.name} = {planted.code}"
    choices = "".join(f"\n{field.name}: {' or '.join(field.options)}" for field in fields)
    return Drill(
        kind="bugs",
        level=level,
        seed=seed,
        asks="The forward is right. One line of the backward is wrong by itself, and not only because of what it is"
        f" given. Which gradient does it compute{', and what should stand there' if level == 1 else ''}?",
        pictures=pictures,
        code=f"{program}\n\n{table}" if level < 3 else program,
        text=f"{program}\n\n{table}\n{choices}",
        fields=tuple(fields),
        right=right,
        judge=judge_choices(right, why, wrong) if level == 1 else judge_choice(planted.name, why, wrong["line"]),
        hints=(
            "Go backward from the loss and derive each gradient before you read its line. What differences call wrong"
            " may be wrong only because of what came into it.",
            f"Look at what becomes of {planted.name[1:]} in the forward, and write down the shape and the factors of"
            f" {planted.name}.",
        ),
        alike=(network.forward, planted.name, code),
    )


def _fine(line, agrees):
    """What is told of a line that is right, though what comes into it may not be."""
    rest = "" if agrees else " Its gradient differs because of what comes into it."
    return f"The line of {line.name} is right: {line.why}{rest}"


def verdicts(network, name, code, seed):
    """Whether each gradient is that of the loss when one line is replaced: name to True or False."""
    values = _values(network, seed)
    right, given = (_run(_program(network, changed), values) for changed in ({}, {name: code}))
    return {
        line.name: np.shape(right[line.name]) == np.shape(given[line.name])
        and bool(np.allclose(right[line.name], given[line.name], rtol=1e-6, atol=1e-9))
        for line in network.backward
    }


def _values(network, seed, n=6):
    """Inputs, labels and parameters of a network."""
    rng = np.random.default_rng([seed, 11])
    [(d, _), *_] = network.shapes.values()
    k = [*network.shapes.values()][-1][-1]
    labels = {"real": lambda: rng.normal(size=(n, k)), "binary": lambda: rng.integers(0, 2, (n, k)).astype(float)}
    labels["one-hot"] = lambda: np.eye(k)[np.arange(n) % k]
    known = {"X": rng.normal(size=(n, d)), "Y": labels[network.label]()}
    return known | {name: rng.normal(scale=0.7, size=shape) for name, shape in network.shapes.items()}


def _program(network, changed=None):
    """The code of a network to be run; changed is {name of a gradient: other code}."""
    lines = [f"{line.name} = {(changed or {}).get(line.name, line.code)}" for line in network.backward]
    return compile("\n".join([*network.forward, *lines]), "backward", "exec")


def _run(program, values):
    """All that it computes."""
    known = {"np": np, "sigmoid": sigmoid, "softmax": softmax, **values}
    with np.errstate(all="ignore"):  # a wrong backward may lead anywhere
        exec(program, known)
    return known


def losses(network, seed, rate, changed=None):
    """The losses of a training by gradient descent with this backward, NaN from where there is no number."""
    values, program, found = _values(network, seed), _program(network, changed), []
    for _ in range(_STEPS):
        known = _run(program, values)
        found.append(float(known["L"]))
        values = values | {name: values[name] - rate * known[f"d{name}"] for name in network.shapes}
    return found


# How it looks


def _table(seen):
    """What differences say."""
    rows = [f"{name:5} {'agrees' if fine else 'differs'}" for name, fine in seen.items()]
    return "\n".join(["Differences of the loss say:", *rows])


def _trainings(network, name, code, seed):
    """The loss of two trainings: (a picture, a table)."""
    rights = ((rate, losses(network, seed, rate)) for rate in _RATES)
    rate, right = next((rate, found) for rate, found in rights if max(found) < 2 * found[0])
    curves, top = {"right": right, "this one": losses(network, seed, rate, {name: code})}, 1.2 * max(right)
    drawn = {label: (range(_STEPS), np.nan_to_num(ys, nan=2 * top).clip(None, 2 * top)) for label, ys in curves.items()}
    label = f"The loss of {_STEPS} steps, with the right backward and with this one."
    names = {each: (_STEPS * (0.3 + 0.4 * k), top * 0.95) for k, each in enumerate(curves)}
    picture = svg.chart(
        drawn, label, "step", "loss", limits=(0, _STEPS - 1, 0, top), places=names, width=430, height=220
    )
    steps = range(0, _STEPS, _STEPS // 4)
    rows = [f"{each:9}" + "".join(f"{svg.number(curves[each][step]):>9}" for step in steps) for each in curves]
    head = f"{'step':9}" + "".join(f"{step:>9}" for step in steps)
    return (picture,), "\n".join(["The loss of two trainings:", head, *rows])
