"""Customers: what may stand in a card, how it comes back, archive and restore."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support.foreign import customer, key_of, refused, told

CARD = "4111 1111 1111 1111"
RTL = "\u202e\u200f\u2067"
FAMILY = "👩\u200d👩\u200d👧"


async def test_a_name_or_an_identifier_is_enough(shop: httpx.AsyncClient) -> None:
    """A1: a given name alone, a family name alone, one card alone; nothing at all is 422."""
    for body in (
        {"given_name": "Анна"},
        {"family_name": "Петрова"},
        {"identifiers": [{"type": "card", "value": "2900000000017"}]},
        {"identifiers": [{"type": "external", "system": "crm", "value": "17"}]},
    ):
        told(await shop.post("/v1/customers", json=body), 201)
    for empty in ({}, {"sex": "female"}, {"given_name": None, "identifiers": []}, {"given_name": ""}, {"tags": ["x"]}):
        refused(await shop.post("/v1/customers", json=empty), 422, "empty-customer")


@pytest.mark.parametrize("name", ["   ", "\t\n", "\u200b\u200e", RTL, "\u00a0", "\ufeff"])
async def test_a_name_nobody_can_see_is_no_name(shop: httpx.AsyncClient, name: str) -> None:
    """Blanks, direction marks and zero-width characters alone leave an empty customer."""
    refused(await shop.post("/v1/customers", json={"given_name": name}), 422, "empty-customer")


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Анна", "Анна"),
        ("  Анна  ", "Анна"),
        ("Анна\u0301", "Анна\u0301"),
        ("Артём", "Артём"),
        ("Артe\u0308м", None),
        ("Галаґан-Їжакевич", "Галаґан-Їжакевич"),
        ("O'Брайен", "O'Брайен"),
        ("Анна 🌸", "Анна 🌸"),
        (FAMILY, FAMILY),
        ("عائشة", "عائشة"),
        ("王小明", "王小明"),
        ("Анна\u202eаннА", "АннааннА"),
        ("Ан\u200bна", "Анна"),
        ("Ан\x07на", "Анна"),
        ("Ан\tна", "Ан на"),
        ("Ан\r\nна", "Ан на"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("'; DROP TABLE customer; --", "'; DROP TABLE customer; --"),
        ("=HYPERLINK(1)", "=HYPERLINK(1)"),
        ("%s %(x)s {0} {{x}} \\u0041", "%s %(x)s {0} {{x}} \\u0041"),
        (f"Анна {CARD}", "Анна •••• •••• •••• 1111"),
        ("Анна 4600000000017", "Анна 4600000000017"),
        ("я" * 200, "я" * 200),
        ("𝒜" * 200, "𝒜" * 200),
    ],
)
async def test_names_survive_whole_and_clean(shop: httpx.AsyncClient, sent: str, kept: str | None) -> None:
    """Letters of any script and emoji stay; control characters and direction marks go; card numbers are masked."""
    made = await customer(shop, given_name=sent)
    if kept is not None:
        assert made["given_name"] == kept
    read = told(await shop.get(f"/v1/customers/{made['id']}"))
    assert read["given_name"] == made["given_name"] == made["greeting_name"]
    assert not any(ord(c) < 32 or c in RTL for c in read["given_name"])


@pytest.mark.parametrize("field", ["given_name", "middle_name", "family_name"])
async def test_names_have_200_characters_at_most(shop: httpx.AsyncClient, field: str) -> None:
    """201 is 400."""
    told(await shop.post("/v1/customers", json={field: "я" * 200}), 201)
    refused(await shop.post("/v1/customers", json={field: "я" * 201}), 400, "invalid-request", f"/{field}")


@pytest.mark.parametrize(
    ("names", "greeting"),
    [
        (("Анна", "Сергеевна", "Петрова"), "Анна Сергеевна"),
        (("Анна", None, "Петрова"), "Анна"),
        ((None, None, "Петрова"), "Петрова"),
    ],
)
async def test_a_greeting_name_is_rendered(
    shop: httpx.AsyncClient, names: tuple[str | None, ...], greeting: str
) -> None:
    """A1: given name and patronymic."""
    fields = dict(zip(("given_name", "middle_name", "family_name"), names, strict=True))
    assert (await customer(shop, **fields))["greeting_name"] == greeting


def _day(**ahead: float) -> str:
    return (datetime.now(UTC) + timedelta(**ahead)).date().isoformat()


@pytest.mark.parametrize("birthday", ["--02-29", "--05-17", "--12-31", "2024-02-29", "2000-02-29", "1950-01-01"])
async def test_a_birthday_may_lack_its_year(shop: httpx.AsyncClient, birthday: str) -> None:
    """A4: `--MM-DD` or a full date, leap days too; it comes back as sent."""
    made = await customer(shop, given_name="А", birthday=birthday)
    assert told(await shop.get(f"/v1/customers/{made['id']}"))["birthday"] == birthday


@pytest.mark.parametrize("birthday", ["2023-02-29", "1900-02-29", "--02-30", "--04-31", "0000-01-01", "1700-01-01"])
async def test_a_day_that_no_calendar_has_is_422(shop: httpx.AsyncClient, birthday: str) -> None:
    """It has the form of a date and cannot be a birthday."""
    answer = await shop.post("/v1/customers", json={"given_name": "А", "birthday": birthday})
    refused(answer, 422, "invalid-value", "/birthday")


async def test_a_birthday_ahead_is_422(shop: httpx.AsyncClient) -> None:
    """Nobody is born in the future; today is somebody's first day, whatever the zone."""
    for ahead in (2, 400, 365 * 5000):
        answer = await shop.post("/v1/customers", json={"given_name": "А", "birthday": _day(days=ahead)})
        refused(answer, 422, "invalid-value", "/birthday")
    told(await shop.post("/v1/customers", json={"given_name": "А", "birthday": _day(days=-1)}), 201)


