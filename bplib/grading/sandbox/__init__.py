"""A learner's code in a process of its own: it knows values, and no exercise.

May import: bplib.symbolic, bplib.course.judging, bplib.course.surroundings; numpy, sympy, IPython, traitlets,
ipykernel.
Reading order: formulas, values, wire, seccomp, landlock, jail, shell, host, meters, processes,
sweeping, launching, zygote, jailed_kernel.
"""
