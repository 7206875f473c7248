"""Cards of customers on the real database: sealed, found, changed, never doubled."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import replace
from uuid import UUID

import pytest
from sqlalchemy import text

from domain.customers.addresses import AddressParts
from domain.customers.custom_fields import FieldRules
from domain.customers.customer import Acquisition, Override
from domain.customers.drafts import Draft, DraftAddress, DraftIdentifier
from domain.customers.errors import CustomerNotFound, EmptyCustomer, IdentifierTaken, InvalidValue
from domain.customers.use_cases.creating import create_customer, create_customers
from domain.customers.use_cases.custom_fields import define_field
from domain.customers.use_cases.editing import archive_customer, change_customer, restore_customer
from domain.kernel.errors import UnknownReference
from domain.kernel.ids import new_id
from domain.kernel.transaction import Retry
from persistence.unit_of_work import PgUnit

Units = Callable[[], AbstractAsyncContextManager[PgUnit]]
PHONE = DraftIdentifier("phone", "8 (935) 000-45-67")
MAIL = DraftIdentifier("email", "Anna@Mail.Example")


async def test_a_customer_is_read_as_it_was_created(unit: Units) -> None:
    """A1, A2, A3, A4, A9: names apart, phones as E.164 with the raw form, a birthday without a year, first touch."""
    draft = Draft(
        given_name=" Анна\u200f ",
        middle_name="Сергеевна",
        birthday="--05-17",
        sex="female",
        locale="ru",
        time_zone="Europe/Moscow",
        identifiers=[PHONE, MAIL, DraftIdentifier("external", "0042", "1c")],
        acquisition=Acquisition("till", "receipt", None, "main", "e-5"),
        declared_source="подруга",
        tags=["coffee", "taste:sweet", "coffee"],
        addresses=[DraftAddress("home", parts=AddressParts(city="Казань", street="Баумана"))],
    )
    async with unit() as u:
        created = await create_customer(draft, unit=u)
    async with unit() as u:
        read = await u.customers.get(created.id)
    assert replace(read, as_of=created.as_of) == replace(created, card=read.card)
    assert (read.card.profile, read.card.acquisition) == (created.card.profile, draft.acquisition)
    assert read.card.profile.greeting_name == "Анна Сергеевна"
    assert [(one.value, one.raw, one.primary) for one in read.identifiers] == [
        ("+79350004567", "8 (935) 000-45-67", True),
        ("anna@mail.example", "Anna@Mail.Example", True),
        ("0042", "0042", True),
    ]
    assert read.tags == ["coffee", "taste:sweet"]
    assert read.lifecycle == "potential"


async def test_unknown_places_become_unconfirmed_records(unit: Units) -> None:
    """Codes of stores and employees that nobody knew are kept and wait to be confirmed."""
    acquisition = Acquisition(store="north", employee="e-9")
    async with unit() as u:
        await create_customer(Draft(given_name="Анна", acquisition=acquisition), unit=u)
        await create_customer(Draft(given_name="Ольга", acquisition=acquisition), unit=u)
    async with unit() as u:
        stores = (await u.connection.execute(text("SELECT code, confirmed FROM store"))).all()
        staff = (await u.connection.execute(text("SELECT code, store_code, confirmed FROM employee"))).all()
    assert ("north", False) in stores
    assert ("e-9", "north", False) in staff


async def test_a_taken_phone_names_who_has_it(unit: Units) -> None:
    """One phone, however it is spelled, is one customer's."""
    async with unit() as u:
        first = await create_customer(Draft(identifiers=[PHONE]), unit=u)
    async with unit() as u:
        with pytest.raises(IdentifierTaken) as refused:
            await create_customer(Draft(identifiers=[DraftIdentifier("phone", "+7 935 000 4567")]), unit=u)
    assert refused.value.customer_id == first.id


async def test_fifty_at_once_create_one_customer(unit: Units) -> None:
    """The same phone created by fifty at once: one wins, the others learn who it is."""

    async def attempt() -> UUID | IdentifierTaken:
        while True:
            try:
                async with unit() as u:
                    return (await create_customer(Draft(identifiers=[PHONE]), unit=u)).id
            except Retry:
                continue
            except IdentifierTaken as taken:
                return taken

    results = await asyncio.gather(*(attempt() for _ in range(50)))
    (winner,) = [result for result in results if isinstance(result, UUID)]
    assert all(isinstance(r, UUID) or r.customer_id == winner for r in results)
    async with unit() as u:
        assert (await u.connection.execute(text("SELECT count(*) FROM customer"))).scalar_one() == 1


async def test_items_of_a_batch_take_effect_one_after_another(unit: Units) -> None:
    """A bad item harms no neighbour, and an item sees what those before it did."""
    async with unit() as u:
        outcomes = await create_customers(
            [
                Draft(given_name="Анна", identifiers=[PHONE]),
                Draft(identifiers=[PHONE, MAIL]),
                Draft(),
                Draft(given_name="Ольга", identifiers=[DraftIdentifier("phone", "112")], birthday="--02-30"),
                EmptyCustomer(),
                Draft(given_name="Ольга", identifiers=[MAIL]),
                Draft(given_name="Вера", owner_id=new_id()),
            ],
            unit=u,
        )
    created = [outcome.created for outcome in outcomes]
    assert [one is not None for one in created] == [True, False, False, False, False, True, False]
    assert outcomes[1].existing == (created[0] and created[0].id)
    assert [type(outcomes[at].refused) for at in (2, 3, 4, 6)] == [
        EmptyCustomer,
        InvalidValue,
        EmptyCustomer,
        UnknownReference,
    ]
    refused = outcomes[3].refused
    assert refused is not None
    assert {error.pointer for error in refused.errors} == {"/birthday", "/identifiers/0/value"}


