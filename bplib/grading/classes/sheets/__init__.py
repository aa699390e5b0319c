"""What goes back to an LMS: sheets that its import takes, and sheets of its own with the grades in them.

May import: bplib.course, bplib.grading; nothing else.
Reading order: placing, exports, headings, worksheets, given, uploads.
"""
