"""The embedded PostgreSQL: kept data, clear refusals, no orphan, no personal data in its log."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from runtime.embedded import EmbeddedFault, EmbeddedServer, binaries, cluster
from runtime.embedded.watched import Interrupted
from tests.support.postgres import binaries as under_test

OFFICE = Path(__file__).parents[2]
PATIENCE = 60.0


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "shop"


@pytest.fixture
def server(home: Path) -> Iterator[EmbeddedServer]:
    running = EmbeddedServer(home, under_test(), sync=False)
    yield running
    running.stop()


def until(condition: object, what: str) -> None:
    assert callable(condition)
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


async def test_a_second_start_keeps_the_data(server: EmbeddedServer) -> None:
    """What a shop wrote is there after stop and start; only the first start makes the database."""
    assert server.start() is True
    connection = await asyncpg.connect(server.superuser_dsn())
    await connection.execute("CREATE TABLE kept (word text); INSERT INTO kept VALUES ('Ёлка')")
    await connection.close()
    server.stop()

    assert server.start() is False

    connection = await asyncpg.connect(server.superuser_dsn())
    assert await connection.fetchval("SELECT lower(word) FROM kept") == "ёлка"
    await connection.close()


async def test_nothing_listens_on_the_network_and_the_socket_is_private(server: EmbeddedServer) -> None:
    """Only this user reaches the database, and only with a password."""
    server.start()
    connection = await asyncpg.connect(server.superuser_dsn())
    assert await connection.fetchval("SHOW listen_addresses") == ""
    assert await connection.fetchval("SHOW password_encryption") == "scram-sha-256"
    await connection.close()

    assert server.cluster.socket_directory.stat().st_mode & 0o077 == 0
    assert server.cluster.password_file.stat().st_mode & 0o077 == 0
    wrong = server.superuser_dsn().replace(server.cluster.password(), "guess")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(wrong)


async def test_the_log_keeps_neither_rows_nor_parameters(server: EmbeddedServer) -> None:
    """Decision 12: what a failing statement carried may be somebody's phone."""
    server.start()
    connection = await asyncpg.connect(server.superuser_dsn())
    await connection.execute("CREATE TABLE phone (number text PRIMARY KEY CHECK (length(number) < 20))")
    await connection.execute("INSERT INTO phone VALUES ($1)", "+79350001234")
    with pytest.raises(asyncpg.UniqueViolationError):
        await connection.execute("INSERT INTO phone VALUES ($1)", "+79350001234")
    with pytest.raises(asyncpg.CheckViolationError):
        await connection.execute("INSERT INTO phone VALUES ('+79350001234+79350001234')")
    await connection.close()
    server.stop()

    words = server.cluster.log.read_text()
    assert "duplicate key" in words
    assert "+79350001234" not in words


def test_a_deep_data_directory_gets_a_short_socket_path(tmp_path: Path) -> None:
    """A socket's address has 107 bytes; a data directory may have more."""
    deep = tmp_path.joinpath(*["a-rather-long-folder-name"] * 6)
    running = EmbeddedServer(deep, under_test(), sync=False)
    try:
        running.start()
        assert running.pid is not None
        assert len(str(running.cluster.socket_directory)) <= cluster.SOCKET_PATH_LIMIT
    finally:
        running.stop()
        running.cluster.socket_directory.rmdir()


def test_a_second_instance_is_refused_in_one_sentence(server: EmbeddedServer, home: Path) -> None:
    """Two supervisors on one data directory would fight over the server."""
    server.start()
    with pytest.raises(EmbeddedFault, match="already running") as refused:
        EmbeddedServer(home, under_test()).start()

    assert "\n" not in str(refused.value)
    assert server.poll() is None


def test_another_major_version_is_refused_in_one_sentence(server: EmbeddedServer) -> None:
    """A data directory of another major version is left alone."""
    server.start()
    server.stop()
    (server.cluster.data / "PG_VERSION").write_text("14\n")

    with pytest.raises(EmbeddedFault, match="made by PostgreSQL 14") as refused:
        server.start()

    assert "\n" not in str(refused.value)


