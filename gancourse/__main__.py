"""``python -m gancourse`` is the command ``gancourse``."""

import sys

from gancourse.classroom.cli import main

if __name__ == "__main__":
    sys.exit(main())
