"""Bring a database to the newest schema: make the roles where that is allowed, then run what is missing."""

import asyncio
from functools import partial
from importlib.resources import files
from pathlib import Path

import asyncpg
from alembic import command
from alembic.config import Config
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from persistence.database import plain_url
from runtime.database import Target, connect, master_key, target
from runtime.faults import run_sentenced
from runtime.roles import (
    APP_SETTINGS,
    RoleFault,
    RoleNames,
    Standing,
    derived_password,
    existing_roles,
    quoted,
    refuse_old_server,
    role_statements,
    service_statements,
    settings_statements,
    standing,
)
from runtime.settings import load_settings

ONE_AT_A_TIME = 7_242_113_061  # an advisory lock's number: two migrations at once would trip over each other


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
    await upgrade(goal.owner_url, goal.names, become=become)


def alembic_config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration; no file of its own, so nothing can differ from the code."""
    config = Config()
    config.set_main_option("script_location", str(Path(str(files("persistence"))) / "migrations"))
    config.attributes["connection"] = connection
    return config


async def upgrade(owner_url: str, names: RoleNames, *, become: str | None = None) -> None:
    """Run all migrations that are missing, as the role of `owner_url`, or as `become` when that role may."""
    creator = partial(asyncpg.connect, plain_url(owner_url))  # the driver reads all of the address, `sslmode` too
    engine = create_async_engine("postgresql+asyncpg://", async_creator=creator, poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT pg_advisory_lock(:number)"), {"number": ONE_AT_A_TIME})
            for name, value in (("regulars.app_role", names.app), ("regulars.sealer_role", names.sealer)):
                await connection.execute(
                    text("SELECT set_config(:name, :value, false)"), {"name": name, "value": value}
                )
            if become is not None:
                await connection.execute(text(f"SET ROLE {quoted(become)}"))
            await connection.commit()
            await connection.run_sync(_upgrade)
            await connection.execute(text(f"GRANT SELECT ON public.alembic_version TO {quoted(names.app)}"))
            await connection.commit()
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    command.upgrade(alembic_config(connection), "head")


async def _make_service_roles(connection: asyncpg.Connection, goal: Target, root: bytes, here: Standing) -> None:
    existing = await existing_roles(connection, goal.names)
    if goal.app_url is None:
        wanted = service_statements(goal.names, root, existing)
    elif goal.names.sealer not in existing:  # the operator made the application's role: its password is not ours
        wanted = role_statements(goal.names.sealer, derived_password(root, goal.names.sealer), exists=False)
    else:
        wanted = []
    if here.creates_roles:
        for statement in wanted:
            await connection.execute(statement)
        await _apply_limits(connection, goal.names.app)
    elif not {goal.names.app, goal.names.sealer} <= existing:
        sql = ";\n".join(wanted) + ";"
        raise RoleFault(
            f"The role '{here.name}' may not create roles; let an administrator run this, then start again:\n{sql}"
        )


async def _apply_limits(connection: asyncpg.Connection, app: str) -> None:
    """Give the application's role its limits; where it is somebody else's role, `doctor` says that they lack."""
    try:
        for statement in settings_statements(app, APP_SETTINGS):
            await connection.execute(statement)
    except asyncpg.InsufficientPrivilegeError:
        return


async def _become_owner(connection: asyncpg.Connection, names: RoleNames, here: Standing) -> str | None:
    """A superuser must not own the tables: views of his would show every shop's rows to any shop."""
    if not (here.superuser or here.bypasses):
        return None
    database = await connection.fetchval("SELECT current_database()")
    owner = names.owner if names.owner != here.name else RoleNames.of(database).owner
    if not await connection.fetchval("SELECT 1 FROM pg_roles WHERE rolname = $1", owner):
        await connection.execute(f"CREATE ROLE {quoted(owner)} NOLOGIN NOSUPERUSER NOBYPASSRLS NOCREATEROLE NOCREATEDB")
    await connection.execute(f"GRANT CREATE ON DATABASE {quoted(database)} TO {quoted(owner)}")
    await connection.execute(f"GRANT USAGE, CREATE ON SCHEMA public TO {quoted(owner)}")
    if not here.superuser:
        await connection.execute(f"GRANT {quoted(owner)} TO CURRENT_USER")
    return owner


async def main() -> None:
    """Migrate the database that the settings name; the supervisor runs this as a child."""
    settings = load_settings()
    root = master_key(settings)
    await migrate(target(settings, root), root)


if __name__ == "__main__":
    run_sentenced(lambda: asyncio.run(main()))
