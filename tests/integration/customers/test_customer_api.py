"""Customers over HTTP, as an unseen program meets them."""

import asyncio
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest

ANNA = {
    "given_name": "Анна",
    "middle_name": "Сергеевна",
    "family_name": "Петрова",
    "birthday": "--05-17",
    "sex": "female",
    "locale": "ru",
    "identifiers": [{"type": "phone", "value": "8 (935) 000-45-67"}],
    "acquisition": {"channel": "till", "medium": "receipt", "store": "main", "employee": "e-5"},
    "tags": ["coffee"],
}


async def made(api: httpx.AsyncClient, **fields: Any) -> dict[str, Any]:
    answer = await api.post("/v1/customers", json={**ANNA, **fields})
    assert answer.status_code == 201, answer.text
    return answer.json()


async def key_of_role(api: httpx.AsyncClient, role: str) -> dict[str, str]:
    answer = await api.post("/v1/api-keys", json={"name": role, "role": role})
    assert answer.status_code == 201, answer.text
    return {"Authorization": f"Bearer {answer.json()['api_key']}"}


async def test_a_created_customer_has_the_published_shape(api: httpx.AsyncClient) -> None:
    """A1–A5, A9–A11: every field of the contract is there, and GET answers the same."""
    created = await made(api)
    read = await api.get(f"/v1/customers/{created['id']}")
    assert read.status_code == 200
    assert read.headers["etag"].startswith('"')
    shown = read.json()
    assert {**shown, "metrics": {**shown["metrics"], "as_of": ""}} == {
        **created,
        "metrics": {**created["metrics"], "as_of": ""},
    }
    expected = {
        "kind": "person",
        "given_name": "Анна",
        "middle_name": "Сергеевна",
        "family_name": "Петрова",
        "greeting_name": "Анна Сергеевна",
        "birthday": "--05-17",
        "sex": "female",
        "locale": "ru",
        "time_zone": None,
        "state": "active",
        "lifecycle": "potential",
        "owner_id": None,
        "is_staff": False,
        "acquisition": {"channel": "till", "medium": "receipt", "campaign": None, "store": "main", "employee": "e-5"},
        "declared_source": None,
        "tags": ["coffee"],
        "custom": {},
        "addresses": [],
        "merged_from": [],
    }
    assert {name: created[name] for name in expected} == expected
    (phone,) = created["identifiers"]
    assert phone | {"id": "", "last_used_at": ""} == {
        "id": "",
        "type": "phone",
        "value": "+79350004567",
        "raw": "8 (935) 000-45-67",
        "system": None,
        "primary": True,
        "verified_at": None,
        "last_used_at": "",
        "last_confirmed_at": None,
        "status": "active",
    }
    assert created["metrics"] | {"as_of": ""} == {
        "receipts": 0,
        "sales_total": 0,
        "returns_total": 0,
        "spent_total": 0,
        "average_receipt": None,
        "currency": "RUB",
        "first_purchase_at": None,
        "last_purchase_at": None,
        "opening": None,
        "as_of": "",
    }
    assert created["created_at"].endswith("Z")


async def test_refusals_say_everything_at_once(api: httpx.AsyncClient) -> None:
    """422: a phone that cannot be a number, a day that no calendar has; 400: unknown fields, wrong types."""
    body = {
        "birthday": "--02-30",
        "time_zone": "Mars/Olympus",
        "identifiers": [{"type": "phone", "value": "112"}, {"type": "email", "value": "anna"}],
    }
    refused = await api.post("/v1/customers", json=body)
    assert refused.status_code == 422
    assert refused.json()["code"] == "invalid-value"
    assert {error["pointer"] for error in refused.json()["errors"]} == {
        "/birthday",
        "/time_zone",
        "/identifiers/0/value",
        "/identifiers/1/value",
    }
    malformed = await api.post("/v1/customers", json={"name": "Анна", "is_staff": "yes", "opening": {}})
    assert malformed.status_code == 400
    assert {error["pointer"] for error in malformed.json()["errors"]} == {"/name", "/is_staff", "/opening"}
    empty = await api.post("/v1/customers", json={"sex": "female"})
    assert (empty.status_code, empty.json()["code"]) == (422, "empty-customer")
    owner = await api.post("/v1/customers", json={"given_name": "Анна", "owner_id": str(uuid4())})
    assert (owner.status_code, owner.json()["code"]) == (422, "unknown-reference")
    nul = await api.post("/v1/customers", json={"given_name": "Ан\x00на"})
    assert nul.status_code == 400


