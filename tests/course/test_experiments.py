"""Promise: a wrong answer that nobody foresaw gets a fact about itself, the fact is true, and a right one gets none.

The mistakes here are ones that people have made, written anew as answers to exercises.
"""

import contextlib
import sys

import numpy as np
import pytest
from answers import RIGHT
from mistakes import engine as engines

from bplib import activations, lstm
from bplib.course.judging import experiments
from bplib.course.judging.comparing import Run
from bplib.course.judging.experiments import Asked, Probe, probes_of
from bplib.course.judging.judges import judge_function
from bplib.course.judging.reading import NOT_YET, PASSED
from bplib.course.problems import PROBLEMS


def verdict(id, answer, seed=0):
    return PROBLEMS[id].judge(answer, seed=seed)


# Where rows are steps


def _walk(w, lr, steps):
    return np.array([w * (1 - lr) ** k for k in range(steps + 1)])


def _walks(rng):
    return [(rng.uniform(1, 2, size=d), 0.3, steps) for d, steps in ((3, 5), (2, 7))]


def test_where_rows_are_steps_the_first_wrong_one_is_told_and_not_the_farthest_off():
    judge = judge_function(_walk, _walks, ())
    late = judge(lambda w, lr, steps: np.array([w * (1 - 2 * lr) ** k for k in range(steps + 1)]), seed=0)
    assert "It is right up to step 0, and step 1 is the first wrong one: look at what is carried on." in late.message
    assert "at index (1, " in late.message
    begun = judge(lambda w, lr, steps: np.array([1.01 * w * (1 + lr) ** k for k in range(steps + 1)]), seed=0)
    assert "at index (0, " in begun.message  # and not the last, which is farthest off


# Mistakes, and what is seen of them


def biases_twice(X, y, W1, b1, W2, b2):
    A1 = activations.sigmoid(X @ W1 + 2 * b1)
    dZ2 = (activations.softmax(A1 @ W2 + 2 * b2) - np.eye(W2.shape[1])[y]) / len(y)
    dZ1 = dZ2 @ W2.T * A1 * (1 - A1)
    return {"dW1": X.T @ dZ1, "db1": dZ1.sum(0), "dW2": A1.T @ dZ2, "db2": dZ2.sum(0)}


def velocity_scaled_twice(gradient, w, rates, mu):
    v = np.zeros_like(w)
    for lr in rates:
        v = mu * v + (1 - mu) * gradient(w - lr * mu * v)
        w = w - lr * v / (1 - mu) ** 2
    return w


def rate_that_falls(loss_and_gradient, w, X, y, lr, batch_size, epochs, rng):
    losses = []
    for epoch in range(epochs):
        order, total = rng.permutation(len(X)), 0.0
        for start in range(0, len(X), batch_size):
            batch = order[start : start + batch_size]
            loss, g = loss_and_gradient(w, X[batch], y[batch])
            w, total = w - lr / (1 + epoch) * g, total + loss * len(batch)
        losses.append(total / len(X))
    return w, np.array(losses)


def coupled_step(dh_next, dc_next, c_next, gates, x, h, c, Wx, Wh, p, *, bracket=False, without=False, db=None):
    i, g, o = gates
    t = np.tanh(c_next)
    to_o = dh_next * t * o * (1 - o)
    through = dh_next * o * ((1 - t) ** 2 if bracket else 1 - t**2) + to_o * p
    into = dc_next + through
    parts = [(through if without else into) * (g - c) * i * (1 - i), into * i * (1 - g**2), to_o]
    dz = np.concatenate(parts, axis=1)
    bias = dz.sum(0) if db is None else db(parts)
    return dz @ Wx.T, dz @ Wh.T, into * (1 - i), x.T @ dz, h.T @ dz, (to_o * c_next).sum(0), bias


def brackets(*args):
    return coupled_step(*args, bracket=True)


def gate_without_the_cell(*args):
    return coupled_step(*args, without=True)


def bias_of_the_wrong_gates(*args):
    return coupled_step(*args, db=lambda parts: np.concatenate([parts[0], parts[1], parts[0]], axis=1).sum(0))


