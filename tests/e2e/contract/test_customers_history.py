"""Customers: notes and addresses, the card, the timeline, the change feed."""

import base64
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import pytest_asyncio

from tests.support.feed import settle
from tests.support.foreign import Json, all_items, customer, key_of, refused, told
from tests.support.shop import Base

CARD = "4111 1111 1111 1111"


async def _sold(api: httpx.AsyncClient, customer_id: str, number: str, at: str, **fields: Any) -> Json:
    body = {
        "source": "till-1", "external_id": number, "kind": "sale", "sold_at": at, "currency": "RUB", "total": 10000,
        "store": "main", "employee": "e-5", "customer": {"id": customer_id},
        "lines": [{"line": "1", "sku": "4600000000017", "name": "Кофе", "quantity": "1", "unit_price": 10000,
                   "total": 10000}],
    }  # fmt: skip
    return told(await api.post("/v1/receipts", json={**body, **fields}), 201)


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("Не любит розовое", "Не любит розовое"),
        (f"карта {CARD}!", "карта •••• •••• •••• 1111!"),
        ("карта 4111111111111111", "карта ••••••••••••1111"),
        ("2200-7001-1234-5674", None),
        ("штрихкод 4600000000017", "штрихкод 4600000000017"),
        ("imei 356938035643809", "imei 356938035643809"),
        ("тел. +79350004567", "тел. +79350004567"),
        ("первая\nвторая", "первая\nвторая"),
        ("a\u202eb\u0007c", "abc"),
        ("<b>жирный</b> 🙂 ё", "<b>жирный</b> 🙂 ё"),
        ("я" * 10_000, "я" * 10_000),
    ],
)
async def test_notes_are_kept_clean(shop: httpx.AsyncClient, text: str, kept: str | None) -> None:
    """A payment card number is masked, never refused; other long numbers stay; control characters go."""
    anna = await customer(shop, given_name="Анна")
    note = told(await shop.post(f"/v1/customers/{anna['id']}/notes", json={"text": text}), 201)
    if kept is not None:
        assert note["text"] == kept
    read = told(await shop.get(f"/v1/customers/{anna['id']}/notes/{note['id']}"))
    assert read["text"] == note["text"]
    assert "4111111111111111" not in read["text"].replace(" ", "")


@pytest.mark.parametrize("text", ["", "я" * 10_001, None, 5, "a\u0000b"])
async def test_a_note_of_another_form_is_400(shop: httpx.AsyncClient, text: Any) -> None:
    """1 to 10 000 characters, no NUL."""
    anna = await customer(shop, given_name="Анна")
    answer = await shop.post(f"/v1/customers/{anna['id']}/notes", json={"text": text})
    refused(answer, 400, "invalid-request", "/text")


async def test_notes_have_author_pin_visibility_and_history(api: httpx.AsyncClient) -> None:
    """A30: every former text with who wrote it and when; a level above the reader answers as if it were not there."""
    anna = await customer(api, given_name="Анна")
    path = f"/v1/customers/{anna['id']}/notes"
    note = told(await api.post(path, json={"text": "Первая", "visibility": "staff", "pinned": True}), 201)
    assert (note["text"], note["visibility"], note["pinned"]) == ("Первая", "staff", True)
    assert note["author"]
    manager = await key_of(api, "manager")
    second = told(await api.patch(f"{path}/{note['id']}", json={"text": "Вторая", "pinned": False}, headers=manager))
    assert second["author"] != note["author"]
    kept = told(await api.get(f"{path}/{note['id']}/revisions"))["items"]
    assert [(one["text"], one["pinned"]) for one in kept] == [("Вторая", False), ("Первая", True)]
    secret = told(await api.post(path, json={"text": "Тайна", "visibility": "owner"}), 201)
    unknown = refused(await api.get(f"{path}/{uuid4()}", headers=manager), 404)
    for call in (
        api.get(f"{path}/{secret['id']}", headers=manager),
        api.patch(f"{path}/{secret['id']}", json={"text": "x"}, headers=manager),
        api.delete(f"{path}/{secret['id']}", headers=manager),
        api.get(f"{path}/{secret['id']}/revisions", headers=manager),
    ):
        assert {**refused(await call, 404), "trace_id": ""} == {**unknown, "trace_id": ""}
    assert [one["text"] for one in told(await api.get(path, headers=manager))["items"]] == ["Вторая"]
    assert [one["text"] for one in told(await api.get(path))["items"]] == ["Тайна", "Вторая"]
    for bad in ({"visibility": "everybody"}, {"pinned": None}, {"text": None}, {"author": "x"}):
        refused(await api.patch(f"{path}/{note['id']}", json=bad), 400, "invalid-request")
    assert (await api.delete(f"{path}/{note['id']}")).status_code == 204
    refused(await api.delete(f"{path}/{note['id']}"), 404, "note-not-found")


