"""The rules between tenants, read from the database's own catalogue: no table can forget one."""

import asyncio
import subprocess
from uuid import UUID

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy import LargeBinary, text
from sqlalchemy.exc import DBAPIError, IntegrityError

import persistence.tables.history
import persistence.tables.log
import persistence.tables.loyalty
import persistence.tables.people
import persistence.tables.platform  # noqa: F401 - each registers its tables
from domain.kernel.ids import new_id
from persistence.personal_data import CLASSES, PERSONAL_DATA
from persistence.tables.metadata import metadata
from tests.support.postgres import Postgres, binaries
from tests.support.shop import Base

OUTSIDE = {
    ("keystore", "root_check"),
    ("platform", "operator_key"),
    ("platform", "tenant"),
    ("platform", "turn"),
    ("public", "alembic_version"),
}
"""Tables outside row-level security, by name (decision 2), and what the migrations and the key check keep."""

LIBRARY = "jobs"
"""The job library's schema: the named exception of decision 9."""

SCHEMAS = ["public", "platform", "keystore"]


@pytest_asyncio.fixture
async def catalogue(postgres: Postgres) -> asyncpg.Connection:
    connection = await asyncpg.connect(postgres.superuser)
    yield connection
    await connection.close()


async def tenant_tables(catalogue: asyncpg.Connection, *, partitions: bool = False) -> list[asyncpg.Record]:
    rows = await catalogue.fetch(
        """SELECT c.oid, n.nspname AS schema, c.relname AS name, c.relrowsecurity AS enabled,
                  c.relforcerowsecurity AS forced, c.relispartition AS partition
           FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
           WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY ($1) ORDER BY 2, 3""",
        SCHEMAS,
    )
    return [r for r in rows if (r["schema"], r["name"]) not in OUTSIDE and (partitions or not r["partition"])]


async def test_exactly_the_named_tables_stand_outside_row_level_security(catalogue: asyncpg.Connection) -> None:
    """Decision 2: everything else is walled."""
    rows = await catalogue.fetch(
        """SELECT n.nspname, c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('r', 'p') AND NOT c.relrowsecurity AND n.nspname = ANY ($1)""",
        SCHEMAS,
    )
    assert {tuple(r) for r in rows} == OUTSIDE
    schemas = await catalogue.fetch(
        "SELECT nspname FROM pg_namespace WHERE nspname NOT LIKE 'pg\\_%' AND nspname <> 'information_schema'"
    )
    assert {r["nspname"] for r in schemas} == {"public", "platform", "keystore", LIBRARY}


async def test_every_tenant_table_has_forced_security_and_exactly_two_policies(catalogue: asyncpg.Connection) -> None:
    """Decision 2: one policy for the application's role, one for the owner, so that dumps and migrations see rows."""
    for table in await tenant_tables(catalogue, partitions=True):
        assert table["enabled"], table["name"]
        assert table["forced"], table["name"]
        policies = await catalogue.fetch(
            """SELECT p.polname, p.polcmd, p.polpermissive, pg_get_expr(p.polqual, p.polrelid) AS using,
                      pg_get_expr(p.polwithcheck, p.polrelid) AS check,
                      (SELECT array_agg(rolname::text) FROM pg_roles WHERE oid = ANY (p.polroles)) AS roles
               FROM pg_policy p WHERE p.polrelid = $1 ORDER BY p.polname""",
            table["oid"],
        )
        found = {p["polname"]: (p["polcmd"], p["polpermissive"], p["using"], p["check"]) for p in policies}
        mine = "(tenant_id = current_tenant())"
        wanted = {"owner_all": (b"*", True, "true", "true")}
        if not table["partition"]:
            wanted["tenant"] = (b"*", True, mine, mine)
        assert found == wanted, table["name"]
        roles = {p["polname"]: p["roles"] for p in policies}
        assert all(name.endswith("_owner") for name in roles["owner_all"])
        assert all(name.endswith("_app") for name in roles.get("tenant", []))


