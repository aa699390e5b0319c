"""Lesson 15: the score of a number and of a network, returns to go, an update with a baseline, a pole to balance."""

from functools import partial
from types import SimpleNamespace

import numpy as np

from bplib.course.judging.diagnosis import recognized
from bplib.course.judging.experiments import Probe
from bplib.course.judging.judges import Problem, judge_function, judge_square_first, misconceptions
from bplib.course.judging.paper import judge_formula
from bplib.course.judging.reading import (
    NOT_YET,
    PASSED,
    Settled,
    Verdict,
    call,
    fresh,
    kind_of,
    listed,
    plain,
    read_parts,
    settling,
)
from bplib.course.judging.turns import judge_value, telling, turn
from bplib.gradcheck import relative_error
from bplib.optimizers import Adam
from bplib.policy import play_many, returns_to_go
from bplib.worlds import CartPoles

LESSON = "15_policy_gradients"
TITLE = "Policy gradients"


# gaussian-score: d log pi(a)/ds of a policy that draws a number, a formula in a, m and s


def _density(a, m, s):
    import sympy

    return sympy.exp(-((a - m) ** 2) / (2 * sympy.exp(2 * s))) / (sympy.exp(s) * sympy.sqrt(2 * sympy.pi))


def _gaussian(formula):
    """An answer from a formula in the distance a - m and the width e^s."""

    def answer(a, m, s):
        import sympy

        return formula(a - m, sympy.exp(s))

    return answer


_gaussian_score = _gaussian(lambda d, width: d**2 / width**2 - 1)


def _log_density(a, m, s):
    import sympy

    return -s - (a - m) ** 2 / (2 * sympy.exp(2 * s)) - sympy.log(2 * sympy.pi) / 2


GAUSSIAN_MISTAKES = misconceptions(
    (
        "along-the-mean",
        "This is the score along m. It says where the middle should go; what is asked for is the slope along s.",
        (_gaussian(lambda d, width: d / width**2),),
    ),
    (
        "along-the-width",
        "This is the slope along the width itself. The parameter is s, and the width is e^s: by the chain rule its"
        " slope is one factor e^s more.",
        (_gaussian(lambda d, width: d**2 / width**3 - 1 / width),),
    ),
    (
        "s-for-width",
        "Here s itself is taken for the width. The width is e^s: put that in the place of it, and then differentiate"
        " along s.",
        (lambda a, m, s: (a - m) ** 2 / s**3 - 1 / s, lambda a, m, s: (a - m) ** 2 / s**2 - 1),
    ),
    (
        "no-normalizer",
        "Only the exponent has been differentiated. The width stands below the line in front of it as well, and minus"
        " its logarithm is -s.",
        (_gaussian(lambda d, width: d**2 / width**2),),
    ),
    (
        "normalizer-not-a-log",
        "One of the two terms is not right: the logarithm of 1/e^s is -s, and the slope of that is -1.",
        (
            _gaussian(lambda d, width: d**2 / width**2 - 1 / width),
            _gaussian(lambda d, width: d**2 / width**2 - width),
            _gaussian(lambda d, width: d**2 / width**2 + 1),
        ),
    ),
    (
        "inner-slope",
        "The exponent has lost a factor 2: the slope of e^(-2s) along s is -2 e^(-2s).",
        (_gaussian(lambda d, width: d**2 / (2 * width**2) - 1),),
    ),
    (
        "no-half",
        "The first term is twice what it should be: the 2 below the square in the exponent and the 2 that comes down"
        " from e^(-2s) cancel.",
        (_gaussian(lambda d, width: 2 * d**2 / width**2 - 1),),
    ),
    (
        "exponent-sign",
        "The exponent has the wrong sign: two minuses meet, one before the square and one from the slope of e^(-2s).",
        (_gaussian(lambda d, width: -(d**2) / width**2 - 1), _gaussian(lambda d, width: -(d**2) / (2 * width**2) - 1)),
    ),
    (
        "width-not-squared",
        "The width stands squared below the square of the distance, as e^(2s).",
        (_gaussian(lambda d, width: d**2 / width - 1),),
    ),
    (
        "distance-not-squared",
        "The distance a - m stands squared in the exponent, and s leaves it as it is.",
        (_gaussian(lambda d, width: d / width**2 - 1),),
    ),
    (
        "of-pi",
        "This is the slope of the density itself. The logarithm divides by pi, and the factor pi(a) goes.",
        (lambda a, m, s: _density(a, m, s) * _gaussian_score(a, m, s),),
    ),
    ("log-density", "This is log pi itself. What is asked for is its slope along s.", (_log_density,)),
)


# log-prob-backward: of log pi(a|x) with pi = softmax(x W + b)


def _softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def _naive_softmax(z):
    return np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)


def _onehot(actions, k):
    return np.eye(k)[actions]


def _backward(score=lambda pi, taken: taken - pi, upstream=lambda dz, dlogp: dlogp[:, None] * dz, softmax=_softmax):
    def log_prob_backward(dlogp, x, W, b, actions):
        pi = softmax(x @ W + b)
        dz = upstream(score(pi, _onehot(actions, len(b))), dlogp)
        return x.T @ dz, dz.sum(axis=0)

    return log_prob_backward


_log_prob_backward = _backward()


def _softmax_over_batch(z):
    return _softmax(z.T).T


def _naive_softmax_over_batch(z):
    return np.exp(z) / np.exp(z).sum(axis=0)


def _softmax_over_all(subtracted):
    """A softmax whose sum runs over the batch, or over everything, with the maximum taken elsewhere."""

    def softmax(z, axis=0):
        e = np.exp(z - subtracted(z))
        return e / e.sum(axis=axis)

    return softmax


def _all_rows(pi, taken):
    return taken.max(axis=0) - pi


def _not_turned(dlogp, x, W, b, actions):
    dz = dlogp[:, None] * (_onehot(actions, len(b)) - _softmax(x @ W + b))
    return x @ dz, dz.sum(axis=0)


def _of_the_most_probable(dlogp, x, W, b, actions):
    return _log_prob_backward(dlogp, x, W, b, np.argmax(x @ W + b, axis=1))


def _states(rng, n, d, k):
    x, W, b = rng.normal(size=(n, d)), rng.normal(size=(d, k)), rng.normal(size=k)
    return rng.normal(size=n), x, W, b, rng.integers(k, size=n)


