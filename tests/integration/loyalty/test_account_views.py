"""What an account holds, where each point came from and where it went, at any moment, with no job having run."""

from datetime import timedelta

import pytest

from domain.kernel.ids import new_id
from tests.support.counter import OTHER_PHONE, Counter, Json, moment, shown

PARTS = ("", "/lots", "/entries", "/proof")


def figures(balance: Json) -> tuple[int, int, int, int]:
    return balance["active"], balance["pending"], balance["held"], balance["debt"]


async def test_an_account_names_its_program_members_and_balance(counter: Counter) -> None:
    """The shape that a frontend draws."""
    answer = await counter.post(counter.sale(129_900))
    account_id = answer["loyalty"]["account_id"]
    account = await counter.account(account_id)
    (program,) = (await counter.get("/v1/loyalty/programs"))["items"]
    assert account == {
        "id": account_id,
        "program": {"id": program["id"], "code": "points", "version": 1},
        "members": [{"customer_id": answer["customer_id"], "role": "owner", "spend_limit": None}],
        "scale": 0,
        "balance": {"active": 12, "pending": 0, "held": 0, "debt": 0, "expiring": []},
        "tier": None,
        "lifetime_earned": 12,
        "status": "active",
        "as_of": account["as_of"],
    }


async def test_accounts_are_listed_by_customer(counter: Counter) -> None:
    """One account per customer and program, made by the first receipt; whoever has none gets an empty list."""
    mine = await counter.post(counter.sale(10_000))
    await counter.post(counter.sale(10_000, phone=OTHER_PHONE))
    (account,) = (await counter.get("/v1/loyalty/accounts", customer_id=mine["customer_id"]))["items"]
    assert account["id"] == mine["loyalty"]["account_id"]
    first = await counter.get("/v1/loyalty/accounts", limit=1)
    second = await counter.get("/v1/loyalty/accounts", limit=1, cursor=first["next_cursor"])
    assert {first["items"][0]["id"], second["items"][0]["id"]} > {account["id"]}
    assert second["next_cursor"] is None
    assert (await counter.get("/v1/loyalty/accounts", customer_id=str(new_id())))["items"] == []


async def test_a_lot_says_where_it_came_from_and_when_it_ends(counter: Counter) -> None:
    """Expiry at the end of the 365th day in the shop's zone; the day after the sale is day 1."""
    answer = await counter.post(counter.sale(129_900, sold_at="2026-11-20T12:30:00+03:00"))
    (lot,) = await counter.everything(answer["loyalty"]["account_id"], "/lots")
    assert lot == {
        "id": lot["id"],
        "amount": 12,
        "remaining": 12,
        "reserved": 0,
        "state": "active",
        "activates_at": "2026-11-20T09:30:00Z",
        "expires_at": "2027-11-20T21:00:00Z",
        "origin": {"kind": "earn", "receipt_id": answer["id"], "line": None, "rule": "base", "version": 1},
    }


async def test_entries_say_who_did_what_to_which_lot(counter: Counter) -> None:
    """Newest first, paged, each the sum of its allocations; together they are the balance."""
    await counter.grant(100)
    sold = await counter.post(counter.spending(60_000, 30))
    account_id = sold["loyalty"]["account_id"]
    entries = await counter.everything(account_id, "/entries")
    assert [(entry["kind"], entry["points"]) for entry in entries] == [("earn", 5), ("redeem", -30), ("adjust", 100)]
    for entry in entries:
        assert sum(part["points"] for part in entry["allocations"]) == entry["points"]
        assert entry["actor"].startswith("key:")
    assert entries[0]["document"] == entries[1]["document"] == {"type": "receipt", "id": sold["id"]}
    assert (entries[2]["document"]["type"], entries[2]["reason"]) == ("adjustment", "goodwill")
    paged: list[Json] = []
    cursor: dict[str, str] = {}
    for _ in entries:
        page = await counter.account(account_id, "/entries", limit=1, **cursor)
        paged += page["items"]
        cursor = {"cursor": page["next_cursor"]}
    assert (paged, cursor) == (entries, {"cursor": None})


