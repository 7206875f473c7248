"""Addresses, as the contract shows them."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, PrivateAttr

from api.etag import strong_etag
from api.masks import Whereabouts
from api.schemas.base import NO_NUL, AnswerModel, Moment, RequestModel, Text1000, not_given

Part = Annotated[str, Field(max_length=200, pattern=NO_NUL)]
Kind = Annotated[
    str, Field(min_length=1, max_length=32, pattern=NO_NUL, description="The shop's own word.", examples=["home"])
]


class AddressCreate(RequestModel):
    """An address: structured parts, free text, or both."""

    kind: Kind = "home"
    default: bool = Field(default=False, description="The first address is the default in any case.")
    country: Part | None = None
    region: Part | None = None
    city: Part | None = Field(default=None, examples=["Казань"])
    district: Part | None = None
    street: Part | None = Field(default=None, examples=["Баумана"])
    building: Part | None = Field(default=None, examples=["7"])
    flat: Part | None = None
    postal_code: Part | None = None
    text: Text1000 | None = Field(default=None, description="The whole address as it is written.")
    comment: Text1000 | None = None


class AddressPatch(RequestModel):
    """What is to change; a null clears a part."""

    kind: Kind = not_given()
    default: bool = not_given()
    country: Part | None = None
    region: Part | None = None
    city: Part | None = None
    district: Part | None = None
    street: Part | None = None
    building: Part | None = None
    flat: Part | None = None
    postal_code: Part | None = None
    text: Text1000 | None = None
    comment: Text1000 | None = None


class Address(AnswerModel):
    """An address of a customer."""

    id: UUID
    kind: str = Field(examples=["home"])
    default: bool
    country: str | None
    region: str | None
    city: str | None = Field(examples=["Казань"])
    district: str | None
    street: Whereabouts = Field(examples=["Баумана"])
    building: Whereabouts = Field(examples=["7"])
    flat: Whereabouts
    postal_code: Whereabouts
    text: Whereabouts
    comment: Whereabouts
    created_at: Moment
    updated_at: Moment
    _version: int = PrivateAttr(default=1)

    def etag(self) -> str:
        """Return the version."""
        return strong_etag(self.id, self._version)

    def at_version(self, version: int) -> "Address":
        """Say which version this is."""
        self._version = version
        return self


class AddressList(AnswerModel):
    """Every address of a customer, oldest first."""

    items: list[Address]
