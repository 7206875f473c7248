"""API keys on real PostgreSQL."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from compliance.access.api_key import KeyText, new_key_text, parse_key_text
from compliance.access.authenticator import CACHE_SECONDS, Authenticator
from compliance.access.errors import ApiKeyNotActive, ApiKeyNotFound
from compliance.access.permissions import PERMISSIONS_OF
from compliance.access.ports import IssuedKey
from compliance.access.principal import Principal
from compliance.access.use_cases import create_api_key, revoke_api_key, rotate_api_key
from domain.kernel.ids import new_id
from persistence.api_keys import OperatorKeys, PgCredentials
from tests.conftest import OWNER
from tests.fakes.keys import Ticker
from tests.support.shop import Base

MAKER = Principal("key", None, None, "owner", PERMISSIONS_OF["owner"], "live")


async def make(base: Base, tenant: UUID, role: str = "cashier") -> IssuedKey:
    async with base.store.transaction(tenant, OWNER) as unit:
        return await create_api_key(name="till", role=role, mode="live", expires_at=None, maker=MAKER, unit=unit)


def door(base: Base, ticker: Ticker | None = None) -> Authenticator:
    return Authenticator(PgCredentials(base.database), base.clock, monotonic=ticker or Ticker())


async def test_the_key_of_a_new_shop_is_its_owners(base: Base) -> None:
    """`POST /v1/tenants` shows the key of role owner once; it works at once."""
    tenant, text_ = await base.open_shop()

    principal = await door(base).authenticate(text_)

    assert principal is not None
    assert (principal.tenant_id, principal.role, principal.mode, principal.suspended) == (
        tenant,
        "owner",
        "live",
        False,
    )


async def test_a_key_of_one_shop_names_nothing_in_another(base: Base, tenant: UUID) -> None:
    """The tenant is set from the key itself and the key is read under that tenant's policy (decisions.md 1)."""
    issued = await make(base, tenant)
    neighbour, _ = await base.open_shop()
    forged = KeyText("live", neighbour, issued.text.number, issued.text.secret)

    assert await door(base).authenticate(issued.text.text) is not None
    assert await door(base).authenticate(forged.text) is None
    assert await door(base).authenticate(new_key_text("live", new_id()).text) is None
    async with base.store.transaction(neighbour, OWNER) as unit:
        with pytest.raises(ApiKeyNotFound):
            await unit.api_keys.get(issued.key.id)


async def test_only_a_hash_of_the_secret_is_stored(base: Base, tenant: UUID) -> None:
    """Whoever reads the table can call nothing."""
    issued = await make(base, tenant)
    async with base.database.scoped(tenant) as connection:
        rows = (await connection.execute(text("SELECT api_key::text FROM api_key"))).scalars().all()

    body = issued.text.text.split("_")[3]
    assert rows
    assert not any(body in row or issued.text.secret.hex() in row for row in rows)
    assert any(issued.text.secret_hash.hex() in row for row in rows)


async def test_keys_are_listed_in_pages_oldest_first(base: Base, tenant: UUID) -> None:
    """A list is stable while keys are made."""
    made = [(await make(base, tenant)).key.id for _ in range(5)]
    async with base.store.transaction(tenant, OWNER) as unit:
        first = await unit.api_keys.page(after=None, limit=3)
        rest = await unit.api_keys.page(after=first[-1].id, limit=10)

    assert [key.id for key in (*first, *rest)][1:] == made
    assert first[0].name == "owner"


async def test_a_revoked_key_is_refused_when_the_memory_ends(base: Base, tenant: UUID) -> None:
    """S10: within five seconds everywhere."""
    issued, ticker = await make(base, tenant), Ticker()
    authenticator = door(base, ticker)
    assert await authenticator.authenticate(issued.text.text) is not None
    async with base.store.transaction(tenant, OWNER) as unit:
        await revoke_api_key(issued.key.id, unit=unit)
    ticker.advance(CACHE_SECONDS)

    assert await authenticator.authenticate(issued.text.text) is None


async def test_two_rotations_at_once_make_one_successor(base: Base, tenant: UUID) -> None:
    """The key is held while it is replaced; the second caller is told that it is done."""
    issued = await make(base, tenant)

    async def rotate() -> IssuedKey:
        async with base.store.transaction(tenant, OWNER) as unit:
            return await rotate_api_key(issued.key.id, overlap_seconds=3600, maker=MAKER, unit=unit)

    answers = await asyncio.gather(rotate(), rotate(), return_exceptions=True)

    successors = [answer for answer in answers if isinstance(answer, IssuedKey)]
    assert len(successors) == 1
    assert [type(answer) for answer in answers if not isinstance(answer, IssuedKey)] == [ApiKeyNotActive]
    for key in (issued.text.text, successors[0].text.text):
        assert await door(base).authenticate(key) is not None
    async with base.store.transaction(tenant, OWNER) as unit:
        old = await unit.api_keys.get(issued.key.id)
    assert old.replaced_by == successors[0].key.number
    assert old.expires_at is not None
    assert timedelta(minutes=59) < old.expires_at - base.clock.now() <= timedelta(hours=1)


async def test_the_last_use_reaches_the_table_and_never_goes_back(base: Base, tenant: UUID) -> None:
    """Processes write when they please; the latest time stays."""
    issued = await make(base, tenant)
    credentials = PgCredentials(base.database)
    now = base.clock.now().replace(microsecond=0)
    operators = OperatorKeys(base.database)
    operator = new_key_text("op", None)
    await operators.add(operator.number, "ops", operator.secret_hash, now)

    for at in (now, now - timedelta(minutes=5)):
        await credentials.used({(tenant, issued.key.number): at, (None, operator.number): at})

    async with base.store.transaction(tenant, OWNER) as unit:
        assert (await unit.api_keys.get(issued.key.id)).last_used_at == now
    assert {row.key_no: row.last_used_at for row in await operators.all()}[operator.number] == now


async def test_an_operator_key_works_until_it_is_revoked(base: Base) -> None:
    """`regulars keys create --operator`: no tenant, no customers."""
    operators = OperatorKeys(base.database)
    key = new_key_text("op", None)
    await operators.add(key.number, "ops", key.secret_hash, base.clock.now())

    principal = await door(base).authenticate(key.text)
    assert principal is not None
    assert (principal.kind, principal.tenant_id) == ("operator", None)
    assert await operators.revoke(key.number, base.clock.now())
    assert not await operators.revoke(key.number, base.clock.now())
    assert await door(base).authenticate(key.text) is None
    assert parse_key_text(key.text) == key


async def test_a_suspended_shop_is_seen_by_the_front_door(base: Base, tenant: UUID) -> None:
    """decisions.md 27, effective within the two seconds that a credential is believed."""
    issued = await make(base, tenant)
    async with base.database.platform() as connection:
        await connection.execute(
            text("UPDATE platform.tenant SET status = 'suspended' WHERE tenant_id = :t"), {"t": tenant}
        )

    principal = await door(base).authenticate(issued.text.text)

    assert principal is not None
    assert principal.shut_out("receipts:write")
