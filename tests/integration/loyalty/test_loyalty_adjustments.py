"""Points by hand: one by one, by hundreds, never below zero, with what was written about them kept apart."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from domain.kernel.ids import new_id
from tests.support.counter import OTHER_PHONE, PHONE, Counter, Json, moment, shown
from tests.support.shop import Base

CARD = "4111 1111 1111 1111"


async def test_an_adjustment_answers_its_entry(counter: Counter) -> None:
    """201 with the entry, the account it stands in, and what that holds now."""
    ends = datetime(2027, 6, 30, 21, tzinfo=UTC)
    made = await counter.grant(500, expires_at=ends.isoformat(), reason="opening_balance")
    assert (made["kind"], made["points"], made["reason"]) == ("adjust", 500, "opening_balance")
    assert made["document"]["type"] == "adjustment"
    assert made["balance"]["active"] == 500
    (entry,) = await counter.everything(made["account_id"], "/entries")
    assert entry == {name: made[name] for name in entry}
    (lot,) = await counter.everything(made["account_id"], "/lots")
    assert (lot["id"], moment(lot["expires_at"])) == (made["allocations"][0]["lot_id"], ends)
    assert lot["origin"]["kind"] == "opening"


async def test_points_without_an_end_never_expire(later: Counter) -> None:
    """What was promised for ever stays."""
    made = await later.grant(5)
    (lot,) = await later.everything(made["account_id"], "/lots")
    assert (lot["expires_at"], lot["origin"]["kind"]) == (None, "adjust")
    later.clock.move(days=40_000)
    assert (await later.account(made["account_id"]))["balance"]["active"] == 5


async def test_an_account_can_be_named_itself(counter: Counter) -> None:
    """By id of the account, by id of the customer, by what identifies them: all mean the same."""
    made = await counter.grant(10)
    by_account = {"account_id": made["account_id"], "points": 20, "reason": "x"}
    await counter.call("/v1/loyalty/adjustments", by_account, status=201)
    await counter.grant(30, customer={"id": made["customer_id"]})
    last = await counter.grant(40, customer=shown(on_missing="none"))
    assert (last["account_id"], last["balance"]["active"]) == (made["account_id"], 100)
    assert last["customer_id"] == made["customer_id"]


async def test_a_customer_without_an_account_gets_one(counter: Counter) -> None:
    """Somebody entered by hand and somebody nobody knew: both have an account afterwards, and a card."""
    created = await counter.call("/v1/customers", {"given_name": "Анна"}, status=201)
    made = await counter.grant(10, customer={"id": created["id"]})
    assert made["customer_id"] == created["id"]
    (account,) = (await counter.get("/v1/loyalty/accounts", customer_id=created["id"]))["items"]
    assert account["members"][0]["role"] == "owner"
    new = await counter.grant(10)
    assert (await counter.get(f"/v1/customers/{new['customer_id']}"))["state"] == "active"
    sold = await counter.post(counter.sale(10_000))
    assert sold["loyalty"]["account_id"] == new["account_id"]


async def test_the_balance_never_falls_below_zero(counter: Counter) -> None:
    """422 `insufficient-points`, with how many there are; nobody and nothing is made by a refusal."""
    made = await counter.grant(10)
    refused = await counter.grant(-11, status=422)
    assert (refused["code"], refused["available"]) == ("insufficient-points", 10)
    assert (await counter.grant(-10))["balance"]["active"] == 0
    assert (await counter.account(made["account_id"]))["lifetime_earned"] == 0
    nobody = await counter.grant(-1, phone=OTHER_PHONE, status=422)
    assert (nobody["code"], nobody["available"]) == ("insufficient-points", 0)
    assert len((await counter.get("/v1/customers"))["items"]) == 1


@pytest.mark.parametrize(
    ("fields", "status", "pointer"),
    [
        ({"points": 0}, 400, "/points"),
        ({"points": 10**12 + 1}, 400, "/points"),
        ({"points": 1.5}, 400, "/points"),
        ({"points": 1e400}, 400, None),
        ({"reason": ""}, 400, "/reason"),
        ({"reason": "x\x00"}, 400, "/reason"),
        ({"note": "x" * 10_001}, 400, "/note"),
        ({"expires_at": "2027-01-01"}, 400, "/expires_at"),
        ({"unknown": 1}, 400, "/unknown"),
        ({"customer": None}, 400, ""),
        ({"account_id": "01890000-0000-7000-8000-000000000000"}, 400, ""),
        ({"expires_at": "2020-01-01T00:00:00Z"}, 422, "/expires_at"),
        ({"expires_at": "9999-12-31T23:59:59Z"}, 422, "/expires_at"),
        ({"points": -5, "expires_at": "2027-01-01T00:00:00Z"}, 422, "/expires_at"),
        ({"customer": shown("12")}, 422, "/customer/identifiers/0"),
        ({"customer": shown(on_missing="none")}, 422, "/customer"),
        ({"customer": {"id": "01890000-0000-7000-8000-000000000000"}}, 422, "/customer/id"),
        ({"customer": None, "account_id": "01890000-0000-7000-8000-000000000000"}, 422, "/account_id"),
    ],
)
async def test_what_cannot_be_meant_is_refused(
    counter: Counter, fields: Json, status: int, pointer: str | None
) -> None:
    """400 for what does not match the schema, 422 for what breaks a rule; nothing half stored."""
    body = {"customer": shown(), "points": 10, "reason": "x"} | fields
    answered = await counter.api.post(
        "/v1/loyalty/adjustments",
        content=json.dumps(body),
        headers={"Content-Type": "application/json"},
    )
    assert answered.status_code == status, answered.text
    if pointer is not None:
        assert [error["pointer"] for error in answered.json()["errors"]] == [pointer]
    assert (await counter.get("/v1/customers"))["items"] == []


async def test_what_is_written_about_points_is_sealed(counter: Counter, base: Base) -> None:
    """Free text may name somebody: no word of it stands in clear, and payment cards are masked before."""
    made = await counter.grant(10, reason="Анна просила вернуть", note=f"Звонила Анна, карта {CARD}")
    assert CARD not in json.dumps(made)
    tenant_id = UUID((await counter.get("/v1/me"))["tenant_id"])
    async with base.database.scoped(tenant_id) as connection:
        rows = (await connection.execute(text("SELECT * FROM entry"))).mappings().all()
    assert "Анна" not in str([dict(row) for row in rows])
    assert "Анна".encode() not in bytes(rows[0]["note"])
    (entry,) = await counter.everything(made["account_id"], "/entries")
    assert entry["reason"] == "Анна просила вернуть"
    assert entry["note"] == made["note"] == "Звонила Анна, карта •••• •••• •••• 1111"
    assert "Анна" not in str((await counter.get("/v1/changes"))["items"])
    key = (await counter.call("/v1/api-keys", {"name": "ERP", "role": "integration"}, status=201))["api_key"]
    read = await counter.api.get(
        f"/v1/loyalty/accounts/{made['account_id']}/entries", headers={"Authorization": f"Bearer {key}"}
    )
    assert read.json()["items"][0]["note"] is None, "notes are read by whoever may read notes"


async def test_an_account_without_members_keeps_its_words_under_the_shops_key(counter: Counter, base: Base) -> None:
    """Whoever left took their key's words with them; the account can still be adjusted and read."""
    made = await counter.grant(10)
    tenant_id = UUID((await counter.get("/v1/me"))["tenant_id"])
    async with base.database.scoped(tenant_id) as connection:
        await connection.execute(text("UPDATE account_member SET left_at = now()"))
    body = {"account_id": made["account_id"], "points": -4, "reason": "x", "note": "Списано по акту"}
    last = await counter.call("/v1/loyalty/adjustments", body, status=201)
    assert (last["customer_id"], last["balance"]["active"]) == (None, 6)
    assert (await counter.everything(made["account_id"], "/entries"))[0]["note"] == "Списано по акту"


