"""Promise: the network that is shipped is the one that the lesson describes, and beats the counts."""

import numpy as np

from bplib.counts import Counts
from bplib.course import writer

TRAIN, HELD_OUT, LETTERS = writer.texts()


def read(text):
    return np.array([LETTERS.index(letter) for letter in text])


def test_the_text_is_split_before_its_last_tenth():
    assert (len(TRAIN), len(HELD_OUT), len(LETTERS)) == (824832, 91648, 63)
    assert "".join(LETTERS[i] for i in TRAIN[:6]) == "PHILO:"


def test_it_beats_the_counts_of_four_letters_by_more_than_chance():
    """On a third of the held-out pieces."""
    ours = writer.nats(writer.trained(), HELD_OUT[: len(HELD_OUT) // 3])
    theirs = -np.log(Counts(TRAIN, 63, 4).probabilities(HELD_OUT))[33 : 33 + ours.size].reshape(ours.shape)
    ahead = (theirs - ours).mean(axis=1)
    assert ahead.mean() > 4 * ahead.std(ddof=1) / np.sqrt(len(ahead))


def test_its_losses_are_those_of_the_second_halves_of_pieces():
    net, text = writer.network(np.random.default_rng(0), layers=1, d=8, length=6), TRAIN[:16]
    found = writer.nats(net, text, length=6)
    z = net.predict(text[None, 3:9])[3:].astype(float)  # the second piece
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(found[1], -np.log(p[np.arange(3), text[7:10]]), rtol=1e-6)


def test_a_training_lowers_the_loss_and_repeats():
    losses = [
        list(writer.train(net, TRAIN, 60, np.random.default_rng(1), rate=0.01, length=16))
        for net in (writer.network(np.random.default_rng(0), layers=1, d=16, length=16) for _ in range(2))
    ]
    assert losses[0] == losses[1] and np.mean(losses[0][-10:]) < 3.4 < 4 < losses[0][0]


def test_the_weights_of_its_heads_are_those_by_which_it_predicts():
    net, ids = writer.trained(), read("HAMLET:\nTo be, or")
    a = writer.weights(net, ids)
    assert a.shape == (3, 4, 17, 17)
    np.testing.assert_allclose(a.sum(axis=3), 1, rtol=1e-6)
    first = net.layers[2].inside
    x = net.layers[1].predict(net.layers[0].predict(ids[None]))
    u, looks = first.layers[0].predict(x), first.layers[1]
    v = (u @ looks.params["Wv"]).reshape(17, 4, 16).swapaxes(0, 1)
    found = (a[0] @ v).swapaxes(0, 1).reshape(17, 64) @ looks.params["Wo"]
    np.testing.assert_allclose(found, looks.predict(u)[0], rtol=1e-3, atol=1e-4)


def test_what_it_writes_repeats_with_its_generator_and_is_likely_when_it_is_cold():
    net, start = writer.trained(), read("ROMEO:\n")
    cold, again = (writer.write(net, start, 30, np.random.default_rng(0), 0.01) for _ in range(2))
    assert cold.tolist() == again.tolist() and cold[:7].tolist() == start.tolist() and len(cold) == 37
