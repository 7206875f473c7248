"""§Conventions: Idempotency-Key, ETag and If-Match, merge patch, status codes."""

import asyncio
import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support.foreign import customer, key_of, phone, refused, told

MERGE = "application/merge-patch+json"


@pytest.mark.parametrize(
    ("key", "good"),
    [
        ("12345678", True),
        ("x" * 128, True),
        ("till/7:0001!~", True),
        ("1234567", False),
        ("x" * 129, False),
        ("with space", False),
        ("", False),
        ("ключ-ключ-ключ", False),
    ],
)
async def test_a_key_has_8_to_128_visible_characters(shop: httpx.AsyncClient, key: str, good: bool) -> None:
    """Anything else is 400 before anything happens."""
    answer = await shop.post("/v1/customers", json={"given_name": "A"}, headers=[(b"idempotency-key", key.encode())])
    if good:
        told(answer, 201)
    else:
        refused(answer, 400, "invalid-request")


async def test_the_same_key_and_body_answer_byte_for_byte(api: httpx.AsyncClient) -> None:
    """With Idempotent-Replayed: true, the same status and ETag, and one effect."""
    body, key = {"given_name": "Анна"}, {"idempotency-key": str(uuid4())}
    first = await api.post("/v1/customers", json=body, headers=key)
    for _ in range(3):
        again = await api.post("/v1/customers", json=body, headers=key)
        assert (again.status_code, again.content) == (201, first.content)
        assert again.headers["idempotent-replayed"] == "true"
        assert again.headers["etag"] == first.headers["etag"]
        assert again.headers["content-type"] == first.headers["content-type"]
    assert "idempotent-replayed" not in first.headers
    assert len(told(await api.get("/v1/customers"))["items"]) == 1


async def test_another_body_under_the_same_key_is_422(api: httpx.AsyncClient) -> None:
    """SHA-256 of the raw bytes: other spaces are another body."""
    key = {"idempotency-key": str(uuid4()), "content-type": "application/json"}
    told(await api.post("/v1/customers", content=b'{"given_name":"A"}', headers=key), 201)
    for other in (b'{"given_name":"B"}', b'{"given_name": "A"}'):
        refused(await api.post("/v1/customers", content=other, headers=key), 422, "idempotency-key-reused")
    assert len(told(await api.get("/v1/customers"))["items"]) == 1


async def test_a_key_is_of_its_shop_and_operation(api: httpx.AsyncClient, kyiv: httpx.AsyncClient) -> None:
    """Another operation and another shop may use the same key."""
    key = {"idempotency-key": str(uuid4())}
    told(await api.post("/v1/customers", json={"given_name": "A"}, headers=key), 201)
    told(await api.post("/v1/stores", json={"code": "a"}, headers=key), 201)
    other = await kyiv.post("/v1/customers", json={"given_name": "A"}, headers=key)
    assert "idempotent-replayed" not in other.headers
    told(other, 201)


async def test_a_refusal_leaves_the_key_free(api: httpx.AsyncClient) -> None:
    """Only 2xx answers are kept: 400, 409 and 422 are not."""
    key = {"idempotency-key": str(uuid4())}
    anna = await customer(api, "+79350000001")
    refused(await api.post("/v1/customers", json={"x": 1}, headers=key), 400)
    refused(await api.post("/v1/customers", json={}, headers=key), 422)
    body = {"identifiers": [phone("+79350000001")]}
    refused(await api.post("/v1/customers", json=body, headers=key), 409, "identifier-taken")
    told(await api.post(f"/v1/customers/{anna['id']}/identifiers/{anna['identifiers'][0]['id']}/retire"))
    told(await api.post("/v1/customers", json=body, headers=key), 201)


async def test_fifty_calls_under_one_key_have_one_effect(api: httpx.AsyncClient) -> None:
    """In flight: 409 with Retry-After: 1; who comes later gets the stored answer."""
    key = {"idempotency-key": str(uuid4())}
    answers = await asyncio.gather(
        *(api.post("/v1/customers", json={"given_name": "Анна"}, headers=key) for _ in range(50))
    )
    done = [answer for answer in answers if answer.status_code == 201]
    assert done
    assert len({answer.content for answer in done}) == 1
    for answer in answers:
        if answer.status_code != 201:
            refused(answer, 409, "idempotency-in-progress")
            assert answer.headers["retry-after"] == "1"
    assert len(told(await api.get("/v1/customers"))["items"]) == 1
    last = await api.post("/v1/customers", json={"given_name": "Анна"}, headers=key)
    assert (last.content, last.headers["idempotent-replayed"]) == (done[0].content, "true")


