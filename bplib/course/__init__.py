"""What a learner meets: a check that says why an answer is wrong, progress, an environment that is in order.

May import: bplib, bplib.pictures; numpy, packaging, IPython, jinja2, filelock.
Reading order: files, jupyter, pages, environment, surroundings, judging, planted, projects, drills, problems, trials,
birds, handwriting, reader, writer, outline, syllabus, progress, course_map, practicing, checks, notebooks.
"""
