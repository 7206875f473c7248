"""The published shape of health answers."""

from typing import Annotated, Literal

from pydantic import Field

from api.schemas.base import AnswerModel


class Live(AnswerModel):
    """The process answers."""

    status: Annotated[Literal["ok"], Field(examples=["ok"])] = "ok"


class ReadyCheck(AnswerModel):
    """One thing that must be right before traffic comes."""

    name: Annotated[str, Field(examples=["database"])]
    ok: Annotated[bool, Field(examples=[True])]
    detail: Annotated[str, Field(examples=[""])] = ""


class Ready(AnswerModel):
    """Everything that must be right is right."""

    status: Annotated[Literal["ready"], Field(examples=["ready"])] = "ready"
    checks: list[ReadyCheck]
