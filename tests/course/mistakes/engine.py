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


# engine


def summed_to(shape, d):
    d = np.sum(d, axis=tuple(range(np.ndim(d) - len(shape))))
    return np.sum(d, axis=tuple(k for k, length in enumerate(shape) if length == 1), keepdims=True)


RULES = {
    "+": lambda d, y, a, b: (d, d),
    "*": lambda d, y, a, b: (d * b, d * a),
    "@": lambda d, y, a, b: (d @ b.T, a.T @ d),
    "tanh": lambda d, y, x: (d * (1 - y**2),),
    "sum": lambda d, y, x: (np.full(np.shape(x), d),),
    "own": lambda d, y, x: (d * y,),
}
FORWARD = {"+": np.add, "*": np.multiply, "@": np.matmul, "tanh": np.tanh, "sum": np.sum, "own": np.exp}


def recorded(nodes, leaves, output):
    """The nodes by their names and the values of those that the output needs, without any call within a call."""
    made, values, stack = {name: (op, inputs) for name, op, inputs in nodes}, dict(leaves), [output]
    while stack:
        missing = [each for each in made[stack[-1]][1] if each not in values] if stack[-1] not in values else []
        if missing:
            stack += missing
        elif (name := stack.pop()) not in values:
            op, inputs = made[name]
            values[name] = FORWARD[op](*(values[each] for each in inputs))
    return made, values


def engine_with(order, rules=RULES, fitted=summed_to):
    def engine(nodes, leaves, output):
        made, values = recorded(nodes, leaves, output)
        grads = {name: np.zeros(np.shape(x)) for name, x in values.items()}
        grads[output] = np.ones(())
        for name in reversed(order(made, output)):
            if name in made:
                op, inputs = made[name]
                shares = rules[op](grads[name], values[name], *(values[each] for each in inputs))
                for each, share in zip(inputs, shares, strict=True):
                    grads[each] = grads[each] + fitted(np.shape(values[each]), share)
        return values[output], {name: grads[name] for name in leaves}

    return engine


def inputs_of(made, name):
    return made[name][1] if name in made else ()


def every_path_and_then_once(made, output):
    def walk(name):
        return [each for before in inputs_of(made, name) for each in walk(before)] + [name]

    return list(dict.fromkeys(walk(output)))


def depth_first_turned_around(made, output):
    met, waiting = [], [output]
    while waiting:
        name = waiting.pop()
        if name not in met:
            met.append(name)
            waiting += inputs_of(made, name)[::-1]
    return list(reversed(met))


def by_the_shortest_way(made, output):
    distance, row = {output: 0}, [output]
    for name in row:
        for each in inputs_of(made, name):
            if each not in distance:
                distance[each] = distance[name] + 1
                row.append(each)
    return sorted(distance, key=distance.get, reverse=True)


def visited_by_itself(made, output):
    order, seen = [], set()

    def visit(name):
        if name in seen:
            return
        seen.add(name)
        for each in inputs_of(made, name):
            visit(each)
        order.append(name)

    visit(output)
    return order


def on_a_stack(made, output):
    order, seen, todo = [], set(), [(output, False)]
    while todo:
        name, done = todo.pop()
        if done:
            order.append(name)
        elif name not in seen:
            seen.add(name)
            todo += [(name, True), *((each, False) for each in inputs_of(made, name))]
    return order


def gradient_sent_down_every_path(nodes, leaves, output):
    made, values = recorded(nodes, leaves, output)
    grads = {name: np.zeros(np.shape(x)) for name, x in leaves.items()}
    waiting = [(output, np.ones(()))]
    while waiting:
        name, d = waiting.pop()
        if name in leaves:
            grads[name] = grads[name] + d
            continue
        op, inputs = made[name]
        shares = RULES[op](d, values[name], *(values[each] for each in inputs))
        waiting += [(each, summed_to(np.shape(values[each]), s)) for each, s in zip(inputs, shares, strict=True)]
    return values[output], grads