async def test_a_taken_identifier_answers_409_with_its_owner(api: httpx.AsyncClient) -> None:
    """identifier-taken names customer_id."""
    anna = await made(api)
    taken = await api.post("/v1/customers", json={"identifiers": [{"type": "phone", "value": "+79350004567"}]})
    assert (taken.status_code, taken.json()["code"]) == (409, "identifier-taken")
    assert taken.json()["customer_id"] == anna["id"]


async def test_fifty_creates_at_once_make_one_customer(api: httpx.AsyncClient) -> None:
    """The same phone created by fifty at once: one 201, the others 409 with the same customer_id."""
    body = {"identifiers": [{"type": "phone", "value": "+79350000050"}]}
    answers = await asyncio.gather(*(api.post("/v1/customers", json=body) for _ in range(50)))
    (created,) = [answer.json()["id"] for answer in answers if answer.status_code == 201]
    others = [answer for answer in answers if answer.status_code != 201]
    assert {(answer.status_code, answer.json().get("customer_id")) for answer in others} == {(409, created)}


async def test_a_batch_answers_item_by_item(api: httpx.AsyncClient) -> None:
    """created | existing | rejected; an item that does not match the schema harms no neighbour."""
    first = {"given_name": "Анна", "identifiers": [{"type": "phone", "value": "+79350001001"}]}
    items: list[Any] = [first, first, {"given_name": 7}, {"identifiers": [{"type": "phone", "value": "1"}]}, {}, "x"]
    answer = await api.post("/v1/customers/batch", json={"items": items})
    assert answer.status_code == 200, answer.text
    told = answer.json()["items"]
    assert [one["status"] for one in told] == ["created", "existing", *["rejected"] * 4]
    assert told[1] == {"status": "existing", "customer_id": told[0]["id"]}
    assert [one["problem"]["status"] for one in told[2:]] == [400, 422, 422, 400]
    assert told[2]["problem"]["errors"][0]["pointer"] == "/given_name"
    assert told[3]["problem"]["errors"][0]["pointer"] == "/identifiers/0/value"
    for bad in ({"items": []}, {"items": [first] * 501}, {"item": []}, {}):
        assert (await api.post("/v1/customers/batch", json=bad)).status_code == 400


async def test_a_dry_run_of_a_batch_stores_nothing(api: httpx.AsyncClient) -> None:
    """?dry_run=true: the same answer, nothing stored."""
    items = {"items": [{"given_name": "Анна"}]}
    answer = await api.post("/v1/customers/batch?dry_run=true", json=items)
    assert answer.json()["items"][0]["status"] == "created"
    assert (await api.get("/v1/customers")).json()["items"] == []


async def test_a_patch_needs_the_version_that_was_read(api: httpx.AsyncClient) -> None:
    """If-Match is optional; an older version answers 412; merge patch in either content type."""
    anna = await made(api)
    path = f"/v1/customers/{anna['id']}"
    etag = (await api.get(path)).headers["etag"]
    merge = {"content-type": "application/merge-patch+json", "if-match": etag}
    changed = await api.patch(path, content=b'{"middle_name": null, "custom": {}}', headers=merge)
    assert changed.status_code == 200, changed.text
    assert changed.json()["middle_name"] is None
    assert changed.json()["given_name"] == "Анна"
    assert changed.headers["etag"] != etag
    stale = await api.patch(path, content=b'{"sex": null}', headers=merge)
    assert (stale.status_code, stale.json()["code"]) == (412, "version-mismatch")
    assert (await api.patch(path, json={"acquisition": {"store": "x"}})).status_code == 400


