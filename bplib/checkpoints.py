"""Checkpoints: a training in one file, to go on from where it stood.

The file is NumPy's npz with arrays and text in it, and nothing that is run when it is read.
"""

import json
import os
import zipfile
from pathlib import Path

import numpy as np


def save(path, network, optimizer=None, rng=None):
    """Write the arrays of a network, what an optimizer remembers, and the state of generators into one file.

    Saved are `Sequential.state`, the generators of the layers, as of a dropout, and what else is given: the optimizer,
    and the generator that shuffles the mini-batches. A file that stands there is replaced when the new one is whole.
    """
    path = Path(path)
    text = {
        "generators": [each.bit_generator.state for each in _generators(network, rng)],
        "optimizer": _kind(optimizer),
        "steps": getattr(optimizer, "steps", 0),
    }
    arrays = {f"network/{name}": array for name, array in network.state.items()}
    for part, remembered in getattr(optimizer, "memory", {}).items():
        arrays |= {f"memory/{part}/{name}": array for name, array in remembered.items()}
    beside = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with beside.open("wb") as file:
            np.savez(file, text=json.dumps(text, default=np.ndarray.tolist), **arrays)
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def load(path, network, optimizer=None, rng=None):
    """Read what `save` has written into a network that is built alike, an optimizer of the same kind and a generator.

    The rate of the optimizer and its other settings stay as they are. ValueError, and nothing is changed, unless the
    file holds just what is asked for, in the same shapes and types.
    """
    text, arrays = _read(path)
    generators, needed = _generators(network, rng), network.state
    _require(path, f"the optimizer {text['optimizer']}", f"the optimizer {_kind(optimizer)}")
    _require(path, f"{len(text['generators'])} generators", f"{len(generators)} generators")
    found = {name.removeprefix("network/"): a for name, a in arrays.items() if name.startswith("network/")}
    for name in {**found, **needed}:
        _require(path, _described(name, found), _described(name, needed))
    memory = {}
    for name, array in arrays.items():
        if name.startswith("memory/"):
            _, part, each = name.split("/")
            memory.setdefault(part, {})[each] = array
            _require(path, f"{each} {array.shape}", f"{each} {network.params.flat.shape}")
    for remembered in memory.values():
        _require(path, f"a memory of {', '.join(remembered)}", f"a memory of {', '.join(optimizer.remembers)}")
    for name, array in found.items():
        needed[name][...] = array
    for generator, state in zip(generators, text["generators"], strict=True):
        generator.bit_generator.state = state
    if optimizer is not None:
        optimizer.recall(text["steps"], memory)


def _read(path):
    try:
        with np.load(path, allow_pickle=False) as file:
            arrays = dict(file)
        return json.loads(str(arrays.pop("text"))), arrays
    except (ValueError, KeyError, EOFError, AttributeError, zipfile.BadZipFile) as error:
        raise ValueError(f"load: {path} is no checkpoint that save has written, or is damaged: {error}") from None


def _generators(network, rng):
    """All generators that a training draws from, each once, in the order of the layers; the one for the rows last."""
    found, layers = {}, list(network.layers)
    while layers:
        layer = layers.pop(0)
        inside = getattr(layer, "inside", None)  # what a `blocks.Container` holds
        if inside is not None:
            layers[:0] = inside.layers
        elif getattr(layer, "rng", None) is not None:
            found[id(layer.rng)] = layer.rng
    return list((found | ({} if rng is None else {id(rng): rng})).values())


def _kind(optimizer):
    return "of nobody" if optimizer is None else type(optimizer).__name__


def _described(name, arrays):
    return f"{name} of {arrays[name].dtype} {arrays[name].shape}" if name in arrays else f"no {name}"


def _require(path, held, needed):
    if held != needed:
        raise ValueError(f"load: {path} holds {held}; needed is {needed}")
