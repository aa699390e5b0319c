"""Promise: training is the five steps over shuffled mini-batches; it learns, stops when told to, and is silent."""

import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest

from bplib.activations import relu, tanh
from bplib.layers import Activation, Dropout, Linear, l2
from bplib.losses import binary_cross_entropy_with_logits, mse, softmax_cross_entropy
from bplib.networks import Sequential
from bplib.normalization import BatchNorm, LayerNorm
from bplib.optimizers import SGD, Adam
from bplib.training import accuracy, minibatches, train

XOR_X = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR_Y = np.array([[0.0], [1.0], [1.0], [0.0]])


def network(*sizes, seed=0):
    rng = np.random.default_rng(seed)
    layers = []
    for n_in, n_out in pairwise(sizes):
        layers += [Linear(n_in, n_out, rng), Activation(tanh)]
    return Sequential(*layers[:-1])


class Recorder:
    """A network that predicts its one weight, and remembers the rows it was shown."""

    def __init__(self):
        self.params, self.grads = {"w": np.zeros(1)}, {"w": np.zeros(1)}
        self.shown = []

    def predict(self, x):
        return np.full((len(x), 1), self.params["w"][0])

    def forward(self, x):
        self.shown.append(x[:, 0].tolist())
        return np.full((len(x), 1), self.params["w"][0])

    def backward(self, dy):
        self.grads["w"][...] = dy.sum()


# Mini-batches


@pytest.mark.parametrize(
    "n, batch_size, lengths", [(10, 3, [3, 3, 3, 1]), (6, 2, [2, 2, 2]), (5, 5, [5]), (3, 1, [1] * 3)]
)
def test_minibatches_cover_every_row_once(n, batch_size, lengths):
    batches = list(minibatches(n, batch_size, np.random.default_rng(0)))
    assert [len(rows) for rows in batches] == lengths
    assert sorted(np.concatenate(batches)) == list(range(n))


def test_minibatches_are_shuffled_by_the_generator():
    first, again, other = (
        np.concatenate(list(minibatches(50, 7, np.random.default_rng(seed)))).tolist() for seed in (0, 0, 1)
    )
    assert first == again != other
    assert sorted(first) != first


@pytest.mark.parametrize("batch_size", [0, -1, 11, 2.0, 2.5, "2", None], ids=repr)
def test_a_batch_size_that_is_none_is_refused_with_the_range(batch_size):
    with pytest.raises(ValueError, match=f"batch_size is {batch_size}; a whole number from 1 to 10 is needed"):
        list(minibatches(10, batch_size, np.random.default_rng(0)))


def test_minibatches_ask_for_a_generator():
    with pytest.raises(TypeError, match="minibatches: rng is of type int"):
        minibatches(4, 2, 0)


# Training


def test_xor_is_learned():
    net = network(2, 8, 1)
    history = train(
        net, binary_cross_entropy_with_logits, XOR_X, XOR_Y, SGD(1.0), epochs=400, rng=np.random.default_rng(0)
    )
    assert history["training"][0] > 0.5
    assert history["training"][-1] < 0.02
    np.testing.assert_array_equal(net.forward(XOR_X) > 0, XOR_Y == 1)


def test_xor_is_not_learned_without_a_hidden_layer():
    net = network(2, 1)
    history = train(
        net, binary_cross_entropy_with_logits, XOR_X, XOR_Y, SGD(1.0), epochs=400, rng=np.random.default_rng(0)
    )
    assert history["training"][-1] == pytest.approx(np.log(2), rel=1e-3)  # the best a line can do is to say one half


def test_each_epoch_shows_every_row_once():
    net, X = Recorder(), np.arange(10.0)[:, None]
    train(net, mse, X, X, SGD(0.1), epochs=3, rng=np.random.default_rng(0), batch_size=4)
    assert [len(rows) for rows in net.shown] == [4, 4, 2] * 3
    epochs = [[*first, *second, *third] for first, second, third in zip(*[iter(net.shown)] * 3, strict=True)]
    assert all(sorted(epoch) == list(range(10)) for epoch in epochs)
    assert epochs[0] != epochs[1]


def test_each_row_keeps_its_truth_when_rows_are_shuffled():
    X = np.random.default_rng(0).normal(size=(20, 3))
    y = X @ np.array([[1.0], [-2.0], [0.5]]) + 3
    net = network(3, 1)
    history = train(net, mse, X, y, SGD(0.1), epochs=200, rng=np.random.default_rng(0), batch_size=6)
    assert history["training"][-1] < 1e-10
    np.testing.assert_allclose(net.params["0.W"][:, 0], [1, -2, 0.5], atol=1e-4)
    np.testing.assert_allclose(net.params["0.b"], [3], atol=1e-4)


