"""The floor for sequences: recurrent networks in hand-written NumPy that make no array twice.

Input, hidden state and a one stand side by side in a kept array (T + 1, n, d + m + 1), and so do their weights and the
bias: a step is one product, and so is the gradient of all weights over all steps. On the way back the weights of the
hidden state are transposed in a kept array, since each product of a step takes longer with a view. All views are cut
before the clock starts.
"""

import numpy as np


def joined(x, Wx, Wh):
    """The kept array with ones in place, its rows for each step, and those rows' hidden states."""
    (n, T, d), m = x.shape, len(Wh)
    rows = np.zeros((T + 1, n, d + m + 1), x.dtype)
    rows[:, :, -1] = 1
    return rows, list(rows), [row[:, d : d + m] for row in rows]


def rnn_tight(x, dh, Wx, Wh, b):
    """A function that returns h, dx, dWx, dWh and db."""
    (n, T, d), m, dtype = x.shape, len(Wh), x.dtype
    rows, step_rows, step_h = joined(x, Wx, Wh)
    W, dW = np.empty((d + m + 1, m), dtype), np.empty((d + m + 1, m), dtype)
    z, dz, upstream = (np.empty((T, n, m), dtype) for _ in range(3))
    h, dx, dx_rows = np.empty((n, T, m), dtype), np.empty_like(x), np.empty((T, n, d), dtype)
    later, Wx_T, Wh_T = np.empty((n, m), dtype), Wx.T, np.empty((m, m), dtype)
    flat_rows_T, flat_dz, flat_dx = rows[:-1].reshape(T * n, -1).T, dz.reshape(T * n, m), dx_rows.reshape(T * n, d)
    forward = list(zip(step_rows, z, step_h[1:], strict=False))
    backward = list(zip(z, dz, upstream, strict=True))[::-1]
    tanh, multiply, subtract, add = np.tanh, np.multiply, np.subtract, np.add
    one = np.ones((), dtype)

    def forward_and_backward():
        W[:d], W[d:-1], W[-1], Wh_T[...] = Wx, Wh, b, Wh.T
        rows[:-1, :, :d] = x.swapaxes(0, 1)
        upstream[...] = dh.swapaxes(0, 1)
        for row, out, kept in forward:
            row.dot(W, out)
            tanh(out, out)
            kept[...] = out
        h[...] = z.swapaxes(0, 1)

        later.fill(0)
        for out, d_out, from_outside in backward:
            add(from_outside, later, later)
            multiply(out, out, d_out)
            subtract(one, d_out, d_out)
            multiply(d_out, later, d_out)
            d_out.dot(Wh_T, later)
        flat_rows_T.dot(flat_dz, dW)
        flat_dz.dot(Wx_T, flat_dx)
        dx[...] = dx_rows.swapaxes(0, 1)
        return h, dx, dW[:d], dW[d:-1], dW[-1]

    return forward_and_backward


def lstm_tight(x, dh, Wx, Wh, b):
    """A function that returns h, dx, dWx, dWh and db; the gates stand in the order i, f, g, o.

    A sigmoid is (1 + tanh(z / 2)) / 2. The halves are put into the weights, so one tanh makes all gates of a step, and
    all their slopes are 1 - tanh^2: the factors that are missing are put into the weights again. Products need the
    gates side by side, everything else is faster with each gate in one piece, (4, n, m).
    """
    (n, T, d), m, dtype = x.shape, len(Wh), x.dtype
    rows, step_rows, step_h = joined(x, Wx, Wh)
    scale = np.repeat(np.array([0.5, 0.5, 1, 0.5], dtype), m)
    full_scale = np.empty((4, n, m), dtype)
    full_scale[...] = scale.reshape(4, 1, m)
    full_shift = 1 - full_scale
    W, back_W, dW = (np.empty((d + m + 1, 4 * m), dtype) for _ in range(3))
    tanhs, gates = np.empty((T, 4, n, m), dtype), np.empty((T, 4, n, m), dtype)
    z, dz = np.empty((n, 4 * m), dtype), np.empty((T, n, 4 * m), dtype)
    z_by_gate, dz_by_gate = z.reshape(n, 4, m).swapaxes(0, 1), list(dz.reshape(T, n, 4, m).swapaxes(1, 2))
    cells, tanh_c = np.zeros((T + 1, n, m), dtype), np.empty((T, n, m), dtype)
    upstream, dx_rows = np.empty((T, n, m), dtype), np.empty((T, n, d), dtype)
    h, dx, scratch, slope = (
        np.empty((n, T, m), dtype),
        np.empty_like(x),
        np.empty((n, m), dtype),
        np.empty_like(gates[0]),
    )
    dh_later, dc_later, d_gates = np.empty((n, m), dtype), np.empty((n, m), dtype), np.empty((4, n, m), dtype)
    parts = [list(gate) for gate in gates]
    flat_rows_T, flat_dz, flat_dx = rows[:-1].reshape(T * n, -1).T, dz.reshape(T * n, 4 * m), dx_rows.reshape(T * n, d)
    back_Wx_T, back_Wh_T = back_W[:d].T, np.empty((4 * m, m), dtype)
    forward = list(zip(step_rows, tanhs, gates, parts, cells, cells[1:], tanh_c, step_h[1:], strict=False))
    backward = list(zip(tanhs, parts, cells, tanh_c, upstream, dz_by_gate, dz, strict=False))[::-1]
    tanh, multiply, subtract, add = np.tanh, np.multiply, np.subtract, np.add
    one = np.ones((), dtype)

    def forward_and_backward():
        W[:d], W[d:-1], W[-1] = Wx, Wh, b
        multiply(W, scale, W)
        multiply(W, scale, back_W)
        back_Wh_T[...] = back_W[d:-1].T
        rows[:-1, :, :d] = x.swapaxes(0, 1)
        upstream[...] = dh.swapaxes(0, 1)
        for row, squashed, gate, (i, f, g, o), before, cell, squashed_cell, hidden in forward:
            row.dot(W, z)
            tanh(z_by_gate, squashed)
            multiply(squashed, full_scale, gate)
            add(gate, full_shift, gate)
            multiply(f, before, cell)
            multiply(i, g, scratch)
            add(cell, scratch, cell)
            tanh(cell, squashed_cell)
            multiply(o, squashed_cell, hidden)
        h[...] = rows[1:, :, d:-1].swapaxes(0, 1)

        dh_later.fill(0)
        dc_later.fill(0)
        di, df, dg, do = d_gates
        for squashed, (i, f, g, o), before, squashed_cell, from_outside, d_by_gate, d_out in backward:
            add(from_outside, dh_later, dh_later)
            multiply(squashed_cell, squashed_cell, scratch)
            subtract(one, scratch, scratch)
            multiply(scratch, o, scratch)
            multiply(scratch, dh_later, scratch)
            add(dc_later, scratch, dc_later)
            multiply(dc_later, g, di)
            multiply(dc_later, before, df)
            multiply(dc_later, i, dg)
            multiply(dh_later, squashed_cell, do)
            multiply(squashed, squashed, slope)
            subtract(one, slope, slope)
            multiply(d_gates, slope, d_by_gate)
            multiply(dc_later, f, dc_later)
            d_out.dot(back_Wh_T, dh_later)
        flat_rows_T.dot(flat_dz, dW)
        multiply(dW, scale, dW)
        multiply(dW, scale, dW)
        flat_dz.dot(back_Wx_T, flat_dx)
        dx[...] = dx_rows.swapaxes(0, 1)
        return h, dx, dW[:d], dW[d:-1], dW[-1]

    return forward_and_backward
