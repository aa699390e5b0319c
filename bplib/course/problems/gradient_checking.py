"""Lesson 07: a check of gradients to write, four planted bugs to find, and a weak test to fool."""

from dataclasses import dataclass

import numpy as np

from bplib.activations import sigmoid
from bplib.course import planted
from bplib.course.judging.comparing import TOLERANCE
from bplib.course.judging.diagnosis import recognized
from bplib.course.judging.judges import Misconception, Problem, judge_function, misconceptions
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
    read_named,
    read_parts,
    settling,
    shown,
    unchanged,
)
from bplib.course.judging.turns import judge_value, turn
from bplib.gradcheck import central_difference, relative_error

LESSON = "07_gradient_checking"
TITLE = "Gradient checking"


# grad-check: does the claimed gradient of f at x agree with differences?


@dataclass(frozen=True)
class Claim:
    """A function, a place and a claimed gradient; whether the claim is right, and what it is, for a sentence."""

    f: object
    x: np.ndarray
    gradient: np.ndarray
    right: bool
    what: str


def _times(gradient, index, factor):
    changed = gradient.copy()
    changed[index] *= factor
    return changed


def _claims(rng):
    """Right and wrong claims, far from the tolerance: right ones agree to 1e-8, wrong ones are off by 4e-5 at least."""
    c, C = rng.uniform(0.3, 1.0, size=5), rng.uniform(0.3, 1.0, size=(6, 10))
    x, X = rng.uniform(0.5, 1.5, size=5), rng.uniform(-0.1, 0.1, size=(6, 10))

    def cube(x):
        return np.sum(c * x) ** 3

    def wave(X):
        return np.sin(np.sum(C * X)) + np.sum(C * X**2)

    def cubes(x):
        return 1e6 * np.sum(c[: len(x)] * x**3)

    def small(x):
        return 3e-10 * np.sum(c * x**2)  # a floor of 1e-3 that knows no sizes allows 1e-9

    def every_other(x):
        return np.sum(x[::2] ** 2)

    def resting(x):
        return c[0] * x[0] ** 2 + c[1] * (x[1] ** 3 - 3 * x[1])

    def line(x):
        return np.sum(c * x)

    uneven = c.copy()
    uneven[3] = 1e-7  # a number for the whole array does not notice what happens here

    def uneven_line(x):
        return np.sum(uneven * x)

    d_cube = 3 * np.sum(c * x) ** 2 * c
    d_wave = np.cos(np.sum(C * X)) * C + 2 * C * X
    d_every_other = np.where(np.arange(5) % 2 == 0, 2 * x, 0.0)
    largest = np.unravel_index(np.abs(d_wave).argmax(), d_wave.shape)
    if largest == (0, 0):  # a check of the first entry alone should not be lucky
        largest = np.unravel_index(np.abs(d_wave).ravel()[1:].argmax() + 1, d_wave.shape)
    nan = d_cube.copy()
    nan[2] = np.nan
    return [
        Claim(line, x, c, True, "of a linear function"),
        Claim(every_other, x, d_every_other, True, "of a function that some entries of x do not touch"),
        Claim(resting, np.ones(2), np.array([2 * c[0], 0.0]), True, "with a 0 whose difference is not quite 0"),
        Claim(cube, x, d_cube, True, "of a curved function of five numbers"),
        Claim(cubes, x, 3e6 * c * x**2, True, "that is as large as a million"),
        Claim(wave, X, d_wave, True, "of a function of a matrix"),
        Claim(cubes, x[:1], 3e6 * c[:1] * x[:1] ** 2, True, "of a function of one number"),
        Claim(wave, X, _times(d_wave, largest, 1 + 4e-5), False, "in which one entry of sixty is off by 0.004 %"),
        Claim(cube, x, _times(d_cube, 1 + c[1:].argmax(), 1 + 4e-5), False, "in which one entry is off by 0.004 %"),
        Claim(cube, x, _times(d_cube, 3, 2.0), False, "in which one entry is twice what it should be"),
        Claim(cube, x, d_cube[[1, 0, 2, 3, 4]], False, "in which two entries are exchanged"),
        Claim(cube, x, _times(d_cube, 4, 0.5), False, "in which one entry is half of what it should be"),
        Claim(uneven_line, x, _times(uneven, 3, 2.0), False, "in which one tiny entry is twice what it should be"),
        Claim(small, x, 1.2e-9 * c * x, False, "that is tiny, and twice what it should be"),
        Claim(cube, x, -d_cube, False, "with the sign turned around"),
        Claim(cube, x, nan, False, "that holds a NaN"),
    ]


