"""Backups: two files, so that who keeps the data does not keep the keys it lies under."""

import asyncio
import os
import shutil
import subprocess
from pathlib import Path

from persistence.database import driver_arguments
from runtime.database import Target, connect, database_of
from runtime.embedded import Binaries

MAIN, KEYS = "main.dump", "keys.dump"


class BackupFault(Exception):
    """A backup that cannot be made or read; the text is one sentence."""


def dump(goal: Target, directory: Path) -> tuple[Path, Path]:
    """Write both files, readable by this user only; the keys last, so that no person is without theirs.

    Raises:
        BackupFault: a file is there already, the program is missing, or the server refuses.
    """
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    main, keys = directory / MAIN, directory / KEYS
    for path in (main, keys):
        if path.exists():
            raise BackupFault(f"{path} exists; name an empty folder.")
    # row security must be on: off, pg_dump refuses to read tables that are walled against their owner
    common = ["--format=custom", "--enable-row-security"]
    _run(goal, "pg_dump", *common, "--exclude-schema=keystore", f"--file={main}")
    _run(goal, "pg_dump", *common, "--schema=keystore", f"--file={keys}")
    return main, keys


def restore(goal: Target, main: Path, keys: Path) -> None:
    """Read both files into an empty database of the same name, the data first: the keys' policies need its function.

    Raises:
        BackupFault: a file is missing, the program is missing, or the database is not empty.
    """
    for path in (main, keys):
        if not path.is_file():
            raise BackupFault(f"{path} is missing.")
    for path in (main, keys):
        name = f"--dbname={database_of(goal.owner_url)}"
        _run(goal, "pg_restore", "--exit-on-error", "--single-transaction", "--enable-row-security", name, str(path))
    asyncio.run(_adopt(goal))


async def _adopt(goal: Target) -> None:
    """Bring the events' order along before anybody writes: transaction ids of the old server mean nothing here."""
    connection = await connect(goal.owner_url)
    try:
        await connection.execute("SELECT platform.adopt_events()")
    finally:
        await connection.close()


def _run(goal: Target, program: str, *arguments: str) -> None:
    previous = os.umask(0o077)
    try:
        done = subprocess.run(  # noqa: S603 - our own programs and arguments
            [_found(program), *arguments], capture_output=True, text=True, check=False, env=_environment(goal.owner_url)
        )
    except OSError as error:
        raise BackupFault(f"{program} cannot be run: {error.strerror}.") from None
    finally:
        os.umask(previous)
    if done.returncode:
        last = next((line for line in done.stderr.splitlines() if "error" in line.lower()), "no reason given")
        raise BackupFault(f"{program} failed: {last.strip()}")


def _environment(url: str) -> dict[str, str]:
    """Return where to connect, in the environment: arguments of a process are for everybody on the machine to read."""
    arguments = driver_arguments(url)
    names = {"PGHOST": "host", "PGPORT": "port", "PGUSER": "user", "PGPASSWORD": "password", "PGDATABASE": "database"}
    known = {name: str(arguments[part]) for name, part in names.items() if arguments[part] is not None}
    return {**os.environ, **known}


def _found(program: str) -> str:
    """Return the newest program at hand: the embedded server's own, else the one on the path."""
    shipped = Binaries.shipped().directory / program
    found = str(shipped) if shipped.exists() else shutil.which(program)
    if found is None:
        raise BackupFault(f"{program} is not installed; it comes with PostgreSQL's client package.")
    return found