def test_history_is_the_mean_over_rows_and_a_short_last_batch_weighs_less():
    X = y = np.array([[1.0], [2.0], [3.0], [4.0], [5.0]])
    # so small a step that the weight stays 0: the loss of a batch is the mean of y^2
    history = train(Recorder(), mse, X, y, SGD(1e-300), epochs=2, rng=np.random.default_rng(0), batch_size=2)
    history = history["training"]
    assert history == pytest.approx([(1 + 4 + 9 + 16 + 25) / 5] * 2, rel=1e-14)
    assert all(type(loss) is float for loss in history)


def test_a_training_step_is_the_five_steps_by_hand():
    # w = 0, y = 2 and 4: dL/dw = 2 * mean(w - y) = -6; w = 0.6; then loss (1.4^2 + 3.4^2) / 2 = 6.76
    net, y = Recorder(), np.array([[2.0], [4.0]])
    history = train(net, mse, y, y, SGD(0.1), epochs=2, rng=np.random.default_rng(0))
    assert history == {"training": pytest.approx([10, 6.76], rel=1e-14)}
    assert net.params["w"][0] == pytest.approx(0.6 + 0.1 * 2 * (3 - 0.6))


def test_training_is_reproducible_by_its_generator():
    def run(seed):
        net = network(2, 8, 1)
        history = train(net, mse, XOR_X, XOR_Y, SGD(0.5), epochs=5, rng=np.random.default_rng(seed), batch_size=1)
        return history, net.params["0.W"].tolist()

    assert run(0) == run(0) != run(1)


def test_training_stops_when_the_loss_stands_still():
    net, y = Recorder(), np.array([[2.0], [4.0]])
    history = train(net, mse, y, y, SGD(0.1), epochs=1000, rng=np.random.default_rng(0), tolerance=1e-3)["training"]
    assert 2 < len(history) < 100
    steps = np.abs(np.diff(history))
    assert steps[-1] < 1e-3 <= steps[:-1].min()


def test_training_without_a_tolerance_runs_all_epochs():
    net, y = Recorder(), np.array([[2.0], [2.0]])
    history = train(net, mse, y, y, SGD(0.5), epochs=20, rng=np.random.default_rng(0))  # at once at the minimum
    assert len(history["training"]) == 20


def test_no_batch_size_means_the_whole_set_at_once():
    net, X = Recorder(), np.arange(10.0)[:, None]
    train(net, mse, X, X, SGD(0.1), epochs=2, rng=np.random.default_rng(0))
    assert [len(rows) for rows in net.shown] == [10, 10]


@pytest.mark.parametrize(
    "batch_size",
    [
        0,
        -1,
        5,
        1.5,
    ],
)
def test_train_refuses_a_bad_batch_size(batch_size):
    with pytest.raises(ValueError, match=f"batch_size is {batch_size}; a whole number from 1 to 4"):
        train(network(2, 1), mse, XOR_X, XOR_Y, SGD(0.1), epochs=1, rng=np.random.default_rng(0), batch_size=batch_size)


def test_train_refuses_unequal_lengths_with_both():
    with pytest.raises(ValueError, match="X has 4 rows but y has 3"):
        train(network(2, 1), mse, XOR_X, XOR_Y[:3], SGD(0.1), epochs=1, rng=np.random.default_rng(0))


def test_train_refuses_a_loss_that_is_not_registered():
    with pytest.raises(ValueError, match=r"not a registered operation"):
        train(network(2, 1), lambda p, y: 0.0, XOR_X, XOR_Y, SGD(0.1), epochs=1, rng=np.random.default_rng(0))


def test_train_refuses_a_column_of_predictions_against_a_row_of_truths():
    with pytest.raises(ValueError, match=r"y_pred is \(4, 1\) but y_true is \(4,\)"):
        train(network(2, 1), mse, XOR_X, XOR_Y[:, 0], SGD(0.1), epochs=1, rng=np.random.default_rng(0))


def test_train_refuses_what_is_no_loss():
    with pytest.raises(ValueError, match="tanh is no loss"):
        train(network(2, 1), tanh, XOR_X, XOR_Y, SGD(0.1), epochs=1, rng=np.random.default_rng(0))


