"""Lesson 13: one step of a recurrent network backward, a whole sequence backward through time, and clipping."""

import numpy as np

from bplib.course.judging.diagnosis import diagnose
from bplib.course.judging.judges import Problem, judge_function, misconceptions, runs_of
from bplib.course.judging.reading import NOT_YET, PASSED, Verdict, settling

LESSON = "13_recurrent_networks"
TITLE = "Recurrent networks"


# rnn-step-backward


def _variant(
    slope=lambda after, before: 1 - after**2, dh=lambda dz, Wh: dz @ Wh.T, dWh=lambda dz, before: before.T @ dz
):
    """The backward of h_next = tanh(x Wx + h Wh + b); each argument is a part of it, to be spoiled."""

    def backward(dh_next, h_next, x, h, Wx, Wh):
        dz = dh_next * slope(h_next, h)
        return dz @ Wx.T, dh(dz, Wh), x.T @ dz, dWh(dz, h), dz.sum(axis=0)

    return backward


_step_backward = _variant()


def _step(rng, n, d, m):
    x, h, Wx, Wh = (rng.normal(size=shape) for shape in ((n, d), (n, m), (d, m), (m, m)))
    h = np.tanh(h)  # as a state before would be
    return rng.normal(size=(n, m)), np.tanh(x @ Wx + h @ Wh + rng.normal(size=m)), x, h, Wx, Wh


def _steps(rng):
    return [_step(rng, *sizes) for sizes in ((5, 3, 2), (7, 2, 4), (6, 3, 3))]


def _reordered(backward, *order):
    def answer(*args):
        parts = backward(*args)
        return tuple(parts[i] for i in order)

    return answer


STEP_MISTAKES = misconceptions(
    (
        "no-slope",
        "The slope of tanh is missing. Before anything else the upstream has to go back through the bend: dz = dh_next"
        " (1 - h_next²).",
        (_variant(slope=lambda after, before: 1.0),),
    ),
    (
        "old-state",
        "The slope of tanh is taken at the state before. What came out of tanh is h_next: its slope is 1 - h_next².",
        (_variant(slope=lambda after, before: 1 - before**2),),
    ),
    (
        "tanh-twice",
        "tanh is applied a second time. h_next has gone through it already, so the slope is 1 - h_next².",
        (_variant(slope=lambda after, before: 1 - np.tanh(after) ** 2),),
    ),
    (
        "sigmoid-slope",
        "h (1 - h) is the slope of the sigmoid. tanh has the slope 1 - h².",
        (_variant(slope=lambda after, before: after * (1 - after)),),
    ),
    (
        "no-square",
        "1 - h_next is nearly the slope of tanh. A square is missing: it is 1 - h_next².",
        (_variant(slope=lambda after, before: 1 - after),),
    ),
    (
        "plus",
        "This takes 1 + h_next² for the slope of tanh. The square is subtracted from 1, and not added to it.",
        (_variant(slope=lambda after, before: 1 + after**2),),
    ),
    (
        "divided",
        "The upstream is divided by the slope of tanh. Backward we multiply by slopes, as always: dz = dh_next"
        " (1 - h_next²).",
        (_variant(slope=lambda after, before: 1 / (1 - after**2)),),
    ),
    (
        "tanh-itself",
        "The upstream is multiplied by h_next, the value of tanh, or by its square. What is needed is its slope,"
        " 1 - h_next².",
        (_variant(slope=lambda after, before: after), _variant(slope=lambda after, before: after**2)),
    ),
    (
        "not-turned",
        "All is right but dh, and no shape tells you, as Wh is square. In the forward unit i reaches unit j through"
        " Wh[i, j]; back it goes through Wh[j, i]: turn Wh.",
        (_variant(dh=lambda dz, Wh: dz @ Wh),),
    ),
    (
        "turned-dwh",
        "All is right but dWh, which comes out turned. It is h turned times dz, and not dz turned times h.",
        (_variant(dWh=lambda dz, before: dz.T @ before),),
    ),
    (
        "order",
        "The five gradients are right, but in another order. Return dx, dh, dWx, dWh, db.",
        tuple(_reordered(_step_backward, *order) for order in ((1, 0, 2, 3, 4), (2, 3, 4, 0, 1), (0, 1, 3, 2, 4))),
    ),
)


