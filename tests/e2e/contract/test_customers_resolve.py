"""Resolve: every word of `match`, who is created and who is not, and what each role is shown."""

import asyncio
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import pytest

from tests.support.foreign import Json, customer, key_of, phone, refused, resolved, told

TILL_VIEW = {
    "id", "state", "greeting_name", "identifiers", "tier", "balance", "expiring", "discount_percent",
    "discount_reason", "spend", "hints", "offers",
}  # fmt: skip
CARD = {"type": "card", "value": "2900 0012 34"}
MAIL = {"type": "email", "value": "anna@shop.example"}


async def test_nobody_is_found_and_nobody_made(api: httpx.AsyncClient) -> None:
    """`none` with 200, by default and when asked not to create."""
    for fields in ({}, {"on_missing": "none"}, {"on_missing": "none", "profile": {"given_name": "Анна"}}):
        found = await resolved(api, phone("+79350000001"), **fields)
        assert found == {"match": "none", "customer": None, "candidates": [], "ignored": []}
    assert told(await api.get("/v1/customers"))["items"] == []


async def test_an_identifier_alone_is_enough_to_create(api: httpx.AsyncClient) -> None:
    """`created`, a card alone too; then it is found; an active customer with the till view."""
    for identifier in (phone("8 (935) 000-00-01"), CARD, MAIL, {"type": "telegram", "value": "@anna"}):
        made = await resolved(api, identifier, on_missing="create")
        assert made["match"] == "created"
        assert set(made["customer"]) >= TILL_VIEW
        assert made["customer"]["state"] == "active"
        found = await resolved(api, identifier, on_missing="create")
        assert (found["match"], found["customer"]["id"]) == ("exact_unverified", made["customer"]["id"])
    assert len(told(await api.get("/v1/customers"))["items"]) == 4


async def test_the_profile_is_used_only_when_somebody_is_created(api: httpx.AsyncClient) -> None:
    """A known person keeps name and source; a new one gets them, with the codes' records."""
    profile = {
        "given_name": "Анна", "middle_name": "Сергеевна", "family_name": "Петрова", "birthday": "--05-17",
        "sex": "female", "locale": "ru", "acquisition": {"channel": "till", "store": "north", "employee": "e-9"},
        "declared_source": "Вывеска",
    }  # fmt: skip
    made = await resolved(api, phone("+79350000001"), on_missing="create", profile=profile)
    assert made["customer"]["greeting_name"] == "Анна Сергеевна"
    card = told(await api.get(f"/v1/customers/{made['customer']['id']}"))
    assert {name: card[name] for name in profile if name != "acquisition"} == {
        name: value for name, value in profile.items() if name != "acquisition"
    }
    assert (card["acquisition"]["store"], card["acquisition"]["employee"]) == ("north", "e-9")
    assert [one["code"] for one in told(await api.get("/v1/stores"))["items"]] == ["north"]
    other = {"given_name": "Вера", "declared_source": "Сайт", "acquisition": {"store": "south"}}
    found = await resolved(api, phone("+79350000001"), on_missing="create", profile=other)
    assert found["customer"]["greeting_name"] == "Анна Сергеевна"
    assert told(await api.get(f"/v1/customers/{made['customer']['id']}"))["declared_source"] == "Вывеска"
    assert [one["code"] for one in told(await api.get("/v1/stores"))["items"]] == ["north"]


@pytest.mark.parametrize("profile", [{"birthday": "2023-02-29"}, {"time_zone": "Nowhere/There"}])
async def test_a_profile_that_cannot_be_right_is_told(api: httpx.AsyncClient, profile: Json) -> None:
    """Where it would be used it is 422 and nobody is made."""
    body = {"identifiers": [phone("+79350000001")], "on_missing": "create", "profile": profile}
    refused(await api.post("/v1/customers/resolve", json=body), 422, "invalid-value", f"/profile/{next(iter(profile))}")
    assert told(await api.get("/v1/customers"))["items"] == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"identifiers": []},
        {"identifiers": None},
        {"identifiers": phone("+79350000001")},
        {"identifiers": [phone("+79350000001")], "on_missing": "maybe"},
        {"identifiers": [phone("+79350000001")], "on_missing": None},
        {"identifiers": [phone("+79350000001")], "consents": []},
        {"identifiers": [phone("+79350000001")], "profile": {"tags": ["x"]}},
        {"identifiers": [phone("+79350000001")], "profile": {"is_staff": True}},
        {"identifiers": [phone("+79350000001")] * 21},
        {"phone": "+79350000001"},
    ],
)
async def test_a_request_of_another_form_is_400(shop: httpx.AsyncClient, body: Any) -> None:
    """`consents` too, until consent exists."""
    refused(await shop.post("/v1/customers/resolve", json=body), 400, "invalid-request")


