"""What the README promises of its first command, short of a browser."""

import os
import subprocess
import sys
import tempfile
import threading
from pathlib import Path

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