async def test_belongings_are_of_one_customer(api: httpx.AsyncClient) -> None:
    """The note, address or identifier of another customer under this one's path is 404."""
    anna, vera = await customer(api, "+79350000001"), await customer(api, given_name="Вера")
    hers = f"/v1/customers/{anna['id']}"
    note = told(await api.post(f"{hers}/notes", json={"text": "чай"}), 201)
    address = told(await api.post(f"{hers}/addresses", json={"city": "Казань"}), 201)
    other = f"/v1/customers/{vera['id']}"
    refused(await api.get(f"{other}/notes/{note['id']}"), 404, "note-not-found")
    refused(await api.delete(f"{other}/notes/{note['id']}"), 404, "note-not-found")
    refused(await api.patch(f"{other}/addresses/{address['id']}", json={"city": "x"}), 404, "address-not-found")
    refused(await api.delete(f"{other}/addresses/{address['id']}"), 404, "address-not-found")
    identifier = anna["identifiers"][0]["id"]
    for verb in ("verify", "make-primary", "retire"):
        answer = await api.post(f"{other}/identifiers/{identifier}/{verb}")
        refused(answer, 404, "identifier-not-found")


async def test_addresses_have_one_default(api: httpx.AsyncClient) -> None:
    """A6: many typed addresses, one default; structured parts plus free text; one that says nothing is refused."""
    anna = await customer(api, given_name="Анна", addresses=[{"city": "Казань"}, {"kind": "work", "text": "Кремль"}])
    assert [one["default"] for one in anna["addresses"]] == [True, False]
    path = f"/v1/customers/{anna['id']}/addresses"
    third = told(await api.post(path, json={"kind": "delivery", "city": "Москва", "default": True}), 201)
    assert [one["default"] for one in told(await api.get(path))["items"]] == [False, False, True]
    changed = told(await api.patch(f"{path}/{third['id']}", json={"city": None, "text": "у метро"}))
    assert (changed["city"], changed["text"], changed["default"]) == (None, "у метро", True)
    refused(await api.patch(f"{path}/{third['id']}", json={"text": None}), 422, "invalid-value")
    refused(await api.post(path, json={}), 422, "invalid-value")
    refused(await api.post(path, json={"city": "  "}), 422, "invalid-value")
    refused(await api.post(path, json={"city": "x" * 201}), 400, "invalid-request", "/city")
    assert (await api.delete(f"{path}/{third['id']}")).status_code == 204
    assert sum(one["default"] for one in told(await api.get(path))["items"]) <= 1
    assert [one["city"] for one in told(await api.get(f"/v1/customers/{anna['id']}"))["addresses"]] == ["Казань", None]


async def test_the_card_is_one_call(api: httpx.AsyncClient) -> None:
    """A22: profile, metrics, tags, segments, balance, tier, consents, open tasks, the last 20 events."""
    anna = await customer(api, "+79350000001", given_name="Анна", tags=["coffee"])
    path = f"/v1/customers/{anna['id']}"
    for number in range(12):
        await _sold(api, anna["id"], str(number), f"2026-11-{number + 1:02}T12:00:00Z")
    for number in range(12):
        told(await api.post(f"{path}/notes", json={"text": f"{number}"}), 201)
    card = told(await api.get(f"{path}/card"))
    assert card["customer"]["id"] == anna["id"]
    assert card["metrics"]["receipts"] == 12
    assert [one["name"] for one in card["tags"]] == ["coffee"]
    assert (card["segments"], card["consents"], card["tasks"], card["tier"]) == ([], [], [], None)
    assert card["balance"] == {"active": 12, "pending": 0, "held": 0, "debt": 0}
    assert len(card["events"]) == 20
    timeline = told(await api.get(f"{path}/timeline?limit=20"))["items"]
    assert [one["id"] for one in card["events"]] == [one["id"] for one in timeline]


