"""Lesson 00b: six exercises for practice, worth nothing, and the turns by which one may skip the lesson."""

import numpy as np

from bplib.course.judging.judges import Misconception, Problem, judge_function, misconceptions, verdict_of
from bplib.course.judging.paper import plain_choice
from bplib.course.judging.reading import NOT_YET, PASSED, Verdict, call, kind_of, read_named, settling
from bplib.course.judging.turns import judge_value, turn

LESSON = "00b_arrays"
TITLE = "Arrays"


# array-shapes: predictions on paper

SHAPES = {
    "minimum": (7,),
    "column": (5, 1),
    "whole": (),
    "scaled": (5, 7),
    "table": (5, 5),
    "pairs": (5, 5, 7),
    "product": (5,),
}
SHAPE_MISTAKES = (
    ("minimum", (5,), "axis=0 is the axis that goes, the five rows. What stays is one number for each column: (7,)."),
    ("minimum", (1, 7), "the reduced axis is still there. Without keepdims=True it goes altogether: (7,)."),
    ("minimum", (), "both axes are gone, and only axis=0 is reduced. The columns stay: (7,)."),
    ("column", (5,), "keepdims=True is asked for. The axis that is reduced stays, with the length 1: (5, 1)."),
    ("column", (1, 7), "axis=1 runs along a row. It is the 7 that becomes 1, and the 5 rows stay: (5, 1)."),
    ("column", (7, 1), "axis=1 is the axis that is reduced, the one with the 7. The 5 rows stay: (5, 1)."),
    ("whole", (1,), "no axis is named, so none is left. The shape of a single number is ()."),
    ("whole", (1, 1), "no keepdims is asked for, so no axis is left. The shape of a single number is ()."),
    ("whole", (7,), "no axis is named, so both are reduced. One number is left, and its shape is ()."),
    ("scaled", (5, 1), "the 1 meets a 7. A 1 stretches to what it meets: (5, 7)."),
    ("scaled", (5, 7, 1), "both arrays have two axes, and so has the result. From the right, 7 meets 1: (5, 7)."),
    ("table", (5,), "the None has put in an axis of length 1. (5, 1) meets (5,), which is read as (1, 5): (5, 5)."),
    ("table", (5, 1), "the 1 meets a 5. A 1 stretches to what it meets, on both sides: (5, 5)."),
    ("pairs", (5, 7), "the None has put in an axis of length 1. (5, 1, 7) meets (5, 7), read as (1, 5, 7): (5, 5, 7)."),
    ("pairs", (5, 1, 7), "the 1 meets the 5 rows of the other array. A 1 stretches to what it meets: (5, 5, 7)."),
    ("product", (5, 7), "@ adds up along the 7 that both share. It goes, and the 5 rows stay: (5,)."),
    ("product", (5, 1), "w has one axis alone, and the product takes it away. No 1 comes in its place: (5,)."),
    ("product", (7,), "the 7 is what both share, so it is summed over. What stays is the 5 of X: (5,)."),
)


def _judge_shapes():
    """A judge of a dict of shapes, told the first that is wrong and why."""
    mistakes = tuple(
        Misconception(f"{name} {shape}", lambda name=name, shape=shape: {**SHAPES, name: shape}, f"In {name}, {says}")
        for name, shape, says in SHAPE_MISTAKES
    )

    def judge(answer, rng):
        given, missing = read_named(call(answer, (), ""), SHAPES)
        for name, shape in given.items():
            said, needed = plain_choice(shape), plain_choice(SHAPES[name])
            if said == needed:
                continue
            if not isinstance(said, tuple):
                one = "that of a single number is ()" if not needed else "one of one axis is written (3,), with a comma"
                hint = f"; {one}" if isinstance(said, float) else ""
                return Verdict(NOT_YET, f"{name} is {kind_of(shape)}, and a shape is a tuple{hint}.", "seen: kind")
            known = [f"{n} {s}" for n, s, _ in SHAPE_MISTAKES if (n, plain_choice(s)) == (name, said)]
            if known:
                return verdict_of(mistakes, known[0])
            axes = f"{len(said)} {'axis' if len(said) == 1 else 'axes'}"
            fact = (
                f"it has as many axes as this, {len(needed)}, and other lengths"
                if len(said) == len(needed)
                else f"this has {axes}, and the array has {len(needed)}"
            )
            return Verdict(NOT_YET, f"{name} is not right yet: {fact}.", "seen: axes")
        if missing:
            return Verdict(NOT_YET, missing + (" What is there is right." if given else ""))
        return Verdict(
            PASSED, "All seven. An axis that is reduced goes, a 1 stretches, and @ takes away what both share."
        )

    return settling(judge, mistakes)