@pytest.mark.parametrize(
    "birthday",
    ["17.05.1990", "1990-5-17", "--5-17", "-05-17", "1990-05", "1990-13-01", "--00-10", "--01-32", "", 19900517],
)
async def test_a_birthday_in_another_form_is_400(shop: httpx.AsyncClient, birthday: Any) -> None:
    """The form is in the published schema."""
    answer = await shop.post("/v1/customers", json={"given_name": "А", "birthday": birthday})
    refused(answer, 400, "invalid-request", "/birthday")


@pytest.mark.parametrize(
    ("field", "value", "status"),
    [
        ("time_zone", "Europe/Moscow", 201),
        ("time_zone", "Asia/Kathmandu", 201),
        ("time_zone", "UTC", 201),
        ("time_zone", "Moscow", 422),
        ("time_zone", "+03:00", 422),
        ("time_zone", "../etc/passwd", 422),
        ("time_zone", "/usr/share/zoneinfo/UTC", 422),
        ("locale", "ru", 201),
        ("locale", "uk-UA", 201),
        ("locale", "русский", 400),
        ("sex", "male", 201),
        ("sex", None, 201),
        ("sex", "unknown", 400),
        ("is_staff", True, 201),
        ("is_staff", "true", 400),
        ("is_staff", 1, 400),
        ("owner_id", "0197f000-0000-7000-8000-000000000001", 422),
        ("declared_source", "От подруги 🙂", 201),
        ("kind", "person", 201),
        ("kind", "robot", 400),
    ],
)
async def test_other_fields_are_checked(shop: httpx.AsyncClient, field: str, value: Any, status: int) -> None:
    """A5, A9, A18: each with its own rule."""
    answer = await shop.post("/v1/customers", json={"given_name": "А", field: value})
    if status == 201:
        assert told(answer, 201)[field] == value
    else:
        refused(answer, status, None, f"/{field}")


async def test_codes_of_an_acquisition_become_unconfirmed_records(api: httpx.AsyncClient) -> None:
    """A9: unknown store and employee codes in any body are created as plain records marked unconfirmed."""
    told(await api.post("/v1/stores", json={"code": "main", "name": "Главный"}), 201)
    touch = {"channel": "till", "medium": "receipt", "campaign": "осень", "store": "north", "employee": "e-5"}
    anna = await customer(api, given_name="Анна", acquisition=touch, declared_source="Вывеска")
    assert anna["acquisition"] == touch
    assert anna["declared_source"] == "Вывеска"
    await customer(api, given_name="Вера", acquisition={"store": "main"})
    stores = {one["code"]: one["confirmed"] for one in told(await api.get("/v1/stores"))["items"]}
    assert stores == {"main": True, "north": False}
    (employee,) = told(await api.get("/v1/employees"))["items"]
    assert (employee["code"], employee["confirmed"]) == ("e-5", False)


async def test_a_responsible_employee_is_named_by_id(api: httpx.AsyncClient) -> None:
    """A18: owner_id is an employee of the shop; null clears; the list is filtered by it."""
    lena = told(await api.post("/v1/employees", json={"code": "e-7", "name": "Лена"}), 201)
    anna = await customer(api, given_name="Анна", owner_id=lena["id"])
    await customer(api, given_name="Вера")
    mine = told(await api.get("/v1/customers", params={"owner": lena["id"]}))["items"]
    assert [one["id"] for one in mine] == [anna["id"]]
    path = f"/v1/customers/{anna['id']}"
    refused(await api.patch(path, json={"owner_id": str(uuid4())}), 422, "unknown-reference", "/owner_id")
    assert told(await api.patch(path, json={"owner_id": None}))["owner_id"] is None


