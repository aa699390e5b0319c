"""Lesson 12: the backward of a convolution in one and in two dimensions, of pooling, and digits that are moved."""

from dataclasses import replace

import numpy as np

from bplib import data
from bplib.activations import softmax
from bplib.convolution import conv2d, conv2d_backward
from bplib.course.judging.experiments import Probe
from bplib.course.judging.judges import Problem, judge_function, judge_square_first, misconceptions, verdict_of
from bplib.course.judging.own_gradients import common_factor, loss_of, model_of, slopes_of, wrong_gradients
from bplib.course.judging.paper import judge_numbers
from bplib.course.judging.reading import NOT_YET, PASSED, Settled, Verdict, settling
from bplib.course.judging.turns import judge_value, turn
from bplib.optimizers import Adam
from bplib.pooling import max_pool, max_pool_backward

LESSON = "12_convolutional_networks"
TITLE = "Convolutional networks"

TURNED = ("rotated-90", "transposed", "transpose-w")  # recognized in square arrays, which a turned one fits too


# conv1d-backward


def _conv1d_backward(dy, x, W):
    """Of y_fo = b_f + sum of W_fci x_c,(o + i)."""
    dx, dW, windows = np.zeros_like(x), np.zeros_like(W), dy.shape[2]
    for i in range(W.shape[2]):
        seen = x[:, :, i : i + windows]
        dW[:, :, i] = np.einsum("nfo,nco->fc", dy, seen)
        dx[:, :, i : i + windows] += np.einsum("nfo,fc->nco", dy, W[:, :, i])
    return dx, dW, dy.sum(axis=(0, 2))


def _sequence(rng, n, c, f, size, length):
    return rng.normal(size=(n, f, length - size + 1)), rng.normal(size=(n, c, length)), rng.normal(size=(f, c, size))


def _sequences(rng):
    return [_sequence(rng, *sizes) for sizes in ((5, 2, 4, 3, 8), (7, 3, 2, 4, 9), (6, 3, 4, 2, 8))]


def _square_sequences(rng):
    """As many filters as channels, where a transpose that was forgotten fits."""
    return [_sequence(rng, *sizes) for sizes in ((5, 3, 3, 2, 8), (6, 4, 4, 3, 9))]


def _conv1d_variant(first=lambda dx, dy, x, W: dx, second=lambda dW, dy, x, W: dW, third=None):
    """A wrong backward: each argument spoils one gradient; third makes db from dy."""

    def backward(dy, x, W):
        dx, dW, db = _conv1d_backward(dy, x, W)
        return first(dx, dy, x, W), second(dW, dy, x, W), third(dy) if third else db

    return backward


def _unflipped(dx, dy, x, W):
    return _conv1d_backward(dy, x, W[:, :, ::-1])[0]


def _last_window_wins(dx, dy, x, W):
    dx = np.zeros_like(x)
    for o in range(dy.shape[2]):
        dx[:, :, o : o + W.shape[2]] = np.einsum("nf,fci->nci", dy[:, :, o], W)
    return dx


def _last_weight_wins(dx, dy, x, W):
    dx = np.zeros_like(x)
    for i in range(W.shape[2]):
        dx[:, :, i : i + dy.shape[2]] = np.einsum("nfo,fc->nco", dy, W[:, :, i])
    return dx


def _last_window(dW, dy, x, W):
    return np.einsum("nf,nci->fci", dy[:, :, -1], x[:, :, -W.shape[2] :])


FLIP = (
    "dx has the filter the wrong way around. Slid over dy it has to be turned around: entry k of x stands at place i of"
    " window k - i, so the weights run against the windows. Added to x weight by weight, or window by window, it must"
    " not be turned."
)


def _channels_for_filters(dx, dy, x, W):
    return _conv1d_backward(dy, x, W.swapaxes(0, 1))[0] if len(W) == x.shape[1] else np.zeros(0)


CONV1D_MISTAKES = misconceptions(
    ("no-flip", FLIP, (_conv1d_variant(first=_unflipped),)),
    (
        "transpose-w",
        "In dx the filters and the channels have changed places. The forward goes from channels to filters, so the"
        " backward needs W[:, :, i] transposed: (channels, filters) times (filters, windows). Where there are as many"
        " filters as channels both fit; else NumPy refuses.",
        (_conv1d_variant(first=_channels_for_filters),),
    ),
    (
        "last-filter",
        "dx comes from one filter alone. All filters have looked at x, and their gradients add up: += in place of =.",
        (
            _conv1d_variant(first=lambda dx, dy, x, W: _conv1d_backward(dy[:, -1:], x, W[-1:])[0]),
            _conv1d_variant(first=lambda dx, dy, x, W: _conv1d_backward(dy[:, :1], x, W[:1])[0]),
        ),
    ),
    (
        "channels-mixed",
        "The channels are mixed: all get the same. Channel c of x has met the weights W[:, c] and no others.",
        (
            _conv1d_variant(first=lambda dx, *_: np.broadcast_to(dx.sum(axis=1, keepdims=True), dx.shape).copy()),
            _conv1d_variant(second=lambda dW, *_: np.broadcast_to(dW.sum(axis=1, keepdims=True), dW.shape).copy()),
        ),
    ),
    (
        "flipped-dw",
        "dx and db are right, and dW comes out back to front. Weight i meets x at o + i in window o: dW is dy slid"
        " over x, with nothing turned around.",
        (_conv1d_variant(second=lambda dW, dy, x, W: dW[:, :, ::-1].copy()),),
    ),
    (
        "flipped-both",
        "Both dx and dW are turned around. This is the backward of a convolution with a flipped filter; ours slides it"
        " as it stands.",
        (_conv1d_variant(first=_unflipped, second=lambda dW, dy, x, W: dW[:, :, ::-1].copy()),),
    ),
    (
        "overwrites",
        "In dx each window overwrites what the one before has given. Windows overlap, and their gradients add up: use"
        " += in place of =.",
        (_conv1d_variant(first=_last_window_wins), _conv1d_variant(first=_last_weight_wins)),
    ),
    (
        "one-window",
        "dW comes from one window only. The filter is used in every window, and all of them pull at it: sum over them.",
        (_conv1d_variant(second=_last_window),),
    ),
    (
        "last-example",
        "dW comes from one example of the batch alone. All examples pull at the same filter: add them up.",
        (
            _conv1d_variant(second=lambda dW, dy, x, W: _conv1d_backward(dy[-1:], x[-1:], W)[1]),
            _conv1d_variant(second=lambda dW, dy, x, W: _conv1d_backward(dy[:1], x[:1], W)[1]),
        ),
    ),
    (
        "bias-mean",
        "db is a mean. A filter's bias is added in every window of every example, and all of them pull at it: sum.",
        (_conv1d_variant(third=lambda dy: dy.mean(axis=(0, 2))),),
    ),
    (
        "one-bias",
        "db is summed over everything. Each filter has a bias of its own: sum over examples and windows, and keep the"
        " axis of the filters.",
        (_conv1d_variant(third=lambda dy: dy.sum()), _conv1d_variant(third=lambda dy: dy.sum(keepdims=True).ravel())),
    ),
    (
        "order",
        "The three gradients are right, but in another order. Return dx, dW, db.",
        (lambda dy, x, W: (lambda dx, dW, db: (dW, db, dx))(*_conv1d_backward(dy, x, W)),),
    ),
)