async def test_archive_and_restore_over_http(api: httpx.AsyncClient) -> None:
    """Verbs answer with the resource."""
    anna = await made(api)
    archived = await api.post(f"/v1/customers/{anna['id']}/archive")
    assert (archived.status_code, archived.json()["state"], archived.json()["lifecycle"]) == (200, *["archived"] * 2)
    assert (await api.post(f"/v1/customers/{anna['id']}/restore")).json()["state"] == "active"


async def test_lists_are_stable_while_rows_arrive(api: httpx.AsyncClient) -> None:
    """Cursors neither skip nor repeat; filters by tag, store, stage and time."""
    ids = [(await made(api, identifiers=[], given_name=f"N{n}"))["id"] for n in range(5)]
    first = (await api.get("/v1/customers?limit=2")).json()
    await made(api, identifiers=[], given_name="Новая", tags=[], acquisition={"store": "north"})
    second = (await api.get(f"/v1/customers?limit=2&cursor={first['next_cursor']}")).json()
    third = (await api.get(f"/v1/customers?limit=2&cursor={second['next_cursor']}")).json()
    seen = [one["id"] for part in (first, second, third) for one in part["items"]]
    assert seen == list(reversed(ids))
    assert third["next_cursor"] is None

    async def count(query: str) -> int:
        answer = await api.get(f"/v1/customers?{query}")
        assert answer.status_code == 200, answer.text
        return len(answer.json()["items"])

    assert await count("tag=coffee") == 5
    assert await count("tag=unknown") == 0
    assert await count("store=north") == 1
    assert await count("lifecycle=potential") == 6
    assert await count("lifecycle=vip") == 0
    assert await count(f"owner={uuid4()}") == 0
    assert await count("created_from=2100-01-01T00:00:00Z") == 0
    assert await count("created_to=2100-01-01T00:00:00Z") == 6
    for bad in ("limit=0", "limit=201", "cursor=abc", "colour=red", "lifecycle=happy", "owner=me"):
        assert (await api.get(f"/v1/customers?{bad}")).status_code == 400


async def test_a_manager_finds_people_by_what_is_remembered(api: httpx.AsyncClient) -> None:
    """A2, security §Search: folding, beginnings, typing errors, ends of phones; sorted by the alphabet."""
    people = [
        ("Артём", "Ёлкин", "+79350002001"),
        ("Сергій", "Галаґан", "+79350002002"),
        ("Анна", "Ельцова", "+79350012001"),
    ]
    for given, family, phone in people:
        await made(
            api, given_name=given, middle_name=None, family_name=family, identifiers=[{"type": "phone", "value": phone}]
        )

    async def found(**body: Any) -> list[str]:
        answer = await api.post("/v1/customers/search", json=body)
        assert answer.status_code == 200, answer.text
        return [one["family_name"] for one in answer.json()["items"]]

    assert await found(name="артем") == ["Ёлкин"]
    assert await found(name="елк арт") == ["Ёлкин"]
    assert await found(name="Сергий") == ["Галаґан"]
    assert await found(name="Галаган") == ["Галаґан"]
    assert await found(name="Ельцвоа") == ["Ельцова"]
    assert await found(name="Ельцов Пётр") == []
    assert await found(phone_ending="2001") == ["Ёлкин", "Ельцова"]
    assert await found(phone_ending="002001") == ["Ёлкин"]
    assert await found(name="ел", tags=["coffee"]) == ["Ёлкин", "Ельцова"]
    assert await found(name="ел", lifecycle=["vip"]) == []
    page = (await api.post("/v1/customers/search", json={"name": "ел", "limit": 1})).json()
    following = await api.post("/v1/customers/search", json={"name": "ел", "limit": 1, "cursor": page["next_cursor"]})
    assert [one["family_name"] for one in following.json()["items"]] == ["Ельцова"]
    assert following.json()["next_cursor"] is None