async def test_a_batch_takes_effect_item_after_item(counter: Counter) -> None:
    """Each as if sent singly, with its own answer; one bad item never fails its neighbours."""
    items = [
        {"customer": shown(), "points": 100, "reason": "opening", "expires_at": "2027-06-30T21:00:00Z"},
        {"customer": shown(), "points": -40, "reason": "x"},
        {"customer": shown(), "points": -61, "reason": "x"},
        {"customer": shown(), "points": 0, "reason": "x"},
        {"points": 5},
        {"customer": shown(OTHER_PHONE), "points": 5, "reason": "x", "expires_at": "2020-01-01T00:00:00Z"},
        {"customer": shown(OTHER_PHONE), "points": 7, "reason": "x"},
    ]
    answered = (await counter.call("/v1/loyalty/adjustments/batch", {"items": items}))["items"]
    statuses = [item["status"] for item in answered]
    assert statuses == ["recorded", "recorded", "rejected", "rejected", "rejected", "rejected", "recorded"]
    assert (answered[2]["problem"]["code"], answered[2]["problem"]["available"]) == ("insufficient-points", 60)
    assert [answered[n]["problem"]["status"] for n in (3, 4, 5)] == [400, 400, 422]
    assert answered[3]["problem"]["errors"][0]["pointer"] == "/points"
    assert answered[1]["balance"]["active"] == 60
    assert (await counter.account(answered[0]["account_id"], "/proof"))["equal"] is True
    assert (await counter.account(answered[6]["account_id"]))["balance"]["active"] == 7