# conv2d-backward


def _windows(dy, i, j, stride):
    """Where the entries of x stand that weight (i, j) meets, in all windows."""
    rows, columns = dy.shape[2:]
    return (
        slice(None),
        slice(None),
        slice(i, i + stride * (rows - 1) + 1, stride),
        slice(j, j + stride * (columns - 1) + 1, stride),
    )


def _conv2d_backward(dy, x, W, stride):
    dx, dW = np.zeros_like(x), np.zeros_like(W)
    for i, j in np.ndindex(W.shape[2:]):
        there = _windows(dy, i, j, stride)
        dW[:, :, i, j] = np.einsum("nfop,ncop->fc", dy, x[there])
        dx[there] += np.einsum("nfop,fc->ncop", dy, W[:, :, i, j])
    return dx, dW, dy.sum(axis=(0, 2, 3))


def _image(rng, n, c, f, rows, columns, h, w, stride):
    out = (h - rows) // stride + 1, (w - columns) // stride + 1
    x, W = rng.normal(size=(n, c, h, w)), rng.normal(size=(f, c, rows, columns))
    return rng.normal(size=(n, f, *out)), x, W, stride


def _images(rng):
    sizes = ((5, 2, 4, 3, 2, 8, 6, 1), (3, 2, 5, 3, 4, 8, 11, 2), (4, 3, 2, 2, 3, 9, 10, 2))
    return [_image(rng, *each) for each in sizes]


def _square_images(rng):
    return [_image(rng, *each) for each in ((5, 2, 4, 3, 3, 8, 7, 1), (4, 3, 2, 3, 3, 7, 10, 2))]


def _conv2d_variant(first=lambda dx, dy, x, W, stride: dx, second=lambda dW, dy, x, W, stride: dW, third=None):
    """A wrong backward: each argument spoils one gradient; third makes db from dy."""

    def backward(dy, x, W, stride):
        dx, dW, db = _conv2d_backward(dy, x, W, stride)
        return first(dx, dy, x, W, stride), second(dW, dy, x, W, stride), third(dy) if third else db

    return backward


def _with_filter(turned):
    """dx as it comes out of a filter that was turned wrongly."""
    return lambda dx, dy, x, W, stride: _conv2d_backward(dy, x, turned(W), stride)[0]


def _flip(W):
    return W[:, :, ::-1, ::-1]


def _last_image_window_wins(dx, dy, x, W, stride):
    dx, (rows, columns) = np.zeros_like(x), W.shape[2:]
    for o, p in np.ndindex(dy.shape[2:]):
        place = np.s_[:, :, o * stride : o * stride + rows, p * stride : p * stride + columns]
        dx[place] = np.einsum("nf,fcij->ncij", dy[:, :, o, p], W)
    return dx


def _last_image_weight_wins(dx, dy, x, W, stride):
    dx = np.zeros_like(x)
    for i, j in np.ndindex(W.shape[2:]):
        dx[_windows(dy, i, j, stride)] = np.einsum("nfop,fc->ncop", dy, W[:, :, i, j])
    return dx


def _last_image_window(dW, dy, x, W, stride):
    top, left = ((length - 1) * stride for length in dy.shape[2:])
    seen = x[:, :, top : top + W.shape[2], left : left + W.shape[3]]
    return np.einsum("nf,ncij->fcij", dy[:, :, -1, -1], seen)


def _as_if_stride_1(dy, x, W):
    return _conv2d_backward(dy, x, W, 1)[:2]


