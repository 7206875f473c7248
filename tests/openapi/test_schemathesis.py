"""Schemathesis, with credentials, against a running process: no answer outside the contract."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from api.docs import DOCUMENT
from tests.openapi.live import Live, live
from tests.support.postgres import Postgres

EXAMPLES = os.environ.get("REGULARS_SCHEMATHESIS_EXAMPLES", "10")
CONFIG = DOCUMENT.with_name("schemathesis.toml")


@pytest.fixture(scope="module")
def running(postgres: Postgres, tmp_path_factory: pytest.TempPathFactory) -> Live:
    folder = tmp_path_factory.mktemp("live")
    with live(postgres, folder / "web.log") as found:
        yield found


@pytest.mark.parametrize("phases", ["examples,coverage", "fuzzing", "stateful"])
def test_a_shop_gets_no_answer_outside_the_contract(running: Live, phases: str, tmp_path: Path) -> None:
    """Stateless and stateful, as the owner of a shop; the key must outlive the run, so nothing here ends keys."""
    filters = ["--exclude-path-regex", "^/v1/tenants|/(revoke|rotate)$"]
    told = run(running, running.open_shop(), phases, tmp_path, *filters)

    assert "Authentication failed" not in told


def test_ending_keys_gives_no_answer_outside_the_contract(running: Live, tmp_path: Path) -> None:
    """A run of its own: it may well end the very key it uses."""
    run(running, running.open_shop(), "coverage,fuzzing", tmp_path, "--include-path-regex", "/(revoke|rotate)$")


def test_an_operator_gets_no_answer_outside_the_contract(running: Live, tmp_path: Path) -> None:
    """The platform's own operations."""
    phases = "examples,coverage,fuzzing,stateful"
    run(running, running.operator_key, phases, tmp_path, "--include-path-regex", "^/v1/tenants")


def run(found: Live, key: str, phases: str, folder: Path, *filters: str) -> str:
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(CONFIG), "run", str(DOCUMENT)),
            *("--url", found.url, "--header", f"Authorization: Bearer {key}", "--phases", phases),
            *("--max-examples", EXAMPLES, "--seed", "20261121", "--continue-on-failure", "--no-color", *filters),
        ],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=900,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-20000:] + done.stderr[-4000:]
    return done.stdout
