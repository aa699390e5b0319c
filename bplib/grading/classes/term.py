"""Grades a class into a folder: what people read, and what the next run has to know.

In the folder are then gradebook.csv, class.html, a page for each learner in feedback/, results.json with all of it for
programs, and files for an LMS (`sheets`). Its people may add overrides.csv. For our own use are learners/, asked.json,
which keeps what is asked and for how many points though the course may change, and .seed, which makes a second run draw
the same inputs.
"""

from pathlib import Path

from bplib.course import files
from bplib.course.syllabus import Syllabus, require_version
from bplib.grading.classes import anonymous, changes, counting, feedback, layouts, overrides
from bplib.grading.classes.records import as_json, records, seed, stored
from bplib.grading.sandbox.processes import Limits


def grade_class(source, out, jobs=1, dask=None, limits=Limits(), progress=None, *, syllabus=Syllabus(), nameless=False):  # noqa: B008
    """Grade the hand-ins in a folder or zip (see `layouts`) into the folder out: (results of `counting`, lines).

    dask is the address of a scheduler whose workers do the work, which need bplib and nothing of this machine's files.
    progress(done, of) is called as records come. Where it is to be nameless, out/anonymous/ holds the same without
    names. lines say what a person has to know of it, such as an override that fits nobody. ValueError if there is
    nothing to grade, or an override or the course is not what is needed.
    """
    require_version(syllabus)
    out = Path(out)
    handed = layouts.find(source)
    found = records(handed, out, jobs, dask, limits, progress)
    asked = counting.asked(found, syllabus, stored(out / "asked.json"))
    files.write(out / "asked.json", as_json(asked))
    by_hand, lines = overrides.read(out / overrides.FILE_NAME, found, asked)
    results = counting.settled(found, asked, syllabus, by_hand)
    before = stored(out / "results.json")
    _write(results, asked, out)
    if nameless:
        _write(anonymous.without_names(results, seed(out)), asked, out / "anonymous")
    lines += [*counting.news(asked), *counting.dates(results, syllabus)]
    return results, lines + changes.lines(changes.between(before, {"learners": results}))


def _write(results, asked, out):
    """Write what people read; pages of learners who are gone go, and what is as it was is not written again."""
    pages = out / "feedback"
    pages.mkdir(parents=True, exist_ok=True)
    numbers = feedback.statistics(results, asked)
    for result in results:
        _renew(pages / f"{result['slug']}.html", feedback.feedback_page(result, asked))
    for stale in {*pages.glob("*.html")} - {pages / f"{result['slug']}.html" for result in results}:
        stale.unlink()
    _renew(out / "gradebook.csv", feedback.gradebook_csv(results, asked))
    _renew(out / "class.html", feedback.class_page(results, numbers))
    _renew(out / "results.json", as_json({"learners": results, "statistics": numbers}))


def _renew(path, content):
    content = content if isinstance(content, bytes) else content.encode("utf-8")
    if not path.exists() or path.read_bytes() != content:
        files.write(path, content)