def judge_checks(claims, mistakes):
    """A judge of checks: the answer is called with f, x and a claimed gradient, and says True if the claim is right.

    claims(rng) is a list of `Claim`. What is compared is the list of all that was said.
    """

    def said(answer, all_claims):
        found = []
        for claim in all_claims:
            args = (claim.f, claim.x, claim.gradient)
            given = fresh(args)
            result = call(answer, given, f"x of shape {claim.x.shape} and a gradient of its shape")
            if not unchanged(given[1:], args[1:]):
                raise Settled(IN_PLACE)
            if isinstance(result, np.ndarray) and result.size == 1:
                result = result.item()
            if not isinstance(result, bool | np.bool_):
                raise Settled(f"It returns {kind_of(result)}; True or False is needed.")
            found.append(bool(result))
        return found

    def judge(answer, rng):
        all_claims = claims(rng)
        found = said(answer, all_claims)
        wrong = [claim for claim, verdict in zip(all_claims, found, strict=True) if verdict != claim.right]
        if not wrong:
            return Verdict(PASSED, f"It is right about {len(all_claims)} gradients, right ones and wrong ones.")
        known = recognized(mistakes, lambda mistake: said(mistake.answer, all_claims) == found)
        if known:
            return known
        verb = "refuses a right gradient" if wrong[0].right else "accepts a wrong gradient"
        return Verdict(NOT_YET, f"It {verb}, one {wrong[0].what}.", f"seen: {verb}")

    return settling(judge, mistakes)


def _difference(f, x, h=1e-5):
    return central_difference(lambda x: float(f(x)), x, h)


def _larger(a, b):
    return np.maximum(np.abs(a), np.abs(b))


def _relative(a, b, floor=1e-3):
    """The relative error of each entry, as a learner writes it; 0/0 counts as agreement."""
    scale = np.maximum(_larger(a, b), floor * np.max(_larger(a, b)))
    return np.abs(a - b) / np.where(scale == 0, 1.0, scale)


def _comparing(agree):
    """A wrong check whose differences are right; agree(a, b) compares."""
    return lambda f, x, gradient: bool(agree(gradient, _difference(f, x)))


def _measuring(difference):
    """A wrong check whose comparison is right; difference(f, x) is what it compares with."""
    return lambda f, x, gradient: bool(np.max(_relative(gradient, difference(f, x))) <= TOLERANCE)


def _one_sided(f, x, h=1e-5):
    found = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        moved = x.copy()
        moved[i] += h
        found[i] = (f(moved) - f(x)) / h
    return found


def _whole_rows(f, x, h=1e-5):
    found = np.zeros_like(x)
    for i in range(len(x)):
        above, below = x.copy(), x.copy()
        above[i] += h
        below[i] -= h
        found[i] = (f(above) - f(below)) / (2 * h)
    return found


def _not_restored(f, x, h=1e-5):
    x, found = x.copy(), np.zeros_like(x)
    for i in np.ndindex(x.shape):
        x[i] += h
        above = f(x)
        x[i] -= 2 * h
        found[i] = (above - f(x)) / (2 * h)
    return found


def _all_at_once(f, x, h=1e-5):
    return np.full(x.shape, (f(x + h) - f(x - h)) / (2 * h))


def _magnitudes(a, b):
    return np.abs(np.abs(a) - np.abs(b)) / np.maximum(_larger(a, b), 1e-300)