async def test_a_timeline_is_newest_first_by_business_time(api: httpx.AsyncClient) -> None:
    """A34: receipts, returns and notes in one order; late documents take the place of their time."""
    anna = await customer(api, given_name="Анна")
    path = f"/v1/customers/{anna['id']}/timeline"
    sale = await _sold(api, anna["id"], "2", "2026-11-20T12:00:00+03:00")
    note = told(await api.post(f"/v1/customers/{anna['id']}/notes", json={"text": "чай"}), 201)
    late = await _sold(api, anna["id"], "1", "2026-11-10T12:00:00Z", store="north", employee="e-9")
    items = told(await api.get(path))["items"]
    for one in items:
        assert set(one) >= {
            "id", "kind", "occurred_at", "recorded_at", "source", "store", "actor", "title", "refs", "data",
        }  # fmt: skip
        assert one["title"]
        assert one["occurred_at"].endswith("Z")
    kinds = [one["kind"] for one in items]
    assert len(kinds) == 3
    assert [one["occurred_at"] for one in items] == sorted((one["occurred_at"] for one in items), reverse=True)
    assert items[1]["occurred_at"] == "2026-11-20T09:00:00Z"
    refs = [str(one["refs"]) for one in items]
    assert note["id"] in refs[0] + items[0]["id"]
    assert sale["id"] in refs[1]
    assert late["id"] in refs[2]

    async def ids(**query: Any) -> list[str]:
        return [one["id"] for one in await all_items(api, path, limit=1, **query)]

    whole = [one["id"] for one in items]
    assert await ids() == whole
    assert await ids(kind=kinds[0]) == whole[:1]
    assert await ids(kind=kinds[1]) == whole[1:]
    assert await ids(kind=[kinds[0], kinds[1]]) == whole
    assert await ids(kind="nothing") == []
    assert await ids(store="north") == whole[2:]
    assert await ids(**{"from": "2026-11-20T09:00:00Z"}) == whole[:2]
    assert await ids(to="2026-11-20T09:00:00Z") == whole[2:]
    assert await ids(**{"from": "2026-11-10T12:00:00Z", "to": "2026-11-20T09:00:01Z"}) == whole[1:]
    assert await ids(author=items[0]["actor"]) == [one["id"] for one in items if one["actor"] == items[0]["actor"]]
    assert await ids(author="nobody") == []
    refused(await api.get(f"{path}?from=2026-11-20"), 400, "invalid-request")
    refused(await api.get(f"{path}?colour=red"), 400, "invalid-request")


async def test_pages_of_a_timeline_hold_while_rows_arrive(api: httpx.AsyncClient) -> None:
    """Many receipts of one second keep one order; what arrives meanwhile neither hides nor repeats a row."""
    anna = await customer(api, given_name="Анна")
    path = f"/v1/customers/{anna['id']}/timeline"
    for number in range(6):
        await _sold(api, anna["id"], str(number), "2026-11-20T12:00:00Z")
    whole = [one["id"] for one in told(await api.get(path))["items"]]
    first = told(await api.get(path, params={"limit": 3}))
    await _sold(api, anna["id"], "new", "2026-11-21T12:00:00Z")
    await _sold(api, anna["id"], "old", "2026-11-01T12:00:00Z")
    rest = told(await api.get(path, params={"limit": 50, "cursor": first["next_cursor"]}))["items"]
    assert [one["id"] for one in first["items"]] + [one["id"] for one in rest][:3] == whole
    assert len(rest) == 4
    for bad in ("abc", first["next_cursor"][:-4]):
        refused(await api.get(path, params={"cursor": bad}), 400, "invalid-request")


async def test_a_timeline_shows_each_role_its_own(api: httpx.AsyncClient) -> None:
    """Visibility by role is applied before paging: an integration sees no notes, a manager not the owner's."""
    anna = await customer(api, given_name="Анна")
    path = f"/v1/customers/{anna['id']}"
    await _sold(api, anna["id"], "1", "2026-11-20T12:00:00Z")
    for level in ("owner", "manager", "till"):
        told(await api.post(f"{path}/notes", json={"text": f"для {level}", "visibility": level}), 201)
    for role, count in (("owner", 4), ("manager", 3), ("dpo", 4), ("integration", 1)):
        headers = await key_of(api, role)
        page = await api.get(f"{path}/timeline?limit=1", headers=headers)
        assert len(told(page)["items"]) == 1
        everything = await api.get(f"{path}/timeline", headers=headers)
        assert len(told(everything)["items"]) == count, role
        assert ("для owner" in everything.text) is (role in {"owner", "dpo"})
        card = await api.get(f"{path}/card", headers=headers)
        assert len(told(card)["events"]) == count


