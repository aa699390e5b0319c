"""A training is judged by what its predict says about held-out digits, and told what else it returned."""

import numpy as np
import pytest

from bplib.course.judging.predicting import NO_LABELS, judge_predict
from bplib.course.judging.reading import NOT_YET, PASSED, Verdict


class TestTrainings:
    X = np.arange(40.0).reshape(20, 2)
    y = np.arange(20) % 10
    parts = staticmethod(lambda: (TestTrainings.X, TestTrainings.X + 0.1, TestTrainings.y, TestTrainings.y))

    @staticmethod
    def missed(asked, said, parts):
        return Verdict(NOT_YET, f"{np.mean(said == parts[3]):.0%}, and {np.mean(asked(parts[0]) == parts[2]):.0%}")

    @staticmethod
    def refused_alone(asked, said, parts):
        return Verdict(NOT_YET, "Alone.") if asked(parts[1][:1])[0] != said[0] else None

    def judged(self, predict, refused=lambda asked, said, parts: None):
        return judge_predict(self.parts, 0.9, (), self.missed, refused)(lambda X, y, rng: self.learn(y) or predict)

    @staticmethod
    def learn(y):
        """What the ten classes are called, which is another thing each time."""
        TestTrainings.names = y[:10].copy()

    @staticmethod
    def digits(X):
        return (X[:, 0] // 2 % 10).astype(int)

    @staticmethod
    def right(X):
        return TestTrainings.names[TestTrainings.digits(X)]

    def test_who_knows_the_digits_already_has_learned_nothing(self):
        assert self.judged(self.digits).misconception == "known-already"

    def test_labels_pass_as_an_array_and_as_a_list(self):
        assert self.judged(self.right).status == PASSED
        assert self.judged(lambda X: [float(label) for label in self.right(X)]).status == PASSED

    def test_a_training_may_write_into_what_it_is_given(self):
        def fit(X, y, rng):
            self.learn(y)
            X *= 0
            y *= 0
            return lambda X: (self.right(X), X.fill(0))[0]

        assert judge_predict(self.parts, 0.9, (), self.missed)(fit).status == PASSED
        assert self.X.any() and self.y.any()

    @pytest.mark.parametrize(
        ("id", "predict"),
        [
            ("logits", lambda X: np.eye(10)[TestTrainings.right(X)]),
            ("one-number", lambda X: 3),
            ("one-class", lambda X: np.full(len(X), 3)),
            ("one-class", lambda X: np.full(len(X), np.nan)),
            ("labels-for-function", np.arange(20)),
        ],
    )
    def test_what_is_no_array_of_labels_gets_its_sentence(self, id, predict):
        verdict = self.judged(predict)
        assert (verdict.status, verdict.message, verdict.misconception) == (NOT_YET, NO_LABELS[id], id)

    @pytest.mark.parametrize(
        ("predict", "words"),
        [
            (lambda X: ["three"] * len(X), "returns a list; an array of labels"),
            (lambda X: np.arange(7), "shape (7,); (20,) is needed"),
            (7, "returns one number; a function"),
        ],
    )
    def test_other_values_are_named(self, predict, words):
        assert words in self.judged(predict).message

    def test_what_falls_short_is_asked_again_and_weighed(self):
        assert self.judged(lambda X: self.right(X) * (X[:, 0] < 20)).message == "55%, and 55%"

    def test_a_refusal_comes_before_the_bar(self):
        assert self.judged(lambda X: self.right(X) + (len(X) == 1), self.refused_alone).message == "Alone."
        squeezed = self.judged(lambda X: self.right(X).squeeze(), self.refused_alone)
        assert "shape (); (1,) is needed" in squeezed.message