async def test_own_fields_are_checked_and_filterable(api: httpx.AsyncClient) -> None:
    """A15: typed definitions, validated, filterable through search."""
    for body in (
        {"code": "skin", "type": "enum", "label": "Кожа", "options": ["dry", "oily"]},
        {"code": "size", "type": "number", "label": "Размер"},
        {"code": "likes", "type": "multi_enum", "label": "Любит", "options": ["tea", "coffee"]},
        {"code": "since", "type": "date", "label": "С"},
        {"code": "blog", "type": "string", "label": "Блог"},
        {"code": "vegan", "type": "bool", "label": "Веган"},
        {"code": "friend", "type": "reference", "label": "Подруга", "to": "customer"},
    ):
        defined = await api.post("/v1/custom-fields", json=body)
        assert defined.status_code == 201, defined.text
    olga = await made(api, given_name="Ольга", identifiers=[])
    values = {
        "skin": "dry",
        "size": "38.5",
        "likes": ["coffee", "tea"],
        "since": "2020-02-29",
        "blog": "Мой Блог",
        "vegan": False,
        "friend": olga["id"],
    }
    anna = await made(api, custom=values)
    assert anna["custom"] == values | {"likes": ["tea", "coffee"]}

    async def found(**custom: Any) -> int:
        answer = await api.post("/v1/customers/search", json={"custom": custom})
        assert answer.status_code == 200, answer.text
        return len(answer.json()["items"])

    assert await found(skin="dry", size={"gte": 38, "lte": "38.5"}) == 1
    assert await found(skin=["oily", "dry"]) == 1
    assert await found(size={"gte": 39}) == 0
    assert await found(likes="tea") == 1
    assert await found(since={"lte": "2020-02-29"}) == 1
    assert await found(blog="мой блог", vegan=False, friend=olga["id"]) == 1
    assert await found(skin="oily") == 0
    assert (await api.post("/v1/customers/search", json={"custom": {"hair": "x"}})).status_code == 422
    bad = await api.post(
        "/v1/customers", json={"given_name": "Вера", "custom": {"skin": "blue", "friend": str(uuid4())}}
    )
    assert bad.status_code == 422
    again = await api.post("/v1/custom-fields", json={"code": "skin", "type": "bool", "label": "x"})
    assert (again.status_code, again.json()["code"]) == (409, "custom-field-exists")


async def test_contacts_are_masked_for_who_may_not_read_them(api: httpx.AsyncClient) -> None:
    """Masks go by the field's class: an integration sees neither contacts nor family names nor birthdays."""
    anna = await made(api, addresses=[{"city": "Казань", "street": "Баумана"}])
    integration = await key_of_role(api, "integration")
    read = await api.get(f"/v1/customers/{anna['id']}", headers=integration)
    assert read.status_code == 200
    shown = read.json()
    assert shown["identifiers"][0]["value"] == "+7•••••••••67"
    assert shown["identifiers"][0]["raw"] == "•••••••••67"
    assert (shown["given_name"], shown["family_name"], shown["birthday"]) == ("Анна", "П.", None)
    assert (shown["addresses"][0]["city"], shown["addresses"][0]["street"]) == ("Казань", "•••")
    assert "9350004567" not in read.text
    cashier = await key_of_role(api, "cashier")
    assert (await api.get(f"/v1/customers/{anna['id']}", headers=cashier)).status_code == 403
    assert (await api.post("/v1/customers/search", json={"name": "Анна"}, headers=cashier)).status_code == 403


