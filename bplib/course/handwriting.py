"""The network of lesson 06 on real digits: what a learner's own loss and backward make of them, beside ours.

It is a trial and no exercise: nothing of it counts, and whatever the learner's functions do, this raises nothing.
"""

import time
from math import log

import numpy as np

from bplib import data
from bplib.activations import sigmoid, softmax
from bplib.course.judging.reading import NOT_ATTEMPTED, NOT_YET, PASSED
from bplib.course.trials import Trial, no_number, status
from bplib.losses import softmax_cross_entropy, softmax_cross_entropy_grad

RATE, EPOCHS, SECONDS = 2.0, 300, 60
"""The learning rate, how often all images are seen, and after how long a slow training is stopped."""


def meet(loss_and_grad, backward, predicted=None):
    """A `Trial` of the answers to softmax-ce-grad, for the curve, and to two-layer-backward, for the training.

    It holds curves of losses by whose they are, and the ten digits read worst, as images, titles and wrong. predicted
    is the first loss that the learner expects. Where an answer is not right yet ours is shown beside; where it is not
    written, or stops on the way, it is told so, and ours stands in.
    """
    X, X_test, y, y_test = data.split(np.random.default_rng(0), *_digits())
    statuses = {id: status(id, answer) for id, answer in (("softmax-ce-grad", loss_and_grad), (_BACKWARD, backward))}
    said, theirs, name = [f"Your {id} {_SAID[judged]}" for id, judged in statuses.items()], None, "yours"
    if statuses[_BACKWARD] != NOT_ATTEMPTED:
        written = statuses["softmax-ce-grad"] != NOT_ATTEMPTED
        theirs, stopped = _tried(loss_and_grad if written else _loss_and_grad, backward, X, y)
        name = "yours" if written else "your gradients, our loss"
        said += stopped
    right = theirs and NOT_YET not in statuses.values() and not stopped
    ours = None if right else _trained(_loss_and_grad, _backward, X, y)
    if theirs and ours:
        said.append("What yours give stands beside ours.")
    params, losses = theirs or ours
    whose = "Yours" if theirs else "Ours"
    said.append(f"{whose}: after {len(losses)} epochs the loss has come from {losses[0]:.1f} to {losses[-1]:.2f}.")
    P = softmax(_logits(X_test, **params))
    answers = P.argmax(axis=1)
    said.append(f"Right on digits it has never seen: {np.mean(answers == y_test):.0%}.")
    worst = np.argsort(P[np.arange(len(y_test)), y_test])[:10]
    titles = [f"{y_test[i]} as {answers[i]}" for i in worst]
    curves = ({name: theirs[1]} if theirs else {}) | ({"ours": ours[1]} if ours else {})
    said = [*_about(predicted, losses[0]), *said]
    images, wrong = X_test[worst].reshape(-1, 8, 8), answers[worst] != y_test[worst]
    return Trial(said=said, curves=curves, images=images, titles=titles, wrong=wrong)


_BACKWARD = "two-layer-backward"
_SAID = {
    PASSED: "is right, and here it meets real digits.",
    NOT_ATTEMPTED: "is not written yet, so ours stands in. Come back with yours.",
}
_SAID[NOT_YET] = "is not right yet, and its check says why."


def _digits():
    digits = data.digits()
    return digits.X / 16, digits.y


def _start():
    """Weights that are small and random, the same each time, and biases at zero."""
    rng = np.random.default_rng(1)
    W1, W2 = rng.normal(size=(64, 32)) / 8, rng.normal(size=(32, 10)) / 20
    return {"W1": W1, "b1": np.zeros(32), "W2": W2, "b2": np.zeros(10)}


def _logits(X, W1, b1, W2, b2):
    return sigmoid(X @ W1 + b1) @ W2 + b2


def _loss_and_grad(z, y, s):
    return softmax_cross_entropy(z, y), softmax_cross_entropy_grad(z, y)


def _backward(X, y, W1, b1, W2, b2):
    A1 = sigmoid(X @ W1 + b1)
    dZ2 = softmax_cross_entropy_grad(A1 @ W2 + b2, y)
    dZ1 = dZ2 @ W2.T * A1 * (1 - A1)
    return {"dW1": X.T @ dZ1, "db1": dZ1.sum(axis=0), "dW2": A1.T @ dZ2, "db2": dZ2.sum(axis=0)}


def _trained(loss_and_grad, backward, X, y):
    """The parameters and the losses of a training. ValueError where a gradient or a loss is none."""
    params, losses, s, until = _start(), [], np.ones(len(y)), time.monotonic() + SECONDS
    while len(losses) < EPOCHS and time.monotonic() < until:
        losses.append(float(loss_and_grad(_logits(X, **params), y, s)[0]))
        found = backward(X, y, *params.values())
        grads = {name: np.asarray(found[f"d{name}"], dtype=float) for name in params}
        if any(grads[name].shape != p.shape for name, p in params.items()):
            raise ValueError("a gradient has another shape than its parameter")
        params = {name: p - RATE * grads[name] for name, p in params.items()}
        if not np.isfinite([losses[-1], *(p.sum() for p in params.values())]).all():
            raise ValueError("a number is not finite any more")
    return params, losses


def _tried(loss_and_grad, backward, X, y):
    """A training by the learner's functions, or None, and what is to be said of it."""
    try:
        with np.errstate(all="ignore"):
            trained = _trained(loss_and_grad, backward, X.copy(), y.copy())
    except Exception as error:  # whatever it is: the checks are there to say what
        return None, [f"On the digits they stop with {type(error).__name__}; their checks say more. This is ours."]
    if len(trained[1]) < EPOCHS:
        return trained, [f"A minute was over before {EPOCHS} epochs were: whole arrays are faster than loops."]
    return trained, []


def _about(predicted, first):
    """The sentence about the predicted first loss."""
    if says := no_number(predicted):
        return [says]
    if abs(predicted - log(10)) > 0.11:
        return [f"You predicted {predicted:.2f} for the first loss. What does guessing cost, with ten classes?"]
    begins = f"and it begins at {first:.1f}" if abs(first - log(10)) < 0.11 else "and there a right curve begins"
    return [f"You predicted {predicted:.2f} for the first loss, log(10) is {log(10):.2f}, {begins}."]
