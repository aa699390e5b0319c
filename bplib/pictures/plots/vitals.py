"""The signs by which one sees whether a training is well: its loss, its steps, its gradients."""

import matplotlib.pyplot as plt
import numpy as np

from bplib.pictures.plots.style import BLUE, GREEN, VERMILLION

_LEAST = 1e-9  # what is less, such as an update of 0, is drawn here


def vital_signs(histories):
    """A column for each training, {name: history}, with histories of `training.train` that hold norms.

    The upper row shows the loss; the middle one the updates of each matrix of weights beside these weights; the lower
    one the gradients of the first and the last matrix. What is below 1e-9 is drawn there, and what is not finite is
    left out. Returns the axes, shape (3, number of trainings).
    """
    size = (2.4 * len(histories) + 0.6, 5.2)
    axes = plt.subplots(3, len(histories), figsize=size, sharex=True, sharey="row", squeeze=False)[1]
    for column, (name, history) in zip(axes.T, histories.items(), strict=True):
        matrices = [each for each in history["weights"] if each.endswith("W")]
        if not matrices:
            raise ValueError(f"{name} has norms of {', '.join(history['weights'])}; one that ends in W is needed")
        epochs = np.arange(1, len(history["training"]) + 1)
        column[0].plot(epochs, history["training"], color=BLUE)
        for each, look in zip(matrices, _looks(len(matrices)), strict=True):
            with np.errstate(all="ignore"):
                share = np.divide(history["updates"][each], history["weights"][each])
            column[1].plot(epochs, np.maximum(share, _LEAST), color=GREEN, **look)
        for each, look in zip((matrices[0], matrices[-1]), _looks(2), strict=True):
            column[2].plot(epochs, np.maximum(history["gradients"][each], _LEAST), color=VERMILLION, **look)
        column[0].set(title=name)
        column[1].set(yscale="log")
        column[2].set(yscale="log", xlabel="epoch")
    axes[0, 0].set(ylabel="loss", ylim=(0, 3))
    axes[1, 0].set(ylabel="update / weights")
    axes[2, 0].set(ylabel="gradient")
    axes[2, 0].legend(["first layer", "last layer"], loc="best", fontsize=8)
    return axes


def _looks(count):
    """The first layer is solid, the last one dashed, and what is between is thin."""
    between = [{"linewidth": 0.8, "linestyle": ":"}] * max(count - 2, 0)
    return [{"linestyle": "-"}, *between, {"linestyle": "--"}][:count]