def cell_doubled_on_the_way(dh, h, c, x, h0, c0, Wx, Wh, b):
    grads = [np.zeros_like(a) for a in (x, h0, c0, Wx, Wh, b)]
    back_h, back_c = np.zeros_like(h0), np.zeros_like(c0)
    for t in reversed(range(x.shape[1])):
        before = (h[:, t - 1], c[:, t - 1]) if t else (h0, c0)
        upstream = np.stack([dh[:, t] + back_h, back_c])
        step = lstm.lstm_step_backward(upstream, np.stack([h[:, t], c[:, t]]), x[:, t], *before, Wx, Wh, b)
        grads[0][:, t], back_h, back_c = step[0], step[1], (2 if t else 1) * step[2]
        for total, more in zip(grads[3:], step[3:], strict=True):
            total += more
    return grads[0], back_h, back_c, *grads[3:]


def clipped_logits(z, y):
    p = np.clip(activations.sigmoid(z), 1e-4, 1 - 1e-4)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


def forgets_the_upstream(da, z):
    s = activations.sigmoid(z)
    return s * (1 - s) / s.sum(axis=-1, keepdims=True)


def running_maximum_from_zero(dy, x, size, stride):
    dx = np.zeros_like(x)
    for n, c, o, p in np.ndindex(dy.shape):
        best, at = 0.0, None
        for i, j in np.ndindex(size, size):
            if x[n, c, o * stride + i, p * stride + j] > best:
                best, at = x[n, c, o * stride + i, p * stride + j], (n, c, o * stride + i, p * stride + j)
        if at:
            dx[at] += dy[n, c, o, p]
    return dx


def divided_by_the_columns(dY, X, W):
    return dY @ W, dY.T @ X / X.shape[1], dY.sum(0) / X.shape[1]


def jacobian_not_multiplied(da, z):
    s = activations.sigmoid(z)
    total = s.sum(axis=-1)[..., None, None]
    return (total * np.eye(z.shape[-1]) - s[..., :, None]) / total**2 * (s * (1 - s))[..., None, :]


def mean_of_the_jacobian(da, z):
    s = activations.sigmoid(z)
    total = s.sum(axis=-1, keepdims=True)
    return (da - np.sum(da * s, axis=-1, keepdims=True) / total) * s * (1 - s) / total / z.shape[-1]


def root_of_the_squares(y_pred, y_true):
    return np.linalg.norm(y_pred - y_true) / y_pred.size


def mean_difference(a, b):
    return np.mean(np.abs(a - b))


def slope_without_its_square(da, a, z):
    return da * 2 / (np.exp(z) + np.exp(-z)) * 1.5


MISTAKES = [
    ("two-layer-backward", biases_twice, "All of it is right when all biases are zero."),
    ("nesterov", velocity_scaled_twice, "It is right for mu = 0."),
    ("training-loop", rate_that_falls, "All of it is right for epochs = 1."),
    ("coupled-step-backward", brackets, "All of it is right when dh_next is zero."),
    ("coupled-step-backward", gate_without_the_cell, "All of it is right when dc_next is zero."),
    ("coupled-step-backward", bias_of_the_wrong_gates, "In db, of the gates i, g, o, o is wrong"),
    ("lstm-backward", cell_doubled_on_the_way, "All of it is right for one step, T = 1."),
    ("bce-logits", clipped_logits, "It is right as long as z stays between"),
    ("sigmoid-rows-backward", forgets_the_upstream, "It takes no notice of da: other numbers change nothing."),
    ("sigmoid-rows-backward", jacobian_not_multiplied, "It has an axis too many"),
    ("sigmoid-rows-backward", mean_of_the_jacobian, "what is needed divided by the length of the last axis of da."),
    ("max-pool-backward", running_maximum_from_zero, "It is right when"),
    ("mse", root_of_the_squares, "it should be 4 times as large, and it is 2 times as large."),
    ("relative-error", mean_difference, "it should be the same, and it is 2 times as large."),
    ("tanh-backward", slope_without_its_square, "Every entry has the right sign"),
    ("linear-backward", divided_by_the_columns, "dW, db are what is needed divided by"),
]


@pytest.mark.parametrize(("id", "answer", "says"), MISTAKES, ids=[answer.__name__ for _, answer, _ in MISTAKES])
def test_a_mistake_that_nobody_foresaw_gets_a_fact(id, answer, says):
    for seed in range(3):
        found = verdict(id, answer, seed)
        assert found.status == NOT_YET and not found.recognized and found.misconception.startswith("seen: ")
        assert says in found.message