CONV2D_MISTAKES = misconceptions(
    (
        "no-flip",
        "In dx the filter stands turned by 180 degrees. The weight W_ij that met an entry of x in a window carries the"
        " gradient of that same window back to it. Where you slide a filter over dy it has to be flipped, and where you"
        " add dy W window by window it must not be.",
        (_conv2d_variant(first=_with_filter(_flip)),),
    ),
    (
        "one-axis",
        "dx is made with the filter flipped along one of its axes only. Both axes follow the same rule.",
        (_conv2d_variant(first=_with_filter(lambda W: W[:, :, ::-1])),),
    ),
    (
        "rotated-90",
        "dx is made with the filter turned by 90 degrees. A flip of both axes is half a turn, 180 degrees; with filters"
        " that are not square a quarter turn does not even fit.",
        (_conv2d_variant(first=_with_filter(lambda W: np.rot90(W, axes=(2, 3)))),),
    ),
    (
        "transposed",
        "dx is made with rows and columns of the filter exchanged. To turn a filter around is no transpose: both axes"
        " run backward, and neither becomes the other.",
        (_conv2d_variant(first=_with_filter(lambda W: W.swapaxes(2, 3))),),
    ),
    (
        "flipped-dw",
        "dx and db are right, and dW is turned by 180 degrees. Weight (i, j) meets the entries of x that lie i below"
        " and j beside the corners of the windows: nothing is turned around.",
        (_conv2d_variant(second=lambda dW, *_: _flip(dW).copy()),),
    ),
    (
        "flipped-both",
        "Both dx and dW are turned by 180 degrees. This is the backward of a convolution with a flipped filter; ours"
        " slides it as it stands.",
        (_conv2d_variant(first=_with_filter(_flip), second=lambda dW, *_: _flip(dW).copy()),),
    ),
    (
        "overwrites",
        "In dx each window overwrites what others have given. Windows overlap, and their gradients add up: use += in"
        " place of =.",
        (_conv2d_variant(first=_last_image_window_wins), _conv2d_variant(first=_last_image_weight_wins)),
    ),
    (
        "one-window",
        "dW comes from one window only. The filter is used in every window, and all of them pull at it: sum over them.",
        (_conv2d_variant(second=_last_image_window),),
    ),
    (
        "last-filter",
        "dx comes from one filter alone. All filters have looked at x, and their gradients add up: += in place of =.",
        (
            _conv2d_variant(
                first=lambda dx, dy, x, W, stride: _conv2d_backward(dy[:, -1:], x, W[-1:], stride)[0],
            ),
            _conv2d_variant(
                first=lambda dx, dy, x, W, stride: _conv2d_backward(dy[:, :1], x, W[:1], stride)[0],
            ),
        ),
    ),
    (
        "channels-mixed",
        "The channels are mixed: all get the same. Channel c of x has met the weights W[:, c] and no others.",
        (
            _conv2d_variant(first=lambda dx, *_: np.broadcast_to(dx.sum(axis=1, keepdims=True), dx.shape).copy()),
            _conv2d_variant(second=lambda dW, *_: np.broadcast_to(dW.sum(axis=1, keepdims=True), dW.shape).copy()),
        ),
    ),
    (
        "no-stride",
        "It is right for stride = 1, and wrong for stride = 2, where window (o, p) has its corner elsewhere. It is at"
        " row o * stride and column p * stride.",
        (
            lambda dy, x, W, stride: (*_as_if_stride_1(dy, x, W), dy.sum(axis=(0, 2, 3))),
            _conv2d_variant(first=lambda dx, dy, x, W, stride: _as_if_stride_1(dy, x, W)[0]),
            _conv2d_variant(second=lambda dW, dy, x, W, stride: _as_if_stride_1(dy, x, W)[1]),
        ),
    ),
    (
        "last-example",
        "dW comes from one example of the batch alone. All examples pull at the same filter: add them up.",
        (
            _conv2d_variant(
                second=lambda dW, dy, x, W, stride: _conv2d_backward(dy[-1:], x[-1:], W, stride)[1],
            ),
            _conv2d_variant(
                second=lambda dW, dy, x, W, stride: _conv2d_backward(dy[:1], x[:1], W, stride)[1],
            ),
        ),
    ),
    (
        "factor-windows",
        "dW is divided by the number of windows. A filter that is used in many places is pulled at from all of them,"
        " and pulls add up: no mean.",
        (_conv2d_variant(second=lambda dW, dy, *_: dW / dy[0, 0].size),),
    ),
    (
        "bias-mean",
        "db is a mean. A filter's bias is added in every window of every example, and all of them pull at it: sum.",
        (_conv2d_variant(third=lambda dy: dy.mean(axis=(0, 2, 3))),),
    ),
    (
        "one-bias",
        "db is summed over everything. Each filter has a bias of its own: sum over examples and windows, and keep the"
        " axis of the filters.",
        (_conv2d_variant(third=lambda dy: dy.sum()), _conv2d_variant(third=lambda dy: dy.sum(keepdims=True).ravel())),
    ),
    (
        "order",
        "The three gradients are right, but in another order. Return dx, dW, db.",
        (lambda dy, x, W, stride: (lambda dx, dW, db: (dW, db, dx))(*_conv2d_backward(dy, x, W, stride)),),
    ),
)


# max-pool-backward


def _max_pool_backward(dy, x, size, stride):
    return _pooling(dy, x, size, stride)


def _pooling(
    dy,
    x,
    size,
    stride,
    share=lambda dy, window, first: dy * first,
    choose=lambda flat: flat.argmax(axis=2),
    add=True,
    most=None,
):
    """The backward of max pooling; each argument after the stride is one thing that a learner may get wrong."""
    dx = np.zeros_like(x)
    for o, p in list(np.ndindex(dy.shape[2:]))[:most]:
        place = np.s_[:, :, o * stride : o * stride + size, p * stride : p * stride + size]
        window = x[place]
        flat = window.reshape(*x.shape[:2], -1)
        first = (np.arange(flat.shape[2]) == choose(flat)[..., None]).reshape(window.shape)
        given = share(dy[:, :, o, p][..., None, None], window, first)
        dx[place] = dx[place] + given if add else given
    return dx


