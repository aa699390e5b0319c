"""`python -m bplib` is the command `bplib`, for where the folder of commands is not on the path."""

import sys

from bplib.cli import main

sys.exit(main())
