"""Who is shown personal values in full: decided when an answer is written, by the class of each field.

Handlers fill answers with full values and decide nothing. Whoever lacks `customers:read-contacts` gets the mask; so
does everybody when nobody said who reads.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Annotated

from pydantic import PlainSerializer

from domain.kernel.mask import mask_contact

READ_CONTACTS = "customers:read-contacts"
HIDDEN = "•••"
NOBODY: frozenset[str] = frozenset()
"""The permissions of a reader who is shown every mask."""
_permissions: ContextVar[frozenset[str]] = ContextVar("permissions", default=NOBODY)


def read_by(permissions: frozenset[str]) -> None:
    """Say for the rest of this request what its reader may do."""
    _permissions.set(permissions)


@contextmanager
def reading_as(permissions: frozenset[str]) -> Iterator[None]:
    """Write answers as somebody with these permissions; for tests and for what is written outside a request."""
    token = _permissions.set(permissions)
    try:
        yield
    finally:
        _permissions.reset(token)


def may_read_contacts() -> bool:
    """Tell whether contacts are shown in full now."""
    return READ_CONTACTS in _permissions.get()


def _unless_shown(mask: Callable[[str], str | None]) -> Callable[[str | None], str | None]:
    def write(value: str | None) -> str | None:
        return value if value is None or may_read_contacts() else mask(value)

    return write


def _initial(name: str) -> str:
    return f"{name[0]}." if name else name


def _hidden(_value: str) -> str:
    return HIDDEN


def _nothing(_value: str) -> None:
    return None


Contact = Annotated[str, PlainSerializer(_unless_shown(mask_contact), return_type=str)]
"""A phone, an e-mail, a card, an id in a messenger."""

FamilyName = Annotated[str | None, PlainSerializer(_unless_shown(_initial), return_type=str | None)]
"""Masked as its initial."""

BirthdayText = Annotated[str | None, PlainSerializer(_unless_shown(_nothing), return_type=str | None)]
"""Masked as unknown."""

Whereabouts = Annotated[str | None, PlainSerializer(_unless_shown(_hidden), return_type=str | None)]
"""The part of an address that leads to a door."""

AlwaysMasked = Annotated[str, PlainSerializer(mask_contact, return_type=str)]
"""A contact on the till's screen, which a whole queue can see."""
