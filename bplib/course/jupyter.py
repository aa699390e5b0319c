"""An extension of Jupyter's server: where a notebook of the course is opened, it serves the whole course.

By itself it would serve the folder of that notebook alone, and no link would reach exercises/.
"""

from bplib.course import files


def _link_jupyter_server_extension(server):
    """Serve the course that the opened file or the working folder is in, if nobody has said what to serve."""
    folder = files.course_folder(server.root_dir)
    if folder and "root_dir" not in server.config.ServerApp:
        server.root_dir = str(folder)


def _load_jupyter_server_extension(server):
    """Nothing is left to do when the server begins."""
