"""Stores, registers and employees: plain records under the codes that tills send.

A code that a till sent and nobody knew starts unconfirmed; somebody of the shop says later what it is.
"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from domain.kernel.errors import Conflict, NotFound


@dataclass(frozen=True, slots=True)
class Store:
    """A place of sale; `time_zone` (IANA) and `currency` (ISO 4217) are the shop's where they are None."""

    id: UUID
    code: str
    name: str | None
    time_zone: str | None
    currency: str | None
    address: str | None
    confirmed: bool
    archived_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Register:
    """A till; `store` is the code of the store it stands in, and `code` is unique within that store."""

    id: UUID
    store: str | None
    code: str
    name: str | None
    confirmed: bool
    archived_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class Employee:
    """Somebody who works in the shop; `name` is personal, `role` is the shop's own word for what they do."""

    id: UUID
    code: str
    name: str | None
    store: str | None
    role: str | None
    confirmed: bool
    archived_at: datetime | None
    version: int
    created_at: datetime
    updated_at: datetime


class StoreNotFound(NotFound):
    """No such store."""

    code = "store-not-found"
    title = "No such store"


class RegisterNotFound(NotFound):
    """No such register."""

    code = "register-not-found"
    title = "No such register"


class EmployeeNotFound(NotFound):
    """No such employee."""

    code = "employee-not-found"
    title = "No such employee"


class CodeTaken(Conflict):
    """Another record has this code; `id` names it."""

    code = "code-taken"
    title = "The code is taken"
