"""What is asked and answered about single identifiers."""

from uuid import UUID

from pydantic import Field

from api.schemas.base import AnswerModel, Code64, RequestModel, Text500
from api.schemas.customers import Identifier, IdentifierCreate


class IdentifierAdd(IdentifierCreate):
    """One more identifier."""

    shared: bool = Field(
        default=False,
        description="Several people use it, say a family's phone: all who have it share it from now on. "
        "On more than three it is quarantined and finds nobody.",
    )


class IdentifierList(AnswerModel):
    """Every identifier of a customer, oldest first."""

    items: list[Identifier]


class IdentifierReassign(RequestModel):
    """Who has it now, and who says so."""

    new_customer_id: UUID | None = Field(default=None, description="Left out: a new customer is made who has it.")
    verification_id: UUID | None = Field(default=None, description="A confirmed code sent to the number.")
    employee: Code64 | None = Field(default=None, description="Who vouches where no code was sent.", examples=["e-5"])
    reason: Text500 | None = None


class ReassignedIdentifier(Identifier):
    """The identifier as its former owner has it."""

    new_customer_id: UUID = Field(description="Who has it now.")
