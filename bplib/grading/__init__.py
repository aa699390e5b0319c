"""What an instructor and CI meet: points for what learners hand in. Nobody can forge
them, and an odd file loses none.

May import: bplib.course; pytest, jupyter_client, nbformat, nbval, tqdm.
Reading order: sandbox, archives, listings, handins, notebook, grader, reports, adapters,
kernels, nbval_exercises, classes, forms, autograder, command, pytest_plugin.
"""
