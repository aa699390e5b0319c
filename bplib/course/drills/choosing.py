"""Judges several choices at once, each among a few options."""

from bplib.course.judging.judges import Misconception
from bplib.course.judging.reading import NOT_YET, PASSED, Verdict, call, listed, mistaken, read_named, settling


def judge_choices(right, why, wrong):
    """A judge of choices: the answer returns a dict of them, each a text or, where the text says one, a tuple.

    right is a dict of name to what is right, why is told when all of them are, and wrong is a dict of name to a dict of
    each wrong option to the sentence that helps. The first wrong choice is told. Spaces do not matter.
    """
    mistakes = [
        Misconception(f"{name}: {option}", lambda name=name, option=option: right | {name: option}, says)
        for name, options in wrong.items()
        for option, says in options.items()
    ]

    def judge(answer, rng):
        given, missing = read_named(call(answer, (), ""), right)
        for name, value in given.items():
            if _plain(value) == _plain(right[name]):
                continue
            for option, says in wrong[name].items():
                if _plain(value) == _plain(option):
                    return mistaken(says, f"{name}: {option}")
            options = listed(sorted([right[name], *wrong[name]]))
            return Verdict(
                NOT_YET, f"What stands for {name} is none of the choices, even if it comes to the same: {options}."
            )
        if missing:
            return Verdict(NOT_YET, missing + (" What is there is right." if given else ""))
        return Verdict(PASSED, why)

    return settling(judge, mistakes)


def _plain(value):
    """A choice without its spaces; a shape may be a tuple as well as its text."""
    if isinstance(value, tuple | list) and len(value) < 10 and all(isinstance(each, int) for each in value):
        value = str(tuple(value))
    return "".join(value.split()) if isinstance(value, str) else None
