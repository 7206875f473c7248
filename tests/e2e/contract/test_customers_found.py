"""Customers: the list's filters, search by what is remembered, own fields and tags."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.support.foreign import all_items, customer, key_of, refused, told


async def _names(api: httpx.AsyncClient, **body: Any) -> list[str]:
    found = told(await api.post("/v1/customers/search", json=body))
    assert set(found) == {"items", "next_cursor"}
    return [" ".join(filter(None, (one["given_name"], one["family_name"]))) for one in found["items"]]


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("Артём", True),
        ("артем", True),
        ("АРТЕМ ЁЛКИН", True),
        ("елкин артём", True),
        ("Ёлк", True),
        ("Арт Ёлк", True),
        ("Ёлкен", True),
        ("Артме", True),
        ("  Ёлкин  ", True),
        ("Е\u0308лкин", True),
        ("Иванов", False),
        ("Ёлкин Пётр", False),
        ("%", False),
        ("_", False),
        (".*", False),
        ("'", False),
    ],
)
async def test_names_are_found_as_they_are_remembered(shop: httpx.AsyncClient, asked: str, found: bool) -> None:
    """Folding, ё/е, any order, beginnings of words, a typo; patterns of other languages mean nothing."""
    listed = told(await shop.get("/v1/customers", params={"tag": "search"}))["items"]
    if not listed:
        await customer(shop, given_name="Артём", family_name="Ёлкин", tags=["search"])
        await customer(shop, given_name="Вера", family_name="Соколова", tags=["search"])
    answer = await _names(shop, name=asked, tags=["search"])
    assert ("Артём Ёлкин" in answer) is found, answer
    assert "Вера Соколова" not in answer


async def test_ukrainian_and_russian_spellings_meet(kyiv: httpx.AsyncClient) -> None:
    """ru/uk folding: і/и, ґ/г, є/е, the apostrophe."""
    for given, family in (("Сергій", "Галаґан"), ("Наталія", "Дем'яненко"), ("Євген", "Їжак")):
        await customer(kyiv, given_name=given, family_name=family)
    assert await _names(kyiv, name="Сергий Галаган") == ["Сергій Галаґан"]
    assert await _names(kyiv, name="Демяненко") == ["Наталія Дем'яненко"]
    assert await _names(kyiv, name="Дем’яненко") == ["Наталія Дем'яненко"]
    assert await _names(kyiv, name="Евген") == ["Євген Їжак"]


async def test_phones_are_found_by_their_end(api: httpx.AsyncClient) -> None:
    """A2: by last digits, four or more, of active numbers; combined with the other filters."""
    anna = await customer(api, "+79350004567", "+79350009999", given_name="Анна", tags=["a"])
    await customer(api, "+79350014567", given_name="Вера")
    await customer(api, given_name="Без")
    assert sorted(await _names(api, phone_ending="4567")) == ["Анна", "Вера"]
    assert await _names(api, phone_ending="04567") == ["Анна"]
    assert await _names(api, phone_ending="9350014567") == ["Вера"]
    assert await _names(api, phone_ending="9999", name="Вера") == []
    assert await _names(api, phone_ending="4567", tags=["a"]) == ["Анна"]
    told(await api.post(f"/v1/customers/{anna['id']}/identifiers/{anna['identifiers'][0]['id']}/retire"))
    assert await _names(api, phone_ending="4567") == ["Вера"]
    for bad in ("123", "12345678901", "+4567", "45 67", "abcd", 4567, ""):
        refused(await api.post("/v1/customers/search", json={"phone_ending": bad}), 400, "invalid-request")


async def test_a_search_without_words_is_a_filter(api: httpx.AsyncClient) -> None:
    """Newest first, by tags that are all there and any of the stages; every field may be left out."""
    for name, tags in (("A", ["x"]), ("B", ["x", "y"]), ("C", [])):
        await customer(api, given_name=name, tags=tags)
    assert await _names(api) == ["C", "B", "A"]
    assert await _names(api, tags=["x"]) == ["B", "A"]
    assert await _names(api, tags=["x", "y"]) == ["B"]
    assert await _names(api, tags=["nothing"]) == []
    assert await _names(api, lifecycle=["potential", "vip"]) == ["C", "B", "A"]
    assert await _names(api, lifecycle=["vip"]) == []
    for bad in ({"name": ""}, {"name": "x" * 201}, {"tags": "x"}, {"lifecycle": "vip"}, {"lifecycle": ["happy"]},
                {"phone": "+79350004567"}, {"custom": []}, {"query": "x"}):  # fmt: skip
        refused(await api.post("/v1/customers/search", json=bad), 400, "invalid-request")


@pytest.mark.parametrize("name", ["   ", "🙂", "\u200b", "-", "ё" * 200])
async def test_words_that_say_nothing_are_no_error(shop: httpx.AsyncClient, name: str) -> None:
    """Blanks, an emoji, a dash: nobody is found, rather than everybody."""
    assert await _names(shop, name=name) == []


async def test_a_search_shows_renamed_and_merged_state_at_once(api: httpx.AsyncClient) -> None:
    """What was found under the old name is found under the new one; what is archived stays findable."""
    anna = await customer(api, given_name="Анна")
    assert await _names(api, name="Анна") == ["Анна"]
    told(await api.patch(f"/v1/customers/{anna['id']}", json={"given_name": "Жанна"}))
    assert await _names(api, name="Жанна") == ["Жанна"]
    assert "Анна" not in await _names(api, name="Анна")


async def test_masked_readers_cannot_search(api: httpx.AsyncClient) -> None:
    """Filtering on a masked field is refused: it would be an oracle."""
    await customer(api, "+79350004567", given_name="Анна")
    for role in ("integration", "cashier", "seller", "marketer", "accountant"):
        headers = await key_of(api, role)
        refused(await api.post("/v1/customers/search", json={"phone_ending": "4567"}, headers=headers), 403)


async def test_the_list_is_filtered(api: httpx.AsyncClient) -> None:
    """tag, lifecycle, store, owner, created_from (inclusive), created_to (exclusive); filters join by and."""
    first = await customer(api, given_name="A", tags=["taste:sweet"], acquisition={"store": "north"})
    second = await customer(api, given_name="B", tags=["taste:sweet"], acquisition={"store": "south"})

    async def ids(**query: Any) -> list[str]:
        return [one["id"] for one in await all_items(api, "/v1/customers", limit=1, **query)]

    both = [second["id"], first["id"]]
    assert await ids() == both
    assert await ids(tag="taste:sweet") == both
    assert await ids(tag="taste") == []
    assert await ids(tag="taste:sweet", store="north") == [first["id"]]
    assert await ids(store="nowhere") == []
    assert await ids(lifecycle="potential") == both
    assert await ids(created_from=second["created_at"]) == [second["id"]]
    assert await ids(created_to=second["created_at"]) == [first["id"]]
    assert await ids(created_from=first["created_at"], created_to=second["created_at"]) == [first["id"]]
    assert await ids(owner=str(uuid4())) == []
    refused(await api.get("/v1/customers?owner=nonsense"), 400, "invalid-request")
    refused(await api.get("/v1/customers?lifecycle=happy"), 400, "invalid-request")


async def _field(api: httpx.AsyncClient, code: str, kind: str, **rules: Any) -> str:
    made = told(await api.post("/v1/custom-fields", json={"code": code, "type": kind, "label": code, **rules}), 201)
    return str(made["id"])


FIELDS: dict[str, tuple[str, dict[str, Any], list[Any], list[Any]]] = {
    "text": ("string", {"max_length": 5}, ["абвгд", "a", "🙂"], ["абвгде", 5, True, ["a"], {}]),
    "size": (
        "number",
        {"minimum": "0", "maximum": "100.5"},
        ["38.5", "0", "100.5", 7],
        ["-1", "100.51", "x", "1e2", True, [1], "NaN"],
    ),
    "since": ("date", {}, ["2020-02-29", "1999-12-31"], ["2021-02-29", "29.02.2020", "2020", 2020, True]),
    "vegan": ("bool", {}, [True, False], ["true", 1, 0, "yes"]),
    "skin": ("enum", {"options": ["dry", "oily"]}, ["dry"], ["Dry", "", 1, ["dry"], "normal"]),
    "likes": ("multi_enum", {"options": ["tea", "milk"]}, [["tea"], ["milk", "tea"]], ["tea", ["beer"], [1], {}]),
    "friend": ("reference", {"to": "customer"}, [], ["nobody", 5, True, ["x"]]),
}


@pytest.mark.parametrize("code", FIELDS)
async def test_values_of_own_fields_are_validated(shop: httpx.AsyncClient, code: str) -> None:
    """A15: each type takes its own values, in create, patch and batch; the pointer names the field."""
    kind, rules, good, bad = FIELDS[code]
    await _field(shop, code, kind, **rules)
    anna = await customer(shop, given_name="Анна")
    path = f"/v1/customers/{anna['id']}"
    for value in good:
        told(await shop.post("/v1/customers", json={"given_name": "A", "custom": {code: value}}), 201)
        told(await shop.patch(path, json={"custom": {code: value}}))
    for value in bad:
        answer = await shop.post("/v1/customers", json={"given_name": "A", "custom": {code: value}})
        assert answer.status_code in {400, 422}, (value, answer.text)
        problem = refused(answer, answer.status_code)
        assert all(error["pointer"].startswith("/custom") for error in problem["errors"]), (value, problem)
        assert (await shop.patch(path, json={"custom": {code: value}})).status_code == answer.status_code
    assert told(await shop.patch(path, json={"custom": {code: None}}))["custom"] == {}


async def test_a_reference_names_something_of_the_shop(api: httpx.AsyncClient, kyiv: httpx.AsyncClient) -> None:
    """An unknown id, another shop's id: 422 unknown-reference alike."""
    await _field(api, "friend", "reference", to="customer")
    vera, hanna = await customer(api, given_name="Вера"), await customer(kyiv, given_name="Ганна")
    made = await customer(api, given_name="Анна", custom={"friend": vera["id"]})
    assert made["custom"] == {"friend": vera["id"]}
    for stranger in (str(uuid4()), hanna["id"]):
        body = {"given_name": "A", "custom": {"friend": stranger}}
        refused(await api.post("/v1/customers", json=body), 422, "unknown-reference", "/custom/friend")


