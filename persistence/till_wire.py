"""The shape of what the till's reading functions return.

Given to the decoder, it makes UUIDs, moments and enumerations of texts as it reads; made one by one in Python they
were a fifth of a receipt's time. Columns that are not named here are skipped.
"""

from datetime import datetime
from typing import Any, TypedDict
from uuid import UUID

import msgspec

from domain.loyalty.lots import LotState, OriginKind

Untyped = list[dict[str, Any]] | None
"""Rows that come too seldom to matter: texts stay texts."""


class AccountRow(TypedDict):
    """A row of `account`."""

    account_id: UUID
    version: int
    active: int
    pending: int
    held: int
    debt: int
    lifetime_earned: int
    next_activation_at: datetime | None
    status: str


class LotRow(TypedDict):
    """A row of `lot`."""

    account_id: UUID
    lot_id: UUID
    amount: int
    remaining: int
    reserved: int
    expired: int
    state: LotState
    activates_at: datetime
    expires_at: datetime | None
    origin: OriginKind
    receipt_id: UUID | None
    rule: str | None
    program_version: int | None
    parent_lot_id: UUID | None
    funding_store: str | None
    qualifying: bool
    root_customer_id: UUID | None


class IdentifierRow(TypedDict):
    """An identifier that was found."""

    type: str
    blind: str
    identifier_id: UUID
    customer_id: UUID
    status: str
    verified: bool
    last_used_at: datetime | None


class CustomerRow(TypedDict):
    """A customer that was found or named."""

    customer_id: UUID
    canonical_id: UUID
    state: str
    is_staff: bool


class MemberRow(TypedDict):
    """Who has which account in which program."""

    customer_id: UUID
    account_id: UUID
    program_id: UUID


class ReceiptRead(TypedDict):
    """What `receipt_read` returns."""

    config_version: int | None
    status: str | None
    documents: Untyped
    aliases: Untyped
    keys: Untyped
    entries: Untyped
    identifiers: list[IdentifierRow] | None
    customers: list[CustomerRow] | None
    members: list[MemberRow] | None
    accounts: list[AccountRow] | None
    lots: list[LotRow] | None
    deep: bool


class ResolveRead(TypedDict):
    """What `resolve_read` returns."""

    config_version: int | None
    status: str | None
    hits: Untyped
    people: Untyped
    identifiers: Untyped
    notes: list[str] | None
    account: AccountRow | None
    lots: list[LotRow] | None


RECEIPT_READ = msgspec.json.Decoder(ReceiptRead)
RESOLVE_READ = msgspec.json.Decoder(ResolveRead)
