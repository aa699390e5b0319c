"""The neuron of lesson 04 on real birds: what a learner's own training makes of them, beside ours.

It is a trial and no exercise: nothing of it counts, and whatever the learner's function does, this raises nothing.
"""

from math import log

import numpy as np

from bplib import data
from bplib.activations import sigmoid
from bplib.course.judging.reading import NOT_ATTEMPTED, PASSED
from bplib.course.trials import Trial, no_number, status
from bplib.losses import binary_cross_entropy_with_logits, binary_cross_entropy_with_logits_grad

RATE, TOLERANCE, MOST = 1.0, 0.05, 2000


def meet(train, predicted=None):
    """A `Trial` of train(X, y, lr, tolerance, most), which gives w, b and losses, on Adelies and Chinstraps.

    It holds curves of losses by whose they are, predict for a map of the plane, and the training birds X and y.
    predicted is the first loss that the learner expects. A train that is not right yet is shown beside ours, one that
    is not written or stops on the way is told so, and ours stands alone.
    """
    X, X_test, y, y_test = _birds()
    theirs, right, said = _tried(train, X, y)
    ours = _ours(X, y)
    w, b, losses = theirs or ours
    whose = "Yours" if theirs else "Ours"
    said = [*_about(predicted, theirs), *said]
    said.append(f"{whose}: {len(losses) - 1} updates, the loss falls from {losses[0]:.4f} to {losses[-1]:.4f}.")
    share = np.mean((sigmoid(X_test @ w + b) > 0.5) == y_test)
    said.append(f"Right on birds it has never seen: {share:.1%}; always answering Adelie: {np.mean(y_test == 0):.1%}.")
    curves = ({"yours": theirs[2]} if theirs else {}) | ({} if right else {"ours": ours[2]})
    return Trial(said=said, curves=curves, predict=lambda points: sigmoid(points @ w + b), X=X, y=y)


def _birds():
    """Bill length and body mass, standardized by the training birds, and whether it is a Chinstrap, in two parts."""
    penguins = data.penguins()
    X = np.stack([penguins[name] for name in ("bill_length_mm", "body_mass_g")], axis=1)
    keep = np.isin(penguins["species"], ["Adelie", "Chinstrap"]) & ~np.isnan(X).any(axis=1)
    y = (penguins["species"][keep] == "Chinstrap").astype(float)
    X_train, X_test, y_train, y_test = data.split(np.random.default_rng(0), X[keep], y)
    return *data.standardize(X_train, X_test), y_train, y_test


def _ours(X, y):
    w, b, losses = np.zeros(2), 0.0, []
    while True:
        z = X @ w + b
        losses.append(binary_cross_entropy_with_logits(z, y))
        if losses[-1] < TOLERANCE or len(losses) > MOST:
            return w, b, losses
        dz = binary_cross_entropy_with_logits_grad(z, y)
        w, b = w - RATE * X.T @ dz, b - RATE * dz.sum()


def _tried(train, X, y):
    """What train gives, or None, whether it is right, and the sentences about it."""
    judged = status("train", train)
    if judged == NOT_ATTEMPTED:
        says = "Your train is not written yet. This is what ours makes of the birds; come back with yours."
        return None, False, [says]
    try:
        w, b, losses = train(X.copy(), y.copy(), RATE, TOLERANCE, MOST)
        w, b, losses = np.array(w, dtype=float).reshape(2), float(b), [float(loss) for loss in losses]
        if not (losses and np.isfinite([*w, b, *losses]).all()):
            raise ValueError("there are no finite losses")
    except Exception as error:  # whatever it is: the check is there to say what
        stopped = f"On the birds your train stops with {type(error).__name__}; its check says more. This is ours."
        return None, False, [stopped]
    if judged == PASSED:
        return (w, b, losses), True, ["Your train is right, and here it meets real birds."]
    says = "Your train is not right yet, and its check says why. Its curve stands beside ours."
    return (w, b, losses), False, [says]


def _about(predicted, theirs):
    """The sentences about the predicted first loss."""
    if says := no_number(predicted):
        return [says]
    if abs(predicted - log(2)) > 5e-3:
        return [f"You predicted {predicted:.4f} for the first loss. At zero weights, what is a, and what does it cost?"]
    begins = theirs and abs(theirs[2][0] - log(2)) < 1e-6
    where = "and there your curve begins" if begins else "and there a right curve begins"
    return [f"You predicted {predicted:.4f} for the first loss, {where}."]
