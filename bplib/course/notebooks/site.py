"""The course as pages to read: lessons and exercises as HTML that needs no kernel, no script and no other host.

Formulas become MathML, an explorer shows the picture that is stored with it, and links between notebooks lead from page
to page. The packages for it are those of the extra `site`.
"""

import copy
import functools
import posixpath
import re
import shutil
from pathlib import Path

from math_core import LatexError, LatexToMathML
from nbconvert.exporters import HTMLExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath

from bplib.course import files, pages
from bplib.course.notebooks import canonical, releases

_TEMPLATE = "course/notebooks/site.html"
_OURS = {"index.html", "notebooks", "exercises", "pictures", "lite"}
_PICTURES = ".github/pictures"
_LITE = "lite/lab/index.html"
_LINK = re.compile(r'<a href="([^"]*)"[^>]*>(.*?)</a>', re.DOTALL)
_IMAGE = re.compile(r'<img src="([^":]*)"')
_MATHEMATICS = LatexToMathML(fancy_error=False)


def build(course, out):
    """Write the pages of a course folder to the folder `out`, and return how many there are.

    Lessons come from notebooks/, as stored; exercises are the released ones, whatever a learner has written. The first
    page is what the README says up to its second section. A folder `lite` in `out` with JupyterLite in it is linked.
    ValueError if `out` holds anything that is not such a site, or if a formula cannot be converted.
    """
    course, out = Path(course), Path(out)
    if out.exists() and not out.is_dir():
        raise ValueError(f"{out} is a file; --out takes a folder")
    strange = sorted({path.name for path in out.iterdir()} - _OURS) if out.is_dir() else []
    if strange:
        raise ValueError(f"{out} holds {strange[0]}, which is no part of a site; name a new or an empty folder")
    folders = {"notebooks": course / "notebooks", "exercises": releases.RELEASED}
    sources = {name: {path.stem: path for path in sorted(folder.glob("*.ipynb"))} for name, folder in folders.items()}
    known = {f"{folder}/{stem}.ipynb" for folder, paths in sources.items() for stem in paths}
    made = {"index.html": _index((course / "README.md").read_text(encoding="utf-8"), known, (out / _LITE).is_file())}
    for folder, paths in sources.items():
        read = {stem: canonical.read(path) for stem, path in paths.items()}
        titles = {stem: _title(nb) for stem, nb in read.items()}
        for stem, nb in read.items():
            try:
                made[f"{folder}/{stem}.html"] = _notebook(nb, folder, stem, titles, known)
            except LatexError as error:
                raise ValueError(f"{folder}/{stem}.ipynb: no MathML for {error}") from None
    for name, page in made.items():
        (out / name).parent.mkdir(parents=True, exist_ok=True)
        files.write(out / name, page)
    if (course / _PICTURES).is_dir():
        shutil.copytree(course / _PICTURES, out / "pictures", dirs_exist_ok=True)
    return len(made)


# What is in a page


def _notebook(nb, folder, stem, titles, known):
    nb = copy.deepcopy(nb)
    for cell in nb.cells:
        for output in cell.get("outputs", []):
            data = output.get("data", {})
            if "text/latex" in data:
                data["text/html"] = _mathematics(data.pop("text/latex").strip("$"), display=True)
            if "image/png" in data:
                output.metadata = {"image/png": {"alt": "A figure. The text below it says what it shows."}}
    body, _ = _exporter().from_notebook_node(nb)
    others = list(titles)
    at = others.index(stem)
    around = [("Before", others[at - 1] if at else None), ("Next", dict(enumerate(others)).get(at + 1))]
    return pages.render(
        _TEMPLATE,
        title=titles[stem],
        body=_linked(body, folder, known),
        around=[(way, other, titles[other]) for way, other in around if other],
        exercise=stem if folder == "exercises" else None,
    )


@functools.cache
def _exporter():
    exporter = HTMLExporter(template_name="basic", exclude_input_prompt=True, exclude_output_prompt=True)
    exporter.register_filter("markdown2html", _markdown)
    exporter.register_filter("clean_html", lambda html: html)  # takes minutes, and what we convert is our own
    return exporter


def _index(readme, known, lite):
    head, *sections = re.split(r"^(?=## )", readme, flags=re.MULTILINE)
    notice = "These pages are for reading: nothing moves and nothing is checked. For that, open the course as below"
    if lite:
        notice += f", or [run it in the browser]({_LITE}?path=notebooks/00_start_here.ipynb) with nothing to install"
    body = _markdown(head.replace(f"({_PICTURES}/", "(pictures/"))
    body += _markdown(f"{notice}.").replace("<p>", '<p class="notice">') + _markdown("".join(sections[:1]))
    title = re.search(r"^# (.*)", readme, flags=re.MULTILINE)
    title = title[1] if title else "The course"
    return pages.render(_TEMPLATE, title=title, body=_linked(body, "", known), around=[], exercise=None)


def _title(nb):
    found = re.search(r"^# (.+)", nb.cells[0].source if nb.cells else "", flags=re.MULTILINE)
    return found[1] if found else "A notebook"


class _Renderer(IPythonRenderer):
    """Markdown as nbconvert renders it, with MathML in the place of dollars."""

    def inline_math(self, body):
        return _mathematics(body, display=False)

    def block_math(self, body):
        return _mathematics(body, display=True)

    def latex_environment(self, name, body):
        return _mathematics(rf"\begin{{{name}}}{body}\end{{{name}}}", display=True)


def _markdown(source):
    return MarkdownWithMath(renderer=_Renderer(escape=False)).render(source)


def _mathematics(latex, display):
    try:
        return _MATHEMATICS.convert_with_local_state(latex, displaystyle=display)
    except LatexError as error:
        raise LatexError(f"{latex.strip()}: {error}") from None


def _linked(body, folder, known):
    """The HTML with links between notebooks made links between pages; links to other files are only words."""

    def link(found):
        url, words = found.groups()
        path, _, anchor = url.partition("#")
        if ":" in url or not path or path.startswith(_LITE) or path.endswith(".html"):
            return found[0]
        if posixpath.normpath(posixpath.join(folder, path)) not in known:
            return words
        page = path.removesuffix(".ipynb") + ".html"
        return f'<a href="{page}{"#" + anchor if anchor else ""}">{words}</a>'

    return _LINK.sub(link, body)
