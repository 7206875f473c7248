"""A tenant's vault: who opens what, and what stays possible while the key provider is away."""

import asyncio
from dataclasses import replace
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from domain.kernel.errors import Unavailable
from domain.kernel.ids import new_id
from runtime.adapters import envelope
from runtime.adapters.vault import SECRETS_SECONDS, PresentVault, ShortMemory
from runtime.adapters.vaults import CHECK_SECONDS, RENEW_SECONDS, KeptVaults, new_keys
from tenancy.key_provider import DATA, INDEX, KEK
from tenancy.tenant import TenantNotFound
from tenancy.vault import VaultTampered
from tests.fakes.keys import MemoryKeyStore, SwitchedProvider, Ticker


class Bench:
    """Two shops' keys and the process that holds them."""

    def __init__(self) -> None:
        self.clock, self.store, self.provider = Ticker(), MemoryKeyStore(), SwitchedProvider()
        self.vaults = KeptVaults(self.store, self.provider, clock=self.clock)
        self.shop, self.neighbour = new_id(), new_id()

    async def start(self) -> "Bench":
        await self.vaults.create(self.shop, None)
        await self.vaults.create(self.neighbour, None)
        return self

    async def open(self, tenant_id: UUID | None = None) -> PresentVault:
        return await self.vaults.open(tenant_id or self.shop)

    async def rotate(self) -> None:
        await self.store.add(self.shop, await new_keys(self.provider, self.shop, {KEK: 2, DATA: 2}), None)
        self.store.settle(self.shop, settled=False)


@pytest.fixture
async def bench() -> Bench:
    return await Bench().start()


NAMES = st.sampled_from(["customer", "contact", "note", "profile", "value", "text"])


@pytest.fixture(scope="module")
def shared() -> tuple[PresentVault, PresentVault]:
    """Vaults of two shops for the property tests."""

    async def both() -> tuple[PresentVault, PresentVault]:
        bench = await Bench().start()
        return await bench.open(bench.shop), await bench.open(bench.neighbour)

    loop = asyncio.new_event_loop()
    try:
        return loop.run_until_complete(both())
    finally:
        loop.close()


@given(plaintext=st.binary(max_size=300), table=NAMES, column=NAMES)
def test_a_customers_cell_opens_with_the_stored_key(
    shared: tuple[PresentVault, PresentVault], plaintext: bytes, table: str, column: str
) -> None:
    """What the key store keeps is enough to open what was sealed when the customer was made."""
    vault, _ = shared
    key = vault.new_customer_key(new_id())
    sealed = key.seal(plaintext, table=table, column=column)

    again = vault.customer_key(key.customer_id, key.record)

    assert again.open(sealed, table=table, column=column) == plaintext
    assert len(sealed) == len(plaintext) + 32


@given(st.tuples(NAMES, NAMES), st.tuples(NAMES, NAMES))
def test_a_cell_does_not_open_in_another_column(
    shared: tuple[PresentVault, PresentVault], here: tuple[str, str], there: tuple[str, str]
) -> None:
    """A phone pasted into somebody's note, or a note into a phone, is refused."""
    if here == there:
        return
    vault, _ = shared
    key = vault.new_customer_key(new_id())
    sealed = key.seal(b"x", table=here[0], column=here[1])
    own = vault.seal(b"x", table=here[0], column=here[1])

    with pytest.raises(VaultTampered):
        key.open(sealed, table=there[0], column=there[1])
    with pytest.raises(VaultTampered):
        vault.open(own, table=there[0], column=there[1])


async def test_a_cell_does_not_open_for_another_customer_or_shop(bench: Bench) -> None:
    """Rows swapped between customers or shops are refused, whatever swapped them."""
    vault, other = await bench.open(), await bench.open(bench.neighbour)
    anna, boris = vault.new_customer_key(new_id()), vault.new_customer_key(new_id())
    sealed = anna.seal(b"+79350000001", table="contact", column="value")

    with pytest.raises(VaultTampered):
        boris.open(sealed, table="contact", column="value")
    with pytest.raises(VaultTampered):
        other.customer_key(anna.customer_id, anna.record)
    with pytest.raises(VaultTampered):
        other.open(vault.seal(b"x", table="a", column="b"), table="a", column="b")


async def test_swapped_wrapped_keys_are_refused(bench: Bench) -> None:
    """A customer's key record put in another's row opens nothing (B8 of the threat model)."""
    vault = await bench.open()
    anna, boris = vault.new_customer_key(new_id()), vault.new_customer_key(new_id())

    with pytest.raises(VaultTampered):
        vault.customer_key(boris.customer_id, anna.record)
    with pytest.raises(VaultTampered):
        vault.customer_key(anna.customer_id, replace(anna.record, wrapped=boris.record.wrapped))


