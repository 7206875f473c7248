"""The customer base in memory and the one in PostgreSQL keep the same promises, whatever is done in whatever order."""

import random
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any
from uuid import UUID

import pytest

from domain.customers.drafts import Draft, DraftIdentifier
from domain.customers.use_cases import identifiers as use_cases
from domain.customers.use_cases.creating import create_customer
from domain.kernel.errors import DomainError
from persistence.unit_of_work import PgUnit
from tests.fakes.customers import FakeShop

Units = Callable[[], AbstractAsyncContextManager[PgUnit]]
VALUES = [*(DraftIdentifier("phone", f"+7935000000{n}") for n in range(3)), DraftIdentifier("card", "2900"),
          DraftIdentifier("relay", "x@relay.example"), DraftIdentifier("phone", "+79999999999")]  # fmt: skip
STEPS = 40


class Play:
    """One shop that is told what to do; people and identifiers are named by their order, since ids differ."""

    def __init__(self, unit: Any) -> None:
        self.unit = unit
        self.people: list[UUID] = []
        self.held: list[tuple[UUID, UUID]] = []

    async def step(self, verb: str, which: int, value: DraftIdentifier, flag: bool) -> Any:
        """Do one thing and return what can be compared."""
        try:
            return await self._do(verb, which, value, flag)
        except DomainError as refused:
            named = refused.members.get("customer_id")
            return refused.code, self.people.index(UUID(named)) if named else None

    async def _do(self, verb: str, which: int, value: DraftIdentifier, flag: bool) -> Any:
        if verb == "arrive" or not self.people:
            made = await create_customer(Draft(given_name="Анна", identifiers=[value] if flag else []), unit=self.unit)
            self.people.append(made.id)
            self.held += [(made.id, one.id) for one in made.identifiers]
            return [one.status for one in made.identifiers]
        if verb == "add" or not self.held:
            person = self.people[which % len(self.people)]
            added = await use_cases.add_identifier(person, value, shared=flag, unit=self.unit)
            self.held.append((person, added.id))
            return added.status, added.primary
        pair = self.held[which % len(self.held)]
        if verb == "reassign":
            how = use_cases.Reassignment(self.people[0] if flag else None, "e-5", "новый владелец")
            former, owner = await use_cases.reassign_identifier(*pair, how, unit=self.unit)
            if owner not in self.people:
                self.people.append(owner)
            return former.status, self.people.index(owner)
        changes = {"verify": "verify_identifier", "prefer": "make_primary", "retire": "retire_identifier"}
        changed = await getattr(use_cases, changes[verb])(*pair, unit=self.unit)
        return changed.status, changed.primary, changed.verified_at is not None

    async def picture(self) -> list[Any]:
        """Return everybody's identifiers."""
        return [
            [(one.type, one.value, one.status, one.primary) for one in await self.unit.identifiers.of(person)]
            for person in self.people
        ]


@pytest.mark.parametrize("seed", range(6))
async def test_both_bases_answer_alike(unit: Units, seed: int) -> None:
    """Same calls, same answers, same refusals, same rows in the end."""
    chance = random.Random(seed)  # noqa: S311 - reproducible variety, no secret
    steps = [
        (
            chance.choice(["arrive", "add", "add", "verify", "prefer", "retire", "reassign"]),
            chance.randrange(100),
            chance.choice(VALUES),
            chance.random() < 0.5,
        )
        for _ in range(STEPS)
    ]
    fake = Play(FakeShop())
    async with unit() as u:
        real = Play(u)
        for step in steps:
            assert await real.step(*step) == await fake.step(*step), step
        assert await real.picture() == await fake.picture()