# rnn-backward


def _through_time(
    dy,
    h,
    x,
    h0,
    Wx,
    Wh,
    Wy,
    *,
    steps=lambda T: reversed(range(T)),
    outside=lambda t, T: 1,
    slope=lambda after, before: 1 - after**2,
    merge=lambda dh, later, slope: (dh + later) * slope,
    carry=lambda dz, dh, own, later, Wh: dz @ Wh.T,
    before=lambda states, t: states[t],
    collect=sum,
    read=sum,
):
    """The gradients dWx, dWh, db, dWy and dby of y_t = h_t Wy + by; the keywords are where it may go wrong."""
    T = x.shape[1]
    states, later = [h0, *h.swapaxes(0, 1)], np.zeros_like(h0)
    parts, out = [], []
    for t in steps(T):
        own = outside(t, T) * (dy[:, t] @ Wy.T)
        bend = slope(states[t + 1], states[t])
        dz = merge(own, later, bend)
        parts.append((x[:, t].T @ dz, before(states, t).T @ dz, dz.sum(axis=0)))
        out.append((states[t + 1].T @ dy[:, t], dy[:, t].sum(axis=0)))
        later = carry(dz, own + later, own * bend, later, Wh)
    return (*map(collect, zip(*parts, strict=True)), *map(read, zip(*out, strict=True)))


def _rnn_backward(dy, h, x, h0, Wx, Wh, Wy):
    return _through_time(dy, h, x, h0, Wx, Wh, Wy)


def _sequence(rng, T, n, d, m, k):
    x, h0, Wx, Wh, Wy = (rng.normal(size=s) for s in ((n, T, d), (n, m), (d, m), (m, m), (m, k)))
    b, h, states = rng.normal(size=m) / 2, np.tanh(h0), []
    h0, x, Wx = h.copy(), x / 2, Wx / 2
    for t in range(T):
        h = np.tanh(x[:, t] @ Wx + h @ Wh + b)
        states.append(h)
    return rng.normal(size=(n, T, k)), np.stack(states, axis=1), x, h0, Wx, Wh, Wy


LENGTHS = (1, 2, 5)


def _sequences(rng):
    return [_sequence(rng, *sizes) for sizes in ((1, 5, 3, 2, 4), (2, 7, 3, 4, 5), (5, 6, 2, 3, 4))]


def _wrong(**where):
    return lambda *args: _through_time(*args, **where)


def _last(parts):
    return list(parts)[-1]


def _first(parts):
    return next(iter(parts))


def _all_but_last(parts):
    parts = list(parts)
    return sum(parts) - parts[-1]


def _turned(*args):
    dWx, dWh, *others = _rnn_backward(*args)
    return dWx, dWh.T, *others