async def test_the_tenant_leads_every_key_and_has_its_default(catalogue: asyncpg.Connection) -> None:
    """Primary, unique and other indexes, and foreign keys on both sides, begin with tenant_id (leaks a and b)."""
    for table in await tenant_tables(catalogue):
        column = await catalogue.fetchrow(
            """SELECT a.attnum, a.attnotnull, format_type(a.atttypid, NULL) AS type,
                      pg_get_expr(d.adbin, d.adrelid) AS default
               FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
               WHERE a.attrelid = $1 AND a.attname = 'tenant_id'""",
            table["oid"],
        )
        assert column is not None, table["name"]
        assert (column["attnotnull"], column["type"], column["default"]) == (True, "uuid", "current_tenant()"), table[
            "name"
        ]
        indexes = await catalogue.fetch(
            """SELECT indexrelid::regclass::text AS name, indkey[0] AS first, indisprimary
               FROM pg_index WHERE indrelid = $1""",
            table["oid"],
        )
        assert any(index["indisprimary"] for index in indexes), table["name"]
        for index in indexes:
            assert index["first"] == column["attnum"], index["name"]
        keys = await catalogue.fetch(
            """SELECT conname, conkey[1] AS mine, (SELECT attname FROM pg_attribute WHERE attrelid = confrelid
                      AND attnum = confkey[1]) AS theirs FROM pg_constraint WHERE conrelid = $1 AND contype = 'f'""",
            table["oid"],
        )
        for key in keys:
            assert (key["mine"], key["theirs"]) == (column["attnum"], "tenant_id"), key["conname"]


async def test_nothing_stands_in_the_way_of_a_distributed_database(catalogue: asyncpg.Connection) -> None:
    """No triggers, no sequences, no native enums, no materialised views outside the job library's schema."""
    triggers = await catalogue.fetch(
        """SELECT t.tgname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
           JOIN pg_namespace n ON n.oid = c.relnamespace WHERE NOT t.tgisinternal AND n.nspname <> $1""",
        LIBRARY,
    )
    kinds = await catalogue.fetch(
        """SELECT c.relname, c.relkind FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind IN ('S', 'm') AND n.nspname = ANY ($1)""",
        SCHEMAS,
    )
    enums = await catalogue.fetch(
        """SELECT t.typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
           WHERE t.typtype = 'e' AND n.nspname <> $1""",
        LIBRARY,
    )
    assert (triggers, kinds, enums) == ([], [], [])


async def test_every_view_is_read_as_its_reader(catalogue: asyncpg.Connection) -> None:
    """Leak c: a plain view is read as its owner, who sees every shop."""
    views = await catalogue.fetch(
        """SELECT c.relname, c.reloptions FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            WHERE c.relkind = 'v' AND n.nspname = ANY ($1)""",
        SCHEMAS,
    )
    for view in views:
        assert "security_invoker=true" in (view["reloptions"] or []), view["relname"]


async def test_the_application_may_read_and_write_rows_and_nothing_else(catalogue: asyncpg.Connection) -> None:
    """Leak e: no TRUNCATE, no REFERENCES, no TRIGGER; nothing at all on a partition (decision 4)."""
    grants = await catalogue.fetch(
        """SELECT n.nspname AS schema, c.relname AS name, c.relispartition AS partition, g.privilege_type AS privilege,
                   g.is_grantable, pg_get_userbyid(g.grantee) AS role
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace, aclexplode(c.relacl) g
            WHERE c.relkind IN ('r', 'p') AND n.nspname = ANY ($1) AND g.grantee <> c.relowner""",
        SCHEMAS,
    )
    assert grants
    for grant in grants:
        where = f"{grant['schema']}.{grant['name']}: {grant['privilege']} to {grant['role']}"
        assert grant["privilege"] in {"SELECT", "INSERT", "UPDATE", "DELETE"}, where
        assert not grant["is_grantable"], where
        assert not grant["partition"], where
        assert grant["role"].endswith(("_app", "_sealer")), where


async def test_functions_that_run_as_the_owner_are_few_and_named(catalogue: asyncpg.Connection) -> None:
    """They see every shop: each answers with ids and counts, has its search path fixed and is nobody's by default."""
    rows = await catalogue.fetch(
        """SELECT p.proname, p.proconfig, has_function_privilege('public', p.oid, 'EXECUTE') AS everybody
           FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
           WHERE p.prosecdef AND n.nspname NOT LIKE 'pg\\_%'"""
    )
    assert {r["proname"] for r in rows} == {
        "keep_answer_partitions",
        "tenants_with_events",
        "event_lag",
        "adopt_events",
    }
    for row in rows:
        assert any(setting.startswith("search_path=pg_catalog") for setting in row["proconfig"]), row["proname"]
        assert not row["everybody"], row["proname"]