async def test_archive_and_restore_answer_with_the_customer(api: httpx.AsyncClient) -> None:
    """Verbs answer with the resource, may be repeated, and move state and lifecycle."""
    anna = await customer(api, "+79350000001", given_name="Анна")
    path = f"/v1/customers/{anna['id']}"
    for _ in range(2):
        archived = told(await api.post(f"{path}/archive"))
        assert (archived["id"], archived["state"], archived["lifecycle"]) == (anna["id"], "archived", "archived")
    assert told(await api.get(path))["state"] == "archived"
    listed = told(await api.get("/v1/customers", params={"lifecycle": "archived"}))["items"]
    assert [one["id"] for one in listed] == [anna["id"]]
    for _ in range(2):
        restored = told(await api.post(f"{path}/restore"))
        assert (restored["state"], restored["lifecycle"]) == ("active", "potential")
    assert {**restored, "updated_at": 0, "metrics": 0} == {**anna, "updated_at": 0, "metrics": 0}


async def test_a_stage_set_by_hand_wins_and_can_be_taken_back(api: httpx.AsyncClient) -> None:
    """A19: a manual override with a reason; null takes it back."""
    anna = await customer(api, given_name="Анна")
    path = f"/v1/customers/{anna['id']}"
    assert anna["lifecycle"] == "potential"
    override = {"stage": "vip", "reason": "Сестра хозяйки"}
    changed = told(await api.patch(path, json={"lifecycle_override": override}))
    assert (changed["lifecycle"], changed["lifecycle_override"]) == ("vip", override)
    assert len(told(await api.get("/v1/customers?lifecycle=vip"))["items"]) == 1
    assert told(await api.patch(path, json={"lifecycle_override": None}))["lifecycle"] == "potential"
    refused(await api.patch(path, json={"lifecycle_override": {"stage": "vip"}}), 400, "invalid-request")
    refused(await api.patch(path, json={"lifecycle_override": {"stage": "king", "reason": "x"}}), 400)


async def test_metrics_are_of_receipts_alone(api: httpx.AsyncClient) -> None:
    """A10, A11: spent_total = sales − returns, average = floor(spent / receipts); nothing is written by a client."""
    anna = await customer(api, "+79350000001")
    assert anna["metrics"] | {"as_of": 0} == {
        "receipts": 0, "sales_total": 0, "returns_total": 0, "spent_total": 0, "average_receipt": None,
        "currency": "RUB", "first_purchase_at": None, "last_purchase_at": None, "opening": None, "as_of": 0,
    }  # fmt: skip
    for number, (day, total) in enumerate((("2026-11-20", 10000), ("2026-11-18", 5001))):
        await _sold(api, anna["id"], f"{number}", f"{day}T12:00:00+03:00", total)
    back = {
        "source": "till-1", "external_id": "r", "kind": "return", "sold_at": "2026-11-21T12:00:00+03:00",
        "currency": "RUB", "returns": {"source": "till-1", "external_id": "1"},
        "lines": [{"line": "1", "quantity": "1"}],
    }  # fmt: skip
    told(await api.post("/v1/receipts", json=back), 201)
    metrics = told(await api.get(f"/v1/customers/{anna['id']}"))["metrics"]
    assert metrics | {"as_of": 0} == {
        "receipts": 2, "sales_total": 15001, "returns_total": 5001, "spent_total": 10000, "average_receipt": 5000,
        "currency": "RUB", "first_purchase_at": "2026-11-18T09:00:00Z", "last_purchase_at": "2026-11-20T09:00:00Z",
        "opening": None, "as_of": 0,
    }  # fmt: skip
    path = f"/v1/customers/{anna['id']}/metrics"
    early = told(await api.get(path, params={"as_of": "2026-11-19T00:00:00Z"}))
    assert (early["totals"]["receipts"], early["totals"]["spent_total"]) == (1, 5001)


async def _sold(api: httpx.AsyncClient, customer_id: str, number: str, at: str, total: int, **fields: Any) -> Any:
    body = {
        "source": "till-1", "external_id": number, "kind": "sale", "sold_at": at, "currency": "RUB",
        "customer": {"id": customer_id}, "total": total,
        "lines": [{"line": "1", "quantity": "1", "unit_price": total, "total": total}], **fields,
    }  # fmt: skip
    return told(await api.post("/v1/receipts", json=body), 201)


