"""What a browser shows, made from templates that lie beside the modules whose pages and tables they are.

Whatever is put into a template is text there and never markup, unless the template itself
calls it safe.
"""

import functools
from pathlib import Path

_PACKAGE = Path(__file__).resolve().parents[1]


def render(template, **values):
    """A template with values in it, as text; it is named by its path in bplib, as "grading/classes/feedback.html".

    jinja2.UndefinedError if the template asks for a value that is not given.
    """
    return _templates().get_template(template).render(values)


@functools.cache
def _templates():
    import jinja2  # here, since nobody who checks an answer should wait for it

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_PACKAGE),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        finalize=_storable,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _storable(value):
    """What no page can hold, such as half a letter, is replaced."""
    if hasattr(value, "__html__"):
        return value
    words = str(value).encode("utf-8", "replace").decode("utf-8")
    return "".join(letter if letter >= " " or letter in "\n\t" else "\ufffd" for letter in words)