async def test_five_hundred_opening_balances_move_in_by_one_call(counter: Counter) -> None:
    """Without opening balances no shop can move in: two lots each, with their ends, one idempotency key."""
    soon = (counter.clock.now() + timedelta(days=90)).isoformat()
    items = [
        {"customer": shown(f"+7935000{n:04}"), "points": 10 + n, "reason": "opening_balance", "expires_at": ends}
        for n in range(250)
        for ends in (soon, None)
    ]
    headers = {"Idempotency-Key": "move-in-0001"}
    first = await counter.api.post("/v1/loyalty/adjustments/batch", json={"items": items}, headers=headers)
    assert first.status_code == 200, first.text
    assert [item["status"] for item in first.json()["items"]] == ["recorded"] * 500
    again = await counter.api.post("/v1/loyalty/adjustments/batch", json={"items": items}, headers=headers)
    assert again.content == first.content
    assert again.headers["Idempotent-Replayed"] == "true"
    accounts: list[Json] = []
    cursor: dict[str, str] = {}
    while True:
        page = await counter.get("/v1/loyalty/accounts", limit=200, **cursor)
        accounts += page["items"]
        if page["next_cursor"] is None:
            break
        cursor = {"cursor": page["next_cursor"]}
    assert sorted(account["balance"]["active"] for account in accounts) == [2 * (10 + n) for n in range(250)]


@pytest.mark.parametrize("size", [0, 501])
async def test_a_batch_holds_one_to_five_hundred(counter: Counter, size: int) -> None:
    """400, nothing stored."""
    items = [{"customer": shown(), "points": 1, "reason": "x"}] * size
    await counter.call("/v1/loyalty/adjustments/batch", {"items": items}, status=400)
    assert (await counter.get("/v1/customers"))["items"] == []


async def test_a_dry_run_stores_nothing(counter: Counter) -> None:
    """The same answer, and no trace of it."""
    items = [{"customer": shown(), "points": 100, "reason": "x"}, {"customer": shown(), "points": -101, "reason": "x"}]
    answered = await counter.api.post(
        "/v1/loyalty/adjustments/batch", json={"items": items}, params={"dry_run": "true"}
    )
    assert [item["status"] for item in answered.json()["items"]] == ["recorded", "rejected"]
    for path in ("/v1/customers", "/v1/loyalty/accounts"):
        assert (await counter.get(path))["items"] == []
    assert {event["type"] for event in (await counter.get("/v1/changes"))["items"]} <= {"tenant.created"}


async def test_adjustments_at_once_are_all_counted(counter: Counter) -> None:
    """Thirty calls for somebody nobody knew: one customer, one account, no call lost."""
    body = {"customer": shown(), "points": 1, "reason": "x"}
    answered = await asyncio.gather(*(counter.api.post("/v1/loyalty/adjustments", json=body) for _ in range(30)))
    done = [one for one in answered if one.status_code == 201]
    assert {one.status_code for one in answered} <= {201, 503}, "a call that could not be taken says so"
    (account,) = (await counter.get("/v1/loyalty/accounts"))["items"]
    assert account["balance"]["active"] == len(done)
    assert (await counter.account(account["id"], "/proof"))["equal"] is True


async def test_deductions_at_once_never_overdraw(counter: Counter) -> None:
    """Twenty at once against five: five are done, the rest refused."""
    await counter.grant(5)
    body = {"customer": shown(), "points": -1, "reason": "x"}
    answered = await asyncio.gather(*(counter.api.post("/v1/loyalty/adjustments", json=body) for _ in range(20)))
    assert sorted(one.status_code for one in answered) == [201] * 5 + [422] * 15


async def test_an_event_tells_of_every_adjustment(counter: Counter) -> None:
    """`points.adjusted` with ids and figures; the reason only when it is a code."""
    made = await counter.grant(10, reason="goodwill")
    await counter.grant(-3, reason="Анна просила")
    events = [event for event in (await counter.get("/v1/changes"))["items"] if event["type"] == "points.adjusted"]
    assert [(event["data"]["points"], event["data"]["reason"]) for event in events] == [(10, "goodwill"), (-3, None)]
    assert events[0]["object"] == {"type": "account", "id": made["account_id"]}
    assert events[0]["data"]["adjustment_id"] == made["document"]["id"]


async def test_another_shops_account_is_unknown(counter: Counter, later: Counter) -> None:
    """An id in a body that names another shop's account answers as one that names nothing."""
    theirs = await later.grant(10)
    body = {"account_id": theirs["account_id"], "points": 5, "reason": "x"}
    refused = await counter.call("/v1/loyalty/adjustments", body, status=422)
    unknown = await counter.call("/v1/loyalty/adjustments", body | {"account_id": str(new_id())}, status=422)
    assert refused["code"] == unknown["code"] == "unknown-reference"
    assert (await later.account(theirs["account_id"]))["balance"]["active"] == 10
    assert (await counter.get("/v1/customers"))["items"] == []


async def test_a_conflict_of_identifiers_adjusts_nobody(counter: Counter) -> None:
    """Two people are named: nobody can be meant."""
    await counter.grant(1, phone=PHONE)
    await counter.grant(1, phone=OTHER_PHONE)
    both = {"identifiers": [{"type": "phone", "value": phone} for phone in (PHONE, OTHER_PHONE)]}
    assert (await counter.grant(5, customer=both, status=422))["code"] == "unknown-reference"
