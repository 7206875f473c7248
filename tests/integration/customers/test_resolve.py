"""Who stands at the till: every word of `match`, over HTTP and on the real database."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from sqlalchemy import event, text

from domain.customers.drafts import Draft, DraftIdentifier
from domain.customers.use_cases.creating import create_customer
from persistence.shop_rules import RulesCache
from persistence.till_desk import TillDesk
from tests.integration.customers.test_customer_api import key_of_role, made
from tests.support.shop import Base

PHONE = {"type": "phone", "value": "+79350004567"}
CARD = {"type": "card", "value": "2900001234"}


async def resolve(api: httpx.AsyncClient, *identifiers: Mapping[str, Any], **rest: Any) -> dict[str, Any]:
    headers = rest.pop("headers", None)
    answer = await api.post("/v1/customers/resolve", json={"identifiers": identifiers, **rest}, headers=headers)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def add(api: httpx.AsyncClient, customer: Mapping[str, Any], identifier: Mapping[str, Any], **rest: Any) -> Any:
    answer = await api.post(f"/v1/customers/{customer['id']}/identifiers", json={**identifier, **rest})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def test_a_found_customer_is_shown_as_the_till_may_see_them(api: httpx.AsyncClient) -> None:
    """exact_unverified; the till view holds what the contract lists and nothing else (A21)."""
    anna = await made(api)
    found = await resolve(api, {"type": "phone", "value": "8 935 000 45 67"})
    assert found["match"] == "exact_unverified"
    assert (found["candidates"], found["ignored"]) == ([], [])
    assert found["customer"] == {
        "id": anna["id"],
        "state": "active",
        "greeting_name": "Анна Сергеевна",
        "identifiers": [{"type": "phone", "value": "+7•••••••••67", "primary": True, "verified": False}],
        "tier": None,
        "balance": {"active": 0, "pending": 0, "held": 0, "debt": 0},
        "expiring": [],
        "discount_percent": 0,
        "discount_reason": None,
        "spend": {"max_points": 0, "verification": False, "reason": None},
        "hints": [{"kind": "confirm_contacts", "text": None}],
        "offers": [],
    }
    assert (await api.get(f"/v1/customers/{anna['id']}/till-view")).json() == found["customer"]


async def test_a_proven_identifier_is_an_exact_verified_match(api: httpx.AsyncClient) -> None:
    """exact_verified when one that matched is verified."""
    anna = await made(api)
    card = await add(api, anna, CARD)
    await api.post(f"/v1/customers/{anna['id']}/identifiers/{card['id']}/verify")
    assert (await resolve(api, PHONE))["match"] == "exact_unverified"
    assert (await resolve(api, PHONE, CARD))["match"] == "exact_verified"


async def test_a_stranger_is_nobody_until_somebody_asks_to_create(api: httpx.AsyncClient) -> None:
    """none and created; a card alone is enough; the profile is used only then; again finds the same one."""
    assert await resolve(api, PHONE) == {"match": "none", "customer": None, "candidates": [], "ignored": []}
    profile = {"given_name": "Анна", "acquisition": {"channel": "till", "store": "main"}}
    created = await resolve(api, CARD, on_missing="create", profile=profile)
    assert (created["match"], created["customer"]["greeting_name"]) == ("created", "Анна")
    again = await resolve(api, CARD, on_missing="create", profile={"given_name": "Ольга"})
    assert (again["match"], again["customer"]) == ("exact_unverified", created["customer"])
    consents = {"identifiers": [PHONE], "consents": []}
    assert (await api.post("/v1/customers/resolve", json=consents)).status_code == 400


async def test_two_calls_at_once_create_one_customer(api: httpx.AsyncClient) -> None:
    """A race finds the customer, it is no error."""
    answers = await asyncio.gather(*(resolve(api, PHONE, on_missing="create") for _ in range(20)))
    assert len({answer["customer"]["id"] for answer in answers}) == 1
    assert [answer["match"] for answer in answers].count("created") == 1


async def test_a_shared_phone_is_ambiguous_until_a_card_decides(api: httpx.AsyncClient) -> None:
    """One identifier that several share: candidates `id` and `Анна П.` only, nobody created."""
    anna = await made(api)
    pavel = await made(api, given_name="Павел", identifiers=[])
    await add(api, pavel, PHONE, shared=True)
    await add(api, pavel, CARD)
    found = await resolve(api, PHONE, on_missing="create")
    assert (found["match"], found["customer"]) == ("ambiguous", None)
    assert sorted(found["candidates"], key=lambda one: one["name"]) == [
        {"id": anna["id"], "name": "Анна П."},
        {"id": pavel["id"], "name": "Павел П."},
    ]
    assert (await resolve(api, PHONE, CARD))["customer"]["id"] == pavel["id"]


async def test_identifiers_of_different_people_are_a_conflict(api: httpx.AsyncClient) -> None:
    """conflict, with candidates, and nobody is created."""
    anna = await made(api)
    olga = await made(api, given_name="Ольга", family_name=None, identifiers=[CARD])
    found = await resolve(api, PHONE, CARD, on_missing="create")
    assert found["match"] == "conflict"
    assert {one["id"]: one["name"] for one in found["candidates"]} == {anna["id"]: "Анна П.", olga["id"]: "Ольга"}
    unknown = {"type": "email", "value": "nobody@shop.example"}
    assert (await resolve(api, PHONE, unknown))["match"] == "exact_unverified"


async def test_junk_and_stand_ins_find_nobody(api: httpx.AsyncClient) -> None:
    """Quarantined and relay identifiers are ignored, with the reason; alone they create nobody: blocked."""
    junk = {"type": "phone", "value": "+7 999 999-99-99"}
    relay = {"type": "relay", "value": "x17@relay.market.example"}
    first = await made(api, identifiers=[junk, relay])
    second = await made(api, identifiers=[junk, relay])
    assert first["id"] != second["id"]
    assert [one["status"] for one in first["identifiers"]] == ["quarantined", "shared"]
    found = await resolve(api, junk, relay)
    assert (found["match"], found["customer"]) == ("none", None)
    assert found["ignored"] == [
        {"pointer": "/identifiers/0", "reason": "quarantined"},
        {"pointer": "/identifiers/1", "reason": "relay"},
    ]
    assert (await resolve(api, junk, on_missing="create"))["match"] == "blocked"
    created = await resolve(api, junk, CARD, on_missing="create")
    assert (created["match"], [one["type"] for one in created["customer"]["identifiers"]]) == ("created", ["card"])


async def test_a_phone_on_more_than_three_customers_is_junk(api: httpx.AsyncClient) -> None:
    """On the fourth it is quarantined everywhere."""
    people = [await made(api)] + [await made(api, given_name=f"N{n}", identifiers=[]) for n in range(3)]
    statuses = [(await add(api, person, PHONE, shared=True))["status"] for person in people[1:]]
    assert statuses == ["shared", "shared", "quarantined"]
    found = await resolve(api, PHONE)
    assert (found["match"], found["ignored"][0]["reason"]) == ("none", "quarantined")


async def test_a_former_owner_is_probable_and_no_business_of_cashiers(api: httpx.AsyncClient) -> None:
    """probable: somebody who once had what nobody has now; a cashier sees none."""
    anna = await made(api)
    path = f"/v1/customers/{anna['id']}/identifiers/{anna['identifiers'][0]['id']}/retire"
    await api.post(path)
    found = await resolve(api, PHONE)
    assert (found["match"], found["candidates"]) == ("probable", [{"id": anna["id"], "name": "Анна П."}])
    cashier = await key_of_role(api, "cashier")
    seen = await resolve(api, PHONE, headers=cashier)
    assert (seen["match"], seen["candidates"]) == ("none", [])
    created = await resolve(api, PHONE, on_missing="create", headers=cashier)
    assert (created["match"], created["customer"]["id"] != anna["id"]) == ("created", True)


async def test_what_cannot_be_an_identifier_is_told(api: httpx.AsyncClient) -> None:
    """422 with a pointer for a phone that cannot be a number; an external id needs its system."""
    body = {"identifiers": [PHONE, {"type": "phone", "value": "12"}, {"type": "external", "value": "7"}]}
    refused = await api.post("/v1/customers/resolve", json=body)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid-value")
    assert [(error["pointer"], error["code"]) for error in refused.json()["errors"]] == [
        ("/identifiers/1/value", "invalid-phone"),
        ("/identifiers/2/system", "required"),
    ]


async def test_a_resent_call_answers_what_it_answered(api: httpx.AsyncClient) -> None:
    """Idempotency-Key: the same key replays `created`, byte for byte."""
    headers = {"Idempotency-Key": "till-1/resolve/1"}
    body = {"identifiers": [PHONE], "on_missing": "create"}
    first = await api.post("/v1/customers/resolve", json=body, headers=headers)
    again = await api.post("/v1/customers/resolve", json=body, headers=headers)
    assert first.json()["match"] == "created"
    assert (again.content, again.headers["idempotent-replayed"]) == (first.content, "true")


async def test_the_till_is_reminded_of_birthdays_and_pinned_notes(api: httpx.AsyncClient) -> None:
    """Hints: birthday within 7 days, notes pinned for the till, contacts to be confirmed."""
    soon = datetime.now(UTC) + timedelta(days=3)
    anna = await made(api, birthday=soon.strftime("--%m-%d"))
    notes = f"/v1/customers/{anna['id']}/notes"
    await api.post(notes, json={"text": "Пакет не предлагать", "visibility": "till", "pinned": True})
    await api.post(notes, json={"text": "Не закреплена", "visibility": "till"})
    await api.post(notes, json={"text": "Для управляющей", "pinned": True})
    hints = (await resolve(api, PHONE))["customer"]["hints"]
    assert hints == [
        {"kind": "note", "text": "Пакет не предлагать"},
        {"kind": "birthday_soon", "text": None},
        {"kind": "confirm_contacts", "text": None},
    ]


async def test_points_of_a_receipt_show_at_once(api: httpx.AsyncClient) -> None:
    """Balance, seller view, card, metrics and timeline follow a receipt (A11, A22, A34, A142)."""
    anna = await made(api)
    sale = {
        "source": "till-1",
        "external_id": "1",
        "kind": "sale",
        "sold_at": datetime.now(UTC).isoformat(),
        "store": "main",
        "employee": "e-5",
        "currency": "RUB",
        "customer": {"identifiers": [PHONE]},
        "lines": [{"line": "1", "sku": "1", "name": "Кофе", "quantity": "2", "unit_price": 65000, "total": 130000}],
        "total": 130000,
    }
    assert (await api.post("/v1/receipts", json=sale)).status_code == 201
    view = (await resolve(api, PHONE))["customer"]
    assert (view["balance"]["active"], view["spend"]["max_points"]) == (13, 13)
    path = f"/v1/customers/{anna['id']}"
    seller = (await api.get(f"{path}/seller-view")).json()
    assert [(one["name"], one["quantity"], one["returned"]) for one in seller["purchases"]] == [("Кофе", "2", "0")]
    assert seller["identifiers"][0]["value"] == "+7•••••••••67"
    card = (await api.get(f"{path}/card")).json()
    assert (card["balance"]["active"], card["metrics"]["spent_total"], card["tags"][0]["name"]) == (
        13,
        130000,
        "coffee",
    )
    assert [one["kind"] for one in card["events"]] == ["sale"]
    assert (card["segments"], card["consents"], card["tasks"]) == ([], [], [])
    shown = (await api.get(path)).json()
    assert (shown["lifecycle"], shown["metrics"]["receipts"], shown["metrics"]["average_receipt"]) == ("new", 1, 130000)
    metrics = (await api.get(f"{path}/metrics")).json()
    assert [(one["store"], one["spent_total"]) for one in metrics["by_store"]] == [("main", 130000)]
    before = (await api.get(f"{path}/metrics?as_of=2020-01-01T00:00:00Z")).json()
    assert (before["totals"]["receipts"], before["by_store"]) == (0, [])
    await api.post(f"{path}/notes", json={"text": "Любит кофе"})
    entries = (await api.get(f"{path}/timeline")).json()["items"]
    assert [one["kind"] for one in entries] == ["note", "sale"]
    assert entries[1]["title"] == "Покупка на 1 300,00 RUB"
    for query, kinds in (
        ("kind=sale", ["sale"]),
        ("kind=note&kind=sale", ["note", "sale"]),
        ("store=main", ["sale"]),
        ("author=e-5", ["sale"]),
        ("from=2100-01-01T00:00:00Z", []),
        ("limit=1", ["note"]),
    ):
        answer = await api.get(f"{path}/timeline?{query}")
        assert answer.status_code == 200, answer.text
        assert [one["kind"] for one in answer.json()["items"]] == kinds, query
    first = (await api.get(f"{path}/timeline?limit=1")).json()
    rest = (await api.get(f"{path}/timeline?limit=1&cursor={first['next_cursor']}")).json()
    assert ([one["kind"] for one in rest["items"]], rest["next_cursor"]) == (["sale"], None)


@dataclass
class Counted:
    """The till's pool with a count of its round trips."""

    pool: Any
    trips: list[str] = field(default_factory=list)

    async def fetchval(self, query: str, *arguments: Any) -> Any:
        self.trips.append(query)
        return await self.pool.fetchval(query, *arguments)