@pytest.mark.parametrize("code", ["Upper", "1st", "with-dash", "пол", "", "a" * 65, "a b", "_x"])
async def test_codes_of_own_fields_are_plain(shop: httpx.AsyncClient, code: str) -> None:
    """Lower-case letters, digits and underscores, a letter first."""
    body = {"code": code, "type": "string", "label": "x"}
    refused(await shop.post("/v1/custom-fields", json=body), 400, "invalid-request", "/code")


@pytest.mark.parametrize(
    "body",
    [
        {"type": "enum"},
        {"type": "enum", "options": ["a", "a"]},
        {"type": "string", "options": ["a"]},
        {"type": "number", "minimum": "5", "maximum": "1"},
        {"type": "number", "minimum": "x"},
        {"type": "reference"},
        {"type": "bool", "max_length": 5},
        {"type": "string", "to": "customer"},
    ],
)
async def test_rules_that_make_no_sense_are_refused(shop: httpx.AsyncClient, body: dict[str, Any]) -> None:
    """422: it matches the schema and cannot work."""
    refused(await shop.post("/v1/custom-fields", json={"code": f"odd_{uuid4().hex[:8]}", "label": "x", **body}), 422)


async def test_64_fields_are_the_most(api: httpx.AsyncClient) -> None:
    """§Limits; a field more is a conflict, an archived one makes room."""
    ids = [one["id"] for one in await all_items(api, "/v1/custom-fields", limit=200)]
    for number in range(64 - len(ids)):
        ids.append(await _field(api, f"n{number}", "bool"))
    over = {"code": "over", "type": "bool", "label": "x"}
    refused(await api.post("/v1/custom-fields", json=over), 409, "custom-field-limit")
    told(await api.post(f"/v1/custom-fields/{ids[-1]}/archive"))
    told(await api.post("/v1/custom-fields", json=over), 201)
    refused(await api.post(f"/v1/custom-fields/{ids[-1]}/restore"), 409, "custom-field-limit")
    many = {f"n{number}": True for number in range(65)}
    refused(await api.post("/v1/customers", json={"given_name": "A", "custom": many}), 400, None, "/custom")


