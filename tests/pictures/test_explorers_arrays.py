"""The explorers of arrays: what is filled is what NumPy adds, repeats, takes and multiplies."""

import re

import numpy as np
import pytest

from bplib.pictures import explorers
from bplib.pictures.explorers import stored

X = np.array([[3, 1, 4, 1], [5, 9, 2, 6], [5, 3, 5, 8]])


def fields(explorer):
    """The numbers of each field and the places that are filled in it: name to (numbers, places)."""
    found = {}
    for name, body in re.findall(r'<g data-field="([^"]*)">(.*?)</g>', explorer.picture, flags=re.DOTALL):
        numbers = [float(t.replace("−", "-")) for t in re.findall(r">([−\d.]+)</text>", body)]
        found[name] = numbers, [tuple(map(int, at.split())) for at in re.findall(r'data-chosen="(\d+ \d+)"', body)]
    return found


@pytest.mark.parametrize("axis", [None, 0, 1])
@pytest.mark.parametrize("keep", [False, True])
def test_the_filled_entries_add_up_to_the_filled_sum(axis, keep):
    explorer = explorers.axis_explorer(X)
    controls = explorer.controls
    controls["axis"].value = "none" if axis is None else str(axis)
    controls["keepdims"].value = "yes" if keep else "no"
    total = X.sum(axis=axis, keepdims=keep)
    assert controls["entry"].max == total.size - 1
    for entry in range(total.size):
        controls["entry"].value = entry
        shown = fields(explorer)
        (sums, [at]), (_, places) = shown[""], shown["X (3, 4)"]
        np.testing.assert_array_equal(sums, total.ravel())
        assert max(at) == entry and sum(X[place] for place in places) == total.ravel()[entry]
        assert f" {total.shape}" in explorer.picture


@pytest.mark.parametrize("a", [(3, 4), (1, 4), (3, 1), (4,), (3,), ()])
@pytest.mark.parametrize("b", [(3, 4), (1, 4), (3, 1), (4,), (3,), ()])
def test_a_sum_has_the_shape_that_numpy_gives_it_or_is_an_error(a, b):
    explorer = explorers.broadcast_explorer()
    explorer.controls["shape of a"].value, explorer.controls["shape of b"].value = str(a), str(b)
    shown = fields(explorer)
    assert len(shown[f"a {a}"][1]) == np.prod(a, dtype=int) and len(shown[f"b {b}"][1]) == np.prod(b, dtype=int)
    try:
        shape = np.broadcast_shapes(a, b)
    except ValueError:
        assert "ValueError" in explorer.picture and len(shown) == 2
    else:
        left, right, total = (np.array(shown[name][0]) for name in (f"a {a}", f"b {b}", f"a + b {shape}"))
        np.testing.assert_array_equal(left + right, total)


@pytest.mark.parametrize("y", [(2, 0, 1), (0, 0, 0), (3, 3, 1)])
def test_the_filled_entries_are_those_that_are_taken(y):
    explorer = explorers.index_explorer(X, np.array([0, 1, 2]))
    for i, j in enumerate(y):
        explorer.controls[f"y[{i}]"].value = j
    shown = fields(explorer)
    assert shown["z (3, 4)"][1] == list(zip(range(3), y, strict=True))
    np.testing.assert_array_equal(shown["z[rows, y] (3,)"][0], X[range(3), list(y)])
    explorer.controls["index"].value = "z[:, y]"
    np.testing.assert_array_equal(fields(explorer)["z[:, y] (3, 3)"][0], X[:, list(y)].ravel())


def test_an_entry_of_a_product_is_the_sum_over_its_row_and_its_column():
    dz = np.array([[1, 0], [0, -1], [2, 1]])
    explorer = explorers.product_explorer(X.T, dz, names=("X.T", "dz"))
    for i, j in np.ndindex(4, 2):
        explorer.controls["row"].value, explorer.controls["column"].value = i, j
        numbers, [place] = fields(explorer)["X.T @ dz (4, 2)"]
        assert place == (i, j) and numbers[2 * i + j] == X[:, i] @ dz[:, j]
        assert set(re.findall(r'data-frame="(\d+ \d+)"', explorer.picture)) == {f"{i} 0", f"0 {j}"}


@pytest.mark.parametrize(
    "make",
    [
        lambda: explorers.axis_explorer([1, 2]),
        lambda: explorers.index_explorer(np.ones((7, 2)), [0] * 7),
        lambda: explorers.index_explorer(X, [0, 1]),
        lambda: explorers.index_explorer(X, [0, 1, 4]),
        lambda: explorers.product_explorer(X, X),
    ],
)
def test_what_does_not_fit_is_refused(make):
    with pytest.raises(ValueError, match=r"needed|must be equal"):
        make()


def test_all_pictures_fit_into_a_page_with_every_place():
    made = explorers.axis_explorer(X), explorers.broadcast_explorer(), explorers.product_explorer(X.T, X)
    for explorer in (*made, explorers.index_explorer(X, (2, 0, 1))):
        page = stored.page(explorer)
        assert len(page) < 100_000 and "larger steps" not in page
