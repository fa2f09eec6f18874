"""``python -m gancourse``."""

import subprocess
import sys
from pathlib import Path

from gancourse import __version__
from gancourse.classroom import cli


def test_the_module_is_the_command():
    root = Path(cli.__file__).parents[2]
    done = subprocess.run([sys.executable, "-m", "gancourse", "version"], cwd=root, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"gancourse {__version__}\n")


def test_its_status_is_the_commands():
    root = Path(cli.__file__).parents[2]
    done = subprocess.run([sys.executable, "-m", "gancourse", "nonsense"], cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode == 2 and "nonsense" in done.stderr