async def test_own_fields_filter_at_once(api: httpx.AsyncClient) -> None:
    """A15: automatically filterable, with equality and borders; an unknown field is told."""
    await _field(api, "size", "number")
    await _field(api, "blog", "string")
    await _field(api, "likes", "multi_enum", options=["tea", "milk"])
    await customer(api, given_name="A", custom={"size": "38.5", "blog": "Мой Блог", "likes": ["tea", "milk"]})
    await customer(api, given_name="B", custom={"size": 40})
    await customer(api, given_name="C")
    assert await _names(api, custom={"size": "38.5"}) == ["A"]
    assert await _names(api, custom={"size": "38.50"}) == ["A"]
    assert await _names(api, custom={"size": 40}) == ["B"]
    assert await _names(api, custom={"size": {"gte": "38.5", "lte": 40}}) == ["B", "A"]
    assert await _names(api, custom={"size": {"gte": 39}}) == ["B"]
    assert await _names(api, custom={"blog": "мой блог"}) == ["A"]
    assert await _names(api, custom={"likes": "milk"}) == ["A"]
    assert await _names(api, custom={"size": 40}, name="A") == []
    refused(await api.post("/v1/customers/search", json={"custom": {"nothing": 1}}), 422, None, "/custom/nothing")
    refused(await api.post("/v1/customers/search", json={"custom": {"blog": {"gte": "a"}}}), 422, None, "/custom/blog")
    refused(await api.post("/v1/customers/search", json={"custom": {"size": "x"}}), 422, None, "/custom/size")


