"""What a submission finds in its process: its own cells, and nothing of the grader's or of anybody else's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from gancourse.classroom.homework.grading import messages
from gancourse.classroom.homework.grading.grade import Grader
from gancourse.classroom.homework.grading.submissions import Submission
from tests.homework import handed_in

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="there is no zygote")

# Everything that Python holds, every frame, the process's memory and environment, and all that can be seen of other processes.
_SEARCH = """
import gc, glob, os, re, sys
WORDS = [re.compile(pattern.encode()) for pattern in PATTERNS]
def texts():
    for thing in [*gc.get_objects(), *[frame.f_locals for frame in sys._current_frames().values()]]:
        if type(thing) is dict:
            for pair in list(thing.items()):
                yield from (str(part) for part in pair if type(part) in (str, bytes))
        elif type(thing) in (list, tuple, set):
            yield from (str(part) for part in list(thing) if type(part) in (str, bytes))
    frame = sys._getframe()
    while frame:
        yield from (repr(value)[:100_000] for value in list(frame.f_locals.values()))
        frame = frame.f_back
found = {word.pattern for text in texts() for word in WORDS if word.search(text.encode('utf-8', 'replace'))}
for name in [*glob.glob("/proc/*/environ"), *glob.glob("/proc/*/cmdline"), "/proc/self/environ"]:
    try:
        content = open(name, "rb").read()
    except OSError:
        continue
    found |= {word.pattern for word in WORDS if word.search(content)}
for line in open("/proc/self/maps"):
    place, rights = line.split()[:2]
    if rights.startswith("rw"):
        start, end = (int(part, 16) for part in place.split("-"))
        with open("/proc/self/mem", "rb") as memory:
            try:
                memory.seek(start)
                content = memory.read(min(end - start, 50_000_000))
            except (OSError, ValueError, OverflowError):
                continue
        found |= {word.pattern for word in WORDS if word.search(content)}
print("FOUND", sorted(found))
print("OPEN", sorted(int(name) for name in os.listdir("/proc/self/fd")))
print("KEYS", sorted(os.environ))
"""


def _search(*words: str) -> str:
    """The cell that searches; it speaks of the words in patterns, so that it does not find itself."""
    return _SEARCH.replace("PATTERNS", repr([f"[{word[0]}]{word[1:]}" for word in words]))


def test_a_thief_finds_nobody_s_work(grader: Grader, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The others' notebooks, names and points, the checks to come, and the teacher's environment."""
    monkeypatch.setenv("TEACHERS_SECRET", "wpq-environment-wpq")
    victim = handed_in.before(handed_in.right(), "marker = 'wpq-notebook-wpq'\nimport time\ntime.sleep(0.5)")
    thief = handed_in.before(handed_in.right(), _search("wpq-notebook-wpq", "wpq-victim", "wpq-environment-wpq", "seed=2014"))
    given = []
    for number, (name, book) in enumerate([("wpq-victim", victim), ("wpq-victim2", victim), ("thief", thief), ("late", victim)]):
        path = tmp_path / f"{number}.ipynb"
        path.write_text(json.dumps(book))
        given.append(Submission(name, path))
    results: dict[str, Any] = {}
    monkeypatch.setattr(grader, "limits", handed_in.Limits())
    grader.grade_all(given, 3, lambda place, result: results.update({result.student: result}))
    output = next(cell["output"] for cell in results["thief"].cells if cell["kind"] == "own")
    assert "FOUND []" in output, (output, results["thief"].cells)
    assert len(output.partition("OPEN ")[2].partition("\n")[0].split(",")) <= 6, output  # 0, 1, 2, its two channels, the listing
    assert "TEACHERS_SECRET" not in output and "'HOME'" in output
    assert [result.points for result in results.values()] == [handed_in.FULL] * 4


def test_the_search_finds_what_is_there(grader: Grader) -> None:
    """Else the test above would say nothing."""
    folder = grader.work / "search"
    folder.mkdir()
    one = grader.pool.start(folder, handed_in.Limits())
    order = {"kind": "own", "name": "cell", "troubles": {}}
    one.ask(order | {"code": "mine = ['wpq-' + 'own-wpq']"}, 60.0)
    answer = messages.read_answer(one.ask(order | {"code": _search("wpq-own-wpq", "wpq-never-wpq")}, 60.0))
    one.close()
    assert "FOUND [b'[w]pq-own-wpq']" in answer.output, answer


def test_nothing_outlives_the_one_who_started_it(tmp_path: Path) -> None:
    """A grader that is killed takes the zygote and all submissions along."""
    script = f"""
import sys, threading, time
sys.path.insert(0, {str(handed_in.ROOT)!r})
from pathlib import Path
from gancourse.classroom.homework.grading.grade import readable_folders
from gancourse.classroom.homework.grading.process import Pool
from gancourse.classroom.homework.grading.sandbox import Limits
work = Path({str(tmp_path)!r})
pool = Pool("", readable_folders(), work, threading.Event())
(work / "one").mkdir()
pool.start(work / "one", Limits())
print(pool._zygote.pid, flush=True)
time.sleep(100)
"""
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as outside:
        zygote = int(outside.stdout.readline())
        assert _alive(zygote)
        outside.kill()
    for _ in range(200):
        if not _alive(zygote):
            break
        time.sleep(0.1)
    assert not _alive(zygote)


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def test_what_a_submission_has_started_ends_with_it() -> None:
    """Where processes can be started at all (no seccomp for this machine), the zygote ends what its children leave behind."""
    script = f"""
import os, signal, sys, time
sys.path.insert(0, {str(handed_in.ROOT)!r})
from gancourse.classroom.homework.grading import kernel, zygote
import socket
kernel.adopt_orphans()
supervisor = zygote._Supervisor(socket.socketpair()[0])
reader, writer = os.pipe()
pid = os.fork()
if pid == 0:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.write(writer, str(os.getpid()).encode())
            time.sleep(100)
        os._exit(0)
    os._exit(0)
ours, theirs = socket.socketpair()
supervisor.children[pid] = theirs
orphan = int(os.read(reader, 20))
for _ in range(100):
    supervisor._reap()
    if not supervisor.children and not os.path.exists(f"/proc/{{orphan}}"):
        print("gone", ours.recv(10).decode())
        break
    time.sleep(0.05)
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, timeout=100)
    assert done.stdout == "gone 0\n", done
    assert os.path.exists("/proc/self")
