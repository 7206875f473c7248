"""§Conventions: what is refused with 400, 422 and 404, how a refusal looks, and that nothing half is stored."""

import re
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support.foreign import customer, is_uuid7, key_of, phone, refused, told

JSON = {"content-type": "application/json"}
SURROGATE = b'{"given_name": "\\ud800"}'
BROKEN = {
    "truncated": b'{"given_name": "Anna"',
    "empty": b"",
    "blank": b"  \r\n",
    "no object": b'"Anna"',
    "an array": b"[]",
    "null": b"null",
    "not JSON": b"given_name=Anna",
    "two values": b'{"given_name": "A"} {}',
    "trailing comma": b'{"given_name": "A",}',
    "single quotes": b"{'given_name': 'A'}",
    "NaN": b'{"given_name": NaN}',
    "not UTF-8": b'{"given_name": "\xff\xfe"}',
    "latin-1": '{"given_name": "Ünal"}'.encode("latin-1"),
    "UTF-16": '{"given_name": "Anna"}'.encode("utf-16"),
    "an overlong encoding": b'{"given_name": "\xc0\x80"}',
    "an encoded surrogate": b'{"given_name": "\xed\xa0\x80"}',
    "a lone surrogate": SURROGATE,
    "a lone low surrogate": b'{"given_name": "\\udc00"}',
    "a surrogate as a name": b'{"\\ud800": 1}',
    "a bare NUL": b'{"given_name": "A\x00B"}',
    "an escaped NUL": b'{"given_name": "A\\u0000B"}',
    "deep nesting": b'{"custom": ' + b'{"a":' * 5000 + b"1" + b"}" * 5000 + b"}",
    "deep arrays": b'{"tags": ' + b"[" * 20000 + b"]" * 20000 + b"}",
    "a huge number": b'{"is_staff": 1e400}',
    "a long number": b'{"is_staff": ' + b"9" * 5000 + b"}",
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("path", ["/v1/customers", "/v1/customers/search", "/v1/stores"])
async def test_a_broken_body_is_an_invalid_request(shop: httpx.AsyncClient, path: str, name: str) -> None:
    """400 for syntax, never 5xx, in every operation alike."""
    refused(await shop.post(path, content=BROKEN[name], headers=JSON), 400, "invalid-request")


async def test_every_fault_of_the_shape_is_told_at_once(shop: httpx.AsyncClient) -> None:
    """Type, range, length, format, unknown field: one answer with a pointer each; the values are not repeated."""
    body = {
        "given_name": 7,
        "middle_name": "я" * 201,
        "sex": "f",
        "birthday": "17.05.1990",
        "owner_id": "somebody",
        "colour": "red",
        "is_staff": "yes",
        "identifiers": [{"type": "fax", "value": "+79350004567"}, {"value": "x"}, {"type": "phone", "value": ""}, 5],
        "acquisition": {"store": "s" * 65, "shop": "x"},
        "tags": ["t" * 65, 5],
        "addresses": [{"city": 5}],
    }
    problem = refused(
        await shop.post("/v1/customers", json=body),
        400,
        "invalid-request",
        "/given_name",
        "/middle_name",
        "/sex",
        "/birthday",
        "/owner_id",
        "/colour",
        "/is_staff",
        "/identifiers/0/type",
        "/identifiers/1/type",
        "/identifiers/2/value",
        "/identifiers/3",
        "/acquisition/store",
        "/acquisition/shop",
        "/tags/0",
        "/tags/1",
        "/addresses/0/city",
    )
    assert "79350004567" not in str(problem)


async def test_rules_that_are_broken_are_told_at_once_too(shop: httpx.AsyncClient) -> None:
    """422: it matches the schema and breaks rules, all of them in one answer."""
    body = {
        "birthday": "2023-02-29",
        "time_zone": "Europe/Atlantis",
        "identifiers": [phone("12"), {"type": "email", "value": "anna@"}, {"type": "external", "value": "5"}],
    }
    answer = await shop.post("/v1/customers", json=body)
    problem = refused(
        answer, 422, None, "/birthday", "/time_zone", "/identifiers/0/value", "/identifiers/1/value",
        "/identifiers/2/system",
    )  # fmt: skip
    assert problem["code"] == "invalid-value"


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/customers", {"given_name": "A", "x": 1}),
        ("/v1/customers", {"given_name": "A", "identifiers": [{**phone("+79350000001"), "x": 1}]}),
        ("/v1/customers/resolve", {"identifiers": [phone("+79350000001")], "x": 1}),
        ("/v1/customers/resolve", {"identifiers": [phone("+79350000001")], "profile": {"x": 1}}),
        ("/v1/customers/resolve", {"identifiers": [phone("+79350000001")], "consents": []}),
        ("/v1/customers/search", {"x": 1}),
        ("/v1/customers/batch", {"items": [{"given_name": "A"}], "x": 1}),
        ("/v1/tags", {"name": "a", "x": 1}),
        ("/v1/tags/apply", {"customer_ids": [str(uuid4())], "x": 1}),
        ("/v1/custom-fields", {"code": "a", "type": "string", "label": "A", "x": 1}),
        ("/v1/stores", {"code": "a", "x": 1}),
        ("/v1/registers", {"code": "a", "x": 1}),
        ("/v1/employees", {"code": "a", "x": 1}),
        ("/v1/api-keys", {"name": "a", "role": "cashier", "x": 1}),
    ],
)
async def test_an_unknown_field_is_an_error(shop: httpx.AsyncClient, path: str, body: dict[str, Any]) -> None:
    """Requests are closed; `consents` is an unknown field until consent exists."""
    refused(await shop.post(path, json=body), 400, "invalid-request")