@given(st.integers(0, 63), st.integers(1, 255), st.integers(0, 31), st.integers(1, 255))
def test_a_changed_key_record_is_refused(
    shared: tuple[PresentVault, PresentVault], at: int, change: int, committed_at: int, other_change: int
) -> None:
    """Neither the wrapped key nor its commitment can be changed by a byte: plain AES-GCM would not commit."""
    vault, _ = shared
    key = vault.new_customer_key(new_id())
    record = key.record
    wrapped = bytearray(record.wrapped)
    wrapped[at] ^= change
    commitment = bytearray(record.commitment)
    commitment[committed_at] ^= other_change

    for broken in (replace(record, wrapped=bytes(wrapped)), replace(record, commitment=bytes(commitment))):
        with pytest.raises(VaultTampered):
            vault.customer_key(key.customer_id, broken)


async def test_a_blind_index_is_the_same_for_one_shop_and_different_for_the_next(bench: Bench) -> None:
    """Equal phones are found within a shop and cannot be matched across shops or identifier types."""
    vault, other = await bench.open(), await bench.open(bench.neighbour)
    phone = "+79350000001"

    assert vault.blind("identifier:phone", phone) == vault.blind("identifier:phone", phone)
    assert len(vault.blind("identifier:phone", phone)) == 16
    assert vault.blind("identifier:phone", phone) != vault.blind("identifier:whatsapp", phone)
    assert vault.blind("identifier:phone", phone) != other.blind("identifier:phone", phone)
    assert vault.index_version == 1


async def test_keys_are_read_once_for_many_callers(bench: Bench) -> None:
    """A burst at opening time is one read of the key store."""
    opened = await asyncio.gather(*(bench.open() for _ in range(50)))

    assert bench.store.reads == 1
    assert all(vault is opened[0] for vault in opened)


async def test_an_unknown_shop_has_no_vault(bench: Bench) -> None:
    """A tenant without keys does not exist."""
    with pytest.raises(TenantNotFound):
        await bench.open(new_id())


async def test_receipts_need_nothing_that_is_gone_when_the_provider_is_away(bench: Bench) -> None:
    """P6: with the key provider away for longer than keys stay, customers are found and made, and nothing opens."""
    vault = await bench.open()
    known = vault.new_customer_key(new_id())
    before = known.seal("Анна".encode(), table="customer", column="profile")
    blind = vault.blind("identifier:phone", "+79350000001")
    bench.provider.away = True
    bench.clock.advance(SECRETS_SECONDS + 1)

    vault = await bench.open()
    assert vault.blind("identifier:phone", "+79350000001") == blind
    made = vault.new_customer_key(new_id())
    profile = made.seal(b"{}", table="customer", column="profile")
    parked = vault.seal(b"document", table="parked_document", column="detail")
    with pytest.raises(Unavailable):
        vault.customer_key(known.customer_id, known.record)
    with pytest.raises(Unavailable):
        vault.customer_key(made.customer_id, made.record)
    with pytest.raises(Unavailable):
        vault.open(parked, table="parked_document", column="detail")

    bench.provider.away = False
    bench.clock.advance(CHECK_SECONDS)
    vault = await bench.open()
    assert vault.customer_key(known.customer_id, known.record).open(before, table="customer", column="profile")
    assert vault.customer_key(made.customer_id, made.record).open(profile, table="customer", column="profile") == b"{}"
    assert vault.open(parked, table="parked_document", column="detail") == b"document"


async def test_a_key_made_in_an_outage_is_bound_like_any_other(bench: Bench) -> None:
    """Sealing to the public intake key gives up none of the checks."""
    vault = await bench.open()
    bench.provider.away = True
    bench.clock.advance(SECRETS_SECONDS + 1)
    vault = await bench.open()
    made, other = vault.new_customer_key(new_id()), vault.new_customer_key(new_id())
    bench.provider.away = False
    bench.clock.advance(CHECK_SECONDS)
    vault = await bench.open()

    with pytest.raises(VaultTampered):
        vault.customer_key(other.customer_id, made.record)
    with pytest.raises(VaultTampered):
        vault.customer_key(made.customer_id, replace(made.record, commitment=other.record.commitment))
    fresh = vault.customer_key(made.customer_id, made.record).record
    assert envelope.header_of(fresh.wrapped)[0] == envelope.SYMMETRIC
    assert fresh.commitment == made.record.commitment


async def test_secret_keys_leave_memory_after_five_minutes(bench: Bench) -> None:
    """Also those of a shop that nobody asks for any more."""
    vault = await bench.open()
    key = vault.new_customer_key(new_id())
    vault.customer_key(key.customer_id, key.record)
    bench.clock.advance(SECRETS_SECONDS)

    bench.vaults.sweep()

    assert vault._secrets is None
    assert len(bench.vaults._opened) == 0


