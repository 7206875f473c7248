"""Making, exchanging and ending keys."""

from datetime import timedelta

import pytest

from compliance.access.api_key import LIVE, TEST
from compliance.access.errors import ApiKeyNotActive, ApiKeyNotFound, RoleTooWide
from compliance.access.permissions import PERMISSIONS_OF, TENANT_ROLES
from compliance.access.ports import IssuedKey
from compliance.access.principal import Principal
from compliance.access.use_cases import create_api_key, revoke_api_key, rotate_api_key
from domain.kernel.errors import RuleViolation
from domain.kernel.ids import new_id
from tests.fakes.access import FakeAccessUnit


def caller(role: str = "owner", mode: str = LIVE) -> Principal:
    return Principal("key", new_id(), new_id(), role, PERMISSIONS_OF[role], mode)


@pytest.fixture
def unit() -> FakeAccessUnit:
    return FakeAccessUnit(new_id())


async def make(unit: FakeAccessUnit, role: str = "cashier", **changes: object) -> IssuedKey:
    arguments = {"name": "till", "role": role, "mode": LIVE, "expires_at": None, "maker": caller()} | changes
    return await create_api_key(unit=unit, **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("role", TENANT_ROLES)
async def test_an_owner_makes_keys_of_every_role_of_the_shop(unit: FakeAccessUnit, role: str) -> None:
    """The text is in the answer only; storage gets its hash."""
    issued = await make(unit, role)

    assert unit.api_keys.keys == {issued.key.id: issued.key}
    assert unit.api_keys.hashes == {issued.key.id: issued.text.secret_hash}
    assert issued.text.tenant_id == unit.tenant_id
    assert issued.text.number == issued.key.number
    assert [event.type for event in unit.events.told] == ["api_key.created"]


async def test_nobody_grants_more_than_he_has(unit: FakeAccessUnit) -> None:
    """A key cannot make itself a stronger one, nor a shop an operator."""
    for maker, role in ((caller("manager"), "owner"), (caller("integration"), "manager"), (caller(), "operator")):
        with pytest.raises(RoleTooWide):
            await make(unit, role, maker=maker)
    with pytest.raises(RoleTooWide):
        await make(unit, "cashier", maker=caller(mode=TEST))
    assert (await make(unit, "cashier", maker=caller(mode=TEST), mode=TEST)).key.mode == TEST


async def test_a_key_ends_in_the_future(unit: FakeAccessUnit) -> None:
    """A key that is born expired is a mistake of the caller."""
    with pytest.raises(RuleViolation) as raised:
        await make(unit, expires_at=unit.clock.now())
    assert raised.value.errors[0].pointer == "/expires_at"


async def test_rotation_lets_both_keys_work_for_the_overlap(unit: FakeAccessUnit) -> None:
    """Tills change over one by one; then the old key ends by itself."""
    old = (await make(unit)).key
    issued = await rotate_api_key(old.id, overlap_seconds=3600, maker=caller(), unit=unit)
    replaced = unit.api_keys.keys[old.id]

    assert (issued.key.name, issued.key.role, issued.key.mode) == (old.name, old.role, old.mode)
    assert issued.key.expires_at is None
    assert replaced.replaced_by == issued.key.number
    assert replaced.status(unit.clock.now() + timedelta(seconds=3599)) == "active"
    assert replaced.status(unit.clock.now() + timedelta(seconds=3600)) == "expired"


async def test_rotation_never_lengthens_a_keys_life(unit: FakeAccessUnit) -> None:
    """An overlap ends with the old key's own end; the successor lives as long as the old one was made for."""
    old = (await make(unit, expires_at=unit.clock.now() + timedelta(days=1))).key
    unit.clock.advance(3600)
    issued = await rotate_api_key(old.id, overlap_seconds=30 * 24 * 3600, maker=caller(), unit=unit)

    assert unit.api_keys.keys[old.id].expires_at == old.expires_at
    assert issued.key.expires_at == unit.clock.now() + timedelta(days=1)


async def test_an_ended_or_rotated_key_is_not_rotated(unit: FakeAccessUnit) -> None:
    """Two rotations at once make one successor."""
    ended, rotated = (await make(unit)).key, (await make(unit)).key
    await revoke_api_key(ended.id, unit=unit)
    await rotate_api_key(rotated.id, overlap_seconds=60, maker=caller(), unit=unit)

    for key in (ended, rotated):
        with pytest.raises(ApiKeyNotActive):
            await rotate_api_key(key.id, overlap_seconds=0, maker=caller(), unit=unit)
    with pytest.raises(ApiKeyNotFound):
        await rotate_api_key(new_id(), overlap_seconds=0, maker=caller(), unit=unit)


async def test_revoking_twice_changes_nothing(unit: FakeAccessUnit) -> None:
    """The first revocation's moment stays, and is told once."""
    key = (await make(unit)).key
    first = await revoke_api_key(key.id, unit=unit)
    unit.clock.advance(60)
    second = await revoke_api_key(key.id, unit=unit)

    assert first.revoked_at == second.revoked_at
    assert first.status(unit.clock.now()) == "revoked"
    assert [event.type for event in unit.events.told].count("api_key.revoked") == 1
