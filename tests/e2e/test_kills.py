"""kill -9 of everything, at random moments, while tills sell: nothing acknowledged is lost, nothing counts twice."""

import contextlib
import os
import random
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import Installation, free_port, until
from tests.support.reliability import Api, reconcile, replays, rush

KILLS = int(os.environ.get("REGULARS_KILLS", "20"))
SEED = int(os.environ.get("REGULARS_SEED") or time.time_ns() % 1_000_000)
TILLS = 4
OPERATOR = "operator-key-of-the-kill-tests-0123456789"
SHOP = {"name": "Лавка", "country": "RU", "currency": "RUB", "time_zone": "Europe/Moscow", "locale": "ru"}
WEB, ANY_WEB, WORKER, POSTGRES = r"create_app(?! worker)", r"create_app worker", r"runtime\.worker", r"bin/postgres -D"
VICTIMS = {"a web process": 6, "the API": 2, "the worker": 3, "PostgreSQL": 4, "a database connection": 3}
"""What is killed, and how often in comparison; the supervisor is more and more patient with the API itself."""


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    """The real processes, with fsync, as the README starts them."""
    made = Installation(tmp_path / "data", free_port(), {"REGULARS_OPERATOR_KEY": OPERATOR})
    yield made
    made.sweep()


def test_kill_9_of_anything_loses_no_acknowledged_receipt_and_counts_none_twice(installation: Installation) -> None:
    """R1, R4: web, worker and PostgreSQL die under load; history, figures, points, proof and events stay true."""
    sys.stdout.write(f"REGULARS_SEED={SEED} REGULARS_KILLS={KILLS}\n")
    installation.start().wait_ready()
    with Api(installation.port, OPERATOR) as operator:
        shop = operator.post("/v1/tenants", SHOP)

    def kill(moments: random.Random) -> str:
        name = moments.choices(list(VICTIMS), list(VICTIMS.values()))[0]
        strike(installation, name, moments)
        return name

    truth, killed = rush(
        installation.port, shop["api_key"], seed=SEED, tills=TILLS, kills=KILLS, kill=kill,
        recovered=installation.answers,
    )  # fmt: skip

    kinds, retries = dict(Counter(killed)), dict(truth.retries)
    sys.stdout.write(f"{len(truth.taken)} documents acknowledged; killed {kinds}; sent again after {retries}\n")
    assert len(killed) == KILLS
    with Api(installation.port, shop["api_key"]) as api:
        reconcile(api, truth)
        replays(api, truth, seed=SEED)
        reconcile(api, truth)
    assert installation.stop() in {0, 130}
    assert installation.pids("") == []


def strike(installation: Installation, name: str, moments: random.Random) -> None:
    """Kill one process of the kind, as soon as there is one."""
    while True:
        until(lambda: bool(victims(installation, name)), f"{name} to kill")
        for victim in moments.sample(found := victims(installation, name), len(found)):
            with contextlib.suppress(ProcessLookupError):
                os.kill(victim, signal.SIGKILL)
                return


def victims(installation: Installation, name: str) -> list[int]:
    """Return the processes of the kind."""
    if name != "a database connection":
        patterns = {"a web process": ANY_WEB, "the API": WEB, "the worker": WORKER, "PostgreSQL": POSTGRES}
        return installation.pids(patterns[name])
    servers = {f"{number}" for number in installation.pids(POSTGRES)}
    return [number for number, parent in parents() if parent in servers and serves(number)]


def parents() -> Iterator[tuple[int, str]]:
    """Yield every process with its parent."""
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            yield int(stat.parent.name), stat.read_text().rpartition(")")[2].split()[1]


def serves(number: int) -> bool:
    """Tell whether a process of PostgreSQL works for a client."""
    with contextlib.suppress(OSError):
        return Path(f"/proc/{number}/cmdline").read_bytes().startswith(b"postgres: regulars")
    return False
