"""What is wrong with an answer, and why: it knows inputs and references, and nothing of notebooks.

May import: bplib; numpy, sympy.
Reading order: raising, closing, reading, comparing, experiments, places, remainders,
diagnosis, judges, paper, predicting, own_gradients, learning, turns.
"""