@pytest.mark.parametrize(
    "rows, epochs, words", [(0, 1, "X has 0 rows"), (4, 0, "epochs is 0"), (4, -1, "epochs is -1")]
)
def test_train_needs_rows_and_epochs(rows, epochs, words):
    with pytest.raises(ValueError, match=words):
        train(network(2, 1), mse, XOR_X[:rows], XOR_Y[:rows], SGD(0.1), epochs=epochs, rng=np.random.default_rng(0))


# Validation and patience


class Scripted(Recorder):
    """A network whose validation losses are told beforehand: with mse against 0 the loss is the square of what it says.

    Its weight counts the updates, so it tells of which epoch the parameters are.
    """

    def __init__(self, losses):
        super().__init__()
        self.losses = iter(losses)

    def predict(self, x):
        return np.full((len(x), 1), np.sqrt(next(self.losses)))

    def forward(self, x):
        return np.zeros((len(x), 1))

    def backward(self, dy):
        self.grads["w"][...] = -1.0


def trained(losses, **options):
    net, X = Scripted(losses), np.ones((4, 1))
    options = {"epochs": len(losses), "rng": np.random.default_rng(0), "validation": (X[:3], 0 * X[:3]), **options}
    return net, train(net, mse, X, X, SGD(1.0), **options)


def test_validation_is_the_loss_after_each_epoch_in_evaluation():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(20, 3)), rng.normal(size=(20, 1))
    held_out = rng.normal(size=(7, 3)), rng.normal(size=(7, 1))
    net = Sequential(Linear(3, 8, rng), Activation(relu), Dropout(0.5, rng), Linear(8, 1, rng))
    history = train(net, mse, X, y, SGD(0.01), epochs=3, rng=rng, batch_size=5, validation=held_out)
    assert list(history) == ["training", "validation"]
    assert len(history["training"]) == len(history["validation"]) == 3
    assert history["validation"][-1] == mse(net.predict(held_out[0]), held_out[1])
    assert all(type(loss) is float for loss in history["validation"])


def test_validation_does_not_change_what_is_learned():
    def weights(**options):
        net = network(2, 4, 1)
        train(net, mse, XOR_X, XOR_Y, SGD(0.1), epochs=5, rng=np.random.default_rng(0), batch_size=2, **options)
        return net.params.flat.tolist()

    assert weights() == weights(validation=(XOR_X[:1], XOR_Y[:1]))


def test_training_without_validation_has_no_such_history():
    assert list(train(network(2, 1), mse, XOR_X, XOR_Y, SGD(0.1), epochs=1, rng=np.random.default_rng(0))) == [
        "training"
    ]


@pytest.mark.parametrize("patience, stopped, best", [(1, 4, 3), (2, 5, 3), (3, 9, 6)])
def test_training_stops_when_the_validation_loss_has_not_fallen_for_that_many_epochs(patience, stopped, best):
    # The lowest so far stand at epochs 1, 2, 3 and 6. A loss below the one before is none below the lowest.
    losses = [9.0, 4.0, 1.0, 2.0, 3.0, 0.5, 0.75, 0.6, 0.7, 0.8, 0.9]
    net, history = trained(losses, patience=patience)
    assert history["validation"] == pytest.approx(losses[:stopped], rel=1e-14)
    assert net.params["w"][0] == best


def test_the_best_parameters_come_back_also_when_the_epochs_end_first():
    net, history = trained([9.0, 1.0, 4.0, 5.0], patience=10)
    assert len(history["validation"]) == 4
    assert net.params["w"][0] == 2


def test_without_patience_training_goes_on_and_keeps_the_last_parameters():
    net, history = trained([1.0, 4.0, 5.0, 6.0, 7.0])
    assert len(history["validation"]) == 5
    assert net.params["w"][0] == 5


def test_a_validation_loss_that_becomes_nan_has_not_fallen():
    net, history = trained([4.0, 1.0, np.nan, np.nan, np.nan, np.nan], patience=2)
    assert len(history["validation"]) == 4
    assert net.params["w"][0] == 2


def test_the_parameters_that_come_back_are_written_into_the_arrays_of_the_network():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(12, 3)), rng.normal(size=(12, 1))
    held_out = rng.normal(size=(12, 3)), rng.normal(size=(12, 1))
    net = network(3, 30, 1)
    vector = net.params.flat
    history = train(net, mse, X, y, Adam(0.05), epochs=300, rng=rng, validation=held_out, patience=20)
    assert len(history["validation"]) < 300  # it overfits
    assert net.params.flat is vector
    best = int(np.argmin(history["validation"]))
    assert len(history["validation"]) == best + 1 + 20
    assert mse(net.predict(held_out[0]), held_out[1]) == history["validation"][best]


