"""Promise: every formula that is drawn has one derivative, ours, which differences and SymPy find as well."""

import functools
import math

import numpy as np
import pytest
import sympy

from bplib.course.drills import expressions, formulas, kinds, rules, slips, typed
from bplib.course.drills.drill import LEVELS
from bplib.course.judging.reading import NOT_YET, PASSED

each_level = pytest.mark.parametrize("level", LEVELS)
FUNCTIONS = {name: getattr(math, name) for name in ("exp", "log", "sqrt", "tanh")}
FUNCTIONS["sigmoid"] = lambda z: 1 / (1 + math.exp(-z))


@functools.cache
def asked(level, seeds=1000):
    """What drills ask for: letters, formula, letter and derivative. A whole drill takes ten times as long."""
    return [formulas.asked(np.random.default_rng(seed), level) for seed in range(seeds)]


@functools.cache
def drawn(level, seeds=30):
    return [kinds.drill("formulas", level, seed) for seed in range(seeds)]


def computed(words, place):
    """A formula of ours as Python computes it."""
    return eval(words, {**FUNCTIONS, **place})


def places(letters, count=3):
    rng = np.random.default_rng(len(letters))
    return [dict(zip(letters, rng.uniform(0.1, 0.9, len(letters)).tolist(), strict=True)) for _ in range(count)]


# The derivative


@each_level
def test_the_derivative_is_the_one_by_differences_for_a_thousand_seeds(level):
    for letters, formula, letter, right in asked(level):
        words, slope = expressions.written(formula), expressions.written(right)
        for place in places(letters, 2):
            up, down = (computed(words, place | {letter: place[letter] + h}) for h in (1e-5, -1e-5))
            scale = abs(computed(words, place)) + 1
            assert computed(slope, place) == pytest.approx((up - down) / 2e-5, rel=1e-5, abs=1e-6 * scale), words


@each_level
def test_the_derivative_is_the_one_of_sympy_for_sixty_seeds(level):
    z = sympy.Symbol("z")
    known = {"sigmoid": sympy.Lambda(z, 1 / (1 + sympy.exp(-z)))}
    for letters, formula, letter, right in asked(level)[:60]:
        symbols = {name: sympy.Symbol(name) for name in letters}
        ours = sympy.sympify(expressions.written(formula), locals=known | symbols)
        theirs = sympy.lambdify(list(symbols.values()), sympy.diff(ours, symbols[letter]), "math")
        for place in places(letters):
            expected = theirs(*place.values())
            assert computed(expressions.written(right), place) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@each_level
def test_our_own_evaluation_is_that_of_python(level):
    for letters, formula, _, right in asked(level)[:100]:
        for tree in (formula, right):
            [place] = places(letters, 1)
            assert expressions.evaluated(tree, place) == pytest.approx(computed(expressions.written(tree), place))


@each_level
def test_letters_stand_in_the_order_of_the_alphabet_and_no_minus_leads_where_a_term_has_none(level):
    for _, formula, _, _ in asked(level):
        for node in expressions.nodes(formula):
            if isinstance(node, expressions.Product):
                names = [part.name for part in node.factors if isinstance(part, expressions.Letter)]
                assert names == sorted(names), expressions.written(formula)
            if isinstance(node, expressions.Sum):
                signs = [bool(expressions.minus(term)) for term in node.terms]
                assert not signs[0] or all(signs), expressions.written(formula)


# Right and wrong


@each_level
def test_the_right_answer_passes_in_several_forms(level):
    for drill in drawn(level)[:10]:
        words = drill.right["slope"]
        letter = drill.letters[0]
        forms = [words, words.replace("**", "^"), words.replace("*", "·").replace("··", "^"), f"({words}) + 0*{letter}"]
        forms += [f"2*({words}) - ({words})", f"[{words}]/1", f"-(-1)({words})", words.replace("exp(", "e^(")]
        forms.append(words.replace("sigmoid(", "σ(").replace("log(", "ln(").replace("**2", "²"))
        for form in forms[: 3 + level] + forms[-2:]:
            verdict = drill.judge(typed.answer(drill, [form]), seed=1)
            assert verdict.status == PASSED, (drill.id, form, verdict.message)


@each_level
def test_a_known_mistake_is_never_right_and_gets_its_sentence(level):
    told = set()
    for drill in drawn(level)[:8]:
        assert len(drill.judge.misconceptions) >= 4, drill.id
        for mistake in drill.judge.misconceptions:
            verdict = drill.judge(mistake.answer, seed=2)
            assert (verdict.status, verdict.message) == (NOT_YET, mistake.says), (drill.id, mistake.id)
            told.add(mistake.id)
    assert {"no-inner", "inner-only", "itself", "factor-lost", "moved-inside", "two-slips"} <= told
    assert level == 1 or {"other-letter", "every-letter", "unsquared", "turned"} <= told


