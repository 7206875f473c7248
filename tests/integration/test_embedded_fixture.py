"""The database every other integration test stands on."""

import asyncpg
import pytest

from runtime.roles import APP_SETTINGS, RoleFault, refuse_unsafe_service
from tests.support.postgres import Postgres


async def test_the_application_role_serves_and_the_owner_does_not(postgres: Postgres) -> None:
    """Decision 5: serving as superuser, as owner or past row-level security is refused."""
    app = await asyncpg.connect(postgres.app)
    await refuse_unsafe_service(app)
    await app.close()

    for unsafe in (postgres.owner, postgres.superuser):
        connection = await asyncpg.connect(unsafe)
        with pytest.raises(RoleFault):
            await refuse_unsafe_service(connection)
        await connection.close()


async def test_the_application_role_brings_its_limits_along(postgres: Postgres) -> None:
    """A statement, a lock or an idle transaction of the application never lasts."""
    app = await asyncpg.connect(postgres.app)
    found = {name: await app.fetchval("SELECT current_setting($1)", name) for name in APP_SETTINGS}
    await app.close()

    assert found == APP_SETTINGS


async def test_the_application_role_may_neither_truncate_nor_define(postgres: Postgres) -> None:
    """TRUNCATE would wipe every shop's rows, whatever the policies say."""
    app = await asyncpg.connect(postgres.app)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute("TRUNCATE customer")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await app.execute("CREATE TABLE public.mine (id int)")
    await app.close()
