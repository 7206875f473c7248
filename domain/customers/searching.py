"""Finding customers by what a manager remembers of a name."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from rapidfuzz.distance import OSA

from domain.kernel.text import fold, sort_key, words

SMALL_BASE = 50_000
"""Up to here names are looked through one by one; above, the owner switches on an index or there is no search."""

EXACT, TYPO = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What customers must be like; everything that is given must fit."""

    tags: Sequence[str] = ()
    stages: Sequence[str] = ()
    store: str | None = None
    owner: UUID | None = None
    created_from: datetime | None = None
    created_to: datetime | None = None
    custom: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Remembered:
    """A customer as the search sees them: folded words of the name, sort key, digits of phones when asked for."""

    version: int
    words: tuple[str, ...]
    sort: tuple[str, str]
    phones: tuple[str, ...] | None = None


def remembered(version: int, names: Sequence[str], phones: Sequence[str] | None = None) -> Remembered:
    """Return what the search keeps of a name: its parts in reading order."""
    family_first = " ".join((*names[-1:], *names[:-1]))
    return Remembered(
        version,
        tuple(word for name in names for word in words(name)),
        sort_key(family_first),
        None if phones is None else tuple(phones),
    )


def asked_words(query: str) -> list[str]:
    """Return the folded words of a query."""
    return words(fold(query))


def match(asked: Sequence[str], known: Sequence[str]) -> int | None:
    """Return how well every asked word fits a word of the name: EXACT (it begins one), TYPO, or None."""
    worst = EXACT
    for word in asked:
        if any(one.startswith(word) for one in known):
            continue
        if not any(_near(word, one) for one in known):
            return None
        worst = TYPO
    return worst


def forgiven(length: int) -> int:
    """Return how many typing errors a word of `length` letters may have."""
    return 0 if length < 4 else 1 if length < 8 else 2


def _near(word: str, known: str) -> bool:
    """Compare with the whole word and with its beginning: what is typed may be both unfinished and wrong."""
    allowed = forgiven(len(word))
    if not allowed or known[:1] not in word[:2]:  # a name is remembered by its beginning: only its letters may swap
        return False
    beginnings = {known, known[: len(word)], known[: len(word) + 1], known[: len(word) - 1]}
    return any(OSA.distance(word, one, score_cutoff=allowed) <= allowed for one in beginnings)
