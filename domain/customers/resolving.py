"""Who stands at the till: what the presented identifiers say together."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from domain.customers.identifiers import IdentifierStatus, Normalised

MAX_CANDIDATES = 5


class Match(StrEnum):
    """What was found. `blocked`: somebody asked to create a customer from identifiers that may find nobody."""

    EXACT_VERIFIED = "exact_verified"
    EXACT_UNVERIFIED = "exact_unverified"
    AMBIGUOUS = "ambiguous"
    CONFLICT = "conflict"
    PROBABLE = "probable"
    CREATED = "created"
    NONE = "none"
    BLOCKED = "blocked"


FOUND = frozenset({Match.EXACT_VERIFIED, Match.EXACT_UNVERIFIED})


@dataclass(frozen=True, slots=True)
class Hit:
    """One customer who has, or had, a presented identifier."""

    customer_id: UUID
    status: str
    verified: bool


@dataclass(frozen=True, slots=True)
class Ignored:
    """A presented identifier that was left out: its place in the request and why."""

    position: int
    reason: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome: one customer, or at most `MAX_CANDIDATES` of them, and what was left out."""

    match: Match
    customer_id: UUID | None = None
    candidates: tuple[UUID, ...] = ()
    ignored: tuple[Ignored, ...] = ()
    used: tuple[int, ...] = ()


def resolve(presented: Sequence[Normalised], hits: Mapping[int, Sequence[Hit]], *, create: bool) -> Verdict:
    """Return who the `presented` identifiers name; `hits` are what is known of each, by its position.

    An identifier that several share narrows down what the others say; where it stands alone it is `ambiguous`.
    `probable` is somebody who once had an identifier that nobody has now.
    """
    ignored = tuple(_ignored(presented, hits))
    left_out = {one.position for one in ignored}
    asked = [position for position in range(len(presented)) if position not in left_out]
    found = {position: people for position in asked if (people := _holders(hits.get(position, ())))}
    if found:
        return _named(found, hits, ignored)
    if create and not asked:
        return Verdict(Match.BLOCKED, ignored=ignored)
    former = [] if create else _former(asked, hits)
    if former:
        return Verdict(Match.PROBABLE, candidates=tuple(former[:MAX_CANDIDATES]), ignored=ignored)
    return Verdict(Match.NONE, ignored=ignored)


def _ignored(presented: Sequence[Normalised], hits: Mapping[int, Sequence[Hit]]) -> list[Ignored]:
    ignored = []
    for position, identifier in enumerate(presented):
        quarantined = any(hit.status == IdentifierStatus.QUARANTINED for hit in hits.get(position, ()))
        reason = identifier.barred or ("quarantined" if quarantined else None)
        if reason is not None:
            ignored.append(Ignored(position, reason))
    return ignored


def _holders(hits: Sequence[Hit]) -> set[UUID]:
    return {hit.customer_id for hit in hits if hit.status in (IdentifierStatus.ACTIVE, IdentifierStatus.SHARED)}


def _named(found: Mapping[int, set[UUID]], hits: Mapping[int, Sequence[Hit]], ignored: tuple[Ignored, ...]) -> Verdict:
    common = set.intersection(*found.values())
    if len(common) == 1:
        (person,) = common
        verified = any(hit.verified for position in found for hit in hits[position] if hit.customer_id == person)
        match = Match.EXACT_VERIFIED if verified else Match.EXACT_UNVERIFIED
        return Verdict(match, person, ignored=ignored, used=tuple(sorted(found)))
    everybody = sorted(common or set.union(*found.values()))
    match = Match.AMBIGUOUS if common else Match.CONFLICT
    return Verdict(match, candidates=tuple(everybody[:MAX_CANDIDATES]), ignored=ignored)


def _former(asked: Sequence[int], hits: Mapping[int, Sequence[Hit]]) -> list[UUID]:
    retired = [hit for position in asked for hit in hits.get(position, ()) if hit.status == IdentifierStatus.RETIRED]
    return sorted({hit.customer_id for hit in retired})