def _plain_ratio(a, b):
    with np.errstate(all="ignore"):
        return np.abs(a - b) / _larger(a, b)


CHECK_MISTAKES = misconceptions(
    (
        "absolute",
        "It accepts a tiny gradient that is wrong by a factor of 2: there is an absolute tolerance in it. np.allclose"
        " has one too, atol, unless you set it to 0, and so has a floor that is a fixed number. Compare |a - b| with"
        " the size of a and b, and let the floor be a thousandth of the largest of these.",
        (
            _comparing(lambda a, b: np.max(np.abs(a - b)) <= 1e-6),
            _comparing(np.allclose),
            _comparing(lambda a, b: np.all(np.abs(a - b) <= TOLERANCE * np.maximum(_larger(a, b), 1e-3))),
            _comparing(lambda a, b: np.all(np.abs(a - b) <= TOLERANCE * np.maximum(_larger(a, b), 1.0))),
        ),
    ),
    (
        "no-floor",
        "It refuses a right gradient in which an entry is 0 and its difference is 1e-10, as differences are: the"
        " relative error of these two is 1. Divide no entry by less than a thousandth of the largest.",
        (_comparing(lambda a, b: np.max(_relative(a, b, 0.0)) <= TOLERANCE),),
    ),
    (
        "one-sided",
        "It refuses right gradients of curved functions: a one-sided difference is off by h f''/2, which is more than"
        " 1e-6. Use f(x + h) - f(x - h), divided by 2h.",
        (_measuring(_one_sided),),
    ),
    (
        "step-too-large",
        "It refuses right gradients of functions with a third derivative: the error of a central difference is"
        " h^2 f'''/6, so the step is too large. h = 1e-5 is a good one.",
        (_measuring(lambda f, x: _difference(f, x, 1e-2)),),
    ),
    (
        "half-the-distance",
        "It refuses right gradients, and accepts one that is twice what it should be. Is the difference of f(x + h) and"
        " f(x - h) divided by 2h, the whole distance?",
        (_measuring(lambda f, x: 2 * _difference(f, x)),),
    ),
    (
        "refuses-all",
        "It refuses every gradient, the right ones too. Is the step about 1e-5, and a relative error of 1e-6 allowed?"
        " Differences are never exact.",
        (_comparing(np.array_equal),),
    ),
    (
        "all-at-once",
        "It is right where x holds a single number, and nowhere else: f(x + h) moves all entries at once, and gives one"
        " number, the sum of the slopes. Move one entry at a time, on a copy, and leave the others where they are.",
        (_measuring(_all_at_once),),
    ),
    (
        "sum-of-slopes",
        "Two entries that are exchanged pass, since their sum is right: a step of all entries at once gives the sum of"
        " the slopes and no more. Move one entry at a time, and compare each with its own slope.",
        (lambda f, x, gradient: bool(_relative(np.sum(gradient), _all_at_once(f, x).flat[0]) <= TOLERANCE),),
    ),
    (
        "whole-rows",
        "It is right for vectors and not for a matrix: there x[i] += h moves a whole row. Go through all entries, as"
        " with np.ndindex(x.shape).",
        (_measuring(_whole_rows),),
    ),
    (
        "not-restored",
        "It refuses right gradients of functions whose entries act together: an entry that was moved is not put back"
        " before the next one is.",
        (_measuring(_not_restored),),
    ),
    (
        "mean",
        "One wrong entry among sixty passes: a mean hides it among the right ones, or it is never looked at. Ask for"
        " the largest error of all.",
        (_comparing(lambda a, b: np.mean(_relative(a, b)) <= TOLERANCE),),
    ),
    (
        "whole",
        "A tiny entry that is wrong by a factor of 2 passes: beside one size for the whole array, be it the norm or the"
        " largest entry, its error is lost. Compare every entry with its own size.",
        (_comparing(lambda a, b: np.max(np.abs(a - b)) <= TOLERANCE * np.max(np.abs(b))),),
    ),
    (
        "first-entry",
        "It is content with one right entry, perhaps the first. A bug may live in any of them: ask that all agree.",
        (_comparing(lambda a, b: _relative(a, b).ravel()[0] <= TOLERANCE),),
    ),
    (
        "signed",
        "Entries that are off to one side pass, and those that are off to the other do not. Take np.abs of the"
        " difference before you compare it.",
        (
            _comparing(lambda a, b: np.all(a - b <= TOLERANCE * _larger(a, b))),
            _comparing(lambda a, b: np.all(b - a <= TOLERANCE * _larger(a, b))),
        ),
    ),
    (
        "magnitudes",
        "A gradient with the wrong sign passes, because absolute values are compared. Subtract first, then take the"
        " absolute value.",
        (_comparing(lambda a, b: np.max(_magnitudes(a, b)) <= TOLERANCE),),
    ),
    (
        "nan-passes",
        "A gradient that holds NaN passes, since NaN > 1e-6 is False. Ask whether all errors are small, and not whether"
        " one is large.",
        (_comparing(lambda a, b: not np.any(_relative(a, b) > TOLERANCE)),),
    ),
    (
        "zero-over-zero",
        "It refuses a right gradient with zeros in it: 0/0 is NaN. Where both are 0 there is nothing to divide:"
        " write |a - b| <= 1e-6 * size, with no division.",
        (_comparing(lambda a, b: np.max(_plain_ratio(a, b)) <= TOLERANCE),),
    ),
    (
        "loose",
        "An error of 0.004 % passes. Right gradients agree to 1e-9 or so; ask for 1e-6.",
        (_comparing(lambda a, b: np.max(_relative(a, b)) <= 1e-3),),
    ),
    (
        "always",
        "It accepts every gradient, wrong ones too. Is the claimed gradient compared with differences of f, or with"
        " itself?",
        (lambda f, x, gradient: True,),
    ),
)


