"""Another machine's last bits: what comes of exp, tanh or a draw is moved to the next float or the one before, or left.

Which of the three depends on the seed and on the value alone. So two computations that must agree to the last bit still
do, as they would on that machine.
"""

import numpy as np

FUNCTIONS = ("exp", "expm1", "log", "log1p", "tanh", "sin", "cos")
DRAWS = ("normal", "standard_normal", "uniform", "random")


def begin(seed):
    """Make this process another machine, one for each seed."""
    odd = np.uint64(np.random.default_rng(seed).integers(1 << 62) * 2 + 1)
    for name in FUNCTIONS:
        setattr(np, name, _moved(getattr(np, name), odd))
    generator = type(
        "Generator", (np.random.Generator,), {name: _moved(getattr(np.random.Generator, name), odd) for name in DRAWS}
    )
    default_rng = np.random.default_rng
    np.random.default_rng = lambda seed=None: generator(default_rng(seed).bit_generator)


def moved(y, odd):
    """The floats of y with other last bits; whole numbers stay, such as exp(0), which every machine gets right."""
    highest = (y.view(np.uint64) * odd) >> np.uint64(61)
    return np.where(y == np.round(y), y, (y.view(np.int64) + highest.astype(int) % 3 - 1).view(float))


def _moved(function, odd):
    def another(*args, **options):
        y = function(*args, **options)
        if np.asarray(y).dtype != float:
            return y
        if not isinstance(y, np.ndarray):
            return type(y)(moved(np.array(y), odd))
        y[...] = moved(y, odd)  # it may be an array that was given as out
        return y

    return another
