"""Making, exchanging and ending API keys."""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from compliance.access.api_key import TEST, ApiKey, new_key_text
from compliance.access.errors import ApiKeyNotActive, RoleTooWide
from compliance.access.permissions import PERMISSIONS_OF
from compliance.access.ports import AccessUnit, IssuedKey
from compliance.access.principal import Principal
from domain.customers.errors import InvalidValue
from domain.kernel.errors import FieldError
from domain.kernel.events import Event
from domain.kernel.ids import new_id

MAX_OVERLAP_SECONDS = 30 * 24 * 3600
"""The longest time that an exchanged key goes on beside its successor."""


def issue(
    tenant_id: UUID,
    *,
    name: str,
    role: str,
    mode: str,
    now: datetime,
    created_by: str,
    expires_at: datetime | None = None,
) -> IssuedKey:
    """Return a new key of the tenant, not stored yet; its text exists here only."""
    text = new_key_text(mode, tenant_id)
    key = ApiKey(new_id(), text.number, name, role, mode, now, created_by, expires_at)
    return IssuedKey(key, text)


async def create_api_key(
    *,
    name: str,
    role: str,
    mode: str,
    expires_at: datetime | None,
    maker: Principal,
    unit: AccessUnit,
) -> IssuedKey:
    """Make a key that may do no more than its maker.

    Raises:
        RoleTooWide: the role has a permission that the maker lacks, or a test key asked for a live one.
        InvalidValue: the name shows nothing, or the end lies in the past.
    """
    if not PERMISSIONS_OF[role] <= maker.permissions or (maker.mode == TEST and mode != TEST):
        raise RoleTooWide
    now = unit.clock.now()
    errors = [] if name else [FieldError("/name", "empty", "shows nothing")]
    if expires_at is not None and expires_at <= now:
        errors.append(FieldError("/expires_at", "in-the-past", "must lie in the future"))
    if errors:
        raise InvalidValue(errors=errors)
    created_by = f"{unit.actor.kind}:{unit.actor.id}"
    issued = issue(
        unit.tenant_id, name=name, role=role, mode=mode, now=now, created_by=created_by, expires_at=expires_at
    )
    await unit.api_keys.add(issued.key, issued.text.secret_hash)
    await unit.events.add([_event("api_key.created", issued.key, now)])
    return issued


async def rotate_api_key(key_id: UUID, *, overlap_seconds: int, maker: Principal, unit: AccessUnit) -> IssuedKey:
    """Replace a key by one of the same name, role and mode; the old one ends `overlap_seconds` (≥ 0) from now.

    The successor has no end of its own unless the old key had one: then it gets the same length of life.

    Raises:
        ApiKeyNotFound: there is none.
        ApiKeyNotActive: it has ended already, or was rotated before.
        RoleTooWide: its role has a permission that the maker lacks.
    """
    old = await unit.api_keys.get(key_id, lock=True)
    now = unit.clock.now()
    if old.status(now) != "active" or old.replaced_by is not None:
        raise ApiKeyNotActive
    life = old.expires_at - old.created_at if old.expires_at is not None else None
    issued = await create_api_key(
        name=old.name,
        role=old.role,
        mode=old.mode,
        expires_at=None if life is None else now + life,
        maker=maker,
        unit=unit,
    )
    end = now + timedelta(seconds=overlap_seconds)
    await unit.api_keys.replace(
        key_id, by=issued.key.number, expires_at=end if old.expires_at is None else min(end, old.expires_at)
    )
    await unit.events.add([_event("api_key.rotated", old, now)])
    return issued


async def revoke_api_key(key_id: UUID, *, unit: AccessUnit) -> ApiKey:
    """End a key now; ending it twice changes nothing.

    Raises:
        ApiKeyNotFound: there is none.
    """
    key = await unit.api_keys.get(key_id, lock=True)
    if key.revoked_at is not None:
        return key
    now = unit.clock.now()
    await unit.events.add([_event("api_key.revoked", key, now)])
    return replace(await unit.api_keys.revoke(key_id, at=now), revoked_at=now)


def _event(kind: str, key: ApiKey, now: datetime) -> Event:
    return Event(kind, "api_key", key.id, now, data={"role": key.role, "mode": key.mode})
