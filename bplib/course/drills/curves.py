"""Pictures of a training that was made for it: name its illness.

The first level shows the losses alone, the second what lesson 08 calls vital signs as well. On the third trainings look
alike in one picture, and another one tells them apart.
"""

from collections.abc import Callable
from dataclasses import dataclass

from bplib.course.drills import charts, patients, signs
from bplib.course.drills.drill import Drill, Field
from bplib.course.judging.paper import judge_choice


@dataclass(frozen=True)
class Ward:
    """What a drill chooses from: illnesses that are shown alike, {word: (what it means, where to look)}.

    make(rng, illness) gives a record, read(record) its readings, draw(record) pictures and columns of a table.
    """

    asks: str
    look: str
    make: Callable
    read: Callable
    draw: Callable
    illnesses: dict


def draw(rng, level, seed):
    """A drill of this level."""
    ward = _WARDS[level - 1][rng.integers(len(_WARDS[level - 1]))]
    words = tuple(ward.illnesses)
    illness = words[rng.integers(len(words))]  # before any training: how one ends may depend on the machine
    while True:
        record = ward.make(rng, illness)
        readings = ward.read(record)
        if signs.is_clear(readings, illness):
            break
    pictures, columns = ward.draw(record)
    named = f"\n\nthe activation is {record.bend}" if record.bend else ""
    wide = max(map(len, words))
    meant = "\n".join(f"{word:{wide}}  {means}" for word, (means, _) in ward.illnesses.items())
    wrong = {word: reading.objection for word, reading in readings.items() if word != illness}
    return Drill(
        kind="curves",
        level=level,
        seed=seed,
        asks=ward.asks,
        pictures=pictures,
        code=f"{meant}{named}",
        text=f"{meant}{named}\n\n{charts.table(columns)}\n\nguessing has the loss {signs.shown(record.guess)}",
        fields=(Field("illness", "the illness", "choice", words),),
        right={"illness": illness},
        judge=judge_choice(illness, readings[illness].why, wrong),
        hints=(ward.look, ward.illnesses[illness][1]),
        alike=(illness, *record.drawn),
    )


# What there is to choose from


_LOSSES = Ward(
    "These are the losses of a training, on what it learns from and on what is held out; the dotted line is the loss of"
    " guessing. What is wrong, if anything?",
    "Three questions: does the training loss come down, and how far below guessing? Does it jump? And what does the"
    " validation loss do meanwhile?",
    patients.with_losses,
    signs.of_losses,
    charts.of_losses,
    {
        "well": (
            "it ends below half of guessing, and nothing turns or jumps",
            "Lay a ruler at half the height of the dotted line. On which side of it does the training loss end?",
        ),
        "rate too large": ("each step leads too far", "Count how often the loss rises from one epoch to the next."),
        "rate too small": (
            "it ends above half of guessing, and is still falling",
            "Lay a ruler at half the height of the dotted line. On which side of it does the training loss end, and is"
            " it level there?",
        ),
        "overfitting": (
            "it learns its own examples by heart",
            "Look for the lowest validation loss. Is it at the end? And what does the training loss do after it?",
        ),
        "learns nothing": (
            "it does no better than guessing",
            "Lay a ruler on the dotted line. How far below it does the training loss get?",
        ),
    },
)
_STEP = "Read the numbers at the axis of the updates: which share of the weights is a step, and what would be healthy?"
_LAYERS = "Compare the first layer with the last in the first epoch: which has the larger gradient, and by how much?"
_NORMS = Ward(
    "This is what a training has written down: its loss, the updates beside the weights, the gradients, and, where"
    " there are relus, how many of the worst layer give 0 for every image. What is wrong, if anything?",
    "Ask one picture after the other. Has the loss come down? Are most relus of a layer dead? Is the gradient of the"
    " first layer about as large as that of the last in the beginning? And does a step move the weights at all?",
    patients.with_norms,
    signs.of_norms,
    charts.of_norms,
    {
        "well": ("nothing is wrong", "The loss comes down. Is one of the other pictures out of the ordinary?"),
        "rate too small": ("no step moves the weights by a ten-thousandth", _STEP),
        "diverged": ("the loss leaves all bounds and does not come back", "Where does the loss end?"),
        "dead relus": ("most relus of a layer give 0 for every image", "Look at the dead relus in the end."),
        "vanishing gradient": ("the gradient fades on its way back", _LAYERS),
        "exploding gradient": ("the gradient grows on its way back", _LAYERS),
    },
)
_STUCK = Ward(
    "The loss does not come down. What is wrong?",
    "Most of these have much the same loss. Read the axes of the other two pictures: does a step move the weights, and"
    " by how much? Does a gradient reach the first layer?",
    patients.with_a_loss_that_stays,
    signs.of_stuck,
    charts.of_stuck,
    {
        "rate too small": ("no step moves the weights by a ten-thousandth", _STEP),
        "rate too large": ("each step leads too far, and the loss jumps", _STEP),
        "dead relus": (
            "the relus of a layer give 0 for every image",
            "Look at the gradients in the end: what is left of them in the first layer, and in the last?",
        ),
        "vanishing gradient": ("the gradient fades on its way back", _LAYERS),
        "labels mixed up": (
            "each image has the label of another one",
            "Steps are of a healthy length, and gradients reach the first layer. What is left, if the network is well?",
        ),
    },
)
_APART = Ward(
    "A neuron learns numbers that are measured with some noise; the dotted line is the loss of always saying their"
    " mean. What do the pictures say of this training?",
    "Look at the distance between the two losses: is there any, since when, and does it grow? Then ask whether the"
    " training loss has arrived.",
    patients.with_a_gap,
    signs.of_a_gap,
    charts.of_a_gap,
    {
        "well": (
            "both losses are level in the end, and together",
            "How large is the distance in the end, beside the loss of the first epoch?",
        ),
        "overfitting": (
            "it learns its own examples by heart",
            "In the first epochs both fall together. Which of them goes on falling?",
        ),
        "harder validation set": (
            "what is held out is measured with more noise, and so harder from the start",
            "Follow the distance from the first epoch on: does it come with the learning, or was it there before?",
        ),
        "rate too small": (
            "both losses still fall, and no step moves the weights by a thousandth",
            "Lay a ruler on the last third of the training loss: is it level? And how long is the first step?",
        ),
    },
)
_JUMPS = Ward(
    "The loss jumps from batch to batch. Why, and what comes of it?",
    "The loss of a batch jumps in all of these, since each batch is another one. Look at the loss of all examples: does"
    " it jump, stay, or fall? And read the axis of the updates.",
    patients.with_steps,
    signs.of_steps,
    charts.of_steps,
    {
        "small batches": (
            "a step sees a few examples only, and all is well",
            "Follow the loss of all examples from its beginning to its end.",
        ),
        "rate too large": ("each step leads too far", "Compare the loss of all examples with the dotted line."),
        "rate too small": ("no step moves the weights by a ten-thousandth", _STEP),
        "labels mixed up": (
            "each image has the label of another one",
            "Steps are of a healthy length. What do they lead to?",
        ),
    },
)
_WARDS = ((_LOSSES,), (_NORMS,), (_STUCK, _APART, _JUMPS))
