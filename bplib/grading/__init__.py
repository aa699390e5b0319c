"""What an instructor and CI meet: points for what learners hand in. Nobody can forge
them, and an odd file loses none.

May import: bplib.course; pytest, nbformat, nbval.
Reading order: sandbox, archives, listings, handins, notebook, grader, reports, nbval_exercises,
pytest_plugin, classes.
"""
