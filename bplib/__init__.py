"""A course on backpropagation and the small NumPy package it stands on.

Read the modules in this order; each imports only modules above it:

    operations    an operation of the course: definition, forward, backward
    gradcheck     derivatives by differences, and how far two gradients disagree
    autodiff      derivatives by the machine: a Value remembers where it came from
    activations   sigmoid, tanh, relu, softmax
    losses        mean squared error and the cross-entropies
    layers        a linear map, and the layers that own weights
    networks      layers one after the other
    optimizers    what to do with a gradient
    training      the five steps, over epochs
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