FORMULAS = [
    ("neuron-mse", lambda x, y, a: -(a - y) * a * (1 - a) * x, "the factor -1 too many and a division by 2 too many"),
    ("bce-slope", lambda p, y, n: (p - y) / (p * (1 - p)) / n**2, "a division by n too many"),
    ("chain-tanh", lambda v, w, x, y: 0 * v + x, "on which what is needed depends"),
]


@pytest.mark.parametrize(("id", "answer", "says"), FORMULAS, ids=[id for id, _, _ in FORMULAS])
def test_a_wrong_formula_is_told_its_factor_its_rest_or_what_it_does_without(id, answer, says):
    found = verdict(id, answer)
    assert found.status == NOT_YET and says in found.message


# What the text allows, and the usual cases have not


def attention_filled_with(fill):
    def backward(dy, q, k, v, mask):
        root = np.sqrt(q.shape[-1])
        z = np.where(mask, q @ np.swapaxes(k, 1, 2) / root, fill)
        a = activations.softmax(z)
        da = dy @ np.swapaxes(v, 1, 2)
        dz = a * (da - np.sum(da * a, axis=-1, keepdims=True)) / root
        return dz @ k, np.swapaxes(dz, 1, 2) @ q, np.swapaxes(a, 1, 2) @ dy

    return backward


def returns_by_powers(rewards, discount):
    powers = discount ** np.arange(len(rewards))
    return np.cumsum((rewards * powers)[::-1])[::-1] / powers


def first_step_outside_of_the_loop(gradient, w, rates, mu):
    v = gradient(w)
    for k, lr in enumerate(rates):
        v = mu * v + gradient(w - lr * mu * v) if k else v
        w = w - lr * v
    return w + 0 * k  # of no step there is no k


def clip_as_torch_does(dWx, dWh, db, limit):
    norm = np.sqrt(sum(np.sum(d**2) for d in (dWx, dWh, db)))
    return tuple(d * min(1.0, limit / (norm + 1e-6)) for d in (dWx, dWh, db))


def nearly_the_largest(dy, x, size, stride):
    dx = np.zeros_like(x)
    for n, c, o, p in np.ndindex(dy.shape):
        window = x[n, c, o * stride : o * stride + size, p * stride : p * stride + size]
        i, j = np.argwhere(np.isclose(window, window.max()))[0]
        dx[n, c, o * stride + i, p * stride + j] += dy[n, c, o, p]
    return dx


def first_eigenvalue(H):
    return 2 / np.linalg.eig(H)[0][0]


def step_in_whole_numbers(f, x, h):
    gradient = np.zeros_like(x)
    for i in np.ndindex(x.shape):
        step = np.zeros(x.shape)
        step[i] = h
        gradient[i] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient


def mask_that_is_used_up(x, p, rng, training):
    masks = [(rng.random(x.shape) >= p) / (1 - p) if training else np.ones(x.shape)]
    return x * masks[0], lambda dy: dy * masks.pop()


def as_large_as_the_tolerance(gradient, w, lr, tolerance, most):
    w, steps = w.copy(), 0
    while steps < most and np.max(np.abs(gradient(w))) > tolerance:
        w, steps = w - lr * gradient(w), steps + 1
    return w, steps


BOUNDARIES = [
    ("attention-backward", attention_filled_with(-30.0), "scores of -600"),
    ("attention-backward", attention_filled_with(-100.0), "scores of -600"),
    ("returns-to-go", returns_by_powers, "a discount of 0"),
    ("nesterov", first_step_outside_of_the_loop, "no step at all"),
    ("clip", clip_as_torch_does, "a small limit"),
    ("max-pool-backward", nearly_the_largest, "entries that are nearly equal"),
    ("central-difference", step_in_whole_numbers, "an x of whole numbers"),
    ("stop-when-converged", as_large_as_the_tolerance, "exactly as large as the tolerance"),
    ("dropout", mask_that_is_used_up, "only just after its forward"),
]


@pytest.mark.parametrize(("id", "answer", "says"), BOUNDARIES, ids=[f"{id}: {says}" for id, _, says in BOUNDARIES])
def test_an_answer_that_is_right_but_for_a_kind_of_input_is_told_which(id, answer, says):
    for seed in range(5):
        found = verdict(id, answer, seed)
        assert found.status == NOT_YET and says in found.message


def test_the_first_eigenvalue_is_never_taken_for_the_largest():
    assert {verdict("largest-rate", first_eigenvalue, seed).status for seed in range(50)} == {NOT_YET}


