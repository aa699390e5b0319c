"""Promise: the shipped data are the originals, and what prepares them keeps rows together and test data unseen."""

import re
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from bplib import data

DATASETS = Path(data.__file__).parent / "datasets"
LOADERS = {
    "penguins.csv": data.penguins,
    "breast_cancer.csv": data.breast_cancer,
    "digits.npz": data.digits,
    "sunspots.csv": data.sunspots,
    "photograph.npz": data.photograph,
    "prose.txt": data.prose,
    "plays.txt.gz": data.plays,
}
OF_ARRAYS = [name for name in LOADERS if ".txt" not in name]
MEASUREMENTS = ("bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g")


def count(values):
    return dict(zip(*(a.tolist() for a in np.unique(values, return_counts=True)), strict=True))


def arrays_of(loaded):
    if isinstance(loaded, np.ndarray):
        return [loaded]
    return list(loaded.values()) if isinstance(loaded, dict) else [loaded.X, loaded.y]


# The files


def test_the_table_of_checksums_names_exactly_the_files_that_are_shipped_and_loaded():
    shipped = {path.name for path in DATASETS.iterdir() if path.suffix in (".csv", ".npz", ".txt", ".gz")}
    assert shipped == set(data.CHECKSUMS) == set(LOADERS)


def test_the_readme_has_a_section_for_each_file():
    headings = (DATASETS / "README.md").read_text(encoding="utf-8").splitlines()
    assert all(f"## {name}" in headings for name in data.CHECKSUMS)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: content[:500] + bytes([content[500] ^ 1]) + content[501:],
        lambda content: content[:-1],
        lambda content: content + b"\n",
        lambda content: content.replace(b"\n", b"\r\n"),
    ],
    ids=["one bit flipped", "cut short", "longer", "other line endings"],
)
@pytest.mark.parametrize("name", LOADERS)
def test_a_damaged_file_is_refused_with_its_name_and_both_sums(name, damage, tmp_path, monkeypatch):
    folder = shutil.copytree(DATASETS, tmp_path / "datasets")
    monkeypatch.setattr(data, "files", lambda package: tmp_path)
    LOADERS[name]()  # the copy itself is fine
    (folder / name).write_bytes(damage((DATASETS / name).read_bytes()))
    with pytest.raises(ValueError, match=name) as refusal:
        LOADERS[name]()
    sums = [word for word in str(refusal.value).replace(";", " ").split() if len(word) == 64]
    assert sums[0] == data.CHECKSUMS[name]
    assert sums[1] != sums[0]


@pytest.mark.parametrize("more, told", [(b"", True), (b"1", False)], ids=["line ends", "line ends and more"])
def test_where_a_file_has_only_other_line_ends_the_error_says_so(more, told, tmp_path, monkeypatch):
    folder = shutil.copytree(DATASETS, tmp_path / "datasets")
    monkeypatch.setattr(data, "files", lambda package: tmp_path)
    content = (DATASETS / "sunspots.csv").read_bytes().replace(b"\n", b"\r\n")
    (folder / "sunspots.csv").write_bytes(content + more)
    with pytest.raises(ValueError, match="damaged") as refusal:
        data.sunspots()
    assert str(refusal.value).endswith(r"restore the file, with lines that end in \n and not in \r\n") == told


@pytest.mark.parametrize("name", OF_ARRAYS)
def test_writing_into_a_returned_array_does_not_spoil_the_next_load(name):
    kept = [array.copy() for array in arrays_of(LOADERS[name]())]
    for array in arrays_of(LOADERS[name]()):
        array[:] = array[-1]
    for before, after in zip(kept, arrays_of(LOADERS[name]()), strict=True):
        np.testing.assert_array_equal(before, after)


# The data sets


def test_penguins_has_its_columns_in_their_types():
    penguins = data.penguins()
    assert list(penguins) == ["species", "island", *MEASUREMENTS, "sex", "year"]
    assert all(column.shape == (344,) for column in penguins.values())
    assert all(penguins[name].dtype.kind == "U" for name in ("species", "island", "sex"))
    assert all(penguins[name].dtype == np.float64 for name in MEASUREMENTS)
    assert penguins["year"].dtype == np.int64


