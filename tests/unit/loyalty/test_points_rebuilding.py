"""An account at a former moment, and the proof of one, rebuilt from entries alone."""

import random
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from domain.loyalty.entries import Balance
from domain.loyalty.errors import InsufficientPoints
from domain.loyalty.program import Shortfall
from domain.loyalty.rebuilding import book_at, prove
from tests.unit.loyalty.till import PROGRAM, SoldReceipt, Till, goods


def shop(dice: random.Random, policy: Shortfall, activate_after_days: int, expiry_days: int | None) -> Till:
    program = replace(
        PROGRAM, shortfall=policy, activate_after_days=activate_after_days, expiry_days=expiry_days, earn_points=20
    )
    return Till(program=program, first=dice.choice([None, 2]))


def something_happens(till: Till, dice: random.Random, sold: list[SoldReceipt]) -> None:
    match dice.choice(["sell", "spend", "return", "adjust", "take", "wait", "settle"]):
        case "sell":
            sold.append(till.sell(goods(dice.choice([10_000, 33_333, 90_000]))))
        case "spend":
            sold.append(till.sell(goods(20_000, paid_by_points=4_000), points=40, record=True))
        case "return":
            left = [one for one in sold if one.lines[0].returned < one.lines[0].quantity]
            if left:
                one = dice.choice(left)
                till.take_return(one, (0, dice.randint(1, one.lines[0].quantity - one.lines[0].returned)))
        case "adjust":
            ends = dice.choice([None, till.now + timedelta(days=9)])
            till.adjust(dice.choice([3, 50]), expires_at=ends)
        case "take":
            with suppress(InsufficientPoints):
                till.adjust(-7)
        case "wait":
            till.wait(days=dice.choice([0.3, 1, 2, 5, 20]))
        case _:
            till.settle()


@settings(max_examples=150, deadline=None)
@given(
    seed=st.integers(0, 10**9),
    policy=st.sampled_from(Shortfall),
    activate_after_days=st.sampled_from([0, 2]),
    expiry_days=st.sampled_from([None, 6, 365]),
)
def test_every_former_moment_can_be_rebuilt(
    seed: int, policy: Shortfall, activate_after_days: int, expiry_days: int | None
) -> None:
    """D1: what was answered then is what is rebuilt now, pending points, debts and ends included."""
    dice = random.Random(seed)  # noqa: S311 - a story, no secret
    till = shop(dice, policy, activate_after_days, expiry_days)
    account, sold = till.account, []
    answered: list[tuple[datetime, Balance, int]] = []
    for _ in range(25):
        till.wait(minutes=1)
        something_happens(till, dice, sold)
        answered.append((till.now, till.balance(), account.lifetime_earned))
    for moment, balance, lifetime in answered:
        known = [entry for entry in account.entries if account.recorded[entry.seq] <= moment]
        book = book_at(account.account_id, known, account.lots.values(), moment)
        assert book.balance(moment) == balance
        assert book.lifetime_earned == lifetime
    lots = list(account.lots.values())
    for later in (timedelta(0), timedelta(days=3), timedelta(days=900)):
        proof = prove(account.book(), account.entries, lots, till.now + later)
        assert proof.equal, proof
        assert proof.entries == len(account.entries)
