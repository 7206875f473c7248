"""Customers: identifiers in any spelling, taken, shared, quarantined, verified, retired and handed on."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support.foreign import Json, customer, phone, refused, resolved, told


@pytest.mark.parametrize(
    "spelling",
    [
        "+79350004567",
        "8 (935) 000-45-67",
        "+7 935 000 45 67",
        "89350004567",
        "79350004567",
        "9350004567",
        "8-935-000-45-67",
        "+7(935)0004567",
        " +7 935 000 45 67 ",
        "+7\u00a0935\u00a0000\u00a045\u00a067",
        "+7\u2011935\u2011000\u201145\u201167",
        "８９３５０００４５６７",
        "8.935.000.45.67",
        "tel:+7-935-000-45-67",
        "\u202a+79350004567\u202c",
    ],
)
async def test_a_phone_is_found_in_any_spelling(api: httpx.AsyncClient, spelling: str) -> None:
    """A2: any spelling is stored as E.164 plus raw; all spellings are one number."""
    anna = await customer(api, "+79350004567")
    found = await resolved(api, phone(spelling))
    assert (found["match"], found["customer"]["id"]) == ("exact_unverified", anna["id"])


@pytest.mark.parametrize("spelling", ["8 (935) 000-45-67", "+7 935 000 45 67", "8-935-000-45-67"])
async def test_a_phone_is_kept_as_e164_and_as_it_was_typed(api: httpx.AsyncClient, spelling: str) -> None:
    """`value` and `raw`."""
    (one,) = (await customer(api, spelling))["identifiers"]
    assert (one["value"], one["raw"]) == ("+79350004567", spelling)
    assert (one["type"], one["primary"], one["status"]) == ("phone", True, "active")
    assert (one["system"], one["verified_at"]) == (None, None)


@pytest.mark.parametrize(
    ("country", "sent", "value"),
    [
        ("RU", "8 935 000 00 01", "+79350000001"),
        ("RU", "+380 50 000 00 12", "+380500000012"),
        ("RU", "+49 30 23125 078", "+493023125078"),
        ("UA", "050 000 00 12", "+380500000012"),
        ("UA", "+38 (050) 000-00-12", "+380500000012"),
        ("UA", "8 050 000 00 12", "+380500000012"),
        ("UA", "+7 935 000 00 01", "+79350000001"),
        ("UA", "8 935 000 00 01", None),
        ("DE", "030 23125078", "+493023125078"),
        ("DE", "0049 30 23125-078", "+493023125078"),
        ("DE", "+79350000001", "+79350000001"),
    ],
)
async def test_a_phone_without_country_is_read_in_the_tenants(
    operator: httpx.AsyncClient, edge: httpx.AsyncClient, country: str, sent: str, value: str | None
) -> None:
    """The same digits are another number, or none, in another country."""
    currency, zone = {"RU": ("RUB", "Europe/Moscow"), "UA": ("UAH", "Europe/Kyiv"), "DE": ("EUR", "Europe/Berlin")}[
        country
    ]
    body = {"name": "A", "country": country, "currency": currency, "time_zone": zone, "locale": "en"}
    opened = told(await operator.post("/v1/tenants", json=body), 201)
    headers = {"Authorization": f"Bearer {opened['api_key']}"}
    answer = await edge.post("/v1/customers", json={"identifiers": [phone(sent)]}, headers=headers)
    if value is None:
        refused(answer, 422, "invalid-value", "/identifiers/0/value")
    else:
        assert told(answer, 201)["identifiers"][0]["value"] == value


@pytest.mark.parametrize(
    "sent",
    ["112", "12", "+7", "abc", "+7935000", "8935000456789012", "-", "0", "🙂" * 5],
)
async def test_a_phone_that_cannot_be_a_number_is_422(shop: httpx.AsyncClient, sent: str) -> None:
    """It matches the schema and breaks a rule; what was sent is not repeated."""
    answer = await shop.post("/v1/customers", json={"identifiers": [phone(sent)]})
    problem = refused(answer, 422, "invalid-value", "/identifiers/0/value")
    assert sent not in str(problem) or len(sent) < 4


@pytest.mark.parametrize(
    ("sent", "value"),
    [
        ("Anna.Petrova@Example.TEST", "anna.petrova@example.test"),
        ("anna+shop@shop.example", "anna+shop@shop.example"),
        ("почта@домен.рф", "почта@домен.рф"),
        ("  anna@b.example ", "anna@b.example"),
        ("o'brien@b.example", "o'brien@b.example"),
        ("anna@", None),
        ("@b.example", None),
        ("anna", None),
        ("anna@b", None),
        ("anna b@c.example", None),
        ("anna@@b.example", None),
        ("anna..p@b.example", None),
        (".anna@b.example", None),
        ("a" * 65 + "@b.example", None),
        ("anna@b..example", None),
        ("anna@b.example,vera@b.example", None),
        ("anna@10.0.0.1", None),
    ],
)
async def test_an_email_is_checked_for_form_only(shop: httpx.AsyncClient, sent: str, value: str | None) -> None:
    """A3: lower-cased normal form plus raw; reserved domains are accepted; no name server is asked."""
    answer = await shop.post("/v1/customers", json={"identifiers": [{"type": "email", "value": sent}]})
    if value is None:
        refused(answer, 422, "invalid-value", "/identifiers/0/value")
        return
    (one,) = told(answer, 201)["identifiers"]
    assert (one["value"], one["raw"]) == (value, sent.strip())
    upper = {"type": "email", "value": sent.strip().upper()}
    assert (await resolved(shop, upper))["match"] == "exact_unverified"


@pytest.mark.parametrize(
    ("kind", "first", "second"),
    [
        ("card", "2900 0012 34", "2900001234"),
        ("card", "2900-0012-34", "2900001234"),
        ("card", "vip 17", "VIP17"),
        ("telegram", "@AnnaPetrova", "annapetrova"),
        ("telegram", "https://t.me/annapetrova", "annapetrova"),
        ("vk", "https://vk.com/id17", "id17"),
        ("whatsapp", "8 935 000 00 17", "+79350000017"),
        ("tax_id", "500100732259", "5001 0073 2259"),
    ],
)
async def test_spellings_of_other_types_are_one(api: httpx.AsyncClient, kind: str, first: str, second: str) -> None:
    """A8: a card with spaces, a link to a messenger, a tax id: one value, found by either spelling."""
    body = {"identifiers": [{"type": kind, "value": first}]}
    made = told(await api.post("/v1/customers", json=body), 201)
    found = await resolved(api, {"type": kind, "value": second})
    assert (found["match"], found["customer"]["id"]) == ("exact_unverified", made["id"])
    again = {"identifiers": [{"type": kind, "value": second}]}
    assert refused(await api.post("/v1/customers", json=again), 409)["customer_id"] == made["id"]


@pytest.mark.parametrize("kind", ["telegram", "vk", "viber", "max", "card"])
async def test_identifiers_of_all_published_types_find(api: httpx.AsyncClient, kind: str) -> None:
    """A8: each type is a space of its own: the same value of another type is somebody else."""
    made = told(await api.post("/v1/customers", json={"identifiers": [{"type": kind, "value": "17000017"}]}), 201)
    assert (await resolved(api, {"type": kind, "value": "17000017"}))["customer"]["id"] == made["id"]
    other = "card" if kind != "card" else "viber"
    assert (await resolved(api, {"type": other, "value": "17000017"}))["match"] == "none"


async def test_an_external_id_is_of_its_system(api: httpx.AsyncClient) -> None:
    """`external` with `system`: the same id in two systems is two people; without a system it is refused."""
    one = {"type": "external", "system": "crm", "value": "Ab-1"}
    made = told(await api.post("/v1/customers", json={"identifiers": [one]}), 201)
    assert made["identifiers"][0]["system"] == "crm"
    assert (await resolved(api, one))["customer"]["id"] == made["id"]
    assert (await resolved(api, {**one, "system": "shop"}))["match"] == "none"
    assert (await resolved(api, {**one, "value": "ab-1"}))["match"] == "none", "ids of others are kept as they are"
    bare = {"type": "external", "value": "Ab-1"}
    refused(await api.post("/v1/customers", json={"identifiers": [bare]}), 422, None, "/identifiers/0/system")
    refused(await api.post("/v1/customers/resolve", json={"identifiers": [bare]}), 422, None, "/identifiers/0/system")


@pytest.mark.parametrize("kind", ["phone", "email", "card", "external", "telegram", "tax_id", "relay"])
@pytest.mark.parametrize("value", ["", "   ", "\u200b", "x" * 201, "\u202e\u202d"])
async def test_an_empty_or_overlong_identifier_is_refused(shop: httpx.AsyncClient, kind: str, value: str) -> None:
    """400 by the schema, 422 where nothing visible is left."""
    body = {"identifiers": [{"type": kind, "value": value, **({"system": "s"} if kind == "external" else {})}]}
    for path in ("/v1/customers", "/v1/customers/resolve"):
        answer = await shop.post(path, json=body)
        refused(answer, 400 if value == "" or len(value) > 200 else 422, None, "/identifiers/0/value")


async def test_a_taken_identifier_is_409_with_its_owner(api: httpx.AsyncClient) -> None:
    """In create as in add; the body tells `customer_id`."""
    anna = await customer(api, "+79350000001")
    vera = await customer(api, given_name="Вера")
    body = {"given_name": "Вера", "identifiers": [phone("8 935 000 00 01")]}
    assert refused(await api.post("/v1/customers", json=body), 409, "identifier-taken")["customer_id"] == anna["id"]
    path = f"/v1/customers/{vera['id']}/identifiers"
    answer = await api.post(path, json=phone("+79350000001"))
    assert refused(answer, 409, "identifier-taken")["customer_id"] == anna["id"]


async def test_the_same_identifier_twice_in_one_body_is_one(api: httpx.AsyncClient) -> None:
    """Two spellings of one phone make one identifier, or are told; never a 5xx, never two."""
    body = {"identifiers": [phone("8 935 000 00 01"), phone("+79350000001")]}
    answer = await api.post("/v1/customers", json=body)
    if answer.status_code == 201:
        assert [one["value"] for one in told(answer, 201)["identifiers"]] == ["+79350000001"]
    else:
        refused(answer, 422, "invalid-value")


async def test_fifty_creates_of_one_phone_make_one_customer(api: httpx.AsyncClient) -> None:
    """One 201, the others 409 with the same id."""
    spellings = ["8 (935) 000-00-50", "+79350000050", "89350000050"]
    answers = await asyncio.gather(
        *(api.post("/v1/customers", json={"identifiers": [phone(spellings[n % 3])]}) for n in range(50))
    )
    (made,) = [told(answer, 201) for answer in answers if answer.status_code == 201]
    others = [refused(answer, 409, "identifier-taken") for answer in answers if answer.status_code != 201]
    assert {one["customer_id"] for one in others} == {made["id"]}
    assert len(told(await api.get("/v1/customers"))["items"]) == 1


async def test_creates_that_take_identifiers_crosswise_never_deadlock(api: httpx.AsyncClient) -> None:
    """Two orders of the same two phones, twenty at once: one wins, the rest are told."""
    pair = [phone("+79350000061"), phone("+79350000062")]
    answers = await asyncio.gather(
        *(api.post("/v1/customers", json={"identifiers": pair if n % 2 else pair[::-1]}) for n in range(20))
    )
    assert sorted({answer.status_code for answer in answers}) == [201, 409]
    assert len(told(await api.get("/v1/customers"))["items"]) == 1


async def test_verify_makes_matches_verified(api: httpx.AsyncClient) -> None:
    """The verified mark is shown in the card, in the till view and in `match`."""
    anna = await customer(api, "+79350000001")
    path = f"/v1/customers/{anna['id']}/identifiers/{anna['identifiers'][0]['id']}"
    verified = told(await api.post(f"{path}/verify"))
    assert verified["verified_at"].endswith("Z")
    found = await resolved(api, phone("+79350000001"))
    assert found["match"] == "exact_verified"
    assert found["customer"]["identifiers"][0]["verified"] is True


async def test_one_of_a_type_is_primary(api: httpx.AsyncClient) -> None:
    """The first of its type by itself, another by `primary` or make-primary, the next when it is retired."""
    anna = await customer(api, "+79350000001", "+79350000002")
    path = f"/v1/customers/{anna['id']}/identifiers"
    assert [one["primary"] for one in anna["identifiers"]] == [True, False]
    second = anna["identifiers"][1]["id"]
    assert told(await api.post(f"{path}/{second}/make-primary"))["primary"] is True
    third = told(await api.post(path, json={**phone("+79350000003"), "primary": True}), 201)
    email = told(await api.post(path, json={"type": "email", "value": "a@b.example"}), 201)
    items = told(await api.get(path))["items"]
    assert {one["id"] for one in items if one["primary"]} == {third["id"], email["id"]}
    told(await api.post(f"{path}/{third['id']}/retire"))
    phones = [one for one in told(await api.get(path))["items"] if one["type"] == "phone"]
    assert sum(one["primary"] for one in phones if one["status"] == "active") == 1
    assert not any(one["primary"] for one in phones if one["status"] == "retired")


async def test_what_is_retired_finds_nobody_and_is_free(api: httpx.AsyncClient) -> None:
    """Retire may be repeated; the number may be given to somebody else, or come back."""
    anna = await customer(api, "+79350000001", given_name="Анна")
    path = f"/v1/customers/{anna['id']}/identifiers"
    own = anna["identifiers"][0]["id"]
    for _ in range(2):
        assert told(await api.post(f"{path}/{own}/retire"))["status"] == "retired"
    assert (await resolved(api, phone("+79350000001")))["customer"] is None
    refused(await api.post(f"{path}/{own}/verify"), 409, "identifier-not-active")
    refused(await api.post(f"{path}/{own}/make-primary"), 409, "identifier-not-active")
    back = told(await api.post(path, json=phone("+79350000001")), 201)
    assert back["status"] == "active"
    found = await resolved(api, phone("+79350000001"))
    assert found["customer"]["id"] == anna["id"]


async def test_a_number_handed_on_belongs_to_its_new_owner(api: httpx.AsyncClient) -> None:
    """reassign: the old one gets `reassigned` and finds the old customer no more; a code or a vouching employee."""
    anna = await customer(api, "+79350000001", given_name="Анна")
    vera = await customer(api, given_name="Вера")
    path = f"/v1/customers/{anna['id']}/identifiers/{anna['identifiers'][0]['id']}/reassign"
    refused(await api.post(path, json={}), 422, "verification-required")
    refused(await api.post(path, json={"verification_id": str(uuid4())}), 422)
    vouched = {"employee": "e-1", "reason": "Показала договор", "new_customer_id": vera["id"]}
    assert told(await api.post(path, json=vouched))["status"] == "reassigned"
    found = await resolved(api, phone("+79350000001"))
    assert found["customer"]["id"] == vera["id"]
    (old,) = told(await api.get(f"/v1/customers/{anna['id']}/identifiers"))["items"]
    assert (old["status"], old["primary"]) == ("reassigned", False)
    refused(await api.post(path, json=vouched), 409, "identifier-not-active")


async def _shared(api: httpx.AsyncClient, value: str, count: int) -> list[str]:
    ids = []
    for number in range(count):
        one = await customer(api, given_name=f"Имя{number}", family_name="Общая")
        body = {**phone(value), "shared": True}
        told(await api.post(f"/v1/customers/{one['id']}/identifiers", json=body), 201)
        ids.append(one["id"])
    return ids


async def test_a_shared_phone_is_ambiguous(api: httpx.AsyncClient) -> None:
    """Candidates show `id` and `Анна П.` only; nobody is created."""
    ids = await _shared(api, "+79350000071", 2)
    for how in ("none", "create"):
        found = await resolved(api, phone("+79350000071"), on_missing=how)
        assert (found["match"], found["customer"]) == ("ambiguous", None)
        assert {one["id"] for one in found["candidates"]} == set(ids)
        assert {one["name"] for one in found["candidates"]} == {"Имя0 О.", "Имя1 О."}
        assert all(set(one) == {"id", "name"} for one in found["candidates"])
    assert len(told(await api.get("/v1/customers"))["items"]) == 2
    statuses = {one["status"] for item in ids for one in told(await api.get(f"/v1/customers/{item}"))["identifiers"]}
    assert statuses == {"shared"}


async def test_a_phone_of_more_than_three_is_junk(api: httpx.AsyncClient) -> None:
    """Quarantined: it finds nobody, `ignored` says why, in resolve and at the till."""
    ids = await _shared(api, "+79350000072", 4)
    found = await resolved(api, phone("+79350000072"), on_missing="create")
    assert (found["customer"], found["candidates"]) == (None, [])
    assert found["match"] in {"none", "blocked"}
    assert [(one["pointer"], one["reason"]) for one in found["ignored"]] == [("/identifiers/0", "quarantined")]
    (one,) = told(await api.get(f"/v1/customers/{ids[0]}"))["identifiers"]
    assert one["status"] == "quarantined"


@pytest.mark.parametrize("value", ["79999999999", "+79999999999", "8 (999) 999-99-99"])
async def test_a_junk_phone_finds_nobody_and_stops_nobody(api: httpx.AsyncClient, value: str) -> None:
    """Several may be created with it; none is found by it."""
    for name in ("Анна", "Вера"):
        made = await customer(api, value, given_name=name)
        assert [one["status"] for one in made["identifiers"]] == ["quarantined"]
    found = await resolved(api, phone(value), on_missing="create")
    assert (found["customer"], [one["reason"] for one in found["ignored"]]) == (None, ["quarantined"])
    with_card = await resolved(api, phone(value), {"type": "card", "value": "2900000017"}, on_missing="create")
    assert with_card["match"] == "created"
    assert [one["pointer"] for one in with_card["ignored"]] == ["/identifiers/0"]


async def test_a_relay_contact_never_resolves(api: httpx.AsyncClient) -> None:
    """Marketplaces' stand-ins are kept and find nobody; two customers may have the same one."""
    relay: Json = {"type": "relay", "value": "order-17@relay.market.example"}
    for name in ("Анна", "Вера"):
        told(await api.post("/v1/customers", json={"given_name": name, "identifiers": [relay]}), 201)
    found = await resolved(api, relay, on_missing="create")
    assert (found["customer"], [one["reason"] for one in found["ignored"]]) == (None, ["relay"])
    assert len(told(await api.get("/v1/customers"))["items"]) == 2