async def test_identifiers_live_their_own_life(api: httpx.AsyncClient) -> None:
    """Add, verify, make primary, retire; what is retired somebody else may have."""
    anna = await made(api)
    path = f"/v1/customers/{anna['id']}/identifiers"
    second = await api.post(path, json={"type": "phone", "value": "+79350007777"})
    assert (second.status_code, second.json()["primary"]) == (201, False)
    again = await api.post(path, json={"type": "phone", "value": "8 935 000 77 77"})
    assert again.json()["id"] == second.json()["id"]
    verified = await api.post(f"{path}/{second.json()['id']}/verify")
    assert verified.json()["verified_at"] is not None
    preferred = await api.post(f"{path}/{second.json()['id']}/make-primary")
    assert preferred.json()["primary"] is True
    phones = (await api.get(path)).json()["items"]
    assert [one["primary"] for one in phones] == [False, True]
    retired = await api.post(f"{path}/{second.json()['id']}/retire")
    assert (retired.json()["status"], retired.json()["primary"]) == ("retired", False)
    assert [one["primary"] for one in (await api.get(path)).json()["items"]] == [True, False]
    refused = await api.post(f"{path}/{second.json()['id']}/verify")
    assert (refused.status_code, refused.json()["code"]) == (409, "identifier-not-active")
    other = await made(api, identifiers=[{"type": "phone", "value": "+79350007777"}])
    assert other["id"] != anna["id"]
    taken = await api.post(path, json={"type": "phone", "value": "+79350007777"})
    assert (taken.status_code, taken.json()["customer_id"]) == (409, other["id"])


async def test_an_edit_of_belongings_moves_the_etag(api: httpx.AsyncClient) -> None:
    """The ETag covers what a person edits: identifiers, tags and addresses too."""
    anna = await made(api)
    path = f"/v1/customers/{anna['id']}"
    seen = {(await api.get(path)).headers["etag"]}
    for call in (
        api.post(f"{path}/identifiers", json={"type": "card", "value": "2900 0001"}),
        api.post(f"{path}/tags", json={"names": ["tea"]}),
        api.post(f"{path}/addresses", json={"city": "Казань"}),
    ):
        assert (await call).is_success
        seen.add((await api.get(path)).headers["etag"])
    assert len(seen) == 4


async def test_a_number_gets_a_new_owner(api: httpx.AsyncClient) -> None:
    """Reassign: without a code an employee vouches; the old one is `reassigned` and finds nobody."""
    anna = await made(api)
    (phone,) = anna["identifiers"]
    path = f"/v1/customers/{anna['id']}/identifiers/{phone['id']}/reassign"
    unproven = await api.post(path, json={})
    assert (unproven.status_code, unproven.json()["code"]) == (422, "verification-required")
    vouched = {"employee": "e-5", "reason": "Договор с оператором показан"}
    unknown = await api.post(path, json={**vouched, "new_customer_id": str(uuid4())})
    assert (unknown.status_code, unknown.json()["code"]) == (422, "unknown-reference")
    moved = await api.post(path, json=vouched)
    assert moved.status_code == 200, moved.text
    assert moved.json()["status"] == "reassigned"
    resolved = await api.post(
        "/v1/customers/resolve", json={"identifiers": [{"type": "phone", "value": "+79350004567"}]}
    )
    assert resolved.json()["customer"]["id"] == moved.json()["new_customer_id"] != anna["id"]


