"""Bring a database to the newest schema."""

from importlib.resources import files
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from runtime.roles import RoleNames, quoted

ONE_AT_A_TIME = 7_242_113_061  # an advisory lock's number: two migrations at once would trip over each other


def alembic_config(connection: Connection | None = None) -> Config:
    """Return Alembic's configuration; no file of its own, so nothing can differ from the code."""
    config = Config()
    config.set_main_option("script_location", str(Path(str(files("persistence"))) / "migrations"))
    config.attributes["connection"] = connection
    return config


def newest_revision() -> str:
    """Return the revision this code is written for."""
    return ScriptDirectory.from_config(alembic_config()).get_current_head() or ""


async def upgrade(owner_url: str, names: RoleNames, *, become: str | None = None) -> None:
    """Run all migrations that are missing, as the role of `owner_url`, or as `become` when that role may."""
    engine = create_async_engine(make_url(owner_url).set(drivername="postgresql+asyncpg"), poolclass=NullPool)
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
            await connection.commit()
    finally:
        await engine.dispose()


def _upgrade(connection: Connection) -> None:
    command.upgrade(alembic_config(connection), "head")