def test_penguins_has_the_counts_that_are_published():
    penguins = data.penguins()
    assert count(penguins["species"]) == {"Adelie": 152, "Chinstrap": 68, "Gentoo": 124}
    assert count(penguins["island"]) == {"Biscoe": 168, "Dream": 124, "Torgersen": 52}
    assert count(penguins["sex"]) == {"": 11, "female": 165, "male": 168}
    assert count(penguins["year"]) == {2007: 110, 2008: 114, 2009: 120}
    assert set(penguins["island"][penguins["species"] == "Gentoo"]) == {"Biscoe"}


def test_two_penguins_lack_all_their_measurements():
    missing = np.array([np.isnan(data.penguins()[name]) for name in MEASUREMENTS])
    assert missing.sum() == 8
    assert np.flatnonzero(missing.all(axis=0)).tolist() == [3, 271]


def test_the_first_penguin_and_the_means_are_the_published_ones():
    penguins = data.penguins()
    first = [column[0].item() for column in penguins.values()]
    assert first == ["Adelie", "Torgersen", 39.1, 18.7, 181.0, 3750.0, "male", 2007]
    means = [round(float(np.nanmean(penguins[name])), 2) for name in MEASUREMENTS]
    assert means == [43.92, 17.15, 200.92, 4201.75]


def test_breast_cancer_has_its_shapes_names_and_classes():
    X, y, feature_names, target_names = data.breast_cancer()
    assert (X.shape, X.dtype, y.shape, y.dtype) == ((569, 30), np.float64, (569,), np.int64)
    assert target_names == ("malignant", "benign")
    assert count(y) == {0: 212, 1: 357}
    assert len(set(feature_names)) == 30
    assert [feature_names[i] for i in (0, 10, 20)] == ["mean radius", "radius error", "worst radius"]


@pytest.mark.parametrize(
    "feature, low, high",
    [("mean radius", 6.981, 28.11), ("mean area", 143.5, 2501.0), ("worst texture", 12.02, 49.54)],
)
def test_breast_cancer_has_the_ranges_that_are_published(feature, low, high):
    cancer = data.breast_cancer()
    column = cancer.X[:, cancer.feature_names.index(feature)]
    assert (column.min(), column.max()) == (low, high)


def test_digits_has_its_shapes_names_and_classes():
    X, y, feature_names, target_names = data.digits()
    assert (X.shape, X.dtype, y.shape, y.dtype) == ((1797, 64), np.float64, (1797,), np.int64)
    assert list(count(y).values()) == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert target_names == tuple("0123456789")
    assert (feature_names[0], feature_names[9], feature_names[-1]) == ("pixel_0_0", "pixel_1_1", "pixel_7_7")


def test_a_pixel_is_a_whole_number_from_0_to_16():
    X = data.digits().X
    assert set(np.unique(X)) == set(range(17))


def test_an_image_of_a_zero_is_a_ring_and_stands_upright():
    digits = data.digits()
    images = digits.X.reshape(-1, 8, 8)
    zero, seven = (images[digits.y == digit].mean(axis=0) for digit in (0, 7))
    assert zero[3:5, 3:5].max() < 2 < 10 < zero[0:2, 3:5].max()
    assert seven[0].sum() > 1.5 * seven[7].sum()  # the bar of a seven is on top


def test_sunspots_has_every_year_and_the_numbers_that_are_published():
    sunspots = data.sunspots()
    assert list(sunspots) == ["year", "number"]
    assert sunspots["year"].dtype == np.int64
    assert sunspots["number"].dtype == np.float64
    np.testing.assert_array_equal(sunspots["year"], np.arange(1700, 2009))
    assert sunspots["number"][[0, -1]].tolist() == [5.0, 2.9]
    assert sunspots["year"][np.argmax(sunspots["number"])] == 1957  # the highest maximum there has been
    assert sunspots["number"].max() == 190.2


