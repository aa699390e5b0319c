"""Whose work is what: how an LMS names people, which folders are classes, and who should be there.

May import: bplib.course, bplib.grading; yaml.
Reading order: downloads, naming, levels, layouts, participants, roster.
"""