# array-ranges: an axis


def _ranges(X):
    return X.max(axis=0) - X.min(axis=0)


def _table(rng, *shape):
    return rng.normal(size=shape)


RANGES_MISTAKES = misconceptions(
    (
        "rows",
        "There is one number for each row. Columns are what is asked for: reduce axis 0, along which the rows lie.",
        (lambda X: X.max(axis=1) - X.min(axis=1),),
    ),
    (
        "whole",
        "This is the range of the whole array, one number. Say along which axis to look: axis=0 gives one for each"
        " column.",
        (lambda X: X.max() - X.min(), lambda X: np.ptp(X)),
    ),
    (
        "mixed",
        "One of the two looks at the whole array. Both the largest and the smallest are asked of each column.",
        (lambda X: X.max(axis=0) - X.min(), lambda X: X.max() - X.min(axis=0)),
    ),
    (
        "largest",
        "This is the largest of each column alone. Take the smallest of each away from it.",
        (lambda X: X.max(axis=0),),
    ),
    (
        "first-last",
        "This is the last row minus the first. The largest of a column may stand anywhere in it: .max(axis=0).",
        (lambda X: X[-1] - X[0],),
    ),
    (
        "added",
        "The smallest is added to the largest. A range is their difference.",
        (lambda X: X.max(axis=0) + X.min(axis=0),),
    ),
    (
        "deviation",
        "This is the standard deviation of each column. Its range is the largest minus the smallest.",
        (lambda X: X.std(axis=0), lambda X: X.std(axis=0, ddof=1)),
    ),
    (
        "neighbors",
        "These are differences between a row and the next. The largest may stand anywhere in a column.",
        (lambda X: np.diff(X, axis=0).max(axis=0), lambda X: np.abs(np.diff(X, axis=0)).max(axis=0)),
    ),
    (
        "magnitude",
        "The signs are lost before the largest is looked for. A range goes from the smallest number to the largest, as"
        " they are.",
        (lambda X: np.abs(X).max(axis=0) - np.abs(X).min(axis=0),),
    ),
)


# array-shares: keepdims


def _shares(X):
    return X / X.sum(axis=1, keepdims=True)


SHARES_MISTAKES = misconceptions(
    (
        "columns",
        "The columns add up to 1, and the rows should. Sum along axis 1.",
        (lambda X: X / X.sum(axis=0), lambda X: X / X.sum(axis=0, keepdims=True)),
    ),
    (
        "whole",
        "All entries together add up to 1, and each row should. Say along which axis to sum.",
        (lambda X: X / X.sum(),),
    ),
    (
        "sums",
        "These are the sums of the rows. What is asked for are the entries, each divided by the sum of its row.",
        (lambda X: X.sum(axis=1, keepdims=True), lambda X: X.sum(axis=1)),
    ),
    (
        "largest",
        "Each row is divided by its largest entry. For shares that add up to 1, divide by its sum.",
        (lambda X: X / X.max(axis=1, keepdims=True),),
    ),
    (
        "mean",
        "Each row is divided by its mean, so it adds up to its length. Divide by its sum.",
        (lambda X: X / X.mean(axis=1, keepdims=True),),
    ),
    (
        "percent",
        "The rows add up to 100. Shares that add up to 1 are asked for: take no percent.",
        (lambda X: 100 * X / X.sum(axis=1, keepdims=True),),
    ),
    (
        "softmax",
        "This is a softmax. The numbers are divided by their sum as they are, without exp.",
        (lambda X: np.exp(X) / np.exp(X).sum(axis=1, keepdims=True),),
    ),
    (
        "length",
        "The squares of each row add up to 1, and the numbers themselves should. Divide by their sum, without root and"
        " squares.",
        (lambda X: X / np.sqrt((X**2).sum(axis=1, keepdims=True)),),
    ),
    (
        "subtracted",
        "The sum of each row is taken away from it. A share is a quotient.",
        (lambda X: X - X.sum(axis=1, keepdims=True),),
    ),
)