def test_a_full_disk_is_told_before_anything_is_made(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No half-made database on a disk without room."""
    monkeypatch.setattr(cluster, "ROOM_TO_START", 1 << 62)
    with pytest.raises(EmbeddedFault, match="no room left"):
        EmbeddedServer(home, under_test()).start()

    assert not (home / "postgres").exists()


def test_a_data_directory_that_is_a_file_is_told(tmp_path: Path) -> None:
    """A wrong setting is a sentence, not a trace."""
    (tmp_path / "file").write_text("")
    with pytest.raises(EmbeddedFault, match="cannot be used"):
        EmbeddedServer(tmp_path / "file", under_test()).start()


def test_a_half_made_database_is_made_anew(server: EmbeddedServer, home: Path) -> None:
    """Killed during the first start: the next one begins again."""
    (home / "postgres.new").mkdir(parents=True)
    (home / "postgres.new" / "PG_VERSION").write_text("18\n")

    assert server.start() is True


def test_a_stale_pid_file_does_not_stop_a_start(server: EmbeddedServer) -> None:
    """After a power cut the old process number may belong to anybody."""
    server.start()
    server.stop()
    (server.cluster.data / "postmaster.pid").write_text(f"{os.getpid()}\n{server.cluster.data}\n0\n5432\n")

    server.start()

    assert server.pid is not None


def test_a_killed_server_is_noticed_and_starts_again(server: EmbeddedServer) -> None:
    """R1: kill -9 of PostgreSQL is a restart, not an outage."""
    server.start()
    first = server.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    until(lambda: server.poll() is not None, "the end of PostgreSQL")

    server.start_again()

    assert server.pid not in (None, first)


def test_a_server_that_cannot_start_says_why(server: EmbeddedServer) -> None:
    """A broken configuration ends in a sentence with the server's own reason, after no more than a few tries."""
    server.start()
    server.stop()
    (server.cluster.data / "postgresql.auto.conf").write_text("max_connections = 'many'\n")

    with pytest.raises(EmbeddedFault, match="ended while starting"):
        server.start()

    assert server.pid is None


def test_a_start_can_be_given_up(home: Path) -> None:
    """Ctrl-C during a long recovery is obeyed, and nothing stays behind."""
    server = EmbeddedServer(home, under_test(), sync=False, stopping=lambda: True)
    with pytest.raises(Interrupted):
        server.start()

    assert server.pid is None
    assert server.cluster.running_server() is None


def test_postgresql_dies_with_its_supervisor(home: Path) -> None:
    """Even kill -9 of the supervisor leaves no orphan, and the next start waits for the dying server."""
    place = under_test().directory
    program = (
        "import sys, time; from pathlib import Path; from runtime.embedded import Binaries, EmbeddedServer;"
        "server = EmbeddedServer(Path(sys.argv[1]), Binaries.at(Path(sys.argv[2])), sync=False);"
        "server.start(); print(server.pid, flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program, str(home), str(place)], stdout=subprocess.PIPE, text=True, cwd=OFFICE
    ) as supervisor:
        assert supervisor.stdout is not None
        number = int(supervisor.stdout.readline())
        supervisor.kill()

    successor = EmbeddedServer(home, under_test(), sync=False)
    try:
        successor.start()
        assert successor.pid not in (None, number)
        until(lambda: not Path(f"/proc/{number}").exists(), "the end of the orphan")
    finally:
        successor.stop()


def test_root_stays_outside_and_no_mode_changes(server: EmbeddedServer, home: Path) -> None:
    """Decision 10: PostgreSQL refuses root; started by root, it sees itself as nobody and files keep owner and mode."""
    home.mkdir(mode=0o700)
    before = (home.stat().st_mode, home.stat().st_uid)
    server.start()

    assert (home.stat().st_mode, home.stat().st_uid) == before
    assert server.cluster.data.stat().st_uid == os.geteuid()
    if os.geteuid() == 0:
        assert server.pid is not None
        assert Path(f"/proc/{server.pid}/uid_map").read_text().split() == ["65534", "0", "1"]


@pytest.fixture
def no_namespaces(monkeypatch: pytest.MonkeyPatch) -> None:
    able = binaries._can_run
    monkeypatch.setattr(
        binaries, "_can_run", lambda identity, found: identity.word != "namespace" and able(identity, found)
    )


@pytest.mark.usefixtures("no_namespaces")
def test_root_without_namespaces_runs_the_server_as_nobody() -> None:
    """Where containers forbid namespaces, root starts the server as nobody; an ordinary user needs neither."""
    if not _others_may_pass(under_test().directory):
        return  # programs in a closed folder: the next test's case
    with tempfile.TemporaryDirectory(prefix="regulars-", dir="/tmp") as place:
        Path(place).chmod(0o755)
        server = EmbeddedServer(Path(place) / "shop", under_test(), sync=False)
        try:
            server.start()
            assert Path(f"/proc/{server.pid}").stat().st_uid == (os.geteuid() or 65534)
        finally:
            server.stop()


@pytest.mark.usefixtures("no_namespaces")
def test_root_without_any_road_is_told_in_one_sentence(server: EmbeddedServer, home: Path) -> None:
    """Closed folders above the data and no namespaces: root cannot start a server, and learns what to do instead."""
    home.parent.chmod(0o700)
    if os.geteuid() != 0:
        server.start()
        return
    with pytest.raises(EmbeddedFault, match="will not run as root"):
        server.start()


def _others_may_pass(place: Path) -> bool:
    return all(folder.stat().st_mode & 0o001 for folder in [place, *place.resolve().parents])