def test_sunspots_come_back_after_eleven_years():
    numbers = data.sunspots()["number"]
    centered = numbers - numbers.mean()
    correlation = {lag: np.mean(centered[:-lag] * centered[lag:]) for lag in range(5, 20)}
    assert max(correlation, key=correlation.get) in (10, 11)


def test_prose_is_plain_english_with_a_paragraph_on_each_line():
    prose = data.prose()
    assert len(prose) == 11681
    assert len(set(prose)) == 55
    assert set(prose) <= set("\n ',-.:;?()") | set(map(chr, (*range(65, 91), *range(97, 123))))
    assert prose.startswith("Backpropagation is how a network finds out which of its many weights to blame.")
    assert all(line[0].isupper() and line[-1] in ".?" for line in prose.splitlines())


def test_plays_are_speeches_of_known_speakers_without_directions():
    plays = data.plays()
    assert (len(plays), len(set(plays))) == (916480, 63)
    assert set(plays) == set("\n !&',-.:;?") | set(map(chr, (*range(65, 91), *range(97, 123))))
    speeches = plays.removesuffix("\n").split("\n\n")
    assert len(speeches) == 6414 and all(re.fullmatch(r"[A-Z][^\n:]*:(\n\S[^\n]*)+", speech) for speech in speeches)
    speakers = Counter(speech.split(":")[0] for speech in speeches)
    assert [name for name, _ in speakers.most_common(3)] == ["HAMLET", "OTHELLO", "IAGO"]


def test_plays_begin_and_end_as_those_of_shakespeare_do():
    plays = data.plays()
    assert plays.startswith("PHILO:\nNay, but this dotage of our general's\nO'erflows the measure")
    assert "\n\nHAMLET:\nTo be, or not to be: that is the question:\nWhether 'tis nobler in" in plays
    assert plays.endswith("\nFor never was a story of more woe\nThan this of Juliet and her Romeo.\n")


def test_letters_are_numbered_in_order():
    letters, ids = data.numbered("abracadabra π")
    assert letters == " abcdrπ" and "".join(letters[i] for i in ids) == "abracadabra π"


# The originals, where they are installed


def test_sunspots_is_equal_to_the_copy_in_statsmodels():
    statsmodels = pytest.importorskip("statsmodels")
    original = Path(statsmodels.__file__).parent / "datasets" / "sunspots" / "sunspots.csv"
    assert (DATASETS / "sunspots.csv").read_bytes() == original.read_bytes()


def test_penguins_is_equal_to_the_copy_in_palmerpenguins():
    original = pytest.importorskip("palmerpenguins").load_penguins()
    penguins = data.penguins()
    assert list(original.columns) == list(penguins)
    for name, column in penguins.items():
        if column.dtype.kind == "U":
            assert original[name].fillna("").tolist() == column.tolist()
        else:
            np.testing.assert_array_equal(original[name].to_numpy(), column)


@pytest.mark.parametrize("name", ["breast_cancer", "digits"])
def test_the_data_set_is_equal_to_the_copy_in_scikit_learn(name):
    original = getattr(pytest.importorskip("sklearn.datasets"), f"load_{name}")()
    ours = getattr(data, name)()
    np.testing.assert_array_equal(original.data, ours.X)
    np.testing.assert_array_equal(original.target, ours.y)
    assert tuple(original.feature_names) == ours.feature_names
    assert tuple(str(target) for target in original.target_names) == ours.target_names


def test_the_photograph_is_gray_and_shows_a_dark_tower_before_a_bright_sky():
    image = data.photograph()
    assert (image.shape, image.dtype) == ((160, 160), np.float64)
    assert 0 <= image.min() < 0.05 and 0.9 < image.max() <= 1
    assert np.array_equal(image * 255, np.round(image * 255))
    sky, windows = image[:30, :50], image[85:100, 40:90]
    assert sky.mean() > 0.75 and windows.mean() < 0.35