async def test_lots_are_paged_newest_first(counter: Counter) -> None:
    """Stable while new ones arrive."""
    for points in (1, 2, 3):
        account_id = (await counter.grant(points))["account_id"]
    first = await counter.account(account_id, "/lots", limit=2)
    await counter.grant(4)
    rest = await counter.account(account_id, "/lots", limit=2, cursor=first["next_cursor"])
    assert [lot["amount"] for lot in first["items"] + rest["items"]] == [3, 2, 1]


@pytest.mark.parametrize("part", PARTS)
async def test_an_unknown_account_is_not_found(counter: Counter, part: str) -> None:
    """404 with the same shape whether it never was or is not an id at all."""
    for account_id in (str(new_id()), "nonsense"):
        refused = await counter.get(f"/v1/loyalty/accounts/{account_id}{part}", status=404)
    assert refused["status"] == 404
    assert (await counter.get(f"/v1/loyalty/accounts/{new_id()}{part}", status=404))["code"] == "account-not-found"


@pytest.mark.parametrize("query", [{"as_of": "yesterday"}, {"as_of": "9999-12-31T23:59:59Z"}, {"as_of": "2026-11-20"}])
async def test_a_moment_that_is_none_is_refused(counter: Counter, query: Json) -> None:
    """400, never 5xx."""
    account_id = (await counter.grant(1))["account_id"]
    assert (await counter.get(f"/v1/loyalty/accounts/{account_id}", status=400, **query))["code"] == "invalid-request"


@pytest.mark.parametrize("cursor", ["x", "WzFd", "WzEsIngiXQ", "WzEsMTAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMF0"])
async def test_a_cursor_of_another_list_is_refused(counter: Counter, cursor: str) -> None:
    """400, never 5xx: also a number that no account ever reaches."""
    account_id = (await counter.grant(1))["account_id"]
    for part in ("/lots", "/entries"):
        await counter.get(f"/v1/loyalty/accounts/{account_id}{part}", status=400, cursor=cursor)
    await counter.get("/v1/loyalty/accounts", status=400, cursor=cursor)


async def test_a_balance_at_a_former_moment_is_rebuilt(later: Counter) -> None:
    """`as_of`: what the account held then, whatever has happened since."""
    moments: list[tuple[str, tuple[int, int, int, int], int]] = []

    async def remember(answer: Json) -> None:
        now = later.clock.now()
        account = await later.account(account_id)
        assert figures(account["balance"]) == figures(answer["loyalty"]["balance"])
        moments.append((now.isoformat(), figures(account["balance"]), account["lifetime_earned"]))
        later.clock.move(days=1)

    granted = await later.grant(50, expires_at=(later.clock.now() + timedelta(days=40)).isoformat())
    account_id = granted["account_id"]
    await remember({"loyalty": {"balance": granted["balance"]}})
    document = later.sale(1_000_000)
    await remember(await later.post(document))
    await remember(await later.post(later.spending(40_000, 140)))
    await remember(await later.post(later.back(document)))
    await remember(await later.post(later.sale(300_000)))
    later.clock.move(days=400)
    assert figures((await later.account(account_id))["balance"]) == (0, 0, 0, 58)
    for as_of, expected, lifetime in moments:
        account = await later.account(account_id, as_of=as_of)
        assert figures(account["balance"]) == expected
        assert account["lifetime_earned"] == lifetime
        assert moment(account["as_of"]) == moment(as_of)
    before = await later.account(account_id, as_of="2020-01-01T00:00:00Z")
    assert figures(before["balance"]) == (0, 0, 0, 0)


async def test_a_moment_to_come_shows_what_will_be_left(counter: Counter) -> None:
    """If nothing else happens: what expires until then is gone."""
    ends = counter.clock.now() + timedelta(days=100)
    await counter.grant(30, expires_at=ends.isoformat())
    account_id = (await counter.grant(20))["account_id"]
    for days, active in ((99, 50), (101, 20)):
        as_of = (counter.clock.now() + timedelta(days=days)).isoformat()
        account = await counter.account(account_id, as_of=as_of)
        assert account["balance"]["active"] == active
    soon = await counter.account(account_id, as_of=(ends - timedelta(days=30)).isoformat())
    assert [part["points"] for part in soon["balance"]["expiring"]] == [30]


