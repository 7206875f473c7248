"""Which sale a return means: every fiscal scheme and QR, early ones, those that name none, numbers of several roads."""

import itertools
from datetime import timedelta
from typing import Any

import pytest

from tests.support.counter import OTHER_PHONE, Counter, Json, codes, line, shown

numbers = itertools.count(1000)


def fiscal(**more: Any) -> Json:
    return {"scheme": "ru-ffd", "fn": "9960440300712345", "fd": str(next(numbers)), "fp": "3826178549"} | more


async def figures(counter: Counter, answer: Json) -> tuple[int, int, int, int]:
    one = (await counter.get(f"/v1/customers/{answer['customer_id']}"))["metrics"]
    return one["receipts"], one["sales_total"], one["returns_total"], one["spent_total"]


async def balance(counter: Counter, answer: Json) -> tuple[int, int]:
    account_id = answer["loyalty"]["account_id"]
    assert (await counter.account(account_id, "/proof"))["equal"]
    account = await counter.account(account_id)
    return account["balance"]["active"], account["balance"]["debt"]


@pytest.mark.parametrize("sent", ["qr", "fiscal"])
async def test_the_fiscal_identity_ignores_leading_zeros(counter: Counter, sent: str) -> None:
    """Tills print them, QR codes leave them out."""
    printed = fiscal(fd="0000000042", fp="0026178549")
    await counter.post(counter.sale(60_000, fiscal=printed))
    short = {"scheme": "ru-ffd", "fn": printed["fn"], "fd": "42", "fp": "26178549"}
    named = (
        {"qr": f"t=20261120T123000&s=600.00&fn={printed['fn']}&i=42&fp=26178549&n=1"}
        if sent == "qr"
        else {"fiscal": short}
    )
    back = counter.document("return", returns=named, lines=[{"line": "1", "quantity": "1"}])
    assert (await counter.post(back))["loyalty"]["reversed"] == 6


@pytest.mark.parametrize(
    "scheme",
    [{"scheme": "ua-rro", "registrar": "3000123456", "number": "77", "mac": "ab", "offline": False},
     {"scheme": "other", "country": "DE", "id": "TSE-1/77", "qr": "V0;77"}],
    ids=["ua-rro", "other"],
)  # fmt: skip
async def test_every_fiscal_scheme_is_a_key(counter: Counter, scheme: Json) -> None:
    """One key per scheme, all of strings."""
    document = counter.sale(60_000, fiscal=scheme)
    sold = await counter.post(document)
    read = await counter.get(f"/v1/receipts/{sold['id']}")
    assert read["fiscal"] == scheme
    again = await counter.post(document | {"source": "ofd", "external_id": "x"}, status=200)
    assert (again["id"], again["status"]) == (sold["id"], "duplicate")
    back = counter.document("return", returns={"fiscal": scheme}, lines=[{"line": "1", "quantity": "1"}])
    assert (await counter.post(back))["loyalty"]["reversed"] == 6


async def test_a_return_before_its_sale_is_kept(counter: Counter) -> None:
    """Warning `sale-not-found`, state `waiting`; it takes effect when the sale arrives, by whatever key it named."""
    printed = fiscal()
    document = counter.sale(60_000, fiscal=printed)
    lines = [{"line": "1", "quantity": "1", "name": "Кофе", "category": "coffee"}]
    early = await counter.post(counter.document("return", returns={"fiscal": printed}, lines=lines))
    assert (codes(early), early["loyalty"], early["status"]) == (["sale-not-found"], None, "recorded")
    waiting = await counter.get(f"/v1/receipts/{early['id']}")
    assert (waiting["state"], waiting["customer_id"]) == ("waiting", None)
    assert {name: waiting["lines"][0][name] for name in lines[0]} == lines[0]
    sold = await counter.post(document)
    assert (sold["loyalty"]["earned"], sold["loyalty"]["balance"]["active"]) == (6, 0)
    assert await figures(counter, sold) == (1, 60_000, 60_000, 0)
    read = await counter.get(f"/v1/receipts/{early['id']}")
    assert (read["state"], read["customer_id"]) == ("recorded", sold["customer_id"])
    assert await balance(counter, sold) == (0, 0)