# find-bugs: the first wrong gradient of four backwards

BUGS = {"A": "Z2", "B": "Z1", "C": "A1", "D": "W2"}
_BACKWARDS = {
    "A": planted.backward_a,
    "B": planted.backward_b,
    "C": planted.backward_c,
    "D": planted.backward_d,
}


def _bug_mistakes():
    right = planted.backward_right()
    mistakes = []
    for box, first in BUGS.items():
        found = _BACKWARDS[box]()
        for name in planted.ORDER:
            if name == first:
                continue
            if relative_error(found[name], right[name]) <= TOLERANCE:
                says = f"In {box} the gradient of {name} is right: differences confirm it to 1e-6."
                says += " Go through the arrays one by one, in the order of the backward."
            else:
                says = f"In {box} the gradient of {name} is wrong indeed, but it is not the first one. What is wrong"
                says += " before it, in the order of the backward, has spoiled it."
            answer = BUGS | {box: name}
            mistakes.append(Misconception(f"{box}-{name}", lambda answer=answer: answer, says))
    return tuple(mistakes)


def judge_finds(correct, names, mistakes):
    """A judge of places: the answer returns a dict of the name of the first wrong array for each box.

    The first box that is wrong gets its sentence, whatever stands in the others.
    """
    known = {mistake.id: mistake for mistake in mistakes}

    def judge(answer, rng):
        given, missing = read_named(call(answer, (), ""), correct)
        for box, name in given.items():
            if not isinstance(name, str):
                raise Settled(f"{box} is {kind_of(name)}; one of the names {listed(names)} is needed, in quotes.")
            name = name.strip()
            name = name[1:] if name[:1] == "d" else name
            if name not in names:
                raise Settled(f"{box} is {given[box]!r:.40}, which is none of {listed(names)}.")
            if name != correct[box]:
                return known[f"{box}-{name}"].verdict
        if missing:
            return Verdict(NOT_YET, missing + (" What is there is right." if given else ""))
        return Verdict(
            PASSED,
            "All four are found. What comes before them in the backward is confirmed by differences.",
        )

    return settling(judge, mistakes)


# fool-test: a wrong backward that passes a weak test


def _sigmoid_backward(da, a, z):
    return da * a * (1 - a)