async def test_a_busy_shop_renews_its_keys_before_they_end(bench: Bench) -> None:
    """Renewal comes early enough that an outage of a minute goes unnoticed."""
    vault = await bench.open()
    key = vault.new_customer_key(new_id())
    bench.clock.advance(RENEW_SECONDS)
    bench.provider.away = True
    vault = await bench.open()
    assert vault.customer_key(key.customer_id, key.record)

    bench.provider.away = False
    bench.clock.advance(CHECK_SECONDS)
    await bench.open()
    bench.clock.advance(SECRETS_SECONDS - RENEW_SECONDS)
    assert (await bench.open()).customer_key(key.customer_id, key.record)


async def test_an_outage_before_the_first_use_is_told_as_such(bench: Bench) -> None:
    """A process that never had a shop's keys answers 503, with a time to come again."""
    bench.provider.away = True
    with pytest.raises(Unavailable) as raised:
        await bench.open()
    assert raised.value.retry_after > 0


async def test_a_new_version_opens_at_once_and_wraps_only_when_settled(bench: Bench) -> None:
    """Until every process has read the new version nobody writes anything under it."""
    vault = await bench.open()
    old = vault.new_customer_key(new_id())
    await bench.rotate()
    bench.clock.advance(CHECK_SECONDS)
    vault = await bench.open()
    assert vault.new_customer_key(new_id()).record.kek_version == 1

    bench.store.settle(bench.shop)
    bench.clock.advance(CHECK_SECONDS)
    vault = await bench.open()
    assert vault.new_customer_key(new_id()).record.kek_version == 2
    fresh = vault.customer_key(old.customer_id, old.record).record
    assert fresh.kek_version == 2
    assert vault.customer_key(old.customer_id, fresh).open(old.seal(b"x", table="a", column="b"), table="a", column="b")
    assert vault.rewrap(old.customer_id, old.record).commitment == old.record.commitment


async def test_a_version_read_too_early_asks_to_come_again_and_is_there_then(bench: Bench) -> None:
    """A process that meets a key version it has not read refuses for a second, reads, and goes on."""
    vault = await bench.open()
    record = vault.new_customer_key(new_id()).record
    await bench.rotate()
    bench.store.settle(bench.shop)
    ahead = await KeptVaults(bench.store, bench.provider, clock=bench.clock).open(bench.shop)
    key = ahead.new_customer_key(new_id())
    assert key.record.kek_version == 2

    with pytest.raises(Unavailable):
        vault.customer_key(key.customer_id, key.record)
    vault = await bench.open()
    assert vault.customer_key(key.customer_id, key.record).record == key.record
    assert record.kek_version == 1


async def test_what_the_tenant_sealed_before_an_exchange_still_opens(bench: Bench) -> None:
    """Envelopes name their key version, and old versions of the tenant's own key stay."""
    sealed = (await bench.open()).seal(b"x", table="a", column="b")
    await bench.rotate()
    bench.store.settle(bench.shop)
    bench.clock.advance(CHECK_SECONDS)
    vault = await bench.open()

    again = vault.seal(b"x", table="a", column="b")
    assert envelope.header_of(sealed)[1] == 1
    assert envelope.header_of(again)[1] == 2
    assert vault.open(sealed, table="a", column="b") == vault.open(again, table="a", column="b") == b"x"


async def test_swapped_tenant_keys_are_refused(bench: Bench) -> None:
    """A tenant's key in another tenant's row, or an index key in the place of a wrapping key, does not open."""
    mine, theirs = bench.store.keys[bench.shop], bench.store.keys[bench.neighbour]
    bench.store.keys[bench.shop] = [
        replace(record, wrapped=other.wrapped) for record, other in zip(mine, theirs, strict=True)
    ]
    with pytest.raises(VaultTampered):
        await bench.open()
    bench.store.keys[bench.shop] = [
        replace(record, purpose={KEK: INDEX, INDEX: KEK}.get(record.purpose, record.purpose)) for record in mine
    ]
    with pytest.raises(VaultTampered):
        await bench.open()


@given(st.lists(st.tuples(st.integers(0, 30), st.floats(0, 90)), max_size=60))
def test_short_memory_is_bounded_and_forgets_in_time(steps: list[tuple[int, float]]) -> None:
    """No opened customer key outlives its time or crowds memory."""
    clock = Ticker()
    memory: ShortMemory[float] = ShortMemory(8, 100.0, clock)
    for number, pause in steps:
        clock.advance(pause)
        key = bytes([number])
        found = memory.get(key)
        if found is None:
            memory.put(key, clock())
        else:
            assert clock() - found <= 100.0
        assert len(memory) <= 8
