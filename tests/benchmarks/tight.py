"""The floor: a training step in hand-written NumPy that makes no array twice.

What Python and NumPy allow, and how nobody wants to write it: all parameters are views of one vector, and so are all
gradients; every result goes into a kept buffer; sums are products with ones, which costs half of a reduction; `dot`
the method and not `np.dot` the function; scalars are arrays of their own type; targets are integers; the input of the
network gets no gradient. Rows are samples, but in the loss, where the classes come first: NumPy is faster at a few long
rows than at many short ones.
"""

import itertools

import numpy as np

from .digits_data import BETA1, BETA2, EPS


def views(vector, shapes):
    """The vector cut into arrays of the given shapes, which share its memory."""
    ends = list(itertools.accumulate(int(np.prod(shape)) for shape in shapes))
    return [vector[start:end].reshape(shape) for start, end, shape in zip([0, *ends], ends, shapes, strict=False)]


def sgd(theta, g, lr):
    """A function that updates theta in place."""
    lr, step = np.array(lr, theta.dtype), np.empty_like(theta)
    multiply, subtract = np.multiply, np.subtract

    def update():
        multiply(g, lr, step)
        subtract(theta, step, theta)

    return update


def adam(theta, g, lr):
    """A function that updates theta in place; m and v are kept without their factors (1 - beta)."""
    m, v, step = np.zeros_like(theta), np.zeros_like(theta), np.empty_like(theta)
    beta1, beta2 = np.array(BETA1, theta.dtype), np.array(BETA2, theta.dtype)
    add, subtract, multiply, divide, sqrt = np.add, np.subtract, np.multiply, np.divide, np.sqrt
    power1 = power2 = 1.0

    def update():
        nonlocal power1, power2
        power1, power2 = power1 * BETA1, power2 * BETA2
        scale = ((1 - BETA2) / (1 - power2)) ** 0.5
        multiply(m, beta1, m)
        add(m, g, m)
        multiply(v, beta2, v)
        multiply(g, g, step)
        add(v, step, v)
        sqrt(v, step)
        add(step, EPS / scale, step)
        divide(m, step, step)
        multiply(step, lr * (1 - BETA1) / (1 - power1) / scale, step)
        subtract(theta, step, theta)

    return update


def backpropagation(start, n):
    """Parameters and gradients as vectors, the parameters as arrays, a function (x, y) -> loss that sets the gradients.

    start holds W and b of each layer in turn. ReLU between the layers, softmax and cross-entropy after the last.
    """
    dtype, k, depth = start[0].dtype, len(start[-1]), len(start) // 2
    theta = np.concatenate([array.ravel() for array in start])
    g = np.empty_like(theta)
    params, grads = (views(vector, [array.shape for array in start]) for vector in (theta, g))
    W, b, dW, db = params[::2], params[1::2], grads[::2], grads[1::2]
    WT = [matrix.T for matrix in W]
    a = [np.empty((n, len(bias)), dtype) for bias in b]  # the outputs of the layers
    da = [np.empty_like(out) for out in a]
    aT, zeros = [out.T for out in a], [np.zeros_like(out) for out in a]
    positive = [np.empty(out.shape, bool) for out in a]
    product, last_bias = a[-1].T, b[-1][:, None]
    z, p = np.empty((k, n), dtype), np.empty((k, n), dtype)  # classes first
    da[-1], flat_z, flat_p = p.T, z.reshape(-1), p.reshape(-1)
    top, total, picked = np.empty(n, dtype), np.empty(n, dtype), np.empty(n, dtype)
    ones_n, sum_classes = np.ones(n, dtype), np.ones(k, dtype).dot
    columns, index, width, share = np.arange(n), np.empty(n, int), np.array(n), np.array(1 / n, dtype)
    zero = np.zeros((), dtype)
    add, subtract, multiply, divide, exp, log = np.add, np.subtract, np.multiply, np.divide, np.exp, np.log
    maximum, greater, largest, sum_rows = np.maximum, np.greater, np.maximum.reduce, ones_n.dot
    hidden = list(zip(W[:-1], b[:-1], a[:-1], zeros[:-1], strict=True))
    above = [(da[i], WT[i + 1], da[i + 1], a[i], positive[i], aT[i]) for i in range(depth - 1)]
    back = [(*above[i], dW[i + 1], db[i + 1]) for i in reversed(range(depth - 1))]

    def loss_and_gradients(x, y):
        out = x
        for weight, bias, kept, nothing in hidden:
            out.dot(weight, kept)
            add(kept, bias, kept)
            out = maximum(kept, nothing, out=kept)  # against an array: against a number it takes three times as long
        out.dot(W[-1], a[-1])
        add(product, last_bias, z)
        largest(z, 0, None, top)
        subtract(z, top, z)
        multiply(y, width, index)
        add(index, columns, index)
        flat_z.take(index, None, picked, "clip")
        exp(z, p)
        sum_classes(p, total)
        log_total = log(total)
        subtract(log_total, picked, log_total)
        loss = sum_rows(log_total) / n

        divide(share, total, total)
        multiply(p, total, p)
        flat_p.take(index, None, picked, "clip")
        subtract(picked, share, picked)
        flat_p.put(index, picked)
        for d_in, transposed, d_out, kept, mask, keptT, d_weight, d_bias in back:
            keptT.dot(d_out, d_weight)
            sum_rows(d_out, d_bias)
            d_out.dot(transposed, d_in)
            greater(kept, zero, mask)
            multiply(d_in, mask, d_in)
        x.T.dot(da[0], dW[0])
        sum_rows(da[0], db[0])
        return loss

    return theta, g, params, loss_and_gradients


def training_step(start, n, update, lr):
    """A function (x, y) -> loss that does the forward, the loss, the backward and the update, and the parameters."""
    theta, g, params, loss_and_gradients = backpropagation(start, n)
    update = {"SGD": sgd, "Adam": adam}[update](theta, g, lr)

    def step(x, y):
        loss = loss_and_gradients(x, y)
        update()
        return loss

    return step, params
