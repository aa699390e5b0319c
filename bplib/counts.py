"""Counted letters: how often each one followed each few before it, the strongest simple model of a text.

A network that writes has to beat it. Nothing is trained: one pass over the text counts.
"""

import numpy as np

from bplib.operations import require_generator


class Counts:
    """How probable each letter is after up to ``before`` letters, by Witten and Bell's way to fall back on fewer.

    With n(c, k) the number of times that letter k followed the letters c, n(c) their sum, and d(c) the number of
    different letters that did, and with c' the letters of c but for the first,

        P(k | c) = (n(c, k) + d(c) P(k | c')) / (n(c) + d(c)),

    from P = 1 / kinds where nothing is known, and P(k | c) = P(k | c') where c was never seen. So a letter that is new
    after c is expected as often as it has happened that one was. Source: Witten IH, Bell TC (1991), "The zero-frequency
    problem", IEEE Transactions on Information Theory 37(4), method C, interpolated as by Chen SF, Goodman J (1999), "An
    empirical study of smoothing techniques for language modeling", Computer Speech and Language 13(4).
    """

    def __init__(self, text, kinds, before):
        """Count in ``text``, whole numbers (n,) from 0 to kinds - 1."""
        text = _whole(text, kinds)
        if not (isinstance(before, int | np.integer) and 0 <= before and kinds ** (before + 1) < 2**63):
            raise ValueError(f"Counts: before is {before}; a whole number from 0 with {kinds}^(before + 1) < 2^63")
        self.kinds, self.before = kinds, before
        self._pairs, self._contexts = [], []
        for j in range(min(before, len(text)) + 1):
            contexts = _contexts(text, kinds, j)
            pairs, n_pairs = np.unique(contexts * kinds + text[j:], return_counts=True)
            seen, n = np.unique(contexts, return_counts=True)
            different = np.diff(np.searchsorted(pairs, np.append(seen, kinds**j) * kinds))
            self._pairs.append((pairs, n_pairs))
            self._contexts.append((seen, n, different))

    def probabilities(self, text):
        """The probability (n,) of each letter of ``text`` after those before it, of which the first have fewer."""
        text = _whole(text, self.kinds)
        p = np.full(len(text), 1 / self.kinds)
        for j in range(min(len(self._pairs) - 1, len(text)) + 1):  # the first j letters have fewer before them
            p[j:] = self._backed(p[j:], j, _contexts(text, self.kinds, j), text[j:])
        return p

    def loss(self, text):
        """The mean of -log P over the letters of ``text``: the cross-entropy in nats."""
        return float(-np.log(self.probabilities(text)).mean())

    def following(self, text):
        """The probability (kinds,) of each letter to come after ``text``."""
        text = _whole(text, self.kinds)
        letters, p = np.arange(self.kinds), np.full(self.kinds, 1 / self.kinds)
        for j in range(min(len(self._pairs) - 1, len(text)) + 1):
            context = _contexts(np.append(text[len(text) - j :], 0), self.kinds, j)
            p = self._backed(p, j, context, letters)
        return p

    def distributions(self, text):
        """The probability of each letter there is, at each place of ``text`` after the letters before it, (n, kinds).

        Much faster than to ask `following` at every place. A row adds up to 1.
        """
        text = _whole(text, self.kinds)
        letters, p = np.arange(self.kinds), np.full((len(text), self.kinds), 1 / self.kinds)
        for j in range(min(len(self._pairs) - 1, len(text)) + 1):
            p[j:] = self._backed(p[j:], j, _contexts(text, self.kinds, j)[:, None], letters)
        return p

    def write(self, text, n, rng):
        """``text`` and n letters more, each drawn with its probability, (len(text) + n,)."""
        require_generator("Counts.write", rng)
        text = list(_whole(text, self.kinds))
        for _ in range(n):
            p = self.following(text[max(len(text) - self.before, 0) :])
            text.append(rng.choice(self.kinds, p=p / p.sum()))
        return np.array(text, dtype=np.int64)

    def _backed(self, fewer, j, context, letters):
        """P(k | c) of the letters k after the contexts c of j letters each, given P(k | c')."""
        n_pair = _looked_up(*self._pairs[j], context * self.kinds + letters)
        seen, n, different = self._contexts[j]
        n, d = _looked_up(seen, n, context), _looked_up(seen, different, context)
        return np.where(n > 0, (n_pair + d * fewer) / np.maximum(n + d, 1), fewer)


def _contexts(text, kinds, j):
    """The j letters before each letter from the jth on, as one number each, (n - j,)."""
    codes = np.zeros(len(text) - j, dtype=np.int64)
    for i in range(j):
        codes = codes * kinds + text[i : len(text) - j + i]
    return codes


def _looked_up(keys, values, wanted):
    """The value of each wanted key, 0 where there is none; the keys are in order."""
    if len(keys) == 0:
        return np.zeros(len(wanted), dtype=np.int64)
    places = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
    return np.where(keys[places] == wanted, values[places], 0)


def _whole(text, kinds):
    text = np.asarray(text)
    if text.ndim != 1 or (len(text) and text.dtype.kind not in "iu"):
        raise ValueError(f"Counts: the text is {text.dtype} {text.shape}; whole numbers (n,) are needed")
    if len(text) and not (0 <= text.min() and text.max() < kinds):
        raise ValueError(f"Counts: the text has letters from {text.min()} to {text.max()}; 0 to {kinds - 1} are needed")
    return text.astype(np.int64)