async def test_what_cannot_be_an_identifier_is_422(shop: httpx.AsyncClient) -> None:
    """All of them at once, with their places; nobody is made for the good one beside them."""
    body = {"identifiers": [phone("12"), CARD, {"type": "email", "value": "x"}], "on_missing": "create"}
    answer = await shop.post("/v1/customers/resolve", json=body)
    refused(answer, 422, "invalid-value", "/identifiers/0/value", "/identifiers/2/value")
    assert (await resolved(shop, CARD))["match"] == "none"


async def test_identifiers_that_agree_name_the_person(api: httpx.AsyncClient) -> None:
    """All that are found name one person; one unknown beside them changes nothing and is not added."""
    anna = await customer(api, "+79350000001", given_name="Анна")
    path = f"/v1/customers/{anna['id']}/identifiers"
    card = told(await api.post(path, json=CARD), 201)
    for presented in (
        [phone("+79350000001"), CARD],
        [CARD, phone("+79350000001"), MAIL],
        [MAIL, CARD],
        [phone("+79350000001"), phone("8 935 000 00 01")],
    ):
        found = await resolved(api, *presented, on_missing="create")
        assert (found["match"], found["customer"]["id"]) == ("exact_unverified", anna["id"])
    assert len(told(await api.get(path))["items"]) == 2
    told(await api.post(f"{path}/{card['id']}/verify"))
    assert (await resolved(api, phone("+79350000001"), CARD))["match"] == "exact_verified"
    assert (await resolved(api, CARD))["match"] == "exact_verified"
    assert (await resolved(api, phone("+79350000001")))["match"] == "exact_unverified", "that one is not verified"


async def test_identifiers_of_different_people_conflict(api: httpx.AsyncClient) -> None:
    """`conflict` with the candidates, `id` and `Анна П.` only, whoever asks and whatever is missing."""
    anna = await customer(api, "+79350000001", given_name="Анна", family_name="Петрова")
    vera = await customer(api, "+79350000002", given_name="Вера", family_name="Ёлкина")
    cashier = await key_of(api, "cashier")
    for headers in (None, cashier):
        found = await resolved(api, phone("+79350000001"), phone("+79350000002"), on_missing="create", headers=headers)
        assert (found["match"], found["customer"]) == ("conflict", None)
        assert {one["id"]: one["name"] for one in found["candidates"]} == {anna["id"]: "Анна П.", vera["id"]: "Вера Ё."}
        assert all(set(one) == {"id", "name"} for one in found["candidates"])


async def test_at_most_five_candidates_are_shown(api: httpx.AsyncClient) -> None:
    """Identifiers of seven people: five of them."""
    phones = [f"+7935000000{n}" for n in range(7)]
    for one in phones:
        await customer(api, one)
    found = await resolved(api, *map(phone, phones))
    assert (found["match"], len(found["candidates"])) == ("conflict", 5)


async def test_candidates_without_names_are_still_told_apart(api: httpx.AsyncClient) -> None:
    """Somebody without a name has none in the list; a family name alone is its initial."""
    await customer(api, "+79350000001")
    await customer(api, "+79350000002", family_name="Петрова")
    await customer(api, "+79350000003", given_name="👩")
    found = await resolved(api, *(phone(f"+7935000000{n}") for n in (1, 2, 3)))
    names = {one["name"] for one in found["candidates"]}
    assert "Петрова" not in str(found)
    assert names >= {None, "👩"}