@pytest.mark.parametrize("fill", [-np.inf, np.finfo(float).min, -1e9])
def test_a_key_may_be_hidden_by_any_number_that_is_low_enough(fill):
    assert all(verdict("attention-backward", attention_filled_with(fill), seed).status == PASSED for seed in range(5))


# Other arithmetic, other forms


def in_single(answer):
    def computed(*args):
        return answer(*(a.astype(np.float32) if isinstance(a, np.ndarray) and a.dtype.kind == "f" else a for a in args))

    return computed


SINGLE = ["linear-backward", "tanh-backward", "layer-norm-backward", "sigmoid-rows-backward", "adamw", "policy-update"]


@pytest.mark.parametrize("id", SINGLE)
def test_an_answer_in_float32_is_compared_as_float32_allows(id):
    answer = RIGHT[id][0]
    assert [verdict(id, in_single(answer), seed).status for seed in range(10)] == [PASSED] * 10


def test_float32_opens_no_hole_for_what_is_wrong_by_more_than_its_rounding():
    cases = lambda rng: [(rng.normal(size=(n, 3)),) for n in (5, 7)]  # noqa: E731
    judge = judge_function(lambda x: x * x, cases, ())
    assert judge(lambda x: np.float32(x) ** 2, seed=0).message == "It agrees with ours to 1e-6."
    rounded = verdict("layer-norm-backward", in_single(RIGHT["layer-norm-backward"][0]))
    assert rounded.message == "It agrees with ours as closely as float32 allows."
    for error in (1e-5, 1e-4, 1e-3):
        assert judge(lambda x, error=error: np.float32(x * x * (1 + error)), seed=0).status == NOT_YET


def test_one_number_may_come_in_an_array_and_several_in_any_row():
    assert verdict("mse", lambda a, b: np.nanmean((a - b) ** 2).reshape(1, 1)).status == PASSED

    def one_by_one(dY, X, W):
        yield dY @ W
        yield dY.T @ X
        yield dY.sum(axis=0)

    assert verdict("linear-backward", one_by_one).status == PASSED
    assert verdict("linear-backward", lambda *args: iter(())).status == NOT_YET


# The experiments themselves


def asked(answer, reference, args, **more):
    want = {"": np.asarray(reference(*args), dtype=float)}
    got = {"": np.asarray(answer(*args), dtype=float)}
    return Asked(answer, reference, [""], [""], **more), [Run(args, want[""], got, want)]


def test_a_probe_that_makes_nearly_every_mistake_right_says_nothing():
    step = lambda w, g, lr: w - lr * g  # noqa: E731
    args = (np.arange(1.0, 4.0), np.arange(2.0, 5.0), 0.1)
    asking, runs = asked(lambda w, g, lr: w + lr * g, step, args)
    assert asking.fact(runs, [], [Probe("for lr = 0", lambda a: {**a, "lr": 0.0})]) is None


def test_a_probe_under_which_the_known_mistakes_are_right_too_says_nothing():
    args = (np.array([1.0, -2.0, 3.0]),)
    asking, runs = asked(np.abs, lambda x: x, args)
    positive = [Probe("when no entry of x is negative", lambda a: {"x": np.abs(a["x"]) + 1})]
    reference = lambda x: x + 0.5  # noqa: E731
    asking, runs = asked(lambda x: np.abs(x) + 0.5, reference, args)
    assert asking.fact(runs, [], positive).says == "when no entry of x is negative"
    known = [lambda x: np.sqrt(x * x) + 0.5, lambda x: np.maximum(x, 0) + 0.5]
    found = asking.fact(runs, known, positive)
    assert found is None or found.says != "when no entry of x is negative"


def test_what_is_needed_may_refuse_a_special_input():
    def reference(x):
        if not x.any():
            raise ValueError("no zeros")
        return 2 * x + 1

    asking, runs = asked(lambda x: 2 * x + 1.5, reference, (np.array([1.0, 2.0]),))
    assert asking.fact(runs, []) is None


def test_arguments_that_belong_together_are_changed_together():
    complete = lambda z, a: (z, np.tanh(z))  # noqa: E731
    args = (np.array([0.3, -2.0]), np.tanh([0.3, -2.0]))
    asking, runs = asked(lambda z, a: 2 / (1 + np.exp(-2 * z)) - a**2, lambda z, a: 1 - a**2, args, complete=complete)
    assert asking.unseen(runs[0]) == []