def _far_apart(rng, n, d, k):
    """Logits of some thousands, and one state whose logits are small: subtracting a maximum of all does not help it."""
    dlogp, x, W, b, actions = _states(rng, n, d, k)
    x[0], x[1, 0], W[0, 0] = 1e-4 * x[0], 2.0, 2.0
    return dlogp, x, 2000.0 * W, b, actions


def _state_cases(rng):
    *rest, actions = _states(rng, 7, 2, 4)
    some = (*rest, actions % 3)  # one action is never taken: what is done to its column shows who does it to all
    return [_states(rng, 5, 4, 3), some, _far_apart(rng, 8, 3, 5)]


def _square_state_cases(rng):
    return [_states(rng, 4, 4, 4), _states(rng, 5, 5, 5)]


MAXIMA = (lambda z: z.max(axis=1, keepdims=True), lambda z: z.max(), lambda z: z.max(axis=0))

SCORE_MISTAKES = misconceptions(
    (
        "no-probabilities",
        "You raise the action taken and leave the others alone. The probabilities add up to 1, so the sum below the"
        " line counts too: subtract pi from every entry.",
        (_backward(score=lambda pi, taken: taken),),
    ),
    (
        "only-the-taken",
        "Only the logit of the action taken gets a gradient. The others stand in the sum below the line: each gets its"
        " own -pi.",
        (_backward(score=lambda pi, taken: taken * (1 - pi)),),
    ),
    (
        "of-pi",
        "This is the gradient of the probability itself. The logarithm divides by pi, and the factor pi(a|x) goes.",
        (_backward(score=lambda pi, taken: np.sum(pi * taken, axis=1, keepdims=True) * (taken - pi)),),
    ),
    (
        "over-pi",
        "There is a division by pi left. The logarithm divides by pi, and the slope of pi has the factor pi: both go,"
        " and onehot - pi is all that stays.",
        (
            _backward(score=lambda pi, taken: taken / pi),
            _backward(score=lambda pi, taken: (taken - pi) / pi),
            _backward(score=lambda pi, taken: (taken - pi) / np.sum(pi * taken, axis=1, keepdims=True)),
        ),
    ),
    (
        "slope-twice",
        "The slopes of the softmax are in here twice. onehot - pi holds all of them: the factor pi (1 - pi) has to go.",
        (_backward(score=lambda pi, taken: (taken - pi) * pi * (1 - pi)),),
    ),
    (
        "sign",
        "This is pi - onehot, the gradient of the cross-entropy, which is minus the logarithm. Here log pi itself is"
        " differentiated: up for the action taken.",
        (_backward(score=lambda pi, taken: pi - taken),),
    ),
    (
        "all-rows",
        "`[:, actions]` takes these columns in every row. Each row has one action of its own: `[np.arange(n), actions]`"
        " picks one entry in each.",
        (_backward(score=_all_rows),),
    ),
    (
        "no-onehot",
        "The 1 of the action taken is missing: the score is onehot - pi.",
        (_backward(score=lambda pi, taken: -pi),),
    ),
    (
        "over-the-batch",
        "Your softmax runs down the columns, over the batch. Each state has probabilities of its own, which add up to 1"
        " along its row: axis 1.",
        (
            _backward(softmax=_softmax_over_batch),
            _backward(softmax=_naive_softmax_over_batch),
            *(_backward(softmax=partial(_softmax_over_all(most), axis=axis)) for most in MAXIMA for axis in (0, None)),
            _backward(softmax=lambda z: np.exp(z) / np.exp(z).sum()),
        ),
    ),
    (
        "across",
        "`dlogp * score` gives one number of dlogp to each action. Each row needs its own, so make a column of them:"
        " dlogp[:, None].",
        (_backward(upstream=lambda dz, dlogp: dlogp * dz),),
    ),
    (
        "not-turned",
        "dW is to be a sum over the batch, as all examples pull at the same W. Turn x: x.T @ dz has the shape of W.",
        (_not_turned,),
    ),
    (
        "order",
        "Both gradients are right, in the other order. Return dW, db.",
        (lambda *args: _log_prob_backward(*args)[::-1],),
    ),
    (
        "greedy",
        "You took the most probable action in place of the one that was taken. The score belongs to what has happened:"
        " use `actions`.",
        (_of_the_most_probable,),
    ),
    (
        "overflow",
        "It is right until the logits are large: exp(1000) is infinity, exp(-1000) is 0, and either divided by itself"
        " is NaN. Subtract from each row its own largest logit before you take exp.",
        (_backward(softmax=_naive_softmax),),
    ),
    (
        "overflow-and-more",
        "Large logits give NaN: exp(1000) is infinity. Subtract the largest logit of each row before you take exp."
        " There is something else too, which the next check will name.",
        (_backward(softmax=_naive_softmax, score=lambda pi, taken: pi - taken),),
    ),
)


# returns-to-go: G_t = r_t + discount G_(t+1)


def _returns_to_go(rewards, discount):
    G = np.array(rewards, dtype=np.result_type(rewards, np.float32))
    for t in range(len(G) - 2, -1, -1):
        G[t] += discount * G[t + 1]
    return G


def _discounted(power):
    """G_t as a sum of discount ** power(t, k) * r_k; power gives None for what does not count."""

    def returns_to_go(rewards, discount):
        T = len(rewards)
        pairs = [[(k, power(t, k)) for k in range(T)] for t in range(T)]
        return np.array([sum(discount**p * rewards[k] for k, p in row if p is not None) for row in pairs], dtype=float)

    return returns_to_go


def _from(t, k, power):
    return power if k >= t else None


def _reward_cases(rng):
    cases = [(rng.normal(size=T), discount) for T, discount in ((5, 0.9), (7, 0.6), (6, 0.8))]
    cases[1][0][[1, 2, 5]] = 0.0  # a reward is rare, and what begins anew at each one shows itself
    return cases


def _reward_boundaries(rng):
    return [
        ("a discount of 0", (rng.normal(size=6), 0.0)),
        ("a discount of 1", (rng.normal(size=6), 1.0)),
        ("an episode of one step", (rng.normal(size=1), 0.9)),
        ("an episode of 1,100 steps", (rng.normal(size=1100), 0.5)),
        ("rewards that are whole numbers", (rng.integers(-3, 4, size=6), 0.9)),
    ]