async def test_expiry_needs_no_job(later: Counter) -> None:
    """Every answer evaluates time: balance, lots, entries, proof, and what a till may spend."""
    ends = later.clock.now() + timedelta(days=5)
    granted = await later.grant(100, expires_at=ends.isoformat())
    account_id = granted["account_id"]
    await later.grant(7)
    assert granted["balance"]["expiring"][0]["points"] == 100
    later.clock.move_to(ends - timedelta(seconds=60))
    assert (await later.account(account_id))["balance"]["active"] == 107
    later.clock.move_to(ends + timedelta(seconds=1))
    account = await later.account(account_id)
    assert account["balance"] == {"active": 7, "pending": 0, "held": 0, "debt": 0, "expiring": []}
    states = {lot["amount"]: (lot["state"], lot["remaining"]) for lot in await later.everything(account_id, "/lots")}
    assert states == {100: ("expired", 0), 7: ("active", 7)}
    entries = await later.everything(account_id, "/entries")
    assert [(entry["kind"], entry["points"]) for entry in entries] == [("expire", -100), ("adjust", 7), ("adjust", 100)]
    assert moment(entries[0]["at"]) == ends, "business time is when they ended"
    assert entries[0]["document"] is None
    assert entries[0]["actor"] == "system:regulars"
    assert await later.everything(account_id, "/entries") == entries, "reading again writes nothing"
    proof = await later.account(account_id, "/proof")
    assert (proof["equal"], proof["entries"], proof["balance"]) == (True, 3, account["balance"])
    assert proof["recomputed"] == proof["balance"]
    assert proof["sealed_to"] is None
    refused = await later.post(later.spending(100_000, 8), status=422)
    assert refused["available"] == 7


async def test_debt_is_settled_by_what_becomes_free(counter: Counter) -> None:
    """debt > 0 means active = 0 at every read; the next points pay it first, as an entry of its own."""
    document = counter.sale(500_000)
    sold = await counter.post(document)
    await counter.post(counter.spending(20_000, 50))
    await counter.post(counter.back(document))
    account_id = sold["loyalty"]["account_id"]
    account = await counter.account(account_id)
    assert figures(account["balance"]) == (0, 0, 0, 49)
    await counter.grant(60)
    kinds = [entry["kind"] for entry in await counter.everything(account_id, "/entries")]
    assert kinds[:2] == ["debt_settle", "adjust"]
    assert figures((await counter.account(account_id))["balance"]) == (11, 0, 0, 0)
    assert (await counter.account(account_id, "/proof"))["equal"] is True


async def test_the_preset_program_is_shown_with_its_rules(counter: Counter) -> None:
    """What every new shop starts with, to be read by whoever may."""
    (program,) = (await counter.get("/v1/loyalty/programs"))["items"]
    assert program["code"] == "points"
    rules = program["rules"]
    assert (rules["earn_points"], rules["earn_per"], rules["earn_rounding"]) == (1, 10_000, "floor")
    assert (rules["point_price"], rules["max_share_percent"], rules["expiry_days"]) == (100, 50, 365)
    assert (rules["verification"], rules["shortfall"], rules["restore_grace_days"]) == ("off", "allow_debt", 14)
    assert await counter.get(f"/v1/loyalty/programs/{program['id']}") == program
    (version,) = (await counter.get(f"/v1/loyalty/programs/{program['id']}/versions"))["items"]
    assert (version["version"], version["rules"]) == (1, rules)
    for path in (f"/v1/loyalty/programs/{new_id()}", f"/v1/loyalty/programs/{new_id()}/versions"):
        assert (await counter.get(path, status=404))["code"] == "program-not-found"


async def test_a_cashier_sees_no_ledger(counter: Counter) -> None:
    """The till has the balance in its own answers; the ledger is the manager's."""
    account_id = (await counter.grant(1))["account_id"]
    key = (await counter.call("/v1/api-keys", {"name": "Till 1", "role": "cashier"}, status=201))["api_key"]
    headers = {"Authorization": f"Bearer {key}"}
    for part in PARTS:
        answered = await counter.api.get(f"/v1/loyalty/accounts/{account_id}{part}", headers=headers)
        assert answered.status_code == 403
    body = {"customer": shown(), "points": 5, "reason": "x"}
    refused = await counter.api.post("/v1/loyalty/adjustments", json=body, headers=headers)
    assert refused.status_code == 403