async def test_tags_have_names_namespaces_and_colours(api: httpx.AsyncClient) -> None:
    """A39: plain and namespaced; a name is unique; a rename shows on everybody."""
    sweet = told(await api.post("/v1/tags", json={"name": "taste:sweet", "color": "#C08040"}), 201)
    assert (sweet["namespace"], sweet["name"]) == ("taste", "taste:sweet")
    assert sweet["color"].lower() == "#c08040"
    refused(await api.post("/v1/tags", json={"name": "taste:sweet"}), 409, "tag-exists")
    anna = await customer(api, given_name="A", tags=["taste:sweet", "vip"])
    assert anna["tags"] == ["taste:sweet", "vip"]
    names = {one["name"] for one in told(await api.get("/v1/tags"))["items"]}
    assert names == {"taste:sweet", "vip"}
    assert [one["name"] for one in told(await api.get("/v1/tags?namespace=taste"))["items"]] == ["taste:sweet"]
    told(await api.patch(f"/v1/tags/{sweet['id']}", json={"name": "taste:honey"}))
    assert told(await api.get(f"/v1/customers/{anna['id']}"))["tags"] == ["taste:honey", "vip"]
    for bad in ({"name": ""}, {"name": "x" * 65}, {"name": "x", "color": "red"}, {"name": "x", "color": "#12345"}):
        refused(await api.post("/v1/tags", json=bad), 400, "invalid-request")
    for blank in ("  ", "\u200b"):
        refused(await api.post("/v1/tags", json={"name": blank}), 422, None, "/name")


async def test_tags_are_applied_to_many_at_once(api: httpx.AsyncClient) -> None:
    """A39: what is so already stays so; unknown tags are made; removing what is not there is no error."""
    ids = [(await customer(api, given_name=f"A{n}", tags=["old"]))["id"] for n in range(3)]
    body = {"add": ["new", "old"], "remove": ["old2"], "customer_ids": ids}
    first = told(await api.post("/v1/tags/apply", json=body))
    assert first == {"customers": 3, "added": 3, "removed": 0}
    assert told(await api.post("/v1/tags/apply", json=body)) == {"customers": 3, "added": 0, "removed": 0}
    gone = told(await api.post("/v1/tags/apply", json={"remove": ["old"], "customer_ids": ids[:2]}))
    assert gone["removed"] == 2
    assert [told(await api.get(f"/v1/customers/{one}"))["tags"] for one in ids] == [["new"], ["new"], ["new", "old"]]