def test_no_probe_changes_what_it_was_given():
    rng = np.random.default_rng(0)
    arguments = {"x": rng.normal(size=(5, 3, 2)), "h0": rng.normal(size=(5, 2)), "b": rng.normal(size=2), "mu": 0.5}
    before = {name: np.copy(x) for name, x in arguments.items()}
    for probe in probes_of(arguments):
        with contextlib.suppress(ValueError):  # as where it has nothing to change
            probe.change(arguments)
    assert all(np.array_equal(arguments[name], before[name]) for name in arguments)
    says = [probe.says for probe in probes_of(arguments)]
    assert len(set(says)) == len(says) > 20 and experiments.probes_of({}) == []


# Sentences that name a cause only if it is there


def test_a_score_of_one_minus_p_for_all_is_not_told_about_indexing():
    def backward(dlogp, x, W, b, actions):
        dz = dlogp[:, None] * (1 - activations.softmax(x @ W + b))
        return x.T @ dz, dz.sum(axis=0)

    assert not any(verdict("log-prob-backward", backward, seed).recognized for seed in range(60))


def test_returns_that_begin_anew_at_each_reward_are_told_where_they_are_right():
    def returns_to_go(rewards, discount):
        total, found = 0.0, []
        for r in rewards[::-1]:
            total = r if r else discount * total
            found.append(total)
        return np.array(found[::-1])

    assert "right from step 4 on" in verdict("returns-to-go", returns_to_go).message


def own_operation(forward, rule):
    """A right engine, from whose own operation this one is made."""

    def engine(nodes, leaves, output):
        given = engines.FORWARD["own"]
        engines.FORWARD["own"] = forward
        try:
            return engines.engine_with(engines.on_a_stack, {**engines.RULES, "own": rule})(nodes, leaves, output)
        finally:
            engines.FORWARD["own"] = given

    return engine


@pytest.mark.parametrize(
    ("forward", "rule", "says"),
    [
        (lambda x: 3 * x, lambda d, y, x: (3 * d,), "straight line"),
        (np.tanh, lambda d, y, x: (d * (1 - y * y),), "tanh again"),
        (lambda x: x**3, lambda d, y, x: (d * 3 * x,), "does not fit its values"),
        (lambda x: np.sqrt(x - 2), lambda d, y, x: (d / (2 * y),), "not finite"),
        (np.sin, lambda d, y, x: (d * np.cos(x),), "with your own operation"),
        (lambda x: x**0.5, lambda d, y, x: (0.5 * d / y,), "with your own operation"),
    ],
)
def test_an_operation_of_ones_own_may_be_any_that_bends_and_has_the_rule_that_fits(forward, rule, says):
    assert says in verdict("engine", own_operation(forward, rule)).message


def test_a_raised_limit_of_calls_is_no_way_to_go_deep_and_is_put_back():
    limit = sys.getrecursionlimit()

    def engine(nodes, leaves, output):
        sys.setrecursionlimit(10**5)
        return engines.engine_with(engines.visited_by_itself)(nodes, leaves, output)

    try:
        sys.setrecursionlimit(10**5)  # as a cell of the learner's may have done before
        assert "at a depth of 5,000" in verdict("engine", engines.engine_with(engines.visited_by_itself)).message
        assert "raises Python's limit" in verdict("engine", engine).message
        assert sys.getrecursionlimit() == 10**5
    finally:
        sys.setrecursionlimit(limit)


def test_an_engine_that_looks_through_its_whole_list_is_slow_and_walks_no_path_twice():
    def searched(made, output):
        order, seen, todo = [], [], [(output, False)]
        while todo:
            name, done = todo.pop()
            if done:
                order.append(name)
            elif name not in seen:
                seen.append(name)
                todo += [(name, True), *((each, False) for each in engines.inputs_of(made, name))]
        return order

    assert verdict("engine", engines.engine_with(searched)).status == PASSED


def test_a_hyperbolic_secant_is_a_formula_as_any_other():
    import sympy

    from bplib.grading.sandbox.formulas import Builder, encoded

    z = sympy.Symbol("z", real=True)
    for function in (sympy.sech, sympy.csch, sympy.coth):
        assert Builder().built(encoded(function(z) ** 2)) == function(z) ** 2
