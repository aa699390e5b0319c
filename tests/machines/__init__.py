"""Whether notebooks print the same on machines that are not this one, whether one grades a class of thousands, and
whether a right answer passes every time. It takes hours, so no test command runs it.

    python -m tests.machines noise [NOTEBOOK...]      ten runs each, in which the last bits are others
    python -m tests.machines kernels [NOTEBOOK...]    OpenBLAS's kernels of other processors, one thread and two
    python -m tests.machines versions [NOTEBOOK...]   the oldest NumPy and the newest, the oldest Python and the newest
    python -m tests.machines here [NOTEBOOK...]       this machine as it is

Without names they run all lessons. A line for each run names the cells that show something else than what
is stored, and the exit code says whether there were any. Pictures are not compared.

    python -m tests.machines class [N [SEED]]         N hand-ins of varied answers (300) in one folder, graded in one
                                                      run that is killed twice, with figures
    python -m tests.machines luck [SECONDS [LESSON...]]   the released solutions, judged again and again for so many
                                                      seconds (30) each: none of them may fail by what a check draws

A training is chaotic: a difference in the last bit grows with every step, until the weights have nothing in common but
what they are good for. So a lesson prints of it what does not depend on the last bit: a verdict with a margin, a mean
over many seeds, a share in tenths.
"""