@pytest_asyncio.fixture
async def fed(edge: httpx.AsyncClient, base: Base, api: httpx.AsyncClient) -> Any:
    """Return what reads the feed to its end, after the worker has given positions."""
    tenant_id = UUID(told(await api.get("/v1/me"))["tenant_id"])

    async def read(cursor: str | None = None, *, limit: int = 200, **asked: Any) -> tuple[list[Json], str]:
        await settle(base, tenant_id)
        headers = asked.pop("headers", None)
        items: list[Json] = []
        while True:
            query = {**asked, "limit": limit, **({"cursor": cursor} if cursor else {})}
            page = told(await api.get("/v1/changes", params=query, headers=headers))
            assert isinstance(page["next_cursor"], str), "next_cursor is never null"
            cursor = page["next_cursor"]
            if not page["items"]:
                return items, cursor
            items += page["items"]

    return read


async def test_changes_come_oldest_first_and_the_cursor_is_never_null(api: httpx.AsyncClient, fed: Any) -> None:
    """Keep the cursor and ask again: nothing is skipped, nothing comes after what followed it."""
    _, start = await fed()
    anna = await customer(api, "+79350004567", given_name="Анна", tags=["x"])
    path = f"/v1/customers/{anna['id']}"
    told(await api.patch(path, json={"given_name": "Жанна", "locale": "uk"}))
    told(await api.post(f"{path}/archive"))
    items, end = await fed(start, limit=1)
    types = [one["type"] for one in items]
    assert types[0] == "customer.created"
    assert types[-1] == "customer.archived"
    assert "customer.updated" in types
    for one in items:
        assert set(one) >= {"id", "type", "occurred_at", "recorded_at", "actor", "object", "changes", "data"}
        assert set(one["object"]) >= {"type", "id"}
        UUID(one["object"]["id"])
    update = items[types.index("customer.updated")]
    assert {one["field"]: (one["old"], one["new"]) for one in update["changes"]} == {
        "given_name": ("Анна", "Жанна"),
        "locale": (None, "uk"),
    }
    again, same = await fed(end)
    assert (again, same) == ([], end)
    told(await api.post(f"{path}/restore"))
    later, _ = await fed(end)
    assert [one["type"] for one in later] == ["customer.restored"]
    whole, _ = await fed(start)
    assert [one["id"] for one in whole] == [one["id"] for one in items + later]


async def test_every_type_of_change_can_be_asked_for(api: httpx.AsyncClient, fed: Any) -> None:
    """`<thing>.<past verb>`; the filter takes each type that the feed shows, and several."""
    anna = await customer(api, "+79350004567", "+79350004568", given_name="Анна", tags=["x"])
    path = f"/v1/customers/{anna['id']}"
    own = anna["identifiers"][1]["id"]
    for verb in ("verify", "make-primary", "retire"):
        told(await api.post(f"{path}/identifiers/{own}/{verb}"))
    note = told(await api.post(f"{path}/notes", json={"text": "чай"}), 201)
    told(await api.patch(f"{path}/notes/{note['id']}", json={"text": "кофе"}))
    await api.delete(f"{path}/notes/{note['id']}")
    address = told(await api.post(f"{path}/addresses", json={"city": "Казань"}), 201)
    told(await api.patch(f"{path}/addresses/{address['id']}", json={"city": "Москва"}))
    field = told(await api.post("/v1/custom-fields", json={"code": "a", "type": "bool", "label": "A"}), 201)
    told(await api.patch(f"/v1/custom-fields/{field['id']}", json={"label": "B"}))
    told(await api.patch("/v1/settings", json={"name": "Другая"}))
    told(await api.post("/v1/stores", json={"code": "main"}), 201)
    told(await api.post("/v1/api-keys", json={"name": "till", "role": "cashier"}), 201)
    await _sold(api, anna["id"], "1", "2026-11-20T12:00:00Z")
    items, _ = await fed()
    types = {one["type"] for one in items}
    assert len(types) > 12
    for one in types:
        found, _ = await fed(type=one)
        assert {item["type"] for item in found} == {one}
    both, _ = await fed(type=["customer.created", "receipt.recorded"])
    assert {one["type"] for one in both} == {"customer.created", "receipt.recorded"}
    refused(await api.get("/v1/changes?type=Customer"), 400, "invalid-request")
    assert told(await api.get("/v1/changes?type=nothing.happened"))["items"] == []