# array-distances: a new axis


def _distances(X, Y):
    return ((X[:, None, :] - Y) ** 2).sum(axis=2)


DISTANCES_MISTAKES = misconceptions(
    (
        "not-squared",
        "The differences are added up as they are, and cancel each other. Square each before you sum.",
        (lambda X, Y: (X[:, None, :] - Y).sum(axis=2),),
    ),
    (
        "magnitudes",
        "These are sums of magnitudes. The squared distance adds up the squares of the differences.",
        (lambda X, Y: np.abs(X[:, None, :] - Y).sum(axis=2),),
    ),
    (
        "products",
        "These are products of points. A distance is made of differences: X[:, None, :] - Y.",
        (lambda X, Y: X @ Y.T,),
    ),
    (
        "added",
        "The coordinates are added. The distance is made of their differences: a minus.",
        (lambda X, Y: ((X[:, None, :] + Y) ** 2).sum(axis=2),),
    ),
    (
        "largest",
        "Only the largest of the squares counts here. Add up all coordinates: sum, not max.",
        (lambda X, Y: ((X[:, None, :] - Y) ** 2).max(axis=2),),
    ),
    (
        "no-products",
        "The two products in (a - b)^2 = a^2 - 2ab + b^2 are not both there. Take the differences first, and square"
        " them.",
        (
            lambda X, Y: (X**2).sum(axis=1)[:, None] + (Y**2).sum(axis=1),
            lambda X, Y: (X**2).sum(axis=1)[:, None] - X @ Y.T + (Y**2).sum(axis=1),
            lambda X, Y: (X**2).sum(axis=1)[:, None] - (Y**2).sum(axis=1),
        ),
    ),
    (
        "root",
        "This is the distance itself. The squared distance is asked for, so take no root.",
        (lambda X, Y: np.sqrt(((X[:, None, :] - Y) ** 2).sum(axis=2)),),
    ),
    (
        "sum-squared",
        "The differences are summed first and the sum is squared. Square each difference, then sum.",
        (lambda X, Y: (X[:, None, :] - Y).sum(axis=2) ** 2,),
    ),
    (
        "turned",
        "The table is on its side: a row for each point of Y. Row i belongs to X[i], so X gets the new axis in the"
        " middle, X[:, None, :].",
        (lambda X, Y: ((Y[:, None, :] - X) ** 2).sum(axis=2),),
    ),
    (
        "first-axis",
        "It sums over the points of X and not over the coordinates. Those are the last axis: axis=2, or axis=-1.",
        (lambda X, Y: ((X[:, None, :] - Y) ** 2).sum(axis=0),),
    ),
    (
        "second-axis",
        "It sums over the points of Y and not over the coordinates. Those are the last axis: axis=2, or axis=-1.",
        (lambda X, Y: ((X[:, None, :] - Y) ** 2).sum(axis=1),),
    ),
    (
        "not-summed",
        "One number for each pair is needed, and there are still as many as coordinates. Sum the squares along the last"
        " axis.",
        (lambda X, Y: (X[:, None, :] - Y) ** 2,),
    ),
    (
        "mean",
        "The squares are averaged over the coordinates. A distance adds them up.",
        (lambda X, Y: ((X[:, None, :] - Y) ** 2).mean(axis=2),),
    ),
)


# array-lead: pairs of indices


def _lead(z, y):
    return z[np.arange(len(z)), y] - z.mean(axis=1)