def _weak():
    z = np.zeros(4)
    return np.ones(4), sigmoid(z), z


def _strong(rng):
    cases = []
    for shape in ((5, 3), (7,)):
        z = 2 * rng.normal(size=shape)
        cases.append((rng.normal(size=shape), sigmoid(z), z))
    return cases


def judge_fooled(right, weak, strong, mistakes):
    """A judge of wrong answers: one must give what is right at weak(), to 0.01, and be off by 1 % in a case of strong.

    right is the function that is to be missed.
    """

    def outputs(answer, cases):
        found = []
        for args in cases:
            needed = right(*args)
            given = fresh(args)
            got = read_parts(call(answer, given, f"arrays of shape {needed.shape}"), needed)[""]
            if not unchanged(given, args):
                raise Settled(IN_PLACE)
            if got.shape != needed.shape:
                raise Settled(f"It returns the shape {got.shape}; that of z is asked for, {needed.shape}.")
            found.append(got)
        return found

    def judge(answer, rng):
        cases = [weak(), *strong(rng)]
        found = outputs(answer, cases)
        needed = outputs(right, cases)
        passes = bool(np.all(np.abs(found[0] - needed[0]) <= 0.01))
        off = max(relative_error(got, want) for got, want in zip(found[1:], needed[1:], strict=True))
        if passes and off >= 0.01:
            return Verdict(PASSED, "The weak test lets it pass, and our witnesses do not.")

        def same(mistake):
            theirs = outputs(mistake.answer, cases)
            return all(relative_error(a, b) <= TOLERANCE for a, b in zip(found, theirs, strict=True))

        known = recognized(mistakes, same)
        if known:
            return known
        if not passes:
            got = shown(float(found[0][np.abs(found[0] - needed[0]).argmax()]))
            return Verdict(
                NOT_YET,
                f"The weak test refuses it: at z = 0, with da = 1, it gives {got}, and 0.25 is needed, within 0.01.",
            )
        return Verdict(NOT_YET, "It passes the weak test, but it is nearly right everywhere. Be wrong by 1 % at least.")

    return settling(judge, mistakes)


FOOL_MISTAKES = misconceptions(
    (
        "right",
        "This is the right backward, so every test should let it pass. You are asked for a wrong one.",
        (_sigmoid_backward,),
    ),
    (
        "slope-is-a",
        "Wrong, but the weak test sees it: at z = 0 the output a is 1/2, and the slope there is 1/4. Look for another"
        " formula that gives 1/4 where a = 1/2.",
        (lambda da, a, z: da * a,),
    ),
    (
        "zeros",
        "Zeros pass where the right answer is nearly zero. At z = 0 it is 1/4, the largest that the slope of a sigmoid"
        " can be.",
        (lambda da, a, z: np.zeros_like(z),),
    ),
    (
        "sign",
        "The sign is seen by the weak test, which needs 1/4 and not -1/4. What can be wrong that z = 0 and da = 1 do"
        " not show?",
        (lambda da, a, z: -da * a * (1 - a),),
    ),
)


