"""Mistakes with an engine that differentiates: lesson 11."""

import numpy as np

from bplib import autodiff
from bplib.autodiff import Value
from mistakes import Mistake

# backward-step


def slopes(op, inputs, out, values):
    """The right slopes of a node by its inputs, in their order."""
    if op == "+":
        return [1.0, 1.0]
    if op == "*":
        return [values[inputs[1]], values[inputs[0]]]
    return [1 - values[out] ** 2] if op == "tanh" else [values[out]]


def tanh_by_its_input(op, inputs, out, values, grads):
    grads = dict(grads)
    found = [1 - values[inputs[0]] ** 2] if op == "tanh" else slopes(op, inputs, out, values)
    for name, slope in zip(inputs, found, strict=True):
        grads[name] += slope * grads[out]
    return grads


def upstream_shared_out(op, inputs, out, values, grads):
    grads = dict(grads)
    share = grads[out] / len(inputs)
    for name, slope in zip(inputs, slopes(op, inputs, out, values), strict=True):
        grads[name] += slope * share
    return grads


def square_known_and_double_not(op, inputs, out, values, grads):
    grads = dict(grads)
    found = dict(zip(inputs, slopes(op, inputs, out, values), strict=True))
    if op == "*" and inputs[0] == inputs[1]:
        found[inputs[0]] = 2 * values[inputs[0]]
    for name, slope in found.items():
        grads[name] += slope * grads[out]
    return grads


def step_without_return(op, inputs, out, values, grads):
    for name, slope in zip(inputs, slopes(op, inputs, out, values), strict=True):
        grads[name] += slope * grads[out]


# topological-sort


def every_path_walked(inputs, output):
    before = [name for each in inputs[output] for name in every_path_walked(inputs, each)]
    return [*before, output]


def depth_first_turned_around(inputs, output):
    met, waiting = [], [output]
    while waiting:
        name = waiting.pop()
        if name not in met:
            met.append(name)
            waiting += inputs[name][::-1]
    return list(reversed(met))


def by_the_shortest_way(inputs, output):
    distance, row = {output: 0}, [output]
    for name in row:
        for each in inputs[name]:
            if each not in distance:
                distance[each] = distance[name] + 1
                row.append(each)
    return sorted(distance, key=distance.get, reverse=True)


def whole_graph_by_kahn(inputs, output):
    order, waiting = [], [name for name in inputs if name != output]
    while waiting:
        ready = next(name for name in waiting if set(inputs[name]) <= set(order))
        order.append(ready)
        waiting.remove(ready)
    return [*order, output]


# array-rules


def summed_to(shape, d):
    d = d.sum(axis=tuple(range(d.ndim - len(shape))))
    return d.sum(axis=tuple(k for k, length in enumerate(shape) if length == 1), keepdims=True)


def product_not_summed(op, d_out, a, b):
    if op == "@":
        return d_out @ b.T, a.T @ d_out
    if op == "*":
        return d_out * b, d_out * a
    return summed_to(a.shape, d_out), summed_to(b.shape, d_out)


def summed_in_front_only(op, d_out, a, b):
    def in_front(shape, d):
        while len(d.shape) > len(shape):
            d = d.sum(axis=0)
        return d

    if op == "@":
        return d_out @ b.T, a.T @ d_out
    da, db = (d_out, d_out) if op == "+" else (d_out * b, d_out * a)
    return in_front(a.shape, da), in_front(b.shape, db)


def factors_of_a_matrix_product_turned(op, d_out, a, b):
    if op == "@":
        return np.dot(b, d_out.T), np.dot(d_out.T, a)
    if op == "*":
        return summed_to(a.shape, d_out * b), summed_to(b.shape, d_out * a)
    return summed_to(a.shape, d_out), summed_to(b.shape, d_out)


# train-with-it


def loss_of(X, y, W, b, v):
    error = autodiff.tanh(X @ W + b) @ v - y
    return autodiff.mean(error**2)


def step_before_backward(X, y, W, b, v, lr, steps):
    parameters, losses = [Value(W), Value(b), Value(v)], []
    old = [0.0, 0.0, 0.0]
    for _ in range(steps):
        loss = loss_of(X, y, *parameters)
        losses.append(loss.data)
        for p, gradient in zip(parameters, old, strict=True):
            p.data = p.data - lr * gradient
        loss.backward()
        old = [p.grad for p in parameters]
    return losses


def name_of_the_loop_rebound(X, y, W, b, v, lr, steps):
    parameters, losses = [Value(W), Value(b), Value(v)], []
    for _ in range(steps):
        loss = loss_of(X, y, *parameters)
        losses.append(loss.data)
        loss.backward()
        for p in parameters:
            p = Value(p.data - lr * p.grad)
    return losses


MISTAKES = [
    Mistake(
        "backward-step",
        "micrograd clones",
        "slope of tanh by the input",
        tanh_by_its_input,
        "The slope of tanh is written with its output",
    ),
    # The product is divided as well, which is seen only when the sum is right.
    Mistake(
        "backward-step",
        "sebgao/cTensor#5, TrenTorch#182",
        "upstream divided by the number of inputs",
        upstream_shared_out,
        "A sum does not divide its gradient between its two inputs",
    ),
    Mistake(
        "backward-step",
        "an engine in Rust, pow by hand",
        "a * a is right, a + a not",
        square_known_and_double_not,
        "All is right until a node has the same input twice, as in b + b",
    ),
    Mistake("backward-step", "common", "no return", step_without_return, "did you forget return?"),
    Mistake(
        "topological-sort",
        "micrograd#67",
        "every path",
        every_path_walked,
        "A name is in the list more than once, since several paths lead to it",
    ),
    Mistake(
        "topological-sort",
        "micrograd#23",
        "a node before its inputs, turned around",
        depth_first_turned_around,
        "A chain comes out right, and here a node is written before one of its inputs",
    ),
    Mistake(
        "topological-sort",
        "common",
        "by the shortest way",
        by_the_shortest_way,
        "a node is written before one of its inputs",
    ),
    Mistake(
        "topological-sort",
        "common",
        "Kahn over all keys",
        whole_graph_by_kahn,
        "The list holds a name that the output does not depend on",
    ),
    Mistake(
        "array-rules",
        "raskr/rust-autograd#38",
        "sum reduced, product not",
        product_not_summed,
        "The gradients have the shape of the result",
    ),
    Mistake(
        "array-rules",
        "nd4j#2424",
        "axes in front only",
        summed_in_front_only,
        "those of length 1 that were stretched are not",
    ),
    Mistake(
        "array-rules",
        "common",
        "matrix product turned",
        factors_of_a_matrix_product_turned,
        "In a @ b a gradient lies on its side",
    ),
    Mistake("train-with-it", "PyTorch forum, step before backward", "gradients of before", step_before_backward, None),
    Mistake(
        "train-with-it",
        "common",
        "p = ... in the loop",
        name_of_the_loop_rebound,
        "The loss is the same in every step",
    ),
]
