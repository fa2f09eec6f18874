"""The set-up: what is installed, where, by which command, and that the documents that say so agree."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from gancourse import __version__
from gancourse.classroom import claims, colab, coverage, measuring, notebooks, storage
from gancourse.classroom.homework import build

yaml = pytest.importorskip("yaml")
packaging = pytest.importorskip("packaging.requirements")

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# What Google Colab installs (its list of 2026-08-19).
COLAB = {
    "torch": "2.11.0",
    "torchvision": "0.26.0",
    "numpy": "2.1.3",
    "scipy": "1.16.3",
    "matplotlib": "3.10.0",
    "ipywidgets": "7.7.1",
    "ipython": "7.34.0",
    "ipykernel": "6.17.1",
}


def text(name: str) -> str:
    return (ROOT / name).read_text(encoding="utf-8")


def requirements(*groups: str) -> dict[str, packaging.Requirement]:
    """The packages that pyproject.toml names, by name; the core's and those of the given extras."""
    lines = PROJECT["dependencies"] + [line for group in groups for line in PROJECT["optional-dependencies"][group]]
    found = [packaging.Requirement(line) for line in lines]
    return {each.name: each for each in found if each.name != "gancourse"}


def pins() -> dict[str, str]:
    return dict(re.findall(r"^([\w.-]+)==(\S+)$", text("constraints.txt"), re.MULTILINE))


# Dependencies


def test_conda_gets_the_same_packages() -> None:
    environment = yaml.safe_load(text("environment.yml"))
    conda, pip = environment["dependencies"][:-1], environment["dependencies"][-1]["pip"]
    assert conda[1:] == ["pip"]
    assert environment["channels"] == ["conda-forge", "nodefaults"], "without the last an Anaconda adds its own"
    assert pip[:2] == ["--constraint constraints.txt", "--editable ."]
    listed = {each.name: each.specifier for each in map(packaging.Requirement, pip[2:])}
    assert listed == {name: each.specifier for name, each in requirements("lab", "teach", "dev").items()}


def pythons() -> list[str]:
    """The versions of Python that the Makefile takes."""
    ((low, high),) = re.findall(r"\(3, (\d+)\) <= sys\.version_info\[:2\] <= \(3, (\d+)\)", text("Makefile"))
    return [f"3.{minor}" for minor in range(int(low), int(high) + 1)]


def test_every_install_takes_the_pythons_that_are_tested() -> None:
    known = [f"3.{minor}" for minor in range(30)]
    needed = packaging.Requirement(f"python{PROJECT['requires-python']}").specifier
    assert [version for version in known if needed.contains(version)][0] == pythons()[0]
    conda = packaging.Requirement(yaml.safe_load(text("environment.yml"))["dependencies"][0])
    taken = [version for version in known if conda.specifier.contains(f"{version}.1")]
    assert (conda.name, taken) == ("python", pythons()), "conda takes the newest that it may"
    assert f"Python {', '.join(pythons()[:-1])} or {pythons()[-1]}" in text("README.md")
    span = f"Python {pythons()[0]} to {pythons()[-1]}"
    assert text("Makefile").count(span) == 2, "its first lines, and what it says of another"
    assert yaml.safe_load(text(".github/workflows/ci.yml"))["jobs"]["make"]["strategy"]["matrix"]["python"] == pythons()


def test_every_dependency_is_bounded_and_pinned_within_its_bounds() -> None:
    for name, wanted in requirements("lab", "teach", "dev", "site", "export").items():
        signs = {each.operator for each in wanted.specifier}
        assert ">=" in signs, name
        assert "<" in signs or name == "hatchling", name  # the build back end is bounded by what it is asked to do
        assert wanted.specifier.contains(pins()[name]), f"{name}: constraints.txt has {pins()[name]}"


