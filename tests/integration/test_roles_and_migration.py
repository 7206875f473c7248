"""A database of the operator's own: who migrates, who serves, and what an administrator is told."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio
from alembic.script import ScriptDirectory

from runtime import database
from runtime.database import Target, current_revision, newest_revision, serving_url, target
from runtime.doctor import examine
from runtime.migrations import alembic_config, migrate
from runtime.roles import APP_SETTINGS, RoleFault, RoleNames, refuse_unsafe_service, scram_verifier
from runtime.settings import Settings, load_settings
from tests.support.postgres import ROOT, Postgres

MASTER_KEY = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"  # ROOT in base64url


@dataclass(frozen=True, slots=True)
class Empty:
    """An empty database of its own name, and its superuser's address."""

    name: str
    superuser: str

    def settings(self, place: Path, **urls: str) -> Settings:
        return load_settings(data_dir=place, master_key=MASTER_KEY, **urls)

    async def make_role(self, name: str, attributes: str = "") -> str:
        connection = await asyncpg.connect(self.superuser)
        await connection.execute(f"CREATE ROLE \"{name}\" LOGIN {attributes} PASSWORD '{scram_verifier('password')}'")
        await connection.close()
        return database.as_user(self.superuser, name, "password")

    async def run(self, sql: str) -> None:
        connection = await asyncpg.connect(self.superuser)
        await connection.execute(sql)
        await connection.close()


@pytest_asyncio.fixture
async def empty(postgres: Postgres) -> AsyncIterator[Empty]:
    name = f"own_{uuid.uuid4().hex[:12]}"
    connection = await asyncpg.connect(postgres.superuser)
    await connection.execute(f'CREATE DATABASE "{name}"')
    yield Empty(name, database.in_database(postgres.superuser, name))
    await connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
    rows = await connection.fetch("SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1)", name)
    for row in rows:
        await connection.execute(f'DROP OWNED BY "{row["rolname"]}"; DROP ROLE "{row["rolname"]}"')
    await connection.close()


async def served_by(goal: Target) -> str:
    url = await serving_url(goal, ROOT)
    connection = await asyncpg.connect(url)
    await refuse_unsafe_service(connection)
    assert await current_revision(connection) == newest_revision()
    assert {
        name: await connection.fetchval("SELECT current_setting($1)", name) for name in APP_SETTINGS
    } == APP_SETTINGS
    role = str(await connection.fetchval("SELECT current_user"))
    await connection.close()
    return role


async def owner_of_tables(empty: Empty) -> str:
    connection = await asyncpg.connect(empty.superuser)
    name = str(await connection.fetchval("SELECT relowner::regrole::text FROM pg_class WHERE relname = 'customer'"))
    await connection.close()
    return name.strip('"')


async def test_one_url_of_a_superuser_is_enough_and_he_owns_nothing(empty: Empty, tmp_path: Path) -> None:
    """Decision 5: migrate makes owner, application and sealer; tables belong to a role that is no superuser."""
    goal = target(empty.settings(tmp_path, database_url=empty.superuser), ROOT)

    await migrate(goal, ROOT)
    await migrate(goal, ROOT)

    assert await served_by(goal) == f"{empty.name}_app"
    assert await owner_of_tables(empty) == f"{empty.name}_owner"


async def test_one_url_of_an_owner_that_may_create_roles_is_enough(empty: Empty, tmp_path: Path) -> None:
    """Decision 5: the application's role and the sealer are made with passwords derived from the master key."""
    url = await empty.make_role(f"{empty.name}_boss", "CREATEROLE")
    await empty.run(f'ALTER DATABASE "{empty.name}" OWNER TO "{empty.name}_boss"')
    goal = target(empty.settings(tmp_path, database_url=url), ROOT)

    await migrate(goal, ROOT)

    assert await served_by(goal) == f"{empty.name}_app"
    assert await owner_of_tables(empty) == f"{empty.name}_boss"


async def test_an_owner_that_may_not_create_roles_gets_the_sql_for_the_administrator(
    empty: Empty, tmp_path: Path
) -> None:
    """Decision 5: the printed SQL holds no password in clear, and once it is run, migrate goes on."""
    url = await empty.make_role(f"{empty.name}_boss")
    await empty.run(f'ALTER DATABASE "{empty.name}" OWNER TO "{empty.name}_boss"')
    goal = target(empty.settings(tmp_path, database_url=url), ROOT)

    with pytest.raises(RoleFault) as told:
        await migrate(goal, ROOT)

    sentence, _, sql = str(told.value).partition("\n")
    assert "administrator" in sentence
    assert "SCRAM-SHA-256$" in sql
    await empty.run(sql)
    await migrate(goal, ROOT)
    assert await served_by(goal) == f"{empty.name}_app"