def nodes_as_they_come(nodes, leaves, output):
    values = dict(leaves)
    for name, op, inputs in nodes:
        values[name] = FORWARD[op](*(values[each] for each in inputs))
    return engine_with(on_a_stack)(nodes, leaves, output)


def wrong_rule_of_its_own(nodes, leaves, output):
    return engine_with(on_a_stack, {**RULES, "own": lambda d, y, x: (d * x * y,)})(nodes, leaves, output)


def own_rule_without_upstream(nodes, leaves, output):
    return engine_with(on_a_stack, {**RULES, "own": lambda d, y, x: (y,)})(nodes, leaves, output)


def gradients_of_needed_leaves_only(nodes, leaves, output):
    value, grads = engine_with(on_a_stack)(nodes, leaves, output)
    return value, {name: grad for name, grad in grads.items() if np.any(grad)}


def nothing_for_what_is_beside(nodes, leaves, output):
    value, grads = engine_with(on_a_stack)(nodes, leaves, output)
    met = on_a_stack({name: (op, inputs) for name, op, inputs in nodes}, output)
    return value, {name: grad if name in met else None for name, grad in grads.items()}


def looked_up_where_it_is_not(nodes, leaves, output):
    value, grads = gradients_of_needed_leaves_only(nodes, leaves, output)
    return value, {name: grads[name] for name in leaves}


def one_zero_for_what_is_beside(nodes, leaves, output):
    value, grads = engine_with(on_a_stack)(nodes, leaves, output)
    return value, {name: grad if np.any(grad) else 0.0 for name, grad in grads.items()}


def in_front_only(shape, d):
    while np.ndim(d) > len(shape):
        d = d.sum(axis=0)
    return d


# along


def along_with(rules, still=lambda x: np.zeros(np.shape(x))):
    def along(nodes, leaves, direction, output):
        value = dict(leaves)
        dot = {name: direction[name] if name in direction else still(x) for name, x in leaves.items()}
        for name, op, inputs in nodes:
            x, dx = [value[each] for each in inputs], [dot[each] for each in inputs]
            value[name] = FORWARD[op](*x)
            dot[name] = rules.get(op, SPEEDS[op])(value[name], x, dx)
        return value[output], dot[output]

    return along


SPEEDS = {
    "+": lambda y, x, dx: dx[0] + dx[1],
    "*": lambda y, x, dx: dx[0] * x[1] + x[0] * dx[1],
    "@": lambda y, x, dx: dx[0] @ x[1] + x[0] @ dx[1],
    "tanh": lambda y, x, dx: (1 - y**2) * dx[0],
    "sum": lambda y, x, dx: np.sum(dx[0]),
}


def looked_up_in_the_direction(nodes, leaves, direction, output):
    return along_with({})(nodes, leaves, {name: direction[name] for name in leaves}, output)


def one_zero_for_what_stands_still(nodes, leaves, direction, output):
    value, dot = along_with({})(nodes, leaves, direction, output)
    return value, dot if np.any(dot) else 0.0


def nudged(nodes, leaves, direction, output, h=1e-6):
    moved = {name: x + h * direction.get(name, 0.0) for name, x in leaves.items()}
    here, there = (along_with({})(nodes, each, {}, output)[0] for each in (leaves, moved))
    return here, (there - here) / h


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


def losses_with_their_past(X, y, W, b, v, lr, steps):
    parameters, losses = [Value(W), Value(b), Value(v)], []
    for _ in range(steps):
        loss = loss_of(X, y, *parameters)
        losses.append(loss)
        loss.backward()
        for p in parameters:
            p.data = p.data - lr * p.grad
    return losses


