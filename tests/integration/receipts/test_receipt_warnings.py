"""A sale is a fact: it is recorded, what cannot be done is left out, and a warning says what and why."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text

from domain.kernel.ids import new_id
from tests.support.counter import OTHER_PHONE, PHONE, Counter, Json, codes, line, moment, shown
from tests.support.shop import Base


async def tenant_of(counter: Counter) -> UUID:
    return UUID((await counter.get("/v1/me"))["tenant_id"])


async def run(base: Base, counter: Counter, statement: str, **values: object) -> None:
    """Put rows into a state that no operation of this version brings about."""
    tenant_id = await tenant_of(counter)
    async with base.database.scoped(tenant_id) as connection:
        await connection.execute(text(statement), values | {"tenant_id": tenant_id})


async def test_a_well_known_sale_has_no_warnings(counter: Counter) -> None:
    """Warnings are news: nothing was left out, nothing is said."""
    await counter.post(counter.sale(10_000, store="main"))
    again = await counter.post(counter.sale(10_000, store="main"))
    assert again["warnings"] == []


async def test_unknown_store_register_and_employee_become_plain_records(counter: Counter) -> None:
    """Codes that nobody knew are created unconfirmed; only the store is worth a warning, and once."""
    first = await counter.post(counter.sale(10_000, store="north", register="7", employee="e-9"))
    assert [warning["code"] for warning in first["warnings"]] == ["unknown-store"]
    assert first["warnings"][0]["pointer"] == "/store"
    again = await counter.post(counter.sale(10_000, store="north", register="7", employee="e-9"))
    assert again["warnings"] == []
    for path, code in (("stores", "north"), ("registers", "7"), ("employees", "e-9")):
        (record,) = (await counter.get(f"/v1/{path}", code=code))["items"]
        assert record["confirmed"] is False


async def test_an_unknown_customer_id_is_recorded_anonymous(counter: Counter) -> None:
    """Tills send ids from old caches: the sale stands, without a person."""
    answer = await counter.post(counter.sale(10_000, customer={"id": str(uuid4())}))
    assert codes(answer) == ["unknown-customer"]
    assert (answer["customer_id"], answer["loyalty"]) == (None, None)


async def test_an_impossible_phone_is_recorded_anonymous(counter: Counter) -> None:
    """A cashier typed nonsense: the sale stands, the warning points at what was typed."""
    answer = await counter.post(counter.sale(10_000, customer=shown("12")))
    assert codes(answer) == ["unknown-customer"]
    assert answer["warnings"][0]["pointer"] == "/customer/identifiers/0"
    assert answer["customer_id"] is None


async def test_a_customer_nobody_knows_stays_away_unless_asked_for(counter: Counter) -> None:
    """`on_missing` is none unless the till says create: then nothing is wrong, and nobody is made."""
    answer = await counter.post(counter.sale(10_000, customer=shown(on_missing="none")))
    assert (answer["customer_match"], answer["customer_id"], codes(answer)) == ("none", None, [])


async def test_a_clock_ahead_counts_from_when_it_was_received(counter: Counter) -> None:
    """A till a year ahead must not give points that live a year longer."""
    ahead = (counter.clock.now() + timedelta(days=400)).isoformat()
    answer = await counter.post(counter.sale(10_000, sold_at=ahead))
    assert codes(answer) == ["clock-skew"]
    (lot,) = await counter.everything(answer["loyalty"]["account_id"], "/lots")
    assert moment(lot["activates_at"]) <= counter.clock.now()
    assert moment(lot["expires_at"]) < counter.clock.now() + timedelta(days=367)
    nearly = (counter.clock.now() + timedelta(minutes=59)).isoformat()
    assert codes(await counter.post(counter.sale(10_000, sold_at=nearly))) == []


async def test_a_currency_without_a_rate_counts_no_points(counter: Counter) -> None:
    """Neither the shop's currency nor the store's: the money is history, points are not."""
    answer = await counter.post(counter.sale(10_000, currency="USD"))
    assert codes(answer) == ["no-rate"]
    assert answer["loyalty"]["earned"] == 0
    metrics = (await counter.get(f"/v1/customers/{answer['customer_id']}"))["metrics"]
    assert metrics["spent_total"] == 0, "another currency is not added to the shop's own"


async def test_a_line_within_rounding_is_the_tills_truth(counter: Counter) -> None:
    """At most max(1, ⌈quantity⌉) minor units of difference are kept as the till says."""
    one = line(10_001) | {"unit_price": 10_000}
    answer = await counter.post(counter.sale(one, total=10_001))
    assert codes(answer) == ["line-total-adjusted"]
    assert answer["warnings"][0]["pointer"] == "/lines/0/total"
    three = line(30_000, quantity="2.5") | {"unit_price": 12_000, "discount": 0, "discounts": [], "total": 30_003}
    assert codes(await counter.post(counter.sale(three, total=30_003))) == ["line-total-adjusted"]
    refused = await counter.post(counter.sale(three | {"total": 30_004}, total=30_004), status=422)
    assert refused["code"] == "receipt-does-not-add-up"
    assert [error["pointer"] for error in refused["errors"]] == ["/lines/0/total"]


async def test_coupons_and_holds_are_unknown_until_they_exist(counter: Counter) -> None:
    """Fields of later versions are accepted from the start: the sale stands, they have no effect."""
    answer = await counter.post(counter.sale(10_000, coupons=["WELCOME", "SUMMER"]))
    assert codes(answer) == ["coupon-refused", "coupon-refused"]
    assert [warning["pointer"] for warning in answer["warnings"]][-2:] == ["/coupons/0", "/coupons/1"]
    held = await counter.post(counter.sale(10_000, redemption={"hold_id": str(uuid4())}))
    assert codes(held) == ["hold-lapsed"]


async def test_a_lapsed_hold_takes_points_from_what_is_active(counter: Counter) -> None:
    """Its till was told what to print: as many as `points`, else as the lines say, come from what there is."""
    await counter.grant(100)
    said = await counter.post(counter.spending(20_000, 60, redemption={"hold_id": str(uuid4())}) | {"redemption": {
        "hold_id": str(uuid4()), "points": 60}})  # fmt: skip
    assert (codes(said), said["loyalty"]["redeemed"]) == (["hold-lapsed"], 60)
    document = counter.spending(20_000, 30)
    by_lines = await counter.post(document | {"redemption": {"hold_id": str(uuid4())}})
    assert (codes(by_lines), by_lines["loyalty"]["redeemed"]) == (["hold-lapsed"], 30)


async def test_points_beyond_the_balance_become_a_debt_when_the_receipt_is_printed(counter: Counter) -> None:
    """`record`: the customer has the goods, so what is missing is owed."""
    await counter.grant(10)
    answer = await counter.post(counter.spending(10_000, 30, redemption={"on_insufficient": "record"}))
    assert codes(answer) == ["points-to-debt"]
    assert answer["loyalty"]["redeemed"] == 30
    assert answer["loyalty"]["balance"]["active"] == 0
    assert answer["loyalty"]["balance"]["debt"] == 20


async def test_points_of_nobody_are_not_spent(counter: Counter) -> None:
    """An anonymous receipt with a points discount is a fact without an account."""
    document = counter.spending(10_000, 30, phone=None, redemption={"on_insufficient": "record"})
    assert codes(await counter.post(document)) == ["points-not-spent"]


async def test_a_shared_phone_names_nobody(counter: Counter, base: Base) -> None:
    """A phone that several share answers ambiguous; nobody gets the points, nobody is made."""
    await counter.post(counter.sale(10_000))
    await run(base, counter, "UPDATE identifier SET status = 'shared' WHERE tenant_id = :tenant_id")
    answer = await counter.post(counter.sale(10_000))
    assert (answer["customer_match"], codes(answer)) == ("ambiguous", ["customer-ambiguous"])
    assert answer["customer_id"] is None


async def test_the_card_in_hand_wins_over_the_phone_that_was_typed(counter: Counter) -> None:
    """Nobody can be asked any more: what was held in hand is believed, and the conflict is told."""
    card = {"type": "card", "value": "2000000000012"}
    phone = {"type": "phone", "value": PHONE}
    by_card = await counter.post(counter.sale(10_000, customer={"identifiers": [card], "on_missing": "create"}))
    by_phone = await counter.post(counter.sale(10_000, customer={"identifiers": [phone], "on_missing": "create"}))
    assert by_card["customer_id"] != by_phone["customer_id"]
    both = await counter.post(counter.sale(10_000, customer={"identifiers": [phone, card]}))
    assert codes(both) == ["identifier-conflict"]
    assert both["customer_id"] == by_card["customer_id"]


async def test_restricted_goods_neither_earn_nor_take_points(counter: Counter) -> None:
    """Tobacco in Russia: the law forbids it whatever the owner wants; the line is named, the rest earns (C32)."""
    await counter.grant(1000)
    tobacco = line(20_000, number=1, restrictions=["tobacco"])
    answer = await counter.post(counter.sale(tobacco, line(10_000, number=2)))
    assert codes(answer) == ["restricted-line"]
    assert answer["warnings"][-1]["pointer"] == "/lines/0"
    assert answer["loyalty"]["earned"] == 1
    paid = line(20_000, number=1, restrictions=["tobacco"], points=5_000)
    wish = {"points": 50, "as": "discount"}
    refused = await counter.post(counter.sale(paid, line(30_000, number=2), redemption=wish), status=422)
    assert refused["code"] == "points-limit-exceeded"
    recorded = await counter.post(counter.sale(paid, redemption=wish | {"on_insufficient": "record"}))
    assert "restricted-line" in codes(recorded)


async def test_a_return_without_its_sale_waits(counter: Counter) -> None:
    """`sale-not-found`: kept, and without effect until the sale comes."""
    unknown = {"source": "till-9", "external_id": "never"}
    answer = await counter.post(counter.document("return", returns=unknown, lines=[{"line": "1", "quantity": "1"}]))
    assert codes(answer) == ["sale-not-found"]
    assert (await counter.get(f"/v1/receipts/{answer['id']}"))["state"] == "waiting"


async def test_a_frozen_account_earns_and_does_not_spend(counter: Counter, base: Base) -> None:
    """Frozen: nothing goes out; a receipt that is printed already is a fact all the same."""
    account_id = (await counter.grant(100))["account_id"]
    await run(base, counter, "UPDATE account SET status = 'frozen' WHERE tenant_id = :tenant_id")
    refused = await counter.post(counter.spending(10_000, 30), status=409)
    assert refused["code"] == "account-frozen"
    answer = await counter.post(counter.spending(10_000, 30, redemption={"on_insufficient": "record"}))
    assert codes(answer) == ["account-frozen"]
    assert (answer["loyalty"]["redeemed"], answer["loyalty"]["earned"]) == (0, 0)
    earned = await counter.post(counter.sale(10_000))
    assert earned["loyalty"]["earned"] == 1
    assert (await counter.account(account_id))["status"] == "frozen"


async def test_an_erased_customer_is_nobody(counter: Counter, base: Base) -> None:
    """Their id in an old till's cache finds no person: the receipt is anonymous."""
    customer_id = (await counter.grant(10))["customer_id"]
    await run(base, counter, "UPDATE customer SET state = 'erased' WHERE tenant_id = :tenant_id")
    answer = await counter.post(counter.sale(10_000, customer={"id": customer_id}))
    assert (codes(answer), answer["customer_id"]) == (["unknown-customer"], None)