RETURN_MISTAKES = misconceptions(
    (
        "whole-return",
        "Every step gets the return of the whole episode. An action cannot change what was before it: G_t begins at t.",
        (_discounted(lambda t, k: k), _discounted(lambda t, k: 0)),
    ),
    (
        "so-far",
        "You add up what has come so far. Returns to go look ahead: begin with the last step, and go back.",
        (_discounted(lambda t, k: t - k if k <= t else None), _discounted(lambda t, k: 0 if k <= t else None)),
    ),
    (
        "from-the-start",
        "Each reward is discounted from the start of the episode. From step t on, its own reward counts in full, and"
        " the power is k - t.",
        (_discounted(lambda t, k: _from(t, k, k)),),
    ),
    (
        "without-own",
        "G_t has left out the reward of its own step: r_t is what the action earns at once.",
        (_discounted(lambda t, k: k - t - 1 if k > t else None),),
    ),
    (
        "one-step",
        "You look ahead by one step only. The next term is not the next reward but the next return, G_(t+1), which"
        " holds all that follows.",
        (_discounted(lambda t, k: k - t if t <= k <= t + 1 else None),),
    ),
    (
        "one-discount",
        "All later rewards are discounted once. Those further away are discounted more: multiply the whole of G_(t+1).",
        (_discounted(lambda t, k: _from(t, k, min(k - t, 1))),),
    ),
    (
        "last-lost",
        "The last reward is lost: at the last step nothing follows, but its own reward still counts, and G is r.",
        (lambda rewards, discount: _returns_to_go(np.append(rewards[:-1], 0.0), discount),),
    ),
    (
        "backward",
        "The numbers are right and stand in the other order: the first entry belongs to the first step.",
        (lambda rewards, discount: _returns_to_go(rewards, discount)[::-1].copy(),),
    ),
    (
        "centered",
        "You took the mean out as well. That would be a baseline; here the returns themselves are asked for.",
        (
            lambda rewards, discount: (lambda G: G - G.mean())(_returns_to_go(rewards, discount)),
            lambda rewards, discount: (lambda G: (G - G.mean()) / G.std())(_returns_to_go(rewards, discount)),
        ),
    ),
)


# policy-update: REINFORCE with the mean return to go as baseline, on a table of logits


def _to_go(rewards):
    return rewards[:, ::-1].cumsum(axis=1)[:, ::-1]


def _advantages(rewards):
    G = _to_go(rewards)
    return G - G.mean(axis=0)


def _scores(pi, taken):
    return taken - pi


def _update(
    advantages=_advantages,
    scores=_scores,
    episodes=lambda m, T: m,
    add=np.add.at,
    change=None,
    softmax=_softmax,
):
    """An update; each argument is one thing that a learner may get wrong. change(theta, g, lr) is the step."""

    def policy_update(theta, states, actions, rewards, lr):
        A = advantages(rewards)
        each = A[..., None] * scores(softmax(theta)[states], _onehot(actions, theta.shape[1]))
        g = np.zeros_like(theta)
        add(g, states, each)
        g /= episodes(*states.shape)
        return change(theta, g, lr) if change else theta + lr * g

    return policy_update


_policy_update = _update()


def _last_one_wins(g, states, each):
    g[states.ravel()] += each.reshape(-1, g.shape[1])


def _last_episode_wins(g, states, each):
    for t in range(states.shape[1]):
        g[states[:, t]] += each[:, t]


def _mean_times_sum(theta, states, actions, rewards, lr):
    A = _advantages(rewards).sum(axis=1, keepdims=True) / rewards.shape[1]
    return _update(advantages=lambda rewards: np.broadcast_to(A, rewards.shape))(theta, states, actions, rewards, lr)


def _in_turn(theta, states, actions, rewards, lr):
    theta, A = np.array(theta), _advantages(rewards)
    for i, t in np.ndindex(states.shape):
        s = states[i, t]
        score = _onehot(actions[i, t], theta.shape[1]) - _softmax(theta[s : s + 1])[0]
        theta[s] += lr * A[i, t] * score / len(states)
    return theta


def _mean_over_visits(theta, states, actions, rewards, lr):
    visits = np.maximum(np.bincount(states.ravel(), minlength=len(theta)), 1)[:, None]
    g = _update(episodes=lambda m, T: 1, change=lambda theta, g, lr: g)(theta, states, actions, rewards, lr)
    return theta + lr * g / visits


def _of_the_others(rewards):
    m = len(rewards)
    return _advantages(rewards) * m / (m - 1)


def _downhill(theta, g, lr):
    return theta - lr * g


def _minus_one_mean(rewards):
    return _to_go(rewards) - _to_go(rewards).mean()


def _whole(rewards):
    return np.broadcast_to(rewards.sum(axis=1, keepdims=True), rewards.shape)


def _to_go_below(rewards):
    return rewards[::-1].cumsum(axis=0)[::-1]


def _so_far_above(rewards):
    return rewards.cumsum(axis=0)


def _less_its_mean(returns):
    return lambda rewards: returns(rewards) - returns(rewards).mean(axis=0)


def _all_steps(m, T):
    return m * T


def _no_division(m, T):
    return 1


def _of_whole(rewards):
    R = rewards.sum(axis=1, keepdims=True)
    return np.broadcast_to(R - R.mean(), rewards.shape)


def _walks(rng, m, T, n_states, k, lr):
    """Episodes in a world of few states, so that each is visited often."""
    theta, states = rng.normal(size=(n_states, k)), rng.integers(n_states, size=(m, T))
    return theta, states, rng.integers(k, size=(m, T)), rng.normal(size=(m, T)) + 0.5, lr


def _walk_cases(rng):
    return [_walks(rng, 5, 6, 4, 3, 0.5), _walks(rng, 7, 4, 3, 5, 0.2), _walks(rng, 6, 5, 4, 3, 1.0)]


