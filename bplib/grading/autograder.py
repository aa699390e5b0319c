"""Makes a zip that grades with this copy of the course elsewhere: an autograder for Gradescope and for Classroom 50.

Nothing of the course is fetched there, only the packages that it depends on, as they were on the day the zip was made.

Gradescope: setup.sh and run_autograder in the root of the zip, unpacked to /autograder/source, grade
/autograder/submission into /autograder/results/results.json (docs/specs.md of github.com/gradescope/autograder_samples;
its images are of Ubuntu with Python 3.10, and scripts run as root). Classroom 50: autograder.py runs in a learner's
checkout and must leave result.json there, with what is unpacked beside it (the page Advanced-Autograding of the wiki of
github.com/foundation50/classroom50). A file that a learner left under that name must not be taken for ours.
"""

import dataclasses
import datetime
import io
import re
import zipfile
from importlib import metadata

from bplib.course import syllabus
from bplib.grading import forms

_SETUP = """\
#!/usr/bin/env bash
# Gradescope runs this as root, once, when it builds the image.
set -euo pipefail
apt-get update
apt-get install --yes python3-venv
python3 -m venv /opt/uv
/opt/uv/bin/pip install uv
export UV_PYTHON_INSTALL_DIR=/opt/python
/opt/uv/bin/uv venv --python 3.12 /opt/bplib
/opt/uv/bin/uv pip install --python /opt/bplib --exclude-newer {day} --requirement /autograder/source/requirements.txt
"""

_RUN = """\
#!/usr/bin/env bash
# Gradescope runs this as root for each submission. Where grading fails there is no result, which is not 0 points.
cd /autograder/source
PYTHONPATH=/autograder/source /opt/bplib/bin/python -m bplib grade /autograder/submission{lessons} \\
    --gradescope /autograder/results/results.json
"""

_CLASSROOM50 = '''\
"""The autograder of an assignment in Classroom 50: unpack all of the zip into CLASSROOM/autograders/ASSIGNMENT."""

import os
import subprocess
import sys
from pathlib import Path

here, checkout = Path(__file__).resolve().parent, Path.cwd()
result = checkout / "result.json"
result.unlink(missing_ok=True)  # what a learner has left there is no result
install = [sys.executable, "-m", "pip", "install", "--quiet", "--requirement", str(here / "requirements.txt")]
subprocess.run(install, check=True, cwd=here)
# Never in the checkout, where Python would take a learner's bplib for ours.
grade = [sys.executable, "-m", "bplib", "grade", str(checkout){lessons}, "--classroom50", str(result)]
subprocess.run(grade, cwd=here, env={{**os.environ, "PYTHONPATH": str(here)}})
sys.exit(0 if result.is_file() else 1)
'''


def make(lessons=(), term=syllabus.Syllabus()):  # noqa: B008, it is frozen
    """The zip, bytes. lessons are those that an assignment asks for, by name or number; without any, those of the plan
    of the term count, or else all.

    The zip carries the plan as a handout does, without extensions. ValueError for a lesson that is none.
    """
    for lesson in lessons:
        syllabus.named(lesson)
    day = datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    words = [word for lesson in lessons for word in ("--lesson", lesson)]
    scripts = {
        "setup.sh": _SETUP.format(day=day),
        "run_autograder": _RUN.format(lessons="".join(f" {word}" for word in words)),
        "autograder.py": _CLASSROOM50.format(lessons="".join(f', "{word}"' for word in words)),
        "requirements.txt": "".join(f"{line}\n" for line in _requirements()),
    }
    # The version was compared when the zip was made; nothing is installed there that could tell it.
    plan = syllabus.text(dataclasses.replace(term, version=""))
    package = forms.PACKAGE
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, strict_timestamps=False) as archive:
        for name, text in scripts.items():
            entry = zipfile.ZipInfo(name, (2020, 1, 1, 0, 0, 0))
            entry.external_attr, entry.compress_type = 0o100755 << 16, zipfile.ZIP_DEFLATED
            archive.writestr(entry, text)
        archive.writestr(f"{package.name}/{syllabus.FILE_NAME}", plan)
        for path in sorted(package.rglob("*")):
            name = path.relative_to(package.parent)
            if path.is_file() and not any(part.startswith((".", "__pycache__")) for part in name.parts):
                archive.write(path, name.as_posix())
    return content.getvalue()


def _requirements():
    """What the course depends on, without what its extras do, and without JupyterLab, which nobody opens there."""
    needed = metadata.requires("bplib-course")
    return [line for line in needed if not re.search(r";.*\bextra\b", line) and not line.startswith("jupyterlab")]
