"""Tags, as the contract shows them."""

from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from api.etag import strong_etag
from api.schemas.base import AnswerModel, Moment, RequestModel, Text64, Text500, not_given
from api.schemas.page import PageQuery

Color = Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$", examples=["#c08040"])]
TagName = Annotated[Text64, Field(description="`name`, or `namespace:name`.", examples=["taste:sweet"])]


class TagCreate(RequestModel):
    """A tag to be."""

    name: TagName
    color: Color | None = None
    description: Text500 | None = None


class TagPatch(RequestModel):
    """What is to change; a new name shows on every customer that has the tag."""

    name: TagName = not_given()
    color: Color | None = None
    description: Text500 | None = None


class Tag(AnswerModel):
    """A word of the shop's."""

    id: UUID
    name: str = Field(examples=["taste:sweet"])
    namespace: str | None = Field(examples=["taste"])
    color: str | None = Field(examples=["#c08040"])
    description: str | None
    archived_at: Moment | None
    version: int = Field(examples=[1])
    created_at: Moment
    updated_at: Moment

    def etag(self) -> str:
        """Return the version."""
        return strong_etag(self.id, self.version)


class TagPage(AnswerModel):
    """A page of tags by name."""

    items: list[Tag]
    next_cursor: str | None


class TagQuery(PageQuery):
    """Filters of the list."""

    namespace: Text64 | None = Field(default=None, description="Only names that begin with this and a colon.")
    archived: bool = Field(default=False, description="Archived ones too.")


class TagLink(AnswerModel):
    """A tag on a customer."""

    id: UUID
    name: str = Field(examples=["coffee"])
    namespace: str | None
    color: str | None
    source: str = Field(description="What put it there.", examples=["api"])
    actor: str = Field(examples=["key:0197…"])
    tagged_at: Moment


class TagLinks(AnswerModel):
    """Every tag of a customer, by name."""

    items: list[TagLink]


class TagsPut(RequestModel):
    """Tags to be put on one customer; names that the shop does not know yet are made."""

    names: Annotated[list[TagName], Field(min_length=1, max_length=100)]


class TagsApply(RequestModel):
    """Tags to be put on customers, and others to be taken away."""

    add: Annotated[list[TagName], Field(max_length=100)] = Field(default_factory=list, examples=[["coffee"]])
    remove: Annotated[list[TagName], Field(max_length=100)] = Field(default_factory=list, examples=[["tea"]])
    customer_ids: Annotated[list[UUID], Field(min_length=1, max_length=500)]

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.add and not self.remove:
            raise PydanticCustomError("required", "needs add or remove")
        return self


class TagsApplied(AnswerModel):
    """How many links were made and taken away, among how many customers."""

    customers: int = Field(examples=[2])
    added: int = Field(examples=[2])
    removed: int = Field(examples=[0])