UPDATE_MISTAKES = misconceptions(
    (
        "sign",
        "The step goes the wrong way. The gradient of J points to where the return grows, and J is no loss: add it.",
        (_update(change=_downhill),),
    ),
    (
        "whole-return",
        "Every step is weighted by the return of its whole episode. What was before an action is not its doing: use the"
        " return to go.",
        (_update(advantages=_of_whole), _update(advantages=_whole)),
    ),
    (
        "no-baseline",
        "The baseline is missing: subtract from each return to go the mean over the episodes at the same step.",
        (_update(advantages=_to_go),),
    ),
    (
        "baseline-over-time",
        "Your baseline is a mean over the steps of each episode, so it hangs on the actions that it is to judge. Take"
        " the mean over the episodes, axis 0, for each step.",
        (_update(advantages=lambda rewards: _to_go(rewards) - _to_go(rewards).mean(axis=1, keepdims=True)),),
    ),
    (
        "one-baseline",
        "You subtract one number from all returns. There is more to come at the first step than at the last: take the"
        " mean over the episodes for each step.",
        (_update(advantages=_minus_one_mean),),
    ),
    (
        "baseline-of-rewards",
        "Your baseline is a mean of rewards. It is subtracted from returns to go, so it has to be a mean of those.",
        (_update(advantages=lambda rewards: _to_go(rewards) - rewards.mean(axis=0)),),
    ),
    (
        "without-itself",
        "You left each episode out of its own baseline. Many programs do, but here the mean is over all m episodes.",
        (_update(advantages=_of_the_others),),
    ),
    (
        "over-the-episodes",
        "Your sum runs from episode to episode, along axis 0. What is to come in an episode stands to the right in its"
        " row: add up along axis 1, from the end.",
        (_update(advantages=_less_its_mean(_to_go_below)), _update(advantages=_less_its_mean(_so_far_above))),
    ),
    (
        "baseline-added",
        "The baseline was added. An advantage says how much better than the mean it went: subtract.",
        (_update(advantages=lambda rewards: _to_go(rewards) + _to_go(rewards).mean(axis=0)),),
    ),
    (
        "standardized",
        "You divided by the standard deviation too. Many programs do, but it is another step; here only the mean is"
        " subtracted.",
        (
            _update(advantages=lambda rewards: _advantages(rewards) / _to_go(rewards).std(axis=0)),
            _update(advantages=lambda rewards: _advantages(rewards) / _advantages(rewards).std()),
        ),
    ),
    (
        "rewards",
        "You weight each step by its own reward. An action also answers for what follows: add up the rewards to come.",
        (
            _update(advantages=lambda rewards: rewards - rewards.mean(axis=0)),
            _update(advantages=lambda rewards: rewards),
        ),
    ),
    (
        "so-far",
        "You weight each step by the rewards up to it. What is to come is what an action can change: add from the end.",
        (_update(advantages=lambda rewards: rewards.cumsum(axis=1) - rewards.cumsum(axis=1).mean(axis=0)),),
    ),
    (
        "mean-over-steps",
        "You divided by the number of all steps. The log-probability of an episode is a sum over its steps: divide by"
        " the number of episodes only.",
        (_update(episodes=_all_steps),),
    ),
    (
        "sum-over-episodes",
        "The episodes are added up. Their mean is needed: divide by m.",
        (_update(episodes=_no_division),),
    ),
    (
        "over-the-length",
        "You divided by T, the steps of an episode. The steps are added up, and the mean is over the m episodes.",
        (_update(episodes=lambda m, T: T),),
    ),
    (
        "mean-over-visits",
        "You took the mean over the visits to each state. Visits add up, as gradients do over paths; only the number of"
        " episodes divides.",
        (_mean_over_visits,),
    ),
    (
        "mean-times-sum",
        "This is the mean score of an episode times the sum of its advantages. Each step has an advantage of its own:"
        " multiply step by step, then add.",
        (_mean_times_sum,),
    ),
    (
        "nothing-moves",
        "Nothing has moved. The mean of all log-probabilities times the sum of all advantages is zero, since advantages"
        " add up to zero: multiply step by step, then add.",
        (_update(change=lambda theta, g, lr: 1.0 * theta),),
    ),
    (
        "overwrites",
        "A state that is visited more than once keeps only one of its visits: `g[states] += ...` writes a repeated"
        " index once. Loop over the steps, or use np.add.at.",
        (_update(add=_last_one_wins), _update(add=_last_episode_wins)),
    ),
    (
        "no-probabilities",
        "The score raises the action taken and forgets the others: it is onehot - pi.",
        (_update(scores=lambda pi, taken: taken),),
    ),
    (
        "of-pi",
        "This is the gradient of the probability and not of its logarithm: the score has no factor pi(a|s) in front.",
        (_update(scores=lambda pi, taken: np.sum(pi * taken, axis=-1, keepdims=True) * (taken - pi)),),
    ),
    (
        "only-the-taken",
        "Only the logit of the action taken gets a gradient. The others stand in the sum below the line: each gets its"
        " own -pi.",
        (_update(scores=lambda pi, taken: taken * (1 - pi)),),
    ),
    (
        "over-the-states",
        "Your softmax is not taken along each row of theta. A row is a state, and the probabilities of its actions add"
        " up to 1.",
        (
            _update(softmax=_softmax_over_batch),
            _update(softmax=lambda theta: np.exp(theta) / np.exp(theta).sum()),
        ),
    ),
    (
        "in-turn",
        "You change theta while the episodes are still being read, so later scores belong to another policy than the"
        " one that acted. Collect the gradient first, then take one step.",
        (_in_turn,),
    ),
    (
        "gradient",
        "This is the gradient. Return the new theta: the old one plus lr times the gradient.",
        (_update(change=lambda theta, g, lr: g),),
    ),
    (
        "overwrites-and-more",
        "A state that is visited more than once keeps only one of its visits: `g[states] += ...` writes a repeated"
        " index once. Loop over the steps, or use np.add.at. There is something else too, which the next check will"
        " name.",
        tuple(
            _update(add=_last_one_wins, **also)
            for also in (
                {"advantages": _minus_one_mean},
                {"episodes": _all_steps},
                {"episodes": _no_division},
            )
        ),
    ),
    (
        "mean-over-steps-and-more",
        "You divided by the number of all steps. The log-probability of an episode is a sum over its steps: divide by"
        " the number of episodes only. The advantages are not right yet either: look at the baseline first.",
        tuple(_update(advantages=A, episodes=_all_steps) for A in (_to_go, _whole)),
    ),
    (
        "sum-over-episodes-and-more",
        "The episodes are added up. Their mean is needed: divide by m. The advantages are not right yet either: look at"
        " the baseline first.",
        tuple(_update(advantages=A, episodes=_no_division) for A in (_to_go, _whole)),
    ),
    (
        "sign-and-more",
        "The step goes the wrong way: J is no loss, so add its gradient. There is something else too, which the next"
        " check will name.",
        (
            _update(episodes=_all_steps, change=_downhill),
            _update(episodes=_no_division, change=_downhill),
        ),
    ),
)