async def test_a_patch_says_nothing_new_and_changes_nothing(api: httpx.AsyncClient) -> None:
    """The same values again leave version and moment as they are."""
    anna = await customer(api, given_name="Анна", tags=["a"], birthday="--05-17")
    path = f"/v1/customers/{anna['id']}"
    before = await api.get(path)
    same = await api.patch(path, json={"given_name": "Анна", "tags": ["a"], "birthday": "--05-17"})
    assert told(same)["updated_at"] == told(before)["updated_at"]
    assert same.headers["etag"] == before.headers["etag"]


async def test_contacts_and_names_are_masked_for_who_may_not_read_them(api: httpx.AsyncClient) -> None:
    """An integration sees `+7•••••••••67`, `a•••@•••.ru`, `Анна П.`'s initial; lists mask as single reads do."""
    anna = await customer(
        api,
        "8 (935) 000-45-67",
        given_name="Анна",
        family_name="Петрова",
        birthday="1990-05-17",
        addresses=[{"city": "Казань", "street": "Баумана", "building": "7", "flat": "12", "text": "у Кремля"}],
    )
    path = f"/v1/customers/{anna['id']}"
    told(await api.post(f"{path}/identifiers", json={"type": "email", "value": "anna@pochta.ru"}), 201)
    told(await api.post(f"{path}/identifiers", json={"type": "telegram", "value": "@annapetrova"}), 201)
    told(await api.post(f"{path}/identifiers", json={"type": "card", "value": "2900 0012 3456"}), 201)
    headers = await key_of(api, "integration")
    answers = [
        await api.get(path, headers=headers),
        await api.get("/v1/customers", headers=headers),
        await api.get(f"{path}/identifiers", headers=headers),
        await api.get(f"{path}/addresses", headers=headers),
        await api.get(f"{path}/card", headers=headers),
        await api.patch(path, json={"sex": "female"}, headers=headers),
    ]
    for answer in answers:
        body = json.dumps(told(answer), ensure_ascii=False)
        for secret in ("9350004567", "000-45-67", "pochta", "annapetrova", "Петрова", "1990", "05-17", "Баумана",
                       "Кремля", "29000012"):  # fmt: skip
            assert secret not in body, (secret, str(answer.url))
    values = {one["type"]: one["value"] for one in told(answers[0])["identifiers"]}
    assert values["phone"] == "+7•••••••••67"
    assert values["email"] == "a•••@•••.ru"
    full = {one["type"]: one["value"] for one in told(await api.get(path))["identifiers"]}
    assert (full["phone"], full["email"], full["telegram"]) == ("+79350004567", "anna@pochta.ru", "annapetrova")


@pytest.mark.parametrize(
    ("country", "sent", "masked"),
    [
        ("RU", "+7 935 000 45 67", "+7•••••••••67"),
        ("RU", "+380 50 000 00 12", "+380•••••••••12"),
        ("RU", "+49 30 23125 078", "+49•••••••••78"),
        ("RU", "+1 212 555 0123", "+1•••••••••23"),
    ],
)
async def test_a_mask_has_always_nine_dots(shop: httpx.AsyncClient, country: str, sent: str, masked: str) -> None:
    """Country code, nine dots, last two digits: the length of a number is no secret told."""
    made = await customer(shop, sent)
    view = told(await shop.get(f"/v1/customers/{made['id']}/till-view"))
    assert [one["value"] for one in view["identifiers"]] == [masked]


@pytest.mark.parametrize(
    ("sent", "masked"),
    [
        ("anna@mail.ru", "a•••@•••.ru"),
        ("ANNA@Mail.Ru", "a•••@•••.ru"),
        ("a@b.test", "a•••@•••.test"),
        ("anna.petrova+shop@sub.domain.example", "a•••@•••.example"),
    ],
)
async def test_an_email_shows_a_letter_and_the_last_label(shop: httpx.AsyncClient, sent: str, masked: str) -> None:
    """`a•••@•••.ru`."""
    made = told(await shop.post("/v1/customers", json={"identifiers": [{"type": "email", "value": sent}]}), 201)
    assert made["identifiers"][0]["value"] == sent.lower()
    assert made["identifiers"][0]["raw"] == sent
    view = told(await shop.get(f"/v1/customers/{made['id']}/till-view"))
    assert [one["value"] for one in view["identifiers"]] == [masked]
    told(await shop.post(f"/v1/customers/{made['id']}/identifiers/{made['identifiers'][0]['id']}/retire"))