SEQUENCE_MISTAKES = misconceptions(
    (
        "not-carried",
        "With T = 1 it is right, and from T = 2 on nothing comes back from the step after. The state h_t goes to the"
        " output and on to step t + 1, so dz_(t+1) Wh^T has to be added to its gradient.",
        (_wrong(carry=lambda dz, dh, own, later, Wh: np.zeros_like(later)),),
    ),
    (
        "overwritten",
        "With T = 1 it is right, and from T = 2 on the gradients of the weights are those of the first step alone: each"
        " turn of the loop overwrites the one before. All steps share the weights, so their gradients add up: +=.",
        (_wrong(collect=_last, read=_last), _wrong(collect=_last)),
    ),
    (
        "first-step-left-out",
        "It is wrong with T = 1 already, since the first step is left out. range(T - 1, 0, -1) ends at 1, before the 0"
        " is reached; reversed(range(T)) does not.",
        (_wrong(collect=_all_but_last, read=_all_but_last),),
    ),
    (
        "last-step",
        "With T = 1 it is right, and from T = 2 on the gradients are those of the last step alone. Go back through all"
        " of the steps, and add up.",
        (_wrong(collect=_first, read=_first),),
    ),
    (
        "no-slope",
        "It is wrong with T = 1 already, since the slope of tanh is missing. dz_t = dh_t (1 - h_t²).",
        (_wrong(slope=lambda after, before: 1.0),),
    ),
    (
        "old-state",
        "It is wrong with T = 1 already, since the slope of tanh at step t is taken at the state before. What came out"
        " of tanh is h_t: 1 - h_t².",
        (_wrong(slope=lambda after, before: 1 - before**2),),
    ),
    (
        "tanh-twice",
        "It is wrong with T = 1 already, since tanh is applied to h_t a second time. The slope is 1 - h_t².",
        (_wrong(slope=lambda after, before: 1 - np.tanh(after) ** 2),),
    ),
    (
        "sigmoid-slope",
        "It is wrong with T = 1 already, since h (1 - h) is the slope of the sigmoid. tanh has the slope 1 - h².",
        (_wrong(slope=lambda after, before: after * (1 - after)),),
    ),
    (
        "slope-on-own",
        "With T = 1 it is right, and from T = 2 on what comes back from the step after is added behind the bend. It is"
        " a gradient of h_t too, so both parts go through tanh: dz_t = (dh_t + dz_(t+1) Wh^T) (1 - h_t²).",
        (_wrong(merge=lambda dh, later, slope: dh * slope + later),),
    ),
    (
        "carries-dh",
        "With T = 1 it is right, and from T = 2 on the gradient of h_t goes back through Wh before it has been through"
        " tanh. Carry dz_t Wh^T.",
        (_wrong(carry=lambda dz, dh, own, later, Wh: dh @ Wh.T),),
    ),
    (
        "not-turned",
        "With T = 1 it is right, and from T = 2 on the way back through Wh is wrong, and no shape tells you, as Wh is"
        " square. Turn it: carry dz_t Wh^T.",
        (_wrong(carry=lambda dz, dh, own, later, Wh: dz @ Wh),),
    ),
    (
        "last-output",
        "With T = 1 it is right, and from T = 2 on only the dy of the last step has an effect on dWx, dWh and db. There"
        " is an output at every step, and each sends its dy_t Wy^T into h_t.",
        (_wrong(outside=lambda t, T: float(t == T - 1)),),
    ),
    (
        "runs-forward",
        "With T = 1 it is right, and from T = 2 on it is not, as the loop runs from the first step to the last. A"
        " gradient comes from what happened later, so begin with t = T and go back.",
        (_wrong(steps=range),),
    ),
    (
        "piles-up",
        "With T = 1 and T = 2 it is right, and with T = 5 what is carried piles up. dz_(t+1) holds all that came from"
        " later steps already, so what is carried is replaced at each step, and not added to.",
        (_wrong(carry=lambda dz, dh, own, later, Wh: later + dz @ Wh.T),),
    ),
    (
        "one-step-back",
        "With T = 1 and T = 2 it is right, and with T = 5 what is carried goes back one step and ends there. A step"
        " hands on what it got from its output and what it got from the step after.",
        (_wrong(carry=lambda dz, dh, own, later, Wh: own @ Wh.T),),
    ),
    (
        "state-after",
        "It is wrong with T = 1 already, and only in dWh, which is made with the state after the step. At step t the"
        " matrix Wh multiplied h_(t-1), and not h_t.",
        (_wrong(before=lambda states, t: states[t + 1]),),
    ),
    (
        "wraps-around",
        "It is wrong with T = 1 already, and only in dWh, where h[:, t - 1] at the first step is h[:, -1]. To NumPy"
        " that is the last state; the state before the first is h0.",
        (_wrong(before=lambda states, t: states[t] if t else states[-1]),),
    ),
    (
        "start-forgotten",
        "It is wrong with T = 1 already, and only in dWh, where the first step takes the state before it for zero. That"
        " state is h0.",
        (_wrong(before=lambda states, t: states[t] * (t > 0)),),
    ),
    (
        "turned-dwh",
        "It is wrong with T = 1 already, and only in dWh, which comes out turned. It is square, so no shape tells you:"
        " the state before comes first, turned, and then dz_t.",
        (_turned,),
    ),
    (
        "order",
        "The five gradients are right, but in another order. Return dWx, dWh, db, dWy, dby.",
        tuple(_reordered(_rnn_backward, *order) for order in ((3, 4, 0, 1, 2), (0, 1, 3, 2, 4), (1, 0, 2, 3, 4))),
    ),
)