# balance: advantages and the gradient of a policy's network, with which CartPole is learned

SIZES = {"W1": (4, 24), "b1": (24,), "W2": (24, 2), "b2": (2,)}
WAY_BACK = ("W2", "b2", "W1", "b1")
EPISODES, UPDATES, RATE = 10, 60, 0.02
BAR, ENOUGH, LOST_AFTER, LOST = 400, 475, 40, 60  # steps, and updates after which so few steps are too few
SHORT = (0.95, 0.9, 0.8, 0.5)  # discounts with which too little is seen of what an action does
HIDDEN = (31, 32)
"""The seeds by which an answer is judged: of first weights, starts and draws. It never sees them."""


def _weights(rng, sizes=None):
    sizes = sizes or SIZES
    return {name: rng.normal(size=s) / np.sqrt(s[0]) if len(s) == 2 else np.zeros(s) for name, s in sizes.items()}


def _to_go_of(alive, discount=0.99):
    return returns_to_go(alive.astype(float), discount)


def _less_the_mean(alive, discount=0.99):
    G = _to_go_of(alive, discount)
    return G - G.mean(axis=0)


def _learning(
    advantages=_less_the_mean,
    score=_scores,
    counts=lambda alive: alive,
    mean=lambda alive: alive.sum(),
    slope=lambda A1: 1 - A1**2,
    bias=lambda dZ: dZ.sum(axis=0),
    sign=-1,
    through=lambda W2, dW2: W2,
    softmax=_softmax,
):
    """An answer; each argument is one thing that may be wrong. One given A, as counts sees it, has its gradient."""

    def gradient(params, states, actions, alive, A):
        x, taken = states.reshape(-1, states.shape[2]), _onehot(actions.ravel(), params["W2"].shape[1])
        A1 = np.tanh(x @ params["W1"] + params["b1"])
        weight = (A * counts(alive)).reshape(-1, 1) / mean(alive)
        dZ2 = sign * weight * score(softmax(A1 @ params["W2"] + params["b2"]), taken)
        dW2 = A1.T @ dZ2
        dZ1 = dZ2 @ through(params["W2"], dW2).T * slope(A1)
        return {"W1": x.T @ dZ1, "b1": bias(dZ1), "W2": dW2, "b2": bias(dZ2)}

    def learn(params, states, actions, alive):
        A = advantages(alive)
        return A, gradient(params, states, actions, alive, A)

    learn.gradient = gradient
    return learn


_learn = _learning()


def _twice_through(A1):
    return 1 - np.tanh(A1) ** 2


GRADIENT_MISTAKES = misconceptions(
    (
        "uphill",
        "All gradients have the wrong sign. L is minus the mean of A log pi, so that an optimizer that goes downhill"
        " makes good actions more probable.",
        (_learning(sign=1),),
    ),
    (
        "behind-the-end",
        "Steps behind the end of an episode count in your gradient. What stands there was never played: multiply A by"
        " alive.",
        (_learning(counts=np.ones_like),),
    ),
    (
        "no-mean",
        "The gradient is a sum over all steps. L is their mean: divide by the number of steps that were played.",
        (_learning(mean=lambda alive: 1.0),),
    ),
    (
        "other-mean",
        "The gradient is divided by another number than that of the steps that were played: alive.sum() counts them.",
        (_learning(mean=np.size), _learning(mean=len), _learning(mean=lambda alive: alive.shape[1])),
    ),
    (
        "no-slope",
        "W2 and b2 are right, and then the slope of tanh is missing: 1 - A1**2, with the output A1.",
        (_learning(slope=np.ones_like),),
    ),
    (
        "slope",
        "W2 and b2 are right, and the slope of tanh is not. By its output A1 it is 1 - A1**2.",
        (
            _learning(slope=_twice_through),
            _learning(slope=lambda A1: A1 * (1 - A1)),
            _learning(slope=lambda A1: 1 - A1),
        ),
    ),
    (
        "no-probabilities",
        "Your score raises the action taken and leaves the other alone: it is onehot - pi.",
        (_learning(score=lambda pi, taken: taken),),
    ),
    (
        "of-pi",
        "This is the gradient of the probability and not of its logarithm: the score has no factor pi(a|s).",
        (_learning(score=lambda pi, taken: np.sum(pi * taken, axis=-1, keepdims=True) * (taken - pi)),),
    ),
    (
        "only-the-taken",
        "Only the logit of the action taken gets a gradient. The other stands in the sum below the line: it gets -pi.",
        (_learning(score=lambda pi, taken: taken * (1 - pi)),),
    ),
    (
        "over-the-batch",
        "Your softmax runs over the steps. Each state has two probabilities of its own, which add up to 1.",
        (_learning(softmax=_softmax_over_batch), _learning(softmax=_naive_softmax_over_batch)),
    ),
    (
        "bias",
        "Each bias has a gradient of its own: the sum over all steps, axis 0.",
        (_learning(bias=lambda dZ: dZ.sum() + 0 * dZ[0]), _learning(bias=lambda dZ: dZ.mean(axis=0))),
    ),
)
PRAISE_MISTAKES = misconceptions(
    (
        "short-sighted",
        "The gradient is right for your A, and A looks only some 20 steps ahead, as 1/(1 - discount) says, or fewer."
        " What an action does to the pole shows later: take a discount of about 0.99.",
        tuple(_learning(advantages=partial(_less_the_mean, discount=d)) for d in SHORT),
    ),
    (
        "own-reward",
        "The gradient is right for your A, and A is the same for all steps: nothing is better than anything else, and"
        " on average such a gradient is zero. What follows an action is what it has to answer for.",
        (_learning(advantages=lambda alive: alive.astype(float)),),
    ),
    (
        "so-far",
        "The gradient is right for your A, and A grows with the steps that are behind. An action answers for those to"
        " come: add from the end.",
        (_learning(advantages=lambda alive: alive.cumsum(axis=1).astype(float)),),
    ),
    (
        "turned-around",
        "The gradient is right for your A, and A praises the episodes that end early: subtract the baseline from the"
        " return to go, and not the other way round.",
        (_learning(advantages=lambda alive: -_less_the_mean(alive)),),
    ),
    (
        "over-time",
        "The gradient is right for your A, and A compares the steps of one episode with each other. So long episodes"
        " are praised no more than short ones: take the mean over the episodes, for each step.",
        (_learning(advantages=lambda alive: _to_go_of(alive) - _to_go_of(alive).mean(axis=1, keepdims=True)),),
    ),
)