async def test_the_application_role_is_weak(catalogue: asyncpg.Connection, postgres: Postgres) -> None:
    """Neither superuser nor BYPASSRLS nor owner of anything, member of nothing."""
    app = await asyncpg.connect(postgres.app)
    name = await app.fetchval("SELECT current_user")
    await app.close()
    role = await catalogue.fetchrow("SELECT * FROM pg_roles WHERE rolname = $1", name)
    assert role is not None
    assert not any(role[power] for power in ("rolsuper", "rolbypassrls", "rolcreaterole", "rolcreatedb"))
    owned = await catalogue.fetchval("SELECT count(*) FROM pg_class WHERE relowner = $1", role["oid"])
    member = await catalogue.fetchval("SELECT count(*) FROM pg_auth_members WHERE member = $1", role["oid"])
    assert (owned, member) == (0, 0)


async def test_the_tables_in_code_are_those_of_the_database(catalogue: asyncpg.Connection) -> None:
    """persistence/tables says what the migrations made: same tables, columns, nullability, primary keys."""
    rows = await catalogue.fetch(
        """SELECT CASE WHEN n.nspname = 'public' THEN c.relname ELSE n.nspname || '.' || c.relname END AS name,
                   a.attname AS column, NOT a.attnotnull AS nullable,
                   coalesce((SELECT a.attnum = ANY (i.indkey) FROM pg_index i
                             WHERE i.indrelid = c.oid AND i.indisprimary), false) AS key
            FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
            JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
            WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname = ANY ($1)
              AND c.relname <> 'alembic_version'""",
        SCHEMAS,
    )
    found = {(r["name"], r["column"], r["nullable"], r["key"]) for r in rows}
    ours = {
        (table.fullname, column.name, bool(column.nullable), column.primary_key)
        for table in metadata.tables.values()
        for column in table.c
    }
    assert ours == found


def test_every_column_is_in_the_map_of_personal_data() -> None:
    """Each column of each shop's table has a category and a way to be erased; a new one fails here."""
    tables = {t.name: t for t in metadata.tables.values() if t.schema != "platform" and t.name != "root_check"}
    assert {name: set(cells) for name, cells in PERSONAL_DATA.items()} == {
        name: {column.name for column in table.c} for name, table in tables.items()
    }


def test_what_is_sealed_is_bytes_and_bytes_are_never_of_no_concern() -> None:
    """What ends with a key must be ciphertext; a column of bytes is a digest, a key or a ciphertext, each named so."""
    digests = {"key_hash", "request_hash", "document_hash", "fiscal_hash", "content_hash", "answer"}
    for name, cells in PERSONAL_DATA.items():
        table = next(t for t in metadata.tables.values() if t.name == name)
        for column, cell in cells.items():
            binary = isinstance(table.c[column].type, LargeBinary)
            if cell.erasure in {"key", "tenant_key"}:
                assert binary, f"{name}.{column}"
            elif binary:
                assert cell in {CLASSES["index"], CLASSES["key"], CLASSES["credential"], CLASSES["filter"]} or (
                    column in digests
                ), f"{name}.{column}"


async def test_without_a_tenant_nothing_is_seen(postgres: Postgres, base: Base, tenant: UUID) -> None:
    """Leaks d and f: no setting, an empty one or a broken one shows no row of any table, or is an error; never all."""
    app = await asyncpg.connect(postgres.app)
    catalogue = await asyncpg.connect(postgres.superuser)
    try:
        for table in await tenant_tables(catalogue):
            count = f'SELECT count(*) FROM "{table["schema"]}"."{table["name"]}"'  # noqa: S608 - from the catalogue
            assert await app.fetchval(count) == 0, count
            async with app.transaction():
                await app.execute("SELECT set_config('app.tenant_id', '', true)")
                assert await app.fetchval(count) == 0, count
        await app.execute("SELECT set_config('app.tenant_id', 'nonsense', false)")
        with pytest.raises(asyncpg.PostgresError):
            await app.fetchval("SELECT count(*) FROM program")
    finally:
        await app.close()
        await catalogue.close()


async def test_another_shops_rows_cannot_be_seen_changed_or_planted(base: Base, tenant: UUID) -> None:
    """S2: the wall alone, without any condition of ours in the statements."""
    other, _ = await base.open_shop()
    async with base.database.scoped(other) as connection:
        assert (await connection.execute(text("SELECT count(*) FROM program"))).scalar_one() == 1
        assert (await connection.execute(text("UPDATE program SET name = 'x'"))).rowcount == 1
        assert (await connection.execute(text("DELETE FROM api_key"))).rowcount == 1
    async with base.database.scoped(tenant) as connection:
        assert (await connection.execute(text("SELECT name FROM program"))).scalar_one() == "points"
        assert (await connection.execute(text("SELECT count(*) FROM api_key"))).scalar_one() == 1
        planted = text(
            "INSERT INTO tag (tenant_id, tag_id, name, created_at, updated_at) VALUES (:t, :i, 'x', now(), now())"
        )
        with pytest.raises(DBAPIError, match="row-level security"):
            await connection.execute(planted, {"t": other, "i": new_id()})