def updated_in_place(X, y, W, b, v, lr, steps):
    parameters, losses = [Value(W), Value(b), Value(v)], []
    for _ in range(steps):
        loss = loss_of(X, y, *parameters)
        losses.append(loss.data)
        loss.backward()
        for p in parameters:
            p.data -= lr * p.grad
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
        "engine",
        "micrograd#67",
        "every path, and then each once",
        engine_with(every_path_and_then_once),
        "every path is walked",
    ),
    Mistake(
        "engine",
        "micrograd clones",
        "gradient sent down every path",
        gradient_sent_down_every_path,
        "every path is walked",
    ),
    Mistake(
        "engine",
        "micrograd#23",
        "a node before its inputs, turned around",
        engine_with(depth_first_turned_around),
        "hands on before its own gradient is complete",
    ),
    Mistake(
        "engine",
        "common",
        "by the shortest way",
        engine_with(by_the_shortest_way),
        "hands on before its own gradient is complete",
    ),
    Mistake("engine", "micrograd", "visit calls visit", engine_with(visited_by_itself), "at a depth of 5,000 nodes"),
    Mistake(
        "engine",
        "common",
        "nodes as they come",
        nodes_as_they_come,
        "They come in no particular order",
    ),
    Mistake("engine", "common", "own rule wrong", wrong_rule_of_its_own, 'the rule of "own" does not fit its values'),
    Mistake("engine", "common", "own rule without upstream", own_rule_without_upstream, 'By itself "own" is right'),
    Mistake(
        "engine",
        "common",
        "no gradient of what is beside",
        gradients_of_needed_leaves_only,
        "It is right without y, on which the output does not depend, and with y the dict it returns lacks y.",
    ),
    Mistake("engine", "common", "None beside", nothing_for_what_is_beside, "with y the gradient of y is None."),
    Mistake("engine", "common", "KeyError beside", looked_up_where_it_is_not, "with y it raises KeyError."),
    Mistake("engine", "common", "one zero beside", one_zero_for_what_is_beside, "the gradient of c is a single number"),
    Mistake(
        "engine",
        "raskr/rust-autograd#38",
        "nothing reduced",
        engine_with(on_a_stack, fitted=lambda shape, d: d),
        "A gradient has the shape of the result",
    ),
    Mistake(
        "engine",
        "nd4j#2424",
        "axes in front only",
        engine_with(on_a_stack, fitted=in_front_only),
        "those of length 1 that were stretched are not",
    ),
    Mistake(
        "engine",
        "common",
        "matrix product not turned",
        engine_with(on_a_stack, {**RULES, "@": lambda d, y, a, b: (d @ b, a @ d)}),
        "In a @ b nothing is turned",
    ),
    Mistake("along", "common", "nudged", nudged, "as differences are"),
    Mistake(
        "along",
        "common",
        "KeyError in the direction",
        looked_up_in_the_direction,
        "It is right when the direction names all leaves",
    ),
    Mistake(
        "along",
        "common",
        "zeros without a shape",
        along_with({}, still=lambda x: 0.0),
        "begin them with zeros, in the shape of the leaf",
    ),
    Mistake(
        "along",
        "common",
        "one zero for all that stands still",
        one_zero_for_what_stands_still,
        None,
    ),
    Mistake(
        "along",
        "common",
        "product of the speeds",
        along_with({"*": lambda y, x, dx: dx[0] * dx[1]}),
        "The product rule has two terms",
    ),
    Mistake(
        "along",
        "common",
        "what is not named moves",
        along_with({}, still=lambda x: np.ones(np.shape(x))),
        "The leaves that the direction does not name move too",
    ),
    Mistake("train-with-it", "PyTorch forum, step before backward", "gradients of before", step_before_backward, None),
    Mistake("train-with-it", "common", "losses appended", losses_with_their_past, "as in loss.data"),
    Mistake("train-with-it", "common", "p.data -= ...", updated_in_place, "Value(W) holds the array W itself"),
    Mistake(
        "train-with-it",
        "common",
        "p = ... in the loop",
        name_of_the_loop_rebound,
        "The loss is the same in every step",
    ),
]
