"""Accounts, lots, entries, proofs and adjustments, from the contract's text."""

import asyncio
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from tests.e2e.contract.conftest import Abroad
from tests.support.counter import OTHER_PHONE, Counter, Json, line, moment, shown

NAMES = {"active", "pending", "held", "debt", "expiring"}


async def spent(counter: Counter) -> tuple[str, list[Json]]:
    """Make a small history: granted 100, bought and spent 50, gave half of it back; return the account and answers."""
    await counter.grant(100)
    document = counter.sale(line(60_000, quantity="2", points=5_000), redemption={"points": 50, "as": "discount"})
    sold = await counter.post(document)
    back = await counter.post(counter.back(document, {"line": "1", "quantity": "1"}))
    return str(sold["loyalty"]["account_id"]), [sold, back]


async def test_an_account_has_the_members_of_the_contract(counter: Counter) -> None:
    """`id, program, members, scale, balance, tier, lifetime_earned, status, as_of`."""
    answer = await counter.post(counter.sale(129_900))
    account = await counter.account(answer["loyalty"]["account_id"])
    assert account["id"] == answer["loyalty"]["account_id"]
    assert (account["program"]["code"], account["program"]["version"]) == ("points", 1)
    assert account["members"] == [{"customer_id": answer["customer_id"], "role": "owner", "spend_limit": None}]
    assert (account["scale"], account["tier"], account["lifetime_earned"], account["status"]) == (0, None, 12, "active")
    assert set(account["balance"]) == NAMES
    assert account["as_of"].endswith("Z")


async def test_accounts_are_listed_and_found_by_customer(counter: Counter) -> None:
    """`?customer_id=`, in pages; nobody's list is empty, an id that is none is no account."""
    first = await counter.post(counter.sale(10_000))
    second = await counter.post(counter.sale(20_000, phone=OTHER_PHONE))
    (one,) = (await counter.get("/v1/loyalty/accounts", customer_id=first["customer_id"]))["items"]
    assert one["id"] == first["loyalty"]["account_id"]
    page = await counter.get("/v1/loyalty/accounts", limit=1)
    rest = await counter.get("/v1/loyalty/accounts", limit=1, cursor=page["next_cursor"])
    accounts = [account["id"] for account in page["items"] + rest["items"]]
    assert sorted(accounts) == sorted(answer["loyalty"]["account_id"] for answer in (first, second))
    assert rest["next_cursor"] is None
    assert (await counter.get("/v1/loyalty/accounts", customer_id=str(uuid4())))["items"] == []


@pytest.mark.parametrize("part", ["", "/lots", "/entries", "/proof"])
@pytest.mark.parametrize("wrong", ["abc", "00000000-0000-7000-8000-000000000000", "1"])
async def test_an_account_that_is_none_is_404(strict: Counter, part: str, wrong: str) -> None:
    """Malformed or not."""
    answered = await strict.api.get(f"/v1/loyalty/accounts/{wrong}{part}")
    assert answered.status_code == 404


async def test_lots_say_where_points_came_from_and_went(counter: Counter) -> None:
    """`id, amount, remaining, reserved, state, activates_at, expires_at, origin {receipt_id, line, rule, version}`."""
    account_id, (sold, _) = await spent(counter)
    lots = await counter.everything(account_id, "/lots")
    names = {"id", "amount", "remaining", "reserved", "state", "activates_at", "expires_at", "origin"}
    assert all(names <= set(lot) for lot in lots)
    assert all({"receipt_id", "line", "rule", "version"} <= set(lot["origin"]) for lot in lots)
    granted, earned = sorted(lots, key=lambda lot: lot["origin"]["receipt_id"] is not None)
    assert (granted["amount"], granted["remaining"], granted["expires_at"]) == (100, 75, None)
    assert earned["origin"]["receipt_id"] == sold["id"]
    assert (earned["origin"]["rule"], earned["origin"]["version"]) == ("base", 1)
    assert (earned["amount"], earned["remaining"], earned["reserved"], earned["state"]) == (5, 2, 0, "active")
    active = sum(lot["remaining"] - lot["reserved"] for lot in lots if lot["state"] == "active")
    assert active == (await counter.account(account_id))["balance"]["active"] == 77