@dataclass
class CountedDatabase:
    """A database whose till pool counts."""

    pool: Counted


async def test_a_look_up_costs_one_round_trip(base: Base, tenant: UUID) -> None:
    """P-3: whoever is found, with or without points, costs one statement on the pool and none on the engine."""
    async with base.store.transaction(tenant, _actor()) as unit:
        created = await create_customer(Draft(given_name="Анна", identifiers=[_phone()]), unit=unit)
    counted = Counted(base.database.pool)
    desk = TillDesk(CountedDatabase(counted), RulesCache(base.database), base.vaults, base.clock)  # type: ignore[arg-type]
    await desk.resolve(tenant, [_phone()])
    counted.trips.clear()
    statements: list[str] = []
    engine = base.database._engine.sync_engine
    event.listen(engine, "before_cursor_execute", lambda _c, _u, sql, *_: statements.append(sql))
    found = await desk.resolve(tenant, [_phone()])
    assert found.verdict.customer_id == created.id
    assert (len(counted.trips), statements) == (1, [])


@pytest.mark.parametrize("days", [179, 181])
async def test_a_silent_phone_earns_and_does_not_spend(base: Base, tenant: UUID, days: int) -> None:
    """A phone unused for 180 days identifies for earning only."""
    async with base.store.transaction(tenant, _actor()) as unit:
        await create_customer(Draft(given_name="Анна", identifiers=[_phone()]), unit=unit)
        since = datetime.now(UTC) - timedelta(days=days)
        await unit.connection.execute(text("UPDATE identifier SET created_at = :since"), {"since": since})
    desk = TillDesk(base.database, RulesCache(base.database), base.vaults, base.clock)
    found = await desk.resolve(tenant, [_phone()])
    assert found.view is not None
    assert found.view.spend.reason == ("phone_stale" if days > 180 else None)


def _phone() -> DraftIdentifier:
    return DraftIdentifier("phone", "+79350004567")


def _actor() -> Any:
    from tests.conftest import OWNER

    return OWNER
