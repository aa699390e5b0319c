"""Optimizers: what to do with a gradient. Each has step(params, grads) and changes the parameters in place.

A learning rate is a positive number or a schedule: a function that gives the rate of step 0, 1, 2 and so on. Where the
arrays of params are views of one vector, as those of a network are, the vector is updated, in a few calls for all.
"""

from functools import partial

import numpy as np


class Optimizer:
    """What every optimizer has: a rate, a count of steps, and arrays that it remembers from step to step.

    A copy or a pickle remembers all of it, and goes on with the parameters of its own first step.
    """

    remembers = ()
    """The names of the arrays, each shaped like its parameter and zero at first."""

    def __init__(self, lr):
        """lr is a positive number or a schedule, else ValueError."""
        if not callable(lr) and not 0 < lr < np.inf:
            raise ValueError(f"{type(self).__name__}: lr is {lr}; a positive learning rate is needed, or a schedule")
        self.lr = lr
        self.recall(0, {})

    def recall(self, steps, memory):
        """Go on as one that has done so many steps, and remembers {name of a parameter: {name: array}} of them."""
        self.steps, self.memory = steps, memory
        self._known, self._bound = {}, (None, None, None)

    def __getstate__(self):
        return self.__dict__ | {"_known": {}, "_bound": (None, None, None)}

    def _begin(self, params, grads):
        """The rate of this step, which is counted, and (theta, g, scratch, *remembered) for each parameter.

        Where params and grads are those of a network, there is one theta, the vector of all, and it is looked up once.
        """
        bound_to, with_grads, parts = self._bound
        if params is not bound_to or grads is not with_grads:
            if hasattr(params, "flat") and hasattr(grads, "flat") and params.layout == grads.layout:
                parts = [self._part("flat", params.flat, grads.flat)]
                self._bound = params, grads, parts
            else:
                require_matching(params, grads)
                parts = [self._part(name, theta, np.asarray(grads[name])) for name, theta in params.items()]
        lr = float(self.lr(self.steps) if callable(self.lr) else self.lr)
        self.steps += 1
        return lr, parts

    def _part(self, name, theta, g):
        memory = {}
        if self.remembers:
            memory = self.memory.setdefault(name, {each: np.zeros_like(theta) for each in self.remembers})
            shapes = {array.shape for array in memory.values()}
            if self._known.setdefault(name, theta) is not theta or shapes != {theta.shape}:
                kind = type(self).__name__
                raise ValueError(
                    f"{kind}: {name} is another array than in the steps before; each network needs its own {kind}"
                )
        return theta, g, np.empty_like(theta), *memory.values()


class SGD(Optimizer):
    """Gradient descent, theta <- theta - lr d; stochastic when the gradient g comes from a mini-batch.

    d is g itself, or with momentum mu the velocity v <- mu v + g; Nesterov's looks ahead with d = g + mu v. Texts that
    put the rate into the velocity, v <- mu v - lr g, make the same steps as long as the rate stays the same.
    Sources: Robbins, Monro, Ann. Math. Statist. 22 (1951); Sutskever et al., On the importance of initialization and
    momentum in deep learning, ICML (2013).
    """

    def __init__(self, lr, momentum=0.0, nesterov=False):
        """Momentum lies in [0, 1), and Nesterov's needs some, else ValueError."""
        super().__init__(lr)
        _require_memories("SGD", momentum=momentum)
        if nesterov and not momentum:
            raise ValueError("SGD: nesterov looks ahead along the momentum, which is 0; a positive one is needed")
        self.momentum, self.nesterov = momentum, nesterov
        self.remembers = ("v",) if momentum else ()

    def step(self, params, grads):
        """Update every array of params in place. Keys and shapes of params and grads are equal, else ValueError."""
        lr, parts = self._begin(params, grads)
        for theta, g, scratch, *velocity in parts:
            for v in velocity:
                v *= self.momentum
                v += g
                g = g + self.momentum * v if self.nesterov else v
            np.multiply(g, lr, out=scratch)
            theta -= scratch


class RMSProp(Optimizer):
    """Steps measured by a running root mean square.

    v <- rho v + (1 - rho) g^2,  theta <- theta - lr g / (sqrt(v) + eps).
    Source: Tieleman, Hinton, Lecture 6.5, Coursera: Neural networks for machine learning (2012).
    """

    remembers = ("v",)

    def __init__(self, lr, rho=0.99, eps=1e-8):
        """The memory rho lies in [0, 1), else ValueError."""
        super().__init__(lr)
        _require_memories("RMSProp", rho=rho)
        self.rho, self.eps = rho, eps

    def step(self, params, grads):
        """Update every array of params in place. Keys and shapes of params and grads are equal, else ValueError."""
        lr, parts = self._begin(params, grads)
        for theta, g, scratch, v in parts:
            v *= self.rho
            v += (1.0 - self.rho) * g * g
            np.sqrt(v, out=scratch)
            scratch += self.eps
            theta -= lr * g / scratch


