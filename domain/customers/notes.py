"""Notes about a customer: who wrote them, who may see them, and every former text (A30)."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Visibility(StrEnum):
    """Who sees a note, from everybody at the till to the owner alone."""

    TILL = "till"
    SELLER = "seller"
    STAFF = "staff"
    MANAGER = "manager"
    OWNER = "owner"


_CLEARANCE = {
    "cashier": (Visibility.TILL,),
    "integration": (Visibility.TILL,),
    "seller": (Visibility.TILL, Visibility.SELLER),
    "marketer": (Visibility.TILL, Visibility.SELLER, Visibility.STAFF),
    "manager": (Visibility.TILL, Visibility.SELLER, Visibility.STAFF, Visibility.MANAGER),
    "owner": tuple(Visibility),
    "dpo": tuple(Visibility),
}


def visible_to(role: str) -> tuple[Visibility, ...]:
    """Return the levels that `role` sees."""
    return _CLEARANCE.get(role, (Visibility.TILL,))


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """A note as it stands; `author` is who wrote this version."""

    id: UUID
    customer_id: UUID
    text: str
    visibility: str
    pinned: bool
    author: str
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """A former or the present version of a note."""

    version: int
    text: str
    visibility: str
    pinned: bool
    author: str
    edited_at: datetime