@each_level
def test_no_mistake_comes_to_what_is_right_or_to_another_mistake_for_a_hundred_seeds(level):
    for letters, formula, letter, right in asked(level)[:100]:
        mistakes, here = formulas.wrong(formula, letters, letter, right), places(letters)
        trees = [right, *(tree for _, _, tree in mistakes)]
        found = [tuple(float(f"{_or_none(tree, place):.9g}") for place in here) for tree in trees]
        assert len(set(found)) == len(found) > 3, expressions.written(formula)


def _or_none(tree, place):
    try:
        return computed(expressions.written(tree), place)
    except (ValueError, ArithmeticError):
        return math.nan


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("2*({right})", "exactly 2 times what is needed"),
        ("-({right})", "only the sign is wrong"),
        ("5/3*({right})", "Your formula has the factor 5/3 too many."),
        ("({right})/7", "Your formula lacks the factor 7."),
        ("({right}) + 3", "Your formula is 3 too much."),
        ("({right}) - {x}", "Your formula is {x} too little."),
        ("3", "It does without"),
    ],
)
def test_a_wrong_answer_that_nobody_foresaw_gets_a_fact(words, message):
    for drill in drawn(2)[:12]:
        filled = {"right": drill.right["slope"], "x": drill.letters[0]}
        verdict = drill.judge(typed.answer(drill, [words.format(**filled)]), seed=0)
        known = {mistake.says for mistake in drill.judge.misconceptions}
        assert verdict.status == NOT_YET
        assert message.format(**filled) in verdict.message or verdict.message in known, (drill.id, verdict.message)


def test_an_answer_that_is_right_at_a_place_is_told_where():
    drill = kinds.drill("formulas", 2, 0)
    x = drill.letters[0]
    verdict = drill.judge(typed.answer(drill, [f"({drill.right['slope']}) + exp({x}) - {x} - 1"]), seed=0)
    assert f"It is right for {x} = 0." in verdict.message


# Many, and harder ones


@each_level
def test_among_a_thousand_hardly_two_are_alike(level):
    assert len({(formula, letter) for _, formula, letter, _ in asked(level)}) > 800


def test_levels_ask_for_more():
    letters = [{len(letters) for letters, *_ in asked(level)} for level in LEVELS]
    assert letters == [{1}, {2}, {3}]
    size = [np.median([len(expressions.written(right)) for *_, right in asked(level)]) for level in LEVELS]
    assert size[0] < size[1] and size[0] < size[2]
    nested = [
        np.mean([len(slips.links(formula, letter)) for _, formula, letter, _ in asked(level)]) for level in LEVELS
    ]
    assert nested[2] > nested[0] and nested[2] > nested[1]


@each_level
def test_paper_is_enough(level):
    for _, formula, _, right in asked(level):
        assert len(expressions.written(formula)) <= 40 and len(expressions.written(right)) <= 72
        numbers = [node.value for node in expressions.nodes(right) if isinstance(node, expressions.Number)]
        assert all(abs(number) <= 60 and number.denominator == 1 for number in numbers)


# What is seen


@each_level
def test_a_drill_says_in_text_what_its_picture_says_and_which_letter_moves(level):
    for drill in drawn(level):
        [picture], [field] = drill.pictures, drill.fields
        name, words = drill.text.split(" = ", 1)
        assert f'aria-label="{drill.text}"' in picture and name == f"f({', '.join(drill.letters.split())})"
        assert words.count("(") == words.count(")")
        by = field.label[-1]
        assert f"with respect to {by}" in drill.asks and by in drill.letters
        assert drill.id == kinds.named(drill.id).id and drill.right == kinds.named(drill.id).right


@each_level
def test_hints_go_from_a_rule_to_its_parts_and_are_true(level):
    for drill in drawn(level):
        first, last = drill.hints
        assert len(first) > 20 and "derivative" in last and "!" not in first + last and "None" not in first + last


def test_a_rule_may_be_broken_and_the_others_stay():
    x = expressions.Letter("x")
    tree = expressions.times(x, expressions.Call("exp", expressions.times(expressions.number(2), x)))
    assert expressions.written(rules.slope(tree, "x")) == "exp(2*x) + 2*x*exp(2*x)"
    broken = {"exp": lambda u: expressions.ONE}
    assert expressions.written(rules.slope(tree, "x", broken)) == "exp(2*x) + 2*x"
