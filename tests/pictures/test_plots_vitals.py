"""The picture of vital signs shows the loss, the updates beside the weights, and the gradients of the outer layers."""

import matplotlib.pyplot as plt
import numpy as np
import pytest

from bplib.pictures import plots


@pytest.fixture(autouse=True)
def _closed():
    yield
    plt.close("all")


def history(update):
    names = ("0.W", "0.b", "2.W", "2.b", "4.W", "4.b")
    return {
        "training": [2.0, 1.0],
        "weights": {name: [4.0, 8.0] for name in names},
        "updates": {name: [update, update] for name in names},
        "gradients": {name: [k + 1.0, np.nan] for k, name in enumerate(names)},
    }


def test_each_training_has_a_column_with_its_three_signs():
    axes = plots.vital_signs({"well": history(0.04), "slow": history(0.0)})
    assert axes.shape == (3, 2) and [ax.get_title() for ax in axes[0]] == ["well", "slow"]
    assert list(axes[0, 0].lines[0].get_ydata()) == [2.0, 1.0]
    shares = [line.get_ydata() for line in axes[1, 0].lines]
    assert len(shares) == 3 and all(np.allclose(share, [0.01, 0.005]) for share in shares)
    assert [line.get_ydata()[0] for line in axes[2, 0].lines] == [1.0, 5.0]  # the first and the last matrix
    assert all((line.get_ydata() == 1e-9).all() for line in axes[1, 1].lines)  # an update of 0 has a place


def test_a_history_without_matrices_is_refused():
    with pytest.raises(ValueError, match="one that ends in W is needed"):
        plots.vital_signs({"none": {"training": [1.0], "weights": {"0.b": [1.0]}}})
