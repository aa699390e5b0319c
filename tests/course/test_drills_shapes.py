"""Promise: of the options of each blank one is right, as autodiff finds from the forward that is shown."""

import ast
import contextlib
import functools
import re
from types import SimpleNamespace

import numpy as np
import pytest

from bplib import activations, autodiff
from bplib.autodiff import Value
from bplib.course.drills import kinds, networks, stacks, typed
from bplib.course.drills.drill import LEVELS
from bplib.course.judging.reading import NOT_YET, PASSED

each_level = pytest.mark.parametrize("level", LEVELS)


@functools.cache
def drawn(level, seeds=1000):
    return [kinds.drill("shapes", level, seed) for seed in range(seeds)]


def page(drill):
    """What the page says: the shapes of what is given, the forward with its shapes, the backward, and the options."""
    given, forward, backward, options = drill.text.split("\n\n")
    shapes = {name: read(words) for name, words in re.findall(r"(\w+) (\([^)]*\)|\?)", given)}
    lines = [re.fullmatch(r"(\w+) = (.*?) {3,}(.*)", line).groups() for line in forward.splitlines()]
    back = dict(line.split(" = ", 1) for line in backward.splitlines())
    asked = {line.split(": ")[0]: line.split(": ")[1].split("  or  ") for line in options.splitlines()}
    return shapes, lines, back, asked


def read(words):
    return ast.literal_eval(words) if words.startswith("(") else words


def numbers(drill, draw=0):
    """Random numbers for what is given, in the shapes of the page and of the right answer."""
    given, lines, _, _ = page(drill)
    rng = np.random.default_rng([drill.seed, draw])
    asked = {name.removeprefix("shape_"): words for name, words in drill.right.items() if name.startswith("shape_")}
    given |= {name: read(words) for name, words in asked.items() if name in given}
    known = {name: rng.normal(size=shape) for name, shape in given.items()}
    if any("softmax" in code for _, code, _ in lines):
        known["Y"] = np.eye(known["Y"].shape[1])[rng.integers(0, known["Y"].shape[1], len(known["Y"]))]
    return known


class _AsFunctions(ast.NodeTransformer):
    """x.sum(axis=0) as sum(x, axis=0), and A @ v as the sum of A * v, since that is what there is for Values."""

    def visit_BinOp(self, node):
        self.generic_visit(node)
        if isinstance(node.op, ast.MatMult) and ast.unparse(node.right) == "v":
            return ast.parse(f"sum({ast.unparse(node.left)} * v, axis=1)", mode="eval").body
        return node

    def visit_Call(self, node):
        self.generic_visit(node)
        if isinstance(node.func, ast.Attribute) and node.func.attr in ("sum", "mean"):
            return ast.Call(ast.Name(node.func.attr, ast.Load()), [node.func.value, *node.args], node.keywords)
        return node


def on_values(code):
    return ast.unparse(_AsFunctions().visit(ast.parse(code, mode="eval")))


def by_autodiff(drill, draw=0):
    """The forward of the page on Values: all numbers, and the gradient at each of them."""
    known = {name: Value(array, name) for name, array in numbers(drill, draw).items()}
    namespace = SimpleNamespace(tanh=autodiff.tanh, log=autodiff.log, maximum=autodiff.maximum)
    functions = {
        "np": namespace,
        "sigmoid": lambda z: 1 / (1 + autodiff.exp(-z)),
        "softmax": lambda z: autodiff.exp(z) / autodiff.sum(autodiff.exp(z), axis=1, keepdims=True),
        "sum": autodiff.sum,
        "mean": autodiff.mean,
    }
    _, lines, _, _ = page(drill)
    for name, code, _ in lines:
        known[name] = eval(on_values(code), functions | known)
    known["L"].backward()
    values = {name: np.asarray(value.data) for name, value in known.items()}
    return values, {name: np.asarray(value.grad) for name, value in known.items()}


def around(values, gradients):
    """The names that a line of the backward may use: numbers, and all gradients."""
    n, t = values["X"].shape[:2]
    functions = {"np": np, "sigmoid": activations.sigmoid, "softmax": activations.softmax, "n": n, "t": t}
    return functions | values | {f"d{name}": gradient for name, gradient in gradients.items()}


def is_right(code, needed, known):
    with contextlib.suppress(ValueError):
        given = np.asarray(eval(code, known))
        return given.shape == needed.shape and np.allclose(given, needed, rtol=1e-8, atol=1e-10)
    return False


# One right answer


@each_level
def test_of_all_lines_to_choose_from_autodiff_finds_the_right_one_alone_for_a_thousand_seeds(level):
    for drill in drawn(level):
        right = {field.name: set(field.options) for field in drill.fields[1:]}
        for draw in range(4):  # where every relu is off a wrong line may come to the right zeros
            values, gradients = by_autodiff(drill, draw)
            known = around(values, gradients)
            for name, options in right.items():
                right[name] = {code for code in options if is_right(code, gradients[name[1:]], known)}
            if all(len(options) == 1 for options in right.values()):
                break
        assert all(right[name] == {drill.right[name]} for name in right), drill.id


