"""What `regulars doctor` looks at; each check is one question with one answer."""

import shutil
import sys
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path

import asyncpg

from runtime import database
from runtime.adapters.key_provider import RootKeyProblem
from runtime.database import DatabaseFault
from runtime.installation import confirm_master_key
from runtime.roles import APP_SETTINGS, RoleFault, refuse_old_server, refuse_unsafe_service
from runtime.settings import Settings

HOUSE = ("api", "domain", "integrations", "plugins", "tenancy", "compliance", "persistence", "runtime")
OUTSIDE_THE_WALL = ("platform.tenant", "platform.operator_key", "platform.turn", "public.alembic_version")
ALSO_OUTSIDE = ("keystore.root_check",)  # one row, a proof of the root key, nobody's
LEAST_FREE_SHARE = 0.10
CLOCK_TOLERANCE_SECONDS = 5.0
LAG_TOLERANCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Finding:
    """The answer to one question; `detail` is for the operator and holds nothing personal or secret."""

    name: str
    ok: bool
    detail: str


Check = Callable[[asyncpg.Connection], Awaitable[str]]


class Wrong(Exception):
    """The answer to a check is no; the text says what was found."""


async def examine(settings: Settings) -> Sequence[Finding]:
    """Ask every question that can be asked; what cannot be asked counts as wrong."""
    findings = [_house(), _room(settings)]
    try:
        root = database.master_key(settings)
        url = await database.serving_url(database.target(settings, root), root)
    except (DatabaseFault, RoleFault, RootKeyProblem) as fault:
        return [*findings, Finding("database", False, str(fault))]
    findings.append(await _keys(settings, url))
    connection = await database.connect(url)
    try:
        for name, check in CHECKS.items():
            findings.append(await _ask(name, check, connection))
    finally:
        await connection.close()
    return findings


async def _ask(name: str, check: Check, connection: asyncpg.Connection) -> Finding:
    try:
        return Finding(name, True, await check(connection))
    except (Wrong, RoleFault) as no:
        return Finding(name, False, str(no))
    except asyncpg.PostgresError as error:
        return Finding(name, False, f"cannot be asked: {error.args[0]}")


def _house() -> Finding:
    """A foreign package of the same name would stand in the place of ours."""
    home = Path(__file__).parents[1]
    strangers = [name for name in HOUSE if Path(str(import_module(name).__file__)).parents[1] != home]
    words = f"not ours: {', '.join(strangers)}" if strangers else f"Python {sys.version.split()[0]}, code in {home}"
    return Finding("program", not strangers, words)


def _room(settings: Settings) -> Finding:
    place = settings.data_dir if settings.data_dir.exists() else settings.data_dir.absolute().parent
    usage = shutil.disk_usage(place)
    share = usage.free / usage.total
    words = f"{usage.free / 2**30:.1f} GiB ({share:.0%}) free on the disk of {place}"
    return Finding("free space", share >= LEAST_FREE_SHARE, words)


async def _keys(settings: Settings, url: str) -> Finding:
    try:
        await confirm_master_key(settings, url)
    except (RootKeyProblem, DatabaseFault) as problem:
        return Finding("master key", False, str(problem))
    where = "REGULARS_MASTER_KEY" if settings.master_key is not None else str(settings.master_key_file)
    return Finding("master key", True, f"opens this database's key store ({where})")


async def _version(connection: asyncpg.Connection) -> str:
    return f"PostgreSQL {await refuse_old_server(connection)}"


async def _schema(connection: asyncpg.Connection) -> str:
    found, newest = await database.current_revision(connection), database.newest_revision()
    if found != newest:
        raise Wrong(f"the database is at revision {found or 'none'}, the code at {newest}: run regulars migrate")
    return f"revision {newest}"


async def _role(connection: asyncpg.Connection) -> str:
    await refuse_unsafe_service(connection)
    return f"serves as '{await connection.fetchval('SELECT current_user')}', neither owner nor superuser"


async def _limits(connection: asyncpg.Connection) -> str:
    found = {name: await connection.fetchval("SELECT current_setting($1)", name) for name in APP_SETTINGS}
    lacking = [f"{name} = {value}" for name, value in APP_SETTINGS.items() if found[name] != value]
    if lacking:
        raise Wrong(f"ALTER ROLE … SET is missing for: {', '.join(lacking)}; let the role's maker run regulars migrate")
    return ", ".join(f"{name} {value}" for name, value in found.items())


async def _wall(connection: asyncpg.Connection) -> str:
    rows = await connection.fetch(
        "SELECT n.nspname || '.' || c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS walled"
        " FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'p') AND n.nspname IN ('public', 'platform', 'keystore')"
    )
    known = {*OUTSIDE_THE_WALL, *ALSO_OUTSIDE}
    open_tables = sorted(row["name"] for row in rows if not row["walled"] and row["name"] not in known)
    if open_tables:
        raise Wrong(f"row-level security is not forced on {', '.join(open_tables)}")
    return f"row-level security is forced on {sum(row['walled'] for row in rows)} tables"


async def _grants(connection: asyncpg.Connection) -> str:
    too_much = await connection.fetch(
        "SELECT n.nspname || '.' || c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
        " WHERE c.relkind IN ('r', 'p') AND n.nspname IN ('public', 'platform', 'keystore')"
        " AND (has_table_privilege(c.oid, 'TRUNCATE') OR has_table_privilege(c.oid, 'TRIGGER')"
        "      OR (c.relispartition AND has_table_privilege(c.oid, 'SELECT'))) ORDER BY 1"
    )
    if too_much:
        raise Wrong(f"the application's role has too many rights on {', '.join(row['name'] for row in too_much)}")
    return "the application's role reads and writes rows, nothing more"


async def _clock(connection: asyncpg.Connection) -> str:
    theirs = await connection.fetchval("SELECT clock_timestamp()")
    apart = abs((theirs - datetime.now(UTC)).total_seconds())
    if apart > CLOCK_TOLERANCE_SECONDS:
        raise Wrong(f"this machine and the database are {apart:.0f} s apart: points expire by the clock, set it right")
    return f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S} UTC, as on the database"


async def _event_lag(connection: asyncpg.Connection) -> str:
    """An open write transaction in any database of the server keeps events from getting their positions."""
    oldest = await connection.fetchval(
        "SELECT extract(epoch FROM max(clock_timestamp() - xact_start))::float FROM pg_stat_activity"
        " WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()"
    )
    seconds = float(oldest or 0)
    if seconds > LAG_TOLERANCE_SECONDS:
        raise Wrong(f"a write transaction is open for {seconds:.0f} s and holds all events back: end it")
    lag = await connection.fetchrow(
        "SELECT waiting, coalesce(extract(epoch FROM now() - oldest), 0)::float AS age FROM platform.event_lag()"
    )
    words = f"{lag['waiting']} events wait for their position, the oldest for {lag['age']:.0f} s"
    if lag["age"] > LAG_TOLERANCE_SECONDS:
        raise Wrong(f"{words}: is the worker running?")
    return words


CHECKS: dict[str, Check] = {
    "version": _version,
    "schema": _schema,
    "role": _role,
    "limits": _limits,
    "wall between shops": _wall,
    "grants": _grants,
    "clock": _clock,
    "event log": _event_lag,
}