def judge_lengths(reference, cases, lengths, misconceptions, returns=""):
    """As `judge_function`, for cases of which each has another length T; it says with which of them it goes wrong."""

    def judge(answer, rng):
        runs = runs_of(answer, reference, cases(rng), returns)
        verdict = diagnose(reference, runs, misconceptions, answer)
        if verdict.status != NOT_YET or verdict.recognized:
            return verdict
        alone = [diagnose(reference, [run], ()) for run in runs]
        first = next(i for i, each in enumerate(alone) if each.status != PASSED)
        T, right = lengths[first], [f"T = {length}" for length in lengths[:first]]
        so_far = f"It is wrong with T = {T} already"
        if right:
            so_far = f"With {' and '.join(right)} it is right, and with T = {T} it is not"
        said = verdict if verdict.misconception else alone[first]
        return Verdict(NOT_YET, f"{so_far}. {said.message}", verdict.misconception or "seen: T")

    return settling(judge, misconceptions)


# clip


def _clip(dWx, dWh, db, limit):
    norm = np.sqrt(np.sum(dWx**2) + np.sum(dWh**2) + np.sum(db**2))
    scale = limit / norm if norm > limit else 1.0
    return dWx * scale, dWh * scale, db * scale


def _norm(*arrays):
    return np.sqrt(sum(np.sum(d**2) for d in arrays))


def _clips(rng):
    """Gradients far above the limit, below it, and so that none exceeds it alone and all together do."""
    drawn = [[rng.normal(size=s) * scale for s in ((3, 2), (2, 2), (2,))] for scale in (5.0, 1.0, 2.0)]
    drawn[0][1] *= 2 * max(map(_norm, drawn[0])) / _norm(drawn[0][1])  # so that to measure the first or last one tells
    limits = (1.5, 2.0 * _norm(*drawn[1]), (max(map(_norm, drawn[2])) + _norm(*drawn[2])) / 2)
    return [(*arrays, float(limit)) for arrays, limit in zip(drawn, limits, strict=True)]


def _clip_boundaries(rng):
    small = [1e-4 * rng.normal(size=s) for s in ((3, 2), (2, 2), (2,))]
    zero = [np.zeros(s) for s in ((3, 2), (2, 2), (2,))]
    return [
        ("gradients that are all zero", (*zero, 1.5)),
        ("a small limit, and a norm that is hardly larger", (*small, float(0.99 * _norm(*small)))),
    ]


def _scaled(scale):
    """Every array times scale(arrays, limit)."""
    return lambda *args: tuple(d * scale(args[:-1], args[-1]) for d in args[:-1])


def _alone(scale):
    """Every array times scale of itself."""
    return lambda *args: tuple(d * scale([d], args[-1]) for d in args[:-1])


def _always(arrays, limit):
    return limit / _norm(*arrays)


def _if_above(arrays, limit):
    return min(1.0, limit / _norm(*arrays))


