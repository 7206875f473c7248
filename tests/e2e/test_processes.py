"""`python3 dev.py run`: start, stop, second start, signals, crashes, refusals."""

import asyncio
import os
import shlex
import signal
import socket
import uuid
from collections.abc import Iterator, Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pytest

from runtime.database import in_database
from tests.support.postgres import Postgres
from tests.support.processes import Installation, free_port, until

WEB, WORKER, POSTGRES = r"^granian|runtime\.web", r"runtime\.worker", r"bin/postgres -D"


@pytest.fixture
def installation(tmp_path: Path) -> Iterator[Installation]:
    made = Installation(tmp_path / "data", free_port())
    yield made
    made.sweep()


def test_a_day_of_an_installation(installation: Installation) -> None:
    """First start, a signal to that one process, second start with all data: nothing lost, nothing left behind."""
    installation.start().wait_ready()
    assert installation.answers()
    first = installation.words
    assert "making the database" in first
    assert first.count("rgl_op_") == 1
    assert f"http://127.0.0.1:{installation.port}/docs" in first
    for path in ("master.key", "postgres.password"):
        assert (installation.data_dir / path).stat().st_mode & 0o077 == 0

    assert installation.stop(signal.SIGINT) in {0, 130}
    assert installation.pids("") == []

    installation.start().wait_ready()
    second = installation.words
    assert "making the database" not in second
    assert "rgl_op_" not in second

    assert installation.stop(signal.SIGTERM) in {0, 130}
    assert installation.pids("") == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_first_start_can_be_stopped_and_done_again(installation: Installation, number: signal.Signals) -> None:
    """A signal while the database is being made is obeyed, leaves no process, and spoils nothing."""
    installation.start()
    until(lambda: "making the database" in installation.words, "the first start")

    assert installation.stop(number) in {0, 130}
    assert installation.pids("") == []
    assert "Traceback" not in installation.words

    installation.start().wait_ready()
    installation.stop()


def test_the_first_start_prints_a_demo_shop_and_keeps_its_key(tmp_path: Path) -> None:
    """Decision 23: the demo shop's key is kept and printed at each start, with three commands that work when pasted."""
    installation = Installation(tmp_path / "data", free_port(), {"REGULARS_DEMO": "true"})
    try:
        installation.start().wait_ready()
        key = (installation.data_dir / "demo-key").read_text().strip()
        assert key in installation.words
        found, posted, timeline = [perform(command) for command in curls(installation.words)]
        assert found["match"] in {"exact_unverified", "created"}
        assert posted["status"] == "recorded"
        assert posted["customer_id"] == found["customer"]["id"]
        assert posted["loyalty"]["balance"]["active"] >= posted["loyalty"]["earned"] > 0
        assert posted["id"] in [item["id"] for item in timeline["items"]]
        assert (installation.data_dir / "demo-key").stat().st_mode & 0o077 == 0
        installation.stop()

        installation.start().wait_ready()
        assert key in installation.words
        installation.stop()
    finally:
        installation.sweep()


def curls(words: str) -> list[str]:
    """Return the commands as they stand in the output."""
    return ["curl -s " + rest.split("\n\n", 1)[0] for rest in words.split("curl -s ")[1:]]


def perform(command: str) -> Any:
    """Do what a shell and curl would do with `command`; curl itself may not be installed."""
    (_, _, address, *options) = shlex.split(command)
    headers = dict(line.split(": ", 1) for flag, line in pairwise(options) if flag == "-H")
    body = next((text.encode() for flag, text in pairwise(options) if flag == "-d"), None)
    answer = httpx.request("GET" if body is None else "POST", address, headers=headers, content=body, timeout=60)
    return answer.raise_for_status().json()