async def test_a_shared_identifier_beside_an_own_one_names_the_person(api: httpx.AsyncClient) -> None:
    """A family's phone and her card: hers; his card and her phone: conflict."""
    her = await customer(api, "+79350000001", given_name="Анна")
    him = await customer(api, "+79350000002", given_name="Пётр")
    for one in (her, him):
        body = {**phone("+79350000009"), "shared": True}
        told(await api.post(f"/v1/customers/{one['id']}/identifiers", json=body), 201)
    found = await resolved(api, phone("+79350000009"), phone("+79350000001"))
    assert (found["match"], found["customer"]["id"]) == ("exact_unverified", her["id"])
    assert (await resolved(api, phone("+79350000009")))["match"] == "ambiguous"
    stranger = await customer(api, "+79350000003")
    clash = await resolved(api, phone("+79350000009"), phone("+79350000003"))
    assert clash["match"] == "conflict"
    assert stranger["id"] in {one["id"] for one in clash["candidates"]}


async def test_a_former_number_is_probable_and_not_shown_to_cashiers(api: httpx.AsyncClient) -> None:
    """`probable` names who may be meant to a manager; a cashier reads `none`; it stops no creation."""
    anna = await customer(api, "+79350000001", given_name="Анна", family_name="Петрова")
    own = anna["identifiers"][0]["id"]
    told(await api.post(f"/v1/customers/{anna['id']}/identifiers/{own}/retire"))
    found = await resolved(api, phone("+79350000001"))
    assert found["match"] in {"probable", "none"}
    assert found["customer"] is None
    if found["match"] == "probable":
        assert found["candidates"] == [{"id": anna["id"], "name": "Анна П."}]
    for role in ("cashier", "seller", "integration"):
        told_ = await resolved(api, phone("+79350000001"), headers=await key_of(api, role))
        if role == "cashier":
            assert told_ == {"match": "none", "customer": None, "candidates": [], "ignored": []}
    made = await resolved(api, phone("+79350000001"), on_missing="create")
    assert (made["match"], made["customer"]["id"] != anna["id"]) == ("created", True)


async def test_an_archived_customer_is_found_and_says_so(api: httpx.AsyncClient) -> None:
    """No second card is made for somebody who was put away."""
    anna = await customer(api, "+79350000001", given_name="Анна")
    told(await api.post(f"/v1/customers/{anna['id']}/archive"))
    found = await resolved(api, phone("+79350000001"), on_missing="create")
    assert (found["customer"]["id"], found["customer"]["state"]) == (anna["id"], "archived")
    assert found["customer"]["spend"]["max_points"] == 0


async def test_fifty_resolves_at_once_create_one_customer(api: httpx.AsyncClient) -> None:
    """Two calls at once create one customer: one `created`, the others find it; none is an error."""
    spellings = ["8 (935) 000-00-50", "+79350000050", "89350000050"]
    answers = await asyncio.gather(*(resolved(api, phone(spellings[n % 3]), on_missing="create") for n in range(50)))
    assert {one["match"] for one in answers} == {"created", "exact_unverified"}
    assert sum(one["match"] == "created" for one in answers) == 1
    assert len({one["customer"]["id"] for one in answers}) == 1
    assert len(told(await api.get("/v1/customers"))["items"]) == 1


async def test_resolves_with_the_same_pair_crosswise_create_one_customer(api: httpx.AsyncClient) -> None:
    """A phone and a card, in both orders and alone, at once: never two of one phone, never a deadlock."""
    pair = [phone("+79350000060"), CARD]
    answers = await asyncio.gather(
        *(resolved(api, *(pair if n % 2 else pair[::-1]), on_missing="create") for n in range(30))
    )
    assert len({one["customer"]["id"] for one in answers}) == 1
    assert sum(one["match"] == "created" for one in answers) == 1


async def test_a_resolve_beside_a_create_and_a_receipt_of_one_phone(api: httpx.AsyncClient) -> None:
    """Three roads to a new customer at once lead to one."""

    def sale(number: int) -> Json:
        return {
            "source": "till-1", "external_id": str(number), "kind": "sale", "sold_at": "2026-11-20T12:00:00Z",
            "currency": "RUB", "total": 100, "lines": [{"line": "1", "quantity": "1", "unit_price": 100, "total": 100}],
            "customer": {"identifiers": [phone("+79350000070")], "on_missing": "create"},
        }  # fmt: skip

    body = {"identifiers": [phone("+79350000070")]}
    answers = await asyncio.gather(
        *(api.post("/v1/receipts", json=sale(n)) for n in range(10)),
        *(api.post("/v1/customers/resolve", json={**body, "on_missing": "create"}) for _ in range(10)),
        *(api.post("/v1/customers", json=body) for _ in range(10)),
    )
    assert {answer.status_code for answer in answers} <= {200, 201, 409}
    assert all(answer.status_code == 201 for answer in answers[:10])
    (one,) = told(await api.get("/v1/customers"))["items"]
    assert one["metrics"]["receipts"] == 10