@pytest.mark.parametrize("locale", ["ru-RU"])
async def test_every_warning_can_be_read_to_a_customer(counter: Counter, locale: str) -> None:
    """`detail` is in the shop's language and names no field."""
    answer = await counter.post(counter.sale(10_000, coupons=["X"], currency="EUR", store="east"))
    for warning in answer["warnings"]:
        assert any("а" <= letter <= "я" for letter in warning["detail"].lower()), (locale, warning)
        assert "_" not in warning["detail"]


async def test_refusals_are_kept_to_broken_documents(counter: Counter) -> None:
    """4xx only for a broken body, sums, dates, keys and returns: the code says which."""
    cases: list[tuple[Json, int, str]] = [
        (counter.sale(10_000, total=10_100), 422, "receipt-does-not-add-up"),
        (counter.sale(10_000, payments=[{"method": "card", "amount": 9_999}]), 422, "receipt-does-not-add-up"),
        (counter.sale(10_000, sold_at="1989-12-31T23:59:59Z"), 422, "date-out-of-range"),
        (counter.sale(10_000, rounding=100, total=10_100), 400, "invalid-request"),
        (counter.document("return", returns={"receipt_id": str(new_id())}, lines=[{"line": "1", "quantity": "1"}]),
         422, "unknown-reference"),
    ]  # fmt: skip
    for document, status, code in cases:
        assert (await counter.post(document, status=status))["code"] == code
    assert (await counter.get("/v1/receipts"))["items"] == []


async def test_rounding_up_to_99_belongs_to_the_total(counter: Counter) -> None:
    """Points ignore it, figures do not."""
    answer = await counter.post(counter.sale(9_990, rounding=10, total=10_000, phone=OTHER_PHONE))
    assert (answer["loyalty"]["earned"], codes(answer)) == (0, [])
    metrics = (await counter.get(f"/v1/customers/{answer['customer_id']}"))["metrics"]
    assert metrics["sales_total"] == 10_000


async def test_an_empty_receipt_is_legal(counter: Counter) -> None:
    """`total: 0` with no payments: a gift, a fully discounted basket."""
    answer = await counter.post(counter.sale(line(0), payments=[]))
    assert answer["loyalty"]["earned"] == 0
