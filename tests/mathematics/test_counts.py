"""Promise: counted letters give the probabilities of Witten and Bell, to the fraction, and they add up to 1."""

from fractions import Fraction

import numpy as np
import pytest

from bplib import data
from bplib.counts import Counts

ABRACADABRA = ["abcdr".index(letter) for letter in "abracadabra"]


def test_the_probabilities_are_those_computed_by_hand():
    """abracadabra: a 5 times, b and r twice, c and d once, so 11 letters of 5 kinds; after a: b twice, c, d once."""
    a = (5 + 5 * Fraction(1, 5)) / (11 + 5)
    b = (2 + 5 * Fraction(1, 5)) / (11 + 5)
    c = (1 + 5 * Fraction(1, 5)) / (11 + 5)
    assert (a, b, c) == (Fraction(3, 8), Fraction(3, 16), Fraction(1, 8))
    after_a = [(n + 3 * p) / (4 + 3) for n, p in ((0, a), (2, b), (1, c), (1, c), (0, b))]
    after_ra = [(0 + 1 * after_a[0]) / 2, (0 + after_a[1]) / 2, (1 + after_a[2]) / 2]  # "ra" was followed by c, once
    counts = Counts(ABRACADABRA, 5, 2)
    np.testing.assert_allclose(counts.following([]), [float(p) for p in (a, b, c, c, b)], rtol=1e-14)
    np.testing.assert_allclose(counts.following([0]), [float(p) for p in after_a], rtol=1e-14)
    np.testing.assert_allclose(counts.following([1, 4, 0])[:3], [float(p) for p in after_ra], rtol=1e-14)
    np.testing.assert_allclose(counts.following([3, 1]), counts.following([1]), rtol=1e-14)  # "db" was never seen


def test_the_first_letters_have_fewer_before_them():
    counts = Counts(ABRACADABRA, 5, 2)
    p = counts.probabilities([4, 0, 2])
    assert p.tolist() == [counts.following([])[4], counts.following([4])[0], counts.following([4, 0])[2]]
    assert counts.loss([4, 0, 2]) == pytest.approx(-np.log(p).mean())


@pytest.mark.parametrize("before", range(6))
def test_the_probabilities_add_up_to_one(before):
    text = np.random.default_rng(0).integers(0, 7, 500)
    counts = Counts(text, 9, before)  # two kinds never occur
    for end in (text[:6], text[100:106], [8, 8, 8], []):
        following = counts.following(end)
        assert following.sum() == pytest.approx(1) and following.min() > 0


def test_of_nothing_counted_all_letters_are_alike():
    assert Counts([], 4, 3).following([1, 2]).tolist() == [0.25] * 4


def test_on_the_plays_the_counts_are_as_good_as_the_course_says():
    """The last tenth is held out. More letters before help up to four."""
    _, text = data.numbered(data.plays())
    train, held_out = np.split(text, [int(0.9 * len(text))])
    losses = [round(Counts(train, 63, before).loss(held_out), 2) for before in range(1, 6)]
    assert losses == [2.49, 2.0, 1.69, 1.58, 1.62]


def test_what_is_written_starts_as_asked_and_repeats_with_its_generator():
    counts = Counts(ABRACADABRA, 5, 3)
    first, second = (counts.write([0, 1], 30, np.random.default_rng(1)) for _ in range(2))
    assert first.shape == (32,) and first[:2].tolist() == [0, 1] and first.tolist() == second.tolist()


@pytest.mark.parametrize("text, kinds, before", [([0.5], 2, 1), ([[0]], 2, 1), ([2], 2, 1), ([-1], 2, 1), ([0], 2, -1)])
def test_what_cannot_be_counted_is_refused(text, kinds, before):
    with pytest.raises(ValueError, match="Counts"):
        Counts(text, kinds, before)


def test_the_distributions_at_all_places_are_those_that_follow_what_stands_before():
    rng = np.random.default_rng(5)
    counts, text = Counts(rng.integers(4, size=200), 4, 3), rng.integers(4, size=20)
    everywhere = counts.distributions(text)
    np.testing.assert_allclose(everywhere.sum(axis=1), 1)
    np.testing.assert_allclose(everywhere[np.arange(20), text], counts.probabilities(text))
    np.testing.assert_allclose(everywhere[9], counts.following(text[:9]))
