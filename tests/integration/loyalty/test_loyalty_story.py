"""A shop's months, told at random over HTTP: whatever happens in whatever order, the ledger adds up after each step.

REGULARS_DEEP=1 tells more and longer stories.
"""

import os
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

import pytest
from sqlalchemy import text

from domain.kernel.money import quantity_text, thousandths
from persistence.ledger_checks import broken_rules
from tests.conftest import OWNER
from tests.support.counter import Counter, Json, line, shown
from tests.support.shop import Base

DEEP = os.environ.get("REGULARS_DEEP") == "1"
PHONES = ["+79350000001", "+79350000002", "+79350000003"]
STEPS = 200 if DEEP else 45

# What documents moved, by account: on both sides the same, because the preset program waives nothing.
LEDGER_AND_RECEIPTS = text(
    """
    SELECT coalesce(e.account_id, s.account_id) AS account_id, e.points AS by_entries, s.points AS by_lines
    FROM (SELECT account_id, sum(points) AS points FROM entry
          WHERE kind IN ('earn', 'redeem', 'reverse_earn', 'restore_redeem', 'debt_open') GROUP BY account_id) e
    FULL JOIN (SELECT r.account_id, sum(l.earned - l.reversed - l.redeemed + l.restored) AS points
               FROM receipt r JOIN receipt_line l ON l.receipt_id = r.receipt_id
               WHERE r.kind = 'sale' AND r.account_id IS NOT NULL GROUP BY r.account_id) s
      ON s.account_id = e.account_id
    WHERE coalesce(e.points, 0) <> coalesce(s.points, 0)
    """
)


@dataclass
class Sold:
    """A sale as the story remembers it; `left` is what may come back of each line, in thousandths."""

    document: Json
    id: str
    owner: str | None
    left: dict[str, int]
    returns: dict[str, tuple[Json, Json]] = field(default_factory=dict)
    voided: bool = False


@dataclass
class Figures:
    """A person's metrics, the naive way."""

    receipts: int = 0
    sales: int = 0
    returns: int = 0


