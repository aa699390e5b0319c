"""A Python prompt without a terminal: it runs cells as a notebook would, magics included, and shows nothing."""

import textwrap


class Shell:
    """An interactive IPython whose names are ``names``."""

    def __init__(self):
        """Start it, in a state that no file of the user's has touched."""
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        config = Config()
        config.HistoryManager.enabled = False
        config.InteractiveShell.cache_size = 0
        config.InteractiveShell.colors = "nocolor"
        config.InteractiveShell.enable_tip = False
        self._shell = InteractiveShell.instance(config=config)
        # What is shown, nobody sees; to format a traceback takes longer than to run all the cells.
        self._shell.showtraceback = self._shell.showsyntaxerror = lambda *_, **__: None
        start_nothing(self._shell)
        self.names = self._shell.user_ns

    def run(self, source):
        """Run a cell and return what it raised, as in "NameError: name 'x' is not defined", or ""."""
        result = self._shell.run_cell(source, store_history=False)
        error = result.error_before_exec or result.error_in_exec
        return "" if error is None else described(type(error).__name__, error)


def start_nothing(shell):
    """Make lines such as !pip list and %matplotlib qt do nothing.

    A graded process may start no other, and has no window to show anything in; neither must cost the cell.
    """
    shell.system = shell.enable_gui = lambda *_, **__: None
    shell.getoutput = lambda *_, **__: []
    shell.enable_matplotlib = lambda *_, **__: (None, "agg")


def described(kind, error):
    """An exception in one line: its kind and what it says."""
    try:
        says = str(error)
    except Exception:
        says = ""
    return textwrap.shorten(f"{kind}: {says}", 200, placeholder=" ...").rstrip(".: ")
