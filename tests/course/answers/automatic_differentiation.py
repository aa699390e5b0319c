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


def fitted(share, shape):
    """What lesson 06 calls unbroadcast."""
    share = np.sum(share, axis=tuple(range(np.ndim(share) - len(shape))))
    return np.sum(share, axis=tuple(i for i, length in enumerate(shape) if length == 1), keepdims=True)


class Node:
    def __init__(self, data=None, op="", parents=()):
        self.data, self.op, self.parents, self.users = data, op, parents, 0


def engine_of_objects_that_counts_users(nodes, leaves, output):
    """Kahn's way: a node hands on when nobody who uses it is left. Its own operation is the exponential."""
    forward = {"+": np.add, "*": np.multiply, "@": np.matmul, "tanh": np.tanh, "sum": np.sum, "own": np.exp}
    made = {name: Node(x) for name, x in leaves.items()} | {name: Node(op=op) for name, op, _ in nodes}
    for name, _, inputs in nodes:
        made[name].parents = [made[each] for each in inputs]
    needed, todo = {made[output]}, [made[output]]
    while todo:
        for parent in todo.pop().parents:
            parent.users += 1
            if parent not in needed:
                needed.add(parent)
                todo.append(parent)
    order, ready = [], [made[output]]
    while ready:
        node = ready.pop()
        order.append(node)
        for parent in node.parents:
            parent.users -= 1
            if not parent.users:
                ready.append(parent)
    for node in reversed(order):
        if node.op:
            node.data = forward[node.op](*(parent.data for parent in node.parents))
    for node in made.values():
        node.grad = 0.0 * node.data if node.data is not None else 0.0
    made[output].grad = 1.0
    for node in order:
        d, y, x = node.grad, node.data, [parent.data for parent in node.parents]
        match node.op:
            case "+":
                shares = [d, d]
            case "*":
                shares = [d * x[1], d * x[0]]
            case "@":
                shares = [d @ x[1].T, x[0].T @ d]
            case "tanh":
                shares = [d * (1 - y) * (1 + y)]
            case "sum":
                shares = [np.full(np.shape(x[0]), d)]
            case "own":
                shares = [d * y]
            case _:
                shares = []
        for parent, share in zip(node.parents, shares, strict=True):
            parent.grad = parent.grad + fitted(share, np.shape(parent.data))
    return made[output].data, {name: made[name].grad for name in leaves}


def engine_with_the_standard_library(nodes, leaves, output):
    """Its own operation is the square root; what the output does not need is computed too, and gets zeros."""
    made = {name: (op, inputs) for name, op, inputs in nodes}
    order = list(graphlib.TopologicalSorter({name: inputs for name, (_, inputs) in made.items()}).static_order())
    value, rules = dict(leaves), {}
    for name in order:
        if name not in made:
            continue
        op, inputs = made[name]
        x = [value[each] for each in inputs]
        if op == "+":
            value[name], rules[name] = x[0] + x[1], lambda d: (d, d)
        elif op == "*":
            value[name], rules[name] = x[0] * x[1], lambda d, x=x: (d * x[1], d * x[0])
        elif op == "@":
            value[name], rules[name] = x[0] @ x[1], lambda d, x=x: (d @ x[1].T, x[0].T @ d)
        elif op == "sum":
            value[name], rules[name] = np.sum(x[0]), lambda d, x=x: (d + np.zeros_like(x[0]),)
        elif op == "tanh":
            value[name], rules[name] = np.tanh(x[0]), lambda d, x=x: (d / np.cosh(x[0]) ** 2,)
        else:
            value[name], rules[name] = np.sqrt(x[0]), lambda d, x=x: (d / (2 * np.sqrt(x[0])),)
    grads = {output: np.array(1.0)}
    for name in order[::-1]:
        if name in grads and name in rules:
            for each, share in zip(made[name][1], rules[name](grads[name]), strict=True):
                share = fitted(share, np.shape(value[each]))
                grads[each] = grads[each] + share if each in grads else share
    zeros = {name: np.zeros(np.shape(x)) for name, x in leaves.items()}
    return [value[output], {name: grads.get(name, zero) for name, zero in zeros.items()}]


