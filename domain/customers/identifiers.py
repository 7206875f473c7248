"""Identifiers: values that find a person, each in one normal form."""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from domain.customers.errors import InvalidValue
from domain.kernel.errors import FieldError
from domain.kernel.phone import is_junk, to_e164
from domain.kernel.text import clean_line

MAX_SHARING = 3
"""On more customers than this an identifier is junk and finds nobody."""

_EMAIL = re.compile(r"[^@\s\"(),:;<>\[\]\\]{1,64}@(?:[^@\s.\"(),:;<>\[\]\\]{1,63}\.)+[^@\s.\"(),:;<>\[\]\\0-9]{2,63}")
_HANDLE = re.compile(r"(?:https?://)?(?:www\.)?(?:t\.me|telegram\.me|vk\.com|vk\.ru)/", re.IGNORECASE)
_FILLING = re.compile(r"[\s-]+")
_TAX_ID = re.compile(r"[0-9A-Z]{4,20}")


class IdentifierType(StrEnum):
    """What kind of value it is; `external` is told apart by its `system`."""

    PHONE = "phone"
    EMAIL = "email"
    CARD = "card"
    EXTERNAL = "external"
    TELEGRAM = "telegram"
    VK = "vk"
    WHATSAPP = "whatsapp"
    VIBER = "viber"
    MAX = "max"
    RELAY = "relay"
    TAX_ID = "tax_id"


class IdentifierStatus(StrEnum):
    """Whether it finds its customer: only `active` alone, `shared` among several; the others find nobody."""

    ACTIVE = "active"
    RETIRED = "retired"
    SHARED = "shared"
    QUARANTINED = "quarantined"
    REASSIGNED = "reassigned"


FINDING = frozenset({IdentifierStatus.ACTIVE, IdentifierStatus.SHARED})


@dataclass(frozen=True, slots=True)
class Normalised:
    """An identifier as it is compared (`value`) and as it was typed (`raw`)."""

    type: str
    system: str | None
    value: str
    raw: str

    @property
    def index(self) -> str:
        """Return the blind index in which the value is looked up."""
        return blind_index_name(self.type, self.system)

    @property
    def key(self) -> tuple[str, str]:
        """Return what makes two identifiers the same one."""
        return self.index, self.value

    @property
    def barred(self) -> str | None:
        """Return why it may never find anybody: `relay` (a marketplace's stand-in), `quarantined` (junk), or None."""
        if self.type == IdentifierType.RELAY:
            return "relay"
        if self.type == IdentifierType.PHONE and is_junk(self.value):
            return "quarantined"
        return None

    @property
    def first_status(self) -> IdentifierStatus:
        """Return the status it starts with when nobody has it."""
        starts = {"relay": IdentifierStatus.SHARED, "quarantined": IdentifierStatus.QUARANTINED}
        return starts.get(self.barred or "", IdentifierStatus.ACTIVE)


@dataclass(frozen=True, slots=True)
class Identifier:
    """An identifier of one customer."""

    id: UUID
    type: str
    system: str | None
    value: str
    raw: str
    primary: bool
    status: str
    created_at: datetime
    verified_at: datetime | None = None
    last_used_at: datetime | None = None
    last_confirmed_at: datetime | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Holder:
    """Who has an identifier now: one customer when it is active, several when it is shared, nobody to be told
    when it is quarantined."""

    customer_ids: tuple[UUID, ...]
    status: str


def blind_index_name(type_: str, system: str | None) -> str:
    """Return the name of the blind index of a type; external ids have one per system."""
    return f"identifier:external:{system}" if type_ == IdentifierType.EXTERNAL else f"identifier:{type_}"


def normalise(type_: str, value: str, *, system: str | None = None, country: str, pointer: str = "") -> Normalised:
    """Return the identifier in its normal form; a phone without a country code is read in `country`.

    Raises:
        InvalidValue: it cannot be one; the error's pointer begins with `pointer`.
    """
    system = clean_line(system or "") if type_ == IdentifierType.EXTERNAL else None
    if type_ == IdentifierType.EXTERNAL and not system:
        raise InvalidValue(errors=[FieldError(f"{pointer}/system", "required", "an external id needs its system")])
    raw = clean_line(value)
    if type_ in (IdentifierType.PHONE, IdentifierType.WHATSAPP):
        found = to_e164(raw, country)
    else:
        found = _FORMS.get(type_, _as_is)(raw)
    if not found:
        said = _REFUSALS.get(type_, ("invalid-identifier", "is empty"))
        raise InvalidValue(errors=[FieldError(f"{pointer}/value", *said)])
    return Normalised(str(type_), system, found, raw)


def _as_is(raw: str) -> str:
    return raw


def _email(raw: str) -> str | None:
    address = unicodedata.normalize("NFKC", raw).lower()
    local = address.rpartition("@")[0]
    dots = local.startswith(".") or local.endswith(".") or ".." in local
    return address if len(address) <= 254 and not dots and _EMAIL.fullmatch(address) else None


def _card(raw: str) -> str:
    return _FILLING.sub("", raw).upper()


def _handle(raw: str) -> str:
    return _HANDLE.sub("", raw).lstrip("@").rstrip("/").lower()


def _tax_id(raw: str) -> str | None:
    bare = _FILLING.sub("", raw).replace(".", "").upper()
    return bare if _TAX_ID.fullmatch(bare) else None


_FORMS: dict[str, Callable[[str], str | None]] = {
    IdentifierType.EMAIL: _email,
    IdentifierType.RELAY: str.lower,
    IdentifierType.CARD: _card,
    IdentifierType.TELEGRAM: _handle,
    IdentifierType.VK: _handle,
    IdentifierType.TAX_ID: _tax_id,
}
_REFUSALS: dict[str, tuple[str, str]] = {
    IdentifierType.PHONE: ("invalid-phone", "cannot be a phone number"),
    IdentifierType.WHATSAPP: ("invalid-phone", "cannot be a phone number"),
    IdentifierType.EMAIL: ("invalid-email", "is not an e-mail address"),
    IdentifierType.TAX_ID: ("invalid-tax-id", "cannot be a tax id"),
}