def test_patience_without_validation_is_refused():
    with pytest.raises(ValueError, match="patience waits for the validation loss"):
        train(network(2, 1), mse, XOR_X, XOR_Y, SGD(0.1), epochs=1, rng=np.random.default_rng(0), patience=3)


def test_a_validation_set_of_unequal_lengths_is_refused_by_that_name():
    with pytest.raises(ValueError, match="validation: X has 4 rows but y has 3"):
        train(
            network(2, 1),
            mse,
            XOR_X,
            XOR_Y,
            SGD(0.1),
            epochs=1,
            rng=np.random.default_rng(0),
            validation=(XOR_X, XOR_Y[:3]),
        )


# L2


def test_l2_is_in_the_gradient_of_each_step_and_not_in_the_history():
    net, plain = network(2, 4, 1), network(2, 4, 1)
    start = {name: p.copy() for name, p in net.params.items()}
    options = {"epochs": 1, "rng": np.random.default_rng(0)}
    history = train(net, mse, XOR_X, XOR_Y, SGD(0.1), l2=0.5, **options)
    assert history == train(plain, mse, XOR_X, XOR_Y, SGD(0.1), **options)
    for name, p in net.params.items():
        decay = 0.1 * 0.5 * start[name] if name.endswith("W") else 0.0
        np.testing.assert_allclose(p, plain.params[name] - decay, rtol=1e-12, atol=1e-15)


def test_l2_keeps_weights_small():
    def size(strength):
        net = network(2, 8, 1)
        train(net, mse, XOR_X, XOR_Y, SGD(0.2), epochs=300, rng=np.random.default_rng(0), l2=strength)
        return sum(l2(p, 1.0) for name, p in net.params.items() if name.endswith("W"))

    assert size(0.1) < size(0.01) < size(0.0)


# Data of more axes, and other layers


class Mean:
    """The mean over the last axes of each row, as a layer without weights."""

    params, grads = {}, {}

    def predict(self, x):
        return x.reshape(*x.shape[:2], -1).mean(axis=2)

    def forward(self, x):
        self.shape = x.shape
        return self.predict(x)

    def backward(self, dy):
        n = np.prod(self.shape[2:])
        return np.broadcast_to((dy / n).reshape(*dy.shape, *[1] * (len(self.shape) - 2)), self.shape)


@pytest.mark.parametrize("shape", [(40, 3, 5), (40, 3, 4, 5)], ids=["3 axes", "4 axes"])
def test_rows_of_any_number_of_axes_are_learned_from(shape):
    rng = np.random.default_rng(0)
    y = rng.integers(3, size=40)
    X = rng.normal(size=shape) * 0.1
    X[np.arange(40), y] += 1.0  # the channel of the label is brighter
    net = Sequential(Mean(), LayerNorm(3), Linear(3, 3, rng))
    history = train(net, softmax_cross_entropy, X, y, Adam(0.05), epochs=60, rng=rng, batch_size=16, validation=(X, y))
    assert history["validation"][-1] < 0.2 < history["validation"][0]
    assert accuracy(net.predict(X), y) == 1.0


def test_lists_are_taken_as_arrays():
    history = train(
        network(2, 1), mse, XOR_X.tolist(), XOR_Y.tolist(), SGD(0.1), epochs=2, rng=np.random.default_rng(0)
    )
    assert len(history["training"]) == 2


# Accuracy


def test_accuracy_is_the_share_of_rows_whose_largest_entry_is_the_label():
    z = np.array([[1.0, 3.0, 2.0], [5.0, 4.0, 0.0], [0.0, 1.0, 2.0], [-3.0, -2.0, -1.0]])  # 1, 0, 2, 2
    assert accuracy(z, np.array([1, 0, 0, 2])) == 0.75
    assert accuracy(z, [1, 0, 2, 2]) == 1.0
    assert type(accuracy(z, [1, 0, 2, 2])) is float


@pytest.mark.parametrize("shapes", [((4,), (4,)), ((4, 3), (3,)), ((4, 3), (4, 3)), ((4, 3), (4, 1))], ids=str)
def test_accuracy_refuses_shapes_that_do_not_fit_with_both(shapes):
    with pytest.raises(ValueError) as refusal:
        accuracy(np.ones(shapes[0]), np.ones(shapes[1], dtype=int))
    assert f"z is {shapes[0]} and y is {shapes[1]}" in str(refusal.value)


