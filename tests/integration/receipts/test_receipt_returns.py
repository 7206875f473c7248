"""Returns: linked, inferred, early, partial and whole; what comes back gives back exactly its share (A25, A143)."""

import itertools
from datetime import timedelta

import pytest

from tests.support.counter import OTHER_PHONE, Counter, Json, codes, line, moment, shown

FISCAL = {"scheme": "ru-ffd", "fn": "9960440300712345", "fd": "777", "fp": "3826178549"}
QR = "t=20261120T1230&s=600.00&fn=9960440300712345&i=777&fp=3826178549&n=1"
ZERO = {"active": 0, "pending": 0, "held": 0, "debt": 0, "expiring": []}


async def metrics_of(counter: Counter, answer: Json) -> Json:
    return dict((await counter.get(f"/v1/customers/{answer['customer_id']}"))["metrics"])


async def test_a_whole_return_leaves_nothing_behind(counter: Counter) -> None:
    """A25: money, points and figures stand as before; the return stays in the history with its reason."""
    document = counter.sale(35_000, 25_000)
    sold = await counter.post(document)
    back = await counter.post(counter.back(document, reason="defect"))
    assert back["customer_id"] == sold["customer_id"]
    assert back["loyalty"]["reversed"] == sold["loyalty"]["earned"] == 6
    assert back["loyalty"]["refund"] == {
        "money": 60_000, "points_restored": 0, "points_reversed": 6, "deduction": 0, "currency": "RUB",
    }  # fmt: skip
    assert back["loyalty"]["balance"] == ZERO
    figures = await metrics_of(counter, sold)
    assert (figures["receipts"], figures["sales_total"], figures["returns_total"], figures["spent_total"]) == (
        1, 60_000, 60_000, 0,
    )  # fmt: skip
    read = await counter.get(f"/v1/receipts/{back['id']}")
    assert (read["reason"], read["sale_id"], read["total"]) == ("defect", sold["id"], 60_000)
    (listed,) = (await counter.get(f"/v1/receipts/{sold['id']}/returns"))["items"]
    assert listed["id"] == back["id"]


@pytest.mark.parametrize("order", list(itertools.permutations(["0.333", "0.667", "1.5"])))
async def test_parts_in_any_order_sum_to_the_whole(counter: Counter, order: tuple[str, ...]) -> None:
    """Shares are round half up on the cumulative amount: no order of partial returns gains or loses a point."""
    await counter.grant(50)
    document = counter.sale(
        line(99_999, quantity="2.5", points=5_000), line(50_000, number=2), redemption={"points": 50, "as": "discount"}
    )
    sold = await counter.post(document)
    earned_by_line = (await counter.get(f"/v1/receipts/{sold['id']}"))["lines"][0]["earned"]
    parts = [await counter.post(counter.back(document, {"line": "1", "quantity": part})) for part in order]
    assert sum(part["loyalty"]["refund"]["money"] for part in parts) == 94_999
    assert sum(part["loyalty"]["restored"] for part in parts) == 50
    assert sum(part["loyalty"]["reversed"] for part in parts) == earned_by_line
    read = await counter.get(f"/v1/receipts/{sold['id']}")
    assert [one["returnable"] for one in read["lines"]] == ["0", "1"]


async def test_more_than_was_sold_is_refused(counter: Counter) -> None:
    """422 `return-exceeds-sale`, cumulatively; the error says what can still come back."""
    document = counter.sale(line(60_000, quantity="2"))
    await counter.post(document)
    await counter.post(counter.back(document, {"line": "1", "quantity": "1.5"}))
    refused = await counter.post(counter.back(document, {"line": "1", "quantity": "1"}), status=422)
    assert refused["code"] == "return-exceeds-sale"
    assert refused["errors"][0]["pointer"] == "/lines/0/quantity"
    assert "0.5" in refused["errors"][0]["message"]
    unknown = await counter.post(counter.back(document, {"line": "9", "quantity": "1"}), status=422)
    assert unknown["code"] == "line-not-sold"