async def test_personal_values_are_hidden_from_who_may_not_see_them(api: httpx.AsyncClient, fed: Any) -> None:
    """No name, phone, mail, address or note in clear for an integration; ids and field names stay."""
    anna = await customer(
        api, "+79350004567", given_name="Анна", family_name="Петрова", birthday="1990-05-17",
        addresses=[{"city": "Казань", "street": "Баумана"}], declared_source="Сестра Вера",
    )  # fmt: skip
    path = f"/v1/customers/{anna['id']}"
    told(await api.patch(path, json={"family_name": "Сидорова", "birthday": "--06-18"}))
    told(await api.post(f"{path}/identifiers", json={"type": "email", "value": "anna@pochta.example"}), 201)
    told(await api.post(f"{path}/notes", json={"text": "любит чай"}), 201)
    told(await api.post(f"{path}/addresses", json={"city": "Москва", "street": "Арбат"}), 201)
    await _sold(api, anna["id"], "1", "2026-11-20T12:00:00Z")
    headers = await key_of(api, "integration")
    hidden, _ = await fed(headers=headers)
    shown, _ = await fed()
    assert [one["id"] for one in hidden] == [one["id"] for one in shown][: len(hidden)]
    for secret in ("9350004567", "Петрова", "Сидорова", "1990", "06-18", "pochta", "чай", "Баумана", "Арбат",
                   "Сестра"):  # fmt: skip
        assert secret not in str(hidden), secret
    assert "Сидорова" in str(shown)
    (update,) = [one for one in hidden if one["type"] == "customer.updated"]
    assert {one["field"] for one in update["changes"]} == {"family_name", "birthday"}
    assert all(one["old"] is None and one["new"] is None for one in update["changes"])


@pytest.mark.parametrize("role", ["manager", "marketer", "seller", "cashier", "accountant"])
async def test_the_feed_is_for_owner_officer_and_integrations(shop: httpx.AsyncClient, role: str) -> None:
    """403 for the rest."""
    refused(await shop.get("/v1/changes", headers=await key_of(shop, role)), 403, "forbidden")


async def test_a_cursor_of_the_feed_is_opaque_and_harmless(shop: httpx.AsyncClient, kyiv: httpx.AsyncClient) -> None:
    """One far ahead shows nothing yet; one of another shop shows one's own only; nonsense is 400."""
    anna = await customer(shop, given_name="Анна")
    page = told(await shop.get("/v1/changes?limit=1"))
    other = told(await kyiv.get("/v1/changes", params={"cursor": page["next_cursor"]}))
    assert anna["id"] not in str(other)
    for text in (
        "[1,-1]",
        "[1,99999999999999999999]",
        '[1,"1"]',
        "[1,1.5]",
        "[1,true]",
        "[1,null]",
        "[2,1]",
        "[1,1,1]",
    ):
        odd = base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")
        refused(await shop.get("/v1/changes", params={"cursor": odd}), 400, "invalid-request")


async def test_a_sku_that_passes_luhn_is_kept(api: httpx.AsyncClient) -> None:
    """Card numbers are masked in notes, messages and names only: a tenth of all EAN-13 codes pass Luhn."""
    anna = await customer(api, given_name="Анна")
    sku = "4111111111111111"
    line = {"line": "1", "sku": sku, "gtin": "4600000000008", "quantity": "1", "unit_price": 10000, "total": 10000}
    sale = await _sold(api, anna["id"], "1", "2026-11-20T12:00:00Z", lines=[line])
    read = told(await api.get(f"/v1/receipts/{sale['id']}"))
    assert (read["lines"][0]["sku"], read["lines"][0]["gtin"]) == (sku, "4600000000008")