async def test_entries_add_up_to_the_balance(counter: Counter) -> None:
    """Each with kind, signed points, times, document, actor and allocations to lots that exist."""
    account_id, (sold, back) = await spent(counter)
    entries = await counter.everything(account_id, "/entries")
    told = [(one["kind"], one["points"]) for one in reversed(entries)]
    assert told == [("adjust", 100), ("redeem", -50), ("earn", 5), ("restore_redeem", 25), ("reverse_earn", -3)]
    assert sum(one["points"] for one in entries) == 77
    lots = {lot["id"] for lot in await counter.everything(account_id, "/lots")}
    for one in entries:
        assert sum(part["points"] for part in one["allocations"]) == one["points"]
        assert {part["lot_id"] for part in one["allocations"]} <= lots
        assert one["at"].endswith("Z")
        assert one["recorded_at"].endswith("Z")
        assert one["actor"]
    documents = {(one["document"]["type"], one["document"]["id"]) for one in entries}
    assert {("receipt", sold["id"]), ("return", back["id"])} <= documents


async def test_entries_page_in_a_stable_order_while_more_arrive(counter: Counter) -> None:
    """Newest first; a page that was read stays where it was."""
    for _ in range(5):
        answer = await counter.post(counter.sale(10_000))
    account_id = answer["loyalty"]["account_id"]
    page = await counter.account(account_id, "/entries", limit=2)
    await counter.post(counter.sale(10_000))
    seen = [one["id"] for one in page["items"]]
    while page["next_cursor"]:
        page = await counter.account(account_id, "/entries", limit=2, cursor=page["next_cursor"])
        seen += [one["id"] for one in page["items"]]
    assert len(seen) == len(set(seen)) == 5


async def test_a_proof_recomputes_the_balance(counter: Counter) -> None:
    """`account_id, as_of, balance, recomputed, equal, entries, sealed_to`."""
    account_id, _ = await spent(counter)
    proof = await counter.account(account_id, "/proof")
    assert (proof["account_id"], proof["equal"], proof["entries"]) == (account_id, True, 5)
    assert proof["balance"] == proof["recomputed"]
    assert set(proof["balance"]) == NAMES
    assert "sealed_to" in proof


async def test_a_balance_of_any_moment(later: Counter) -> None:
    """`?as_of=` on balances: nothing before the first, what was there then, what is left when all has ended."""
    before = later.clock.now()
    answer = await later.post(later.sale(1_000_000))
    account_id = answer["loyalty"]["account_id"]
    between = later.clock.move(days=10)
    await later.post(later.spending(20_000, 40))

    async def active(when: Any) -> int:
        account = await later.account(account_id, as_of=when.isoformat())
        assert moment(account["as_of"]) == when
        return int(account["balance"]["active"])

    assert await active(before - timedelta(days=1)) == 0
    assert await active(between - timedelta(days=1)) == 100
    assert await active(later.clock.now()) == 100 - 40 + 1
    assert await active(later.clock.now() + timedelta(days=400)) == 0
    for wrong in ("yesterday", "2026-11-20", ""):
        await later.account(account_id, status=400, as_of=wrong)


async def test_metrics_of_any_moment(later: Counter) -> None:
    """`?as_of=` on metrics, where the operation takes it: it takes it or says that it does not."""
    answer = await later.post(later.sale(60_000))
    read = await later.get(f"/v1/customers/{answer['customer_id']}")
    assert read["metrics"]["as_of"].endswith("Z")


async def test_an_adjustment_is_an_entry(counter: Counter) -> None:
    """`{"customer", "points", "reason", "expires_at"?, "note"?}` → 201 entry; by account as well; signed."""
    given = await counter.grant(100, note="sorry for the queue")
    assert (given["kind"], given["points"], given["reason"]) == ("adjust", 100, "goodwill")
    assert given["allocations"][0]["points"] == 100
    account_id = given["account_id"]
    body = {"account_id": account_id, "points": -30, "reason": "mistake"}
    taken = await counter.call("/v1/loyalty/adjustments", body, status=201)
    assert (taken["points"], taken["allocations"][0]["points"]) == (-30, -30)
    entries = await counter.everything(account_id, "/entries")
    assert [(one["id"], one["points"], one["reason"]) for one in entries] == [
        (taken["id"], -30, "mistake"), (given["id"], 100, "goodwill"),
    ]  # fmt: skip
    assert (await counter.account(account_id))["balance"]["active"] == 70
    assert (await counter.account(account_id, "/proof"))["equal"]


