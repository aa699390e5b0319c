"""The table of bugs and checks says what the errors say."""

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import pytest

from bplib.pictures import plots

ERRORS = {
    "none": {"good": {"dW": 1e-10, "db": 0.0}, "float32": {"dW": 0.3, "db": 1e-9}},
    "sign": {"good": {"dW": 2.0, "db": 0.0}, "float32": {"dW": 0.0, "db": 0.0}},
}


pytestmark = pytest.mark.usefixtures("lesson_style")


def words(ax):
    """The words by their column and row."""
    return {(int(t.get_position()[0]), int(t.get_position()[1])): t.get_text() for t in ax.texts}


def test_a_cell_says_whether_the_largest_error_is_above_the_tolerance():
    ax = plt.subplots()[1]
    assert plots.catches(ERRORS, ax=ax) is ax
    assert words(ax) == {(0, 0): "passes", (1, 0): "false alarm", (0, 1): "caught", (1, 1): "escapes"}
    assert words(plots.catches(ERRORS, tolerance=1.0))[1, 0] == "passes"


def test_what_a_check_should_not_do_is_framed():
    widths = [patch.get_linewidth() for patch in plots.catches(ERRORS).patches]
    assert widths == [1, 2, 1, 2]


def test_rows_and_columns_have_their_names():
    ax = plots.catches(ERRORS)
    assert [t.get_text() for t in ax.get_xticklabels()] == ["good", "float32"]
    assert [t.get_text() for t in ax.get_yticklabels()] == ["none", "sign"]


def test_a_row_with_other_checks_is_refused():
    with pytest.raises(ValueError, match="sign has the checks good; needed are good, float32"):
        plots.catches(ERRORS | {"sign": {"good": {"dW": 1.0}}})
