"""The ledger against a naive model: any order of sales, returns, voids, corrections and time.

REGULARS_DEEP=1 tells sixteen times as many stories.
"""

import os
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from fractions import Fraction
from uuid import UUID

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from domain.history.receipt import Payment
from domain.kernel.clock import business_date
from domain.kernel.ids import new_id
from domain.loyalty.entries import EntryKind
from domain.loyalty.errors import InsufficientPoints, PointsLimitExceeded
from domain.loyalty.lots import LotState
from domain.loyalty.program import Rounding, Shortfall
from domain.loyalty.redeeming import DISCOUNT, TENDER
from tests.unit.loyalty.naive import Dates, Effect, NaiveAccount, NaiveLine, Spent, half_up, midnight_after, split
from tests.unit.loyalty.till import MOSCOW, PROGRAM, SoldReceipt, Stored, Till, goods

DEEP = os.environ.get("REGULARS_DEEP") == "1"


@dataclass
class NaiveSale:
    number: int
    real: SoldReceipt
    owner: int
    spent: Spent
    lines: list[NaiveLine]
    dates: Dates
    returns: dict[UUID, tuple[Effect | None, list[tuple[int, dict[str, int]]], int]] = field(default_factory=dict)


class Story(RuleBasedStateMachine):
    """Two accounts in one shop; the clock only goes on."""

    @initialize(
        policy=st.sampled_from([Shortfall.ALLOW_DEBT, *Shortfall]),
        activate_after_days=st.sampled_from([0, 0, 2]),
        expiry_days=st.sampled_from([365, 20, None]),
        share=st.sampled_from([50, 100]),
        rounding=st.sampled_from(Rounding),
        earn_points=st.sampled_from([1, 3, 20]),
        first=st.sampled_from([None, 1, 2, 5]),
    )
    def open_shop(
        self,
        *,
        policy: Shortfall,
        activate_after_days: int,
        expiry_days: int | None,
        share: int,
        rounding: Rounding,
        earn_points: int,
        first: int | None,
    ) -> None:
        program = replace(
            PROGRAM,
            shortfall=policy,
            activate_after_days=activate_after_days,
            expiry_days=expiry_days,
            max_share_percent=share,
            earn_rounding=rounding,
            earn_points=earn_points,
        )
        self.accounts = [Stored(new_id()), Stored(new_id())]
        self.till = Till(program=program, first=first, account=self.accounts[0])
        self.naive = [NaiveAccount(policy.value), NaiveAccount(policy.value)]
        self.sales: list[NaiveSale] = []

    # What a shop does

    @rule(
        owner=st.sampled_from([0, 0, 1]),
        totals=st.lists(st.sampled_from([0, 1, 9_999, 10_000, 33_333, 150_000, 400_000]), min_size=1, max_size=3),
        quantities=st.lists(st.sampled_from([1, 333, 1000, 1500, 3000]), min_size=3, max_size=3),
        delivery=st.sampled_from([None, None, 0]),
        wish=st.sampled_from([0, 0, 1, 7, 30, 60, 1000]),
        tender=st.booleans(),
        record=st.booleans(),
        late=st.sampled_from([0, 0, 0, 1, 40]),
    )
    def sell(
        self,
        *,
        owner: int,
        totals: list[int],
        quantities: list[int],
        delivery: int | None,
        wish: int,
        tender: bool,
        record: bool,
        late: int,
    ) -> None:
        """Points may be asked for as discount or tender, refused or recorded, more than there are or is allowed."""
        till, program, now = self.till, self.till.program, self.till.now
        price, sold_at = program.point_price, now - timedelta(days=late)
        wish = min(wish, sum(totals) // price)
        naive = self.naive[owner]
        naive.pass_time(now)
        available = len(naive.spendable(now))
        if wish > 60:  # all there is, as far as the receipt allows
            wish = min(available, sum(totals) * program.max_share_percent // 100 // price)
        kinds = ["delivery" if i == delivery and len(totals) > 1 else "goods" for i in range(len(totals))]
        eligible = [total if kind == "goods" else 0 for total, kind in zip(totals, kinds, strict=True)]
        paid = split(wish * price, totals if not tender else (eligible if any(eligible) else totals))
        lines = [
            goods(total - (0 if tender else part), paid_by_points=0 if tender else part, quantity=quantity, kind=kind)
            for total, part, quantity, kind in zip(totals, paid, quantities, kinds, strict=False)
        ]
        limit = sum(eligible) * program.max_share_percent // 100 // price
        wrong = wish > limit or (not tender and any(p and not e for p, e in zip(paid, eligible, strict=True)))

        def post() -> SoldReceipt:
            return till.sell(
                *lines,
                points=wish or None,
                presentation=TENDER if tender else DISCOUNT,
                payments=[Payment("points", wish * price)] if tender and wish else [],
                record=record,
                sold_at=sold_at,
                account=self.accounts[owner],
            )

        if wish and not record and (wrong or wish > available):
            with pytest.raises(PointsLimitExceeded if wrong else InsufficientPoints):
                post()
            return
        receipt = post()
        spent = Spent()
        over = max(0, wish - limit) if program.shortfall is not Shortfall.ALLOW_DEBT else 0
        charged = naive.redeem(wish - over, now, spent)
        redeemed = split(charged, split(wish, paid))
        bases = [max(0, base - part) for base, part in zip(eligible, paid, strict=True)]
        earned = self._earned(sum(bases))
        dates = self._life(sold_at)
        number = len(self.sales)
        naive.credit(earned, now, dates, receipt=number, kind="earn")
        by_line = split(earned, bases)
        shown = totals if tender else [total - part for total, part in zip(totals, paid, strict=True)]
        sold = [NaiveLine(*facts) for facts in zip(quantities, by_line, redeemed, shown, strict=False)]
        assert [(line.earned, line.redeemed) for line in receipt.lines] == [(x.earned, x.redeemed) for x in sold]
        self.sales.append(NaiveSale(number, receipt, owner, spent, sold, dates))

    @precondition(lambda self: self.sales)
    @rule(data=st.data(), late=st.sampled_from([0, 0, 0, 3, 30]))
    def take_back_some(self, data: st.DataObject, late: int) -> None:
        """Any part of any line, in any order, more than once, at once or uploaded days later."""
        sale = data.draw(st.sampled_from(self.sales), "sale")
        left = [(i, x.quantity - x.given["quantity"]) for i, x in enumerate(sale.lines)]
        left = [(i, rest) for i, rest in left if rest]
        if not left:
            return
        index, rest = data.draw(st.sampled_from(left), "line")
        quantity = data.draw(st.one_of(st.just(rest), st.integers(1, rest)), "quantity")
        at = self.till.now - timedelta(days=late)
        return_id, undone = self.till.take_return(sale.real, (index, quantity), at=at)
        shares = sale.lines[index].give(quantity)
        real = sale.real.returns[return_id][0]
        assert (real.total, real.reversed, real.restored) == (shares["total"], shares["earned"], shares["redeemed"])
        grace = midnight_after(business_date(at, MOSCOW), 14, MOSCOW)
        effect, restored = self._undo(sale, shares["redeemed"], shares["earned"], deadline=grace, grace=grace)
        assert undone.restored == restored
        sale.returns[return_id] = (effect, [(index, shares)], sale.owner)

    @precondition(lambda self: self.sales)
    @rule(data=st.data())
    def void(self, data: st.DataObject) -> None:
        """All that is left of a sale, as if it had not been."""
        sale = data.draw(st.sampled_from(self.sales), "sale")
        if sale.real.voided:
            return
        self.till.void(sale.real)
        self._naive_void(sale)
        sale.returns.clear()

    @precondition(lambda self: any(sale.returns for sale in self.sales))
    @rule(data=st.data())
    def void_a_return(self, data: st.DataObject) -> None:
        """A return that was a mistake: what it took comes back, what it gave is spent again."""
        sale = data.draw(st.sampled_from([sale for sale in self.sales if sale.returns]), "sale")
        return_id = data.draw(st.sampled_from(list(sale.returns)), "return")
        effect, lines, owner = sale.returns[return_id]
        if effect is None or owner != sale.owner:
            return
        del sale.returns[return_id]
        self.till.void_return(sale.real, return_id)
        for index, shares in lines:
            sale.lines[index].given.subtract(shares)
        self.naive[owner].undo_return(
            effect,
            self.till.now,
            sale.spent,
            replace(sale.dates, grace=self._grace()),
            receipt=sale.number,
        )

    @precondition(lambda self: self.sales)
    @rule(data=st.data())
    def reassign(self, data: st.DataObject) -> None:
        """The wrong phone was typed: the sale, net of its returns, moves with the dates it had."""
        sale = data.draw(st.sampled_from(self.sales), "sale")
        if sale.real.voided:
            return
        to = 1 - sale.owner
        lines = [replace(line, given=Counter(line.given)) for line in sale.lines]
        self.till.reassign(sale.real, self.accounts[to])
        self._naive_void(sale)
        sale.lines, sale.owner, sale.spent = lines, to, Spent()
        now, naive = self.till.now, self.naive[to]
        naive.redeem(sum(x.redeemed - x.given["redeemed"] for x in lines), now, sale.spent)
        earned = sum(x.earned - x.given["earned"] for x in lines)
        naive.credit(earned, now, sale.dates, receipt=sale.number, kind="earn")

    @rule(
        owner=st.sampled_from([0, 1]),
        points=st.sampled_from([5, 40, 200, -1, -30]),
        days=st.sampled_from([None, 1, 10, 400]),
    )
    def adjust(self, owner: int, points: int, days: int | None) -> None:
        """By hand: with and without an end; never below zero."""
        now, naive = self.till.now, self.naive[owner]
        expires_at = None if days is None else now + timedelta(days=days)
        naive.pass_time(now)
        if points > 0:
            naive.credit(points, now, Dates(now, expires_at, now), receipt=None, kind="adjust")
        elif -points > len(naive.spendable(now)):
            with pytest.raises(InsufficientPoints):
                self.till.adjust(points, account=self.accounts[owner])
            return
        else:
            naive.take(-points, now)
        self.till.adjust(points, expires_at=expires_at, account=self.accounts[owner])

    @rule(hours=st.sampled_from([1, 24, 24 * 13, 24 * 30, 24 * 200]))
    def wait(self, hours: int) -> None:
        self.till.wait(hours=hours)

    @rule(owner=st.sampled_from([0, 1]), seconds=st.sampled_from([-1, 0, 1]))
    def wait_for_the_next_moment(self, owner: int, seconds: int) -> None:
        """To the very second at which points begin or end."""
        points = [p for p in self.naive[owner].points if p.where == "free"]
        moments = {p.begins for p in points if not p.begun} | {p.ends for p in points if p.ends is not None}
        ahead = [m for m in moments if m + timedelta(seconds=seconds) > self.till.now]
        if ahead:
            self.till.now = (min(ahead) + timedelta(seconds=seconds)).astimezone(self.till.now.tzinfo)

    @rule(owner=st.sampled_from([0, 1]))
    def the_expiry_job_runs(self, owner: int) -> None:
        """Invariant 5: no balance depends on it."""
        before = self.till.balance(self.accounts[owner])
        self.till.settle(self.accounts[owner])
        assert self.till.balance(self.accounts[owner]) == before

    @rule(owner=st.sampled_from([0, 1]))
    def nothing_is_decided_twice(self, owner: int) -> None:
        """Invariant 4: a decision that was not stored left no trace in what it was read from."""
        account = self.accounts[owner]
        before = self.till.balance(account)
        book = account.book()
        book.settle(self.till.now + timedelta(days=500))
        assert self.till.balance(account) == before

    # What must always hold

    @invariant()
    def the_naive_ledger_agrees(self) -> None:
        """Invariant 1, by expiry: the same points are free, pending and owed in both ledgers."""
        for account, naive in zip(self.accounts, self.naive, strict=True):
            naive.pass_time(self.till.now)
            book = account.book()
            balance = book.balance(self.till.now)
            book.settle(self.till.now)
            ends: Counter[datetime | None] = Counter()
            for lot in book.lots:
                if lot.state is LotState.ACTIVE:
                    ends[lot.expires_at] += lot.free
            assert +ends == Counter(naive.by_end(self.till.now))
            assert balance.active == sum(ends.values()) == len(naive.spendable(self.till.now))
            assert (balance.pending, balance.held, balance.debt) == (naive.pending(), 0, naive.debt)

    @invariant()
    def debt_leaves_nothing_to_spend(self) -> None:
        """Invariant 2: debt > 0 means active = 0 at every read."""
        for account in self.accounts:
            balance = self.till.balance(account)
            assert not (balance.debt and balance.active)

    @invariant()
    def every_debit_is_covered(self) -> None:
        """Invariant 2: an entry is the sum of its allocations, or it is an explicit debt."""
        for account in self.accounts:
            for entry in account.entries:
                allocated = sum(points for _, points in entry.allocations)
                assert allocated == (0 if entry.kind is EntryKind.DEBT_OPEN else entry.points)
                assert len({lot_id for lot_id, _ in entry.allocations}) == len(entry.allocations)

    @invariant()
    def no_line_gives_more_than_it_got(self) -> None:
        """Invariant 3; a line that came back whole gave exactly what it got, whatever the split and order."""
        for sale in self.sales:
            for line in sale.real.lines:
                assert 0 <= line.reversed <= line.earned
                assert 0 <= line.restored <= line.redeemed
                assert 0 <= line.refunded <= line.total
                if line.returned == line.quantity:
                    assert (line.reversed, line.restored, line.refunded) == (line.earned, line.redeemed, line.total)

    @invariant()
    def nothing_is_consumed_past_its_end(self) -> None:
        """Invariant 6."""
        for account in self.accounts:
            for entry in account.entries:
                if entry.kind not in {EntryKind.REDEEM, EntryKind.DEBT_SETTLE}:
                    continue
                moment = account.recorded[entry.seq] if entry.kind is EntryKind.REDEEM else entry.at
                assert all(account.lots[lot_id].alive(moment) for lot_id, _ in entry.allocations)

    @invariant()
    def the_proof_agrees(self) -> None:
        """D1: any balance can be rebuilt from entries and allocations."""
        for account in self.accounts:
            balance = self.till.balance(account)
            proved = account.proof(self.till.now)
            assert (proved.active, proved.pending, proved.held, proved.debt) == (
                balance.active,
                balance.pending,
                balance.held,
                balance.debt,
            )

    # Helpers

    def _earned(self, base: int) -> int:
        exact = Fraction(base * self.till.program.earn_points, self.till.program.earn_per)
        if self.till.program.earn_rounding is Rounding.FLOOR:
            return exact.numerator // exact.denominator
        if self.till.program.earn_rounding is Rounding.CEIL:
            return -(-exact.numerator // exact.denominator)
        return half_up(exact)

    def _life(self, sold_at: datetime) -> Dates:
        program, day = self.till.program, business_date(sold_at, MOSCOW)
        begins = sold_at
        if program.activate_after_days:
            begins = midnight_after(day, program.activate_after_days - 1, MOSCOW)
            day += timedelta(days=program.activate_after_days)
        ends = None if program.expiry_days is None else midnight_after(day, program.expiry_days, MOSCOW)
        return Dates(begins, ends, begins)

    def _grace(self) -> datetime:
        return midnight_after(business_date(self.till.now, MOSCOW), 14, MOSCOW)

    def _undo(
        self, sale: NaiveSale, redeemed: int, earned: int, *, deadline: datetime, grace: datetime
    ) -> tuple[Effect, int]:
        naive, now = self.naive[sale.owner], self.till.now
        given = naive.restore(redeemed, now, sale.spent, replace(sale.dates, grace=grace), deadline)
        effect = naive.reverse(earned, now, sale.number)
        effect.given = given
        return effect, sum(given.values())

    def _naive_void(self, sale: NaiveSale) -> None:
        shares = [x.give(x.quantity - x.given["quantity"]) for x in sale.lines if x.given["quantity"] < x.quantity]
        redeemed, earned = sum(x["redeemed"] for x in shares), sum(x["earned"] for x in shares)
        self._undo(sale, redeemed, earned, deadline=self.till.now, grace=self._grace())


Story.TestCase.settings = settings(
    max_examples=4000 if DEEP else 250,
    stateful_step_count=50,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)
TestStory = Story.TestCase