async def test_operations_that_store_nothing_accept_a_key_and_ignore_it(api: httpx.AsyncClient) -> None:
    """Search under one key with other words is no reuse."""
    key = {"idempotency-key": str(uuid4())}
    await customer(api, given_name="Анна")
    for name, count in (("Анна", 1), ("Вера", 0), ("Анна", 1)):
        answer = await api.post("/v1/customers/search", json={"name": name}, headers=key)
        assert len(told(answer)["items"]) == count
        assert "idempotent-replayed" not in answer.headers


async def test_a_secret_is_shown_once_even_to_who_replays(api: httpx.AsyncClient, operator: httpx.AsyncClient) -> None:
    """An answer that shows a secret is kept without it: the replay has null there."""
    for client, path, body in (
        (api, "/v1/api-keys", {"name": "till", "role": "cashier"}),
        (
            operator,
            "/v1/tenants",
            {"name": "Лавка", "country": "RU", "currency": "RUB", "time_zone": "Europe/Moscow", "locale": "ru"},
        ),
    ):
        key = {"idempotency-key": str(uuid4())}
        first = told(await client.post(path, json=body, headers=key), 201)
        again = await client.post(path, json=body, headers=key)
        assert again.headers["idempotent-replayed"] == "true"
        assert first["api_key"].startswith("rgl_")
        assert told(again, 201) == {**first, "api_key": None}


async def test_a_replay_shows_no_more_than_the_caller_may_see(api: httpx.AsyncClient) -> None:
    """The stored answer of an owner's call is not handed to a key that sees contacts masked."""
    key = {"idempotency-key": str(uuid4())}
    body = {"given_name": "Анна", "family_name": "Петрова", "identifiers": [phone("+79350004567")]}
    told(await api.post("/v1/customers", json=body, headers=key), 201)
    integration = await key_of(api, "integration")
    replayed = await api.post("/v1/customers", json=body, headers={**key, **integration})
    refused(replayed, 422, "idempotency-key-reused")
    told(await api.post("/v1/customers", json=body, headers=key), 201)
    masked = {"idempotency-key": str(uuid4())}
    told(await api.post("/v1/customers", json={"given_name": "A"}, headers={**masked, **integration}), 201)
    told(await api.post("/v1/customers", json={"given_name": "A"}, headers=masked), 201)


async def _editable(api: httpx.AsyncClient) -> dict[str, Any]:
    """Return the path of one of everything a person edits, with an edit for each."""
    anna = await customer(api, "+79350000001", given_name="Анна")
    path = f"/v1/customers/{anna['id']}"
    note = told(await api.post(f"{path}/notes", json={"text": "чай"}), 201)
    address = told(await api.post(f"{path}/addresses", json={"city": "Казань"}), 201)
    tag = told(await api.post("/v1/tags", json={"name": "vip"}), 201)
    field = told(await api.post("/v1/custom-fields", json={"code": "a", "type": "string", "label": "A"}), 201)
    store = told(await api.post("/v1/stores", json={"code": "main"}), 201)
    register = told(await api.post("/v1/registers", json={"code": "1"}), 201)
    employee = told(await api.post("/v1/employees", json={"code": "e-1"}), 201)
    return {
        path: [{"given_name": "Б"}, {"given_name": "В"}],
        f"{path}/notes/{note['id']}": [{"text": "б"}, {"text": "в"}],
        f"{path}/addresses/{address['id']}": [{"city": "Б"}, {"city": "В"}],
        f"/v1/tags/{tag['id']}": [{"color": "#000000"}, {"color": "#111111"}],
        f"/v1/custom-fields/{field['id']}": [{"label": "Б"}, {"label": "В"}],
        f"/v1/stores/{store['id']}": [{"name": "Б"}, {"name": "В"}],
        f"/v1/registers/{register['id']}": [{"name": "Б"}, {"name": "В"}],
        f"/v1/employees/{employee['id']}": [{"name": "Б"}, {"name": "В"}],
        "/v1/settings": [{"name": "Б"}, {"name": "В"}],
    }


