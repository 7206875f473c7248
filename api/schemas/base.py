"""What every published model shares: closed requests, open answers, safe strings, aware times, whole money."""

import re
from datetime import UTC, date, datetime
from typing import Annotated, Any, get_args

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field
from pydantic_core import PydanticCustomError

from domain.kernel.money import MAX_AMOUNT
from domain.kernel.text import clean_line

NO_NUL = r"^[^\x00]*$"
_RFC3339 = re.compile(r"\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)", re.ASCII)
FIRST_MOMENT = datetime.min.replace(tzinfo=UTC)
LAST_MOMENT = datetime.max.replace(tzinfo=UTC)
_DAY = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)


def _moment(value: object) -> object:
    """Read RFC 3339 only: pydantic alone also takes seconds since 1970, a bare date, a time without offset."""
    try:
        if isinstance(value, str) and _RFC3339.fullmatch(value):
            return _utc(datetime.fromisoformat(value.upper()))
        if isinstance(value, datetime) and value.tzinfo is not None:
            return _utc(value)
    except ValueError:
        pass
    raise PydanticCustomError("datetime", "must be an RFC 3339 time with an offset")


def _utc(moment: datetime) -> datetime:
    """Return the moment in UTC; one whose offset leads out of the calendar stands at its end."""
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        return FIRST_MOMENT if moment.year == 1 else LAST_MOMENT


def _day(value: object) -> object:
    try:
        if isinstance(value, str) and _DAY.fullmatch(value):
            return date.fromisoformat(value)
    except ValueError:
        pass
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    raise PydanticCustomError("date", "must be a date, YYYY-MM-DD")


Moment = Annotated[
    datetime,
    BeforeValidator(_moment, json_schema_input_type=datetime),
    Field(examples=["2026-11-21T09:30:00Z"]),
]
"""A time: RFC 3339 with an offset in requests, UTC with `Z` in answers."""

Day = Annotated[date, BeforeValidator(_day, json_schema_input_type=date), Field(examples=["2026-11-21"])]
"""A calendar date, YYYY-MM-DD."""

Text = Annotated[str, Field(pattern=NO_NUL)]
"""A string without NUL; lone surrogates never get past the JSON parser."""

Text16 = Annotated[str, Field(min_length=1, max_length=16, pattern=NO_NUL)]
Text32 = Annotated[str, Field(min_length=1, max_length=32, pattern=NO_NUL)]
Text64 = Annotated[str, Field(min_length=1, max_length=64, pattern=NO_NUL)]
Text100 = Annotated[str, Field(min_length=1, max_length=100, pattern=NO_NUL)]
Text200 = Annotated[str, Field(min_length=1, max_length=200, pattern=NO_NUL)]
Text500 = Annotated[str, Field(min_length=1, max_length=500, pattern=NO_NUL)]
Text1000 = Annotated[str, Field(min_length=1, max_length=1000, pattern=NO_NUL)]
Text10000 = Annotated[str, Field(min_length=1, max_length=10_000, pattern=NO_NUL)]
Line200 = Annotated[Text200, AfterValidator(clean_line)]
"""A name as people type it; it comes to the house as one line of what can be seen, which may be nothing."""

OptionalLine200 = Annotated[Text200 | None, AfterValidator(lambda text: (text and clean_line(text)) or None)]
"""A name that may be missing: one that shows nothing is none."""

Code64 = Annotated[str, Field(min_length=1, max_length=64, pattern=NO_NUL, examples=["main"])]
"""A code of the shop's own: a store, a till, a sku; kept as sent."""

Currency = Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["RUB"])]
"""An ISO 4217 code."""

Amount = Annotated[int, Field(ge=0, le=MAX_AMOUNT, examples=[129900])]
"""Money ≥ 0 in minor units."""

SignedAmount = Annotated[int, Field(ge=-MAX_AMOUNT, le=MAX_AMOUNT, examples=[129900])]
"""Money in minor units, below zero too."""

Points = Annotated[int, Field(ge=0, le=MAX_AMOUNT, examples=[12])]
"""Points ≥ 0 in the smallest part of their currency."""

SignedPoints = Annotated[int, Field(ge=-MAX_AMOUNT, le=MAX_AMOUNT, examples=[12])]
"""Points in the smallest part of their currency, below zero too."""

Quantity = Annotated[str, Field(pattern=r"^(0|[1-9][0-9]{0,8})(\.[0-9]{1,3})?$", examples=["1.250"])]
"""A decimal string with at most three decimals; that it is above zero is the model's own rule."""


def not_given() -> Any:
    """Return the default of a PATCH field that may be left out but not be null."""
    return Field(default=None, json_schema_extra=_without_default)


def _without_default(schema: dict[str, Any]) -> None:
    schema.pop("default", None)


class RequestModel(BaseModel):
    """Base of request bodies: strict types, unknown fields refused."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, hide_input_in_errors=True)


class QueryModel(BaseModel):
    """Base of query strings (`operation(query=…)`, `read_query`): text is turned into types, unknown names refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class AnswerModel(BaseModel):
    """Base of answers: open, filled from attributes; times must be `Moment` so that they leave in UTC.

    Every field is always there, defaults too, and the contract says so.

    A single resource with an `ETag` defines `etag() -> str`; one that shows a secret defines `kept() -> Self`, the
    copy without it that is stored for replays.
    """

    model_config = ConfigDict(
        from_attributes=True, hide_input_in_errors=True, json_schema_serialization_defaults_required=True
    )

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        """Refuse a plain `datetime`: it would leave in the zone it came in.

        Raises:
            TypeError: a field is annotated with `datetime` in place of `Moment`.
        """
        super().__pydantic_init_subclass__(**kwargs)
        for name, field in cls.model_fields.items():
            if _plain_datetime(field.annotation, field.metadata):
                msg = f"{cls.__name__}.{name}: annotate times with api.schemas.base.Moment"
                raise TypeError(msg)


def _plain_datetime(annotation: Any, metadata: list[Any]) -> bool:
    if annotation is datetime:
        return not any(isinstance(rule, BeforeValidator) and rule.func is _moment for rule in metadata)
    if annotation is not None and (found := getattr(annotation, "__metadata__", None)) is not None:
        return _plain_datetime(get_args(annotation)[0], list(found))
    return any(_plain_datetime(part, []) for part in get_args(annotation))
