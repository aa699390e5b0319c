"""A drill in a graded exercise: its numbers are made of who answers, so that nobody's answer fits another.

The answer returns {"me": who it is, and what stands in the blanks}. Whoever judges draws the same drill from "me";
whether the answer was handed in by that person, those who know the class decide.
"""

from dataclasses import replace

import numpy as np

from bplib.course.drills.kinds import seed_of
from bplib.course.judging.judges import Misconception
from bplib.course.judging.reading import NOT_ATTEMPTED, REPLACE, Settled, call, is_blank, kind_of, settling

ME = "me"
SOMEBODY = "Ada Lovelace"
"""Of whom the known mistakes are an example."""


def drill_of(me, draw):
    """The drill of somebody, from draw(rng, seed). ValueError, in a sentence, for what names nobody."""
    if isinstance(me, bool) or not isinstance(me, str | int) or not str(me).strip():
        given = "empty" if isinstance(me, str) else kind_of(me)
        raise ValueError(f"who you are is {given}; a name, an address of mail or a number is needed")
    seed = seed_of(me)
    return draw(np.random.default_rng(seed), seed)


def judge_own(draw):
    """A judge of answers to the drill of whoever answers. Its verdicts say whose numbers they are about."""

    def judge(answer, rng):
        given = call(answer, (), "")
        if not isinstance(given, dict):
            raise Settled(f"It returns {kind_of(given)}; a dict is needed, with {ME!r} and the numbers by name.")
        if ME not in given or is_blank(given[ME]):
            if given and all(map(is_blank, given.values())):
                raise Settled(REPLACE, NOT_ATTEMPTED)
            raise Settled(f"{ME!r} is missing: the name, address or number with which you asked for your numbers.")
        try:
            drill = drill_of(given[ME], draw)
        except ValueError as error:
            raise Settled(f"{ME!r}: {error}.") from None
        rest = {name: value for name, value in given.items() if name != ME}
        return replace(drill.judge(lambda: rest), whose=str(given[ME]))

    example = drill_of(SOMEBODY, draw)
    return settling(
        judge,
        [
            Misconception(each.id, lambda each=each: {ME: SOMEBODY, **example.right, **each.answer()}, each.says)
            for each in example.judge.misconceptions
        ],
    )