def test_what_is_killed_comes_back(installation: Installation) -> None:
    """kill -9 of the API, of the worker and of PostgreSQL: each is noticed and started again."""
    installation.start().wait_ready()
    for what in (WORKER, POSTGRES, WEB):
        before = installation.pids(what)
        os.kill(before[0], signal.SIGKILL)
        until(partial(_has_successor, installation, what, before), f"a successor of {what}")
        until(installation.answers, f"the API after {what} was killed")

    assert installation.stop() in {0, 130}
    assert installation.pids("") == []


async def test_a_server_of_ones_own_replaces_the_embedded_one(tmp_path: Path, postgres: Postgres) -> None:
    """REGULARS_DATABASE_URL: roles are made, the application's one serves, no server of ours is started."""
    connection = await asyncpg.connect(postgres.superuser)
    name = f"own_{uuid.uuid4().hex[:12]}"
    await connection.execute(f'CREATE DATABASE "{name}"')
    url = in_database(postgres.superuser, name) + "&sslmode=disable"
    installation = Installation(tmp_path / "data", free_port(), {"REGULARS_DATABASE_URL": url})
    try:
        await asyncio.to_thread(lambda: installation.start().wait_ready())
        served = await connection.fetch("SELECT DISTINCT usename FROM pg_stat_activity WHERE datname = $1", name)
        assert {row["usename"] for row in served} == {f"{name}_app"}
        assert installation.pids(POSTGRES) == []
        assert not (installation.data_dir / "postgres").exists()
        assert installation.stop() in {0, 130}
    finally:
        installation.sweep()
        await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
        await connection.close()


def test_a_killed_supervisor_leaves_no_orphan(installation: Installation) -> None:
    """kill -9 of the supervisor itself: API, worker and PostgreSQL end with it, and the next start finds all data."""
    installation.start().wait_ready()
    assert installation.process is not None
    installation.process.kill()
    installation.wait_ended()
    until(lambda: installation.pids("") == [], "the end of all children")

    installation.start().wait_ready()

    assert "making the database" not in installation.words
    installation.stop()


def test_a_port_in_use_is_one_sentence(installation: Installation) -> None:
    """Nothing is made and nothing is started when nobody could reach it."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", installation.port))
        other.listen()
        installation.start()
        assert installation.wait_ended() == 1

    assert len(installation.words.strip().splitlines()) == 1
    assert f"127.0.0.1:{installation.port}" in installation.words
    assert not (installation.data_dir / "postgres").exists()


def test_a_second_instance_is_one_sentence(installation: Installation) -> None:
    """The first one goes on undisturbed."""
    installation.start().wait_ready()
    second = Installation(installation.data_dir, free_port())
    second.output = installation.output.with_suffix(".second")
    second.start()

    assert second.wait_ended() == 1
    assert "already running" in second.words
    assert len(second.words.strip().splitlines()) == 1
    assert installation.answers()
    installation.stop()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REGULARS_PORT", "seventy"),
        ("REGULARS_MASTER_KEY", "too-short"),
        ("REGULARS_OPERATOR_KEY", "short"),
        ("REGULARS_DATABASE_URL", "mysql://nobody@nowhere/none"),
        ("REGULARS_DATABASE_URL", "postgresql://nobody:secret@127.0.0.1:1/none"),
        ("REGULARS_DATA_DIR", "/proc/nothing"),
        ("REGULARS_HOST", "203.0.113.1"),
    ],
)
def test_a_setting_that_cannot_be_used_is_one_sentence(tmp_path: Path, name: str, value: str) -> None:
    """The sentence names what is wrong and never repeats a secret."""
    installation = Installation(tmp_path / "data", free_port(), {name: value})
    installation.start()

    assert installation.wait_ended() == 1
    (sentence,) = installation.words.strip().splitlines()
    assert sentence.startswith("regulars: ")
    assert "secret" not in sentence
    assert "Traceback" not in sentence


def _has_successor(installation: Installation, what: str, before: Sequence[int]) -> bool:
    return not set(installation.pids(what)) <= set(before)
