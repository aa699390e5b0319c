"""Right answers to the exercises of lesson 11, each written differently from the solution."""

import graphlib
import math
from collections import defaultdict

import numpy as np

from bplib import autodiff
from bplib.autodiff import Value


def step_by_differences_of_shares(op, inputs, out, values, grads):
    slopes = {
        "+": lambda: [1, 1],
        "*": lambda: [values[name] for name in reversed(inputs)],
        "tanh": lambda: [1 / math.cosh(values[inputs[0]]) ** 2],
        "exp": lambda: [math.exp(values[inputs[0]])],
    }[op]()
    result = {}
    for name, before in grads.items():
        result[name] = before + sum(grads[out] * s for i, s in zip(inputs, slopes, strict=True) if i == name)
    return result


def step_with_branches(op, inputs, out, values, grads):
    grads, d = dict(grads), grads[out]
    first, last = inputs[0], inputs[-1]
    if op == "+":
        grads[first] += d
        grads[last] += d
    elif op == "*":
        grads[first] += d * values[last]
        grads[last] += d * values[first]
    elif op == "tanh":
        grads[first] += d * (1 - values[out]) * (1 + values[out])
    else:
        grads[first] += d * values[out]
    return {"more": 0.0, **grads}


def step_in_a_dict_of_its_own(op, inputs, out, values, grads):
    gathered = defaultdict(float, grads)
    for k, name in enumerate(inputs):
        y, other = values[out], values[inputs[k - 1]]
        gathered[name] += grads[out] * {"+": 1.0, "*": other, "tanh": 1 - y * y, "exp": y}[op]
    return gathered


def sort_by_counting(inputs, output):
    """Kahn: always take a node all of whose inputs are taken."""
    needed, todo = set(), [output]
    while todo:
        name = todo.pop()
        needed.add(name)
        todo += [each for each in inputs[name] if each not in needed]
    order = []
    while len(order) < len(needed):
        order += [n for n in sorted(needed) if n not in order and all(each in order for each in inputs[n])]
    return tuple(order)


def sort_with_the_standard_library(inputs, output):
    reached = [output]
    for name in reached:
        reached += [each for each in inputs[name] if each not in reached]
    return list(graphlib.TopologicalSorter({name: inputs[name] for name in reached}).static_order())


def sort_on_a_stack(inputs, output):
    order, stack = [], [(output, False)]
    while stack:
        name, done = stack.pop()
        if done and name not in order:
            order.append(name)
        elif name not in order:
            stack.append((name, True))
            stack.extend((each, False) for each in inputs[name])
    return order


def sort_recursively_from_the_right(inputs, output, order=()):
    if output in order:
        return list(order)
    for each in reversed(inputs[output]):
        order = sort_recursively_from_the_right(inputs, each, order)
    return [*order, output]


def rules_by_einsum_and_counting(op, d_out, a, b):
    if op == "@":
        return np.einsum("nk,mk->nm", d_out, b), np.einsum("nm,nk->mk", a, d_out)
    gradients = []
    for array, factor in ((a, b), (b, a)):
        g = d_out * factor if op == "*" else d_out
        places = np.broadcast_to(np.arange(array.size).reshape(array.shape), g.shape)
        gradients.append(np.bincount(places.ravel(), weights=g.ravel(), minlength=array.size).reshape(array.shape))
    return gradients


def rules_in_a_loop(op, d_out, a, b):
    if op == "@":
        return (b @ d_out.T).T, (d_out.T @ a).T

    def reduced(g, shape):
        while g.ndim > len(shape):
            g = g.sum(axis=0)
        for axis, length in enumerate(shape):
            if length != g.shape[axis]:
                g = g.sum(axis=axis, keepdims=True)
        return g

    return reduced(d_out * (b if op == "*" else 1.0), a.shape), reduced(d_out * (a if op == "*" else 1.0), b.shape)


def train_with_new_values(X, y, W, b, v, lr, steps):
    params, losses = [W, b, v], []
    for _ in range(steps):
        nodes = [Value(p) for p in params]
        error = autodiff.tanh(X @ nodes[0] + nodes[1]) @ nodes[2] - y
        loss = autodiff.sum(error**2) / len(X)
        loss.backward()
        losses.append(float(loss.data))
        params = [p - lr * node.grad for p, node in zip(params, nodes, strict=True)]
    return losses


def train_by_hand(X, y, W, b, v, lr, steps):
    losses = []
    for _ in range(steps):
        A = np.tanh(X @ W + b)
        e = A @ v - y
        losses.append((e.T @ e).item() / len(y))
        dA = 2 / len(y) * e @ v.T
        v = v - lr * 2 / len(y) * A.T @ e
        W, b = W - lr * X.T @ (dA * (1 - A * A)), b - lr * (dA * (1 - A * A)).sum(axis=0)
    return np.array(losses)


RIGHT = {
    "backward-step": [step_by_differences_of_shares, step_with_branches, step_in_a_dict_of_its_own],
    "topological-sort": [
        sort_by_counting,
        sort_with_the_standard_library,
        sort_on_a_stack,
        sort_recursively_from_the_right,
    ],
    "array-rules": [rules_by_einsum_and_counting, rules_in_a_loop],
    "train-with-it": [train_with_new_values, train_by_hand],
}