async def test_line_totals_are_checked_when_they_are_there(counter: Counter) -> None:
    """422 `return-total-differs`: the till and we must give the same money back."""
    document = counter.sale(line(100_01, quantity="3"))
    await counter.post(document)
    wrong = counter.back(document, {"line": "1", "quantity": "1", "total": 3_333})
    assert (await counter.post(wrong, status=422))["code"] == "return-total-differs"
    right = await counter.post(counter.back(document, {"line": "1", "quantity": "1", "total": 3_334}))
    assert right["loyalty"]["refund"]["money"] == 3_334


async def test_a_resent_return_changes_nothing(counter: Counter) -> None:
    """Charged twice once: a resend answers what was done then."""
    document = counter.sale(60_000)
    await counter.post(document)
    back = counter.back(document)
    first = await counter.post(back)
    again = await counter.post(back, status=200)
    assert (again["status"], again["id"], again["loyalty"]["reversed"]) == ("duplicate", first["id"], 6)
    assert again["loyalty"]["balance"] == ZERO


@pytest.mark.parametrize("way", ["source", "receipt_id", "fiscal", "qr", "order_id"])
async def test_a_sale_of_any_source_is_returned_in_any_store(counter: Counter, way: str) -> None:
    """A143: bought in the app, returned in the shop, named by number, id, fiscal identity, QR or order."""
    document = counter.sale(60_000, fiscal=FISCAL, order_id="web-17", store="online", channel="site")
    sold = await counter.post(document | {"source": "site"})
    named = {
        "source": {"source": "site", "external_id": document["external_id"]},
        "receipt_id": {"receipt_id": sold["id"]},
        "fiscal": {"fiscal": FISCAL},
        "qr": {"qr": QR},
        "order_id": {"order_id": "web-17"},
    }[way]
    back = await counter.post(counter.back(document) | {"returns": named, "store": "main"})
    assert (back["loyalty"]["reversed"], back["linked_by"]) == (6, None)
    assert back["customer_id"] == sold["customer_id"]


async def test_a_line_is_found_by_its_sku(counter: Counter) -> None:
    """A till that knows no line numbers names what comes back; several lines of one sku are used up in order."""
    document = counter.sale(line(20_000, number=1), line(20_000, number=2), line(10_000, number=3, sku="tea"))
    sold = await counter.post(document)
    await counter.post(counter.back(document, {"sku": "coffee", "quantity": "1.5"}))
    read = await counter.get(f"/v1/receipts/{sold['id']}")
    assert [one["returnable"] for one in read["lines"]] == ["0", "0.5", "1"]


async def test_a_return_before_its_sale_takes_effect_when_the_sale_comes(counter: Counter) -> None:
    """Kept and matched when it comes: the order of arrival changes nothing in the end."""
    document = counter.sale(60_000)
    back = counter.back(document, {"line": "1", "quantity": "1"})
    early = await counter.post(back)
    assert (codes(early), early["loyalty"]) == (["sale-not-found"], None)
    sold = await counter.post(document)
    assert sold["loyalty"]["earned"] == 6
    assert sold["loyalty"]["balance"]["active"] == 0
    read = await counter.get(f"/v1/receipts/{early['id']}")
    assert (read["state"], read["sale_id"], read["loyalty"]["reversed"]) == ("recorded", sold["id"], 6)
    assert (await metrics_of(counter, sold))["spent_total"] == 0
    again = await counter.post(back, status=200)
    assert again["loyalty"]["reversed"] == 6


@pytest.mark.parametrize("key", ["fiscal", "order_id"])
async def test_a_waiting_return_is_found_by_every_key_of_the_sale(counter: Counter, key: str) -> None:
    """It may name its sale by fiscal identity or order."""
    value = FISCAL if key == "fiscal" else "web-18"
    document = counter.sale(60_000) | {key: value}
    early = await counter.post(counter.back(document) | {"returns": {key: value}})
    assert codes(early) == ["sale-not-found"]
    await counter.post(document)
    assert (await counter.get(f"/v1/receipts/{early['id']}"))["state"] == "recorded"