def test_the_photograph_is_part_of_the_one_in_scikit_learn():
    datasets = pytest.importorskip("sklearn.datasets")
    pytest.importorskip("PIL")
    china = datasets.load_sample_image("china.jpg").astype(float)
    gray = china[24:344, 50:370] @ (0.299, 0.587, 0.114)
    half = gray.reshape(160, 2, 160, 2).mean(axis=(1, 3))
    # Two decoders of JPEG may differ by a shade or two.
    assert np.abs(255 * data.photograph() - half).max() < 3
    assert np.abs(255 * data.photograph() - half).mean() < 0.6


# split


def test_split_puts_every_row_into_exactly_one_part():
    train, test = data.split(np.random.default_rng(0), np.arange(101))
    assert sorted([*train, *test]) == list(range(101))


@pytest.mark.parametrize("test, expected", [(0.25, 25), (0.2, 20), (0.009, 1), (0.991, 99)])
def test_split_gives_the_test_part_its_share(test, expected):
    parts = data.split(np.random.default_rng(0), np.arange(100), test=test)
    assert [len(part) for part in parts] == [100 - expected, expected]


def test_split_gives_a_quarter_to_the_test_part_unless_told_otherwise():
    assert [len(part) for part in data.split(np.random.default_rng(0), np.arange(40))] == [30, 10]


def test_split_keeps_rows_together_and_returns_the_parts_in_order():
    X = np.arange(70.0).reshape(35, 2)
    y = np.arange(35)
    names = np.array([f"row {i}" for i in range(35)])
    X_train, X_test, y_train, y_test, names_train, names_test = data.split(np.random.default_rng(0), X, y, names)
    for X_part, y_part, names_part in [(X_train, y_train, names_train), (X_test, y_test, names_test)]:
        np.testing.assert_array_equal(X_part, X[y_part])
        assert names_part.tolist() == [f"row {i}" for i in y_part]


def test_split_shuffles_each_part():
    for part in data.split(np.random.default_rng(0), np.arange(100)):
        assert (np.diff(part) < 0).any()


def test_split_draws_each_row_for_the_test_about_equally_often():
    rng = np.random.default_rng(0)
    drawn = np.concatenate([data.split(rng, np.arange(8))[1] for _ in range(2000)])
    # 500 each expected, with a standard deviation of 19.
    assert np.abs(np.bincount(drawn, minlength=8) - 500).max() < 100


def test_split_is_the_same_for_the_same_seed_and_differs_for_another():
    first, again, other = (data.split(np.random.default_rng(seed), np.arange(50))[1] for seed in (3, 3, 4))
    np.testing.assert_array_equal(first, again)
    assert set(first) != set(other)


def test_split_leaves_its_arguments_alone():
    X = np.arange(20.0)
    X.setflags(write=False)
    train, test = data.split(np.random.default_rng(0), X)
    train[:], test[:] = -1, -1
    np.testing.assert_array_equal(X, np.arange(20.0))


@pytest.mark.parametrize(
    "arrays, test, message",
    [
        ((np.zeros(5), np.zeros(7)), 0.25, r"\[5, 7\] rows"),
        ((np.zeros((1, 5)), np.zeros(5)), 0.25, r"\[1, 5\] rows"),
        ((), 0.25, "at least one array"),
        ((3.0,), 0.25, "must have rows"),
        ((np.zeros(20),), 0, "test is 0 of 20 rows"),
        ((np.zeros(20),), 1, "test is 1 of 20 rows"),
        ((np.zeros(20),), 5, "test is 5 of 20 rows"),
        ((np.zeros(20),), -0.5, "test is -0.5"),
        ((np.zeros(20),), float("nan"), "test is nan"),
        ((np.zeros(20),), 0.01, "test is 0.01 of 20 rows"),
        ((np.zeros(1),), 0.5, "of 1 rows"),
        ((np.zeros(0),), 0.5, "of 0 rows"),
    ],
)
def test_split_refuses_what_it_cannot_cut(arrays, test, message):
    with pytest.raises(ValueError, match=message):
        data.split(np.random.default_rng(0), *arrays, test=test)


@pytest.mark.parametrize("not_a_generator", [0, None, np.random.RandomState(0), np.zeros(4)])
def test_a_seed_in_place_of_a_generator_is_refused(not_a_generator):
    with pytest.raises(TypeError, match="default_rng"):
        data.split(not_a_generator, np.zeros(4))
    with pytest.raises(TypeError, match="default_rng"):
        data.two_moons(10, not_a_generator)


