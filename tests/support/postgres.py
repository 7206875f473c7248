"""One PostgreSQL for a test session, shared by all its processes, gone when the last of them is gone.

Whoever needs it first starts a host process. Every user holds a shared lock for life; the host asks for the exclusive
one, which the kernel grants when no user is left, be they finished or killed. So nothing has to be cleaned up.
"""

import asyncio
import fcntl
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from runtime import database, migrations
from runtime.embedded import Binaries, EmbeddedServer
from runtime.roles import RoleNames, derived_password

TEMPLATE = "regulars_test"
ROOT = b"\x07" * 32  # the master key of every test database
BINARIES = "REGULARS_TEST_POSTGRES_BIN"
PATIENCE = 120.0
FAST = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_connections": "300"}


@dataclass(frozen=True, slots=True)
class Postgres:
    """A fresh, migrated database of this process: addresses of the superuser, the owner and the application's role."""

    superuser: str
    owner: str
    app: str
    master_key: bytes = ROOT


def binaries() -> Binaries:
    """Return the programs under test: the wheel's, or those in the folder named by the environment."""
    place = os.environ.get(BINARIES)
    return Binaries.at(Path(place)) if place else Binaries.shipped()


@contextmanager
def shared_server(place: Path) -> Iterator[str]:
    """Yield the superuser's address of the session's server, which lives in the folder `place`."""
    place.mkdir(parents=True, exist_ok=True)
    with (place / "users").open("a") as users, (place / "starting").open("a") as starting:
        fcntl.flock(starting, fcntl.LOCK_EX)
        fcntl.flock(users, fcntl.LOCK_SH)
        if not (place / "address.json").exists():
            _start_host(place)
        fcntl.flock(starting, fcntl.LOCK_UN)
        yield json.loads((place / "address.json").read_text())["superuser"]


async def fresh_database(superuser: str, name: str) -> Postgres:
    """Make the database `name` from the migrated template, dropping one of that name."""
    connection = await database.connect(superuser)
    try:
        await connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{TEMPLATE}" OWNER "{TEMPLATE}_owner"')
    finally:
        await connection.close()
    here = database.in_database(superuser, name)
    names = RoleNames.of(TEMPLATE)
    owner, app = (database.as_user(here, role, derived_password(ROOT, role)) for role in (names.owner, names.app))
    return Postgres(here, owner, app)


def _start_host(place: Path) -> None:
    with (place / "host.log").open("ab") as log:
        started = subprocess.run(
            [sys.executable, "-m", "tests.support.postgres", str(place)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
            cwd=Path(__file__).parents[2],
            timeout=PATIENCE,
            check=False,
        )
    if started.returncode != 0:
        raise RuntimeError(f"no PostgreSQL for the tests: {(place / 'host.log').read_text()[-4000:]}")


async def _make_template(server: EmbeddedServer) -> None:
    await database.bootstrap(server, ROOT, TEMPLATE)
    names = RoleNames.of(TEMPLATE)
    owner = database.as_user(server.superuser_dsn(TEMPLATE), names.owner, derived_password(ROOT, names.owner))
    await migrations.upgrade(owner, names)


def host(place: Path) -> None:
    """Serve until no user of `place` is left."""
    server = EmbeddedServer(place / "server", binaries(), say=print, settings=FAST, sync=False)
    with (place / "users").open("a") as users:
        try:
            server.start()
            asyncio.run(_make_template(server))
            written = place / "address.part"
            written.write_text(json.dumps({"superuser": server.superuser_dsn()}))
            written.rename(place / "address.json")
            fcntl.flock(users, fcntl.LOCK_EX)
            (place / "address.json").unlink()
        finally:
            server.stop()
            shutil.rmtree(place / "server", ignore_errors=True)


def detach(place: Path) -> int:
    """Fork the host; return 0 once it serves, 1 when it could not."""
    child = os.fork()
    if child == 0:
        host(place)
        return 0
    while not (place / "address.json").exists():
        if os.waitpid(child, os.WNOHANG) != (0, 0):
            return 1
        time.sleep(0.05)
    return 0


if __name__ == "__main__":
    sys.exit(detach(Path(sys.argv[1])))
