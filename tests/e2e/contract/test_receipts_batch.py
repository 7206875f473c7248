"""Batches, idempotency keys, natural keys and dry runs of receipts."""

import asyncio
import json
from typing import Any

import pytest

from tests.support.counter import Counter, Json, codes, line, shown

JSON = {"Content-Type": "application/json"}


async def batch(counter: Counter, items: list[Any], *, status: int = 200, **fields: Any) -> list[Json]:
    answered = await counter.api.post("/v1/receipts/batch", json={"items": items}, **fields)
    assert answered.status_code == status, answered.text
    return list(answered.json().get("items", []))


async def test_items_take_effect_one_after_another(counter: Counter) -> None:
    """In order, as if sent singly; each the single call's answer with its `status`."""
    document = counter.sale(500_000)
    items = [document, counter.spending(10_000, 50), counter.back(document), document]
    answers = await batch(counter, items)
    assert [one["status"] for one in answers] == ["recorded", "recorded", "recorded", "duplicate"]
    balances = [(one["loyalty"]["balance"]["active"], one["loyalty"]["balance"]["debt"]) for one in answers]
    assert balances == [(50, 0), (0, 0), (0, 50), (0, 50)]
    assert set(answers[0]) >= {"id", "status", "customer_id", "customer_match", "linked_by", "warnings", "loyalty"}
    account = await counter.account(answers[0]["loyalty"]["account_id"], "/proof")
    assert account["equal"]


async def test_one_bad_item_never_fails_its_neighbours(counter: Counter) -> None:
    """`{"status": "rejected", "problem": {…}}` with the problem of the single call, pointers inside the item."""
    good = counter.sale(10_000)
    broken: list[Any] = [
        {}, None, 7, "x", [], {"kind": "sale"}, good | {"external_id": "a", "extra": 1},
        good | {"external_id": "b", "total": 1}, good | {"external_id": "c", "sold_at": "1989-01-01T00:00:00Z"},
        good | {"external_id": "d", "lines": [line(10_000) | {"name": "a\x00b"}]},
        good | {"external_id": "e", "lines": [line(1)] * 1001},
    ]  # fmt: skip
    answers = await batch(counter, [counter.sale(10_000), *broken, good])
    assert [one["status"] for one in answers] == ["recorded", *["rejected"] * len(broken), "recorded"]
    problems = [one["problem"] for one in answers[1:-1]]
    assert [one["status"] for one in problems] == [400, 400, 400, 400, 400, 400, 400, 422, 422, 400, 400]
    assert {error["pointer"] for error in problems[6]["errors"]} == {"/extra"}
    assert problems[7]["code"] == "receipt-does-not-add-up"
    assert all(set(one) >= {"type", "title", "status", "detail", "code", "trace_id"} for one in problems)
    assert len((await counter.get("/v1/receipts"))["items"]) == 2


async def test_the_singles_refusals_are_rejections(counter: Counter) -> None:
    """409 and 422 with their members."""
    document = counter.sale(10_000)
    first = await counter.post(document)
    answers = await batch(
        counter,
        [
            document | {"total": 20_000, "lines": [line(20_000)]},
            counter.spending(10_000, 5, redemption={"on_insufficient": "reject"}),
            counter.back(document, {"line": "1", "quantity": "3"}),
        ],
    )
    problems = [one["problem"] for one in answers]
    assert [one["code"] for one in problems] == ["document-conflict", "insufficient-points", "return-exceeds-sale"]
    assert (problems[0]["receipt_id"], problems[1]["available"]) == (first["id"], 1)


@pytest.mark.parametrize("count", [0, 501])
async def test_a_batch_has_one_to_five_hundred_items(strict: Counter, count: int) -> None:
    """400 for the whole call."""
    answered = await strict.api.post("/v1/receipts/batch", json={"items": [strict.sale(100)] * count})
    assert answered.status_code == 400
    assert [error["pointer"] for error in answered.json()["errors"]] == ["/items"]


@pytest.mark.parametrize("body", [{}, [], {"items": None}, {"items": {}}, {"items": [], "x": 1}, {"receipts": []}])
async def test_a_batch_that_is_none_is_refused(strict: Counter, body: Any) -> None:
    """400."""
    assert (await strict.api.post("/v1/receipts/batch", json=body)).status_code == 400


