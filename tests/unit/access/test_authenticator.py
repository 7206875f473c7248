"""The front door."""

import asyncio
from datetime import timedelta
from uuid import UUID

import pytest

from compliance.access.api_key import KeyText, new_key_text
from compliance.access.authenticator import CACHE_SECONDS, CACHE_SIZE, LAST_USE_SECONDS, Authenticator
from compliance.access.permissions import PERMISSIONS_OF
from compliance.access.ports import StoredKey
from domain.kernel.errors import Unavailable
from domain.kernel.ids import new_id
from tests.fakes.access import FakeClock, FakeCredentials
from tests.fakes.keys import Ticker

OPERATOR_KEY = "an operator's own phrase, 32 characters or more"


class Door:
    """An authenticator with everything around it."""

    def __init__(self) -> None:
        self.credentials, self.clock, self.ticker = FakeCredentials(), FakeClock(), Ticker()
        self.authenticator = Authenticator(
            self.credentials, self.clock, operator_key=OPERATOR_KEY, monotonic=self.ticker
        )

    def issue(
        self, role: str = "cashier", kind: str = "live", tenant_id: UUID | None = None, **changes: object
    ) -> KeyText:
        text = new_key_text(kind, None if kind == "op" else tenant_id or new_id())
        values: dict[str, object] = {
            "key_id": None if kind == "op" else new_id(),
            "role": role,
            "mode": "live" if kind == "op" else kind,
            "secret_hash": text.secret_hash,
            "expires_at": None,
            "revoked_at": None,
            "last_used_at": None,
            "suspended": False,
        }
        self.credentials.keys[text.tenant_id, text.number] = StoredKey(**(values | changes))  # type: ignore[arg-type]
        return text

    def pass_time(self, seconds: float) -> None:
        self.ticker.advance(seconds)
        self.clock.advance(seconds)


@pytest.fixture
def door() -> Door:
    return Door()


async def test_a_key_makes_a_principal_of_its_tenant_role_and_mode(door: Door) -> None:
    """The tenant comes from the credential, never from the path or a body."""
    tenant = new_id()
    key = door.issue("manager", "test", tenant)

    principal = await door.authenticator.authenticate(key.text)

    assert principal is not None
    assert (principal.kind, principal.tenant_id, principal.role, principal.mode) == ("key", tenant, "manager", "test")
    assert principal.permissions == PERMISSIONS_OF["manager"]
    assert principal.actor.id == str(principal.key_id)


async def test_an_operators_key_has_no_tenant(door: Door) -> None:
    """An operator key sees no customer."""
    principal = await door.authenticator.authenticate(door.issue("operator", "op").text)

    assert principal is not None
    assert (principal.kind, principal.tenant_id, principal.role) == ("operator", None, "operator")
    assert "customers:read" not in principal.permissions


async def test_the_key_in_the_settings_is_compared_as_it_is(door: Door) -> None:
    """api.md: form and checksum are not asked of REGULARS_OPERATOR_KEY."""
    principal = await door.authenticator.authenticate(OPERATOR_KEY)

    assert principal is not None
    assert principal.kind == "operator"
    assert await door.authenticator.authenticate(OPERATOR_KEY[:-1]) is None
    assert door.credentials.asked == []


async def test_forged_unknown_expired_and_revoked_keys_are_all_nobody(door: Door) -> None:
    """One answer for all, so that nobody learns which it was."""
    good = door.issue()
    forged = KeyText(good.kind, good.tenant_id, good.number, b"\x00" * 32)
    elsewhere = KeyText(good.kind, new_id(), good.number, good.secret)
    other_mode = KeyText("test", good.tenant_id, good.number, good.secret)
    as_operator = KeyText("op", None, good.number, good.secret)
    expired = door.issue(expires_at=door.clock.now())
    revoked = door.issue(revoked_at=door.clock.now())
    unknown_role = door.issue(role="emperor")

    for key in (forged, elsewhere, other_mode, as_operator, expired, revoked, unknown_role):
        assert await door.authenticator.authenticate(key.text) is None
    for text in ("", "Bearer", "rgl_live", good.text[:-1], "я" * 40, "\udcff", "x" * 100_000):
        assert await door.authenticator.authenticate(text) is None
    assert await door.authenticator.authenticate(good.text) is not None


async def test_a_malformed_key_costs_no_look_up(door: Door) -> None:
    """The checksum turns scanners away before the database hears of them."""
    good = door.issue().text
    for text in (good[:-1] + ("0" if good[-1] != "0" else "1"), "rgl_live_x_y_z", "hello"):
        await door.authenticator.authenticate(text)
    assert door.credentials.asked == []


async def test_a_burst_asks_storage_once(door: Door) -> None:
    """A hundred requests at once of one till are one look-up, and none for two seconds."""
    key = door.issue()
    found = await asyncio.gather(*(door.authenticator.authenticate(key.text) for _ in range(100)))

    assert len(door.credentials.asked) == 1
    assert all(found)
    await door.authenticator.authenticate(key.text)
    assert len(door.credentials.asked) == 1


async def test_a_caller_who_hangs_up_takes_nobodys_answer_along(door: Door) -> None:
    """The look-up belongs to nobody, so cancelling its first waiter harms no other."""
    key = door.issue()
    first = asyncio.create_task(door.authenticator.authenticate(key.text))
    second = asyncio.create_task(door.authenticator.authenticate(key.text))
    await asyncio.sleep(0)
    first.cancel()

    assert await second is not None
    assert len(door.credentials.asked) == 1


