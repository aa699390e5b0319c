"""Figures hold the data they were given, on the ax they were given."""

import io

import matplotlib

matplotlib.use("agg")

import matplotlib.pyplot as plt
import numpy as np
import pytest

from bplib.pictures import plots

RNG = np.random.default_rng(0)
X = RNG.normal(size=(30, 2))


pytestmark = pytest.mark.usefixtures("lesson_style")


def lines(ax):
    return {line.get_label(): line for line in ax.get_lines()}


def draw_all():
    z = np.linspace(-1.0, 1.0, 5)
    return {
        "line_fit": lambda ax=None: plots.line_fit([1.0, 2.0], [1.0, 3.0], 2.0, 0.0, ax=ax),
        "loss_surface": lambda ax=None: plots.loss_surface(z, z, np.add.outer(z**2, z**2), ax=ax),
        "functions": lambda ax=None: plots.functions(z, {"square": z**2}, ax=ax),
        "loss_history": lambda ax=None: plots.loss_history([3.0, 2.0], ax=ax),
        "decision_boundary": lambda ax=None: plots.decision_boundary(
            lambda X: X[:, 0], X, np.arange(30) % 2, ["a", "b"], ax=ax
        ),
    }


@pytest.mark.parametrize("name", draw_all())
def test_a_figure_is_drawn_on_the_given_ax_or_on_a_new_one(name):
    draw = draw_all()[name]
    ax = plt.figure().subplots()
    assert draw(ax=ax) is ax
    assert draw().figure is not ax.figure


@pytest.mark.parametrize("name", draw_all())
def test_the_png_is_the_same_twice(name):
    pictures = []
    for _ in range(2):
        file = io.BytesIO()
        draw_all()[name]().figure.savefig(file, format="png")
        pictures.append(file.getvalue())
    assert pictures[0] == pictures[1]


def test_the_style_has_the_size_the_colors_and_the_dashes_of_the_course():
    assert plt.rcParams["figure.figsize"] == [6.0, 3.4] and plt.rcParams["figure.dpi"] == 100
    cycle = list(plt.rcParams["axes.prop_cycle"])
    assert [entry["color"] for entry in cycle][:2] == [plots.BLUE, plots.PURPLE]
    assert not {plots.VERMILLION, plots.GREEN} & {entry["color"] for entry in cycle}
    assert len({entry["linestyle"] for entry in cycle}) == len(cycle)


def test_line_fit_draws_points_line_and_residuals():
    x, y = np.array([1.0, 2.0, 4.0]), np.array([3.0, 4.0, 8.0])
    ax = plots.line_fit(x, y, 2.0, 0.5, x_label="length (mm)", y_label="mass (g)")
    np.testing.assert_array_equal(lines(ax)["data"].get_xydata(), np.column_stack([x, y]))
    np.testing.assert_array_equal(lines(ax)["line"].get_xydata(), [[1.0, 2.5], [4.0, 8.5]])
    residuals = ax.collections[0].get_segments()
    np.testing.assert_allclose([s[:, 1] for s in residuals], [[3.0, 2.5], [4.0, 4.5], [8.0, 8.5]])
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("length (mm)", "mass (g)")


def test_loss_surface_draws_the_path_with_start_and_end():
    w, b = np.linspace(-2, 2, 9), np.linspace(-1, 1, 7)
    path = [(-2.0, 1.0), (-1.0, 0.5), (0.0, 0.0)]
    ax = plots.loss_surface(w, b, b[:, None] ** 2 + w[None] ** 2, path)
    np.testing.assert_array_equal(lines(ax)["path"].get_xydata(), path)
    np.testing.assert_array_equal(lines(ax)["start"].get_xydata(), path[:1])
    np.testing.assert_array_equal(lines(ax)["end"].get_xydata(), path[-1:])


def test_a_loss_surface_of_the_wrong_shape_is_refused():
    with pytest.raises(ValueError, match=r"losses is \(9, 7\); needed is .*\(7, 9\)"):
        plots.loss_surface(np.arange(9), np.arange(7), np.zeros((9, 7)))


def test_functions_names_each_curve_at_its_end_in_the_order_of_the_ends():
    z = np.linspace(-2, 2, 11)
    values = {"z": z, "almost z": z + 0.01, "0": 0 * z}
    ax = plots.functions(z, values)
    for name, curve in values.items():
        np.testing.assert_array_equal(lines(ax)[name].get_ydata(), curve)
    heights = {t.get_text(): t.xyann[1] for t in ax.texts}
    assert heights["0"] < heights["z"] < heights["almost z"]
    assert heights["almost z"] - heights["z"] > 0.2  # pushed apart, so both can be read


def test_loss_history_counts_epochs_from_one_and_says_the_last_loss():
    ax = plots.loss_history({"train": [3.0, 2.0, 1.5], "test": [3.5, 2.5, 2.25]})
    np.testing.assert_array_equal(lines(ax)["test"].get_xydata(), [[1, 3.5], [2, 2.5], [3, 2.25]])
    assert [t.get_text() for t in ax.texts] == ["train 1.5000", "test 2.2500"]
    assert [t.get_text() for t in plots.loss_history([2.0, 1.0]).texts] == ["1.0000"]


def test_the_decision_boundary_runs_where_the_model_is_undecided():
    y = (X[:, 0] > 0.3).astype(int)
    ax = plots.decision_boundary(lambda X: 1 / (1 + np.exp(-9 * (X[:, 0] - 0.3))), X, y, ["Adelie", "Gentoo"])
    border = np.concatenate([path.vertices for path in ax.collections[-1].get_paths()])
    np.testing.assert_allclose(border[:, 0], 0.3, atol=1e-3)
    for k, name in enumerate(["Adelie", "Gentoo"]):
        np.testing.assert_array_equal(lines(ax)[name].get_xydata(), X[y == k])
    assert lines(ax)["Adelie"].get_marker() != lines(ax)["Gentoo"].get_marker()


def test_the_decision_boundary_divides_three_classes():
    def three(X):
        return np.digitize(X[:, 1], [-0.5, 0.5])

    ax = plots.decision_boundary(three, X, three(X), ["low", "middle", "high"])
    border = np.concatenate([path.vertices for path in ax.collections[-1].get_paths()])
    assert np.all(np.minimum(abs(border[:, 1] - 0.5), abs(border[:, 1] + 0.5)) < 0.05)
    assert list(lines(ax)) == ["low", "middle", "high"]


def test_points_of_the_wrong_shape_are_refused():
    with pytest.raises(ValueError, match=r"X is \(30, 2\) and y is \(30, 1\)"):
        plots.decision_boundary(lambda X: X[:, 0], X, np.zeros((30, 1)), ["a", "b"])
