"""The measurements run: each starts what it needs, prints its figure and leaves nothing behind."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import ROOT

QUICK = ["--rounds", "1", "--seconds", "1"]
SMALL = {
    "p1": [*QUICK, "--shops", "2", "--customers", "32", "--remembered"],
    "p3": [*QUICK, "--customers", "500"],
}


@pytest.fixture
def place() -> Iterator[Path]:
    """A short folder: a socket's path below it has some hundred bytes at most."""
    with tempfile.TemporaryDirectory(prefix="rb") as folder:
        yield Path(folder)


@pytest.mark.parametrize("figure", SMALL)
def test_a_measurement_prints_its_figure_and_leaves_nothing(figure: str, place: Path) -> None:
    """Issue 2, part 12: one command each; the figures themselves are judged by people, never by a test."""
    done = subprocess.run(
        [sys.executable, "-m", f"bench.{figure}", *SMALL[figure]],
        cwd=ROOT, env={**os.environ, "TMPDIR": str(place)}, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr[-3000:]
    assert f"P-{figure[1:]}: " in done.stdout
    assert "ratio " in done.stdout
    assert list(place.iterdir()) == []
    assert [one for one in Path("/proc").glob("[0-9]*/cmdline") if str(place).encode() in _read(one)] == []


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