def _scores(rng, n, k):
    return _table(rng, n, k), rng.integers(0, k, size=n)


LEAD_MISTAKES = misconceptions(
    (
        "block",
        "z[:, y] takes all the columns in y from every row. To take one entry from each row, give the rows too, as"
        " many as there are columns: z[np.arange(len(z)), y].",
        (lambda z, y: z[:, y] - z.mean(axis=1), lambda z, y: z[:, y] - z.mean(axis=1, keepdims=True)),
    ),
    (
        "column-means",
        "The mean is that of the whole array. Each entry is compared with the mean of its own row: axis=1.",
        (lambda z, y: z[np.arange(len(z)), y] - z.mean(),),
    ),
    (
        "entry",
        "These are the entries that y names, and no mean is taken away. Subtract the mean of each row.",
        (lambda z, y: z[np.arange(len(z)), y],),
    ),
    (
        "largest",
        "It takes the largest of each row. Which one to take stands in y.",
        (lambda z, y: z.max(axis=1) - z.mean(axis=1),),
    ),
    (
        "above-largest",
        "It compares with the largest of the row. The mean of the row is asked for.",
        (lambda z, y: z[np.arange(len(z)), y] - z.max(axis=1),),
    ),
    (
        "sum",
        "The sum of the row is taken away. Its mean is asked for.",
        (lambda z, y: z[np.arange(len(z)), y] - z.sum(axis=1),),
    ),
    (
        "mean-of-chosen",
        "The mean is taken over z[:, y], the columns that are in y, some of them more than once. The mean of the whole"
        " row is z.mean(axis=1).",
        (lambda z, y: z[np.arange(len(z)), y] - z[:, y].mean(axis=1),),
    ),
    (
        "column-number",
        "y itself stands where a score belongs. It says which column counts: take the entry of z in that column.",
        (lambda z, y: y - z.mean(axis=1),),
    ),
    (
        "median",
        "It compares with the median of the row. The mean of the row is asked for.",
        (lambda z, y: z[np.arange(len(z)), y] - np.median(z, axis=1),),
    ),
    (
        "others",
        "It compares with the mean of the other scores. The mean of the whole row is asked for.",
        (lambda z, y: z[np.arange(len(z)), y] - (z.sum(axis=1) - z[np.arange(len(z)), y]) / (z.shape[1] - 1),),
    ),
    (
        "off-by-one",
        "The column is shifted by one. The columns are counted from 0, and so is y: take y as it is.",
        (
            lambda z, y: z[np.arange(len(z)), y - 1] - z.mean(axis=1),
            lambda z, y: z[np.arange(len(z)), (y + 1) % z.shape[1]] - z.mean(axis=1),
        ),
    ),
    (
        "mean-of-block",
        "z[:, y] takes all the columns in y from every row, and a mean of these is no entry of the row. Give the rows"
        " too, as many as columns: z[np.arange(len(z)), y].",
        (lambda z, y: z[:, y].mean(axis=1) - z.mean(axis=1),),
    ),
    (
        "diagonal",
        "It takes entry i of row i. Which one to take from row i is y[i].",
        (lambda z, y: z[np.arange(len(z)), np.arange(len(z)) % z.shape[1]] - z.mean(axis=1),),
    ),
    (
        "table",
        "This is a table of all pairs, since a column met a row. With keepdims=True the means are (n, 1), and the"
        " entries are (n,): leave it out.",
        (lambda z, y: z[np.arange(len(z)), y] - z.mean(axis=1, keepdims=True),),
    ),
)


# array-blend: a matrix product


def _blend(W, X):
    return W.T @ X


def _blends(rng, n, k, d):
    W = rng.uniform(0.1, 1, size=(n, k))
    return W / W.sum(axis=0), _table(rng, n, d)


