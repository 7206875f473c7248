"""Identifiers as they are sent."""

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.base import Code64, RequestModel

IdentifierType = Literal[
    "phone", "email", "card", "external", "telegram", "vk", "whatsapp", "viber", "max", "relay", "tax_id"
]


class IdentifierValue(RequestModel):
    """Something a person can be found by; `system` names whose number an `external` one is."""

    type: IdentifierType = Field(examples=["phone"])
    value: Annotated[str, Field(min_length=1, max_length=200, pattern=r"^[^\x00]*$", examples=["+79350004567"])]
    system: Code64 | None = None