async def test_nothing_personal_lies_open_in_the_tables(unit: Units) -> None:
    """Names, contacts, addresses and notes are ciphertext at rest."""
    draft = Draft(
        given_name="Аграфена",
        declared_source="соседка Пелагея",
        identifiers=[PHONE, MAIL],
        addresses=[DraftAddress(parts=AddressParts(text="Кудыкина гора"))],
    )
    async with unit() as u:
        await create_customer(draft, unit=u)
        for table in ("customer", "identifier", "address", "event"):
            rows = (await u.connection.execute(text(f"SELECT t::text FROM {table} t"))).scalars()  # noqa: S608
            kept = " ".join(row + "".join(_decoded(row)) for row in rows)
            assert not any(secret in kept for secret in ("Аграфена", "Пелагея", "9350004567", "mail.example", "гора"))


def _decoded(row: str) -> list[str]:
    return [
        bytes.fromhex(part[:-1] if len(part) % 2 else part).decode("utf-8", "ignore")
        for part in (piece.split('"')[0].split(",")[0] for piece in row.split("\\\\x")[1:])
        if all(character in "0123456789abcdef" for character in part)
    ]


async def test_a_patch_changes_what_was_given_and_nothing_else(unit: Units) -> None:
    """Merge patch: a null clears, what is left out stays; the version moves only when something changed."""
    async with unit() as u:
        before = await create_customer(Draft(given_name="Анна", sex="female", identifiers=[PHONE]), unit=u)
        after = await change_customer(
            before.id, {"family_name": "Петрова", "sex": None, "tags": ["a"], "birthday": "1990-02-28"}, unit=u
        )
        same = await change_customer(before.id, {"family_name": "Петрова"}, unit=u)
    profile = after.card.profile
    assert (profile.given_name, profile.family_name, profile.sex) == ("Анна", "Петрова", None)
    assert str(profile.birthday) == "1990-02-28"
    assert after.tags == ["a"]
    assert after.card.version > before.card.version
    assert same.card.version == after.card.version


async def test_a_card_that_nobody_could_find_is_refused(unit: Units) -> None:
    """Neither name nor identifier: 422 empty-customer."""
    async with unit() as u:
        with pytest.raises(EmptyCustomer):
            await create_customer(Draft(given_name=" \u202e "), unit=u)
        named = await create_customer(Draft(given_name="Анна"), unit=u)
        with pytest.raises(EmptyCustomer):
            await change_customer(named.id, {"given_name": None}, unit=u)


async def test_archive_and_restore(unit: Units) -> None:
    """Archived is a state and a stage of life; restoring takes both back; again is the same."""
    async with unit() as u:
        created = await create_customer(Draft(given_name="Анна"), unit=u)
        archived = await archive_customer(created.id, unit=u)
        again = await archive_customer(created.id, unit=u)
        restored = await restore_customer(created.id, unit=u)
    assert (archived.card.state, archived.lifecycle) == ("archived", "archived")
    assert again.card.version == archived.card.version
    assert (restored.card.state, restored.lifecycle) == ("active", "potential")


async def test_a_stage_set_by_hand_stands_until_it_is_cleared(unit: Units) -> None:
    """A19: manual override with a reason; the change is an event."""
    async with unit() as u:
        created = await create_customer(Draft(given_name="Анна"), unit=u)
        override = {"lifecycle_override": Override("vip", "подруга владелицы")}
        assert (await change_customer(created.id, override, unit=u)).lifecycle == "vip"
        assert (await change_customer(created.id, {"lifecycle_override": None}, unit=u)).lifecycle == "potential"
        events = (await u.connection.execute(text("SELECT changes FROM event WHERE type = 'customer.updated'"))).all()
    assert len(events) == 2


async def test_custom_values_are_checked_and_merged(unit: Units) -> None:
    """A15: typed fields; a null clears one and leaves the others."""
    async with unit() as u:
        await define_field(code="skin", type_="enum", label="Кожа", rules=FieldRules(options=("dry", "oily")), unit=u)
        await define_field(code="size", type_="number", label="Размер", rules=FieldRules(minimum="30"), unit=u)
        created = await create_customer(Draft(given_name="Анна", custom={"skin": "dry", "size": "38.5"}), unit=u)
        changed = await change_customer(created.id, {"custom": {"skin": None}}, unit=u)
        with pytest.raises(InvalidValue) as refused:
            await change_customer(created.id, {"custom": {"skin": "blue", "size": 29, "hair": 1}}, unit=u)
    assert created.card.profile.custom == {"skin": "dry", "size": "38.5"}
    assert changed.card.profile.custom == {"size": "38.5"}
    assert {error.pointer for error in refused.value.errors} == {"/custom/skin", "/custom/size", "/custom/hair"}


async def test_another_shops_customer_does_not_exist(unit: Units, base: object) -> None:
    """A foreign id is as unknown as a random one."""
    async with unit() as u:
        created = await create_customer(Draft(given_name="Анна", identifiers=[PHONE]), unit=u)
    other = (await base.open_shop())[0]  # type: ignore[attr-defined]
    async with base.store.transaction(other, u.actor) as theirs:  # type: ignore[attr-defined]
        with pytest.raises(CustomerNotFound):
            await theirs.customers.get(created.id)
        assert (await create_customer(Draft(identifiers=[PHONE]), unit=theirs)).id != created.id