async def test_tags_for_somebody_unknown_change_nobody(api: httpx.AsyncClient) -> None:
    """422 unknown-reference with each place, and nothing is stored."""
    anna = await customer(api, given_name="A")
    body = {"add": ["x"], "customer_ids": [str(uuid4()), anna["id"], str(uuid4())]}
    answer = await api.post("/v1/tags/apply", json=body)
    refused(answer, 422, "unknown-reference", "/customer_ids/0", "/customer_ids/2")
    assert told(await api.get(f"/v1/customers/{anna['id']}"))["tags"] == []
    assert told(await api.get("/v1/tags"))["items"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"add": ["x"]},
        {"add": ["x"], "customer_ids": []},
        {"add": ["x"], "customer_ids": ["nonsense"]},
        {"add": "x", "customer_ids": [str(uuid4())]},
        {"add": [""], "customer_ids": [str(uuid4())]},
        {"add": ["x" * 65], "customer_ids": [str(uuid4())]},
        {"add": ["x"], "customer_ids": [str(uuid4())] * 501},
    ],
)
async def test_a_bulk_of_another_form_is_400(shop: httpx.AsyncClient, body: dict[str, Any]) -> None:
    """The schema says how."""
    refused(await shop.post("/v1/tags/apply", json=body), 400, "invalid-request")


async def test_a_tag_in_both_lists_does_something_sensible(api: httpx.AsyncClient) -> None:
    """Added and removed at once: an answer or a refusal, never a fault, and the card tells which."""
    anna = await customer(api, given_name="A")
    answer = await api.post("/v1/tags/apply", json={"add": ["x"], "remove": ["x"], "customer_ids": [anna["id"]]})
    assert answer.status_code in {200, 422}


async def test_tags_that_look_the_same_are_the_same(api: httpx.AsyncClient) -> None:
    """ё in one letter and in two, blanks around it, marks that nobody sees."""
    anna = await customer(api, given_name="A", tags=["ёлка", "е\u0308лка", " ёлка ", "ёл\u200bка"])
    assert anna["tags"] == ["ёлка"]
    assert [one["name"] for one in told(await api.get("/v1/tags"))["items"]] == ["ёлка"]
    refused(await api.post("/v1/tags", json={"name": "е\u0308лка"}), 409, "tag-exists")


async def test_an_archived_tag_comes_back_when_it_is_used(api: httpx.AsyncClient) -> None:
    """Out of the lists, kept by customers; used again it is in the lists again."""
    anna = await customer(api, given_name="A", tags=["vip"])
    (tag,) = told(await api.get("/v1/tags"))["items"]
    for _ in range(2):
        assert told(await api.post(f"/v1/tags/{tag['id']}/archive"))["archived_at"].endswith("Z")
    assert told(await api.get("/v1/tags"))["items"] == []
    assert told(await api.get(f"/v1/customers/{anna['id']}"))["tags"] == ["vip"]
    assert (await customer(api, given_name="B", tags=["vip"]))["tags"] == ["vip"]
    assert [one["id"] for one in told(await api.get("/v1/tags"))["items"]] == [tag["id"]]


async def test_an_archived_field_takes_no_values_and_keeps_those_it_has(api: httpx.AsyncClient) -> None:
    """Values stay on the cards; restored, it takes values again."""
    field = await _field(api, "skin", "enum", options=["dry", "oily"])
    anna = await customer(api, given_name="A", custom={"skin": "dry"})
    path = f"/v1/customers/{anna['id']}"
    told(await api.post(f"/v1/custom-fields/{field}/archive"))
    refused(await api.patch(path, json={"custom": {"skin": "oily"}}), 422, "invalid-value", "/custom/skin")
    assert told(await api.patch(path, json={"given_name": "B"}))["custom"] == {"skin": "dry"}
    told(await api.post(f"/v1/custom-fields/{field}/restore"))
    assert told(await api.patch(path, json={"custom": {"skin": "oily"}}))["custom"] == {"skin": "oily"}


async def test_an_index_that_was_just_switched_on_hides_nobody(api: httpx.AsyncClient) -> None:
    """In a small shop a search needs none, and finds who was there before it."""
    await customer(api, "+79350004567", given_name="Анна")
    told(await api.patch("/v1/settings", json={"name_index": True, "phone_ending_index": True}))
    await customer(api, "+79350014567", given_name="Вера")
    assert sorted(await _names(api, phone_ending="4567")) == ["Анна", "Вера"]
    assert await _names(api, name="Анна") == ["Анна"]
