"""docs/large_machines.md: its script trains in two processes; the one for SLURM says what torchrun and our command take."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file

from gancourse import zoo
from gancourse.base import trees
from gancourse.classroom import cli
from gancourse.experiments.own import training
from gancourse.experiments.own.follow import read_curve
from gancourse.training import supports_bf16
from tests import own

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "large_machines.md"
SBATCH = ROOT / "docs" / "slurm" / "train.sbatch"
SLURM = {"SLURM_JOB_NODELIST": "node[1-2]", "SLURM_JOB_ID": "7", "SLURM_NNODES": "2"}
SLURM |= {"SLURM_CPUS_PER_TASK": "16", "SLURM_GPUS_ON_NODE": "4"}
ASKED = training.Request("dcgan", "", "", size=16, steps=4, batch=8, every=2)
WINDOWS = sys.platform == "win32"
gloo = pytest.mark.skipif(WINDOWS or not torch.distributed.is_gloo_available(), reason="torchrun needs libuv, and this test gloo")
bash = pytest.mark.skipif(WINDOWS or shutil.which("bash") is None, reason="SLURM's scripts need the bash of Linux")


def processes(test):
    """Marks a test that starts processes, some seconds each."""
    return pytest.mark.slow(gloo(test))


def launched(*words: str) -> list[str]:
    start = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "--", "gancourse"]
    return [*start, *words]


def torchrun(*words: str) -> subprocess.CompletedProcess[str]:
    """A command of the course in two processes."""
    return subprocess.run(launched(*words), capture_output=True, text=True, cwd=ROOT)


def small() -> dict[str, str]:
    """The environment of a process that trains little, with one thread."""
    return {**os.environ, "PYTHONPATH": str(ROOT), "GANCOURSE_SCALE": "ci", "OMP_NUM_THREADS": "1"}


def blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


# The threads that are left when the group of processes has been left: gloo's may abort a process that ends.
THREADS = """
from pathlib import Path
from gancourse.training import distributed
distributed._leave()
print("threads", [file.read_text().strip() for file in Path("/proc/self/task").glob("*/comm") if "gloo" in file.read_text()])
"""


@gloo
def test_the_script_trains_in_two_processes_and_process_0_speaks(tmp_path):
    (tmp_path / "train.py").write_text(blocks()[0] + THREADS, encoding="utf-8")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "train.py"]
    environment = small()
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert re.findall(r"step (\d+) of 20", done.stdout) == ["0", "5", "10", "15", "20"]  # each once: process 0 alone says them
    assert re.findall(r"threads (.*)", done.stdout) == ["[]", "[]"]
    assert trees.load(tmp_path / "digits.safetensors")["step"] == 20
    samples = torch.load(tmp_path / "digits.pt")
    assert samples.shape == (64, 1, 32, 32) and bool(torch.isfinite(samples).all())


# Kills process 1 in the middle of step 13, once; the checkpoint is that of step 10.
KILLED = """
import os, pathlib, signal
from gancourse.data import Batches

drawn = Batches.__next__

def killed(self):
    self.count = getattr(self, "count", 0) + 1
    if self.count == 13 and os.environ["RANK"] == "1" and not pathlib.Path("killed").exists():
        pathlib.Path("killed").touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return drawn(self)

Batches.__next__ = killed
"""


def trained(folder: Path, before: str, restarts: int) -> subprocess.CompletedProcess[str]:
    """The page's script in two processes, with something before it."""
    folder.mkdir()
    (folder / "train.py").write_text(before + blocks()[0], encoding="utf-8")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", f"--max-restarts={restarts}"]
    return subprocess.run([*command, "train.py"], cwd=folder, env=small(), capture_output=True, text=True, timeout=300)


@processes
def test_torchrun_ends_all_where_one_is_killed_and_says_which(tmp_path):
    done = trained(tmp_path / "killed", KILLED, restarts=0)
    assert done.returncode == 1 and re.findall(r"step (\d+) of 20", done.stdout) == ["0", "5", "10"]
    assert re.search(r"rank +: 1 .*\n.*exitcode +: -9 .*SIGKILL", done.stderr)
    assert trees.load(tmp_path / "killed" / "digits.safetensors")["step"] == 10


@processes
def test_torchrun_starts_them_again_where_the_checkpoint_stands(tmp_path):
    done = [trained(tmp_path / name, before, restarts=1) for name, before in (("whole", ""), ("killed", KILLED))]
    for one in done:
        assert one.returncode == 0, one.stderr
        assert re.findall(r"step (\d+) of 20", one.stdout) == ["0", "5", "10", "15", "20"]
    assert "SIGKILL" in done[1].stderr or "exitcode: -9" in done[1].stderr, "it was killed"
    whole, killed = (load_file(tmp_path / name / "digits.safetensors") for name in ("whole", "killed"))
    assert whole.keys() == killed.keys()
    for key, expected in whole.items():  # no step was lost, none played twice
        torch.testing.assert_close(killed[key], expected, rtol=0, atol=0, equal_nan=True)