@pytest.mark.parametrize("path", ["/v1/customers", "/v1/stores", "/v1/tags", "/v1/me", "/v1/settings", "/v1/changes"])
async def test_an_unknown_query_parameter_is_an_error(shop: httpx.AsyncClient, path: str) -> None:
    """400: there is no fields= and no expand=; a till's typo must not read as 'no filter'."""
    for query in ("colour=red", "fields=id", "expand=metrics", "tenant_id=1"):
        refused(await shop.get(f"{path}?{query}"), 400, "invalid-request")


@pytest.mark.parametrize("query", ["tag=%00", "tag=%ff", "tag=", "tag=a&tag=b", "store=" + "s" * 65, "tag=%ed%a0%80"])
async def test_a_malformed_query_is_an_invalid_request(shop: httpx.AsyncClient, query: str) -> None:
    """NUL, bytes that are no UTF-8, empty, repeated and overlong values: 400."""
    refused(await shop.get(f"/v1/customers?{query}"), 400, "invalid-request")


@pytest.mark.parametrize(
    "path",
    [
        "/v1/customers/{}",
        "/v1/customers/{}/card",
        "/v1/customers/{}/till-view",
        "/v1/customers/{}/seller-view",
        "/v1/customers/{}/timeline",
        "/v1/customers/{}/metrics",
        "/v1/customers/{}/notes",
        "/v1/customers/{}/identifiers",
        "/v1/customers/{}/addresses",
        "/v1/customers/{}/tags",
        "/v1/stores/{}",
        "/v1/registers/{}",
        "/v1/employees/{}",
        "/v1/tags/{}",
        "/v1/custom-fields/{}",
        "/v1/products/{}",
        "/v1/api-keys/{}",
    ],
)
async def test_an_unknown_id_in_the_path_is_404_malformed_or_not(shop: httpx.AsyncClient, path: str) -> None:
    """The same members whether the id is random, nil, malformed, has odd letters or hides a path."""
    unknown = refused(await shop.get(path.format(uuid4())), 404)
    for odd in ("nonsense", "1", "00000000-0000-0000-0000-000000000000", "%00", "%D0%B0", "a" * 300, "..%2F..", "%ff"):
        malformed = refused(await shop.get(path.format(odd)), 404)
        assert set(malformed) == set(unknown), odd


