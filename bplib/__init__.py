"""A course on backpropagation and the small NumPy package it stands on.

The mathematics stands here, a chapter a file, and imports NumPy and what is named behind a plus. Read it in this order;
each module imports only modules above it:

    operations    an operation of the course: definition, forward, backward
    gradcheck     derivatives by differences, and how far two gradients disagree
    sums          a sum as a product with ones
    values        a Value remembers where it came from: the engine of automatic differentiation
    autodiff      derivatives by the machine: NumPy's functions, of Values
    activations   sigmoid, tanh, relu and its kin, softmax
    loss_inputs   what a loss asks of a prediction and a truth
    losses        mean squared error, the cross-entropies, and what is kinder to outliers
    class_weights losses in which what is rare counts more
    initializers  the weights a layer starts with
    layers        a linear map, dropout, embedding, and the layers that own weights
    normalization units of mean 0 and variance 1, over the batch or within an example
    windows       what a convolution and a pooling look through
    convolution   one small set of weights for every place of a sequence or an image
    pooling       one number for each window of an image
    sequences     what stands around a recurrent network: steps and rows
    recurrent     a state that goes from step to step, and backpropagation through time
    lstm          a state that can be kept
    gru           the same with fewer gates
    attention     every step looks at every other, with one head or several
    positions     what tells a step where it stands
    networks      layers one after the other
    blocks        layers inside of a layer: a way around them, the same at every step
    optimizers    what to do with a gradient
    checkpoints   a training in one file, to go on from
    training      the five steps, over epochs + tqdm
    worlds        where a policy acts: a bandit, a grid, CartPole + gymnasium
    policy        learning from rewards
    data          the real data sets of the course
    counts        letters counted: what a network that writes has to beat
    evaluation    the value of a formula, to sixty digits + sympy, mpmath
    symbolic      derivatives on paper, by SymPy + sympy
    verify        every backward before three witnesses

Behind the mathematics are three rooms and the command. Each room says in its own docstring what it is for, what it may
import, where bplib alone means the mathematics, and in which order to read it:

    pictures      what one looks at
    course        what a learner meets
    grading       what an instructor and CI meet
    cli           the command

Notebooks import modules, not names: ``losses.mse`` tells the reader where to look.
"""


def __getattr__(name):
    """Pictures stood here before they had a room, and notebooks of learners may still say so: the new place."""
    if name in ("diagrams", "explorers", "plots"):
        import importlib

        return importlib.import_module(f"bplib.pictures.{name}")
    raise AttributeError(f"module 'bplib' has no attribute {name!r}")