def test_what_an_export_needs_is_bounded_and_left_to_those_who_export() -> None:
    extra = {name: each for name, each in requirements("export").items() if name not in requirements()}
    assert set(extra) == {"onnx", "onnxscript", "onnxruntime"} and not set(extra) & set(requirements("lab", "teach", "dev"))
    assert all({each.operator for each in wanted.specifier} == {">=", "<"} for wanted in extra.values())


def test_one_job_has_what_an_export_needs_so_that_its_tests_are_not_skipped_everywhere() -> None:
    commands = [step.get("run", "") for step in yaml.safe_load(text(".github/workflows/ci.yml"))["jobs"]["coverage"]["steps"]]
    wanted = "-m pip install --constraint constraints.txt --editable '.[dev,export]'"
    (install,) = (i for i, command in enumerate(commands) if wanted in command)
    (tests,) = (i for i, command in enumerate(commands) if "pytest" in command)
    assert install < tests
    assert {"onnx", "onnxscript", "onnxruntime"} <= pins().keys()


def test_the_floors_admit_colab() -> None:
    known = requirements("lab")
    for name, version in COLAB.items():
        assert known[name].specifier.contains(version), f"{name} {version} is what Colab has"
    assert packaging.Requirement(f"python{PROJECT['requires-python']}").specifier.contains("3.13.15")


def test_colab_is_not_made_to_install_the_workshop() -> None:
    assert not {"jupyterlab", "ipykernel", "pytest", "nbval", "jupytext", "ruff"} & set(requirements())


