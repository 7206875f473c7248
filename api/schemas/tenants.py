"""Shops, as the operator sees them."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from api.schemas.base import AnswerModel, Currency, Line200, Moment, RequestModel, Text64

Country = Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="ISO 3166-1 alpha-2.", examples=["RU"])]
TimeZone = Annotated[Text64, Field(description="IANA name.", examples=["Europe/Moscow"])]
Locale = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z]{2,3}([-_][A-Za-z0-9]{2,8}){0,3}$",
        max_length=35,
        description="The language of what customers are told: ru, uk or en, with a region if you like.",
        examples=["ru"],
    ),
]
Jurisdiction = Annotated[
    str,
    Field(pattern=r"^[a-z]{2}$", description="The pack of law: `ru`, `ua` or `eu`.", examples=["ru"]),
]


class TenantCreate(RequestModel):
    """A shop to be opened."""

    name: Annotated[Line200, Field(examples=["Лавка"])]
    country: Country
    currency: Currency
    time_zone: TimeZone
    locale: Annotated[Locale | None, Field(description="Without it the country's language.")] = None
    jurisdiction: Annotated[Jurisdiction | None, Field(description="Without it the country's law.")] = None


class Tenant(AnswerModel):
    """A shop: its settings, nobody's data."""

    id: UUID
    name: Annotated[str, Field(examples=["Лавка"])]
    status: Annotated[str, Field(description="`active` or `suspended`.", examples=["active"])]
    country: Annotated[str, Field(examples=["RU"])]
    currency: Annotated[str, Field(examples=["RUB"])]
    time_zone: Annotated[str, Field(examples=["Europe/Moscow"])]
    locale: Annotated[str, Field(examples=["ru"])]
    jurisdiction: Annotated[str, Field(examples=["ru"])]
    settings: Annotated[
        dict[str, Any],
        Field(description="What the owner has set; what is not here has its preset.", examples=[{}]),
    ]
    created_at: Moment


class TenantOpened(Tenant):
    """A new shop with the key of its owner, in this one answer only."""

    api_key: Annotated[
        str | None,
        Field(
            description="A key of role owner. Null in the replay of an idempotent call: it is stored nowhere.",
            examples=["rgl_live_<id>_<secret>_<checksum>"],
        ),
    ]

    def kept(self) -> "TenantOpened":
        """Return the copy that is stored for replays, without the key."""
        return self.model_copy(update={"api_key": None})


class TenantPage(AnswerModel):
    """A page of shops, oldest first."""

    items: list[Tenant]
    next_cursor: Annotated[str | None, Field(description="Null on the last page.")]