async def test_the_till_view_shows_nothing_else(api: httpx.AsyncClient) -> None:
    """A21: masked for everybody, the owner too; no surname, no birthday, no address, no note but pinned ones."""
    anna = await customer(
        api,
        "+79350004567",
        given_name="Анна",
        middle_name="Сергеевна",
        family_name="Петрова",
        birthday="1990-05-17",
        addresses=[{"city": "Казань"}],
        tags=["coffee"],
    )
    path = f"/v1/customers/{anna['id']}"
    told(await api.post(f"{path}/identifiers", json=MAIL), 201)
    told(await api.post(f"{path}/notes", json={"text": "секрет", "visibility": "till"}), 201)
    pinned = {"text": "Любит у окна", "visibility": "till", "pinned": True}
    told(await api.post(f"{path}/notes", json=pinned), 201)
    told(await api.post(f"{path}/notes", json={"text": "тайна", "visibility": "manager", "pinned": True}), 201)
    cashier = await key_of(api, "cashier")
    views = [
        told(await api.get(f"{path}/till-view")),
        told(await api.get(f"{path}/till-view", headers=cashier)),
        (await resolved(api, phone("+79350004567"), headers=cashier))["customer"],
    ]
    for view in views:
        assert set(view) == TILL_VIEW
        assert view["greeting_name"] == "Анна Сергеевна"
        assert {one["value"] for one in view["identifiers"]} == {"+7•••••••••67", "a•••@•••.example"}
        assert view["balance"] == {"active": 0, "pending": 0, "held": 0, "debt": 0}
        assert (view["discount_percent"], view["spend"]["max_points"], view["spend"]["verification"]) == (0, 0, False)
        assert (view["tier"], view["offers"], view["expiring"]) == (None, [], [])
        assert [one["text"] for one in view["hints"] if one["kind"] == "note"] == ["Любит у окна"]
        for secret in ("Петрова", "1990", "05-17", "Казань", "coffee", "секрет", "тайна", "9350004567"):
            assert secret not in str(view)


async def test_a_birthday_within_seven_days_is_hinted(api: httpx.AsyncClient) -> None:
    """The hint says that it is soon, or today, and neither day nor year."""
    today = datetime.now(ZoneInfo("Europe/Moscow")).date()
    for number, (ahead, hinted) in enumerate(((0, True), (7, True), (9, False), (-2, False))):
        day = today + timedelta(days=ahead)
        made = await customer(api, f"+7935000010{number}", birthday=f"--{day:%m-%d}")
        view = told(await api.get(f"/v1/customers/{made['id']}/till-view"))
        assert any(one["kind"].startswith("birthday") for one in view["hints"]) is hinted, ahead
        assert f"{day:%m-%d}" not in str(view)


async def test_the_seller_view_adds_what_was_bought(api: httpx.AsyncClient) -> None:
    """A142: purchases of all sources (what, size, when), notes for sellers; contacts stay masked."""
    anna = await customer(api, "+79350004567", given_name="Анна", family_name="Петрова", birthday="1990-05-17")
    path = f"/v1/customers/{anna['id']}"
    for number, source in enumerate(("till-1", "site")):
        sale = {
            "source": source, "external_id": str(number), "kind": "sale", "currency": "RUB", "total": 5000,
            "sold_at": f"2026-11-1{number}T12:00:00Z", "customer": {"id": anna["id"]},
            "lines": [{"line": "1", "sku": "dress-38", "name": "Платье", "quantity": "1", "unit_price": 5000,
                       "total": 5000, "attributes": {"size": "38"}}],
        }  # fmt: skip
        told(await api.post("/v1/receipts", json=sale), 201)
    for level in ("till", "seller", "staff", "manager"):
        told(await api.post(f"{path}/notes", json={"text": f"для {level}", "visibility": level}), 201)
    seller = await key_of(api, "seller")
    for headers in (seller, None):
        view = told(await api.get(f"{path}/seller-view", headers=headers))
        assert set(view) >= TILL_VIEW | {"purchases", "preferences", "notes", "set_asides", "recommendations"}
        assert [(one["source"], one["name"], one["attributes"]) for one in view["purchases"]] == [
            ("site", "Платье", {"size": "38"}),
            ("till-1", "Платье", {"size": "38"}),
        ]
        assert "для seller" in {one["text"] for one in view["notes"]}
        assert {"для staff", "для manager"} & {one["text"] for one in view["notes"]} == set()
        assert [one["value"] for one in view["identifiers"]] == ["+7•••••••••67"]
        for secret in ("Петрова", "1990", "9350004567"):
            assert secret not in str(view)
    refused(await api.get(f"{path}/seller-view", headers=await key_of(api, "cashier")), 403, "forbidden")


