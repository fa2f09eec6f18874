"""The line that says how far a loop is."""

import time

from gancourse.base.progress import Progress, clock


def test_progress_line_counts_and_ends(monkeypatch):
    assert clock(59.6) == "1:00" and clock(3671) == "1:01:11"
    monkeypatch.setattr(time, "monotonic", lambda: 10.0)
    progress = Progress(100, enabled=False)
    progress.update(40, D=1.25)
    assert "step 40 of 100" in progress._text() and "D 1.250" in progress._text()