def _pools(rng):
    """Whole numbers, so that there are ties; windows that overlap, windows that do not, and a rest at the edge."""
    cases = []
    for n, c, h, w, size, stride in ((5, 2, 6, 7, 3, 2), (3, 2, 6, 8, 2, 2), (4, 3, 5, 6, 2, 1)):
        x = rng.integers(-2, 3, size=(n, c, h, w)).astype(float)
        x[0, 0, :size, :size] = 3.0  # at least one window is a tie
        out = (h - size) // stride + 1, (w - size) // stride + 1
        cases.append((rng.normal(size=(n, c, *out)), x, size, stride))
    return cases


def _pool_boundaries(rng):
    near = 1.0 + 1e-9 * rng.permutation(5 * 2 * 4 * 4).reshape(5, 2, 4, 4)
    apart = rng.normal(size=(5, 2, 7, 8))
    return [
        ("entries that are nearly equal", (rng.normal(size=(5, 2, 2, 2)), near, 2, 2)),
        ("a stride that is larger than the window", (rng.normal(size=(5, 2, 2, 3)), apart, 2, 3)),
    ]


def _pooled(**wrong):
    return lambda dy, x, size, stride: _pooling(dy, x, size, stride, **wrong)


def _to_all_largest(dy, window, first):
    return dy * (window == window.max(axis=(2, 3), keepdims=True))


def _in_equal_parts(dy, window, first):
    largest = window == window.max(axis=(2, 3), keepdims=True)
    return dy * largest / largest.sum(axis=(2, 3), keepdims=True)


def _last(flat):
    return flat.shape[2] - 1 - flat[:, :, ::-1].argmax(axis=2)


def _last_window_of_an_entry_wins(dy, x, size, stride):
    """The first largest entry is found, as by np.unravel_index, and dx = dy is written there."""
    dx = np.zeros_like(x)
    for n, c, o, p in np.ndindex(dy.shape):
        window = x[n, c, o * stride : o * stride + size, p * stride : p * stride + size]
        i, j = np.unravel_index(window.argmax(), window.shape)
        dx[n, c, o * stride + i, p * stride + j] = dy[n, c, o, p]
    return dx


POOL_MISTAKES = misconceptions(
    (
        "as-it-stands",
        "Both mistakes are still there. In a tie every largest entry gets the whole gradient; and where windows"
        " overlap, a window overwrites what the one before has given.",
        (_pooled(share=_to_all_largest, add=False),),
    ),
    (
        "ties",
        "Windows that overlap are right now, and ties are not. Every largest entry still gets the whole gradient, so"
        " that dx adds up to more than dy: only the first of them, row by row, was taken.",
        (_pooled(share=_to_all_largest),),
    ),
    (
        "overwrites",
        "Ties are right now, and windows that overlap are not. One still overwrites what another has given, so that"
        " part of dy is lost: an entry that is the largest of two windows gets both gradients. Use += in place of =.",
        (_pooled(add=False), _last_window_of_an_entry_wins),
    ),
    (
        "equal-parts",
        "In a tie you divide the gradient among the largest entries. The sum is right, but the forward has taken the"
        " first one, row by row: it gets all.",
        (_pooled(share=_in_equal_parts), _pooled(share=_in_equal_parts, add=False)),
    ),
    (
        "last-of-ties",
        "In a tie the last of the largest entries gets the gradient. The forward takes the first one, row by row.",
        (_pooled(choose=_last),),
    ),
    (
        "one-window",
        "Only one window gives its gradient back. Does the function return inside the loop?",
        (_pooled(most=1),),
    ),
    (
        "over-channels",
        "The largest entry was sought for all channels at once. Each channel is pooled by itself, and so is each"
        " example.",
        (
            _pooled(share=lambda dy, window, first: dy * (window == window.max())),
            _pooled(choose=lambda flat: np.repeat(flat.argmax(axis=2)[:, :1], flat.shape[1], axis=1)),
            _pooled(choose=lambda flat: np.full(flat.shape[:2], flat.argmax(axis=2)[0, 0])),
            _pooled(choose=lambda flat: np.repeat(flat.sum(axis=1, keepdims=True).argmax(axis=2), flat.shape[1], 1)),
        ),
    ),
)


# dx-sums

SUM = 10.0
FILTER = np.array([[1.0, 2.0], [0.0, -1.0]])
SUMS = {"maximum": SUM, "overlapping": SUM, "mean": SUM, "convolution": SUM * FILTER.sum()}

