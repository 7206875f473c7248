"""The verifier's questions find what they are there for: each kind of damage is named by its rule."""

from uuid import UUID

import pytest
from sqlalchemy import text

from persistence.ledger_checks import CHECKS, broken_rules
from tests.conftest import OWNER
from tests.support.counter import Counter
from tests.support.shop import Base

DAMAGE = [
    ("UPDATE account SET active = active + 1", "an account's figures are those of its lots"),
    ("UPDATE account SET held = 1", "an account's figures are those of its lots"),
    ("UPDATE lot SET remaining = remaining + 1", "a lot holds what its allocations left in it"),
    ("UPDATE lot SET expired = 5", "a lot holds what its allocations left in it"),
    ("UPDATE lot SET open = NOT open", "a lot is open while something is left in it"),
    ("UPDATE entry SET points = points + 1", "an entry is the sum of its allocations, a debt has none"),
    ("UPDATE allocation SET points = points + 1", "an entry is the sum of its allocations, a debt has none"),
    ("UPDATE account SET debt = 1", "an account's debt and lifetime are those of its entries"),
    ("UPDATE account SET lifetime_earned = 0", "an account's debt and lifetime are those of its entries"),
    ("DELETE FROM entry WHERE seq = 1", "no entry is missing"),
    ("UPDATE account SET version = version + 1", "no entry is missing"),
    ("UPDATE account SET debt = 1", "debt leaves nothing to spend, and nothing is below zero"),
    ("DELETE FROM account", "lots and entries belong to an account"),
    ("DELETE FROM entry WHERE seq = 2", "allocations belong to an entry and a lot"),
    ("DELETE FROM lot", "allocations belong to an entry and a lot"),
    ("DELETE FROM receipt WHERE kind = 'sale'", "lines and payments belong to a receipt"),
    ("UPDATE receipt SET sale_id = account_id", "what is named by a receipt, a lot or an entry is there"),
    ("UPDATE lot SET receipt_id = account_id", "what is named by a receipt, a lot or an entry is there"),
    ("DELETE FROM receipt WHERE kind = 'return'", "what is named by a receipt, a lot or an entry is there"),
    (
        "UPDATE receipt_line SET reversed = earned + 1",
        "a receipt's points are those of its lines, and no line gave back more than it got",
    ),
    (
        "UPDATE receipt SET earned = earned + 1",
        "a receipt's points are those of its lines, and no line gave back more than it got",
    ),
]


async def shop_of(counter: Counter) -> UUID:
    """Let a shop have every kind of row that the rules speak of."""
    await counter.grant(100)
    document = counter.spending(600_000, 60, payments=[{"method": "card", "amount": 594_000}])
    await counter.post(document)
    await counter.post(counter.back(document, {"line": "1", "quantity": "0.5"}))
    return UUID((await counter.get("/v1/me"))["tenant_id"])


async def test_a_sound_shop_breaks_no_rule(counter: Counter, base: Base) -> None:
    """No orphans among lines, payments, lots, entries, allocations, which have no foreign keys; every sum is right."""
    tenant_id = await shop_of(counter)
    async with base.store.transaction(tenant_id, OWNER) as unit:
        assert await broken_rules(unit.session) == {}


@pytest.mark.parametrize(("damage", "rule"), DAMAGE)
async def test_damage_is_found(counter: Counter, base: Base, damage: str, rule: str) -> None:
    """Each rule names what breaks it."""
    tenant_id = await shop_of(counter)
    async with base.store.transaction(tenant_id, OWNER) as unit:
        await unit.connection.execute(text(damage))
        found = await broken_rules(unit.session)
        assert found[rule]


def test_every_rule_is_shown_to_find_something() -> None:
    """A rule that never fails proves nothing."""
    assert {rule for _, rule in DAMAGE} == set(CHECKS)


async def test_a_proof_sees_every_damage_of_its_account(counter: Counter, base: Base) -> None:
    """`equal` is false when figures, lots, entries or allocations were touched."""
    tenant_id = await shop_of(counter)
    account_id = (await counter.get("/v1/loyalty/accounts"))["items"][0]["id"]
    assert (await counter.account(account_id, "/proof"))["equal"] is True
    for damage, repair in (
        ("UPDATE account SET active = active + 1", "UPDATE account SET active = active - 1"),
        (
            "UPDATE account SET lifetime_earned = lifetime_earned + 1",
            "UPDATE account SET lifetime_earned = lifetime_earned - 1",
        ),
        ("UPDATE lot SET remaining = remaining + 1", "UPDATE lot SET remaining = remaining - 1"),
        ("UPDATE entry SET points = points + 1", "UPDATE entry SET points = points - 1"),
        ("UPDATE allocation SET points = points + 1", "UPDATE allocation SET points = points - 1"),
        ("UPDATE entry SET seq = 100 WHERE seq = 1", "UPDATE entry SET seq = 1 WHERE seq = 100"),
        ("UPDATE lot SET account_id = lot_id", "UPDATE lot SET account_id = (SELECT account_id FROM account)"),
    ):
        for statement, equal in ((damage, False), (repair, True)):
            async with base.store.transaction(tenant_id, OWNER) as unit:
                await unit.connection.execute(text(statement))
            assert (await counter.account(account_id, "/proof"))["equal"] is equal, statement