async def test_an_older_version_in_if_match_is_412(api: httpx.AsyncClient) -> None:
    """ETag is strong; If-Match is optional; * matches; a refused edit changes nothing."""
    for path, (first, second) in (await _editable(api)).items():
        read = await api.get(path) if "/addresses/" not in path else await api.patch(path, json={})
        etag = read.headers["etag"]
        assert etag.startswith('"'), path
        assert etag.endswith('"'), path
        changed = await api.patch(path, json=first, headers={"if-match": etag})
        told(changed)
        assert changed.headers["etag"] != etag, path
        refused(await api.patch(path, json=second, headers={"if-match": etag}), 412, "version-mismatch")
        for odd in ('"nonsense"', "W/" + changed.headers["etag"], "nonsense", changed.headers["etag"].strip('"')):
            refused(await api.patch(path, json=second, headers={"if-match": odd}), 412, "version-mismatch")
        kept = await api.patch(path, json={}, headers={"if-match": changed.headers["etag"]})
        assert kept.headers["etag"] == changed.headers["etag"], path
        several = {"if-match": f'"x", {changed.headers["etag"]}'}
        told(await api.patch(path, json=second, headers=several))
        told(await api.patch(path, json=first, headers={"if-match": "*"}))
        told(await api.patch(path, json=second))


async def test_what_was_changed_meanwhile_is_not_removed(api: httpx.AsyncClient) -> None:
    """If-Match holds for DELETE as for PATCH."""
    anna = await customer(api, given_name="Анна")
    for part, body, edit in (("notes", {"text": "а"}, {"text": "б"}), ("addresses", {"city": "А"}, {"city": "Б"})):
        here = f"/v1/customers/{anna['id']}/{part}"
        made = await api.post(here, json=body)
        one = f"{here}/{told(made, 201)['id']}"
        changed = await api.patch(one, json=edit)
        answer = await api.delete(one, headers={"if-match": made.headers["etag"]})
        refused(answer, 412, "version-mismatch")
        assert len(told(await api.get(here))["items"]) == 1
        assert (await api.delete(one, headers={"if-match": changed.headers["etag"]})).status_code == 204
        refused(await api.delete(one, headers={"if-match": changed.headers["etag"]}), 404)


async def test_an_etag_covers_what_a_person_edits_and_not_figures(api: httpx.AsyncClient) -> None:
    """A receipt moves metrics and leaves the card's ETag."""
    anna = await customer(api, "+79350000001")
    path = f"/v1/customers/{anna['id']}"
    before = await api.get(path)
    sale = {
        "source": "till-1", "external_id": "1", "kind": "sale", "sold_at": "2026-11-20T12:00:00Z", "currency": "RUB",
        "customer": {"id": anna["id"]}, "total": 10000,
        "lines": [{"line": "1", "quantity": "1", "unit_price": 10000, "total": 10000}],
    }  # fmt: skip
    assert (await api.post("/v1/receipts", json=sale)).status_code == 201
    after = await api.get(path)
    assert told(after)["metrics"]["receipts"] == 1
    assert after.headers["etag"] == before.headers["etag"]


@pytest.mark.parametrize("kind", [MERGE, "application/json", f"{MERGE}; charset=utf-8"])
async def test_a_patch_is_a_merge_patch_in_either_type(api: httpx.AsyncClient, kind: str) -> None:
    """Null clears, absence keeps, objects merge level by level, arrays are replaced."""
    for code in ("a", "b"):
        told(await api.post("/v1/custom-fields", json={"code": code, "type": "string", "label": code}), 201)
    anna = await customer(
        api, given_name="Анна", family_name="П", birthday="1990-05-17", tags=["x", "y"], custom={"a": "1", "b": "2"}
    )
    body = {"family_name": None, "birthday": None, "tags": ["z"], "custom": {"a": None, "b": "3"}}
    answer = await api.patch(f"/v1/customers/{anna['id']}", content=json.dumps(body), headers={"content-type": kind})
    changed = told(answer)
    assert (changed["given_name"], changed["family_name"], changed["birthday"]) == ("Анна", None, None)
    assert (changed["tags"], changed["custom"]) == (["z"], {"b": "3"})
    cleared = told(await api.patch(f"/v1/customers/{anna['id']}", json={"tags": None, "custom": None}))
    assert (cleared["tags"], cleared["custom"]) == ([], {})