PROBLEMS = (
    Problem(
        id="grad-check",
        title="A check that bites",
        points=4,
        hints=(
            "Two parts: the central differences, entry by entry, and the comparison.",
            "Work on a copy of x. For each i in np.ndindex(x.shape): raise x[i] by h, call f, lower it by 2h, call f,"
            " put it back.",
            "In the comparison neither an absolute tolerance nor a mean may appear, and a NaN must not slip through.",
            "With size = np.maximum(np.abs(a), np.abs(b)), and no entry of it below size.max() / 1000,"
            " np.all(np.abs(a - b) <= 1e-6 * size) divides by nothing, and is False for NaN.",
        ),
        judge=judge_checks(_claims, CHECK_MISTAKES),
        minutes=15,
        difficulty=2,
    ),
    Problem(
        id="find-bugs",
        title="Four planted bugs",
        points=6,
        hints=(
            "For one backward: go through planted.ORDER and compare each claimed gradient with differences of"
            " planted.loss_from.",
            "v = planted.values(); then gradcheck.central_difference(lambda array: planted.loss_from(name, array),"
            " v[name]) is what the gradient of name should be.",
            "Print gradcheck.relative_error for all seven. What is above 1e-6 is wrong, even if it is 0.001. The first"
            " one in the order of the backward is what you look for.",
        ),
        judge=judge_finds(BUGS, planted.ORDER, _bug_mistakes()),
        allowed=("gradcheck",),
        minutes=20,
        difficulty=2,
    ),
    Problem(
        id="fool-test",
        title="Fool a weak test",
        points=3,
        hints=(
            "The test looks at one place: z = 0, so a = 1/2, and da = 1. There the right answer is 1/4.",
            "Which other formulas in da, a and z give 1/4 at that place? You may use any of the three in a wrong way.",
            "With a = 1/2, a and 1 - a are the same number, and with da = 1 so are da and da squared.",
        ),
        judge=judge_fooled(_sigmoid_backward, _weak, _strong, FOOL_MISTAKES),
        minutes=5,
        difficulty=2,
    ),
)


# Turns in the lesson


def _upstreams(rng):
    return [(rng.normal(size=shape), rng.normal(size=shape)) for shape in ((5, 3), (7, 4), (6, 2))]


NUMBER_MISTAKES = misconceptions(
    (
        "no-upstream",
        "U does not appear. The gradient of a plain sum is a 1 for each entry of A; it should be U.",
        (lambda A, U: np.sum(A),),
    ),
    (
        "not-summed",
        "This is still an array. A difference needs one number: multiply entry by entry, and add them all up.",
        (lambda A, U: A * U, lambda A, U: np.sum(A * U, axis=0)),
    ),
    (
        "mean",
        "A mean divides by the number of entries, and so would the gradient. Take the sum.",
        (lambda A, U: np.mean(A * U),),
    ),
    (
        "two-sums",
        "Two sums are multiplied, so each entry of A has the same slope, the sum of U. Multiply first, entry by entry.",
        (lambda A, U: np.sum(A) * np.sum(U),),
    ),
)