CLIP_MISTAKES = misconceptions(
    (
        "as-it-was",
        "Both mistakes are still there: each array has a norm of its own, and all are scaled whether they exceed the"
        " limit or not.",
        (_alone(_always),),
    ),
    (
        "each-alone",
        "What is below the limit stays now, but each array is still measured and scaled by itself. That changes the"
        " direction of the whole gradient: all three need one norm and one factor.",
        (_alone(_if_above),),
    ),
    (
        "always",
        "The norm is the common one now, but gradients below the limit are scaled too, and made larger. Leave them as"
        " they are.",
        (_scaled(_always),),
    ),
    (
        "entries",
        "This cuts every entry by itself, which changes the direction of the gradient. Clip the norm: one factor for"
        " all.",
        (lambda *args: tuple(np.clip(d, -args[-1], args[-1]) for d in args[:-1]),),
    ),
    (
        "upside-down",
        "The factor is upside down: to come from the norm to the limit, multiply by limit / norm.",
        (
            _scaled(lambda arrays, limit: min(1.0, _norm(*arrays) / limit)),
            _scaled(lambda arrays, limit: _norm(*arrays) / limit if _norm(*arrays) > limit else 1.0),
        ),
    ),
    (
        "no-root",
        "The sum of the squares is the square of the norm: the root is missing.",
        (_scaled(lambda arrays, limit: min(1.0, limit / _norm(*arrays) ** 2)),),
    ),
    (
        "sum-of-norms",
        "The norms of the three arrays are added. The common norm is the root of the sum of all squares, as if the"
        " three arrays were one long vector.",
        (_scaled(lambda arrays, limit: min(1.0, limit / sum(map(_norm, arrays)))),),
    ),
    (
        "largest-norm",
        "The largest of the three norms is compared with the limit. The common norm is the root of the sum of all"
        " squares, as if the three arrays were one long vector.",
        (_scaled(lambda arrays, limit: min(1.0, limit / max(map(_norm, arrays)))),),
    ),
    (
        "one-norm",
        "Only one of the three arrays is measured, and its norm decides for all. The common norm is the root of the sum"
        " of all squares, as if the three arrays were one long vector.",
        (_scaled(lambda arrays, limit: min(1.0, limit / _norm(arrays[-1]))),),
    ),
    (
        "largest-entry",
        "The largest entry is compared with the limit. What is needed is the norm, the root of the sum of all squares.",
        (_scaled(lambda arrays, limit: min(1.0, limit / max(np.max(np.abs(d)) for d in arrays))),),
    ),
    (
        "mean-square",
        "This takes the root of the mean of the squares. The norm is the root of their sum.",
        (_scaled(lambda arrays, limit: min(1.0, limit / (_norm(*arrays) / np.sqrt(sum(d.size for d in arrays))))),),
    ),
    (
        "reversed",
        "Gradients below the limit are made larger, and those above stay as they are. The comparison is the wrong way"
        " around.",
        (_scaled(lambda arrays, limit: max(1.0, limit / _norm(*arrays))),),
    ),
    (
        "zeroed",
        "Gradients above the limit are thrown away. Scale them: their direction is what the step needs.",
        (_scaled(lambda arrays, limit: float(_norm(*arrays) <= limit)),),
    ),
)


PROBLEMS = (
    Problem(
        id="rnn-step-backward",
        title="One step backward",
        points=4,
        hints=(
            "Go back as the forward came: first through tanh, then through the sum. Which array do all five gradients"
            " need?",
            "dz = dh_next * (1 - h_next**2). From there it is a linear layer with two inputs, x and h.",
            "dx and dh go through the turned matrices, dz @ Wx.T and dz @ Wh.T. A matrix gets its input turned, times"
            " dz; the bias gets dz summed over the batch.",
        ),
        judge=judge_function(_step_backward, _steps, STEP_MISTAKES, returns="dx dh dWx dWh db"),
        minutes=10,
        difficulty=2,
    ),
    Problem(
        id="rnn-backward",
        title="A sequence backward through time",
        points=5,
        hints=(
            "Write the loop over t from the last step to the first. Before it, make arrays of zeros for the five"
            " gradients, and one for what comes back from the step after.",
            "A state h_t has two successors: the output y_t and the next state. So its gradient has two parts, dy_t"
            " Wy^T and what was carried.",
            "In the loop: dz = (dy[:, t] @ Wy.T + later) * (1 - h[:, t]**2), then add to the five gradients, then later"
            " = dz @ Wh.T.",
            "dWh gets the state before, turned, times dz: h[:, t - 1] if t > 0, else h0. dWy gets h[:, t].T @ dy[:, t],"
            " and dby gets dy[:, t] summed over the batch.",
        ),
        judge=judge_lengths(_rnn_backward, _sequences, LENGTHS, SEQUENCE_MISTAKES, returns="dWx dWh db dWy dby"),
        minutes=20,
        difficulty=3,
    ),
    Problem(
        id="clip",
        title="Repair the clipping",
        points=2,
        hints=(
            "Take a gradient that is well below the limit, and one where only one of the three arrays is large. What"
            " should happen to each, and what does the code do?",
            "The norm is computed once, before the loop: the root of the sum of all squares in all three arrays.",
            "scale = min(1.0, limit / norm), and every array is multiplied by it.",
        ),
        judge=judge_function(_clip, _clips, CLIP_MISTAKES, boundaries=_clip_boundaries, returns="dWx dWh db"),
        minutes=5,
        difficulty=1,
    ),
)