async def test_a_return_without_returns_finds_its_sale(counter: Counter) -> None:
    """By customer, sku and unit price within 30 days, newest first; line numbers are the return's own."""

    def ago(days: int) -> str:
        return (counter.clock.now() - timedelta(days=days)).isoformat()

    await counter.post(counter.sale(line(60_000, sku="a"), sold_at=ago(31)))
    old = await counter.post(counter.sale(line(10_000, sku="b"), line(60_000, number=2, sku="a"), sold_at=ago(20)))
    new = await counter.post(counter.sale(line(10_000, sku="b"), line(60_000, number=2, sku="a"), sold_at=ago(10)))
    await counter.post(counter.sale(line(50_000, sku="a"), sold_at=ago(5)))
    given = {"line": "1", "sku": "a", "quantity": "1", "unit_price": 60_000}
    for expected in (new, old):
        answer = await counter.post(counter.document("return", customer=shown(), lines=[given]))
        assert (answer["linked_by"], answer["loyalty"]["reversed"]) == ("inferred", 6)
        assert (await counter.get(f"/v1/receipts/{answer['id']}"))["sale_id"] == expected["id"]
    last = await counter.post(counter.document("return", customer=shown(), lines=[given]))
    assert codes(last) == ["sale-not-found"], "the one of 31 days ago is too old"
    parked = (await counter.get("/v1/receipts/parked"))["items"]
    assert [one["reason"] for one in parked] == ["sale-not-found"]


async def test_a_line_number_alone_infers_nothing(counter: Counter) -> None:
    """Without a sale a line number names nothing: it must not take points of whatever was bought last."""
    sold = await counter.post(counter.sale(60_000))
    answer = await counter.post(counter.document("return", customer=shown(), lines=[{"line": "1", "quantity": "1"}]))
    assert (codes(answer), answer["linked_by"]) == (["sale-not-found"], None)
    assert await balance(counter, sold) == (6, 0)


async def test_another_customers_sale_is_not_inferred(counter: Counter) -> None:
    """Matched by customer first."""
    await counter.post(counter.sale(60_000))
    await counter.post(counter.sale(1_000, phone=OTHER_PHONE))
    back = counter.document(
        "return", customer=shown(OTHER_PHONE), lines=[{"sku": "coffee", "quantity": "1", "unit_price": 60_000}]
    )
    assert codes(await counter.post(back)) == ["sale-not-found"]


GERMAN = {"scheme": "other", "country": "DE", "id": "TSE-1/77", "qr": "V0;955002-00;Kassenbeleg-V1;Beleg^0.00^600.00"}


async def test_a_qr_of_another_country_finds_what_was_sent_with_it(counter: Counter) -> None:
    """Nothing of it is read: the text itself is the way to find, claim and return."""
    document = counter.sale(60_000, fiscal=GERMAN, phone=None)
    sold = await counter.post(document)
    found = await counter.call("/v1/receipts/find", {"qr": GERMAN["qr"]})
    assert [one["id"] for one in found["items"]] == [sold["id"]]
    claimed = await counter.call("/v1/receipts/claim", {"qr": f" {GERMAN['qr']}", "customer": shown()})
    assert (claimed["id"], claimed["loyalty"]["earned"]) == (sold["id"], 6)
    lines = [{"line": "1", "quantity": "1"}]
    back = await counter.post(counter.document("return", returns={"qr": GERMAN["qr"]}, lines=lines))
    assert back["loyalty"]["reversed"] == 6
    early = await counter.post(counter.document("return", returns={"qr": "V0;other"}, lines=lines))
    assert codes(early) == ["sale-not-found"]
    late = await counter.post(counter.sale(60_000, fiscal=GERMAN | {"id": "TSE-1/78", "qr": "V0;other"}))
    assert late["loyalty"]["balance"]["active"] == 0


