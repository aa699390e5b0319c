"""How Sphinx makes the book; `site` copies this file beside the pages."""

from docutils import nodes
from math_core import LatexError, LatexToMathML
from sphinx.util import logging

project = html_title = "Backpropagation"
extensions = ["myst_nb"]
html_theme = "furo"
html_show_sphinx = html_show_copyright = html_copy_source = html_show_sourcelink = html_use_index = False
nb_execution_mode = "off"
nb_merge_streams = True
nb_render_image_options = {"alt": "A figure. The text below it says what it shows."}
myst_enable_extensions = ["dollarmath", "amsmath"]
myst_heading_anchors = 3
exclude_patterns = [".github"]
html_math_renderer = "mathml"
# Our pictures and results name JupyterLab's colors, and MyST-NB has some of its own; here they are those of the theme,
# whether it follows the system or what a reader has chosen.
html_theme_options = {
    "light_css_variables": {
        "jp-layout-color0": "var(--color-background-primary)",
        "jp-ui-font-color1": "var(--color-foreground-primary)",
        "jp-ui-font-color2": "var(--color-foreground-secondary)",
        "jp-border-color2": "var(--color-background-border)",
        "mystnb-source-bg-color": "var(--color-code-background)",
        "mystnb-source-border-color": "var(--color-background-border)",
        "mystnb-stdout-bg-color": "var(--color-background-secondary)",
        "mystnb-stdout-border-color": "var(--color-background-border)",
    },
    "dark_css_variables": {"jp-warn-color1": "#f4a261", "jp-success-color1": "#4dc79d"},
}
_HEAD = """<link rel="icon" href="data:,">
<style>
  .math-wrapper { padding: 0.4em 0; }
  a.run { padding: 0.3em 0.8em; border: 1px solid; border-radius: 0.3em; text-decoration: none; }
  /* A picture a little wider than its column is drawn smaller; on a phone, where it would be too small, it scrolls. */
  @media (min-width: 46em) { .cell_output svg[role="img"] { max-width: 100%; height: auto; } }
  @media not print {
    body[data-theme="light"] { color-scheme: light; }
    body[data-theme="dark"] { color-scheme: dark; }
  }
  @media print {
    .skip-to-content, a.run { display: none; }
    .highlight pre { white-space: pre-wrap; }
    .bplib-explorer { break-inside: avoid; }
  }
</style>"""
_convert = LatexToMathML(fancy_error=False).convert_with_local_state
_log = logging.getLogger(__name__)


def _visit(display):
    def visit(writer, node):
        try:
            writer.body.append(_convert(node.astext(), displaystyle=display))
        except LatexError as error:
            placed = node
            while placed.line is None and placed.parent:
                placed = placed.parent
            _log.warning("no MathML for %s: %s", node.astext(), error, location=placed)
        raise nodes.SkipNode

    return visit


def _add_head(app, pagename, templatename, context, doctree):
    context["metatags"] = context.get("metatags", "") + _HEAD


def setup(app):
    """Formulas as MathML, which browsers draw by themselves: MathJax would come from another host."""
    app.add_html_math_renderer("mathml", (_visit(False), None), (_visit(True), None))
    app.connect("html-page-context", _add_head)
