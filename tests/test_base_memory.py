"""Memory kept between steps, told by page faults: a buffer that the system hands out anew has to be touched page by page."""

import os
import subprocess
import sys
import threading

import pytest
import torch

from gancourse import data
from gancourse.base import memory
from gancourse.gans.gan import GAN
from gancourse.models import dcgan
from gancourse.training import fit

MB = 2**20
PRELUDE = f"""
import resource, torch
from gancourse.base import memory

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def used(times=20):
    began = faults()
    for _ in range(times):
        torch.empty({40 * MB}, dtype=torch.uint8).fill_(1)  # beyond what glibc ever keeps by itself
    return faults() - began

def resident():
    return int(open("/proc/self/statm").read().split()[1]) * resource.getpagesize()

"""
BLOCKS = f"""
print("outside", used())
with memory.kept():
    used()
    print("inside", used())
    with memory.kept():
        print("nested", used())
    print("between", used())
    x = torch.ones({100 * MB}, dtype=torch.uint8)
    print("most", resident())
    del x
print("rest", resident())
try:
    with memory.kept():
        x = torch.ones({100 * MB}, dtype=torch.uint8)
        print("most before an error", resident())
        del x
        raise ValueError
except ValueError:
    print("rest after an error", resident())
"""
glibc = pytest.mark.skipif(memory._allocator() is None, reason="glibc's allocator alone has these settings")


def printed(code, **environment):
    """The numbers that a fresh process prints, by their names."""
    run = [sys.executable, "-c", PRELUDE + code]
    done = subprocess.run(run, capture_output=True, text=True, env={**os.environ, **environment}, timeout=300)
    assert done.returncode == 0, done.stderr
    return {name: int(value) for name, value in (line.rsplit(" ", 1) for line in done.stdout.splitlines())}


@pytest.fixture(scope="module")
def found():
    return printed(BLOCKS)


@glibc
@pytest.mark.parametrize("where", ["inside", "nested", "between"])
def test_inside_a_buffer_comes_back_without_faults(found, where):
    assert found[where] < found["outside"] / 4


@glibc
@pytest.mark.parametrize(("most", "rest"), [("most", "rest"), ("most before an error", "rest after an error")])
def test_afterwards_what_was_freed_is_the_systems(found, most, rest):
    assert found[most] - found[rest] > 90 * MB  # 100 were freed


@glibc
@pytest.mark.parametrize("name", ["MALLOC_TRIM_THRESHOLD_", "GLIBC_TUNABLES"])
def test_settings_of_the_users_own_are_left_alone(name):
    value = "131072" if name.startswith("MALLOC") else "glibc.malloc.trim_threshold=131072"
    found = printed('with memory.kept():\n    used()\n    print("inside", used())', **{name: value})
    assert found["inside"] > 10


def test_a_training_keeps_its_memory():
    game = GAN(dcgan.Generator(16, 8, 4), dcgan.Discriminator(16, 4))
    batches = data.Batches(torch.zeros(8, 3, 16, 16, dtype=torch.uint8), 4)
    inside = []
    fit(game, batches, 2, hooks=[(2, lambda run: inside.append(memory._keeping))], progress=False)
    assert inside[-1] == 1 and memory._keeping == 0


def test_without_such_an_allocator_nothing_happens(monkeypatch):
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: object())
    with memory.kept():
        pass


def test_on_windows_the_library_is_not_even_asked_for(monkeypatch):
    monkeypatch.setattr(memory.os, "name", "nt")
    monkeypatch.setattr(memory.ctypes, "CDLL", lambda name: pytest.fail("there is no such library"))
    with memory.kept():
        pass


def test_of_many_threads_the_first_begins_it_and_the_last_ends_it(monkeypatch):
    told = []
    monkeypatch.setattr(memory, "_keep", lambda: told.append("keep"))
    monkeypatch.setattr(memory, "_give_back", lambda: told.append("give back"))
    meet = threading.Barrier(8)

    def work():
        with memory.kept():
            meet.wait(60)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert told == ["keep", "give back"]
