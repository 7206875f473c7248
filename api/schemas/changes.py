"""The change feed."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from api.schemas.base import AnswerModel, Moment
from api.schemas.page import PageQuery

EventType = Annotated[str, Field(pattern=r"^[a-z][a-z_]*\.[a-z][a-z_]*$", max_length=64, examples=["receipt.recorded"])]

HIDDEN = "Null also where this credential may not see it, and once its person is erased."


class ChangesQuery(PageQuery):
    """From where to read on, and what."""

    type: Annotated[
        list[EventType] | None,
        Field(max_length=50, description="Changes of these types only; may be given many times."),
    ] = None


class ChangeActor(AnswerModel):
    """Who did it."""

    kind: Annotated[str, Field(description="`key`, `staff`, `plugin`, `operator` or `system`.", examples=["key"])]
    id: Annotated[
        str, Field(description="Names the actor within its kind.", examples=["0197f2b4-7c0a-7cc3-98c4-dc0c0c07398f"])
    ]
    role: Annotated[str, Field(examples=["cashier"])]


class ChangeObject(AnswerModel):
    """What it was done to."""

    type: Annotated[str, Field(examples=["receipt"])]
    id: UUID


class ChangedField(AnswerModel):
    """One field, before and after."""

    field: Annotated[str, Field(examples=["state"])]
    old: Annotated[
        Any,
        Field(description="Null also where this credential may not see it, or the person is erased.", examples=[None]),
    ]
    new: Annotated[
        Any,
        Field(
            description="Null also where this credential may not see it, or the person is erased.",
            examples=["recorded"],
        ),
    ]


class ChangeEvent(AnswerModel):
    """One thing that happened. An event may be seen twice, never skipped; new types may appear."""

    id: UUID
    type: Annotated[str, Field(description="`<thing>.<past verb>`.", examples=["receipt.recorded"])]
    occurred_at: Moment
    recorded_at: Moment
    actor: ChangeActor
    object: ChangeObject
    changes: list[ChangedField]
    data: Annotated[dict[str, Any], Field(description="Ids and figures.", examples=[{"total": 129900}])]


class ChangePage(AnswerModel):
    """Changes, oldest first."""

    items: list[ChangeEvent]
    next_cursor: Annotated[str, Field(description="Never null: keep it and ask again.")]
