"""What is asked: the exercises of the course, one module for each lesson.

A lesson's module holds LESSON (the name of its notebook, without .ipynb), TITLE and PROBLEMS, a tuple, and may hold
TURNS, those that stand in the lesson itself and are worth nothing, and SKIP, the ids of turns by which one may skip it.
A new module is added to LESSONS here; whatever else
needs the lessons asks for them here.

May import: bplib, bplib.course.judging, bplib.course.planted, bplib.course.projects, bplib.course.drills; numpy, sympy.
Reading order: projects, then any.
"""

from bplib.course.problems import (
    arrays,
    attention,
    automatic_differentiation,
    backpropagation,
    capstone,
    chain_rule,
    convolutional_networks,
    generalization,
    gradient_checking,
    gradients,
    loss_functions,
    lstm,
    optimizers,
    policy_gradients,
    recurrent_networks,
    signals,
    single_neuron,
    start_here,
    training_loop,
    transformer,
    weight_updates,
)

LESSONS = (
    start_here,
    arrays,
    loss_functions,
    gradients,
    chain_rule,
    single_neuron,
    weight_updates,
    backpropagation,
    gradient_checking,
    training_loop,
    optimizers,
    signals,
    generalization,
    automatic_differentiation,
    convolutional_networks,
    recurrent_networks,
    lstm,
    policy_gradients,
    attention,
    transformer,
    capstone,
)
"""The modules of the lessons, in the order of the course."""


def collect(lessons, kind="PROBLEMS"):
    """The problems of the lessons, or another kind of them, id to Problem. ValueError if two have the same id."""
    problems = {}
    for lesson in lessons:
        for problem in getattr(lesson, kind, ()):
            if problem.id in problems:
                raise ValueError(f"two exercises have the id {problem.id!r}; the second is in {lesson.LESSON}")
            problems[problem.id] = problem
    return problems


PROBLEMS = collect(LESSONS)
"""Every exercise of the course: id to Problem."""

TURNS = collect(LESSONS, "TURNS")
"""Every turn of a learner within a lesson, of 0 points: id to Problem."""
