"""Everything that knows about notebooks and learners.

reading calls an answer and reads what comes back, diagnosis says what is wrong with it, judging makes a verdict of
both, and problems/ holds what is asked; files loses nothing of a learner's; progress and checks speak with the learner
in a notebook; notebooks stores and runs a notebook, releases makes exercises from solutions, submissions reads what a
learner hands in, grading grades it, and reports shows the points; pytest_plugin and cli carry them to the outside.
"""