@pytest.mark.parametrize(
    ("role", "allowed"),
    [
        ("owner", {"resolve", "till-view", "seller-view", "read", "list", "search", "card", "timeline"}),
        ("manager", {"resolve", "till-view", "seller-view", "read", "list", "search", "card", "timeline"}),
        ("seller", {"resolve", "till-view", "seller-view"}),
        ("cashier", {"resolve", "till-view"}),
        ("integration", {"resolve", "till-view", "read", "list", "card", "timeline"}),
        ("dpo", {"read", "list", "search", "card", "timeline"}),
        ("accountant", set()),
        ("marketer", set()),
    ],
)
async def test_each_role_sees_its_view_and_no_other(shop: httpx.AsyncClient, role: str, allowed: set[str]) -> None:
    """The matrix of the access model, 403 `forbidden` for the rest."""
    found = await resolved(shop, phone("+79350000080"), on_missing="create")
    path = f"/v1/customers/{found['customer']['id']}"
    headers = await key_of(shop, role)
    calls = {
        "resolve": shop.post("/v1/customers/resolve", json={"identifiers": [phone("+79350000080")]}, headers=headers),
        "till-view": shop.get(f"{path}/till-view", headers=headers),
        "seller-view": shop.get(f"{path}/seller-view", headers=headers),
        "read": shop.get(path, headers=headers),
        "list": shop.get("/v1/customers", headers=headers),
        "search": shop.post("/v1/customers/search", json={}, headers=headers),
        "card": shop.get(f"{path}/card", headers=headers),
        "timeline": shop.get(f"{path}/timeline", headers=headers),
    }
    for name, call in calls.items():
        answer = await call
        if name in allowed:
            told(answer)
        else:
            refused(answer, 403, "forbidden")


async def test_an_operator_sees_no_customer(operator: httpx.AsyncClient, shop: httpx.AsyncClient) -> None:
    """403 in every operation of a shop, with an id that exists and without."""
    anna = await customer(shop, given_name="Анна")
    body = {"identifiers": [phone("+79350000081")]}
    refused(await operator.get("/v1/customers"), 403, "forbidden")
    refused(await operator.get(f"/v1/customers/{anna['id']}"), 403, "forbidden")
    refused(await operator.post("/v1/customers", json={"given_name": "A"}), 403, "forbidden")
    refused(await operator.post("/v1/customers/resolve", json=body), 403, "forbidden")
    refused(await operator.get("/v1/changes"), 403, "forbidden")


async def test_a_cashier_creates_by_resolve_and_by_nothing_else(shop: httpx.AsyncClient) -> None:
    """The till's only way to make a customer, besides receipts and enrolments."""
    headers = await key_of(shop, "cashier")
    made = await resolved(
        shop, phone("+79350000082"), on_missing="create", profile={"given_name": "Анна"}, headers=headers
    )
    assert made["match"] == "created"
    path = f"/v1/customers/{made['customer']['id']}"
    refused(await shop.post("/v1/customers", json={"given_name": "A"}, headers=headers), 403, "forbidden")
    refused(await shop.patch(path, json={"given_name": "A"}, headers=headers), 403, "forbidden")
    refused(await shop.post(f"{path}/notes", json={"text": "x"}, headers=headers), 403, "forbidden")
    refused(await shop.get(f"{path}/notes", headers=headers), 403, "forbidden")
    refused(await shop.post(f"{path}/archive", headers=headers), 403, "forbidden")
