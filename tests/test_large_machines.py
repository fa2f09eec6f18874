"""docs/large_machines.md: its script trains in two processes; the one for SLURM says what torchrun and our command take."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from gancourse.base import trees
from gancourse.classroom import cli

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "large_machines.md"
SBATCH = ROOT / "docs" / "slurm" / "train.sbatch"
SLURM = {"SLURM_JOB_NODELIST": "node[1-2]", "SLURM_JOB_ID": "7", "SLURM_NNODES": "2"}
SLURM |= {"SLURM_CPUS_PER_TASK": "16", "SLURM_GPUS_ON_NODE": "4"}
bash = pytest.mark.skipif(shutil.which("bash") is None, reason="SLURM's scripts need bash")


def blocks() -> list[str]:
    return re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


@pytest.mark.skipif(not torch.distributed.is_gloo_available(), reason="this PyTorch has no gloo")
def test_the_script_trains_in_two_processes_and_process_0_speaks(tmp_path):
    (tmp_path / "train.py").write_text(blocks()[0], encoding="utf-8")
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node=2", "train.py"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "GANCOURSE_SCALE": "ci", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert re.findall(r"step (\d+) of 20", done.stdout) == ["0", "5", "10", "15", "20"]  # each once: process 0 alone says them
    assert trees.load(tmp_path / "digits.safetensors")["step"] == 20
    samples = torch.load(tmp_path / "digits.pt")
    assert samples.shape == (64, 1, 32, 32) and bool(torch.isfinite(samples).all())


def test_the_other_block_of_the_page_is_python():
    (loader,) = blocks()[1:]
    compile(loader, str(PAGE), "exec")


def test_links_of_the_page_lead_somewhere():
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", PAGE.read_text(encoding="utf-8")):
        assert (PAGE.parent / target).exists(), target


def arguments(command: list[str]) -> object:
    """What torchrun makes of its arguments; it exits with status 2 where it knows one not."""
    from torch.distributed.run import get_args_parser

    return get_args_parser().parse_args(command)


def test_torchrun_takes_the_commands_of_the_page():
    commands = re.findall(r"^    torchrun (.+?)(?: +#.*)?$", PAGE.read_text(encoding="utf-8"), re.MULTILINE)
    assert len(commands) == 2
    for command in commands:
        assert arguments(command.split()).training_script == "train.py"


@bash
def test_the_script_for_slurm_runs_torchrun_with_what_slurm_says(tmp_path):
    """With commands that only say how they were called in the place of the cluster's."""
    subprocess.run(["bash", "-n", str(SBATCH)], check=True)
    for name, said in (("scontrol", "node1\nnode2"), ("srun", None), ("gancourse", None)):
        text = f"printf '%s\\n' '{said}'" if said else f'printf "%s\\n" {name} "$@" >> "$LOG"; printf "end\\n" >> "$LOG"'
        (tmp_path / name).write_text(f"#!/bin/bash\n{text}\n", encoding="utf-8")
        (tmp_path / name).chmod(0o755)
    log = tmp_path / "log"
    environment = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "LOG": str(log), **SLURM}
    subprocess.run(["bash", str(SBATCH), "train.py", "--lr", "1e-3"], env=environment, check=True)
    ours, theirs = (call.split("\n") for call in log.read_text(encoding="utf-8").strip().removesuffix("\nend").split("\nend\n"))
    assert ours[0] == "gancourse" and callable(cli.parser().parse_args(ours[1:]).command)
    assert theirs[:2] == ["srun", "torchrun"]
    taken = arguments(theirs[2:])
    assert (taken.nnodes, taken.nproc_per_node, taken.rdzv_endpoint, taken.rdzv_id) == ("2", "4", "node1:29500", "7")
    assert (taken.training_script, taken.training_script_args) == ("train.py", ["--lr", "1e-3"])


@bash
def test_the_script_for_slurm_asks_for_a_script():
    done = subprocess.run(["bash", str(SBATCH)], env={"PATH": os.environ["PATH"], **SLURM}, capture_output=True, text=True)
    assert done.returncode == 2 and "name the script that trains" in done.stderr