def engine_of_repeated_looks(nodes, leaves, output):
    """Whoever can be computed is computed, as long as there is somebody; on a stack. Its own operation is 1 / x."""
    made = {name: (op, inputs) for name, op, inputs in nodes}
    value, tape, stack = dict(leaves), [], [output]
    compute = {"+": lambda a, b: a + b, "*": lambda a, b: a * b, "@": lambda a, b: a @ b}
    compute |= {"tanh": np.tanh, "sum": lambda x: np.asarray(x).sum(), "own": lambda x: x**-1.0}
    while stack:
        name = stack[-1]
        missing = [] if name in value else [each for each in made[name][1] if each not in value]
        if missing:
            stack.extend(missing)
            continue
        stack.pop()
        if name not in value:
            op, inputs = made[name]
            value[name] = compute[op](*map(value.get, inputs))
            tape.append(name)
    grads = {name: np.zeros(np.shape(x)) for name, x in value.items()}
    grads[output] = grads[output] + 1
    while tape:
        name = tape.pop()
        (op, inputs), d = made[name], grads[name]
        x = [value[each] for each in inputs]
        if op in ("+", "*"):
            shares = [d, d] if op == "+" else [d * x[1], x[0] * d]
        elif op == "@":
            shares = [(x[1] @ d.T).T, (d.T @ x[0]).T]
        else:
            slope = {"tanh": lambda x: 1 - np.tanh(x) ** 2, "sum": np.ones_like, "own": lambda x: -1 / x**2}[op]
            shares = [d * slope(x[0])]
        for each, share in zip(inputs, shares, strict=True):
            grads[each] = grads[each] + fitted(share, np.shape(value[each]))
    return value[output], {name: grads[name] for name in leaves}


def along_with_pairs(nodes, leaves, direction, output):
    pairs = {name: (x, np.zeros(np.shape(x)) + direction.get(name, 0.0)) for name, x in leaves.items()}
    for name, op, inputs in nodes:
        a, da = pairs[inputs[0]]
        b, db = pairs[inputs[-1]]
        if op == "+":
            pairs[name] = a + b, da + db
        elif op == "*":
            pairs[name] = a * b, a * db + b * da
        elif op == "@":
            pairs[name] = a @ b, a @ db + da @ b
        elif op == "tanh":
            pairs[name] = np.tanh(a), da / np.cosh(a) ** 2
        else:
            pairs[name] = np.sum(a), np.sum(da)
    return pairs[output]


def along_by_the_way_back(nodes, leaves, direction, output):
    """Turned around: with an upstream of ones at one entry after the other, and the directions weigh what comes."""
    value, made = dict(leaves), {name: (op, inputs) for name, op, inputs in nodes}
    compute = {"+": np.add, "*": np.multiply, "@": np.matmul, "tanh": np.tanh, "sum": np.sum}
    for name, op, inputs in nodes:
        value[name] = compute[op](*(value[each] for each in inputs))
    dot = np.zeros(np.shape(value[output]))
    for index in np.ndindex(dot.shape):
        grads = {name: np.zeros(np.shape(x)) for name, x in value.items()}
        grads[output][index] = 1.0
        for name in [name for name, _, _ in nodes][::-1]:
            (op, inputs), d, y = made[name], grads[name], value[name]
            x = [value[each] for each in inputs]
            shares = {
                "+": lambda d=d: (d, d),
                "*": lambda d=d, x=x: (d * x[1], d * x[0]),
                "@": lambda d=d, x=x: (d @ x[1].T, x[0].T @ d),
                "tanh": lambda d=d, y=y: (d * (1 - y * y),),
                "sum": lambda d=d, x=x: (d * np.ones(x[0].shape),),
            }[op]()
            for each, share in zip(inputs, shares, strict=True):
                grads[each] = grads[each] + fitted(share, np.shape(value[each]))
        dot[index] = sum(np.sum(grads[name] * each) for name, each in direction.items())
    return value[output], dot


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
    "engine": [
        engine_of_objects_that_counts_users,
        engine_with_the_standard_library,
        engine_of_repeated_looks,
    ],
    "along": [along_with_pairs, along_by_the_way_back],
    "train-with-it": [train_with_new_values, train_by_hand],
}

TURNED = {
    "turn-divide": [
        lambda d_out, out, a, b: (d_out / b, -d_out * a / b**2),
        lambda d_out, out, a, b: [d_out / b, -out * d_out / b],
    ],
    "turn-product-dot": [
        lambda a, a_dot, b, b_dot: a_dot * b + a * b_dot,
        lambda a, a_dot, b, b_dot: b * a_dot + b_dot * a,
    ],
}
