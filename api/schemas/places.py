"""Stores, registers and employees."""

from typing import Annotated
from uuid import UUID

from pydantic import Field

from api.etag import strong_etag
from api.schemas.base import AnswerModel, Code64, Currency, Moment, OptionalLine200, RequestModel, Text500, not_given
from api.schemas.page import PageQuery
from api.schemas.tenants import TimeZone

StoreCode = Annotated[Code64, Field(description="The code of a store; an unknown one becomes a plain record.")]
Confirmed = Annotated[
    bool, Field(description="False while only a till has named the code and nobody of the shop has looked at it.")
]


class PlaceQuery(PageQuery):
    """Which records to list."""

    code: Annotated[Code64 | None, Field(description="The record with this code only.")] = None
    confirmed: Annotated[bool | None, Field(description="Confirmed ones only, or unconfirmed ones only.")] = None
    archived: Annotated[bool, Field(description="List the archived records in place of the others.")] = False


class InStoreQuery(PlaceQuery):
    """Which records to list, by store too."""

    store: Annotated[Code64 | None, Field(description="Those of the store with this code only.")] = None


class StoreCreate(RequestModel):
    """A store to be added."""

    code: Annotated[Code64, Field(description="What tills call it; unique in the shop.")]
    name: Annotated[OptionalLine200, Field(examples=["На Невском"])] = None
    time_zone: Annotated[TimeZone | None, Field(description="Without it the shop's.")] = None
    currency: Annotated[Currency | None, Field(description="Without it the shop's.")] = None
    address: Annotated[Text500 | None, Field(examples=["Невский проспект, 1"])] = None


class StorePatch(RequestModel):
    """What to change of a store (JSON Merge Patch)."""

    code: Code64 = not_given()
    name: OptionalLine200 = None
    time_zone: TimeZone | None = None
    currency: Currency | None = None
    address: Text500 | None = None
    confirmed: bool = not_given()


class _Record(AnswerModel):
    id: UUID
    code: Annotated[str, Field(examples=["main"])]
    name: Annotated[str | None, Field(examples=["На Невском"])]
    confirmed: Confirmed
    archived_at: Moment | None
    version: Annotated[int, Field(ge=1, examples=[1])]
    created_at: Moment
    updated_at: Moment

    def etag(self) -> str:
        """Return the entity tag of this version."""
        return strong_etag(self.id, self.version)


class Store(_Record):
    """A place of sale."""

    time_zone: Annotated[str | None, Field(description="Null: the shop's.", examples=["Europe/Moscow"])]
    currency: Annotated[str | None, Field(description="Null: the shop's.", examples=["RUB"])]
    address: str | None


class StorePage(AnswerModel):
    """A page of stores, oldest first."""

    items: list[Store]
    next_cursor: Annotated[str | None, Field(description="Null on the last page.")]


class RegisterCreate(RequestModel):
    """A register (till) to be added."""

    code: Annotated[Code64, Field(description="What it calls itself; unique in its store.", examples=["1"])]
    store: StoreCode | None = None
    name: Annotated[OptionalLine200, Field(examples=["Касса у входа"])] = None


class RegisterPatch(RequestModel):
    """What to change of a register (JSON Merge Patch)."""

    code: Code64 = not_given()
    store: StoreCode | None = None
    name: OptionalLine200 = None
    confirmed: bool = not_given()


class Register(_Record):
    """A till."""

    store: Annotated[str | None, Field(description="The code of its store.", examples=["main"])]


class RegisterPage(AnswerModel):
    """A page of registers, oldest first."""

    items: list[Register]
    next_cursor: Annotated[str | None, Field(description="Null on the last page.")]


class EmployeeCreate(RequestModel):
    """An employee to be added."""

    code: Annotated[Code64, Field(description="What tills call them; unique in the shop.", examples=["e-5"])]
    name: Annotated[OptionalLine200, Field(examples=["Ольга"])] = None
    store: StoreCode | None = None
    role: Annotated[Code64 | None, Field(description="The shop's own word for what they do.", examples=["seller"])] = (
        None
    )


class EmployeePatch(RequestModel):
    """What to change of an employee (JSON Merge Patch)."""

    code: Code64 = not_given()
    name: OptionalLine200 = None
    store: StoreCode | None = None
    role: Code64 | None = None
    confirmed: bool = not_given()


class Employee(_Record):
    """Somebody who works in the shop."""

    store: Annotated[str | None, Field(description="The code of their store.", examples=["main"])]
    role: Annotated[str | None, Field(examples=["seller"])]


class EmployeePage(AnswerModel):
    """A page of employees, oldest first."""

    items: list[Employee]
    next_cursor: Annotated[str | None, Field(description="Null on the last page.")]