def test_imports_are_declared() -> None:
    """Each package that gancourse imports is one that pyproject.toml names."""
    modules = {"IPython": "ipython", "PIL": "pillow", "sklearn": "scikit-learn", "dicebear": "dicebear-core"}
    imported = set()
    for path in (ROOT / "gancourse").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                imported |= {name.name.split(".")[0] for name in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                imported.add(node.module.split(".")[0])
    foreign = imported - set(sys.stdlib_module_names) - {"gancourse"}
    names = {modules.get(name, name.replace("_", "-")) for name in foreign}
    # typing_extensions comes with torch, jupyter_client with nbclient, pygments with IPython, traitlets with ipywidgets; doctor
    # does without packaging
    brought = {"jupyter-client", "packaging", "pygments", "traitlets", "typing-extensions"}
    assert names <= set(requirements("lab", "teach", "dev", "export")) | brought


def test_importing_the_package_is_cheap() -> None:
    """Everything heavy but torch is imported by the function that needs it."""
    heavy = {"matplotlib", "scipy", "sklearn", "ipywidgets", "IPython", "torchvision", "dicebear", "nbformat", "jupytext"}
    code = """
import importlib, pkgutil, sys, torch
before = set(sys.modules)
import gancourse
for module in pkgutil.walk_packages(gancourse.__path__, "gancourse."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
print(*sorted(set(sys.modules) - before))
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True, timeout=300)
    loaded = set(done.stdout.split())
    assert "gancourse.classroom.cli" in loaded
    assert not heavy & loaded


# Documents


def test_one_place_holds_the_address() -> None:
    address = PROJECT["urls"]["Repository"]
    assert colab.repository() == address
    assert f"git clone {address}\n" in text("README.md")
    assert yaml.safe_load(text("CITATION.cff"))["repository-code"] == address
    written = [path for name in (".", ".ci", ".github/workflows") for path in (ROOT / name).iterdir() if path.is_file()]
    written += [path for name in ("gancourse", "notebooks", "tests", "benchmarks") for path in (ROOT / name).rglob("*.py")]
    holders = {path.name for path in written if address in read(path)}
    assert holders == {"pyproject.toml", "README.md", "CITATION.cff"}


def read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def test_versions_agree() -> None:
    citation = yaml.safe_load(text("CITATION.cff"))
    assert citation["version"] == __version__
    assert re.search(r"^## (\S+)$", text("CHANGELOG.md"), re.MULTILINE)[1] == __version__
    built = [notebooks.target(source) for source in notebooks.sources()]
    built += [path(source) for source in build.sources() for path in (build.solution_path, build.student_path)]
    for path in built:
        page = read(path)
        assert f"git+{PROJECT['urls']['Repository']}@v{__version__}'" in page, f"{path.name} installs another version"
        assert f"/blob/v{__version__}/notebooks/{path.name}" in page, f"{path.name} opens another version in Colab"


def test_the_readme_lists_every_lecture() -> None:
    rows = dict(re.findall(r"^\| \[\d\d\]\(notebooks/(\w+)\.ipynb\) \| (.+) \|$", text("README.md"), re.MULTILINE))
    assert list(rows) == [source.stem for source in notebooks.sources()]
    for source in notebooks.sources():
        title = re.search(r"^# # \d\d\. (.+)$", read(source), re.MULTILINE)[1]
        shown, picture, minutes = (part.strip() for part in rows[source.stem].split("|"))
        assert shown == title
        assert picture
        assert minutes.isdecimal(), f"{source.stem}: the contents table lacks its minutes"


NUMBERS = {
    word: i for i, word in enumerate(["zero", "a", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"])
}


@pytest.mark.parametrize("source", notebooks.sources()[1:], ids=lambda source: source.stem)
def test_the_readme_and_a_lecture_say_the_same_minutes(source: Path) -> None:
    """The header's "four minutes at cpu scale", "two to three" or "two and a half" against the table's number."""
    (row,) = re.findall(rf"^\| \[\d\d\]\(notebooks/{source.stem}\.ipynb\) .*\| (\d+) \|$", text("README.md"), re.MULTILINE)
    run = re.search(r"\*\*Run\*\*: (.+?)\.(?: |$)", read(source), re.MULTILINE)[1]
    part = next(part for part in run.split(", ") if " cpu" in part)
    said = [NUMBERS[word] for word in re.findall(r"\w+", part.split(" at cpu")[0]) if word in NUMBERS]
    assert said and min(said) <= int(row) <= max(said) + ("and a half" in part), part


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "CHANGELOG.md", "CLAIMS.md", "docs/glossary.md"])
def test_links_of_the_documents_lead_somewhere(name) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", text(name)):
        assert ((ROOT / name).parent / target).exists(), target


def test_the_first_pages_say_how_the_claims_came_out() -> None:
    rows = measuring.stored_rows(ROOT)
    for page in claims.TALLIED:
        assert claims.tally(rows) in text(page), f"{page}: gancourse claims --from-notebooks brings it up to date"


def test_the_syllabus_has_the_weeks_of_the_guide() -> None:
    def weeks(name: str) -> list[tuple[str, list[str], list[str]]]:
        found = []
        for line in re.findall(r"^\| \d+ \|.*\|$", text(name), re.M):
            _, week, *sessions, homework, _ = line.split("|")
            lectures = [
                number for session in sessions if "exercises" not in session for number in re.findall(r"\b\d\d\b", session)
            ]
            found.append((week, lectures, sorted(re.findall(r"hw\d(?: is due)?", homework.replace("*", "")))))
        return found

    assert len(weeks("docs/syllabus.md")) == 14
    assert weeks("docs/syllabus.md") == weeks("solutions/README.md")


def test_the_glossary_has_every_id_and_every_deck() -> None:
    glossary = text("docs/glossary.md")
    for id, promise in coverage.PROMISES.items():
        assert f"| {id} | {promise.statement} | {coverage.deck_names(promise.decks)} |" in glossary, id
    for source in notebooks.sources():
        head = read(source).split("\n# %%")[0]
        if source.stem != "00_start_here":
            assert "# [**Covers**](../docs/glossary.md) " in head, f"{source.stem}: nothing says what its decks and ids are"


def cited(source: str) -> tuple[str, list[str]]:
    """The papers of a lecture's header, and the entries of its further reading."""
    header = re.search(r"^# \*\*Papers\*\*:(.*?)\n#\n", source, re.MULTILINE | re.DOTALL)[1]
    reading = re.search(r"^#+ #+ Further reading\n#\n(.*?)(?=\n\n|\n#\n|\Z)", source, re.MULTILINE | re.DOTALL)[1]
    return header, re.split(r"^# - ", reading, flags=re.MULTILINE)[1:]


@pytest.mark.parametrize("source", notebooks.sources()[1:], ids=lambda source: source.stem)
def test_every_source_of_a_lecture_has_a_link(source: Path) -> None:
    link = re.compile(r"\[[^\]]+\]\((https://arxiv\.org/abs/\d{4}\.\d{4,5}|https://(?:doi|distill|papers)\S+)\)")
    header, reading = cited(read(source))
    bare = link.sub("", header)
    assert link.search(header) and not re.search(r"\b(19|20)\d\d\b", bare), bare
    assert len(reading) >= 2
    for entry in reading:
        titles = re.findall(r"(?<!\*)\*[^*]+\*(?!\*)", entry)
        assert titles and len(link.findall(entry)) == len(titles), entry


def test_windows_and_workflows_run_what_make_runs() -> None:
    (flags,) = re.findall(r"^PYTEST = (.*)$", text("Makefile"), re.MULTILINE)
    assert f"-m pytest {flags}" in text("README.md")
    workflow = text(".github/workflows/ci.yml")
    assert f"-m pytest {flags}" in workflow
    assert "secrets" not in workflow
    jobs = yaml.safe_load(workflow)["jobs"]
    matrix = jobs["make"]["strategy"]["matrix"]
    on_macos = {more["python"] for more in matrix["include"] if more["os"] == "macos-latest"}
    assert matrix["os"] == ["ubuntu-latest"] and {"3.11", "3.14"} <= on_macos
    assert jobs["make"]["steps"][-1]["run"] == "bash .ci/run"
    assert jobs["windows"]["runs-on"] == "windows-latest"
    assert "PYTHONUTF8" not in workflow, "README's commands do not set it"
    for job in (jobs["make"], jobs["windows"]):
        assert {"3.11", "3.14"} <= set(job["strategy"]["matrix"]["python"])
    assert jobs["site"]["steps"][-2]["run"] == "make site"
    assert re.search(r"^exec make test$", text(".ci/run"), re.MULTILINE)


def test_the_slow_tests_and_the_install_by_conda_run_once_a_week() -> None:
    written = text(".github/workflows/weekly.yml")
    workflow = yaml.safe_load(written)
    when = workflow[True]  # YAML 1.1 reads the key `on` as a truth value
    (schedule,) = when["schedule"]
    assert re.fullmatch(r"\d+ \d+ \* \* [0-6]", schedule["cron"]) and "workflow_dispatch" in when
    assert "secrets" not in written and workflow["permissions"] == {"contents": "read"}
    slow, conda = workflow["jobs"]["slow"], workflow["jobs"]["conda"]
    assert slow["steps"][-1]["run"] == "make test-all"
    assert slow["env"]["GANCOURSE_BROWSER"] == "required" and slow["env"]["PYTEST_ADDOPTS"] == "-rs"
    before = "\n".join(step.get("run", "") for step in slow["steps"][:-1])
    for needed in ("bubblewrap", "chromium", "--editable '.[dev,export]'"):
        assert needed in before, f"without {needed} its tests are skipped"
    told = [step["run"] for step in conda["steps"] if "run" in step]
    assert "conda env create -f environment.yml" in text("README.md")
    assert any(line.endswith("env create -f environment.yml") for line in told) and told[-1].endswith("gancourse doctor")


@pytest.mark.skipif(os.name == "nt", reason="a script of POSIX")
@pytest.mark.parametrize(("user", "asked"), [("0", True), ("1000", False)], ids=["root", "anyone"])
@pytest.mark.parametrize(
    ("system", "wanted", "needed"),
    [("Linux", {}, ["required"]), ("Darwin", {}, []), ("Linux", {"GANCOURSE_BROWSER": "optional"}, ["optional"])],
)
def test_the_run_asks_for_the_sandbox_and_the_browser_and_does_not_skip_its_tests_in_silence(
    tmp_path: Path, user: str, asked: bool, system: str, wanted: dict[str, str], needed: list[str]
) -> None:
    log, programs = tmp_path / "log", {"id": f"echo {user}", "timeout": 'shift; exec "$@"'}
    programs |= {
        "make": 'echo "make $* $PYTEST_ADDOPTS $GANCOURSE_BROWSER"',
        "apt-get": f'echo "$*" >> {log}; echo noise; exit 100',
    }
    programs |= {"uname": f"echo {system}"}
    for name, line in programs.items():
        (tmp_path / name).write_text(f"#!/bin/sh\n{line}\n")
        (tmp_path / name).chmod(0o755)
    (tmp_path / "dirname").symlink_to(shutil.which("dirname"))
    command = [shutil.which("bash"), str(ROOT / ".ci" / "run")]
    done = subprocess.run(command, env={"PATH": str(tmp_path)} | wanted, capture_output=True, text=True)
    said = ["make", "test", "-rs", *needed]
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, said, "")
    lines = log.read_text().splitlines() if log.exists() else []
    assert [line.split()[-1] for line in lines] == (["update", "bubblewrap", "chromium"] if asked else [])