@pytest.mark.parametrize(
    "body",
    [
        {"type": "phone"},
        {"value": "+79350000001"},
        {"type": "fax", "value": "1"},
        {"type": "phone", "value": 79350000001},
        {"type": "phone", "value": None},
        {**phone("+79350000001"), "verified_at": "2026-01-01T00:00:00Z"},
        {**phone("+79350000001"), "status": "active"},
        {**phone("+79350000001"), "primary": "yes"},
    ],
)
async def test_an_identifier_of_another_form_is_400(shop: httpx.AsyncClient, body: Any) -> None:
    """Verified marks and states are no client's to send."""
    made = await customer(shop, given_name="Анна")
    refused(await shop.post(f"/v1/customers/{made['id']}/identifiers", json=body), 400, "invalid-request")


async def test_a_system_belongs_to_external_ids_alone(api: httpx.AsyncClient) -> None:
    """Beside a phone it means nothing: the same phone is the same identifier, of the same customer too."""
    anna = await customer(api, given_name="Анна")
    path = f"/v1/customers/{anna['id']}/identifiers"
    first = told(await api.post(path, json={**phone("+79350000001"), "system": "crm"}), 201)
    assert first["system"] is None
    assert told(await api.post(path, json=phone("8 935 000 00 01")), 201)["id"] == first["id"]
    external = {"type": "external", "value": "5"}
    refused(await api.post(path, json={**external, "system": "  "}), 422, "invalid-value", "/system")
    one = told(await api.post(path, json={**external, "system": " crm "}), 201)
    assert one["system"] == "crm"
    found = await resolved(api, {**external, "system": "crm"})
    assert found["customer"]["id"] == anna["id"]
