"""Everything that knows about notebooks and learners.

Judging: reading calls an answer and reads what comes back, withdrawing closes functions that are the answer itself,
diagnosis says what is wrong, judging makes a verdict of all that, predicting judges by held-out digits, planted holds
bugs to be found, and problems/ holds what is asked. With the learner: files loses nothing, environment says whether the
course can run, progress and checks speak in a notebook, notebooks stores and runs one, releases makes exercises from
solutions, submissions reads what is handed in, and conflicts, grafting and updating bring answers into a newer course.

A learner's code runs elsewhere: formulas and values go over a wire; seccomp, landlock and jail say what a process may
do; shell runs cells and host serves the judge, who sees them as processes; launching starts these, by a zygote that is
forked or as a jailed_kernel. Upon that grading grades a notebook.

A class: archives, listings, handins and layouts say whose work is what, gradebook and feedback what came of it, and
batch grades it all. reports shows points; site makes pages to read; nbval_exercises, pytest_plugin and cli carry them
to the outside.
"""
