"""A shop's own settings."""

from typing import Annotated, Literal

from pydantic import Field

from api.etag import strong_etag
from api.schemas.base import AnswerModel, Line200, RequestModel, not_given
from api.schemas.tenants import Locale, TimeZone

Days = Annotated[int, Field(ge=1, le=3650, examples=[90])]
Count = Annotated[int, Field(ge=1, le=1_000_000, examples=[5])]
VipCount = Annotated[int, Field(ge=0, le=1_000_000, description="0 switches this rule off.", examples=[20])]
VipSum = Annotated[
    int,
    Field(ge=0, le=10**12, description="Minor units of the shop's currency; 0 switches this rule off.", examples=[0]),
]
StaleDays = Annotated[
    int,
    Field(
        ge=0,
        le=3650,
        description="A phone unused for so many days identifies for earning only; 0: never so.",
        examples=[180],
    ),
]
LeapBirthday = Literal["feb_28", "mar_1"]


class LifecyclePatch(RequestModel):
    """Borders between stages to be changed; null puts one back to its preset."""

    new_days: Days | None = None
    at_risk_days: Days | None = None
    sleeping_days: Days | None = None
    lost_days: Days | None = None
    regular_receipts: Count | None = None
    vip_receipts: VipCount | None = None
    vip_spent: VipSum | None = None


class SettingsPatch(RequestModel):
    """Settings to be changed (JSON Merge Patch); null puts one back to its preset."""

    name: Line200 = not_given()
    time_zone: TimeZone = not_given()
    locale: Locale = not_given()
    lifecycle: LifecyclePatch | None = None
    leap_birthday: LeapBirthday | None = None
    name_index: bool | None = None
    phone_ending_index: bool | None = None
    phone_stale_days: StaleDays | None = None


class Lifecycle(AnswerModel):
    """Borders between the stages of a customer. Days count from the last purchase, `new_days` from the first."""

    new_days: Annotated[int, Field(examples=[30])]
    at_risk_days: Annotated[int, Field(examples=[90])]
    sleeping_days: Annotated[int, Field(examples=[180])]
    lost_days: Annotated[int, Field(examples=[365])]
    regular_receipts: Annotated[int, Field(examples=[5])]
    vip_receipts: Annotated[int, Field(description="0: no such rule.", examples=[20])]
    vip_spent: Annotated[int, Field(description="Minor units of the shop's currency; 0: no such rule.", examples=[0])]


class Settings(AnswerModel):
    """Everything set for this shop, presets filled in."""

    name: Annotated[str, Field(examples=["Лавка"])]
    country: Annotated[str, Field(description="Set by the operator.", examples=["RU"])]
    currency: Annotated[str, Field(description="Set by the operator.", examples=["RUB"])]
    time_zone: Annotated[str, Field(examples=["Europe/Moscow"])]
    locale: Annotated[str, Field(examples=["ru"])]
    jurisdiction: Annotated[str, Field(description="Set by the operator.", examples=["ru"])]
    lifecycle: Lifecycle
    leap_birthday: Annotated[
        str, Field(description="When a birthday on 29 February is kept in other years.", examples=["feb_28"])
    ]
    name_index: Annotated[
        bool,
        Field(description="Blind index of name prefixes for shops with many customers; it leaks how common names are."),
    ]
    phone_ending_index: Annotated[
        bool, Field(description="Blind index of the last four digits of phones; it leaks which phones share them.")
    ]
    phone_stale_days: StaleDays

    def etag(self) -> str:
        """Return the entity tag of the settings."""
        return strong_etag(self.model_dump_json())