def _few_steps(rng):
    """A few episodes of unequal length, for the check of the gradients."""
    alive = np.arange(6) < np.array([[6], [3], [4]])
    params = {
        name: rng.normal(size=shape) for name, shape in (SIZES | {"W1": (4, 5), "b1": (5,), "W2": (5, 2)}).items()
    }
    return params, rng.normal(size=(3, 6, 4)), rng.integers(2, size=(3, 6)), alive


def _read_learned(answer, args):
    """What an answer gives: A, and the gradients by name."""
    said = call(answer, fresh(args), f"params, states of shape {args[1].shape}, actions and alive")
    if (
        isinstance(said, tuple | list)
        and len(said) == 2
        and isinstance(said[0], dict)
        and not isinstance(said[1], dict)
    ):
        raise Settled("The dict of gradients comes first here. Return A first, then the gradients.")
    if not isinstance(said, tuple | list) or len(said) != 2:
        raise Settled(f"It returns {kind_of(said)}; two values are needed, as in `return A, gradients`.")
    A = plain(said[0], "A is")
    grads = read_parts(said[1], args[0])
    if A.shape != args[3].shape:
        raise Settled(f"A is an array of shape {A.shape}; {args[3].shape} is needed, a number for each step.")
    for name in WAY_BACK:
        if grads[name].shape != args[0][name].shape:
            raise Settled(f"The gradient of {name} has the shape {grads[name].shape}; {args[0][name].shape} is needed.")
    if not all(np.isfinite(part).all() for part in (A, *grads.values())):
        raise Settled("A or a gradient holds NaN or infinity.")
    return A, grads


def _same(grads, others):
    return all(relative_error(grads[name], others[name]) < 1e-6 for name in WAY_BACK)


def _checked(answer, rng):
    """The verdict on gradients that are not those of L with the A that was chosen; None if they are."""
    args = _few_steps(rng)
    A, grads = _read_learned(answer, args)
    needed = _learn.gradient(*args, A)
    if _same(grads, needed):
        return None
    known = recognized(GRADIENT_MISTAKES, lambda mistake: _same(grads, mistake.answer.gradient(*args, A)))
    if known:
        return known
    right = [name for name in WAY_BACK if relative_error(grads[name], needed[name]) < 1e-6]
    wrong = [name for name in WAY_BACK if name not in right]
    return Verdict(
        NOT_YET,
        f"The check of gradients, on the way back, stops at {wrong[0]}: with your A the slope of L by differences is"
        f" another one. {f'Right are {listed(right)}.' if right else 'None of the four is right.'}",
        f"seen: wrong {wrong[0]}",
    )


def _players(params):
    return SimpleNamespace(
        predict=lambda x: np.tanh(x @ params["W1"] + params["b1"]) @ params["W2"] + params["b2"],
    )


def _trained_to_balance(answer, seed):
    """Mean steps of twenty new episodes after a training by the answer, and those of each update."""
    rng, world, adam = np.random.default_rng(seed), CartPoles(), Adam(RATE)
    params, history = _weights(rng), []
    for update in range(UPDATES):
        states, actions, alive = play_many(world, _players(params), EPISODES, rng)
        history.append(alive.sum() / EPISODES)
        if len(history) > 2 and min(history[-3:]) >= ENOUGH:
            break
        if update >= LOST_AFTER and max(history[-5:]) < LOST:
            break
        _, grads = _read_learned(answer, (params, states, actions, alive))
        adam.step(params, grads)
    return play_many(world, _players(params), 20, rng)[2].sum() / 20, history


def _judge_balance():
    def judge(answer, rng):
        if wrong := _checked(answer, rng) or _praise(answer, rng):
            return wrong
        steps = []
        for seed in HIDDEN:
            mean, history = _trained_to_balance(answer, seed)
            steps.append(mean)
            if mean < BAR:
                break
        if min(steps) >= BAR:
            return Verdict(
                PASSED,
                f"Your gradients balance the pole: with {len(HIDDEN)} seeds that you have not seen, twenty new episodes"
                f" last at least {BAR} steps in the mean.",
            )
        return Verdict(
            NOT_YET,
            f"The gradient is right for your A, and {len(history)} updates with it end at {steps[-1]:.0f} steps, where"
            f" {BAR} are needed. Is A the return to go, and is a mean over the episodes taken from it?",
            "seen: too few steps",
        )

    return settling(judge, GRADIENT_MISTAKES + PRAISE_MISTAKES)


def _praise(answer, rng):
    """The verdict on an A with which nobody learns to balance, before any training; None for another one."""
    args = _few_steps(rng)
    A, _ = _read_learned(answer, args)
    return recognized(PRAISE_MISTAKES, lambda mistake: _direction(mistake.answer(*args)[0], A, args[3]))


def _direction(one, other, alive):
    """Whether two advantages are the same for the steps that were played, but for a positive factor."""
    one, other = one[alive], other[alive]
    size = np.linalg.norm(one) * np.linalg.norm(other)
    return size > 0 and one @ other > (1 - 1e-6) * size


def _each(change, *names):
    """The arguments with the named arrays changed."""
    return lambda arguments: {**arguments, **{name: change(arguments[name]) for name in names}}


def _only(step):
    """An array (n, T) with all but one step set to 0."""

    def change(x):
        kept = np.zeros_like(x)
        kept[:, step] = x[:, step]
        return kept

    return change


WALK = ("states", "actions", "rewards")
UPDATE_PROBES = (
    Probe("for one episode", _each(lambda x: x[:1], *WALK)),
    Probe("for episodes of one step", _each(lambda x: x[:, :1], *WALK)),
    Probe("when only the last step is rewarded", _each(_only(-1), "rewards")),
    Probe("when only the first step is rewarded", _each(_only(0), "rewards")),
    Probe("when each episode stays in its first state", _each(lambda x: x[:, :1] + 0 * x, "states")),
)

