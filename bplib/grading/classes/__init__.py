"""Many hand-ins: whose work is what, and what came of it. It knows people; their code is run by `grader`.

May import: bplib.symbolic, bplib.pictures.svg, bplib.course, bplib.grading; distributed.
Reading order: cells, people, untouched, counting, dates, owners, overrides, changes, alike, gradebook, table,
feedback, anonymous, sheets, workers, batch, versions, records, term.
"""