SUM_MISTAKES = misconceptions(
    (
        "to-all",
        "With the maximum, not every entry of a window gets its gradient. One of them gets all of it, and nothing is"
        " lost on the way and nothing is added.",
        (
            lambda: {"overlapping": 4 * SUM},
            lambda: {"maximum": 4 * SUM, "overlapping": 4 * SUM},
        ),
    ),
    (
        "maximum-as-mean",
        "A quarter of the gradient is what each entry gets from the mean. The maximum hands over all of it, to one"
        " entry.",
        (
            lambda: {"overlapping": SUM / 4},
            lambda: {"maximum": SUM / 4, "overlapping": SUM / 4},
        ),
    ),
    (
        "overlap-more",
        "Where windows overlap, an entry may get several gradients; but each window still gives its own away exactly"
        " once.",
        (lambda: {"overlapping": 2 * SUM},),
    ),
    (
        "overlap-places",
        "You counted how many places the four windows have. Each window gives its gradient to one of them, so what adds"
        " up is dy.",
        (lambda: {"overlapping": 16.0},),
    ),
    (
        "mean-undivided",
        "You gave each of the four entries the whole gradient of its window. With the mean it gets a quarter.",
        (lambda: {"mean": 4 * SUM},),
    ),
    (
        "mean-one-part",
        "A quarter is what one entry of a window gets. There are four of them: add them up.",
        (lambda: {"mean": SUM / 4},),
    ),
    (
        "convolution-as-it-came",
        "A convolution multiplies. Each dy meets each of the four weights once, so it is counted as often as the"
        " weights add up to.",
        (lambda: {"convolution": SUM},),
    ),
    (
        "convolution-weights-alone",
        "This is what the weights add up to. Each dy meets all of them, so it is multiplied by what all dy add up to.",
        (lambda: {"convolution": FILTER.sum()},),
    ),
    (
        "convolution-without-signs",
        "You added the sizes of the weights. Their signs count: a negative weight sends the gradient back negative.",
        (lambda: {"convolution": SUM * np.abs(FILTER).sum()},),
    ),
    (
        "convolution-mean",
        "You took the mean of the weights. Each dy meets all four of them, and what they send back adds up.",
        (lambda: {"convolution": SUM * FILTER.mean()},),
    ),
)


def _without_ties(x):
    """Numbers in the same order, of which no two are equal."""
    ranks = np.empty(x.size)
    ranks[np.argsort(x, axis=None, kind="stable")] = np.arange(x.size)
    return ranks.reshape(x.shape) - x.size / 2


def _side_by_side(arguments):
    """Windows that touch and do not overlap."""
    size, (_, _, height, width) = arguments["size"], arguments["x"].shape
    return {**arguments, "dy": arguments["dy"][:, :, : height // size, : width // size], "stride": size}


POOL_PROBES = (
    Probe("when no two entries of x are equal", lambda a: {**a, "x": _without_ties(a["x"])}),
    Probe("when windows do not overlap", _side_by_side),
)


# moved-digits: a network of the learner's own, trained until it reads digits that are moved by a pixel

MOVED_BAND = 0.93
SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1))
_FEW, _NUDGED = 40, 8  # digits of the short training, and of the look at its gradients


def _moved(X, down, right):
    bordered = np.pad(X.reshape(-1, 8, 8), [(0, 0), (1, 1), (1, 1)])
    return bordered[:, 1 - down : 9 - down, 1 - right : 9 - right].reshape(len(X), 64)


def _digits():
    """Training and held-out parts, always the same: which digits are held out should not decide about an answer."""
    digits = data.digits()
    return data.split(np.random.default_rng(8), digits.X, digits.y)


def _reader(
    *,
    move=False,
    spoil=lambda grads, n: grads,
    filters=(6, 12),
    epochs=6,
    read=lambda z: z.argmax(axis=1),
    total=False,
    weights=1.0,
    bias=0.0,
):
    """An answer as one may write it, by default without moved images; the keywords are where it may go wrong."""

    def forward(params, X):
        x, steps = np.reshape(X, (-1, 1, 8, 8)) / 16, []
        for W, b in zip(("W1", "W2"), ("b1", "b2"), strict=True):
            if W in params:
                steps.append((x, W, b))
                x = np.maximum(conv2d(x, params[W], params[b], 1, 1), 0)
        pooled = max_pool(x, 2)
        return steps, x, pooled, pooled.reshape(len(X), -1) @ params["V"] + params["c"]

    def loss_and_gradients(params, X, y):
        steps, x, pooled, z = forward(params, X)
        p, truth = softmax(z), np.eye(10)[np.asarray(y)]
        dz = (p - truth) / len(z)
        grads = {"V": pooled.reshape(len(X), -1).T @ dz, "c": dz.sum(axis=0)}
        dx, y_next = max_pool_backward((dz @ params["V"].T).reshape(pooled.shape), pooled, x, 2), x
        for x, W, b in reversed(steps):
            dx, grads[W], grads[b] = conv2d_backward(dx * (y_next > 0), y_next, x, params[W], params[b], 1, 1)
            y_next = x
        grads, loss = spoil({name: grads[name] for name in params}, len(z)), -np.mean(np.log(p[truth > 0] + 1e-300))
        return (len(z) * loss, {name: len(z) * g for name, g in grads.items()}) if total else (loss, grads)

    def reader(X, y, rng):
        first, *second = filters
        params = {"W1": rng.normal(size=(first, 1, 3, 3)) / 2, "b1": np.full(first, bias)}
        for last in second:
            params |= {"W2": rng.normal(size=(last, first, 3, 3)) / 5, "b2": np.zeros(last)}
        params |= {"V": rng.normal(size=(16 * filters[-1], 10)) / 14, "c": np.zeros(10)}
        params = {name: p * weights if p.ndim > 1 else p for name, p in params.items()}
        adam = Adam(0.01)
        for _ in range(epochs):
            order = rng.permutation(len(X))
            for rows in np.split(order, range(32, len(X), 32)):
                images = _moved(X[rows], *SIDES[rng.integers(4)]) if move and rng.random() < 0.8 else X[rows]
                adam.step(params, loss_and_gradients(params, images, y[rows])[1])
        return params, loss_and_gradients, lambda params, X: read(forward(params, X)[-1])

    return reader


def _without_looking(X, y, rng):
    params, loss_and_gradients, predict = _reader(epochs=1)(X, y, rng)
    return params, loss_and_gradients, lambda _, X: predict(params, X)