PROBLEMS = (
    Problem(
        id="gaussian-score",
        title="The score of a number",
        points=3,
        hints=(
            "Take the logarithm first: it turns the fraction into a difference, and the exponential goes away.",
            "log pi is -(a - m)^2 e^(-2s)/2 - s - log(2 pi)/2. Three terms: which of them hold s?",
            "The slope of e^(-2s) is -2 e^(-2s), and that of -s is -1.",
        ),
        judge=judge_formula(_gaussian_score, "a m s", GAUSSIAN_MISTAKES),
        minutes=10,
        difficulty=2,
    ),
    Problem(
        id="log-prob-backward",
        title="The gradient of log pi",
        points=4,
        hints=(
            "Two steps back: from log pi to the logits z, and from there to W and b as in any linear layer.",
            "d log pi(a|x)/dz is onehot(a) - pi, for each example. Multiply each row by its dlogp.",
            "np.eye(k)[actions] makes the rows onehot. For pi, subtract the largest logit of each row before exp:"
            " z.max(axis=1, keepdims=True).",
            "dW = x.T @ dz and db = dz.sum(axis=0), as in lesson 06.",
        ),
        judge=judge_square_first(
            _log_prob_backward,
            _state_cases,
            _square_state_cases,
            SCORE_MISTAKES,
            ("across", "not-turned"),
            returns="dW db",
        ),
        allowed=("activations.softmax",),
        minutes=12,
        difficulty=2,
    ),
    Problem(
        id="returns-to-go",
        title="Returns to go",
        points=2,
        hints=(
            "What is G at the last step? And at the one before?",
            "Go from the end to the start: for t in range(T - 2, -1, -1), and add discount * G[t + 1] to G[t], where G"
            " began as a copy of the rewards as float: rewards.astype(float).",
        ),
        judge=judge_function(_returns_to_go, _reward_cases, RETURN_MISTAKES, boundaries=_reward_boundaries),
        minutes=8,
        difficulty=1,
    ),
    Problem(
        id="policy-update",
        title="An update with a baseline",
        points=4,
        hints=(
            "In four lines: returns to go, advantages, gradient, step. Print the shapes: the first two are (m, T), the"
            " gradient is shaped like theta.",
            "G = rewards[:, ::-1].cumsum(axis=1)[:, ::-1] adds up from the end, and A = G - G.mean(axis=0).",
            "Two loops are fine: for each episode i and each step t, with s = states[i, t], add A[i, t] times the score"
            " to row s of the gradient. The score is onehot(a) - softmax(theta[s]).",
            "Divide the gradient by the number of episodes, and return theta + lr * gradient, a new array.",
        ),
        judge=judge_function(_policy_update, _walk_cases, UPDATE_MISTAKES, probes=UPDATE_PROBES),
        allowed=("activations.softmax",),
        minutes=20,
        difficulty=3,
    ),
    Problem(
        id="balance",
        title="Balance the pole",
        points=5,
        hints=(
            "Two parts. First A, from alive alone: the return to go of each step, with a discount, and its mean over"
            " the episodes taken away, as in the lesson.",
            "Then the gradient: put all steps in one row behind the other, states.reshape(-1, 4), and go back as in"
            " lesson 06. dZ2 is minus A times the score, divided by the number of steps that were played.",
            "A step behind the end of its episode must not count: multiply A by alive before it weighs a score.",
            "dW2 = A1.T @ dZ2, dZ1 = dZ2 @ W2.T * (1 - A1**2), dW1 = x.T @ dZ1, and each bias has the sum over the"
            " steps.",
        ),
        judge=_judge_balance(),
        allowed=("activations.softmax",),
        minutes=30,
        difficulty=3,
    ),
)


# Turns in the lesson


def _entropy_cases(rng):
    return [(p,) for p in (rng.dirichlet(np.ones(k)) for k in (2, 3, 5))]


ENTROPY_MISTAKES = misconceptions(
    (
        "sign",
        "The logarithms of probabilities are negative, and an entropy is not: a minus is missing in front.",
        (lambda p: np.sum(p * np.log(p)),),
    ),
    (
        "unweighted",
        "Each -log p counts as often as it is drawn: multiply it by p before you add up.",
        (lambda p: -np.sum(np.log(p)), lambda p: -np.mean(np.log(p))),
    ),
    (
        "mean",
        "The weights p add up to 1 already. It is a sum over the actions, with nothing to divide by.",
        (lambda p: -np.mean(p * np.log(p)),),
    ),
    (
        "base-2",
        "This is the entropy in bits, with a logarithm of base 2. Here, as in all our losses, it is np.log.",
        (lambda p: -np.sum(p * np.log2(p)),),
    ),
    ("not-added", "One number for each action is not the entropy yet: add them up.", (lambda p: -p * np.log(p),)),
)