@processes
def test_on_several_hosts_they_meet_again_though_each_host_counts_by_itself(tmp_path):
    """Two torchruns on this machine stand for two hosts; PyTorch counts a restart where a process died, and not on the other."""
    for name, before in (("whole", ""), ("killed", KILLED)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "train.py").write_text(before + blocks()[0], encoding="utf-8")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        command = [sys.executable, "-m", "torch.distributed.run", "--nnodes=2", "--nproc-per-node=1", "--max-restarts=2"]
        command += ["--rdzv-backend=c10d", f"--rdzv-endpoint=127.0.0.1:{port}", "--rdzv-id=digits", "train.py"]
        environment = small() | {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}  # as the page says
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "text": True}
        hosts = [subprocess.Popen(command, cwd=tmp_path / name, env=environment, **pipes) for _ in range(2)]
        said = [host.communicate(timeout=300)[0] for host in hosts]
        assert [host.returncode for host in hosts] == [0, 0], said
    assert (tmp_path / "killed" / "killed").exists()
    whole, killed = (load_file(tmp_path / name / "digits.safetensors") for name in ("whole", "killed"))
    for key, expected in whole.items():
        torch.testing.assert_close(killed[key], expected, rtol=0, atol=0, equal_nan=True)


def test_the_other_block_of_the_page_reads_pictures_from_disk(tmp_path, monkeypatch):
    own.pets(tmp_path / "my_pictures", 6)
    monkeypatch.chdir(tmp_path)
    (block,) = blocks()[1:]
    assert "num_workers=4" in block
    known = {}
    exec(compile(block.replace("num_workers=4", "num_workers=0"), str(PAGE), "exec"), known)
    (batch,) = known["loader"]
    assert batch.shape == (4, 3, 64, 64) and batch.dtype == torch.float32 and -1 <= batch.min() < 0 < batch.max() <= 1


def test_links_of_the_page_lead_somewhere():
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", PAGE.read_text(encoding="utf-8")):
        assert (PAGE.parent / target).exists(), target


def arguments(command: list[str]) -> object:
    """What torchrun makes of its arguments; it exits with status 2 where it knows one not."""
    from torch.distributed.run import get_args_parser

    return get_args_parser().parse_args(command)


