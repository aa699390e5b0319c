"""Every backward before three witnesses: SymPy, differences, and our own autodiff.

The pattern of disagreement names the culprit:

    what is wrong     forward = definition   symbolic   numeric   automatic
    nothing           ok                     ok         ok        ok
    backward          ok                     FAIL       FAIL      FAIL
    forward           FAIL                   ok         FAIL      ok
    definition        FAIL                   FAIL       ok        FAIL
    autodiff engine   ok                     ok         ok        FAIL

A forward that is off by a constant shows in the first column alone: its slopes are right. One mistake escapes: the
same one in definition and forward. So every operation also has values computed by hand.
"""

from dataclasses import dataclass, replace

import numpy as np

from bplib import (  # noqa: F401  importing them fills OPERATIONS
    activations,
    attention,
    autodiff,
    blocks,
    class_weights,
    convolution,
    gru,
    layers,
    losses,
    lstm,
    normalization,
    policy,
    pooling,
    positions,
    recurrent,
    symbolic,
)
from bplib.gradcheck import central_difference, disagreement
from bplib.operations import Operation

TOLERANCE = 1e-6
"""Largest relative error that counts as agreement, for every witness."""


@dataclass(frozen=True)
class Report:
    """What the witnesses said: for each a sentence about the worst disagreement, or "" where it agrees."""

    name: str
    complaints: dict[str, str]

    @property
    def passed(self):
        """True if every witness agrees."""
        return not any(self.complaints.values())

    def __getitem__(self, witness):
        """True if this witness agrees."""
        return not self.complaints[witness]

    def __repr__(self):
        rows = [f"  {witness:22}{says or 'ok'}" for witness, says in self.complaints.items()]
        return "\n".join([f"{self.name}, agreement to {TOLERANCE:g}:", *rows])


def witnesses(operation, backward=None, seed=0, **sizes):
    """Put an operation, or another backward for it, before the witnesses. Returns a `Report`.

    The inputs are the operation's example, of the given axis lengths, and a random upstream (a constant one hides
    mistakes); both are read-only, so a backward that writes into its arguments raises. TypeError for a function.
    """
    if not isinstance(operation, Operation):
        kind = type(operation).__name__
        raise TypeError(f"witnesses: operation is a {kind}; an Operation is needed, as operations.find(sigmoid) gives")
    if backward is not None:
        operation = replace(operation, backward=backward)
    rng = np.random.default_rng(seed)
    inputs = tuple(_frozen(x) for x in operation.example(rng, **sizes))
    defined = _frozen(operation.definition(np, *inputs))
    out = _frozen(operation.forward(*inputs))
    upstream = 1.0 if operation.is_loss else _frozen(rng.normal(size=np.shape(defined)))

    # With the definition's output the backward is judged apart from the forward, with the forward's apart from
    # the definition: this is what makes the pattern of disagreement name the culprit.
    of_definition = operation.gradients(upstream, defined, *inputs)
    names = operation.wrt_names
    if np.shape(out) == np.shape(defined):
        of_forward = operation.gradients(upstream, out, *inputs)
        numeric = _complaint(names, of_forward, _numeric(operation, inputs, upstream))
    else:
        numeric = "FAIL: without an output of the right shape there is nothing to compare"
    return Report(
        operation.name,
        {
            "forward = definition": _complaint(["output"], [out], [defined]),
            "symbolic": _complaint(names, of_definition, symbolic.gradients(operation, inputs, upstream)),
            "numeric": numeric,
            "automatic": _complaint(names, of_definition, _automatic(operation, inputs, upstream)),
        },
    )


def _numeric(operation, inputs, upstream):
    def gradient(i):
        def scalar(x):
            return np.sum(upstream * operation.forward(*inputs[:i], x, *inputs[i + 1 :]))

        return central_difference(scalar, inputs[i])

    return tuple(gradient(i) for i in operation.wrt)


def _automatic(operation, inputs, upstream):
    values = {i: autodiff.Value(inputs[i]) for i in operation.wrt}
    out = operation.definition(autodiff, *(values.get(i, x) for i, x in enumerate(inputs)))
    autodiff.sum(upstream * out).backward()
    return tuple(value.grad for value in values.values())


def _complaint(names, ours, theirs):
    if len(ours) != len(theirs):
        return f"FAIL: {len(ours)} gradients where {len(theirs)} are needed, for {', '.join(names)}"
    sentences = (disagreement(*triple, TOLERANCE) for triple in zip(names, ours, theirs, strict=True))
    return next((f"FAIL: {sentence}" for sentence in sentences if sentence), "")


def _frozen(x):
    if isinstance(x, int | float | None):  # a stride, a rate, a choice
        return x
    array = np.array(x)
    array.setflags(write=False)
    return array
