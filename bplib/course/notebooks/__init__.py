"""Notebooks as files: stored in one form, released as exercises, handed in, brought up to date, shown as pages.

May import: bplib.course, bplib.pictures; nbformat, nbclient, jupyter_client, ipykernel, IPython, traitlets, sphinx,
docutils, math_core.
Reading order: canonical, releases, answers, submissions, assembling, conflicts, grafting, updating, handout,
site_conf, site.
"""