BLEND_MISTAKES = misconceptions(
    (
        "turned",
        "The blends are the columns here. Row j is to be blend j: W.T @ X, not X.T @ W.",
        (lambda W, X: X.T @ W,),
    ),
    (
        "divided",
        "The sums are divided by the number of rows. The shares add up to 1 already: a blend is a plain sum.",
        (lambda W, X: W.T @ X / len(X),),
    ),
    (
        "plain-mean",
        "Each blend is the plain mean of the rows. Weigh row i with W[i, j].",
        (lambda W, X: np.tile(X.mean(axis=0), (W.shape[1], 1)),),
    ),
    (
        "one-blend",
        "Only one blend is there, and W has a column for each. W.T @ X makes all of them at once.",
        (lambda W, X: W[:, 0] @ X, lambda W, X: W.sum(axis=1) @ X),
    ),
    (
        "first-share",
        "The blends are not summed over the rows: there are three axes. Add up along axis 0, or let W.T @ X do both.",
        (lambda W, X: W[:, :, None] * X[:, None, :],),
    ),
)


PROBLEMS = (
    Problem(
        id="array-shapes",
        title="Seven shapes",
        points=0,
        hints=(
            "For a reduction, cross out the axis that is named. For + and -, write both shapes below each other, flush"
            " right. For @, cross out the length that both share.",
            "None in an index puts a 1 in that place: y[:, None] is (5, 1), and X[:, None, :] is (5, 1, 7).",
        ),
        judge=_judge_shapes(),
        minutes=4,
        difficulty=1,
    ),
    Problem(
        id="array-ranges",
        title="The range of each column",
        points=0,
        hints=(
            "The largest of each column is one array, the smallest another. Which axis goes?",
            "X.max(axis=0) is the largest of each column.",
        ),
        judge=judge_function(_ranges, lambda rng: [(_table(rng, 5, 3),), (_table(rng, 7, 4),)], RANGES_MISTAKES),
        minutes=2,
        difficulty=1,
    ),
    Problem(
        id="array-shares",
        title="Each row in shares",
        points=0,
        hints=(
            "The sums of the rows should have the shape (n, 1), so that they stretch along their rows.",
            "X.sum(axis=1, keepdims=True) has it.",
        ),
        judge=judge_function(
            _shares,
            lambda rng: [(rng.uniform(1, 9, size=(5, 3)),), (rng.uniform(1, 9, size=(4, 4)),)],
            SHARES_MISTAKES,
        ),
        minutes=2,
        difficulty=1,
    ),
    Problem(
        id="array-distances",
        title="All squared distances",
        points=0,
        hints=(
            "First all differences: an array (n, m, d), where n and m count points and d coordinates. Which axis has to"
            " be put into X, so that (n, 1, d) meets (m, d)?",
            "X[:, None, :] - Y has the shape (n, m, d). Square it, and sum along the last axis.",
        ),
        judge=judge_function(
            _distances,
            lambda rng: [(_table(rng, 5, 3), _table(rng, 4, 3)), (_table(rng, 2, 4), _table(rng, 7, 4))],
            DISTANCES_MISTAKES,
        ),
        minutes=4,
        difficulty=2,
    ),
    Problem(
        id="array-lead",
        title="One entry of each row",
        points=0,
        hints=(
            "Two arrays of indices of the same length are read in pairs. The rows are 0, 1, 2, ..., the columns are y.",
            "z[np.arange(len(z)), y] are the entries, one of each row; z.mean(axis=1) are the means.",
        ),
        judge=judge_function(_lead, lambda rng: [_scores(rng, 5, 3), _scores(rng, 7, 4)], LEAD_MISTAKES),
        minutes=3,
        difficulty=1,
    ),
    Problem(
        id="array-blend",
        title="Blends by one product",
        points=0,
        hints=(
            "What is summed over is the n rows, and @ sums over the last axis of what stands left and the first of what"
            " stands right. Where is n in W, and where should it be?",
            "W.T has the shape (k, n), and X has (n, d).",
        ),
        judge=judge_function(_blend, lambda rng: [_blends(rng, 5, 3, 4), _blends(rng, 7, 2, 6)], BLEND_MISTAKES),
        minutes=3,
        difficulty=2,
    ),
)