async def test_an_adjustment_never_goes_below_zero(counter: Counter) -> None:
    """422 `insufficient-points` with what is there; nothing changed, no customer made."""
    given = await counter.grant(10)
    refused = await counter.grant(-11, status=422)
    assert (refused["code"], refused["available"]) == ("insufficient-points", 10)
    nobody = await counter.grant(-1, phone=OTHER_PHONE, status=422)
    assert (nobody["code"], nobody["available"]) == ("insufficient-points", 0)
    assert len((await counter.get("/v1/customers"))["items"]) == 1
    await counter.grant(-10)
    assert (await counter.account(given["account_id"]))["balance"]["active"] == 0


@pytest.mark.parametrize(
    ("change", "pointer"),
    [({"points": 0}, "/points"), ({"points": 1.5}, "/points"), ({"points": "5"}, "/points"),
     ({"points": 10**12 + 1}, "/points"), ({"points": None}, "/points"), ({"reason": None}, "/reason"),
     ({"reason": ""}, "/reason"), ({"expires_at": "tomorrow"}, "/expires_at"), ({"extra": 1}, "/extra"),
     ({"note": "x" * 10_001}, "/note"), ({"customer": None}, ""), ({"account_id": str(uuid4())}, "")],
)  # fmt: skip
async def test_a_malformed_adjustment_is_refused(strict: Counter, change: Json, pointer: str) -> None:
    """400 with the place: zero points are none, one of account and customer is needed."""
    body = {"customer": shown(), "points": 5, "reason": "x"} | change
    refused = await strict.call("/v1/loyalty/adjustments", body, status=400)
    assert [error["pointer"] for error in refused["errors"]] == [pointer]


@pytest.mark.parametrize(
    ("whom", "pointer"),
    [({"account_id": str(uuid4())}, "/account_id"), ({"customer": {"id": str(uuid4())}}, "/customer/id"),
     ({"customer": shown("+79350001111", on_missing="none")}, "/customer"),
     ({"customer": shown("12")}, "/customer/identifiers/0")],
)  # fmt: skip
async def test_an_adjustment_of_nobody_is_refused(strict: Counter, whom: Json, pointer: str) -> None:
    """422 `unknown-reference`: points are never given to nobody."""
    refused = await strict.call("/v1/loyalty/adjustments", whom | {"points": 5, "reason": "x"}, status=422)
    assert refused["code"] == "unknown-reference"
    assert [error["pointer"] for error in refused["errors"]] == [pointer]


async def test_opening_balances_come_with_their_expiry(later: Counter) -> None:
    """A shop moves in by batch: each lot ends when it would have, the nearest is spent first."""
    now = later.clock.now()
    ends = [(now + timedelta(days=days)).isoformat() for days in (200, 20)]
    items = [{"customer": shown(), "points": 100, "reason": "opening_balance", "expires_at": end} for end in ends]
    answered = await later.call("/v1/loyalty/adjustments/batch", {"items": items})
    account_id = answered["items"][0]["account_id"]
    assert [one["points"] for one in answered["items"]] == [100, 100]
    account = await later.account(account_id)
    assert account["balance"]["active"] == 200
    assert account["balance"]["expiring"][0]["points"] == 100
    assert moment(account["balance"]["expiring"][0]["at"]) == moment(ends[1])
    await later.post(later.spending(30_000, 60))
    later.clock.move(days=21)
    assert (await later.account(account_id))["balance"]["active"] == 102, "40 of the first ended, 2 were earned"
    kinds = [one["kind"] for one in await later.everything(account_id, "/entries")]
    assert kinds[0] == "expire"
    assert (await later.account(account_id, "/proof"))["equal"]


