"""Which database, as which role: the embedded server's or one of the operator's own."""

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit, urlunsplit

import asyncpg

from runtime import migrations
from runtime.adapters.key_provider import create_root_file, parse_root_keys, read_root_file
from runtime.embedded.cluster import Cluster, dsn
from runtime.embedded.server import EmbeddedServer
from runtime.roles import (
    RoleFault,
    RoleNames,
    Standing,
    derived_password,
    existing_roles,
    quoted,
    refuse_old_server,
    refuse_unsafe_service,
    role_statements,
    service_statements,
    standing,
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
    """Return the newest root key; made in DATA_DIR when nothing was ever stored there.

    Raises:
        RootKeyProblem: it is missing, malformed or readable by others.
    """
    if settings.master_key is not None:
        return parse_root_keys(settings.master_key.get_secret_value(), "REGULARS_MASTER_KEY")[0]
    if Cluster(settings.data_dir).data.exists():
        return read_root_file(settings.master_key_file)[0]
    return create_root_file(settings.master_key_file)[0]


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


async def migrate(goal: Target, root: bytes) -> None:
    """Make the roles if the owner's role may, then run the migrations.

    Raises:
        DatabaseFault: the database cannot be reached.
        RoleFault: it is too old, or an administrator must make the roles first; the text holds the SQL.
    """
    connection = await connect(goal.owner_url)
    try:
        await refuse_old_server(connection)
        here = await standing(connection)
        if goal.app_url is None or here.creates_roles:
            await _make_service_roles(connection, goal, root, here)
        become = await _become_owner(connection, goal.names, here)
    finally:
        await connection.close()
    await migrations.upgrade(goal.owner_url, goal.names, become=become)


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


async def _make_service_roles(connection: asyncpg.Connection, goal: Target, root: bytes, here: Standing) -> None:
    existing = await existing_roles(connection, goal.names)
    if goal.app_url is not None:  # the operator made the application's role: its password is not ours to set
        wanted = (
            []
            if goal.names.sealer in existing
            else role_statements(goal.names.sealer, derived_password(root, goal.names.sealer), exists=False)
        )
    else:
        wanted = service_statements(goal.names, root, existing)
    if here.creates_roles:
        for statement in wanted:
            await connection.execute(statement)
    elif not {goal.names.app, goal.names.sealer} <= existing:
        sql = ";\n".join(wanted) + ";"
        raise RoleFault(
            f"The role '{here.name}' may not create roles; let an administrator run this, then start again:\n{sql}"
        )


async def _become_owner(connection: asyncpg.Connection, names: RoleNames, here: Standing) -> str | None:
    """A superuser must not own the tables: views of his would show every shop's rows to any shop."""
    if not (here.superuser or here.bypasses):
        return None
    owner = (
        names.owner
        if names.owner != here.name
        else RoleNames.of(await connection.fetchval("SELECT current_database()")).owner
    )
    if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", owner):
        await connection.execute(f"CREATE ROLE {quoted(owner)} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB")
    database = quoted(await connection.fetchval("SELECT current_database()"))
    await connection.execute(f"GRANT CREATE ON DATABASE {database} TO {quoted(owner)}")
    await connection.execute(f"GRANT USAGE, CREATE ON SCHEMA public TO {quoted(owner)}")
    if not here.superuser:
        await connection.execute(f"GRANT {quoted(owner)} TO CURRENT_USER")
    return owner


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


def socket_of(settings: Settings) -> Path:
    """Return the folder of the embedded server's socket."""
    return Cluster(settings.data_dir.absolute()).socket_directory