# standardize


def test_standardized_training_columns_have_mean_0_and_standard_deviation_1():
    rng = np.random.default_rng(0)
    X = data.standardize(rng.normal(size=(50, 3)) * [1, 10, 1000] + [5, -7, 300])
    np.testing.assert_allclose(X.mean(axis=0), 0, atol=1e-13)
    np.testing.assert_allclose(X.std(axis=0), 1, rtol=1e-13)


def test_all_arrays_are_standardized_with_the_statistics_of_the_training_rows():
    # By hand: mean 2 and 10, standard deviation 1 and 4.
    train = np.array([[1.0, 6.0], [3.0, 14.0]])
    ours, test, third = data.standardize(train, np.array([[2.0, 10.0], [4.0, 30.0], [0.0, 2.0]]), train + 1)
    assert ours.tolist() == [[-1, -1], [1, 1]]
    assert test.tolist() == [[0, 0], [2, 5], [-2, -2]]
    assert third.tolist() == [[0, -0.75], [2, 1.25]]


def test_the_test_rows_do_not_change_what_the_training_rows_become():
    train = np.random.default_rng(0).normal(size=(7, 3))
    alone = data.standardize(train)
    np.testing.assert_array_equal(data.standardize(train, np.full((5, 3), 1e6))[0], alone)


def test_a_column_that_is_constant_in_training_is_centered_only():
    # The mean of ten times 0.1 is not quite 0.1 and their std not quite 0: a division would give noise of size 1.
    train = np.column_stack([np.full(10, 0.1), np.arange(10.0)])
    ours, test = data.standardize(train, np.array([[0.1, 0.0], [0.6, 9.0]]))
    assert ours[:, 0].tolist() == [0.0] * 10
    np.testing.assert_allclose(test[:, 0], [0, 0.5], rtol=1e-15)
    np.testing.assert_allclose(ours[:, 1].std(), 1, rtol=1e-13)


def test_real_digits_with_their_blank_pixels_standardize_to_finite_numbers():
    digits = data.digits()
    parts = data.split(np.random.default_rng(0), digits.X)
    assert (np.ptp(parts[0], axis=0) == 0).any()
    assert all(np.isfinite(part).all() for part in data.standardize(*parts))


def test_standardize_takes_one_column_as_well_as_a_table_and_images():
    column = data.standardize(np.array([1.0, 3.0]))
    assert column.tolist() == [-1, 1]
    images = np.random.default_rng(0).normal(size=(5, 3, 2))
    np.testing.assert_array_equal(data.standardize(images).reshape(5, 6), data.standardize(images.reshape(5, 6)))


def test_standardize_keeps_float32_and_turns_integers_into_float64():
    assert data.standardize(np.array([[1, 5], [3, 5]], dtype=np.float32)).dtype == np.float32
    pixels = data.standardize(np.array([0, 16], dtype=np.uint8))
    assert (pixels.dtype, pixels.tolist()) == (np.float64, [-1, 1])


def test_standardize_leaves_its_arguments_alone():
    train = np.arange(6.0).reshape(3, 2)
    train.setflags(write=False)
    data.standardize(train, train)[0][:] = 9
    np.testing.assert_array_equal(train, np.arange(6.0).reshape(3, 2))


@pytest.mark.parametrize(
    "arrays, message",
    [
        ((data.penguins()["body_mass_g"],), "train holds 2 NaN"),
        ((np.zeros(3), np.array([np.inf, 0])), "array 2 holds 1 NaN or infinite"),
        ((np.zeros((5, 3)), np.zeros((5, 2))), r"\(5, 3\) but array 2 is \(5, 2\)"),
        ((np.zeros(4), np.zeros((4, 1))), r"\(4,\) but array 2 is \(4, 1\)"),
        ((np.zeros(4), np.zeros(4), 2.0), r"array 3 is \(\)"),
        ((np.zeros((0, 3)),), "at least one row"),
        ((2.0,), "at least one row"),
        ((data.penguins()["species"],), "real numbers"),
    ],
)
def test_standardize_refuses_what_has_no_mean_or_does_not_match(arrays, message):
    with pytest.raises(ValueError, match=message):
        data.standardize(*arrays)