async def test_revocation_is_effective_when_the_memory_ends(door: Door) -> None:
    """S10: a revoked key is refused within 5 seconds on every node; ours within two."""
    assert CACHE_SECONDS <= 5
    key = door.issue()
    await door.authenticator.authenticate(key.text)
    name = (key.tenant_id, key.number)
    stored = door.credentials.keys[name]
    door.credentials.keys[name] = StoredKey(
        stored.key_id, stored.role, stored.mode, stored.secret_hash, None, door.clock.now(), None, False
    )
    door.pass_time(CACHE_SECONDS)

    assert await door.authenticator.authenticate(key.text) is None


async def test_expiry_needs_no_look_up(door: Door) -> None:
    """A key that ends while it is remembered is refused at that moment."""
    key = door.issue(expires_at=door.clock.now() + timedelta(seconds=1))
    assert await door.authenticator.authenticate(key.text) is not None
    door.clock.advance(1)

    assert await door.authenticator.authenticate(key.text) is None


async def test_a_failing_storage_is_not_remembered(door: Door) -> None:
    """A database that is away is 503, not 401, and is asked again by the next request."""
    key = door.issue()
    door.credentials.failing = Unavailable()
    with pytest.raises(Unavailable):
        await door.authenticator.authenticate(key.text)

    door.credentials.failing = None
    assert await door.authenticator.authenticate(key.text) is not None


async def test_a_flood_of_forged_keys_does_not_fill_memory(door: Door) -> None:
    """The memory is bounded; real keys find their place again at once."""
    key = door.issue()
    await door.authenticator.authenticate(key.text)
    for number in range(CACHE_SIZE + 10):
        door.authenticator._known[number.to_bytes(32, "big")] = door.authenticator._known[
            next(iter(door.authenticator._known))
        ]
    door.pass_time(CACHE_SECONDS)
    await door.authenticator.authenticate(door.issue().text)

    assert len(door.authenticator._known) < CACHE_SIZE
    assert await door.authenticator.authenticate(key.text) is not None


async def test_a_last_use_is_written_once_a_minute(door: Door) -> None:
    """Coalesced, and on nobody's road: the request itself writes nothing."""
    key = door.issue()
    name = (key.tenant_id, key.number)
    for _ in range(5):
        await door.authenticator.authenticate(key.text)
    assert door.credentials.uses == []

    await door.authenticator.write_last_uses()
    first = door.clock.now()
    door.pass_time(10)
    await door.authenticator.authenticate(key.text)
    await door.authenticator.write_last_uses()
    assert door.credentials.uses == [{name: first}]

    door.pass_time(LAST_USE_SECONDS)
    await door.authenticator.authenticate(key.text)
    await door.authenticator.write_last_uses()
    assert door.credentials.uses[1:] == [{name: door.clock.now()}]


async def test_a_last_use_survives_a_failing_write(door: Door) -> None:
    """What could not be written is written the next time."""
    key = door.issue()
    await door.authenticator.authenticate(key.text)
    door.credentials.failing = Unavailable()
    with pytest.raises(Unavailable):
        await door.authenticator.write_last_uses()

    door.credentials.failing = None
    await door.authenticator.write_last_uses()
    assert door.credentials.uses == [{(key.tenant_id, key.number): door.clock.now()}]


async def test_a_stopping_process_writes_the_last_uses(door: Door) -> None:
    """Start and stop belong to the process's life."""
    key = door.issue()
    await door.authenticator.start()
    await door.authenticator.authenticate(key.text)
    await door.authenticator.stop()
    await door.authenticator.stop()

    assert len(door.credentials.uses) == 1


async def test_a_refused_key_leaves_no_trace_of_use(door: Door) -> None:
    """`last_used_at` tells of successes only."""
    key = door.issue(revoked_at=door.clock.now())
    await door.authenticator.authenticate(key.text)
    await door.authenticator.write_last_uses()
    assert door.credentials.uses == []


@pytest.mark.parametrize(
    ("role", "permission", "exempt", "shut_out"),
    [
        ("cashier", "receipts:write", False, True),
        ("manager", "customers:read", False, True),
        ("integration", "changes:read", False, True),
        ("owner", "customers:write", False, True),
        ("owner", "keys:manage", False, True),
        ("owner", "customers:read", False, False),
        ("owner", "customers:search", False, False),
        ("dpo", "customers:read", False, False),
        ("dpo", "customers:write", True, False),
    ],
)
async def test_a_suspended_shop_keeps_what_its_owner_and_officer_read(
    door: Door, role: str, permission: str, exempt: bool, shut_out: bool
) -> None:
    """decisions.md 27: tills and writers are refused; owner and data-protection officer keep reads."""
    principal = await door.authenticator.authenticate(door.issue(role, suspended=True).text)

    assert principal is not None
    assert principal.shut_out(permission, exempt=exempt) is shut_out


async def test_nobody_is_shut_out_of_an_active_shop(door: Door) -> None:
    """Without suspension the rule says nothing."""
    principal = await door.authenticator.authenticate(door.issue("cashier").text)
    assert principal is not None
    assert not principal.shut_out("receipts:write")
