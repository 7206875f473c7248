"""Tags: short words on customers, with a colour and, before a colon, a namespace (A39)."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID


@dataclass(frozen=True, slots=True, kw_only=True)
class Tag:
    """A word of the shop's; `coffee`, or `taste:sweet` in the namespace `taste`."""

    id: UUID
    name: str
    color: str | None = None
    description: str | None = None
    archived_at: datetime | None = None
    version: int = 1
    created_at: datetime
    updated_at: datetime

    @property
    def namespace(self) -> str | None:
        """Return what stands before the first colon."""
        return namespace_of(self.name)


@dataclass(frozen=True, slots=True)
class TagLink:
    """A tag on a customer: where it came from and since when."""

    tag: Tag
    source: str
    actor: str
    tagged_at: datetime


def namespace_of(name: str) -> str | None:
    """Return the namespace in a tag's name."""
    namespace, colon, _ = name.partition(":")
    return namespace.strip() or None if colon else None
