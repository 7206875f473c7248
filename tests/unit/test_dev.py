"""The bootstrap: what it does when there is nothing, and what it leaves alone."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import dev

ROOT = Path(dev.__file__).parent


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of what the bootstrap reads, and no virtual environment."""
    for name in ("requirements.lock", "requirements-dev.lock", "pyproject.toml"):
        (tmp_path / name).write_bytes((ROOT / name).read_bytes())
    monkeypatch.setattr(dev, "ROOT", tmp_path)
    monkeypatch.setattr(dev, "VENV", tmp_path / ".venv")
    monkeypatch.setattr(dev, "TOOLS", tmp_path / ".tools")
    monkeypatch.setattr(dev, "STAMP", tmp_path / ".venv" / "stamp.json")
    monkeypatch.setattr(dev, "PYTHON", tmp_path / ".venv" / "bin" / "python")
    monkeypatch.setattr(
        dev, "LOCKS", {"run": tmp_path / "requirements.lock", "test": tmp_path / "requirements-dev.lock"}
    )
    return tmp_path


@pytest.fixture
def installed(place: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The levels that were installed, in order; installing itself makes an empty environment."""
    levels: list[str] = []

    def install(level: str) -> None:
        (place / ".venv" / "bin").mkdir(parents=True, exist_ok=True)
        (place / ".venv" / "bin" / "python").touch()
        levels.append(level)

    monkeypatch.setattr(dev, "install", install)
    return levels


def test_what_is_up_to_date_is_skipped(installed: list[str]) -> None:
    """A second start installs nothing."""
    dev.ensure("run")
    dev.ensure("run")

    assert installed == ["run"]


def test_run_takes_no_test_tools_away(installed: list[str], place: Path) -> None:
    """`run` after `test` leaves everything, and after a change of the locks keeps the tests' tools too."""
    dev.ensure("test")
    dev.ensure("run")
    assert installed == ["test"]

    (place / "requirements.lock").write_text("changed")
    dev.ensure("run")
    assert installed == ["test", "test"]


def test_a_change_of_the_checks_settings_installs_nothing(installed: list[str], place: Path) -> None:
    """Only what an installation is made of counts."""
    dev.ensure("run")
    project = place / "pyproject.toml"
    project.write_text(project.read_text().replace("line-length = 120", "line-length = 100"))
    dev.ensure("run")

    assert installed == ["run"]


def test_a_broken_stamp_is_no_stamp(installed: list[str], place: Path) -> None:
    """Killed while writing: the next command installs again."""
    dev.ensure("run")
    (place / ".venv" / "stamp.json").write_text('{"level": "ru')
    dev.ensure("run")

    assert installed == ["run", "run"]


def _broken(*missing: str) -> Callable[[list[object]], bool]:
    return lambda command: not any(Path(str(word)).name in missing for word in command)


@pytest.mark.usefixtures("place")
def test_a_python_without_pip_is_one_sentence_that_names_the_package(monkeypatch: pytest.MonkeyPatch) -> None:
    """Debian's python3 has neither pip nor the venv module."""
    monkeypatch.setattr(dev, "works", _broken("pip", "ensurepip", "uv"))
    monkeypatch.setattr(dev.shutil, "which", lambda _: None)
    (dev.VENV / "bin").mkdir(parents=True)

    with pytest.raises(dev.Trouble, match="python3-pip") as told:
        dev.ensure("run")

    assert "\n" not in str(told.value)


def test_uv_is_told_the_registry_that_pip_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behind a mirror only pip is configured; uv reads none of that."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", "/nonexistent")
    monkeypatch.setattr(dev, "pip_settings", lambda: {"index-url": "mirror", "cert": "/ca.pem"})

    environment = dev.uv_environment()

    assert environment["UV_DEFAULT_INDEX"] == "mirror"
    assert environment["SSL_CERT_FILE"] == os.environ.get("SSL_CERT_FILE", "/ca.pem")
    assert environment["UV_PYTHON_DOWNLOADS"] == "never"


@pytest.mark.parametrize(("arguments", "status"), [([], 2), (["fly"], 2), (["--help"], 0)])
def test_whoever_asks_for_nothing_learns_the_commands(arguments: list[str], status: int) -> None:
    """The commands of the README, in words."""
    done = subprocess.run([sys.executable, ROOT / "dev.py", *arguments], capture_output=True, text=True, check=False)

    assert done.returncode == status
    assert "dev.py run" in done.stdout
    assert "dev.py test" in done.stdout


def test_the_stamp_names_the_locks(place: Path) -> None:
    """A changed lock file is noticed by its content."""
    before = json.dumps(dev.wanted("run"))
    (place / "requirements.lock").write_text("other")

    assert json.dumps(dev.wanted("run")) != before