async def test_a_foreign_key_cannot_point_into_another_shop(base: Base, tenant: UUID) -> None:
    """Leak a: checks of foreign keys pass row-level security, so every key carries the tenant."""
    other, _ = await base.open_shop()
    customer = new_id()
    made = "INSERT INTO customer (customer_id, canonical_id, created_at, updated_at) VALUES (:c, :c, now(), now())"
    async with base.database.scoped(other) as connection:
        await connection.execute(text(made), {"c": customer})

    async def point_at_it() -> None:
        async with base.database.scoped(tenant) as connection:
            await connection.execute(
                text(
                    """INSERT INTO note (note_id, customer_id, visibility, sealed, author, created_at, updated_at)
                       VALUES (:n, :c, 'till', '', 'x', now(), now())"""
                ),
                {"n": new_id(), "c": customer},
            )

    with pytest.raises(IntegrityError):
        await point_at_it()


async def test_a_unique_key_tells_nothing_of_another_shop(base: Base, tenant: UUID) -> None:
    """Leak b: the same value in two shops is no conflict."""
    other, _ = await base.open_shop()
    for shop in (tenant, other):
        async with base.database.scoped(shop) as connection:
            tagged = text("INSERT INTO tag (tag_id, name, created_at, updated_at) VALUES (:i, 'vip', now(), now())")
            await connection.execute(tagged, {"i": new_id()})


async def test_a_connection_that_comes_back_sees_no_tenant(base: Base, tenant: UUID) -> None:
    """The pools reset nothing on release: the tenant is set per transaction and ends with it."""
    for _ in range(12):
        async with base.database.scoped(tenant) as connection:
            assert (await connection.execute(text("SELECT count(*) FROM program"))).scalar_one() == 1
        async with base.database.platform() as connection:
            assert (await connection.execute(text("SELECT count(*) FROM program"))).scalar_one() == 0
    held = [await base.database.pool.acquire() for _ in range(2)]
    for connection in held:
        async with connection.transaction():
            await connection.execute("SELECT set_config('app.tenant_id', $1, true)", str(tenant))
            assert await connection.fetchval("SELECT count(*) FROM program") == 1
        assert await connection.fetchval("SELECT count(*) FROM program") == 0
        await base.database.pool.release(connection)


async def test_truncate_is_refused(postgres: Postgres) -> None:
    """Leak e: TRUNCATE knows no policy."""
    app = await asyncpg.connect(postgres.app)
    catalogue = await asyncpg.connect(postgres.superuser)
    try:
        for table in await tenant_tables(catalogue, partitions=True):
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await app.execute(f'TRUNCATE "{table["schema"]}"."{table["name"]}"')
    finally:
        await app.close()
        await catalogue.close()


async def test_a_partition_cannot_be_read_past_its_parent(postgres: Postgres, catalogue: asyncpg.Connection) -> None:
    """Decision 4: a partition is readable past the parent's policy, so the application has no grant on any."""
    app = await asyncpg.connect(postgres.app)
    try:
        partitions = [t for t in await tenant_tables(catalogue, partitions=True) if t["partition"]]
        assert partitions
        for table in partitions:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await app.fetch(f'TABLE "{table["name"]}"')
    finally:
        await app.close()


async def test_the_owners_dump_holds_every_shops_rows(postgres: Postgres, base: Base, tenant: UUID) -> None:
    """Decision 2: without the owner's policy pg_dump would dump nothing; counted."""
    owner = await asyncpg.connect(postgres.owner)
    expected = await owner.fetchval("SELECT count(*) FROM program")
    await owner.close()
    assert expected > 0
    command = [
        binaries().program("pg_dump"),
        "--enable-row-security",
        "--data-only",
        "--table=public.program",
        postgres.owner,
    ]
    ended = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True)
    dumped = ended.stdout
    rows = dumped.split("FROM stdin;\n", 1)[1].split("\n\\.\n", 1)[0].splitlines()
    assert len(rows) == expected
    assert any(row.startswith(str(tenant)) for row in rows)
