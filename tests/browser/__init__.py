"""Pages opened in a real browser, without a window."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

INSTALL = "apt-get install -y --no-install-recommends chromium"


def lacking(what: str, command: str) -> None:
    """Skip for want of ``what``; fail where it was promised (``GANCOURSE_BROWSER=required``, as .ci/run sets it)."""
    if os.environ.get("GANCOURSE_BROWSER") == "required":
        pytest.fail(f"{what}, and GANCOURSE_BROWSER=required: run `{command}`")
    pytest.skip(f"{what}: run `{command}`")


def chromium() -> str:
    """Where Chromium is; skips, or fails, where it is not."""
    browser = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if browser is None:
        lacking("no Chromium to open a page with", INSTALL)
    return str(browser)


def opened(page: str, folder: Path) -> Any:
    """What the page's script wrote as JSON into its element ``<pre id="found">``; a page that has nothing yet gets more time."""
    file = folder / "page.html"
    file.write_text(page, encoding="utf-8")
    command = [chromium(), "--headless", "--no-sandbox", "--disable-gpu", "--dump-dom", f"--user-data-dir={folder / 'profile'}"]
    for budget in (4000, 20_000, 60_000):  # milliseconds of the page's own clock, which may run ahead of a busy machine's drawing
        call = [*command, f"--virtual-time-budget={budget}", file.as_uri()]
        dom = subprocess.run(call, capture_output=True, text=True, timeout=120).stdout
        if (found := json.loads(dom.split('<pre id="found">')[1].split("</pre>")[0] or "{}")) != {}:
            break
    return found