class Adam(Optimizer):
    """Momentum over a running root mean square, both corrected for their start at zero.

    m <- beta1 m + (1 - beta1) g,  v <- beta2 v + (1 - beta2) g^2, and at step t = 1, 2, ...
    theta <- theta - lr m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps).
    Source: Kingma, Ba, Adam: a method for stochastic optimization, ICLR (2015).
    """

    remembers = ("m", "v")
    weight_decay = 0.0

    def __init__(self, lr, beta1=0.9, beta2=0.999, eps=1e-8):
        """The memories beta1 and beta2 lie in [0, 1), else ValueError."""
        super().__init__(lr)
        _require_memories(type(self).__name__, beta1=beta1, beta2=beta2)
        self.beta1, self.beta2, self.eps = beta1, beta2, eps

    def step(self, params, grads):
        """Update every array of params in place. Keys and shapes of params and grads are equal, else ValueError."""
        lr, parts = self._begin(params, grads)
        # The arrays hold m / (1 - beta1) and v / (1 - beta2); those factors and the corrections are two numbers, which
        # saves a third of the passes over the arrays.
        root = ((1.0 - self.beta2**self.steps) / (1.0 - self.beta2)) ** 0.5
        rate = lr * (1.0 - self.beta1) / (1.0 - self.beta1**self.steps) * root
        for theta, g, scratch, m, v in parts:
            m *= self.beta1
            m += g
            np.multiply(g, g, out=scratch)
            v *= self.beta2
            v += scratch
            if self.weight_decay:
                theta *= 1.0 - lr * self.weight_decay
            np.sqrt(v, out=scratch)
            scratch += self.eps * root
            np.divide(m, scratch, out=scratch)
            scratch *= rate
            theta -= scratch


class AdamW(Adam):
    """Adam with decoupled weight decay: before the step of Adam, theta <- theta - lr weight_decay theta.

    An L2 penalty in the gradient would be divided by the root mean square with it, and decay each weight differently.
    Source: Loshchilov, Hutter, Decoupled weight decay regularization, ICLR (2019).
    """

    def __init__(self, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
        """As Adam; weight_decay is not negative, else ValueError."""
        super().__init__(lr, beta1, beta2, eps)
        if not weight_decay >= 0:
            raise ValueError(f"AdamW: weight_decay is {weight_decay}; a number of at least 0 is needed")
        self.weight_decay = weight_decay


# Schedules: functions of the number of steps taken, for the learning rate of an optimizer. They can be pickled with it.


def step_decay(lr, every, factor=0.1):
    """The rate lr times factor^k, where k counts the full ``every`` steps that are done. All are positive."""
    _require_positive("step_decay", lr=lr, every=every, factor=factor)
    return partial(_step_decay, lr, every, factor)


def _step_decay(lr, every, factor, step):
    return lr * factor ** (step // every)


def exponential_decay(lr, half_life):
    """The rate lr times 2^(-step / half_life): it halves in every ``half_life`` steps. Both are positive."""
    _require_positive("exponential_decay", lr=lr, half_life=half_life)
    return partial(_exponential_decay, lr, half_life)


def _exponential_decay(lr, half_life, step):
    return lr * 0.5 ** (step / half_life)


def cosine(lr, steps, warmup=0):
    """A rate that rises evenly to lr over ``warmup`` steps and falls to 0 at ``steps`` along half a cosine.

    Source: Loshchilov, Hutter, SGDR: stochastic gradient descent with warm restarts, ICLR (2017).
    """
    _require_positive("cosine", lr=lr)
    if not 0 <= warmup < steps:
        raise ValueError(f"cosine: warmup is {warmup} and steps is {steps}; from 0 to below steps is needed")
    return partial(_cosine, lr, steps, warmup)


def _cosine(lr, steps, warmup, step):
    if step < warmup:
        return lr * (step + 1) / warmup
    done = min((step - warmup) / (steps - warmup), 1.0)
    return lr * (1.0 + np.cos(np.pi * done)) / 2.0


# Clipping: in place, between the backward and the step.


def clip_norm(grads, limit):
    """Scale all gradients by limit / norm if their common norm exceeds limit, in place; return the norm as it was.

    The direction stays. A norm that is not finite has none: then nothing is changed.
    Source: Pascanu, Mikolov, Bengio, On the difficulty of training recurrent neural networks, ICML (2013).
    """
    _require_positive("clip_norm", limit=limit)
    largest = max((float(np.max(np.abs(g), initial=0.0)) for g in grads.values()), default=0.0)
    if largest == 0.0 or not np.isfinite(largest):
        return largest
    # In units of the largest entry no square overflows.
    norm = largest * float(np.sqrt(sum(np.sum(np.square(g / largest)) for g in grads.values())))
    if norm > limit:
        for g in grads.values():
            g *= limit / norm
    return norm


def clip_value(grads, limit):
    """Cut every entry of every gradient to [-limit, limit], in place. The direction may change."""
    _require_positive("clip_value", limit=limit)
    for g in grads.values():
        np.clip(g, -limit, limit, out=g)


# What is shared


def require_matching(params, grads):
    """ValueError unless both dicts have equal keys and each gradient the shape of its parameter.

    TypeError for a parameter that is no array of floats, and so cannot be updated in place.
    """
    if params.keys() != grads.keys():
        raise ValueError(f"params has {sorted(params)} but grads has {sorted(grads)}; the names must be equal")
    for name, parameter in params.items():
        if not isinstance(parameter, np.ndarray) or parameter.dtype.kind != "f":
            held = f"an array of {parameter.dtype}" if isinstance(parameter, np.ndarray) else type(parameter).__name__
            raise TypeError(f"{name} is {held}; only an array of floats can be updated in place")
        if parameter.shape != np.shape(grads[name]):
            raise ValueError(f"{name} is {parameter.shape} but its gradient is {np.shape(grads[name])}")


def _require_memories(kind, **memories):
    for name, memory in memories.items():
        if not 0 <= memory < 1:
            raise ValueError(f"{kind}: {name} is {memory}; a number from 0 to below 1 is needed")


def _require_positive(caller, **numbers):
    for name, number in numbers.items():
        if not 0 < number < np.inf:
            raise ValueError(f"{caller}: {name} is {number}; a positive number is needed")
