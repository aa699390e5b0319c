"""A course on backpropagation and the small NumPy package it stands on.

Read the modules in this order; each imports only modules above it:

    operations    an operation of the course: definition, forward, backward
    gradcheck     derivatives by differences, and how far two gradients disagree
    autodiff      derivatives by the machine: a Value remembers where it came from
    activations   sigmoid, tanh, relu and its kin, softmax
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
    attention     every step looks at every other
    networks      layers one after the other
    optimizers    what to do with a gradient
    training      the five steps, over epochs
    worlds        where a policy acts: a bandit, a grid, CartPole
    policy        learning from rewards
    data          the real data sets of the course
    symbolic      derivatives on paper, by SymPy
    verify        every backward before three witnesses
    plots         figures
    svg           shapes, colors and small line charts as inline SVG
    layout        where the boxes of a graph stand
    diagrams      computational graphs as SVG
    explorers     figures and graphs that move
    course        notebooks, exercises and grades

Notebooks import modules, not names: ``losses.mse`` tells the reader where to look.
"""