# The Makefile

needs_make = pytest.mark.skipif(shutil.which("make") is None or os.name == "nt", reason="make is not here")


@pytest.fixture
def machine(tmp_path: Path):
    """A folder with the Makefile, and interpreters that write down what they are asked; ``make(...)`` runs it there."""
    shutil.copy(ROOT / "Makefile", tmp_path)
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "constraints.txt").touch()
    tools = tmp_path / "bin"
    tools.mkdir()
    for tool in ("sh", "touch", "mkdir", "cp", "chmod"):
        (tools / tool).symlink_to(shutil.which(tool))

    def python(name: str, *, fits: bool) -> None:
        # Answers the question for its version; makes an environment whose interpreter is itself; writes down all else.
        script = f"""#!/bin/sh
        case "$1 $2" in
          "-c "*) exit {0 if fits else 1};;
          "-m venv") mkdir -p .venv/bin; cp "$0" .venv/bin/python;;
        esac
        echo "{name} $*" >> log
        """
        (tools / name).write_text(script)
        (tools / name).chmod(0o755)

    def make(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [shutil.which("make"), *arguments]
        return subprocess.run(command, cwd=tmp_path, env={"PATH": str(tools)}, capture_output=True, text=True, timeout=60)

    make.python, make.log = python, lambda: (tmp_path / "log").read_text().splitlines()
    make.folder = tmp_path
    return make


@needs_make
def test_an_old_python_gives_one_sentence(machine) -> None:
    machine.python("python3", fits=False)
    done = machine("test")
    assert done.returncode != 0
    (said,) = [line for line in done.stderr.splitlines() if not line.startswith("make")]
    assert said.startswith("gancourse needs Python 3.11 to 3.14, and python3 is not: install one, or name it: make PYTHON=")
    assert not (machine.folder / ".venv").exists()


@needs_make
def test_a_newer_python_is_found(machine) -> None:
    machine.python("python3", fits=False)
    machine.python("python3.12", fits=True)
    done = machine("test")
    assert done.returncode == 0, done.stderr
    assert machine.log() == [
        "python3.12 -m venv --clear .venv",
        "python3.12 -m pip install --constraint constraints.txt --editable .[dev]",
        "python3.12 -m gancourse data build",
        "python3.12 -m ruff check .",
        "python3.12 -m pytest -n 2 --dist loadscope --nbval-lax --nbval-cell-timeout=600",
    ]
    machine("lab")
    assert machine.log()[5:] == ["python3.12 -m gancourse data build", "python3.12 -m gancourse lab"], "installed once"
    os.utime(machine.folder / "pyproject.toml", (2e9, 2e9))
    machine("lab")
    assert "python3.12 -m pip install --constraint constraints.txt --editable .[dev]" in machine.log()[7:]


@needs_make
def test_the_site_is_one_command_and_installs_what_it_needs_once(machine) -> None:
    machine.python("python3", fits=True)
    built = [
        "python3 docs/site/sources.py",
        "python3 -m sphinx -q -W --keep-going -j auto -d docs/_build/doctrees -c docs/site docs/_build/source docs/_build/site",
    ]
    assert machine("site").returncode == 0
    assert machine.log()[-3:] == ["python3 -m pip install --constraint constraints.txt --editable .[dev,site]", *built]
    n = len(machine.log())
    assert machine("site").returncode == 0
    assert machine.log()[n:] == built


@needs_make
@pytest.mark.parametrize(("gpu", "asked"), [(False, False), (True, False), (False, True)])
def test_without_a_gpu_the_small_build_of_pytorch_is_taken(machine, gpu, asked) -> None:
    machine.python("python3", fits=True)
    for tool in ["uname"] + ["nvidia-smi"] * gpu:
        (machine.folder / "bin" / tool).write_text("#!/bin/sh\necho Linux\n")
        (machine.folder / "bin" / tool).chmod(0o755)
    done = machine("data", *["GANCOURSE_CUDA=1"] * asked)
    assert done.returncode == 0, done.stderr
    small = [line for line in machine.log() if "download.pytorch.org/whl/cpu" in line]
    assert len(small) == (not gpu and not asked)
    assert all(line.endswith("torch torchvision") for line in small)
    assert machine.log()[-2].endswith("-m pip install --constraint constraints.txt --editable .[dev]"), "and then the rest"


@needs_make
def test_a_named_python_is_taken_or_refused(machine) -> None:
    machine.python("python3", fits=True)
    machine.python("mine", fits=True)
    machine.python("old", fits=False)
    refused = machine("lab", "PYTHON=old")
    assert refused.returncode != 0 and "and old is not" in refused.stderr
    assert machine("lab", "PYTHON=mine").returncode == 0
    assert machine.log()[0] == "mine -m venv --clear .venv"


@needs_make
@pytest.mark.parametrize("working", [True, False, None], ids=["an environment", "a broken one", "none"])
def test_cleaning_leaves_what_was_trained_or_edited_here(machine, working: bool | None) -> None:
    """The command that knows what takes hours clears the cache; ``make clean`` itself removes no data."""
    machine.python("python3", fits=True)
    (machine.folder / "bin" / "rm").symlink_to(shutil.which("rm"))
    work = [machine.folder / "data" / "cache" / name / "mine" for name in storage.MADE_HERE]
    for path in [*work, machine.folder / "mine" / "02.ipynb", machine.folder / "docs" / "_build" / "site" / "index.html"]:
        path.parent.mkdir(parents=True)
        path.touch()
    if working is not None:
        assert machine("data").returncode == 0
    if working is False:
        (machine.folder / ".venv" / "bin" / "python").write_text("#!/bin/sh\nexit 1\n")
    done = machine("clean")
    assert done.returncode == 0, done.stderr
    assert not (machine.folder / ".venv").exists() and not (machine.folder / "docs" / "_build").exists()
    assert all(path.is_file() for path in work) and (machine.folder / "mine" / "02.ipynb").is_file()
    if working:
        assert machine.log()[-1] == "python3 -m gancourse data clear"


@needs_make
@pytest.mark.parametrize("step", ["-m pip", "-m gancourse", "-m ruff", "-m pytest"])
def test_a_step_that_fails_fails_the_test(machine, step: str) -> None:
    machine.python("python3", fits=True)
    script = machine.folder / "bin" / "python3"
    script.write_text(script.read_text().replace('case "$1 $2" in', f'case "$1 $2" in\n"{step}") exit 1;;'))
    assert machine("test").returncode != 0