# Silence

SCRIPT = """
import sys, time
import numpy as np
from bplib.losses import mse
from bplib.optimizers import SGD
from bplib.training import train

class Slow:
    params, grads = {"w": np.zeros(1)}, {"w": np.zeros(1)}
    def forward(self, x):
        time.sleep(float(sys.argv[1]))
        return np.zeros((len(x), 1))
    def backward(self, dy):
        pass

train(Slow(), mse, np.ones((4, 1)), np.ones((4, 1)), SGD(0.1), epochs=10, rng=np.random.default_rng(0))
"""


@pytest.mark.parametrize(
    "seconds, disabled, shown",
    [(0.0, False, False), (0.15, False, True), (0.15, True, False)],
    ids=["a short run", "a long run", "a long run with TQDM_DISABLE=1"],
)
def test_only_what_takes_more_than_a_second_shows_its_progress_and_nothing_stays_in_the_output(
    seconds, disabled, shown, monkeypatch
):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    if disabled:
        monkeypatch.setenv("TQDM_DISABLE", "1")
    done = subprocess.run([sys.executable, "-c", SCRIPT, str(seconds)], capture_output=True, check=True, timeout=60)
    assert done.stdout == b""
    assert (b"epoch/s" in done.stderr) == shown
    assert bool(done.stderr) == shown
    assert b"\n" not in done.stderr  # it stays on one line, and is wiped out at the end
    assert not shown or done.stderr.endswith(b" \r")


@pytest.mark.parametrize("disabled", [False, True])
def test_a_bar_in_a_notebook_can_be_disabled_too(disabled, monkeypatch):
    import tqdm.auto
    import tqdm.notebook

    found = []

    def bar_of(*args, **settings):
        bar = tqdm.notebook.tqdm(*args, **settings)
        found.append(bar.disable)
        return bar

    monkeypatch.setattr(tqdm.auto, "tqdm", bar_of)
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    if disabled:
        monkeypatch.setenv("TQDM_DISABLE", "1")
    X, y = np.ones((4, 1)), np.ones((4, 1))
    train(Constant(), mse, X, y, SGD(0.1), epochs=3, rng=np.random.default_rng(0))
    assert found == [disabled]


# What two readings found


class Constant:
    """Its loss never changes."""

    def __init__(self):
        self.params, self.grads = {"w": np.zeros(1)}, {"w": np.zeros(1)}

    def predict(self, x):
        return np.zeros((len(x), 1))

    forward = predict

    def backward(self, dy):
        pass


ONES = np.ones((4, 1))


def test_patience_ends_when_the_validation_loss_stands_still():
    history = train(
        Constant(),
        mse,
        ONES,
        ONES,
        SGD(0.1),
        epochs=30,
        rng=np.random.default_rng(0),
        validation=(ONES, ONES),
        patience=3,
    )
    assert len(history["validation"]) == 4  # "has not fallen below its lowest for that many epochs"


@pytest.mark.parametrize("patience", [0, -3, 1.5])
def test_a_patience_that_is_none_is_refused(patience):
    with pytest.raises(ValueError, match="patience"):
        train(
            Constant(),
            mse,
            ONES,
            ONES,
            SGD(0.1),
            epochs=3,
            rng=np.random.default_rng(0),
            validation=(ONES, ONES),
            patience=patience,
        )


def test_the_best_network_comes_back_with_the_running_statistics_that_it_had():
    r = np.random.default_rng(0)
    net = Sequential(Linear(3, 4, r), BatchNorm(4), Activation(tanh), Linear(4, 1, r))
    X, y, V, v = r.normal(size=(20, 3)), r.normal(size=(20, 1)), r.normal(size=(20, 3)), r.normal(size=(20, 1))
    history = train(net, mse, X, y, SGD(0.3), epochs=60, rng=r, validation=(V, v), patience=10)
    assert mse(net.predict(V), v) == pytest.approx(min(history["validation"]), rel=1e-12)


@pytest.mark.parametrize("name, value", [("l2", -1.0), ("tolerance", -1.0), ("epochs", 2.5)])
def test_train_refuses_numbers_that_make_no_sense(name, value):
    options = {"epochs": 2, name: value}
    with pytest.raises(ValueError, match=name):
        train(Constant(), mse, ONES, ONES, SGD(0.1), rng=np.random.default_rng(0), **options)