@each_level
def test_every_line_of_the_backward_that_is_shown_is_right(level):
    for drill in drawn(level)[:200]:
        values, gradients = by_autodiff(drill)
        known = around(values, gradients)
        _, _, back, _ = page(drill)
        for name, code in back.items():
            if code != "?":
                assert is_right(code, gradients[name[1:]], known), (drill.id, name)
        assert {name for name, code in back.items() if code == "?"} == {field.name for field in drill.fields[1:]}


@each_level
def test_shapes_that_are_shown_are_those_of_the_arrays_and_the_hidden_one_is_asked_for(level):
    for drill in drawn(level)[:200]:
        values, _ = by_autodiff(drill)
        given, lines, _, _ = page(drill)
        shown = given | {name: read(words) for name, _, words in lines if words != "one number"}
        [hidden] = [name for name, shape in shown.items() if shape == "?"]
        assert drill.fields[0].name == f"shape_{hidden}"
        assert drill.right[f"shape_{hidden}"] == str(values[hidden].shape)
        assert all(values[name].shape == shape for name, shape in shown.items() if shape != "?"), drill.id


@each_level
def test_no_other_shape_would_do(level):
    for drill in drawn(level)[:300]:
        values, _ = by_autodiff(drill)
        known, (_, lines, _, _) = around(values, {}), page(drill)
        name = drill.fields[0].name.removeprefix("shape_")
        for option in drill.fields[0].options:
            if option == drill.right[f"shape_{name}"]:
                continue
            assert values[name].shape != read(option)
            if all(line[0] != name for line in lines):  # something that is given: the forward refuses it
                with pytest.raises((ValueError, AssertionError)):
                    tried = known | {name: np.ones(read(option))}
                    for line, code, _ in lines[:-1]:
                        tried[line] = eval(code, tried)
                        assert tried[line].shape == values[line].shape


def test_lengths_all_differ():
    for level in LEVELS:
        for drill in drawn(level)[:300]:
            values, _ = by_autodiff(drill)
            axes = {length for array in values.values() for length in array.shape if length > 1}
            names = {re.sub(r"\d", "", "".join(sorted(name))) for name in values}
            assert 3 <= len(axes) <= 4 + level and names
            for array in values.values():
                assert len(set(array.shape)) == len(array.shape), drill.id


# Every line of every network


def networks_of(level, seeds=120):
    found = {}
    for seed in range(seeds):
        network = stacks.network(np.random.default_rng(seed), level)
        found.setdefault(network.code, network)
    return list(found.values())


@each_level
def test_a_wrong_line_is_wrong_for_other_numbers_too_and_says_why_where_its_shape_is_right(level):
    for network in networks_of(level):
        rng = np.random.default_rng(1)
        known = networks.computed(network, networks.values(network, rng))
        for blank in network.lines:
            fits = fails = 0
            for code, words in blank.wrong:
                if is_right(code, np.asarray(known[blank.name]), known):
                    continue  # it is not offered then
                try:
                    fitting = np.shape(eval(code, known)) == np.shape(known[blank.name])
                except ValueError:
                    fitting = False
                assert not fitting or words.endswith("."), (network.code, blank.name, code)
                fits, fails = fits + fitting, fails + (not fitting)
            assert not blank.wrong or (fits and fails and fits + fails >= 3), (network.code, blank.name)


# Right and wrong


@each_level
def test_the_right_choices_pass_and_every_other_one_is_told_what_it_would_do(level):
    for drill in drawn(level)[:200]:
        texts = [drill.right[field.name] for field in drill.fields]
        verdict = drill.judge(typed.answer(drill, texts))
        assert verdict.status == PASSED and verdict.message.startswith("All of it fits. d")
        for place, field in enumerate(drill.fields):
            assert len(field.options) == len(set(field.options)) == 4 and drill.right[field.name] in field.options
            for option in set(field.options) - {drill.right[field.name]}:
                given = [*texts[:place], option, *texts[place + 1 :]]
                verdict = drill.judge(typed.answer(drill, given))
                assert verdict.status == NOT_YET and verdict.recognized and option in verdict.message
                assert len(verdict.message) < 220 and verdict.message.endswith(".")


@each_level
def test_one_wrong_option_fits_by_its_shape_and_one_does_not(level):
    for drill in drawn(level)[:200]:
        for field in drill.fields[1:]:
            said = [mistake.says for mistake in drill.judge.misconceptions if mistake.id.startswith(f"{field.name}: ")]
            assert any("has the shape of" in words and "cannot be" not in words for words in said), drill.id
            assert any("cannot be" in words for words in said), drill.id


