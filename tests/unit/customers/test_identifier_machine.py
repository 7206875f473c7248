"""Identifiers under any order of adding, sharing, retiring, proving and handing on."""

from collections.abc import Coroutine
from typing import Any, TypeVar
from uuid import UUID

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, multiple, rule

from domain.customers.drafts import Draft, DraftIdentifier
from domain.customers.errors import IdentifierNotActive, IdentifierTaken
from domain.customers.identifiers import FINDING, MAX_SHARING, IdentifierStatus, normalise
from domain.customers.resolving import Match, resolve
from domain.customers.use_cases import identifiers as use_cases
from domain.customers.use_cases.creating import create_customer
from tests.fakes.customers import FakeShop, key_of

Result = TypeVar("Result")
PHONES = st.sampled_from([f"+7935000000{n}" for n in range(4)])
CARDS = st.sampled_from(["29001", "29002"])
VALUES = st.one_of(
    PHONES.map(lambda value: DraftIdentifier("phone", value)), CARDS.map(lambda value: DraftIdentifier("card", value))
)


def done(work: Coroutine[Any, Any, Result]) -> Result:
    """Return what `work` returns; over a fake nothing ever waits."""
    try:
        work.send(None)
    except StopIteration as finished:
        return finished.value
    raise AssertionError


class Identifiers(RuleBasedStateMachine):
    """Whatever happens, a value finds one person, or is known to be several people's, or finds nobody."""

    people = Bundle("people")
    held = Bundle("held")

    def __init__(self) -> None:
        super().__init__()
        self.shop = FakeShop()

    @rule(target=people, draft=st.one_of(st.none(), VALUES))
    def arrive(self, draft: DraftIdentifier | None) -> Any:
        identifiers = [draft] if draft else []
        try:
            return done(create_customer(Draft(given_name="Анна", identifiers=identifiers), unit=self.shop)).id  # type: ignore[arg-type]
        except IdentifierTaken as taken:
            self._must_have(taken.customer_id, *identifiers)
            return multiple()

    @rule(target=held, person=people, draft=VALUES, shared=st.booleans())
    def add(self, person: UUID, draft: DraftIdentifier, shared: bool) -> Any:
        before = self._owners(draft)
        try:
            added = done(use_cases.add_identifier(person, draft, shared=shared, unit=self.shop))  # type: ignore[arg-type]
        except IdentifierTaken as taken:
            self._must_have(taken.customer_id, draft)
            if shared or person in before:
                raise
            return multiple()
        return person, added.id

    def _must_have(self, person: UUID, *drafts: DraftIdentifier) -> None:
        assert person in self._owners(*drafts)

    @rule(pair=held)
    def prove(self, pair: tuple[UUID, UUID]) -> None:
        try:
            assert done(use_cases.verify_identifier(*pair, unit=self.shop)).verified_at is not None  # type: ignore[arg-type]
        except IdentifierNotActive:
            assert self.shop.rows[pair[1]][1].status not in FINDING

    @rule(pair=held)
    def prefer(self, pair: tuple[UUID, UUID]) -> None:
        try:
            assert done(use_cases.make_primary(*pair, unit=self.shop)).primary  # type: ignore[arg-type]
        except IdentifierNotActive:
            assert self.shop.rows[pair[1]][1].status not in FINDING

    @rule(pair=consumes(held))
    def retire(self, pair: tuple[UUID, UUID]) -> None:
        after = done(use_cases.retire_identifier(*pair, unit=self.shop))  # type: ignore[arg-type]
        assert after.status in (IdentifierStatus.RETIRED, IdentifierStatus.REASSIGNED)

    @rule(pair=held, heir=st.one_of(st.none(), people))
    def hand_on(self, pair: tuple[UUID, UUID], heir: UUID | None) -> None:
        how = use_cases.Reassignment(heir, "e-5", "новый владелец")
        if heir == pair[0]:
            return
        try:
            former, owner = done(use_cases.reassign_identifier(*pair, how, unit=self.shop))  # type: ignore[arg-type]
        except IdentifierNotActive:
            assert self.shop.rows[pair[1]][1].status != IdentifierStatus.ACTIVE
            return
        assert former.status == IdentifierStatus.REASSIGNED
        assert self._owners(DraftIdentifier(former.type, former.value)) == {owner}

    @rule(first=VALUES, second=VALUES)
    def somebody_comes_to_the_till(self, first: DraftIdentifier, second: DraftIdentifier) -> None:
        presented = [normalise(one.type, one.value, country="RU") for one in (first, second)]
        hits = self.shop.hits(presented)
        verdict = resolve(presented, hits, create=True)
        usable = [self._owners(one) for one in (first, second) if not self._junk(one)]
        named = [owners for owners in usable if owners]
        if not named:
            assert verdict.match in (Match.NONE, Match.BLOCKED)
            assert (verdict.match is Match.BLOCKED) == (not usable)
        else:
            common = set.intersection(*named)
            expected = {0: Match.CONFLICT, 1: None}.get(len(common), Match.AMBIGUOUS)
            assert expected is None or verdict.match is expected
            if expected is None:
                assert {verdict.customer_id} == common

    def _rows(self, draft: DraftIdentifier) -> list[tuple[UUID, str]]:
        key = normalise(draft.type, draft.value, country="RU").key
        return [(owner, row.status) for owner, row in self.shop.rows.values() if key_of(row) == key]

    def _owners(self, *drafts: DraftIdentifier) -> set[UUID]:
        return {owner for draft in drafts for owner, status in self._rows(draft) if status in FINDING}

    def _junk(self, draft: DraftIdentifier) -> bool:
        return any(status == IdentifierStatus.QUARANTINED for _, status in self._rows(draft))

    @invariant()
    def one_owner_or_known_to_be_shared(self) -> None:
        by_value: dict[tuple[str, str], list[str]] = {}
        for _, row in self.shop.rows.values():
            by_value.setdefault(key_of(row), []).append(row.status)
        for statuses in by_value.values():
            live = [status for status in statuses if status in FINDING]
            assert live.count(IdentifierStatus.ACTIVE) <= 1
            assert IdentifierStatus.ACTIVE not in live or len(live) == 1
            assert len(live) <= MAX_SHARING

    @invariant()
    def at_most_one_primary_of_a_type_and_only_in_use(self) -> None:
        seen = set()
        for owner, row in self.shop.rows.values():
            if row.primary and row.status in FINDING:
                assert (owner, row.type) not in seen
                seen.add((owner, row.type))


Identifiers.TestCase.settings = settings(max_examples=150, stateful_step_count=30, deadline=None)
TestIdentifiers = Identifiers.TestCase
