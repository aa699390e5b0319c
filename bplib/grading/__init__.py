"""What an instructor and CI meet: points for what learners hand in, which nobody can forge and no odd file can cost.

May import: bplib.course; pytest, nbformat, nbval.
Reading order: sandbox, notebook, grader, reports, nbval_exercises, pytest_plugin, classes.
"""