def test_torchrun_takes_the_commands_of_the_page():
    commands = re.findall(r"^    torchrun (.+?)(?: +#.*)?$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    taken = [arguments(command.split()) for command in commands]
    assert [one.training_script for one in taken] == ["train.py", "gancourse", "gancourse", "train.py"]
    for one in taken[1:3]:
        assert callable(cli.parser().parse_args(one.training_script_args).command)


@processes
def test_a_command_trains_in_two_processes_and_goes_on_in_one(tmp_path, monkeypatch):
    """One reads, speaks and writes for both; the weights are those of one process that saw the same batches."""
    monkeypatch.setenv("GANCOURSE_DATA", str(tmp_path / "data"))
    pictures = own.pets(tmp_path / "pets")
    command = ["dcgan", "--images", str(pictures), "--size", "16", "--steps", "4", "--batch", "8", "--every", "2"]
    done = torchrun("train", *command, "--run", str(tmp_path / "two"))
    assert done.returncode == 0, done.stderr
    assert (done.stderr.count("40 pictures of"), done.stdout.count("wrote")) == (1, 1)
    two = replace(ASKED, images=str(pictures), run=str(tmp_path / "two"))
    one = training.train(replace(two, run=str(tmp_path / "one")), progress=False)
    if not supports_bf16():  # where batches round to eight bits they differ by more
        state = zoo.load(tmp_path / "two" / "generator.safetensors").model.state_dict()
        for name, value in one.run.generator.state_dict().items():
            assert torch.allclose(state[name], value, atol=1e-5), name
    longer = training.train(replace(two, steps=6), progress=False)
    assert [row.step for row in read_curve(longer.place.curve)] == [0, 2, 4, 6]


@processes
def test_a_mistake_ends_all_processes_with_its_sentence(tmp_path):
    done = torchrun("train", "dcgan", "--images", str(tmp_path / "none"), "--run", str(tmp_path / "run"))
    assert done.returncode == 1 and "gancourse: there is no folder" in done.stderr


@processes
def test_a_recipe_trains_in_two_processes(tmp_path):
    output = tmp_path / "faces.safetensors"
    done = torchrun("train", "faces32_quick", "--steps", "1", "--output", str(output), "--checkpoint", str(tmp_path / "state"))
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("wrote") == 1 and zoo.load(output).card["steps"] == 1
    refused = torchrun("train", "vae_faces32", "--steps", "1", "--output", str(tmp_path / "vae"))
    assert refused.returncode == 1 and "vae_faces32 trains in one process: start it without torchrun" in refused.stderr


@processes
def test_ctrl_c_in_two_processes_names_the_command_that_goes_on(tmp_path):
    words = ["dcgan", "--images", str(own.pets(tmp_path / "pets")), "--size", "16", "--steps", "5000", "--every", "2"]
    process = subprocess.Popen(launched("train", *words, "--run", str(tmp_path / "run")), stderr=subprocess.PIPE, text=True)
    seen = tmp_path / "run" / "samples" / "000002.png"
    for _ in range(600):
        if seen.exists() or process.poll() is not None:
            break
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    said = process.communicate()[1]
    assert "nothing is lost, go on with: torchrun --nproc-per-node=2 -m -- gancourse train dcgan" in said
    assert said.count("nothing is lost") == 1 and (tmp_path / "run" / "generator.safetensors").exists()


@bash
@pytest.mark.parametrize(
    ("words", "script", "given"),
    [
        (["train.py", "--lr", "1e-3"], "train.py", ["--lr", "1e-3"]),
        (["-m", "--", "gancourse", "train", "dcgan", "--run", "my run"], "gancourse", ["train", "dcgan", "--run", "my run"]),
    ],
)
def test_the_script_for_slurm_runs_torchrun_with_what_slurm_says(tmp_path, words, script, given):
    """With commands that only say how they were called in the place of the cluster's."""
    subprocess.run(["bash", "-n", str(SBATCH)], check=True)
    for name, said in (("scontrol", "node1\nnode2"), ("srun", None), ("gancourse", None)):
        text = f"printf '%s\\n' '{said}'" if said else f'printf "%s\\n" {name} "$@" >> "$LOG"; printf "end\\n" >> "$LOG"'
        (tmp_path / name).write_text(f"#!/bin/bash\n{text}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    log = tmp_path / "log"
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "LOG": str(log), **SLURM}
    subprocess.run(["bash", str(SBATCH), *words], env=environment, check=True)
    ours, theirs = (call.split("\n") for call in log.read_text(encoding="utf-8").strip().removesuffix("\nend").split("\nend\n"))
    assert ours[0] == "gancourse" and callable(cli.parser().parse_args(ours[1:]).command)
    assert theirs[:3] == ["srun", "--cpus-per-task=16", "torchrun"], "srun does not take the cores over from sbatch"
    taken = arguments(theirs[3:])
    assert (taken.nnodes, taken.nproc_per_node, taken.rdzv_endpoint, taken.rdzv_id) == ("2", "4", "node1:20007", "7")
    assert (taken.training_script, taken.training_script_args) == (script, given)


@bash
@pytest.mark.parametrize(("status", "signalled"), [(0, False), (3, False), (7, True)])
def test_the_script_for_slurm_is_queued_again_before_its_time_is_over(tmp_path, status, signalled):
    """SLURM sends USR1 to the batch script alone; srun, in the background, is waited for, and its status is the job's."""
    (wanted,) = re.findall(r"^#SBATCH --signal=(.*)$", SBATCH.read_text(encoding="utf-8"), re.MULTILINE)
    assert wanted == "B:USR1@300"
    until = 'while [ ! -e "$LOG.end" ]; do sleep 0.05; done;'
    programs = {
        "scontrol": 'echo "$@" >> "$LOG"; [ "$1" = show ] && printf "node1\\nnode2\\n" || touch "$LOG.end"',
        "gancourse": "true",
        "srun": f'touch "$LOG.begun"; {until if signalled else ""} exit {status}',
    }
    for name, text in programs.items():
        (tmp_path / name).write_text(f"#!/bin/bash\n{text}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    log = tmp_path / "log"
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "LOG": str(log), **SLURM}
    job = subprocess.Popen(["bash", str(SBATCH), "train.py"], env=environment)
    if signalled:
        for _ in range(600):
            if Path(f"{log}.begun").exists():
                break
            time.sleep(0.05)
        job.send_signal(signal.SIGUSR1)
    assert job.wait(timeout=60) == status
    assert ("requeue 7" in log.read_text(encoding="utf-8")) == signalled


@bash
def test_the_script_for_slurm_asks_for_a_script():
    done = subprocess.run(["bash", str(SBATCH)], env={"PATH": os.environ["PATH"], **SLURM}, capture_output=True, text=True)
    assert done.returncode == 2 and "name the script that trains" in done.stderr
