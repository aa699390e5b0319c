"""Promise: a training that was cut in two, by a file, a pickle or a copy, ends where one that was not cut ends."""

import copy
import os
import pickle

import numpy as np
import pytest

from bplib.activations import tanh
from bplib.blocks import Residual
from bplib.checkpoints import load, save
from bplib.layers import Activation, Dropout, Linear
from bplib.losses import mse
from bplib.networks import Sequential
from bplib.normalization import BatchNorm
from bplib.optimizers import SGD, Adam, AdamW, RMSProp, cosine, exponential_decay, step_decay
from bplib.training import train

DATA = np.random.default_rng(5)
X, Y = DATA.normal(size=(40, 3)), DATA.normal(size=(40, 2))
OPTIMIZERS = {
    "descent": lambda: SGD(0.05),
    "momentum": lambda: SGD(0.05, momentum=0.9),
    "Nesterov": lambda: SGD(0.05, momentum=0.9, nesterov=True),
    "RMSProp": lambda: RMSProp(0.01),
    "Adam": lambda: Adam(0.01),
    "AdamW by a cosine": lambda: AdamW(cosine(0.01, 200, warmup=5)),
    "Adam by steps": lambda: Adam(step_decay(0.01, 7)),
    "Adam by a half-life": lambda: Adam(exponential_decay(0.01, 9)),
}


def network(seed=0, units=6):
    """One with everything beside weights: a dropout, which draws, within a container, and running statistics."""
    rng = np.random.default_rng(seed)
    return Sequential(
        Linear(3, units, rng),
        BatchNorm(units),
        Activation(tanh),
        Residual(Linear(units, units, rng), Dropout(0.2, rng)),
        Linear(units, 2, rng),
    )


def trained(net, optimizer, rng, epochs):
    return train(net, mse, X, Y, optimizer, epochs=epochs, rng=rng, batch_size=10)["training"]


def through_a_file(path, make, net, optimizer, rng):
    save(path, net, optimizer, rng)
    others = network(seed=8), make(), np.random.default_rng(9)
    load(path, *others)
    return others


CUTS = {
    "a file": through_a_file,
    "a pickle": lambda path, make, *three: pickle.loads(pickle.dumps(three)),
    "a copy": lambda path, make, *three: copy.deepcopy(three),
}


@pytest.mark.parametrize("cut", CUTS.values(), ids=CUTS)
@pytest.mark.parametrize("make", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_a_run_that_is_cut_in_two_ends_where_one_that_is_not_ends(make, cut, tmp_path):
    whole = network(), make(), np.random.default_rng(1)
    losses = trained(*whole, epochs=6)
    first = network(), make(), np.random.default_rng(1)
    begun = trained(*first, epochs=2)
    second = cut(tmp_path / "cut.npz", make, *first)
    assert begun + trained(*second, epochs=4) == losses
    for name, array in whole[0].state.items():
        np.testing.assert_array_equal(second[0].state[name], array)
    assert second[1].steps == whole[1].steps == 24


def test_the_first_goes_on_as_if_no_copy_had_been_made():
    first = network(), Adam(0.01), np.random.default_rng(1)
    trained(*first, epochs=2)
    copy.deepcopy(first)
    pickle.dumps(first)
    whole = network(), Adam(0.01), np.random.default_rng(1)
    trained(*whole, epochs=2)
    assert trained(*first, epochs=2) == trained(*whole, epochs=2)


def test_a_network_alone_makes_a_checkpoint_too(tmp_path):
    net, other = network(), network(seed=3)
    trained(net, SGD(0.1), np.random.default_rng(0), 1)
    save(tmp_path / "net.npz", net)
    load(tmp_path / "net.npz", other)
    np.testing.assert_array_equal(other.predict(X), net.predict(X))


def test_an_optimizer_that_has_done_nothing_yet_is_saved_as_that(tmp_path):
    save(tmp_path / "new.npz", network(), Adam(0.01))
    worn = Adam(0.01)
    net = network()
    trained(net, worn, np.random.default_rng(0), 1)
    load(tmp_path / "new.npz", net, worn)
    fresh = network(), Adam(0.01)
    assert trained(net, worn, np.random.default_rng(2), 2) == trained(*fresh, np.random.default_rng(2), 2)


def test_a_file_holds_arrays_and_text_and_nothing_that_could_be_run(tmp_path):
    net, optimizer = network(), Adam(0.01)
    trained(net, optimizer, np.random.default_rng(0), 1)
    save(tmp_path / "cut.npz", net, optimizer)
    with np.load(tmp_path / "cut.npz", allow_pickle=False) as file:
        arrays = dict(file)
    assert {array.dtype.kind for array in arrays.values()} == {"f", "U"}


def test_a_file_that_cannot_be_written_leaves_the_old_one_and_no_litter(tmp_path, monkeypatch):
    net = network()
    save(tmp_path / "net.npz", net)
    old = (tmp_path / "net.npz").read_bytes()

    def full(file, **arrays):
        file.write(b"half")
        raise OSError("no space left")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="no space"):
        save(tmp_path / "net.npz", net)
    assert os.listdir(tmp_path) == ["net.npz"]
    assert (tmp_path / "net.npz").read_bytes() == old


