"""The two ways to install agree, and nothing of anybody's machine is in the repository."""

import re
import shutil
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
CONDA = (ROOT / "environment.yml").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EVERYTHING = [
    *PROJECT["dependencies"],
    *(line for extra in PROJECT["optional-dependencies"].values() for line in extra),
]
# A folder of somebody's: the machine where something was written or built.
MACHINE = re.compile(rb"(?<![\w./<~-])/(?:home|root|work|Users)/[\w.-]+|[A-Z]:\\+Users\\+\w+")
AUDIO = (b"RIFF", b"FORM", b"fLaC", b"OggS", b".snd", b"ID3", b"\xff\xfb", b"\xff\xf3")


def pinned():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


def pip_list():
    *_, pip = yaml.safe_load(CONDA)["dependencies"]
    return pip["pip"]


def test_conda_and_pip_install_the_same():
    wanted = [line for line in pip_list() if not line.startswith("--")]
    assert wanted == PROJECT["dependencies"]
    options = [line for line in pip_list() if line.startswith("--")]
    assert options == ["--constraint constraints.txt", "--editable ."]
    assert f"python{PROJECT['requires-python']}" in yaml.safe_load(CONDA)["dependencies"]


def test_every_dependency_has_its_reason():
    lines = CONDA.split("- pip:\n")[1].splitlines()
    assert len(lines) == len(pip_list())
    for line in lines:
        requirement, _, reason = line.partition(" # ")
        assert len(reason.split()) >= 1, f"say why {requirement.strip()} is needed"


def test_every_version_has_both_bounds():
    for line in [*EVERYTHING, f"python{PROJECT['requires-python']}"]:
        operators = {bound.operator for bound in Requirement(line).specifier}
        assert operators & {"<", "<=", "=="}, line
        assert operators & {">", ">=", "=="}, line


def test_the_constraints_satisfy_the_bounds():
    versions = {}
    for requirement in pinned():
        [pin] = requirement.specifier
        assert pin.operator == "=="
        versions.setdefault(requirement.name, []).append(pin.version)
    for line in EVERYTHING:
        wanted = Requirement(line)
        assert versions.get(wanted.name), f"{wanted.name} is not in constraints.txt: make lock"
        for version in versions[wanted.name]:
            assert wanted.specifier.contains(version), f"{wanted} and {version}: make lock"


def test_the_constraints_name_no_address():
    text = (ROOT / "constraints.txt").read_text(encoding="utf-8")
    assert not re.search(r"https?:|://|--\w*index|--find-links|@", text)


def test_continuous_integration_runs_the_tests():
    script = ROOT / ".ci" / "run"
    assert script.stat().st_mode & 0o111
    assert re.search("^make test", script.read_text(encoding="utf-8"), re.M)
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    test = makefile.split("\ntest: $(READY)\n")[1].split("\n\n")[0]
    for tool in ("ruff check", "ruff format --check", "pytest tests notebooks"):
        assert tool in test


@pytest.fixture(scope="module")
def committed():
    """Path and content of every file in the repository."""
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("skipped, because this is no git checkout")
    names = subprocess.run(
        ["git", "-C", ROOT, "ls-files", "-z"], capture_output=True, check=True, text=True
    ).stdout.split("\0")
    paths = [ROOT / name for name in names if name]
    return {path.relative_to(ROOT).as_posix(): path.read_bytes() for path in paths if path.exists()}


def test_no_file_names_a_folder_of_the_machine_that_made_it(committed):
    found = {name: MACHINE.findall(content) for name, content in committed.items()}
    assert not {name: places for name, places in found.items() if places}


@pytest.mark.parametrize("folder", [b"home/ann/x.py", b"work/main", b"Users/ann", b"root/x"])
def test_such_a_folder_would_be_found(folder):
    assert MACHINE.search(b'in "/' + folder)
    assert MACHINE.search(b"C:" + rb"\Users\ann")


@pytest.mark.parametrize(
    "text", [b"https://example.org/home/page", b"notebooks/work/x", b"~/work/x", b"</root/>"]
)
def test_other_text_is_left_alone(text):
    assert not MACHINE.search(text)


def test_no_file_is_audio(committed):
    assert committed
    for name, content in committed.items():
        assert not content.startswith(AUDIO), name
        assert content[4:8] != b"ftyp", name
        suffix = name.rpartition(".")[2].lower()
        assert suffix not in {"wav", "mp3", "flac", "ogg", "au", "aiff", "aif", "m4a"}, name


def test_every_folder_of_helpers_is_a_package():
    """What has no __init__.py is left out of an installation."""
    folders = {path.parent for path in (ROOT / "helpers").rglob("*.py")}
    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []
