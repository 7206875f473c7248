"""Addresses: many per customer, one of them the default (A6)."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

PARTS = ("country", "region", "city", "district", "street", "building", "flat", "postal_code", "text", "comment")


@dataclass(frozen=True, slots=True, kw_only=True)
class AddressParts:
    """Structured parts and free text; all of it is personal and lies sealed."""

    country: str | None = None
    region: str | None = None
    city: str | None = None
    district: str | None = None
    street: str | None = None
    building: str | None = None
    flat: str | None = None
    postal_code: str | None = None
    text: str | None = None
    comment: str | None = None

    @property
    def empty(self) -> bool:
        """Tell whether nothing is known."""
        return not any(getattr(self, name) for name in PARTS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One address of a customer; `kind` is the shop's word (home, work, delivery)."""

    id: UUID
    kind: str
    default: bool
    parts: AddressParts
    version: int
    created_at: datetime
    updated_at: datetime

    def changed_parts(self, other: AddressParts) -> list[str]:
        """Return the names of the parts in which `other` differs."""
        return [name for name in PARTS if getattr(self.parts, name) != getattr(other, name)]

    def part(self, name: str) -> Any:
        """Return one part by name."""
        return getattr(self.parts, name)
