"""Judges an answer: passed, not yet and why, or not attempted.

An answer is always a function. A judge calls it, compares what comes back with a reference, and when they differ looks
for the mistake behind it among the known ones. It knows inputs, references and mistakes, and nothing of notebooks.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bplib.course.judging.comparing import Run, noise, shapes
from bplib.course.judging.diagnosis import diagnose
from bplib.course.judging.raising import IN_PLACE
from bplib.course.judging.reading import (
    NOT_YET,
    PASSED,
    Settled,
    Verdict,
    call,
    fresh,
    mistaken,
    read_parts,
    settling,
    unchanged,
)


@dataclass(frozen=True)
class Misconception:
    """A mistake people really make: the wrong answer as a learner would write it, and the sentence that helps.

    One object is both the diagnosis and the wrong answer that the tests plant. Two may share a sentence, where one
    mistake has several forms. Its first clause, up to a full stop or a colon, is the nudge that is told first: what is
    seen, or where to look. What to write comes after it.
    """

    id: str
    answer: Callable
    says: str

    @property
    def verdict(self):
        """The verdict on who made it."""
        return mistaken(self.says, self.id)


def misconceptions(*groups):
    """The misconceptions of an exercise from (id, sentence, wrong answers): several answers may share a sentence."""
    return tuple(Misconception(id, answer, says) for id, says, answers in groups for answer in answers)


def verdict_of(mistakes, id):
    """The verdict of the mistake of this id, for a judge that knows it by something else than its answer's values."""
    return next(mistake.verdict for mistake in mistakes if mistake.id == id)


@dataclass(frozen=True)
class Problem:
    """One exercise: what is asked, how it is judged, and what helps on the way.

    judge(answer, seed=None) gives a Verdict; inputs are drawn afresh each time unless a seed is given. It also carries
    the misconceptions that it knows. hints go from a nudge to nearly the answer; minutes is the time to allow,
    difficulty goes from 1 to 3. Of the course's mathematics an answer may call what allowed names, as `closing.closed`
    reads it. own(me) is the drill of somebody, where the numbers of an exercise are made of who answers.
    """

    id: str
    title: str
    points: int
    hints: tuple[str, ...]
    judge: Callable
    minutes: int
    difficulty: int
    allowed: tuple[str, ...] = ()
    own: Callable | None = None

    @property
    def misconceptions(self):
        """The mistakes that the judge recognizes, as a tuple of `Misconception`."""
        return self.judge.misconceptions


def judge_function(reference, cases, misconceptions, *, returns="", probes=(), complete=None, boundaries=None):
    """A judge of functions of numbers and arrays.

    cases(rng) is a list of tuples of arguments, at least two, with different batch sizes. The reference gives what is
    needed: a number, an array, or a tuple or dict of them, compared array by array at a relative error of 1e-6. The
    arguments are fresh read-only copies. returns names the values of a tuple, as "dX dW db".

    An answer that is wrong is called on special inputs too, to see where it becomes right: those of `experiments`, and
    probes of the problem's own. complete(*args) computes again what the arguments hold of a forward pass, where a probe
    has changed what that came from. boundaries(rng) gives pairs of a phrase and arguments: what the text allows and the
    cases have not, such as no step at all, on which an answer is looked at that is right otherwise.
    """

    def judge(answer, rng):
        runs = runs_of(answer, reference, cases(rng), returns)
        verdict = diagnose(reference, runs, misconceptions, answer, probes, complete)
        if verdict.status != PASSED or boundaries is None:
            return verdict
        return _at_boundaries(answer, reference, boundaries(rng), returns) or verdict

    return settling(judge, misconceptions)


def _at_boundaries(answer, reference, boundaries, returns):
    """The verdict on an answer that is right but for one of the boundaries; None if it is right there too."""
    for words, args in boundaries:
        try:
            runs = runs_of(answer, reference, [args], returns)
            verdict = _cut_off(runs[0]) or diagnose(reference, runs, ())
        except Settled as settled:
            verdict = settled.verdict
        if verdict.status != PASSED:
            return Verdict(
                NOT_YET, f"It is right but for one kind of input: {words}. {verdict.message}", f"seen: {words}"
            )
    return None


def _cut_off(run):
    """The verdict on numbers that became whole because whole numbers were given, or None."""
    given = any(isinstance(arg, np.ndarray) and arg.dtype.kind in "iu" for arg in run.args)
    if not given or all(map(run.right, run.want)):
        return None
    wrong = [(run.got[name], run.want[name]) for name in run.want if not run.right(name)]
    if not all(np.array_equal(got, np.round(got)) and not np.array_equal(want, np.round(want)) for got, want in wrong):
        return None
    says = "An array of whole numbers, and a copy of it, cuts off what is behind the point: begin with a copy as float,"
    return Verdict(NOT_YET, f"{says} x.astype(float).")


def runs_of(answer, reference, cases, returns=""):
    """What an answer and the reference give for each case: a `Run` for each. Settled if it cannot be compared."""
    runs, names = [], returns.split()
    for args in cases:
        given = fresh(args)
        result = call(answer, given, shapes(reference, args))
        if not unchanged(given, args):
            raise Settled(IN_PLACE, misconception="in place")
        needed = reference(*fresh(args))
        got, want = read_parts(result, needed, names), read_parts(needed, needed, names)
        runs.append(Run(args, needed, got, want, noise(reference, args, needed, got, want)))
    return runs


def judge_square_first(reference, cases, square_cases, misconceptions, fits, **more):
    """A judge of functions of arrays that first looks at square ones, where what is turned or laid across fits too.

    The misconceptions whose ids are in fits are recognized there; with other shapes NumPy raises, and a learner would
    hear of shapes only. The rest is as in judge_function.
    """
    anywhere = judge_function(reference, cases, misconceptions, **more)
    square = judge_function(reference, square_cases, misconceptions, **more)

    def judge(answer, rng):
        seed = int(rng.integers(2**32))
        verdict = square(answer, seed=seed)
        return verdict if verdict.misconception in fits else anywhere(answer, seed=seed)

    return settling(judge, misconceptions)