# The toys


@pytest.mark.parametrize("n", [2, 7, 200])
def test_the_moons_have_equally_many_points_give_or_take_one(n):
    X, y, *_ = data.two_moons(n, np.random.default_rng(0))
    assert (X.shape, X.dtype, y.shape, y.dtype) == ((n, 2), np.float64, (n,), np.int64)
    assert count(y) == {0: (n + 1) // 2, 1: n // 2}


def test_moons_without_noise_lie_on_their_half_circles_from_end_to_end():
    X, y, *_ = data.two_moons(2000, np.random.default_rng(0), noise=0)
    upper, lower = X[y == 0], X[y == 1]
    np.testing.assert_allclose(np.hypot(*upper.T), 1, rtol=1e-12)
    np.testing.assert_allclose(np.hypot(*(lower - [1, 0.5]).T), 1, rtol=1e-12)
    assert upper[:, 1].min() >= 0
    assert lower[:, 1].max() <= 0.5
    np.testing.assert_allclose([upper[:, 0].min(), upper[:, 0].max()], [-1, 1], rtol=0.01)
    np.testing.assert_allclose(lower[:, 0].max(), 2, rtol=0.01)
    # Uniform along the arc: its middle third holds a third of the points, give or take 4 standard deviations.
    assert abs(np.mean(np.abs(upper[:, 0]) < 0.5) - 1 / 3) < 4 * np.sqrt(2 / 9 / 1000)


@pytest.mark.parametrize("noise", [0.02, 0.1, 0.3])
def test_the_noise_of_the_moons_is_normal_with_the_level_asked_for(noise):
    quiet, noisy = (data.two_moons(20000, np.random.default_rng(0), noise=level).X for level in (0, noise))
    z = (noisy - quiet) / noise
    assert np.abs(z.mean(axis=0)).max() < 0.03
    np.testing.assert_allclose(z.std(axis=0), 1, rtol=0.03)
    np.testing.assert_allclose((z**4).mean(axis=0), 3, rtol=0.1)
    assert abs(np.corrcoef(z.T)[0, 1]) < 0.03


def test_the_moons_are_noisy_by_a_tenth_unless_told_otherwise():
    default, tenth = (data.two_moons(9, np.random.default_rng(0), *level).X for level in ((), (0.1,)))
    np.testing.assert_array_equal(default, tenth)


def test_the_moons_are_shuffled():
    y = data.two_moons(200, np.random.default_rng(0)).y
    changes = np.count_nonzero(np.diff(y))
    assert 60 < changes < 140  # 100 expected; sorted classes change once, alternating ones 199 times


def test_the_moons_are_the_same_for_the_same_seed_and_differ_for_another():
    first, again, other = (data.two_moons(50, np.random.default_rng(seed), noise=0) for seed in (3, 3, 4))
    np.testing.assert_array_equal(first.X, again.X)
    np.testing.assert_array_equal(first.y, again.y)
    assert not np.isin(first.X, other.X).any()
    assert (first.y != other.y).any()


@pytest.mark.parametrize("n, noise", [(1, 0.1), (0, 0.1), (-4, 0.1), (2.5, 0.1), (8, -0.1), (8, np.nan)])
def test_moons_that_cannot_be_are_refused(n, noise):
    with pytest.raises(ValueError, match="is needed"):
        data.two_moons(n, np.random.default_rng(0), noise)


def test_xor_is_the_four_corners_and_1_where_the_coordinates_differ():
    X, y, *_ = data.xor()
    assert (X.dtype, y.dtype) == (np.float64, np.int64)
    assert {tuple(x): label for x, label in zip(X.tolist(), y.tolist(), strict=True)} == {
        (0, 0): 0,
        (0, 1): 1,
        (1, 0): 1,
        (1, 1): 0,
    }