@pytest.mark.parametrize(
    "body",
    [
        {"colour": "red"},
        {"id": str(uuid4())},
        {"metrics": {"receipts": 5}},
        {"opening": {"receipts": 5}},
        {"state": "archived"},
        {"lifecycle": "vip"},
        {"created_at": "2020-01-01T00:00:00Z"},
        {"identifiers": []},
        {"addresses": []},
        {"acquisition": {"store": "other"}},
        {"merged_from": []},
        {"greeting_name": "Аннушка"},
        {"is_staff": None},
        {"kind": "organization"},
        [],
        None,
        "x",
    ],
)
async def test_what_nobody_may_patch_is_400(shop: httpx.AsyncClient, body: Any) -> None:
    """Computed, immutable, unknown: the acquisition is the first touch (A9), figures come from receipts (A10)."""
    anna = await customer(shop, given_name="Анна")
    answer = await shop.patch(
        f"/v1/customers/{anna['id']}", content=json.dumps(body), headers={"content-type": "application/json"}
    )
    refused(answer, 400, "invalid-request")


async def test_a_patch_that_would_leave_nobody_is_refused(api: httpx.AsyncClient) -> None:
    """Neither name nor identifier: 422 by patch too."""
    anna = await customer(api, given_name="Анна")
    path = f"/v1/customers/{anna['id']}"
    refused(await api.patch(path, json={"given_name": None}), 422, "empty-customer")
    assert told(await api.get(path))["given_name"] == "Анна"


async def test_status_codes_are_as_promised(api: httpx.AsyncClient) -> None:
    """201 for what creates, 200 for resolve, search, batch and verbs, 204 for removing a link."""
    anna = await customer(api, "+79350000001", tags=["vip"])
    path = f"/v1/customers/{anna['id']}"
    told(await api.post("/v1/customers/resolve", json={"identifiers": [phone("+79350000002")], "on_missing": "create"}))
    told(await api.post("/v1/customers/search", json={}))
    told(await api.post("/v1/customers/batch", json={"items": [{"given_name": "A"}]}))
    told(await api.post(f"{path}/archive"))
    told(await api.post(f"{path}/restore"))
    card = told(await api.post(f"{path}/identifiers", json={"type": "card", "value": "2900 0001"}), 201)
    for verb in ("verify", "make-primary", "retire"):
        assert told(await api.post(f"{path}/identifiers/{card['id']}/{verb}"))["id"] == card["id"]
    (tag,) = told(await api.get(f"{path}/tags"))["items"]
    removed = await api.delete(f"{path}/tags/{tag['id']}")
    assert (removed.status_code, removed.content) == (204, b"")
    told(await api.post("/v1/tags/apply", json={"add": ["a"], "customer_ids": [anna["id"]]}))


@pytest.mark.parametrize("body", [b"", b"{}", b"null", b"  "])
async def test_a_verb_needs_no_body(shop: httpx.AsyncClient, body: bytes) -> None:
    """Nothing, {} and null are the same, with a content type or without."""
    anna = await customer(shop, given_name="Анна")
    for headers in ({}, {"content-type": "application/json"}):
        told(await shop.post(f"/v1/customers/{anna['id']}/archive", content=body, headers=headers))


async def test_a_verb_takes_no_surprise(shop: httpx.AsyncClient) -> None:
    """A body where none is asked for is 400, not ignored."""
    anna = await customer(shop, given_name="Анна")
    refused(await shop.post(f"/v1/customers/{anna['id']}/archive", json={"reason": "x"}), 400, "invalid-request")
    assert told(await shop.get(f"/v1/customers/{anna['id']}"))["state"] == "active"
