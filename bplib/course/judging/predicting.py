"""Judges a training: the function that it returns is asked about digits that it has never seen."""

import numpy as np

from bplib.course.judging.reading import PASSED, Settled, Verdict, call, kind_of, mistaken, plain, settling

# What a training may return in place of a function from images to labels, and what helps.
NO_LABELS = {
    "labels-for-function": (
        "It returns labels. Return the function that makes them, predict itself, so that it can be asked about images"
        " that you have not seen."
    ),
    "logits": (
        "predict returns ten numbers for each image. The class is the place of the largest of them: argmax along"
        " axis 1."
    ),
    "one-number": "predict returns one number for all images; one label for each of them is needed.",
    "known-already": (
        "It says which digits they are, and not what they are called here: in each check the classes get other names."
        " Train on the X and y that the function is given, and on nothing else."
    ),
    "one-class": (
        "It says the same class for every image. Has the training diverged, has something been divided by zero, or does"
        " predict ignore its argument?"
    ),
}


def judge_predict(parts, bar, misconceptions, missed, refused=lambda asked, said, parts: None):
    """A judge of trainings: the answer takes X, y and an rng and returns predict, from images to labels from 0 to 9.

    parts() is X, X_test, y, y_test, as `data.split` gives them. The classes are renamed each time, so that nothing
    helps but to learn from the labels that are given: who knows the digits already knows them by other names. At least
    the share bar of the test labels must be right. Before that refused(asked, said, parts) may give a verdict, and
    what falls short gets missed(asked, said, parts): said is what predict says about X_test, and asked(images) asks it
    again. What is no array of labels gets its sentence from NO_LABELS.
    """

    def judge(answer, rng):
        X, X_test, known, known_test = parts()
        names = rng.permutation(10)
        y, y_test = names[known], names[known_test]
        given = X, X_test, y, y_test
        shapes = f"X of shape {X.shape}, y of shape {y.shape} and an rng"
        predict = call(answer, (X.copy(), y.copy(), np.random.default_rng(int(rng.integers(1 << 31)))), shapes)
        if not callable(predict):
            count = {np.ndarray: np.size, list: len}.get(type(predict))
            if count and count(predict) > 1:
                return mistaken(NO_LABELS["labels-for-function"], "labels-for-function")
            raise Settled(f"It returns {kind_of(predict)}; a function is needed, from images to labels.")

        def read(images):
            said = call(predict, (images.copy(),), f"images of shape {images.shape}")
            try:
                return plain(said, "predict returns")
            except Settled:
                raise Settled(f"predict returns {kind_of(said)}; an array of labels is needed.") from None

        def labels(said, images):
            if said.shape != (len(images),):
                raise Settled(
                    f"predict returns an array of shape {said.shape}; {(len(images),)} is needed, a label for each."
                )
            return said

        said = read(X_test)
        for id, wrong in (("logits", said.shape == (len(X_test), 10)), ("one-number", said.ndim == 0)):
            if wrong:
                return mistaken(NO_LABELS[id], id)
        if (labels(said, X_test) == said[0]).all() or not np.isfinite(said).all():
            return mistaken(NO_LABELS["one-class"], "one-class")

        def asked(images):
            return labels(read(images), images)

        if refusal := refused(asked, said, given):
            return refusal
        if np.mean(said == y_test) >= bar:
            return Verdict(PASSED, f"It is right on at least {bar:.0%} of {len(y_test)} digits that it had never seen.")
        if np.mean(said == known_test) > np.mean(said == y_test) + 0.3:
            return mistaken(NO_LABELS["known-already"], "known-already")
        return missed(asked, said, given)

    return settling(judge, misconceptions)