async def test_two_urls_keep_the_operators_own_roles(empty: Empty, tmp_path: Path) -> None:
    """REGULARS_DATABASE_URL serves under whatever name it has, REGULARS_OWNER_DATABASE_URL migrates."""
    owner = await empty.make_role(f"{empty.name}_boss", "CREATEROLE")
    service = await empty.make_role(f"{empty.name}_clerk")
    await empty.run(f'ALTER DATABASE "{empty.name}" OWNER TO "{empty.name}_boss"')
    await empty.run("".join(f"ALTER ROLE \"{empty.name}_clerk\" SET {k} = '{v}';" for k, v in APP_SETTINGS.items()))
    goal = target(empty.settings(tmp_path, database_url=service, owner_database_url=owner), ROOT)

    await migrate(goal, ROOT)

    assert await served_by(goal) == f"{empty.name}_clerk"
    assert await owner_of_tables(empty) == f"{empty.name}_boss"


async def test_serving_as_the_owner_is_refused_in_one_sentence(empty: Empty, tmp_path: Path) -> None:
    """Decision 5: a service that owns its tables could switch the wall between shops off."""
    owner = await empty.make_role(f"{empty.name}_boss", "CREATEROLE")
    await empty.run(f'ALTER DATABASE "{empty.name}" OWNER TO "{empty.name}_boss"')
    await migrate(target(empty.settings(tmp_path, database_url=owner), ROOT), ROOT)
    both = empty.settings(tmp_path, database_url=owner, owner_database_url=owner)

    with pytest.raises(RoleFault, match="owns the table") as refused:
        await serving_url(target(both, ROOT), ROOT)

    assert "\n" not in str(refused.value)


async def test_serving_past_row_level_security_is_refused(empty: Empty, tmp_path: Path) -> None:
    """Decision 5: neither a superuser nor a role with BYPASSRLS serves."""
    await migrate(target(empty.settings(tmp_path, database_url=empty.superuser), ROOT), ROOT)
    bypassing = await empty.make_role(f"{empty.name}_ghost", "BYPASSRLS")
    for url, word in ((empty.superuser, "superuser"), (bypassing, "bypasses")):
        goal = Target(empty.superuser, url, RoleNames.of(empty.name))
        with pytest.raises(RoleFault, match=word):
            await serving_url(goal, ROOT)


async def test_the_doctor_finds_nothing_in_a_sound_installation(empty: Empty, tmp_path: Path) -> None:
    """Every check of `regulars doctor` passes on a fresh database."""
    settings = empty.settings(tmp_path, database_url=empty.superuser)
    await migrate(target(settings, ROOT), ROOT)

    findings = {finding.name: finding for finding in await examine(settings)}

    assert {name for name, finding in findings.items() if not finding.ok} <= {"free space", "event log"}
    assert "PostgreSQL" in findings["version"].detail


async def test_the_doctor_finds_what_is_wrong(empty: Empty, tmp_path: Path) -> None:
    """A table without its wall, a grant too many, lost limits and another master key are each named."""
    settings = empty.settings(tmp_path, database_url=empty.superuser)
    await migrate(target(settings, ROOT), ROOT)
    await examine(settings)  # claims the database for this master key
    app = f"{empty.name}_app"
    await empty.run(
        f'ALTER TABLE customer NO FORCE ROW LEVEL SECURITY; GRANT TRUNCATE ON receipt TO "{app}";'
        f'ALTER ROLE "{app}" RESET plan_cache_mode'
    )

    wrong = {finding.name: finding.detail for finding in await examine(settings) if not finding.ok}

    assert "public.customer" in wrong["wall between shops"]
    assert "public.receipt" in wrong["grants"]
    assert "plan_cache_mode" in wrong["limits"]
    other = load_settings(data_dir=tmp_path, master_key="A" * 43, database_url=empty.superuser)
    told = [finding for finding in await examine(other) if not finding.ok]
    assert any("password" in finding.detail or "root key" in finding.detail for finding in told)


def test_the_newest_revision_is_what_the_migrations_say() -> None:
    """The supervisor reads it from file names, because loading the migrations costs most of a start."""
    assert newest_revision() == ScriptDirectory.from_config(alembic_config()).get_current_head()
