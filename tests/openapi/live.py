"""The API as a process of its own, on the database of this test process."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from runtime.adapters.key_provider import encode_root_key
from tests.openapi.shop import SHOP
from tests.support.edge import OPERATOR_KEY
from tests.support.postgres import Postgres
from tests.support.processes import ROOT, free_port

PATIENCE = 60.0


@dataclass(frozen=True, slots=True)
class Live:
    """A running API: where it is, and the operator's key."""

    url: str
    operator_key: str

    def open_shop(self) -> str:
        """Open a shop and return its owner's key."""
        headers = {"Authorization": f"Bearer {self.operator_key}"}
        answer = httpx.post(f"{self.url}/v1/tenants", json=SHOP, headers=headers, timeout=30)
        assert answer.is_success, answer.text
        return str(answer.json()["api_key"])


@contextmanager
def live(postgres: Postgres, log: Path, **settings: str) -> Iterator[Live]:
    """Serve with `settings` until the block ends; what the process says goes to `log`."""
    port = free_port()
    environment = {name: value for name, value in os.environ.items() if not name.startswith("REGULARS_")} | {
        "REGULARS_DATABASE_URL": postgres.app,
        "REGULARS_MASTER_KEY": encode_root_key(postgres.master_key),
        "REGULARS_OPERATOR_KEY": OPERATOR_KEY,
        "REGULARS_PORT": str(port),
        "REGULARS_WORKERS": "1",
        "REGULARS_LOG_FORMAT": "json",
        **{f"REGULARS_{name.upper()}": value for name, value in settings.items()},
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "runtime.web"], cwd=ROOT, env=environment, stdout=output, stderr=output
        )
        try:
            _wait(process, port, log)
            yield Live(f"http://127.0.0.1:{port}", OPERATOR_KEY)
        finally:
            process.terminate()
            process.wait(30)


def _wait(process: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            if httpx.get(f"http://127.0.0.1:{port}/health/ready", timeout=5).is_success:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise AssertionError(log.read_text())