async def test_addresses_and_notes(api: httpx.AsyncClient) -> None:
    """A6, A30: one default address; notes with author, pin, visibility and every former text."""
    anna = await made(api)
    addresses = f"/v1/customers/{anna['id']}/addresses"
    home = (await api.post(addresses, json={"city": "Казань"})).json()
    work = (await api.post(addresses, json={"kind": "work", "text": "Кремль", "default": True})).json()
    assert [one["default"] for one in (await api.get(addresses)).json()["items"]] == [False, True]
    assert home["default"] is True
    changed = await api.patch(f"{addresses}/{work['id']}", json={"text": None, "city": "Москва"})
    assert (changed.status_code, changed.json()["city"]) == (200, "Москва")
    assert (await api.patch(f"{addresses}/{work['id']}", json={"city": None})).status_code == 422
    assert (await api.delete(f"{addresses}/{home['id']}")).status_code == 204
    assert (await api.delete(f"{addresses}/{home['id']}")).status_code == 404
    notes = f"/v1/customers/{anna['id']}/notes"
    note = (await api.post(notes, json={"text": "Не любит розовое, карта 4111 1111 1111 1111"})).json()
    assert note["text"] == "Не любит розовое, карта •••• •••• •••• 1111"
    edited = await api.patch(f"{notes}/{note['id']}", json={"text": "Не любит зелёное", "pinned": True})
    assert (edited.json()["version"], edited.json()["pinned"]) == (2, True)
    versions = (await api.get(f"{notes}/{note['id']}/revisions")).json()["items"]
    assert [one["text"] for one in versions] == ["Не любит зелёное", "Не любит розовое, карта •••• •••• •••• 1111"]
    await api.post(notes, json={"text": "Секрет владелицы", "visibility": "owner"})
    manager = await key_of_role(api, "manager")
    assert [one["text"] for one in (await api.get(notes, headers=manager)).json()["items"]] == ["Не любит зелёное"]
    history = (await api.get(f"/v1/customers/{anna['id']}/timeline", headers=manager)).json()["items"]
    assert [(one["kind"], one["data"]["text"]) for one in history] == [("note", "Не любит зелёное")]
    assert (await api.delete(f"{notes}/{note['id']}")).status_code == 204
    assert (await api.get(f"{notes}/{note['id']}")).status_code == 404


async def test_tags_have_names_colours_and_namespaces(api: httpx.AsyncClient) -> None:
    """A39: plain, namespaced, coloured; put on many at once and taken away."""
    people = [(await made(api, identifiers=[], tags=[]))["id"] for _ in range(2)]
    sweet = (await api.post("/v1/tags", json={"name": "taste:sweet", "color": "#c08040"})).json()
    assert sweet["namespace"] == "taste"
    assert (await api.post("/v1/tags", json={"name": "taste:sweet"})).status_code == 409
    applied = await api.post("/v1/tags/apply", json={"add": ["taste:sweet", "vip"], "customer_ids": people})
    assert applied.json() == {"customers": 2, "added": 4, "removed": 0}
    swapped = await api.post(
        "/v1/tags/apply", json={"add": ["vip"], "remove": ["taste:sweet"], "customer_ids": people[:1]}
    )
    assert swapped.json() == {"customers": 1, "added": 0, "removed": 1}
    unknown = await api.post("/v1/tags/apply", json={"add": ["x"], "customer_ids": [people[0], str(uuid4())]})
    assert unknown.status_code == 422
    assert [error["pointer"] for error in unknown.json()["errors"]] == ["/customer_ids/1"]
    links = (await api.get(f"/v1/customers/{people[1]}/tags")).json()["items"]
    assert [(one["name"], one["color"], one["source"]) for one in links] == [
        ("taste:sweet", "#c08040", "api"),
        ("vip", None, "api"),
    ]
    assert (await api.delete(f"/v1/customers/{people[1]}/tags/{sweet['id']}")).status_code == 204
    assert (await api.get(f"/v1/customers/{people[1]}")).json()["tags"] == ["vip"]
    assert [one["name"] for one in (await api.get("/v1/tags?namespace=taste")).json()["items"]] == ["taste:sweet"]
    first = (await api.get("/v1/tags?limit=1")).json()
    rest = (await api.get(f"/v1/tags?limit=5&cursor={first['next_cursor']}")).json()
    assert [one["name"] for one in [*first["items"], *rest["items"]]] == ["taste:sweet", "vip"]


@pytest.mark.parametrize("path", ["", "/card", "/till-view", "/seller-view", "/timeline", "/metrics", "/identifiers",
                                  "/addresses", "/notes", "/tags"])  # fmt: skip
async def test_an_unknown_customer_answers_404_everywhere(api: httpx.AsyncClient, path: str) -> None:
    """Unknown and malformed ids in the path are 404 of one shape."""
    for customer_id in (uuid4(), UUID(int=0), "not-an-id"):
        answer = await api.get(f"/v1/customers/{customer_id}{path}")
        assert (answer.status_code, answer.json()["code"]) == (404, "customer-not-found")
