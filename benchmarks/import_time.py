"""What `import gancourse` adds to `import torch`, and what each of its modules adds to that.

    python benchmarks/import_time.py [--rounds 7]

Each measurement is a fresh interpreter that has imported torch; the median over the rounds is shown.
"""

from __future__ import annotations

import argparse
import pkgutil
import subprocess
import sys
from pathlib import Path
from statistics import median

import gancourse

WITHIN = """
import time
{first}
began = time.perf_counter()
import {module}
print(time.perf_counter() - began)
"""


def seconds(module: str, first: str = "", rounds: int = 7) -> float:
    """Median seconds of importing ``module`` after the statement ``first``."""
    command = [sys.executable, "-c", WITHIN.format(module=module, first=first)]
    root = Path(gancourse.__file__).parent.parent  # from here, so that an uninstalled checkout is measured, too
    runs = [subprocess.run(command, cwd=root, capture_output=True, text=True, check=True) for _ in range(rounds)]
    return median(float(run.stdout) for run in runs)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds

    modules = sorted(module.name for module in pkgutil.iter_modules(gancourse.__path__) if not module.name.startswith("_"))
    print(f"seconds to import, median of {rounds} fresh interpreters")
    print(f"{'torch':<28}{seconds('torch', rounds=rounds):7.3f}")
    print(f"{'gancourse, after torch':<28}{seconds('gancourse', 'import torch', rounds):7.3f}")
    everything = ", ".join(f"gancourse.{module}" for module in modules)
    print(f"{'all its modules, after torch':<28}{seconds(everything, 'import torch', rounds):7.3f}")
    for module in modules:
        print(f"  {module:<26}{seconds(f'gancourse.{module}', 'import torch', max(1, rounds // 3)):7.3f}")


if __name__ == "__main__":
    main()