class Story:
    """One shop; each step is something that a till, a manager or time does."""

    def __init__(self, counter: Counter, base: Base, tenant_id: UUID, seed: int) -> None:
        self.counter = counter
        self.base = base
        self.tenant_id = tenant_id
        self.dice = random.Random(seed)  # noqa: S311 - a story, no secret
        self.sales: list[Sold] = []
        self.figures: dict[str, Figures] = {phone: Figures() for phone in PHONES}
        self.told: list[str] = []

    async def step(self, steps: Mapping[str, int]) -> None:
        name = self.dice.choices(list(steps), list(steps.values()))[0]
        self.told.append(name)
        await getattr(self, name)()
        await self.check()

    async def sell(self) -> None:
        """Anybody or nobody buys; points are asked for as discount or tender, more than there are, or not at all."""
        dice = self.dice
        phone = dice.choice([*PHONES, *PHONES, None])
        totals = [dice.choice([1, 9_999, 33_333, 150_000, 400_000]) for _ in range(dice.randint(1, 3))]
        quantities = [dice.choice(["1", "0.333", "1.5", "3"]) for _ in totals]
        wish = min(dice.choice([0, 0, 5, 60, 800]), sum(totals) // 200)
        tender = dice.random() < 0.3
        paid = self._split(wish * 100, totals) if not tender else [0] * len(totals)
        lines = [
            line(total, number=number, quantity=quantity, points=part)
            for number, (total, quantity, part) in enumerate(zip(totals, quantities, paid, strict=True), start=1)
        ]
        document = self.counter.sale(*lines, phone=phone)
        sold_at = self.counter.clock.now() - timedelta(days=dice.choice([0, 0, 0, 3, 40]))
        document["sold_at"] = sold_at.isoformat()
        record = dice.random() < 0.5
        if wish:
            on_insufficient = "record" if record else "reject"
            document["redemption"] = {
                "points": wish, "as": "tender" if tender else "discount", "on_insufficient": on_insufficient,
            }  # fmt: skip
            if tender:
                rest = document["total"] - wish * 100
                document["payments"] = [
                    {"method": "points", "amount": wish * 100}, {"method": "card", "amount": rest},
                ]  # fmt: skip
        answered = await self.counter.api.post("/v1/receipts", json=document)
        if answered.status_code == 422:
            assert wish, answered.text
            assert not record, answered.text
            assert answered.json()["code"] in {"insufficient-points", "points-limit-exceeded"}
            return
        assert answered.status_code == 201, answered.text
        left = {str(one["line"]): thousandths(one["quantity"]) for one in document["lines"]}
        sold = Sold(document, answered.json()["id"], phone, left)
        self.sales.append(sold)
        self._count(sold, 1)

    async def return_early(self) -> None:
        """An offline till uploads the return before its sale."""
        phone = self.dice.choice(PHONES)
        document = self.counter.sale(line(150_000, quantity="3"), phone=phone)
        quantity = self.dice.randint(1, 3000)
        back = self.counter.back(document, {"line": "1", "quantity": quantity_text(quantity)})
        early = await self.counter.post(back)
        await self.check()
        answer = await self.counter.post(document)
        sold = Sold(document, answer["id"], phone, {"1": 3000 - quantity})
        sold.returns[early["id"]] = (back, {"1": quantity})
        self.sales.append(sold)
        self._count(sold, 1)
        self.figures[phone].returns += await self._money(early)

    async def resend(self) -> None:
        """Nothing that was told already is told twice."""
        sold = self._some_sale()
        if sold is None:
            return
        document = self.dice.choice([sold.document, *(back for back, _ in sold.returns.values())])
        answer = await self.counter.post(document, status=200)
        assert answer["status"] == "duplicate"

    async def take_back(self) -> None:
        """Any part of any line, days later."""
        sold = self._some_sale()
        if sold is None or sold.voided or not any(sold.left.values()):
            return
        number, rest = self.dice.choice([(number, rest) for number, rest in sold.left.items() if rest])
        quantity = self.dice.choice([rest, self.dice.randint(1, rest)])
        back = self.counter.back(sold.document, {"line": number, "quantity": quantity_text(quantity)})
        back["sold_at"] = (self.counter.clock.now() - timedelta(days=self.dice.choice([0, 0, 2, 20]))).isoformat()
        answer = await self.counter.post(back)
        sold.left[number] -= quantity
        sold.returns[answer["id"]] = (back, {number: quantity})
        if sold.owner is not None:
            self.figures[sold.owner].returns += await self._money(answer)

    async def void(self) -> None:
        """A sale as if it had not been, or a return that was a mistake."""
        sold = self._some_sale()
        if sold is None or sold.voided:
            return
        if sold.returns and self.dice.random() < 0.6:
            receipt_id = self.dice.choice(list(sold.returns))
            await self.counter.call(f"/v1/receipts/{receipt_id}/void", {"reason": "cashier_error"})
            _, lines = sold.returns.pop(receipt_id)
            for number, quantity in lines.items():
                sold.left[number] += quantity
            if sold.owner is not None:
                self.figures[sold.owner].returns -= await self._money({"id": receipt_id})
            return
        if self.dice.random() < 0.5:
            return
        await self.counter.call(f"/v1/receipts/{sold.id}/void", {"reason": "payment_failed"})
        await self._uncount(sold)
        sold.voided = True

    async def reassign(self) -> None:
        """The wrong phone, or none, was typed."""
        sold = self._some_sale()
        if sold is None or sold.voided:
            return
        owner = self.dice.choice(PHONES)
        body = {"customer": shown(owner), "reason": "wrong number"}
        await self.counter.call(f"/v1/receipts/{sold.id}/reassign", body)
        if sold.owner == owner:
            return
        returned = await self._uncount(sold)
        sold.owner = owner
        self._count(sold, 1)
        self.figures[owner].returns += returned

    async def adjust(self) -> None:
        """By hand, with and without an end, never below zero."""
        points = self.dice.choice([5, 40, 200, -1, -30])
        ends = None
        if points > 0 and self.dice.random() < 0.5:
            ends = (self.counter.clock.now() + timedelta(days=self.dice.choice([1, 10, 400]))).isoformat()
        body = {"customer": shown(self.dice.choice(PHONES)), "points": points, "reason": "story", "expires_at": ends}
        answered = await self.counter.api.post("/v1/loyalty/adjustments", json=body)
        assert answered.status_code == 201 or (points < 0 and answered.status_code == 422), answered.text

    async def wait(self) -> None:
        """Nobody comes, and no job runs."""
        self.counter.clock.move(days=self.dice.choice([0.1, 1, 13, 30, 200]))

    async def check(self) -> None:
        """Everything that must hold after every step."""
        async with self.base.store.transaction(self.tenant_id, OWNER) as unit:
            assert await broken_rules(unit.session) == {}, self.told
            differences = (await unit.connection.execute(LEDGER_AND_RECEIPTS)).mappings().all()
            assert [dict(row) for row in differences] == [], self.told
        for account in (await self.counter.get("/v1/loyalty/accounts"))["items"]:
            balance = account["balance"]
            assert min(balance[name] for name in ("active", "pending", "held", "debt")) >= 0, self.told
            assert not (balance["debt"] and balance["active"]), self.told

    async def prove(self) -> None:
        """The long way: every account by its own entries, every person's figures by what was told."""
        for account in (await self.counter.get("/v1/loyalty/accounts"))["items"]:
            proof = await self.counter.account(account["id"], "/proof")
            assert proof["equal"] is True, (proof, self.told)
            entries = await self.counter.everything(account["id"], "/entries")
            assert len(entries) == proof["entries"]
            held = sum(entry["points"] for entry in entries if entry["kind"] not in {"debt_open", "activate"})
            assert held == proof["balance"]["active"] + proof["balance"]["pending"]
            lots = await self.counter.everything(account["id"], "/lots")
            assert sum(lot["remaining"] for lot in lots) == held
        for phone, figures in self.figures.items():
            found = await self.counter.call("/v1/customers/resolve", {"identifiers": shown(phone)["identifiers"]})
            if found["customer"] is None:
                continue
            metrics = (await self.counter.get(f"/v1/customers/{found['customer']['id']}"))["metrics"]
            known = (metrics["receipts"], metrics["sales_total"], metrics["returns_total"])
            assert known == (figures.receipts, figures.sales, figures.returns), (phone, self.told)

    async def undo_everything(self) -> None:
        """Every sale is void."""
        for sold in self.sales:
            await self.counter.call(f"/v1/receipts/{sold.id}/void", {"reason": "test"})

    def _some_sale(self) -> Sold | None:
        return self.dice.choice(self.sales) if self.sales else None

    def _split(self, amount: int, totals: list[int]) -> list[int]:
        whole = sum(totals)
        parts = [amount * total // whole for total in totals]
        for index in range(len(parts)):
            room = min(totals[index] - parts[index], amount - sum(parts))
            parts[index] += room
        return parts

    def _counted(self, sold: Sold) -> int:
        payments = sold.document.get("payments", [])
        return int(sold.document["total"]) - sum(one["amount"] for one in payments if one["method"] == "points")

    def _count(self, sold: Sold, sign: int) -> None:
        if sold.owner is not None:
            self.figures[sold.owner].receipts += sign
            self.figures[sold.owner].sales += sign * self._counted(sold)

    async def _uncount(self, sold: Sold) -> int:
        """Take a sale and its returns out of its owner's figures; return the money of its returns."""
        returned = sum([await self._money({"id": receipt_id}) for receipt_id in sold.returns])
        self._count(sold, -1)
        if sold.owner is not None:
            self.figures[sold.owner].returns -= returned
        return returned

    async def _money(self, answer: Json) -> int:
        """Return what a return gave back in money, as its receipt says."""
        async with self.base.store.transaction(self.tenant_id, OWNER) as unit:
            statement = text("SELECT counted FROM receipt WHERE receipt_id = :id")
            return int((await unit.connection.execute(statement, {"id": answer["id"]})).scalar_one())


WITH_TIME = {
    "sell": 8,
    "return_early": 1,
    "resend": 2,
    "take_back": 5,
    "void": 3,
    "reassign": 2,
    "adjust": 3,
    "wait": 3,
}
WITHOUT_TIME = {name: weight for name, weight in WITH_TIME.items() if name != "wait"}


async def story_of(counter: Counter, base: Base, seed: int) -> Story:
    tenant_id = UUID((await counter.get("/v1/me"))["tenant_id"])
    return Story(counter, base, tenant_id, seed)


@pytest.mark.parametrize("seed", range(20 if DEEP else 5))
async def test_whatever_happens_the_ledger_adds_up(later: Counter, base: Base, seed: int) -> None:
    """Invariants 1–5 on PostgreSQL: sales, resends, returns, voids, corrections, adjustments, and leaps of time."""
    story = await story_of(later, base, seed)
    for _ in range(STEPS):
        await story.step(WITH_TIME)
    await story.prove()


@pytest.mark.parametrize("seed", range(100, 110 if DEEP else 102))
async def test_what_was_undone_leaves_only_what_was_given_by_hand(later: Counter, base: Base, seed: int) -> None:
    """Invariant 3: after every sale is void, an account holds its adjustments exactly, whatever came between."""
    story = await story_of(later, base, seed)
    steps = WITHOUT_TIME | {"sell": 10}
    for _ in range(STEPS):
        await story.step(steps)
    await story.undo_everything()
    for account in (await later.get("/v1/loyalty/accounts"))["items"]:
        entries = await later.everything(account["id"], "/entries")
        expired = sum(entry["points"] for entry in entries if entry["kind"] in {"expire", "reinstate"})
        by_hand = sum(entry["points"] for entry in entries if entry["kind"] == "adjust")
        balance = account["balance"]
        assert balance["active"] - balance["debt"] == by_hand + expired, story.told
        assert account["lifetime_earned"] == 0
        metrics = (await later.get(f"/v1/customers/{account['members'][0]['customer_id']}"))["metrics"]
        assert (metrics["receipts"], metrics["spent_total"]) == (0, 0)