TURNS = (
    turn(
        "turn-recall-tenfold",
        "Lesson 02: a smaller step",
        judge_value(
            100,
            "The error of a central difference goes like the square of the step, as long as rounding stays out of it.",
            {
                10: "So it is for a one-sided difference, whose error goes like h. In the central one that term is"
                " gone.",
                1000: "The term is h^3 f'''/6, and it is divided by the distance 2h once more.",
                1: "It does fall. The first term that is left over has h^2 in it.",
            },
        ),
        "Subtract the two series for f(x + h) and f(x - h), divide by 2h, and look at the first term that is left.",
    ),
    turn(
        "turn-recall-axis",
        "Lesson 06: the gradient of a bias",
        judge_value(
            0,
            "All examples share the bias, so their upstreams are added, and a number is left for each of the four"
            " neurons.",
            {
                1: "A sum along axis 1 leaves a number for each example, five of them. The bias has one for each"
                " neuron.",
                -1: "For NumPy -1 is the last axis, here axis 1. A sum along it leaves a number for each example.",
            },
            also=(-2,),
        ),
        "db has the shape of b, which is (4,). Which axis of (5, 4) has to go?",
    ),
    turn(
        "turn-uphill",
        "Which will not learn?",
        judge_value(
            "none",
            "All three go downhill. Look at the figure for how well they hide.",
            {
                "right": "It has the right gradient, and steps of 0.5. Why should it not learn?",
                "no slope": "The slope of tanh is positive everywhere, so without it no sign is turned on the way back:"
                " each neuron is only blamed too much.",
                "bias means": "A mean has the sign of the sum, so the biases still go the right way, in steps that are"
                " too short.",
            },
        ),
        "A direction need not be the steepest to lead downhill. Do these mistakes turn any sign around?",
    ),
    turn(
        "turn-twice",
        "How wrong is twice?",
        judge_value(
            (0.5, 2),
            "|2 - 1|/2 = 1/2, and |-1 - 1|/1 = 2, the largest there is. Bugs leave errors like these.",
            {
                (1, 2): "Below the line stands the larger of the two, and in the first case that is the wrong one, 2.",
                (0.5, 1): "Minus 1 and 1 are two apart.",
                (0.5, -2): "A relative error is made of absolute values.",
            },
        ),
        "Take 1 for the right entry. Then the wrong ones are 2 and -1.",
    ),
    turn(
        "turn-floor",
        "With a floor",
        judge_value(
            5e-8,
            "10^-10 against the floor, 2/1000, is 5e-8: rounding. Without the floor it would be 1, as for a bug.",
            {
                1: "This is without the floor: 10^-10 against itself.",
                5e-11: "This is measured against the largest entry itself. The floor is a thousandth of it.",
                1e-7: "The largest entry is 2, so the floor is 0.002.",
                0: "The two numbers do differ, by 10^-10. Below the line stands the floor.",
            },
        ),
        "The floor is a thousandth of the largest entry, which is 2. What is 1e-10 divided by it?",
    ),
    turn(
        "turn-number",
        "One number from many",
        judge_function(lambda A, U: np.sum(A * U), _upstreams, NUMBER_MISTAKES),
        "The gradient of u_1 a_1 + u_2 a_2 + ... with respect to a_1 is u_1.",
    ),
    turn(
        "turn-penalty",
        "Where a penalty hides",
        judge_value(
            frozenset({"zero weights", "no penalty"}),
            "Twice nothing is nothing: lambda W is 0 where lambda is, and where the weights are.",
            {
                frozenset({"no penalty"}): "It is one of two. The gradient of the penalty is lambda W: what else makes"
                " it zero?",
                frozenset({"zero weights"}): "It is one of two. The gradient of the penalty is lambda W. What beside W"
                " makes it zero?",
                "one example": "The penalty does not look at the examples, so one of them is as good as five.",
                "good": "In the good check neither lambda nor the weights are zero, so nothing is left out.",
                "one entry": "A single entry of each matrix has a penalty of its own, and that is doubled too.",
                "float32": "Too few digits make a check refuse what it should accept. Look for one that lets a bug"
                " pass.",
                "float32, best h": "A factor of 2 is far more than what seven digits lose. In which of the checks is"
                " lambda W zero?",
            },
        ),
        "The gradient of the penalty is lambda W. In which of the checks is it zero?",
    ),
    turn(
        "turn-single",
        "A tolerance for float32",
        judge_value(
            -3,
            "At 1e-3 the right code passes and all six bugs are caught: seven digits leave a gap, and it is narrow.",
            {
                **dict.fromkeys(
                    (0.1, 0.01, 0.001, 1e-4, 1e-5, 1e-6),
                    "This is the tolerance itself. Its power of ten is asked for: that of 0.1 is -1.",
                ),
                0: "At 1 nearly every bug escapes. Move the tolerance to the left.",
                -5: "There the right code still raises a false alarm.",
                -6: "There the right code raises a false alarm: seven digits do not go that far, whatever the step.",
                -4: "There the right code still raises a false alarm.",
                -2: "Look at the early update: its largest error is above 1e-2 by a hair only. One step further down"
                " there is room on both sides.",
                -1: "There the early update escapes.",
            },
        ),
        "Choose the check 'float32, best h'. Look at the bars of the bug 'none', then at those of the early update.",
    ),
    turn(
        "turn-which-line",
        "From where on",
        judge_value(
            "dA1",
            "dZ2 before it is right, so its own line is to blame. Nothing can be said yet of the three behind it.",
            {
                "dZ1": "It is wrong, and it was made from a wrong dA1.",
                "dW1": "It is wrong, and it was made from a wrong dZ1.",
                "db1": "Wrong, too, and made from a wrong dZ1.",
                **dict.fromkeys(("dZ2", "dW2", "db2"), "It is right: differences confirm it."),
            },
        ),
        "Go through the arrays in the order of the backward, and stop at the first that is wrong.",
    ),
)
