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
    wide = max(map(len, words))
    meant = "\n".join(f"{word:{wide}}  {means}" for word, (means, _) in ward.illnesses.items())
    wrong = {word: reading.objection for word, reading in readings.items() if word != illness}
    return Drill(
        kind="curves",
        level=level,
        seed=seed,
        asks=ward.asks,
        pictures=pictures,
        code=meant,
        text=f"{meant}\n\n{charts.table(columns)}\n\nguessing has the loss {signs.shown(record.guess)}",
        fields=(Field("illness", "the illness", "choice", words),),
        right={"illness": illness},
        judge=judge_choice(illness, readings[illness].why, wrong),
        hints=(ward.look, ward.illnesses[illness][1]),
        alike=(illness, *record.drawn),
    )


# What there is to choose from


_LOSSES = Ward(
    "These are the losses of a training, on what it learns from and on what is held out; the thin line is the loss of"
    " guessing. What is wrong, if anything?",
    "Three questions: does the training loss come down, and how far below guessing? Does it jump? And what does the"
    " validation loss do meanwhile?",
    patients.with_losses,
    signs.of_losses,
    charts.of_losses,
    {
        "well": ("nothing is wrong", "It comes down far, and nothing turns or jumps. What is there to complain of?"),
        "rate too large": ("each step leads too far", "Count how often the loss rises from one epoch to the next."),
        "rate too small": (
            "each step is too short for so few epochs",
            "Compare the last third with the one before: is it still falling? And how far has it come?",
        ),
        "overfitting": (
            "it learns its own examples by heart",
            "Look for the lowest validation loss. Is it at the end? And what does the training loss do after it?",
        ),
        "learns nothing": (
            "it does no better than guessing",
            "Lay a ruler on the thin line. How far below it does the training loss get?",
        ),
    },
)
_STEP = "Read the numbers at the axis of the updates: which share of the weights is a step, and what would be healthy?"
_LAYERS = "Compare the first layer with the last in the beginning: which has the larger gradient, and by how much?"
_NORMS = Ward(
    "This is what a training has written down: its loss, the updates beside the weights, the gradients, and how many"
    " relus of the worst layer give 0 for every image. What is wrong, if anything?",
    "Ask one picture after the other. Has the loss come down? Are most relus of a layer dead? Is the gradient of the"
    " first layer about as large as that of the last in the beginning? And does a step move the weights at all?",
    patients.with_norms,
    signs.of_norms,
    charts.of_norms,
    {
        "well": ("nothing is wrong", "The loss comes down. Is one of the other pictures out of the ordinary?"),
        "slow": ("the rate is far too small", _STEP),
        "diverged": ("the loss has left all bounds", "The loss leaves its picture. Does it come back?"),
        "dead": ("most relus of a layer give 0 for every image", "Look at the dead relus in the end."),
        "vanishing": ("the gradient fades on its way back", _LAYERS),
        "exploding": ("the gradient grows on its way back", _LAYERS),
    },
)
_STUCK = Ward(
    "The loss does not come down. What is wrong?",
    "Most of these have much the same loss. Read the axes of the other two pictures: does a step move the weights, and"
    " by how much? Does a gradient reach the first layer?",
    patients.with_norms,
    signs.of_stuck,
    charts.of_stuck,
    {
        "rate too small": ("steps are far too short", _STEP),
        "rate too large": ("steps are far too long", _STEP),
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
    "A neuron learns numbers that are measured with some noise; the thin line is the loss of always saying their mean."
    " What do the pictures say of this training?",
    "Look at the distance between the two losses: is there any, since when, and does it grow? Then ask whether the"
    " training loss has arrived.",
    patients.with_a_gap,
    signs.of_a_gap,
    charts.of_a_gap,
    {
        "well": ("nothing is wrong", "How large is the distance in the end, beside the loss of the first epoch?"),
        "overfitting": (
            "it learns its own examples by heart",
            "In the first epochs both fall together. Which of them goes on falling?",
        ),
        "harder validation set": (
            "what is held out is measured with more noise",
            "Follow the distance from the first epoch on: does it come with the learning, or was it there before?",
        ),
        "stopped too early": (
            "it would go on getting better",
            "Lay a ruler on the last third of the training loss: is it level?",
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
        "rate too large": ("each step leads too far", "Compare the loss of all examples with the thin line."),
        "rate too small": ("steps are far too short", _STEP),
        "labels mixed up": (
            "each image has the label of another one",
            "Steps are of a healthy length. What do they lead to?",
        ),
    },
)
_WARDS = ((_LOSSES,), (_NORMS,), (_STUCK, _APART, _JUMPS))
