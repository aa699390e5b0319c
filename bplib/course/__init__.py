"""Everything that knows about notebooks and learners.

judging and problems/ say what is asked and whether an answer is right; progress and checks speak with the learner in a
notebook; notebooks and grading make, run and grade whole notebooks; pytest_plugin and cli carry them to the outside.
"""