async def test_two_early_returns_wait_for_one_sale(counter: Counter) -> None:
    """Both take effect, one after the other."""
    document = counter.sale(line(60_000, quantity="2"))
    for _ in range(2):
        await counter.post(counter.back(document, {"line": "1", "quantity": "1"}))
    sold = await counter.post(document)
    assert sold["loyalty"]["balance"]["active"] == 0
    assert (await metrics_of(counter, sold))["returns_total"] == 60_000


async def test_an_early_return_that_does_not_fit_is_shown_to_the_owner(counter: Counter) -> None:
    """The sale is a fact and is not refused for it; the return stays without effect, parked."""
    document = counter.sale(60_000)
    early = await counter.post(counter.back(document, {"line": "1", "quantity": "5"}))
    sold = await counter.post(document)
    assert sold["loyalty"]["balance"]["active"] == 6
    (parked,) = (await counter.get("/v1/receipts/parked"))["items"]
    assert (parked["reason"], parked["receipt_id"]) == ("return-exceeds-sale", sold["id"])
    assert (await counter.get(f"/v1/receipts/{early['id']}"))["state"] == "waiting"


async def test_a_return_without_a_reference_finds_the_newest_sale(counter: Counter) -> None:
    """Most fiscal returns carry none: matched by customer, sku and unit price, `linked_by: inferred`."""
    older = await counter.post(counter.sale(line(60_000), sold_at=_ago(counter, days=5)))
    newer = await counter.post(counter.sale(line(60_000), sold_at=_ago(counter, days=2)))
    await counter.post(counter.sale(line(60_000, sku="tea"), sold_at=_ago(counter, days=1)))
    await counter.post(counter.sale(line(60_000), sold_at=_ago(counter, days=1), phone=OTHER_PHONE))
    lines = [{"sku": "coffee", "quantity": "1", "unit_price": 60_000}]
    first = await counter.post(counter.document("return", customer=shown(), lines=lines))
    assert first["linked_by"] == "inferred"
    assert (await counter.get(f"/v1/receipts/{first['id']}"))["sale_id"] == newer["id"]
    second = await counter.post(counter.document("return", customer=shown(), lines=lines))
    assert (await counter.get(f"/v1/receipts/{second['id']}"))["sale_id"] == older["id"]
    third = await counter.post(counter.document("return", customer=shown(), lines=lines))
    assert codes(third) == ["sale-not-found"]


@pytest.mark.parametrize("why", ["another price", "too long ago", "nobody"])
async def test_a_return_that_matches_nothing_is_parked(counter: Counter, why: str) -> None:
    """Kept, without effect, shown to the owner."""
    days = 31 if why == "too long ago" else 1
    await counter.post(counter.sale(line(60_000), sold_at=_ago(counter, days=days)))
    lines = [{"sku": "coffee", "quantity": "1", "unit_price": 59_000 if why == "another price" else 60_000}]
    customer = None if why == "nobody" else shown()
    back = await counter.post(counter.document("return", customer=customer, lines=lines))
    assert (codes(back), back["linked_by"], back["loyalty"]) == (["sale-not-found"], None, None)
    (parked,) = (await counter.get("/v1/receipts/parked"))["items"]
    assert parked["reason"] == "sale-not-found"


async def test_the_effect_goes_to_the_account_of_the_sale(counter: Counter) -> None:
    """`customer` of a return only says who came: a friend who brings it back neither gains nor loses."""
    document = counter.sale(60_000)
    sold = await counter.post(document)
    friend = (await counter.post(counter.sale(60_000, phone=OTHER_PHONE)))["loyalty"]["account_id"]
    back = await counter.post(counter.back(document, customer=shown(OTHER_PHONE)))
    assert back["loyalty"]["account_id"] == sold["loyalty"]["account_id"]
    assert (await counter.account(friend))["balance"]["active"] == 6


async def test_points_spent_elsewhere_are_owed_after_a_return(counter: Counter) -> None:
    """`allow_debt` up to what the receipt earned; later points pay it first, money is never withheld."""
    document = counter.sale(1_000_000)
    await counter.post(document)
    await counter.post(counter.spending(20_000, 80))
    back = await counter.post(counter.back(document))
    assert back["loyalty"]["balance"]["active"] == 0
    assert back["loyalty"]["balance"]["debt"] == 79
    assert back["loyalty"]["refund"]["deduction"] == 0
    paid = await counter.post(counter.sale(900_000))
    assert (paid["loyalty"]["balance"]["active"], paid["loyalty"]["balance"]["debt"]) == (11, 0)


