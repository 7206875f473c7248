"""The shop's own fields, as the contract shows them."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from api.etag import strong_etag
from api.schemas.base import AnswerModel, Line200, Moment, RequestModel, Text32, Text64, not_given
from api.schemas.page import PageQuery

FieldType = Literal["string", "number", "date", "bool", "enum", "multi_enum", "reference"]
Referenced = Literal["customer", "store", "employee", "product"]
Options = Annotated[list[Text64], Field(max_length=200, description="What an enum takes.", examples=[["dry", "oily"]])]
Border = Annotated[Text32, Field(description="Of numbers (a decimal string) and dates (YYYY-MM-DD); belongs to them.")]
LongestText = Annotated[int, Field(ge=1, le=10_000, description="Of strings; 1 000 without it.")]


class CustomFieldCreate(RequestModel):
    """A field to be; code and type never change."""

    code: Annotated[
        str,
        Field(
            pattern=r"^[a-z][a-z0-9_]{0,63}$", description="The name in `custom` of customers.", examples=["skin_type"]
        ),
    ]
    type: FieldType = Field(examples=["enum"])
    label: Line200 = Field(examples=["Тип кожи"])
    options: Options = Field(default_factory=list)
    minimum: Border | None = None
    maximum: Border | None = None
    max_length: LongestText | None = None
    to: Referenced | None = Field(default=None, description="What a reference names.")


class CustomFieldPatch(RequestModel):
    """What is to change; stored values stay as they are."""

    label: Line200 = not_given()
    options: Options = not_given()
    minimum: Border | None = None
    maximum: Border | None = None
    max_length: LongestText | None = None


class CustomField(AnswerModel):
    """A field of the shop's own."""

    id: UUID
    code: str = Field(examples=["skin_type"])
    type: FieldType = Field(examples=["enum"])
    label: str = Field(examples=["Тип кожи"])
    options: list[str] = Field(examples=[["dry", "oily"]])
    minimum: str | None
    maximum: str | None
    max_length: int | None
    to: Referenced | None
    archived_at: Moment | None
    version: int = Field(examples=[1])
    created_at: Moment
    updated_at: Moment

    def etag(self) -> str:
        """Return the version."""
        return strong_etag(self.id, self.version)


class CustomFieldPage(AnswerModel):
    """A page of fields by code."""

    items: list[CustomField]
    next_cursor: str | None


class CustomFieldQuery(PageQuery):
    """Filters of the list."""

    archived: bool = Field(default=False, description="Archived ones too.")