def single():
    return Sequential(Linear(3, 6, np.random.default_rng(0)))


REFUSED = {
    "another width": (
        lambda: (network(units=5), Adam(0.01)),
        r"holds 0\.W of float64 \(3, 6\); needed is 0\.W of float64 \(3, 5\)",
    ),
    "fewer layers": (lambda: (single(), Adam(0.01)), "holds 1 generators; needed is 0 generators"),
    "other numbers": (
        lambda: (network().astype(np.float32), Adam(0.01)),
        r"0\.W of float64 \(3, 6\); needed is 0\.W of float32",
    ),
    "another optimizer": (lambda: (network(), RMSProp(0.01)), "the optimizer Adam; needed is the optimizer RMSProp"),
    "no optimizer": (lambda: (network(),), "the optimizer Adam; needed is the optimizer of nobody"),
    "one more generator": (lambda: (network(), Adam(0.01), np.random.default_rng(0)), "1 generators; needed is 2"),
}


@pytest.mark.parametrize("make, says", REFUSED.values(), ids=REFUSED)
def test_what_does_not_fit_is_refused_and_nothing_is_changed(make, says, tmp_path):
    net, optimizer = network(), Adam(0.01)
    trained(net, optimizer, np.random.default_rng(0), 1)
    save(tmp_path / "cut.npz", net, optimizer)
    others = make()
    before = others[0].params.flat.copy()
    with pytest.raises(ValueError, match=says):
        load(tmp_path / "cut.npz", *others)
    np.testing.assert_array_equal(others[0].params.flat, before)


def test_momentum_is_not_given_to_a_descent_without(tmp_path):
    net, optimizer = network(), SGD(0.01, momentum=0.9)
    trained(net, optimizer, np.random.default_rng(0), 1)
    save(tmp_path / "cut.npz", net, optimizer)
    with pytest.raises(ValueError, match="holds a memory of v; needed is a memory of "):
        load(tmp_path / "cut.npz", network(), SGD(0.01))


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 cut off", pickle.dumps({"W": 1})])
def test_what_is_no_checkpoint_is_refused(content, tmp_path):
    (tmp_path / "x.npz").write_bytes(content)
    with pytest.raises(ValueError, match=r"x\.npz is no checkpoint that save has written, or is damaged"):
        load(tmp_path / "x.npz", network())


def test_an_archive_of_somebody_else_is_refused(tmp_path):
    np.savez(tmp_path / "x.npz", W=np.ones(3))
    with pytest.raises(ValueError, match="no checkpoint"):
        load(tmp_path / "x.npz", network())


def test_a_pickle_inside_of_a_file_is_not_run(tmp_path):
    class Bomb:
        def __reduce__(self):
            return (open, (str(tmp_path / "boom"), "w"))

    np.savez(tmp_path / "x.npz", text=np.array([Bomb()], dtype=object))
    with pytest.raises(ValueError, match="no checkpoint"):
        load(tmp_path / "x.npz", network())
    assert not (tmp_path / "boom").exists()


def test_a_file_that_is_not_there_is_that(tmp_path):
    with pytest.raises(FileNotFoundError):
        load(tmp_path / "nothing.npz", network())
