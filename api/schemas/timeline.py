"""A customer's history, as the contract shows it."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from api.schemas.base import AnswerModel, Code64, Moment, Text64
from api.schemas.page import PageQuery


class TimelineEntry(AnswerModel):
    """One thing that happened."""

    id: UUID
    kind: str = Field(
        description="`sale`, `return`, `void`, `note`; new ones may come.",
        examples=["sale"],
    )
    occurred_at: Moment
    recorded_at: Moment
    source: str = Field(examples=["till-1"])
    store: str | None = Field(examples=["main"])
    actor: str | None = Field(description="An employee's code, or kind and id of a credential.", examples=["e-5"])
    title: str = Field(description="A line for a screen, in the shop's language.", examples=["Покупка на 1 299,00 RUB"])
    refs: dict[str, Any] = Field(
        description="Ids of what it is about.", examples=[{"receipt_id": "01970f3a-7c2e-7b3a-9d54-6f1e2a3b4c5d"}]
    )
    data: dict[str, Any] = Field(examples=[{"total": 129900, "currency": "RUB"}])


class TimelinePage(AnswerModel):
    """A page of history, newest first."""

    items: list[TimelineEntry]
    next_cursor: str | None


class TimelineQuery(PageQuery):
    """Filters of a history."""

    kind: Annotated[
        list[Text64], Field(max_length=20, description="Only these kinds; may be repeated.", examples=[["sale"]])
    ] = Field(default_factory=list)
    from_: Annotated[Moment | None, Field(alias="from", description="At or after this moment.")] = None
    to: Annotated[Moment | None, Field(description="Before this moment.")] = None
    store: Code64 | None = None
    author: Text64 | None = Field(default=None, description="An employee's code, or an `actor` as it is shown.")