MOVED_MISTAKES = misconceptions(
    (
        "in-place-only",
        "It reads digits in place, and is lost where they are moved by a pixel: it was trained in place only. Before"
        " each step, move the images of the mini-batch by a pixel to a random side, or leave them.",
        (_reader(),),
    ),
    (
        "sums",
        "All gradients are as many times too large as the batch has images. The loss is a mean over them, so what comes"
        " back from it is divided by their number, once.",
        (_reader(epochs=1, spoil=lambda grads, n: {name: n * g for name, g in grads.items()}),),
    ),
    (
        "sum-loss",
        "Your loss is a sum over the images: with a batch twice as large it is twice as large. It is the mean, in the"
        " loss and in its gradients.",
        (_reader(epochs=1, total=True),),
    ),
    (
        "shut",
        "There are two convolutions, but no gradient reaches their filters. Are all relus shut? A rate that is too"
        " large does it, and pixels up to 16 that have not been divided make it likelier.",
        (_reader(epochs=1, bias=-100.0),),
    ),
    (
        "sign",
        "All gradients have the wrong sign. Going back from the cross-entropy, the first one is p minus the truth.",
        (_reader(epochs=1, spoil=lambda grads, n: {name: -g for name, g in grads.items()}),),
    ),
    (
        "one-convolution",
        "Two convolutions are needed, one behind the other: with a single one nobody would use your dx. Their filters"
        " are parameters with four axes.",
        (_reader(epochs=1, filters=(6,)),),
    ),
    (
        "unused",
        "predict says the same with other parameters: it does not use those that it is given. Compute with the params"
        " of its own argument.",
        (_without_looking,),
    ),
    (
        "logits",
        "predict returns ten numbers for each image. The class is the place of the largest of them: argmax along"
        " axis 1.",
        (_reader(epochs=1, read=lambda z: z),),
    ),
    (
        "chance",
        "It is right about one time in ten, which is what guessing gives. Does the loss fall from step to step? Weights"
        " that all begin at zero, a rate that is too large, and pixels up to 16, not divided, keep it from falling.",
        (_reader(move=True, epochs=0), _reader(epochs=2, weights=0.0)),
    ),
)


def _stop(id):
    raise Settled.on(verdict_of(MOVED_MISTAKES, id))


def _labels(model, images, params=None):
    said = model.used(images, words="predict", params=params)
    if said.shape == (len(images), 10):
        _stop("logits")
    if said.shape != (len(images),):
        raise Settled(f"predict returns an array of shape {said.shape}; {(len(images),)} is needed, a label for each.")
    return said


def _look_inside(model, X, y, rng):
    """Settled unless a shortly trained model has two convolutions, gradients that are right, and uses them."""
    _labels(model, X)
    slopes = slopes_of(model, (X[:_NUDGED], y[:_NUDGED]), rng)
    factor = common_factor(slopes)
    if factor is not None and abs(factor - _NUDGED) < 0.01:
        _stop("sums")
    if factor is not None and abs(factor + 1) < 0.01:
        _stop("sign")
    if wrong := wrong_gradients(slopes):
        raise Settled.on(wrong)
    batch = X[:_NUDGED], y[:_NUDGED]
    twice = loss_of(model, model.params, *(np.concatenate([part, part]) for part in batch))
    if abs(twice / max(loss_of(model, model.params, *batch), 1e-9) - 2) < 0.01:
        _stop("sum-loss")
    filters = [name for name, p in model.params.items() if p.ndim == 4]
    reached = [name for name in filters if slopes[name].said.any()]
    if len(reached) >= 2:
        return
    anew = slopes_of(replace(model, params=_drawn(model.params, rng)), batch, rng)
    _stop("shut" if sum(anew[name].said.any() for name in filters) >= 2 else "one-convolution")