async def test_five_hundred_items_are_five_hundred_answers(counter: Counter) -> None:
    """The most of the contract, in one call, for one customer."""
    answers = await batch(counter, [counter.sale(10_000) for _ in range(500)])
    assert {one["status"] for one in answers} == {"recorded"}
    assert [one["loyalty"]["balance"]["active"] for one in answers] == list(range(1, 501))


async def test_a_batch_is_one_idempotency_key(counter: Counter) -> None:
    """The replay is byte-equal, rejections included."""
    raw = json.dumps({"items": [counter.sale(10_000), {"kind": "sale"}, counter.sale(20_000)]})
    headers = JSON | {"Idempotency-Key": "batch-0001"}
    first = await counter.api.post("/v1/receipts/batch", content=raw, headers=headers)
    again = await counter.api.post("/v1/receipts/batch", content=raw, headers=headers)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.content == first.content
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    other = await counter.api.post("/v1/receipts/batch", content=raw + " ", headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


async def test_a_replay_is_byte_equal_and_another_body_is_refused(counter: Counter) -> None:
    """SHA-256 of the raw bytes: even a space more is another body. A new key on the same document is a duplicate."""
    document = counter.sale(10_000)
    raw = json.dumps(document)
    headers = JSON | {"Idempotency-Key": "k" * 128}
    first = await counter.api.post("/v1/receipts", content=raw, headers=headers)
    await counter.grant(5)
    again = await counter.api.post("/v1/receipts", content=raw, headers=headers)
    assert (again.status_code, again.content) == (first.status_code, first.content) == (201, first.content)
    assert again.headers["Idempotent-Replayed"] == "true"
    other = await counter.api.post("/v1/receipts", content=raw + "\n", headers=headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")
    new_key = await counter.api.post("/v1/receipts", content=raw, headers=JSON | {"Idempotency-Key": "n" * 8})
    assert (new_key.status_code, new_key.json()["status"]) == (200, "duplicate")
    assert new_key.json()["loyalty"]["balance"]["active"] == 6


@pytest.mark.parametrize("key", ["1234567", "x" * 129, "with space", "ключ-ключ-ключ"])
@pytest.mark.parametrize("path", ["/v1/receipts", "/v1/receipts/batch", "/v1/loyalty/adjustments"])
async def test_a_key_is_eight_to_a_hundred_and_twenty_eight_visible_characters(
    strict: Counter, key: str, path: str
) -> None:
    """400, nothing stored."""
    body = strict.sale(10_000)
    if path.endswith("batch"):
        body = {"items": [body]}
    if path.endswith("adjustments"):
        body = {"customer": shown(), "points": 1, "reason": "x"}
    answered = await strict.api.post(path, json=body, headers={"Idempotency-Key": key.encode()})
    assert (answered.status_code, answered.json()["code"]) == (400, "invalid-request")
    assert (await strict.get("/v1/receipts"))["items"] == []


async def test_a_refusal_leaves_the_key_free(counter: Counter) -> None:
    """Only 2xx answers are kept: the corrected document may use it."""
    headers = {"Idempotency-Key": "till-1-77"}
    document = counter.sale(10_000)
    for broken, status in ((document | {"total": 1}, 422), (document | {"currency": "rub"}, 400)):
        answered = await counter.api.post("/v1/receipts", json=broken, headers=headers)
        assert answered.status_code == status
    assert (await counter.api.post("/v1/receipts", json=document, headers=headers)).status_code == 201


async def test_one_key_at_two_operations_is_two_keys(counter: Counter) -> None:
    """Scope: tenant and operation."""
    headers = {"Idempotency-Key": "the-same-key"}
    document = counter.sale(10_000)
    assert (await counter.api.post("/v1/receipts", json=document, headers=headers)).status_code == 201
    answered = await counter.api.post("/v1/receipts/batch", json={"items": [document]}, headers=headers)
    assert answered.json()["items"][0]["status"] == "duplicate"


async def test_one_call_sent_fifty_times_at_once_is_answered_once(counter: Counter) -> None:
    """In flight: 409 with `Retry-After: 1`, or the same bytes; one receipt."""
    raw = json.dumps(counter.sale(10_000))
    headers = JSON | {"Idempotency-Key": "fifty-at-once"}
    sent = [counter.api.post("/v1/receipts", content=raw, headers=headers) for _ in range(50)]
    answers = await asyncio.gather(*sent)
    assert {one.status_code for one in answers} <= {201, 409}
    assert len({one.content for one in answers if one.status_code == 201}) == 1
    for one in answers:
        if one.status_code == 409:
            assert (one.json()["code"], one.headers["Retry-After"]) == ("idempotency-in-progress", "1")
    assert len((await counter.get("/v1/receipts"))["items"]) == 1


@pytest.mark.parametrize("what", ["sale", "return", "void", "batch"])
async def test_a_dry_run_answers_the_same_and_stores_nothing(counter: Counter, what: str) -> None:
    """But for the id of what is not there."""
    document = counter.sale(50_000, store="main")
    sold = await counter.post(document)
    named = {"source": document["source"], "external_id": document["external_id"]}
    body: Json = {
        "sale": counter.sale(10_000, phone="+79350004599", store="new"),
        "return": counter.back(document),
        "void": counter.document("void", returns=named, reason="test"),
        "batch": {"items": [counter.sale(10_000), counter.sale(20_000)]},
    }[what]
    path = "/v1/receipts/batch" if what == "batch" else "/v1/receipts"
    dry = await counter.api.post(path, json=body, params={"dry_run": "true"}, headers={"Idempotency-Key": "dry-run-1"})
    before = await counter.account(sold["loyalty"]["account_id"])
    assert before["balance"]["active"] == 5
    assert len((await counter.get("/v1/receipts"))["items"]) == 1
    assert len((await counter.get("/v1/customers"))["items"]) == 1
    assert {one["code"] for one in (await counter.get("/v1/stores"))["items"]} == {"main"}
    wet = await counter.api.post(path, json=body, headers={"Idempotency-Key": "dry-run-1"})
    assert (dry.status_code, "Idempotent-Replayed" in wet.headers) == (wet.status_code, False)
    assert without_ids(dry.json()) == without_ids(wet.json())


def without_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: without_ids(one) for name, one in value.items() if name not in {"id", "customer_id", "account_id"}
        }
    return [without_ids(one) for one in value] if isinstance(value, list) else value


async def test_a_dry_run_of_a_refusal_is_the_refusal(counter: Counter) -> None:
    """And parks nothing."""
    document = counter.sale(10_000)
    await counter.post(document)
    for broken, code in ((document | {"currency": "USD"}, "document-conflict"),
                         (counter.sale(10_000, total=5), "receipt-does-not-add-up")):  # fmt: skip
        answered = await counter.api.post("/v1/receipts", json=broken, params={"dry_run": "true"})
        assert answered.json()["code"] == code
    assert (await counter.get("/v1/receipts/parked"))["items"] == []
    assert (await counter.api.post("/v1/receipts", json=document, params={"dry_run": "maybe"})).status_code == 400


async def test_a_conflict_tells_both_documents_and_parks_one(counter: Counter) -> None:
    """409 with `receipt_id`, `recorded` and `received`, each of kind, sold_at, currency, total, lines."""
    document = counter.sale(line(60_000, quantity="2"), sold_at="2026-11-20T12:30:00+03:00")
    sold = await counter.post(document)
    other = document | {"lines": [line(50_000, quantity="1", sku="tea")], "total": 50_000}
    refused = await counter.post(other, status=409)
    assert (refused["code"], refused["receipt_id"]) == ("document-conflict", sold["id"])
    head = {"kind": "sale", "sold_at": "2026-11-20T09:30:00Z", "currency": "RUB"}
    assert refused["recorded"] == head | {
        "total": 60_000, "lines": [{"line": "1", "sku": "coffee", "quantity": "2", "total": 60_000}],
    }  # fmt: skip
    assert refused["received"] == head | {
        "total": 50_000, "lines": [{"line": "1", "sku": "tea", "quantity": "1", "total": 50_000}],
    }  # fmt: skip
    (parked,) = (await counter.get("/v1/receipts/parked"))["items"]
    assert (parked["received"], parked["recorded"]) == (refused["received"], refused["recorded"])
    assert (await counter.post(document, status=200))["status"] == "duplicate", "the recorded one is untouched"


async def test_another_kind_under_the_same_number_is_a_conflict(counter: Counter) -> None:
    """A till that numbers its returns from one again."""
    document = counter.sale(10_000)
    await counter.post(document)
    back = counter.back(document) | {"external_id": document["external_id"]}
    assert (await counter.post(back, status=409))["code"] == "document-conflict"


async def test_a_resent_return_and_void_are_duplicates(counter: Counter) -> None:
    """Equal documents change nothing, whatever their kind."""
    document = counter.sale(60_000)
    await counter.post(document)
    named = {"source": document["source"], "external_id": document["external_id"]}
    for one in (counter.back(document), counter.document("void", returns=named, reason="test")):
        first = await counter.post(one)
        again = await counter.post(one, status=200)
        assert (again["status"], again["id"]) == ("duplicate", first["id"])
        assert again["loyalty"]["balance"]["debt"] == 0
        for name in ("earned", "restored", "reversed", "refund"):
            assert again["loyalty"][name] == first["loyalty"][name]


async def test_a_later_fiscal_number_is_read_and_found(counter: Counter) -> None:
    """An addition, applied: also to a receipt that was claimed to be whole."""
    document = counter.sale(60_000)
    sold = await counter.post(document)
    printed = {"scheme": "ru-ffd", "fn": "9960440300712345", "fd": "0000000777", "fp": "3826178549"}
    assert (await counter.post(document | {"fiscal": printed}, status=200))["status"] == "duplicate"
    assert (await counter.get(f"/v1/receipts/{sold['id']}"))["fiscal"] == printed
    found = await counter.call("/v1/receipts/find", {"fiscal": printed})
    assert [one["id"] for one in found["items"]] == [sold["id"]]
    road = document | {"source": "ofd", "external_id": "9", "fiscal": printed}
    assert (await counter.post(road, status=200))["id"] == sold["id"]


async def test_a_later_customer_of_a_resend_is_an_addition(counter: Counter) -> None:
    """Points as if known at the sale; the answer tells them; the same again changes nothing."""
    document = counter.sale(60_000, phone=None)
    await counter.post(document)
    added = await counter.post(document | {"customer": shown()}, status=200)
    assert (added["status"], added["customer_match"]) == ("duplicate", "created")
    assert (added["loyalty"]["earned"], added["loyalty"]["balance"]["active"]) == (6, 6)
    again = await counter.post(document, status=200)
    assert (again["customer_id"], again["loyalty"]["balance"]["active"]) == (added["customer_id"], 6)
    assert codes(again) == []


@pytest.mark.parametrize(
    ("change", "status"),
    [({"sold_at": "2026-11-20T09:30:59Z"}, 200), ({"sold_at": "2026-11-20T12:30:20+03:00"}, 200),
     ({"sold_at": "2026-11-20T09:31:00Z"}, 409), ({"sold_at": "2026-11-20T09:29:59Z"}, 409),
     ({"currency": "USD"}, 409), ({"lines": [line(70_000)], "total": 70_000}, 409),
     ({"lines": [line(30_000), line(30_000, number=2)]}, 200), ({"customer": None}, 200),
     ({"fp": "1"}, 409), ({"fp": None}, 200)],
)  # fmt: skip
async def test_the_fiscal_identity_compares_four_things(counter: Counter, change: Json, status: int) -> None:
    """Kind, currency, total and `sold_at` to the minute; `fp` as a check; lines are numbered and named otherwise."""
    printed = {"scheme": "ru-ffd", "fn": "9960440300712345", "fd": "777", "fp": "3826178549"}
    document = counter.sale(60_000, fiscal=printed, sold_at="2026-11-20T09:30:30Z")
    sold = await counter.post(document)
    other = document | {"source": "ofd", "external_id": "x-1"} | change
    if "fp" in change:
        other["fiscal"] = printed | {"fp": other.pop("fp")}
    answer = await counter.post(other, status=status)
    if status == 200:
        assert (answer["status"], answer["id"]) == ("duplicate", sold["id"])
    else:
        assert (answer["code"], answer["receipt_id"]) == ("document-conflict", sold["id"])
