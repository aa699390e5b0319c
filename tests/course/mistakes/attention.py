"""Mistakes with attention, and in the last bug hunt: lessons 16 and 17."""

import numpy as np

from mistakes import Mistake


def softmax(z):
    powers = np.exp(z - z.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def turned(a):
    return np.swapaxes(a, 1, 2)


# attention-backward


def scores(q, k):
    return q @ turned(k) / np.sqrt(q.shape[-1])


def softmax_back(da, a):
    return a * (da - (da * a).sum(axis=-1, keepdims=True))


def three_from(dz, a, dy, q, k):
    dz = dz / np.sqrt(q.shape[-1])
    return dz @ k, turned(dz) @ q, turned(a) @ dy


def filled_with(number):
    """The right answer but for the number that stands for a hidden key."""

    def backward(dy, q, k, v, mask):
        a = softmax(np.where(mask, scores(q, k), number))
        return three_from(softmax_back(dy @ turned(v), a), a, dy, q, k)

    return backward


def hidden_after_the_softmax(dy, q, k, v, mask):
    a = np.where(mask, softmax(scores(q, k)), 0.0)
    return three_from(softmax_back(dy @ turned(v), a), a, dy, q, k)


def upstream_once_more(dy, q, k, v, mask):
    a, da = softmax(np.where(mask, scores(q, k), -np.inf)), dy @ turned(v)
    return three_from(da * softmax_back(da, a), a, dy, q, k)


def each_weight_by_its_own_logit(dy, q, k, v, mask):
    a = softmax(np.where(mask, scores(q, k), -np.inf))
    return three_from(dy @ turned(v) * a * (1 - a), a, dy, q, k)


# causal-weights


def itself_and_later():
    return {"first": 0, "second": 6 / (6 + 8), "third": 8 / (6 + 8)}


def later_alone():
    return {"first": 0, "second": 0, "third": 1}


# bug-hunt-step


def errors_of_two_layers(params, X, y):
    """The right dZ2 and dZ1, and A1."""
    A1 = np.tanh(X @ params["W1"] + params["b1"])
    dZ2 = (softmax(A1 @ params["W2"] + params["b2"]) - np.eye(len(params["b2"]))[y]) / len(y)
    return dZ2, dZ2 @ params["W2"].T * (1 - A1**2), A1


def stepped(params, lr, **gradients):
    return {name: params[name] - lr * gradients[name] for name in params}


def divided_in_both_layers(params, X, y, lr):
    dZ2, dZ1, A1 = errors_of_two_layers(params, X, y)
    dZ1 = dZ1 / len(X)
    return stepped(params, lr, W1=X.T @ dZ1, b1=dZ1.sum(axis=0), W2=A1.T @ dZ2, b2=dZ2.sum(axis=0))


def one_number_for_all_biases(params, X, y, lr):
    dZ2, dZ1, A1 = errors_of_two_layers(params, X, y)
    return stepped(params, lr, W1=X.T @ dZ1, b1=np.mean(dZ1.sum(axis=1)), W2=A1.T @ dZ2, b2=dZ2.sum(axis=0))


def bias_averaged_again(params, X, y, lr):
    dZ2, dZ1, A1 = errors_of_two_layers(params, X, y)
    return stepped(params, lr, W1=X.T @ dZ1, b1=dZ1.mean(axis=0), W2=A1.T @ dZ2, b2=dZ2.sum(axis=0))


MISTAKES = [
    Mistake(
        "attention-backward",
        "common, a smallest number that is positive",
        "finfo.tiny",
        filled_with(np.finfo(float).tiny),
        "a hidden key still gets a share",
    ),
    Mistake(
        "attention-backward",
        "lucidrains/memory-compressed-attention#2",
        "+inf",
        filled_with(np.inf),
        "right when mask is True everywhere",
    ),
    Mistake("attention-backward", "awslabs/gluonts#1401", "1e-9", filled_with(1e-9), "a hidden key still gets a share"),
    Mistake(
        "attention-backward",
        "huggingface/timm#2236, LLMs-from-scratch#279",
        "hidden after the softmax",
        hidden_after_the_softmax,
        "Hidden weights became 0 after the softmax",
    ),
    Mistake(
        "attention-backward",
        "pocketpy/cTensor#31",
        "upstream twice",
        upstream_once_more,
        "dv is right; dq, dk are not. Twice as much dy should give twice the result",
    ),
    Mistake(
        "attention-backward",
        "wkcn/mobula#3",
        "a (1 - a)",
        each_weight_by_its_own_logit,
        "treat the softmax as if each weight depended on its own logit alone",
    ),
    Mistake("causal-weights", "levanter#102", "j >= i", itself_and_later, "This looks at what comes after"),
    Mistake("causal-weights", "nanoGPT#170", "j > i", later_alone, "This looks at what comes after"),
    Mistake(
        "bug-hunt-step",
        "deeplearning.ai, 1/m in each layer",
        "n in both layers",
        divided_in_both_layers,
        "W2, b2 are right; W1, b1 are not. All of it is right for one example alone",
    ),
    Mistake(
        "bug-hunt-step", "common", "one number for b1", one_number_for_all_biases, "W1, W2, b2 are right; b1 is not"
    ),
    Mistake(
        "bug-hunt-step",
        "common",
        "mean for b1",
        bias_averaged_again,
        "One bug left, in b1: its gradient is the sum over the batch",
    ),
]