@pytest.mark.parametrize("expires_at", ["2020-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
async def test_points_that_end_before_they_begin_are_refused(strict: Counter, expires_at: str) -> None:
    """422: it matches the schema and breaks a rule."""
    body = {"customer": shown(), "points": 5, "reason": "x", "expires_at": expires_at}
    refused = await strict.call("/v1/loyalty/adjustments", body, status=422)
    assert [error["pointer"] for error in refused["errors"]] == ["/expires_at"]


async def test_a_batch_of_adjustments_is_in_order_with_rejections(counter: Counter) -> None:
    """Chained; one bad item harms no neighbour; one idempotency key."""
    items: list[Any] = [
        {"customer": shown(), "points": 10, "reason": "a"},
        {"customer": shown(), "points": -10, "reason": "b"},
        {"customer": shown(), "points": -1, "reason": "c"},
        {"customer": shown(), "points": 0, "reason": "d"},
        {"customer": {"id": str(uuid4())}, "points": 1, "reason": "e"},
        {"customer": shown(OTHER_PHONE), "points": 7, "reason": "f\x00"},
        {"customer": shown(OTHER_PHONE), "points": 7, "reason": "g"},
    ]
    headers = {"Idempotency-Key": "adjust-batch-1"}
    first = await counter.api.post("/v1/loyalty/adjustments/batch", json={"items": items}, headers=headers)
    answers = first.json()["items"]
    rejected = [one["problem"]["code"] if one["status"] == "rejected" else None for one in answers]
    assert rejected == [
        None, None, "insufficient-points", "invalid-request", "unknown-reference", "invalid-request", None,
    ]  # fmt: skip
    again = await counter.api.post("/v1/loyalty/adjustments/batch", json={"items": items}, headers=headers)
    assert (again.content, again.headers["Idempotent-Replayed"]) == (first.content, "true")
    assert (await counter.account(answers[0]["account_id"]))["balance"]["active"] == 0
    for count in (0, 501):
        await counter.call("/v1/loyalty/adjustments/batch", {"items": items[:1] * count}, status=400)


async def test_an_adjustment_pays_debt_first(counter: Counter) -> None:
    """debt > 0 means active = 0 at every read."""
    sold = await counter.post(counter.spending(10_000, 30, redemption={"on_insufficient": "record"}))
    assert sold["loyalty"]["balance"]["debt"] == 30
    given = await counter.grant(50)
    balance = (await counter.account(given["account_id"]))["balance"]
    assert (balance["active"], balance["debt"]) == (20, 0)
    assert (await counter.account(given["account_id"], "/proof"))["equal"]


async def test_a_dry_adjustment_answers_and_stores_nothing(counter: Counter) -> None:
    """Where the operation takes `dry_run`."""
    items = [{"customer": shown(), "points": 10, "reason": "a"}]
    answered = await counter.api.post(
        "/v1/loyalty/adjustments/batch", json={"items": items}, params={"dry_run": "true"}
    )
    assert answered.status_code == 200
    assert answered.json()["items"][0]["points"] == 10
    assert (await counter.get("/v1/customers"))["items"] == []


async def test_fifty_adjustments_at_once_never_go_below_zero(counter: Counter) -> None:
    """Fifty tills take 10 of 200."""
    account_id = (await counter.grant(200))["account_id"]
    body = {"account_id": account_id, "points": -10, "reason": "x"}
    answers = await asyncio.gather(*(counter.api.post("/v1/loyalty/adjustments", json=body) for _ in range(50)))
    assert sorted(one.status_code for one in answers) == [201] * 20 + [422] * 30
    assert (await counter.account(account_id))["balance"]["active"] == 0
    assert (await counter.account(account_id, "/proof"))["equal"]


async def test_another_shops_account_is_no_account(counter: Counter, abroad: Abroad) -> None:
    """404 in a path, 422 in a body, empty in a filter."""
    mine = await counter.grant(10)
    kyiv = await abroad("UA")
    for part in ("", "/lots", "/entries", "/proof"):
        await kyiv.account(mine["account_id"], part, status=404)
    body = {"account_id": mine["account_id"], "points": 1, "reason": "x"}
    assert (await kyiv.call("/v1/loyalty/adjustments", body, status=422))["code"] == "unknown-reference"
    assert (await kyiv.get("/v1/loyalty/accounts", customer_id=mine["customer_id"]))["items"] == []
