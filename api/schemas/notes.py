"""Notes, as the contract shows them."""

from typing import Literal
from uuid import UUID

from pydantic import Field

from api.etag import strong_etag
from api.schemas.base import AnswerModel, Moment, RequestModel, Text10000, not_given

Visibility = Literal["till", "seller", "staff", "manager", "owner"]


class NoteCreate(RequestModel):
    """A note to be written; payment card numbers in it are masked."""

    text: Text10000 = Field(examples=["Не любит розовое"])
    visibility: Visibility = Field(
        default="manager", description="Who sees it, from everybody at the till to the owner alone."
    )
    pinned: bool = Field(default=False, description="Pinned notes for the till stand in the till view.")


class NotePatch(RequestModel):
    """What is to change; the former version stays readable."""

    text: Text10000 = not_given()
    visibility: Visibility = not_given()
    pinned: bool = not_given()


class Note(AnswerModel):
    """A note about a customer."""

    id: UUID
    customer_id: UUID
    text: str = Field(examples=["Не любит розовое"])
    visibility: Visibility
    pinned: bool
    author: str = Field(description="Kind and id of who wrote this version.", examples=["key:0197…"])
    version: int = Field(examples=[1])
    created_at: Moment
    updated_at: Moment

    def etag(self) -> str:
        """Return the version."""
        return strong_etag(self.id, self.version)


class NotePage(AnswerModel):
    """A page of notes, newest first."""

    items: list[Note]
    next_cursor: str | None


class NoteRevision(AnswerModel):
    """A version of a note."""

    version: int = Field(examples=[1])
    text: str = Field(examples=["Не любит розовое"])
    visibility: Visibility
    pinned: bool
    author: str = Field(examples=["key:0197…"])
    edited_at: Moment


class NoteRevisions(AnswerModel):
    """Every version of a note, newest first."""

    items: list[NoteRevision]