def test_what_numpy_refuses_is_told_by_the_shapes_that_meet():
    said = {mistake.says for drill in drawn(1)[:300] for mistake in drill.judge.misconceptions}
    refused = [words for words in said if "refuses" in words]
    assert len(refused) > 50
    assert all(re.search(r"refuses \([\d, ]+\) [@*+-] \([\d, ]+\)\.", words) for words in refused)


def test_a_shape_may_be_a_tuple_and_spaces_do_not_matter():
    drill = kinds.drill("shapes", 1, 3)
    given = dict(drill.right)
    name = drill.fields[0].name
    given[name] = read(given[name])
    for other in drill.fields[1:]:
        given[other.name] = given[other.name].replace(" ", "")
    assert drill.judge(lambda: given).status == PASSED
    assert drill.judge(lambda: given | {name: given[name][::-1]}).recognized


def test_what_is_none_of_the_choices_and_what_is_missing_is_told():
    drill = kinds.drill("shapes", 2, 3)
    first, second, *_ = (field.name for field in drill.fields)
    assert "none of the choices" in drill.judge(lambda: drill.right | {second: "np.zeros(3)"}).message
    assert "none of the choices" in drill.judge(lambda: drill.right | {first: 7}).message
    assert "Still missing" in drill.judge(lambda: {first: drill.right[first]}).message
    assert "a dict is needed" in drill.judge(lambda: "X").message


# Many, and harder ones


@each_level
def test_among_a_thousand_many_are_of_another_sort(level):
    assert len({drill.alike for drill in drawn(level)}) > (500 if level == 1 else 800)


def test_levels_ask_for_more():
    fields = [np.mean([len(drill.fields) for drill in drawn(level)]) for level in LEVELS]
    lines = [np.mean([len(page(drill)[2]) for drill in drawn(level)[:200]]) for level in LEVELS]
    assert fields[0] < fields[1] <= fields[2] and lines[0] < lines[1]
    special = ("range(n)", " + dR", "dA.T @ dR", " + V.T", "dZ2.T @ V", "Z.mean", "axis=1)  ", "@ A2.T", "R = ")
    assert all(any(words in drill.text for words in special) for drill in drawn(3))


@each_level
def test_the_picture_and_the_text_have_the_same_lines_and_blanks(level):
    for drill in drawn(level)[:100]:
        [picture] = drill.pictures
        _, lines, back, _ = page(drill)
        plain = re.sub(r"&#x27;|&quot;", "'", picture).replace("&gt;", ">")
        assert all(f">{name} = {code}</text>" in plain for name, code, _ in lines)
        assert all(f">{name} = {code}</text>" in plain for name, code in back.items() if code != "?")
        assert picture.count('data-role="blank"') == len(drill.fields)
        assert drill.id == kinds.named(drill.id).id and drill.text == kinds.named(drill.id).text


def test_hints_say_first_what_shapes_say_and_then_what_each_line_undoes():
    for drill in drawn(2)[:100]:
        first, second, *said = drill.hints
        assert "shape of its variable" in first and "summed backward" in second
        assert [words.split()[0] for words in said] == [field.name for field in drill.fields[1:]]
        assert all("undoes" in words and "  " not in words for words in said)


@each_level
def test_a_hint_names_no_gradient_that_is_nowhere_on_the_page_and_no_shape_that_is_asked_for(level):
    for drill in drawn(level)[:400]:
        _, _, back, _ = page(drill)
        hidden = drill.fields[0].name.removeprefix("shape_")
        for field, words in zip(drill.fields[1:], drill.hints[2:], strict=True):
            made = re.findall(r"made of (.*)[.]$", words)
            sources = re.findall(r"\w+", made[0].replace(" and ", " ")) if made else []
            assert all(re.search(rf"\b{name}\b", drill.right[field.name]) for name in sources), (drill.id, words)
            assert all(name in back or name in ("P", "Y") for name in sources), (drill.id, words)
            assert field.name != f"d{hidden}" or drill.right[f"shape_{hidden}"] not in words, drill.id


@each_level
def test_what_is_given_stands_in_rows_of_about_one_length(level):
    for drill in drawn(level)[:100]:
        [picture] = drill.pictures
        names = re.findall(r"(\w+) (?:\([^)]*\)|\?)", drill.text.split("\n\n")[0])
        placed = [re.search(rf'<text x="([^"]+)" y="([^"]+)"[^>]*>{name}</text>', picture).groups() for name in names]
        rows = [sum(y == row for _, y in placed) for row in dict.fromkeys(y for _, y in placed)]
        assert len(rows) == 1 or max(rows) - min(rows) <= 2, (drill.id, rows)


def test_what_all_entries_are_is_said_where_a_line_may_count_them():
    for drill in drawn(1)[:200]:
        options = {option for field in drill.fields for option in field.options}
        assert ".size is the number of all entries" in drill.asks or not any(".size" in option for option in options)