TURNS = (
    turn(
        "turn-recall-onehot",
        "Lesson 01: the gradient of the cross-entropy",
        judge_value(
            (0.5, -0.7, 0.2),
            "It is p minus one-hot: 1 comes off at the true class. In a moment we meet minus this under another name.",
            {
                (-0.5, 0.7, -0.2): "All signs are turned around: the loss falls as the logit of the truth grows.",
                (0.0, -0.7, 0.0): "The others stand below the line of the softmax: each gets its own probability.",
                (-0.5, 0.3, 0.2): "The truth is class 1, and the first class has the number 0.",
                (0.5, 0.3, -0.8): "The truth is class 1, and the first class has the number 0.",
            },
        ),
        "p - onehot.",
    ),
    turn(
        "turn-recall-adam",
        "Lesson 09: Adam's first step",
        judge_value(
            0.02,
            "At the first step m over the root of v is the gradient over its own size: a step is as long as the rate."
            " So nobody minds here whether returns are counted in steps or in hundreds.",
            {
                10.0: "So plain gradient descent would do it. Adam divides by the size of the gradient.",
                0.002: "m is a tenth of the gradient at first, but the correction takes that out again.",
                1.0: "The gradient over its size is 1, and then comes the rate.",
            },
        ),
        "What is the corrected m over the root of the corrected v, when there has been only one gradient?",
    ),
    turn(
        "turn-score",
        "Reward times score",
        judge_value(
            (1.0, -2 / 3, -1 / 3),
            "2 times (1 - 1/2, -1/3, -1/6). The entries add up to 0, as those of a score do.",
            {
                (0.5, -1 / 3, -1 / 6): "This is the score alone. The reward is 2.",
                (2.0, 0.0, 0.0): "The others stand below the line: each is lowered by its probability.",
                (1.0, 2 / 3, 1 / 3): "Those that were not drawn are lowered.",
                (0.5, -2 / 9, -1 / 18): "The score is not multiplied by the probabilities: that comes with the mean.",
                (-1.0, 2 / 3, 1 / 3): "It was rewarded: its own logit goes up.",
            },
            also=((1.0, -0.67, -0.33),),
        ),
        "The score is 1 minus pi for the action drawn and minus pi for the others. Then times 2.",
    ),
    turn(
        "turn-bonus",
        "A bonus for everybody",
        judge_value(
            (-0.5, 2 / 3, -1 / 6),
            "Without the bonus this pull taught nothing. With it, it raises the worst arm of the three, and it is left"
            " to the pulls of the others to undo that: the mean is the same, and the scatter has grown.",
            {
                (0.0, 0.0, 0.0): "So it is without the bonus. Now the pull earns 0 and 1 more.",
                (0.5, -1 / 3, -1 / 6): "This is the score of arm 0. Arm 1 was pulled.",
                (-0.5, -1 / 3, 5 / 6): "This is the score of arm 2. Arm 1 was pulled.",
                (0.0, 1.0, 0.0): "The others stand below the line: each is lowered by its probability.",
                (0.5, -2 / 3, 1 / 6): "It was rewarded: its own logit goes up.",
                (0.0, -1 / 3, 1 / 3): "This is the gradient of J, the mean over all pulls. One pull is asked for.",
            },
            also=((-0.5, 0.67, -0.17),),
        ),
        "The reward is 0 + 1 now, and the score is 1 minus pi for the arm pulled and minus pi for the others.",
    ),
    turn(
        "turn-to-go",
        "What is still to come",
        judge_value(
            (1.5, 1.0, 2.0),
            "From the end: 2, then 0 + 2/2 = 1, then 1 + 1/2 = 1.5.",
            {
                (3.0, 2.0, 2.0): "This is without a discount. What comes a step later counts half.",
                (2.0, 1.0, 2.0): "The 2 is two steps away from the first step: it counts a quarter there.",
                (0.5, 1.0, 0.0): "A step's own reward is not discounted, and it counts.",
                (
                    1.0,
                    1.0,
                    2.0,
                ): "The next step is there, and what comes behind it is not: add half of all that follows.",
                (1.5, 0.5, 0.5): "This counts from the start of the episode. For each step, it is the first one.",
                (1.5, 1.5, 1.5): "This is the return of the whole episode. What is past is not still to come.",
                (1.0, 0.0, 2.0): "These are the rewards themselves. Add what follows each of them.",
                (1.0, 1.0, 3.0): "This looks back, without a discount. What is still to come looks ahead.",
                (2.0, 1.0, 1.5): "The numbers are right, and in the order in which you found them. The first belongs to"
                " the first step.",
                (1.0, 0.5, 2.25): "This looks back. What is still to come looks ahead.",
            },
        ),
        "Begin at the end: the last step has only its own reward. Then each has its own and half of what follows.",
    ),
    turn(
        "turn-td",
        "A temporal-difference error",
        judge_value(
            -3,
            "1 + 0.5 times 12 is 7, and the critic expected 10: it went worse than expected, though it was rewarded.",
            {
                3: "The next value is not discounted, or what came was taken from what was expected: it is"
                " r + gamma V(next), and minus V(now).",
                7: "This is the estimate of the return. What did the critic expect?",
                -9: "The next state's value is missing: it stands for all that follows.",
                -2: "The reward of this step counts too, by 1.",
                -4: "The reward of this step counts too, by 1.",
                2: "Only V(next) is discounted: V(now) was expected here and now.",
                8: "Only V(next) is discounted: V(now) was expected here and now.",
                -3.5: "Only V(next) is discounted: the reward comes at once.",
                -6: "The two values have changed places: V(now) is what was expected.",
                13: "This is without a discount. And what did the critic expect?",
            },
        ),
        "r + gamma V(next) - V(now).",
    ),
    turn(
        "turn-entropy",
        "The entropy of a policy",
        telling(
            judge_function(lambda p: -np.sum(p * np.log(p)), _entropy_cases, ENTROPY_MISTAKES),
            "It agrees with ours. It is largest when all k actions are alike: then each -log p is log k, and so is H.",
        ),
        "Minus the sum of p log p: np.sum does the sum, np.log the logarithm.",
    ),
    turn(
        "turn-clip",
        "Clipped or not",
        judge_value(
            (0, -1),
            "A good action has been raised enough. A bad one has moved the wrong way, and keeps its gradient.",
            {
                (1, -1): "Beyond 1.2 the curve for A = 1 is flat.",
                (0, 0): "The minimum takes the lower of the two: for A = -1 at 1.5 that is -1.5, which is not clipped.",
                (1, 0): "It is the other way round: look at where each of the curves is flat.",
                (0, 1): "For A = -1 what is raised falls as the ratio grows.",
                (1.2, -1.0): "The first is the value of the curve. Its slope is asked for.",
                (1.5, -1.0): "Beyond 1.2 the curve for A = 1 is flat.",
                (
                    1,
                    1,
                ): "Beyond 1.2 the curve for A = 1 is flat, and for A = -1 what is raised falls as the ratio grows.",
                (1.2, -0.8): "These are values at the ends of the clip. The slopes at 1.5 are asked for.",
                (1.2, -1.2): "These are values at the end of the clip. The slopes at 1.5 are asked for.",
                (1.5, -1.5): "These are the values without a clip. The slopes are asked for.",
                (1.2, -1.5): "These are values of the curves. Their slopes are asked for.",
                (0, -1.5): "The second is the value of the curve. Its slope is asked for.",
            },
        ),
        "Look at the figure above 1.5: where is a curve flat, and how does the other one go?",
    ),
)
