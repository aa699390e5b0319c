"""What the README promises of its first command, short of a browser."""

import os
import subprocess
import sys
import tempfile
import threading
import tomllib
from importlib import metadata
from pathlib import Path
from types import SimpleNamespace

from traitlets.config import Config

from bplib.course import jupyter

ROOT = Path(__file__).resolve().parents[1]


def test_jupyter_opened_as_in_the_readme_serves_the_whole_course_and_not_notebooks_alone():
    command = [sys.executable, "-m", "jupyterlab", "notebooks/00_start_here.ipynb", "--no-browser", "--port=0"]
    if hasattr(os, "getuid") and os.getuid() == 0:
        command.append("--allow-root")
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as home:
        # Settings of whoever runs the tests must not decide.
        env = {**os.environ, "JUPYTER_CONFIG_DIR": home, "JUPYTER_RUNTIME_DIR": home}
        server = subprocess.Popen(command, cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True, encoding="utf-8")
        # A server that never says where it is would be waited for without end.
        limit = threading.Timer(60, server.kill)
        limit.start()
        try:
            served = next((line for line in server.stderr if "from local directory: " in line), "")
        finally:
            limit.cancel()
            server.kill()
            server.communicate()
    assert Path(served.strip().rpartition("from local directory: ")[2]) == ROOT


def served(by_itself, **settings):
    """What a server serves that would serve a folder by itself, given the settings of whoever started it."""
    server = SimpleNamespace(root_dir=str(by_itself), config=Config({"ServerApp": settings}))
    jupyter._link_jupyter_server_extension(server)
    return Path(server.root_dir)


def test_jupyter_serves_the_course_from_wherever_in_it_and_what_one_has_said_or_opens_elsewhere(tmp_path):
    assert served(ROOT / "notebooks") == served(ROOT) == ROOT
    assert served(ROOT / "notebooks", root_dir=str(ROOT / "notebooks")) == ROOT / "notebooks"
    assert served(tmp_path) == tmp_path


def test_the_course_installs_no_file_of_settings_that_is_the_users():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    places = project["tool"]["hatch"]["build"]["targets"]["wheel"]["shared-data"].values()
    assert [place.rpartition("/")[0] for place in places] == ["etc/jupyter/jupyter_server_config.d"]


def test_no_letter_of_the_folders_path_is_read_in_the_encoding_of_a_locale():
    """Python before 3.13 reads .pth files so: on Windows the course would not be found below C:/Users/Jürgen."""
    paths = [file for file in metadata.files("bplib-course") if file.suffix == ".pth"]
    assert all(file.read_text().startswith("import ") and file.read_text().isascii() for file in paths)
