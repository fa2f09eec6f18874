"""Which notebooks pytest runs here: the lectures, which have a source; not the homework, nor what a reader saved beside them."""

from pathlib import Path

HERE = Path(__file__).parent
collect_ignore = [path.name for path in HERE.glob("*.ipynb") if not (HERE / "source" / f"{path.stem}.py").is_file()]
