"""What the pages of a book load, where they lead and what they say, for the tests of a small book and of the whole."""

import re
from html.parser import HTMLParser
from pathlib import Path

_CODE = ("pre", "code", "style", "script", "math", "svg")


class Page(HTMLParser):
    """A page: what it loads, where it leads, its pictures, and its words outside of code."""

    def __init__(self, html):
        super().__init__()
        self.html, self.tags, self.loaded, self.links, self.ids, self.words = html, [], [], [], set(), ""
        self.unnamed, self.sources, self._code, self._input, self._style = 0, [], 0, 0, False
        self.styles = ""
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.tags.append(tag)
        self._code += tag in _CODE
        self._style |= tag == "style"
        if tag == "a":
            self.links.append(attributes.get("href", ""))
        elif "href" in attributes and attributes.get("rel") not in ("next", "prev", "search", "index"):
            self.loaded.append(attributes["href"])
        for name in ("src", "srcset", "data", "poster", "xlink:href", "background"):
            if name in attributes:
                self.loaded.append(attributes[name])
        self.ids.add(attributes.get("id"))
        self.unnamed += tag == "img" and attributes.get("alt") in (None, "", attributes["src"])
        if tag == "pre" and self._input:
            self.sources.append("")
        self._input += tag == "div" if self._input else "cell_input" in (attributes.get("class") or "").split()

    def handle_startendtag(self, tag, attributes):
        self.handle_starttag(tag, attributes)
        self.handle_endtag(tag)

    def handle_endtag(self, tag):
        self._code -= tag in _CODE
        self._style &= tag != "style"
        self._input -= tag == "div" and self._input > 0

    def handle_data(self, data):
        if self._input and self._code and self.sources:
            self.sources[-1] += data
        if self._style:
            self.styles += data
        elif not self._code:
            self.words += data


def read(folder):
    """The pages in a folder, path to page."""
    paths = sorted(folder.rglob("*.html"))
    return {path.relative_to(folder).as_posix(): Page(path.read_text(encoding="utf-8")) for path in paths}


def lost(folder, pages):
    """Links and files that are loaded, by page, that lead nowhere within the folder; an anchor has to be there too."""
    found = []
    for name, page in pages.items():
        for link in [*page.links, *(each for each in page.loaded if not each.startswith("data:"))]:
            if re.match(r"https?:", link):
                continue
            path, _, anchor = link.partition("#")
            path = path.partition("?")[0]
            target = ((folder / name).parent / path if path else folder / name).resolve()
            if target.is_file() and target.suffix != ".html":
                continue
            inside = target.relative_to(folder.resolve()).as_posix() if target.is_file() else ""
            if inside not in pages or (anchor and anchor not in pages[inside].ids):
                found.append(f"{name}: {link}")
    return found


def foreign(folder, pages):
    """What pages and their styles load from another host, by page or file."""
    loaded = [(name, each) for name, page in pages.items() for each in page.loaded]
    styles = {path.name: path.read_text(encoding="utf-8") for path in folder.rglob("*.css")}
    styles |= {name: page.styles for name, page in pages.items()}
    for name, style in styles.items():
        loaded += [
            (name, each.strip("\"' "))
            for each in re.findall(r"url\(([^)]*)\)|@import ([^;]*)", style)
            for each in each
            if each
        ]
    return [f"{name}: {each[:80]}" for name, each in loaded if re.match(r"(?!data:)[a-z]+:|//", each)]


def unread(pages):
    """Pages where a formula is left as it was written."""
    return [name for name, page in pages.items() if re.search(r"\$|\\", page.words)]


def built(course, out):
    """Build the book of a course there, and read its pages."""
    from bplib.course.notebooks import site

    site.build(Path(course), out)
    return read(out)
