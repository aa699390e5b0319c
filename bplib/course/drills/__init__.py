"""Practice that never runs out: questions drawn anew from a kind, a level and a seed, each with a judge.

May import: bplib, bplib.pictures, bplib.course.judging; numpy, sympy.
Reading order: drill, expressions, bounds, notation, typed, standing, graphs, grammar, rules, slips, nearly, formulas,
choosing, networks, stacks, page, shapes, backwards, bugs, patients, signs, charts, curves, kinds, owning.
"""
