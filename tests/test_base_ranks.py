"""Rows of a joint batch: which process has which. What the processes exchange is tested in test_training_distributed.py."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from gancourse.base import ranks
from gancourse.base.ranks import ALONE, World


@pytest.mark.parametrize(("size", "together"), [(2, 1), (3, 1), (2, 3), (4, 2)])
def test_the_parts_are_the_joint_batch_and_packs_stay_whole(size, together):
    joint = torch.arange(size * together * 2)
    parts = [World(rank, size, together).part(joint) for rank in range(size)]
    assert torch.equal(torch.cat(parts).sort().values, joint)
    for part in parts:
        packs = part.unflatten(0, (-1, together))
        assert torch.equal(packs - packs[:, :1], torch.arange(together).expand_as(packs))


def test_the_first_rows_are_shared_like_the_whole_batch():
    """So that what is computed on the first half of a batch (path lengths) is computed on each part's first half."""
    joint = torch.arange(8)
    parts = [World(rank, 2).part(joint)[:2] for rank in range(2)]
    assert torch.cat(parts).sort().values.tolist() == [0, 1, 2, 3]


def test_numbers_are_drawn_for_all_and_kept_in_part():
    joint = torch.randn(6, 2, generator=torch.Generator().manual_seed(0))
    for rank in range(3):
        source = torch.Generator().manual_seed(0)
        mine = World(rank, 3).drawn(2, lambda n, source=source: torch.randn(n, 2, generator=source))
        assert torch.equal(mine, joint[rank::3])


def test_a_part_keeps_its_layout():
    x = torch.zeros(4, 3, 5, 5).contiguous(memory_format=torch.channels_last)
    assert World(1, 2).part(x).is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize(("n", "together", "divisible"), [(5, 1, 2), (6, 2, 4)])
def test_a_batch_that_cannot_be_shared_is_named(n, together, divisible):
    with pytest.raises(ValueError, match=f"a batch of {n} cannot be shared evenly by 2 processes.*divisible by {divisible}"):
        World(0, 2, together).part(torch.zeros(n, 2))


def test_one_process_alone_gets_back_what_it_gave():
    x = torch.randn(3, 2)
    for one in (ALONE, ranks):
        assert one.part(x) is x and one.total(x) is x and one.mean(x) is x and one.gathered(x) is x
    assert ALONE.any(True) and not ALONE.any(False)
    assert ALONE.first(lambda: 7) == 7 and ALONE.leads


def test_batches_are_parts_in_the_block_alone():
    x = torch.arange(4)
    with ranks.joint(World(1, 2)):
        assert ranks.part(x).tolist() == [1, 3]
    assert ranks.part(x) is x


def test_a_process_that_is_gone_is_named_whatever_the_back_end_says(monkeypatch):
    def gone(x):
        raise RuntimeError("Connection closed by peer [127.0.0.1]:1234\nand more")

    monkeypatch.setattr(torch.distributed, "all_reduce", gone)
    with pytest.raises(ranks.ProcessLost, match=r"has ended or does not answer.*last checkpoint.*\(Connection closed by peer"):
        World(0, 2).total(torch.zeros(()))


def test_a_call_that_cannot_be_made_is_no_lost_process(monkeypatch):
    def odd(x):
        raise RuntimeError("Invalid scalar type")

    monkeypatch.setattr(torch.distributed, "all_reduce", odd)
    with pytest.raises(RuntimeError, match="Invalid scalar type") as caught:
        World(0, 2).total(torch.zeros(()))
    assert not isinstance(caught.value, ranks.ProcessLost)


@pytest.mark.parametrize("words", ["Timed out waiting 1800000ms for recv operation", "Read error: Broken pipe", "Socket Timeout"])
def test_the_words_of_a_lost_process_are_known(monkeypatch, words):
    def gone(x):
        raise RuntimeError(words)

    monkeypatch.setattr(torch.distributed, "all_reduce", gone)
    with pytest.raises(ranks.ProcessLost):
        World(0, 2).total(torch.zeros(()))


def test_what_is_kept_on_disk_is_made_by_process_0_before_the_others(monkeypatch):
    order: list[str] = []

    def send(box):
        order.append("all")
        box[0] = (None, None)

    monkeypatch.setattr(torch.distributed, "broadcast_object_list", send)
    monkeypatch.setattr(torch.distributed, "all_reduce", lambda x: None)
    for rank in range(2):
        assert World(rank, 2).after_first(lambda rank=rank: order.append("made") or rank) == rank
    assert order == ["made", "all", "all", "made"]
    assert ALONE.after_first(lambda: 3) == 3


def test_one_process_leads(monkeypatch):
    assert ranks.leads()
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    for rank in range(2):
        monkeypatch.setattr(torch.distributed, "get_rank", lambda rank=rank: rank)
        assert ranks.leads() == (rank == 0)


PATIENT = """
import os, sys, time
from datetime import timedelta
import torch.distributed as dist
from gancourse.base import ranks
ranks.NEWS = 0.5
rank, size, folder, hosts = int(sys.argv[1]), 4, sys.argv[2], int(sys.argv[3])
os.environ["LOCAL_RANK"] = str(rank % (size // hosts))
dist.init_process_group("gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=size, timeout=timedelta(seconds=120))
dist.barrier()
dist.distributed_c10d._set_pg_timeout(timedelta(seconds=3), dist.group.WORLD)
host = f"{folder}/host{rank // (size // hosts)}"
def make():
    if not os.path.exists(host):
        with open(f"{folder}/readers", "a") as file:
            file.write(f"{rank} ")
        time.sleep(7)
        open(host, "w").close()
    return rank
assert ranks.World(rank, size).after_first(make) == rank
def fail():
    raise ValueError("no such folder")
try:
    ranks.World(rank, size).after_first(fail)
except ValueError as error:
    print(error)
dist.destroy_process_group()  # else a process may abort where another has ended before it
"""


@pytest.mark.slow  # starts four processes
@pytest.mark.skipif(not torch.distributed.is_gloo_available(), reason="this PyTorch has no gloo")
@pytest.mark.parametrize(("hosts", "readers"), [(1, {"0"}), (2, {"0", "2"})])
def test_reading_may_take_longer_than_processes_wait_for_each_other_and_one_of_each_host_does_it(hosts, readers, tmp_path):
    """Seven seconds, where silence of three ends a training."""
    (tmp_path / "patient.py").write_text(PATIENT, encoding="utf-8")
    command = [sys.executable, str(tmp_path / "patient.py")]
    environment = {**os.environ, "PYTHONPATH": str(Path(ranks.__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    all_of_them = [subprocess.Popen([*command, str(i), str(tmp_path), str(hosts)], env=environment, **streams) for i in range(4)]
    said = [process.communicate(timeout=300) for process in all_of_them]
    assert [process.returncode for process in all_of_them] == [0] * 4, said
    assert [out for out, _ in said] == ["no such folder\n"] * 4
    assert set((tmp_path / "readers").read_text().split()) == readers