async def test_a_row_of_another_shop_answers_as_one_that_is_not_there(
    api: httpx.AsyncClient, operator: httpx.AsyncClient
) -> None:
    """404 with the very same shape; in a body it is an unknown reference."""
    opened = told(await operator.post("/v1/tenants", json=SHOP), 201)
    theirs = {"Authorization": f"Bearer {opened['api_key']}"}
    foreign = await customer(api, "+79350000011")
    employee = told(await api.post("/v1/employees", json={"code": "e-1"}), 201)
    random = str(uuid4())
    calls = [
        ("GET", "/v1/customers/{}", None),
        ("PATCH", "/v1/customers/{}", {"given_name": "Mine"}),
        ("POST", "/v1/customers/{}/archive", None),
        ("GET", "/v1/customers/{}/timeline", None),
        ("POST", "/v1/customers/{}/notes", {"text": "mine"}),
        ("POST", "/v1/customers/{}/identifiers", phone("+79350000012")),
    ]
    for method, path, body in calls:
        one = refused(await api.request(method, path.format(foreign["id"]), json=body, headers=theirs), 404)
        other = refused(await api.request(method, path.format(random), json=body, headers=theirs), 404)
        assert {**one, "trace_id": ""} == {**other, "trace_id": ""}
    for body in ({"given_name": "A", "owner_id": employee["id"]}, {"given_name": "A", "owner_id": random}):
        refused(await api.post("/v1/customers", json=body, headers=theirs), 422, "unknown-reference", "/owner_id")
    for customer_id in (foreign["id"], random):
        body = {"add": ["x"], "customer_ids": [customer_id]}
        refused(
            await api.post("/v1/tags/apply", json=body, headers=theirs), 422, "unknown-reference", "/customer_ids/0"
        )
    assert told(await api.get(f"/v1/customers/{foreign['id']}"))["given_name"] is None
    assert told(await api.get("/v1/customers", headers=theirs))["items"] == []


SHOP = {"name": "Крамниця", "country": "UA", "currency": "UAH", "time_zone": "Europe/Kyiv", "locale": "uk"}


async def test_nothing_half_is_stored_of_a_refused_call(api: httpx.AsyncClient) -> None:
    """A customer whose second identifier is taken, whose field is unknown, whose tag list fails: no trace of it."""
    await customer(api, "+79350000021")
    body = {
        "given_name": "Анна",
        "identifiers": [phone("+79350000022"), phone("+79350000021")],
        "tags": ["half"],
        "acquisition": {"store": "half", "employee": "half"},
    }
    refused(await api.post("/v1/customers", json=body), 409, "identifier-taken")
    refused(await api.post("/v1/customers", json={**body, "custom": {"unknown": "x"}}), 422)
    assert len(told(await api.get("/v1/customers"))["items"]) == 1
    assert told(await api.get("/v1/tags"))["items"] == []
    assert told(await api.get("/v1/stores"))["items"] == []
    assert told(await api.get("/v1/employees"))["items"] == []
    free = await customer(api, "+79350000022")
    assert free["tags"] == []


async def test_problem_types_are_pages_without_credential(edge: httpx.AsyncClient, shop: httpx.AsyncClient) -> None:
    """`type` is an HTML page, for codes met in passing and for the whole list."""
    for problem in (
        refused(await shop.get("/v1/nothing"), 404),
        refused(await edge.get("/v1/me"), 401),
        refused(await shop.get(f"/v1/customers/{uuid4()}"), 404),
        refused(await shop.post("/v1/customers", json={}), 422),
        refused(await shop.post("/v1/customers", json=[]), 400),
    ):
        page = await edge.get(problem["type"])
        assert page.status_code == 200, problem["type"]
        assert page.headers["content-type"].startswith("text/html")
        assert "<h1>" in page.text
    assert (await edge.get("/problems")).status_code == 200
    refused(await edge.get("/problems/no-such-code"), 404)


