"""How a person likes to be reached."""

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from api.schemas.base import AnswerModel, RequestModel

Channel = Literal["call", "sms", "email", "messenger", "push", "post"]
Start = Annotated[str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", examples=["10:00"])]
End = Annotated[str, Field(pattern=r"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$", examples=["19:00"])]
Weekday = Annotated[int, Field(ge=1, le=7, description="1 Monday … 7 Sunday.", examples=[1])]


class WindowIn(RequestModel):
    """A stretch of a weekday on the person's own clock."""

    weekday: Weekday
    from_: Start = Field(alias="from")
    to: End


class PreferencesIn(RequestModel):
    """Channels in the order of liking and the hours that suit; both empty clears them."""

    channels: Annotated[tuple[Channel, ...], Field(max_length=6, examples=[["messenger", "sms"]])] = ()
    windows: Annotated[tuple[WindowIn, ...], Field(max_length=50)] = ()


class Window(AnswerModel):
    """A stretch of a weekday on the person's own clock."""

    weekday: int = Field(examples=[1])
    from_: str = Field(serialization_alias="from", examples=["10:00"])
    to: str = Field(examples=["19:00"])

    model_config = ConfigDict(serialize_by_alias=True)


class Preferences(AnswerModel):
    """What a sender honours beside the permission to send at all."""

    channels: list[str] = Field(examples=[["messenger", "sms"]])
    windows: list[Window]
    time_zone: str = Field(description="The person's, else the shop's.", examples=["Europe/Moscow"])