async def test_a_wrong_fiscal_sign_finds_nothing(counter: Counter) -> None:
    """`fp` is the check of (fn, fd): whoever counts numbers through learns nothing, and returns nothing."""
    printed = fiscal()
    sold = await counter.post(counter.sale(60_000, fiscal=printed))
    wrong = printed | {"fp": "1"}
    assert (await counter.call("/v1/receipts/find", {"fiscal": wrong}))["items"] == []
    qr = f"t=20261120T1230&s=600.00&fn={printed['fn']}&i={printed['fd']}&fp=1&n=1"
    assert (await counter.call("/v1/receipts/find", {"qr": qr}))["items"] == []
    for named in ({"fiscal": wrong}, {"qr": qr}):
        body = counter.document("return", returns=named, lines=[{"line": "1", "quantity": "1"}])
        assert codes(await counter.post(body)) == ["sale-not-found"]
    assert await balance(counter, sold) == (6, 0)


async def test_an_early_return_of_an_order_waits_for_the_right_receipt(counter: Counter) -> None:
    """An order is shipped in parts; what comes back is of the part that comes last."""
    lines = [{"sku": "b", "quantity": "1"}]
    early = await counter.post(counter.document("return", returns={"order_id": "o-9"}, lines=lines))
    await counter.post(counter.sale(line(60_000, sku="a"), order_id="o-9"))
    assert (await counter.get(f"/v1/receipts/{early['id']}"))["state"] == "waiting"
    second = await counter.post(counter.sale(line(30_000, sku="b"), order_id="o-9"))
    read = await counter.get(f"/v1/receipts/{early['id']}")
    assert (read["state"], read["sale_id"]) == ("recorded", second["id"])
    assert await balance(counter, second) == (6, 0)


async def test_a_receipt_is_known_by_the_numbers_of_every_road(counter: Counter) -> None:
    """The fiscal operator was first, the till second: a return by the till's own number finds the sale."""
    printed = fiscal()
    by_operator = counter.sale(60_000, source="ofd", fiscal=printed, phone=None)
    sold = await counter.post(by_operator)
    by_till = by_operator | {"source": "till-1", "external_id": "own-1", "customer": shown()}
    assert (await counter.post(by_till, status=200))["loyalty"]["earned"] == 6
    del by_till["fiscal"]
    assert (await counter.post(by_till, status=200))["id"] == sold["id"], "known by it alone from now on"
    await counter.post(by_till | {"total": 70_000, "lines": [line(70_000)]}, status=409)
    named = {"source": "till-1", "external_id": "own-1"}
    assert [one["id"] for one in (await counter.call("/v1/receipts/find", named))["items"]] == [sold["id"]]
    back = counter.document("return", returns=named, lines=[{"line": "1", "quantity": "1"}])
    assert (await counter.post(back))["loyalty"]["reversed"] == 6
    assert len((await counter.get("/v1/receipts", kind="sale"))["items"]) == 1


@pytest.mark.parametrize("how", ["fiscal", "number"])
async def test_a_return_that_waits_for_a_later_number_takes_effect_with_it(counter: Counter, how: str) -> None:
    """The sale was there, but not yet under the name that the return knows it by."""
    printed = fiscal()
    document = counter.sale(60_000, **({} if how == "fiscal" else {"fiscal": printed}))
    sold = await counter.post(document)
    named = {"fiscal": printed} if how == "fiscal" else {"source": "ofd", "external_id": "o-1"}
    early = await counter.post(counter.document("return", returns=named, lines=[{"line": "1", "quantity": "1"}]))
    assert codes(early) == ["sale-not-found"]
    later = {"fiscal": printed} if how == "fiscal" else {"source": "ofd", "external_id": "o-1"}
    again = await counter.post(document | later, status=200)
    assert (again["id"], again["loyalty"]["balance"]["active"]) == (sold["id"], 0)
    assert (await counter.get(f"/v1/receipts/{early['id']}"))["state"] == "recorded"