def test_accuracy_of_nothing_is_refused():
    with pytest.raises(ValueError, match="empty"):
        accuracy(np.ones((0, 3)), np.ones(0, int))


@pytest.mark.parametrize(
    "X, y",
    [
        (np.ones((5, 3)), np.ones((5, 2))),
        (np.ones((5, 3), np.float32), np.ones((5, 2))),
        (np.ones((5, 3), np.float32), np.ones((5, 2), int)),
    ],
    ids=["float64 data", "float64 truth", "integer truth"],
)
def test_a_float32_network_takes_other_data_or_says_in_words_why_not(X, y):
    net = Sequential(Linear(3, 2, np.random.default_rng(0))).astype(np.float32)
    try:
        train(net, mse, X, y, SGD(0.1), epochs=1, rng=np.random.default_rng(0))
    except ValueError as refusal:
        assert "float" in str(refusal), refusal  # not "output array is not acceptable"


@pytest.mark.parametrize("settings", [{"tolerance": 1e9}, {"patience": 1, "validation": True}])
def test_a_training_that_ends_early_and_soon_leaves_no_bar_in_a_notebook(monkeypatch, settings):
    import tqdm.auto
    import tqdm.notebook

    shown = []
    monkeypatch.setattr(tqdm.notebook, "display", shown.append)
    monkeypatch.setattr(tqdm.auto, "tqdm", tqdm.notebook.tqdm)
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(6, 2)), rng.normal(size=(6, 1))
    if "validation" in settings:
        settings = settings | {"validation": (X, -y)}
    history = train(Sequential(Linear(2, 1, rng)), mse, X, y, SGD(0.05), epochs=50, rng=rng, **settings)
    assert len(history["training"]) < 50
    assert not shown


# What a training shows of itself


def test_the_norms_of_a_training_are_those_of_its_steps():
    rng = np.random.default_rng(0)
    X, y = rng.normal(size=(12, 3)), rng.normal(size=(12, 2))
    net, twin = network(3, 4, 2), network(3, 4, 2)
    plain = train(twin, mse, X, y, Adam(0.01), epochs=1, rng=np.random.default_rng(1))
    history = train(net, mse, X, y, Adam(0.01), epochs=3, rng=np.random.default_rng(1), norms=True)
    assert history.keys() == {"training", "gradients", "updates", "weights"}
    assert history["training"][:1] == plain["training"]  # looking changes nothing
    start = network(3, 4, 2)
    for name, array in start.params.items():
        for kind, expected in (
            ("gradients", np.sqrt(np.sum(twin.grads[name] ** 2))),
            ("updates", np.sqrt(np.sum((twin.params[name] - array) ** 2))),
            ("weights", np.sqrt(np.sum(array**2))),
        ):
            assert len(history[kind][name]) == 3
            np.testing.assert_allclose(history[kind][name][0], expected, rtol=1e-12)


def test_the_norms_of_an_epoch_are_means_over_its_steps():
    # w moves by 0.1 twice as far as it is from 1 in each of two steps: 0, 0.2, 0.36
    net = Recorder()
    net.backward = lambda dy: net.grads["w"].__setitem__(0, np.sum(dy))
    X, y = np.zeros((4, 1)), np.ones((4, 1))
    history = train(net, mse, X, y, SGD(0.1), epochs=1, rng=np.random.default_rng(0), batch_size=2, norms=True)
    np.testing.assert_allclose(history["gradients"]["w"], [(2.0 + 1.6) / 2])
    np.testing.assert_allclose(history["updates"]["w"], [(0.2 + 0.16) / 2])
    np.testing.assert_allclose(history["weights"]["w"], [(0.0 + 0.2) / 2])


def test_a_training_that_ends_in_holes_shows_them_in_its_norms():
    net = network(1, 1)
    with np.errstate(all="ignore"):
        history = train(
            net,
            mse,
            np.array([[1e200]]),
            np.zeros((1, 1)),
            SGD(1.0),
            epochs=2,
            rng=np.random.default_rng(0),
            norms=True,
        )
    assert not np.isfinite(history["gradients"]["0.W"][-1])


def test_a_prediction_that_is_a_hole_is_wrong_whatever_the_label():
    z = np.array([[np.nan, np.nan], [np.nan, 1.0], [0.0, 1.0]])
    for label, share in ((0, 0.0), (1, 1 / 3)):
        assert accuracy(z, np.full(3, label)) == share