def _drawn(params, rng):
    """Parameters of the same shapes, as one might begin with."""
    return {
        name: rng.normal(size=p.shape) / np.sqrt(max(1, p.size // max(p.shape or (1,)))) for name, p in params.items()
    }


def _judge_moved():
    def judge(answer, rng):
        X, X_test, known, known_test = _digits()
        names = rng.permutation(10)  # each time the classes have other names, so that labels have to be learned
        y, y_test = names[known], names[known_test]

        def trained(n):
            own = np.random.default_rng(int(rng.integers(1 << 31)))
            inputs = f"X of shape {X[:n].shape}, y of shape {y[:n].shape} and an rng"
            return model_of(answer, (X[:n].copy(), y[:n].copy(), own), inputs, "params, loss_and_gradients, predict")

        _look_inside(trained(_FEW), X, y, rng)
        model = trained(len(X))
        said = _labels(model, X_test)
        if all(np.mean(_labels(model, X_test, _drawn(model.params, rng)) == said) > 0.9 for _ in range(2)):
            _stop("unused")
        in_place = np.mean(said == y_test)
        right = np.mean([_labels(model, _moved(X_test, *side)) == y_test for side in SIDES])
        if right >= MOVED_BAND:
            says = (
                f"At least {MOVED_BAND:.0%} of {len(y_test)} held-out digits are right when they are moved by a pixel."
            )
            return Verdict(PASSED, says)
        if max(in_place, right) < 0.25:
            _stop("chance")
        if in_place > 0.95 and right < 0.85:
            _stop("in-place-only")
        error = np.sqrt(right * (1 - right) / len(y_test))
        help = "Your gradients are right, so train for longer, or with more filters. Is every image moved anew?"
        if in_place < 0.97:
            help = (
                "Even in place it reads too few: look at the rate first, at how the first weights are drawn, and at the"
                " pixels, which should be divided by 16. Your gradients are right."
            )
        return Verdict(
            NOT_YET,
            f"Moved by a pixel, {right:.1%} of the held-out digits are right, give or take {error:.1%}, and"
            f" {MOVED_BAND:.0%} are needed; in place it is {in_place:.1%}. {help}",
            "seen: band",
        )

    return settling(judge, MOVED_MISTAKES)


PROBLEMS = (
    Problem(
        id="conv1d-backward",
        title="The backward of a convolution in one dimension",
        points=4,
        hints=(
            "Shapes first: dx as x, dW as W, db with one entry for each filter. How many windows pull at one weight?",
            "Weight i meets the slice x[:, :, i : i + windows], with one entry for each window. Loop over i.",
            "dW[:, :, i] is dy times that slice, summed over examples and windows: a product of (filters, windows) and"
            " (windows, channels) for each example.",
            "dx gets W[:, :, i].T @ dy at the same slice, with +=. db is dy summed over axes 0 and 2.",
        ),
        judge=judge_square_first(
            _conv1d_backward, _sequences, _square_sequences, CONV1D_MISTAKES, TURNED, returns="dx dW db"
        ),
        minutes=15,
        difficulty=2,
    ),
    Problem(
        id="conv2d-backward",
        title="The backward of a convolution in two dimensions",
        points=5,
        hints=(
            "It is the exercise before with a second loop, and with a step in the slices. Write it for stride 1 first.",
            "With a stride, weight (i, j) meets the rows i, i + stride, i + 2 stride, ... of x, one for each row of"
            " windows, and the columns likewise.",
            "rows = slice(i, i + stride * (dy.shape[2] - 1) + 1, stride), and columns likewise; seen = x[:, :, rows,"
            " columns] has the shape (n, channels) followed by that of the windows.",
            'dW[:, :, i, j] = np.einsum("nfop,ncop->fc", dy, seen), and dx[:, :, rows, columns] +='
            ' np.einsum("nfop,fc->ncop", dy, W[:, :, i, j]).',
        ),
        judge=judge_square_first(
            _conv2d_backward, _images, _square_images, CONV2D_MISTAKES, TURNED, returns="dx dW db"
        ),
        minutes=20,
        difficulty=3,
    ),
    Problem(
        id="max-pool-backward",
        title="Repair the backward of max pooling",
        points=3,
        hints=(
            "Count where each dy went. When would dx add up to more than dy, and when to less?",
            "In a tie, `window == largest` is true in several places. The forward took the first one, row by row.",
            "Flattened, a window has one place of its first maximum: window.reshape(n, channels, -1).argmax(axis=2). A"
            " mask that is true there only is np.arange(size * size) == that[..., None], back in the shape of the"
            " window.",
            "Where windows overlap, an entry may be the largest of several. Then its gradients add up: += in place of"
            " =.",
        ),
        judge=judge_function(
            _max_pool_backward, _pools, POOL_MISTAKES, probes=POOL_PROBES, boundaries=_pool_boundaries
        ),
        minutes=15,
        difficulty=2,
    ),
    Problem(
        id="dx-sums",
        title="What a gradient adds up to",
        points=1,
        hints=(
            "Follow a single dy. To how many entries does it go, and how much of it to each?",
            "The maximum: all of it, to one entry. The mean: a quarter, to four entries. The convolution: to four"
            " entries, each time multiplied by a weight.",
        ),
        judge=judge_numbers(SUMS, SUM_MISTAKES),
        minutes=5,
        difficulty=1,
    ),
    Problem(
        id="moved-digits",
        title="Digits that survive a step to the side",
        points=5,
        hints=(
            "Begin with loss_and_gradients, and look at its gradients with central differences on four images before"
            " you train. Keep every array of the forward pass that the way back needs.",
            "A small network is enough: pixels divided by 16, a border of zeros, 12 filters of 3 x 3, relu, 24 filters"
            " of 3 x 3, relu, pooling of 2 x 2, and a linear layer.",
            "Going back: dz = (p - truth) / n, then the linear layer of lesson 06, max_pool_backward, the mask of the"
            " relu, conv2d_backward, whose dx goes through the first relu, and conv2d_backward once more.",
            "In each epoch draw one of five ways for each image: in place, or moved to one of the four sides. Fifteen"
            " epochs of Adam with optimizers.cosine(0.01, steps) are plenty.",
        ),
        judge=_judge_moved(),
        allowed=("optimizers",),
        minutes=40,
        difficulty=3,
    ),
)


# Turns in the lesson


def _lengths(rng):
    drawn = [(int(rng.integers(9, 40)), int(rng.integers(2, 6)), int(p), int(s)) for p, s in ((0, 1), (1, 2), (2, 3))]
    return [(8, 3, 1, 2), (9, 3, 0, 2), (10, 4, 2, 3), *drawn]


WINDOW_MISTAKES = misconceptions(
    (
        "no-one",
        "It is one too few each time: how far the window can move is counted, and the place where it begins is one"
        " more.",
        (lambda m, k, padding, stride: (m + 2 * padding - k) // stride,),
    ),
    (
        "one-side",
        "The zeros stand on one side only. There is padding on both.",
        (lambda m, k, padding, stride: (m + padding - k) // stride + 1,),
    ),
    (
        "rounded-up",
        "A window that would begin inside and end outside is counted. Round down: // does.",
        (lambda m, k, padding, stride: -(-(m + 2 * padding - k) // stride) + 1,),
    ),
    (
        "not-whole",
        "A number of windows is a whole number: round down, with // in place of /.",
        (lambda m, k, padding, stride: (m + 2 * padding - k) / stride + 1,),
    ),
    (
        "one-inside",
        "The 1 is divided by the stride too. Count the steps, and add the first place afterward.",
        (lambda m, k, padding, stride: (m + 2 * padding - k + 1) // stride,),
    ),
)


TURNS = (
    turn(
        "turn-recall-shares",
        "Lesson 03: three paths",
        judge_value(
            5,
            "Paths add up. A filter's weight has as many paths as there are windows.",
            {
                4: "This is the largest share. Nothing is chosen among paths: they add up.",
                -8: "Shares of different paths are not multiplied. Along one path slopes are.",
                5 / 3: "There is no mean: each path has its share, and they add up.",
                7: "The signs count: one of the paths makes the loss smaller.",
            },
        ),
        "Several paths to the loss: what happens to their shares?",
    ),
    turn(
        "turn-recall-error",
        "Lesson 08: how sure is a share",
        judge_value(
            float(np.sqrt(0.96 * 0.04 / 400)),
            "The root of 0.96 * 0.04 / 400: about one in a hundred. Two networks that differ by less are hard to tell"
            " apart.",
            {
                0.000096: "This is the variance. The error is its root.",
                0.05: "The share of the right ones is missing below the root: p (1 - p) / n.",
                0.196: "The root of p (1 - p) is the spread of one digit. Divide by the root of 400.",
                0.0384: "This is p (1 - p). Divide it by 400 and take the root.",
                0.98: "This is the root of 0.96, or nearly. The share that is wrong belongs there too: p (1 - p).",
                3.919: "This is the error of the count, in digits. Divide by 400 for the share.",
            },
            also=(0.01,),
        ),
        "The root of p (1 - p) / n.",
    ),
    turn(
        "turn-map",
        "How large is the map",
        judge_value(
            (6, 6),
            "The corner of the filter can stand in 6 rows and 6 columns. A linear layer from 64 pixels to 36 outputs"
            " would own 2304 weights; the filter owns 9.",
            {
                (10, 10): "So many places there are if the filter may leave the image. It never does.",
                (8, 8): "At the border the filter would look outside, and it never leaves the image.",
                (5, 5): "Count the places of its corner: row 0 is one of them.",
                (7, 7): "Put the corner in row 6: the filter would need the rows 6, 7 and 8.",
            },
        ),
        "In which rows can the upper left corner of the filter stand?",
    ),
    turn(
        "turn-dx",
        "Backward on four numbers",
        judge_value(
            (2, 3, -4, 1),
            "2 * 1, then -1 * 1 + 2 * 2, then -1 * 2 + 2 * (-1), then -1 * (-1).",
            {
                (-1, 0, 5, -2): "The weights are the wrong way around: x0 stands first in window 0, so it meets w0 and"
                " not w1.",
                (2, 4, -2, 0): "Each input has met w0 alone. The two in the middle have two ways.",
                (2, 4, -2, 1): "In the middle each input has a second way: it was second in the window before.",
                (5, 8): "This is dw. Of dx there are four.",
            },
        ),
        "Put dy = (1, 2, -1) and w = (2, -1) into the four equations.",
    ),
    turn(
        "turn-filters",
        "How many weights",
        judge_value(
            216,
            "8 filters, each with 3 fields of 9 weights: W has the shape (8, 3, 3, 3).",
            {
                72: "Each filter has a field for every channel, three of them.",
                27: "This is one filter. There are eight.",
                24: "This is how many fields there are. Each has nine weights.",
                224: "The biases are counted, and they should not be.",
                9: "This is one field of one filter.",
            },
        ),
        "One field has 9 weights, a filter has a field for each channel, and there are 8 filters.",
    ),
    turn(
        "turn-windows",
        "How many windows along an axis",
        judge_function(lambda m, k, padding, stride: (m + 2 * padding - k) // stride + 1, _lengths, WINDOW_MISTAKES),
        "How far can the window move from its first place, and how many steps of the stride fit in there?",
    ),
    turn(
        "turn-field",
        "What an entry sees through two convolutions",
        judge_value(
            5,
            "It sees 3 entries of the map between, and the outer two of these look one pixel further on either side.",
            {
                9: "The windows of neighbors overlap: three of them, one pixel apart, do not cover nine pixels.",
                6: "The windows overlap. Three windows of 3, one pixel apart: where does the first begin, and the last"
                " end?",
                3: "So much of the map between. Each of these three entries sees three pixels itself.",
                25: "This is how many pixels in all. How wide is it?",
            },
        ),
        "Draw seven pixels, five entries behind the first convolution, and three behind the second.",
    ),
    turn(
        "turn-ties",
        "A tie of zeros",
        judge_value(
            False,
            "Behind the relu the entry is zero because z is not positive, and there the slope of the relu is 0:"
            " whatever arrives is multiplied by it.",
            {
                True: "Follow a gradient that reaches a zero behind the relu one step further back. What is the relu's"
                " slope there?"
            },
        ),
        "What does the relu's backward do with a gradient that arrives at a zero?",
    ),
    turn(
        "turn-hurt",
        "Who is hurt by a pixel",
        judge_value(
            "two layers",
            "Every pixel has weights of its own there, and the pixel beside it has others.",
            {
                "convolutional": "Its maps move with the image, and the pooling forgives a little. Who has nothing of"
                " the kind?",
                "nearest neighbor": "It falls far, but most strokes are wider than a pixel, so the right digit often"
                " stays the nearest. Whose weights know nothing of neighbors?",
            },
        ),
        "For whom is a pixel and the one beside it as different as any two?",
    ),
    turn(
        "turn-diagonal",
        "Who is ahead on the diagonals",
        judge_value(
            "convolutional",
            "A diagonal is a step to the side and a step down. Shared weights find a pattern that they have learned in"
            " one place in the other places too.",
            {
                "two layers": "What it has learned of one place it cannot carry to the next, for each has weights of"
                " its own.",
                "nearest neighbor": "It is the best in the places it has copies of. On the diagonals it has none.",
            },
        ),
        "Who can carry over to new places what was learned in others?",
    ),
)