async def test_restore_first_then_reverse(counter: Counter) -> None:
    """Reverse first within the balance would be a repeatable gain: here nothing is left to gain."""
    await counter.grant(300)
    document = counter.spending(600_000, 300)
    sold = await counter.post(document)
    assert sold["loyalty"]["balance"]["active"] == sold["loyalty"]["earned"] == 57
    back = await counter.post(counter.back(document))
    assert (back["loyalty"]["restored"], back["loyalty"]["reversed"]) == (300, 57)
    assert back["loyalty"]["balance"]["active"] == 300


async def test_restored_points_keep_their_end_or_get_the_grace(later: Counter) -> None:
    """Back to their own lots; where those end within 14 days, to a child lot that ends with the grace."""
    ends = later.clock.now() + timedelta(days=20)
    account_id = (await later.grant(100, expires_at=ends.isoformat()))["account_id"]
    document = later.spending(100_000, 60)
    await later.post(document)
    await later.post(later.back(document, {"line": "1", "quantity": "0.5"}))
    (own,) = [lot for lot in await later.everything(account_id, "/lots") if lot["amount"] == 100]
    assert (own["remaining"], moment(own["expires_at"])) == (70, ends)
    later.clock.move(days=10)
    back = await later.post(later.back(document, {"line": "1", "quantity": "0.5"}))
    assert back["loyalty"]["restored"] == 30
    child = (await later.everything(account_id, "/lots"))[0]
    assert (child["remaining"], child["origin"]["kind"]) == (30, "adjust")
    assert moment(child["expires_at"]) - later.clock.now() > timedelta(days=13)
    later.clock.move(days=11)
    assert (await later.account(account_id))["balance"]["active"] == 30
    assert (await later.account(account_id, "/proof"))["equal"] is True


async def test_an_exchange_is_a_return_and_a_sale_of_one_group(counter: Counter) -> None:
    """`exchange_group` joins them; points follow each document."""
    document = counter.sale(60_000)
    await counter.post(document)
    back = await counter.post(counter.back(document, exchange_group="x-1", reason="size"))
    swap = await counter.post(counter.sale(60_000, exchange_group="x-1"))
    for answer in (back, swap):
        assert (await counter.get(f"/v1/receipts/{answer['id']}"))["exchange_group"] == "x-1"
    assert swap["loyalty"]["balance"]["active"] == 6


async def test_an_anonymous_sale_comes_back_without_points(counter: Counter) -> None:
    """Nobody earned, nobody loses."""
    document = counter.sale(60_000, phone=None)
    await counter.post(document)
    back = await counter.post(counter.back(document))
    assert (back["loyalty"], back["customer_id"]) == (None, None)
    assert (await counter.get(f"/v1/receipts/{back['id']}"))["total"] == 60_000


async def test_a_return_of_a_return_is_refused(counter: Counter) -> None:
    """Only what was sold can come back."""
    document = counter.sale(60_000)
    await counter.post(document)
    back = counter.back(document)
    await counter.post(back)
    again = counter.document("return", returns={"source": back["source"], "external_id": back["external_id"]},
                             lines=[{"line": "1", "quantity": "1"}])  # fmt: skip
    assert (await counter.post(again, status=422))["code"] == "line-not-sold"


async def test_expired_points_of_a_returned_sale_are_not_taken_twice(later: Counter) -> None:
    """They expired unused: nobody had them, so the return owes nothing for them."""
    document = later.sale(60_000)
    sold = await later.post(document)
    later.clock.move(days=400)
    back = await later.post(later.back(document))
    assert back["loyalty"]["balance"] == ZERO
    account_id = sold["loyalty"]["account_id"]
    assert (await later.account(account_id, "/proof"))["equal"] is True
    assert (await later.account(account_id))["lifetime_earned"] == 0


def _ago(counter: Counter, **by: float) -> str:
    return (counter.clock.now() - timedelta(**by)).isoformat()
