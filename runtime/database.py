"""Which database, as which role: the embedded server's or one of the operator's own."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import asyncpg

from runtime.adapters.key_provider import create_root_file, parse_root_keys, read_root_file
from runtime.embedded.cluster import Cluster, dsn
from runtime.embedded.server import EmbeddedServer
from runtime.roles import (
    RoleFault,
    RoleNames,
    derived_password,
    existing_roles,
    quoted,
    refuse_old_server,
    refuse_unsafe_service,
    role_statements,
    service_statements,
)
from runtime.settings import Settings

EMBEDDED_NAME = "regulars"


class DatabaseFault(Exception):
    """The database cannot be reached or used; the text is one sentence."""


@dataclass(frozen=True, slots=True)
class Target:
    """One database: its owner's address, its service address (None until it is known which role serves), its roles."""

    owner_url: str
    app_url: str | None
    names: RoleNames


def master_key(settings: Settings) -> bytes:
    """Return the oldest root key at hand; made in DATA_DIR when nothing was ever stored there.

    The roles' passwords are derived from it: an exchange of the root key puts a new one before it and so leaves running
    processes their connections. When an operator drops the old key, the next start renews the passwords.

    Raises:
        RootKeyProblem: it is missing, malformed or readable by others.
    """
    if settings.master_key is not None:
        return parse_root_keys(settings.master_key.get_secret_value(), "REGULARS_MASTER_KEY")[-1]
    if Cluster(settings.data_dir).data.exists():
        return read_root_file(settings.master_key_file)[-1]
    return create_root_file(settings.master_key_file)[-1]


def target(settings: Settings, root: bytes) -> Target:
    """Return the database that the settings name."""
    if settings.database_url is None:
        names = RoleNames.of(EMBEDDED_NAME)
        place = Cluster(settings.data_dir.absolute()).socket_directory
        owner, app = (
            dsn(place, role, derived_password(root, role), EMBEDDED_NAME) for role in (names.owner, names.app)
        )
        return Target(owner, app, names)
    url = plain(settings.database_url.get_secret_value())
    names = RoleNames.of(database_of(url))
    if settings.owner_database_url is None:
        return Target(url, None, names)
    owner_url = plain(settings.owner_database_url.get_secret_value())
    return Target(owner_url, url, RoleNames(user_of(owner_url), user_of(url), names.sealer))


async def connect(url: str) -> asyncpg.Connection:
    """Return a new connection.

    Raises:
        DatabaseFault: nobody answers, or the answer is no.
    """
    try:
        return await asyncpg.connect(url, timeout=10)
    except (OSError, TimeoutError) as error:
        where = urlsplit(url).hostname or "the embedded server's socket"
        raise DatabaseFault(
            f"The database does not answer at {where} ({type(error).__name__}); is it running?"
        ) from error
    except asyncpg.PostgresError as error:
        raise DatabaseFault(f"The database refuses the role '{user_of(url)}': {error.args[0]}.") from error


async def bootstrap(server: EmbeddedServer, root: bytes, name: str = EMBEDDED_NAME) -> None:
    """Make the roles and the database on the embedded server, or renew the roles' passwords; idempotent."""
    names = RoleNames.of(name)
    connection = await connect(server.superuser_dsn())
    try:
        existing = await existing_roles(connection, names)
        statements = role_statements(names.owner, derived_password(root, names.owner), exists=names.owner in existing)
        statements += service_statements(names, root, existing)
        await connection.execute(";".join(statements))
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name):
            await connection.execute(f"CREATE DATABASE {quoted(name)} OWNER {quoted(names.owner)}")
    finally:
        await connection.close()


def newest_revision() -> str:
    """Return the revision this code is written for; a migration's file name begins with it."""
    versions = Path(str(files("persistence"))) / "migrations" / "versions"
    return max(path.name.split("_", 1)[0] for path in versions.glob("[0-9]*.py"))


async def current_revision(connection: asyncpg.Connection) -> str | None:
    """Return the revision of a database, None when it was never migrated."""
    if await connection.fetchval("SELECT to_regclass('public.alembic_version')") is None:
        return None
    found: str | None = await connection.fetchval("SELECT version_num FROM public.alembic_version")
    return found


async def needs_migration(goal: Target) -> bool:
    """Return whether `migrate` has anything to do; asking costs less than loading what migrates.

    Raises:
        DatabaseFault: the database cannot be reached.
    """
    connection = await connect(goal.owner_url)
    try:
        return await current_revision(connection) != newest_revision()
    finally:
        await connection.close()


async def serving_url(goal: Target, root: bytes) -> str:
    """Return the address to serve with, after proof that row-level security holds for its role.

    Raises:
        DatabaseFault: the database cannot be reached.
        RoleFault: only an unsafe role is at hand.
    """
    url = goal.app_url or await _service_url(goal, root)
    connection = await connect(url)
    try:
        await refuse_old_server(connection)
        await refuse_unsafe_service(connection)
    finally:
        await connection.close()
    return url


async def _service_url(goal: Target, root: bytes) -> str:
    """With one URL: it is the application's role already, or the one that made the application's role."""
    connection = await connect(goal.owner_url)
    try:
        await refuse_unsafe_service(connection)
    except RoleFault:
        if goal.names.app not in await existing_roles(connection, goal.names):
            raise
        return as_user(goal.owner_url, goal.names.app, derived_password(root, goal.names.app))
    else:
        return goal.owner_url
    finally:
        await connection.close()


def plain(url: str) -> str:
    """Return `url` in the one spelling that every driver reads."""
    return "postgresql://" + url.split("://", 1)[1]


def user_of(url: str) -> str:
    """Return the role in `url`."""
    return unquote(urlsplit(url).username or "")


def database_of(url: str) -> str:
    """Return the database in `url`."""
    return unquote(urlsplit(url).path.lstrip("/"))


def as_user(url: str, user: str, password: str) -> str:
    """Return `url` for another role."""
    parts = urlsplit(url)
    place = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{quote(user, safe='')}:{quote(password, safe='')}@{place}"))


def in_database(url: str, database: str) -> str:
    """Return `url` for another database of the same server."""
    return urlunsplit(urlsplit(url)._replace(path="/" + quote(database, safe="")))


def embedded_cluster(settings: Settings) -> Cluster:
    """Return the embedded server's files, whether they exist or not."""
    return Cluster(settings.data_dir.absolute())