def _centered(X):
    return X - X.mean(axis=1, keepdims=True)


def _by_hand_rows(rng):
    return [(_table(rng, 5, 3),), (_table(rng, 4, 4),)]


TURNS = (
    turn(
        "turn-skip-axis",
        "The shape of sums that are kept",
        judge_value(
            (5, 1),
            "The axis that is summed over is axis 1, and keepdims leaves it there with length 1.",
            {
                (5,): "That is without keepdims. The axis that is summed over stays, with length 1.",
                (1, 3): "axis=1 runs along a row, so the 3 becomes 1, and not the 5.",
                (3,): "axis=1 runs along a row. It is the 3 that goes, and keepdims leaves a 1 there.",
            },
        ),
        "Axis 0 is the first length of a shape, axis 1 the second. The one that is named is summed over.",
    ),
    turn(
        "turn-skip-broadcast",
        "The shape of a sum of two shapes",
        judge_value(
            (3, 4),
            "Read from the right, 1 meets 4 and stretches, and the 3 meets nothing: (3, 4).",
            {
                "error": "(3, 1) and (4,) do fit: read from the right, 1 meets 4, and a 1 stretches.",
                (3, 1): "The 1 meets a 4, and stretches to it.",
                (4, 3): "Read from the right: the last length comes from 1 and 4, the one before from 3.",
                (3,): "No axis goes in a sum. From the right, 1 meets 4 and stretches.",
            },
        ),
        "Write the shapes below each other, flush right. A 1 stretches, and so does what is missing.",
    ),
    turn(
        "turn-skip-pairs",
        "The entries that pairs of indices take",
        judge_value(
            (3, 4, 9),
            "Rows and columns are read in pairs: (0, 2), (1, 0), (2, 1). The entries are 3, 4 and 9.",
            {
                (3, 2, 1): "That is row 0 from the back. The pairs are (0, 2), (1, 0) and (2, 1).",
                (8, 2, 6): "Each pair is a row and then a column, and these are the other way round.",
                (3, 1, 2, 6, 4, 5, 7, 8, 9): "Nine numbers come of z[:, ...], which asks all rows for all columns. Here"
                " rows and columns are read in pairs, and three pairs give three numbers.",
            },
        ),
        "Index 0 of the result comes from row 0 and column 2.",
    ),
    turn(
        "turn-skip-product",
        "The shape of a transposed product",
        judge_value(
            (3, 2),
            "X.T is (3, 5), and the 5 that both share is summed over: (3, 2).",
            {
                (5, 2): "The 5 is what X.T and dz share, and it is summed over.",
                (3, 5): "The 5 is summed over, and what stays on the right comes from dz.",
                (2, 3): "The first length comes from X.T, which stands on the left, the second from dz.",
                (5, 5): "X.T is (3, 5) and dz is (5, 2): the inner lengths are the 5s, and they go.",
                "error": "X is (5, 3), so X.T is (3, 5): its last length is the first of dz.",
            },
        ),
        "Write (3, 5) @ (5, 2), and cross out the inner lengths.",
    ),
    turn(
        "turn-array-slice",
        "The shape of a column and of a block",
        judge_value(
            ((3,), (3, 2)),
            "A single number takes its axis away, a slice keeps it, even a short one.",
            {
                (
                    (3, 1),
                    (3, 2),
                ): "A single number, the 1 in X[:, 1], takes its axis away altogether: one axis is left.",
                ((4,), (3, 2)): "A colon alone takes all rows. There are 3 of them, so the column has 3 numbers.",
                ((4,), (2, 4)): "A colon alone takes all rows; what follows the comma says which columns.",
                ((3,), (3, 3)): "A slice 1:3 holds 1 and 2; its end is not in it.",
            },
        ),
        "In an index, the place before the comma is for rows, the one behind it for columns.",
    ),
    turn(
        "turn-array-axis",
        "The axis that goes",
        judge_value(
            (8, 3),
            "The axis that is named goes, here the first, with its 5. Nothing else changes.",
            {
                (5, 3): "axis=0 is the first length, the 5. The axis that is named is the one that goes.",
                (5, 8): "axis=0 is the first length; this is what axis=2 leaves.",
                (5,): "Only one axis is named, so only one goes.",
                (1, 8, 3): "A 1 stays only where keepdims=True says so.",
            },
        ),
        "Cross out the first length.",
    ),
    turn(
        "turn-array-center",
        "Each row minus its own mean",
        judge_function(
            _centered,
            _by_hand_rows,
            misconceptions(
                (
                    "columns",
                    "Each column has lost its mean here. Take the mean along axis 1.",
                    (lambda X: X - X.mean(axis=0),),
                ),
                (
                    "whole",
                    "Every row has lost the same number, the mean of all. Say along which axis.",
                    (lambda X: X - X.mean(),),
                ),
                (
                    "means",
                    "These are the means. Take them away from X.",
                    (lambda X: X.mean(axis=1, keepdims=True), lambda X: X.mean(axis=1)),
                ),
                (
                    "sums",
                    "Each row has lost its sum. Take its mean away.",
                    (lambda X: X - X.sum(axis=1, keepdims=True),),
                ),
                ("added", "The means are added. Take them away.", (lambda X: X + X.mean(axis=1, keepdims=True),)),
            ),
        ),
        "X.mean takes axis and keepdims, as X.sum does.",
        "X.mean(axis=1, keepdims=True) has the shape (n, 1).",
    ),
    turn(
        "turn-array-stretch",
        "Three axes against two",
        judge_value(
            (7, 3, 5),
            "From the right: 5 meets 5, the 1 meets 3 and stretches, and the 7 meets nothing.",
            {
                "error": "The 1 meets 3, and a 1 fits everything. Other lengths that differ are an error.",
                (7, 1, 5): "The 1 meets 3, and stretches to it.",
                (3, 5): "The 7 meets nothing, and stays.",
                (7, 15, 5): "Lengths are compared and not multiplied: the 1 stretches to 3.",
            },
        ),
        "Write (7, 1, 5) and, flush right below it, (3, 5).",
    ),
    turn(
        "turn-array-pairs",
        "One entry of each row",
        judge_value(
            (9, 2, 7),
            "The pairs are (0, 1), (1, 0) and (2, 2).",
            {
                (9, 5, 7): "From row 1 the entry in column 0 is asked for.",
                (
                    2,
                    9,
                    7,
                ): "Each pair is a row and then a column: row 0 comes first, with column 1. This is z[y, rows].",
                (9, 2, 4, 5, 2, 3, 1, 6, 7): "Nine numbers come of z[:, y], which asks all rows for all columns. Here"
                " rows and columns are read in pairs.",
                (2, 2, 7): "From row 0 the entry in column 1 is asked for.",
            },
        ),
        "Go through the rows: which column does each take?",
    ),
    turn(
        "turn-array-product",
        "Sums of rows by a product",
        judge_function(
            lambda dz, X: X.T @ dz,
            lambda rng: [(_table(rng, 5), _table(rng, 5, 3)), (_table(rng, 7), _table(rng, 7, 4))],
            misconceptions(
                (
                    "mean",
                    "The sum is divided. Here it is to be the plain sum.",
                    (lambda dz, X: X.T @ dz / len(dz), lambda dz, X: (dz[:, None] * X).mean(axis=0)),
                ),
                (
                    "not-summed",
                    "These are the rows, each times its number. Add them up, or let @ do both.",
                    (lambda dz, X: dz[:, None] * X, lambda dz, X: X.T * dz),
                ),
                (
                    "apart",
                    "Sums of X and of dz are multiplied. Each row is multiplied by its own number first.",
                    (lambda dz, X: dz.sum() * X.sum(axis=0),),
                ),
            ),
        ),
        "X is (n, d) and dz is (n,). The n has to stand inside: turn X on its side.",
    ),
)

SKIP = tuple(each.id for each in TURNS[:4])
"""The turns that say one may skip the lesson: the map asks for nothing of it where they are right."""