async def test_every_problem_of_the_contract_has_its_page(edge: httpx.AsyncClient) -> None:
    """Each code that some operation may answer with is documented."""
    contract = (await edge.get("/openapi.json")).text
    codes = set(re.findall(r"/problems/([a-z-]+)", contract))
    assert codes >= {"invalid-request", "unauthenticated", "forbidden", "tenant-suspended", "internal-error"}
    for code in sorted(codes):
        assert (await edge.get(f"/problems/{code}")).status_code == 200, code


@pytest.mark.parametrize("locale", ["ru", "uk-UA", "en"])
async def test_details_are_in_the_language_of_the_shop(
    operator: httpx.AsyncClient, edge: httpx.AsyncClient, locale: str
) -> None:
    """`detail` is in the tenant's locale, fit to be read to a customer; no code, no field name in it."""
    opened = told(await operator.post("/v1/tenants", json={**SHOP, "locale": locale}), 201)
    headers = {"Authorization": f"Bearer {opened['api_key']}"}
    await edge.post("/v1/customers", json={"identifiers": [phone("+79350000031")]}, headers=headers)
    taken = await edge.post("/v1/customers", json={"identifiers": [phone("+79350000031")]}, headers=headers)
    detail = refused(taken, 409, "identifier-taken")["detail"]
    assert "identifier" not in detail
    assert any("а" <= letter <= "ї" for letter in detail) is (locale != "en")
    assert "9350000031" not in taken.text


@pytest.mark.parametrize("role", ["accountant", "cashier", "marketer"])
async def test_a_role_is_refused_before_its_body_is_read(shop: httpx.AsyncClient, role: str) -> None:
    """403, not 400: somebody without permission learns nothing of the operation."""
    headers = await key_of(shop, role)
    refused(await shop.post("/v1/customers", content=b"{", headers=headers | JSON), 403, "forbidden")
    refused(await shop.get(f"/v1/customers/{uuid4()}", headers=headers), 403, "forbidden")


async def test_ids_and_times_have_the_promised_form(api: httpx.AsyncClient) -> None:
    """UUIDv7 made by the server, times in UTC with Z."""
    anna = await customer(api, "+79350000041", addresses=[{"city": "Казань"}])
    assert is_uuid7(anna["id"])
    assert is_uuid7(anna["identifiers"][0]["id"])
    assert is_uuid7(anna["addresses"][0]["id"])
    for moment in (anna["created_at"], anna["updated_at"], anna["metrics"]["as_of"]):
        assert moment.endswith("Z")
        assert moment[10] == "T"
    own = await api.post("/v1/customers", json={"id": str(uuid4()), "given_name": "A"})
    refused(own, 400, "invalid-request", "/id")


@pytest.mark.parametrize(
    ("moment", "good"),
    [
        ("2026-11-01T10:00:00Z", True),
        ("2026-11-01T10:00:00+03:00", True),
        ("2026-11-01T10:00:00.123456-11:30", True),
        ("2026-11-01t10:00:00z", True),
        ("2026-11-01T10:00:00", False),
        ("2026-11-01", False),
        ("1793527200", False),
        ("2026-13-01T10:00:00Z", False),
        ("2026-02-30T10:00:00Z", False),
        ("2026-11-01T25:00:00Z", False),
        ("2026-11-01T10:00:00+99:00", False),
        ("yesterday", False),
        ("0000-01-01T00:00:00Z", False),
        ("0001-01-01T00:00:00+14:00", True),
        ("9999-12-31T23:59:59-14:00", True),
    ],
)
async def test_times_are_rfc_3339_with_an_offset(shop: httpx.AsyncClient, moment: str, good: bool) -> None:
    """A time without an offset, a bare date and seconds since 1970 are 400."""
    answer = await shop.get("/v1/customers", params={"created_from": moment})
    if good:
        told(answer)
    else:
        refused(answer, 400, "invalid-request")
