"""Credentials, as the contract shows them."""

from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field

from api.schemas.base import AnswerModel, Line200, Moment, RequestModel
from compliance.access.use_cases import MAX_OVERLAP_SECONDS

Role = Literal["owner", "manager", "marketer", "seller", "cashier", "accountant", "dpo", "integration"]
Mode = Annotated[
    Literal["live", "test"],
    Field(
        description="A key of mode `test` is for trying things out; it makes only keys of mode `test`.",
        examples=["live"],
    ),
]


class ApiKeyCreate(RequestModel):
    """A key to be made; it may do no more than the key that makes it."""

    name: Annotated[Line200, Field(description="What the key is for: a till, a site, a program.", examples=["Till 1"])]
    role: Annotated[Role, Field(description="What it may do; see the list of roles.", examples=["cashier"])]
    mode: Mode = "live"
    expires_at: Annotated[
        Moment | None, Field(description="When it ends; without this it ends by revocation only.")
    ] = None


class ApiKeyRotate(RequestModel):
    """How an exchange goes."""

    overlap_seconds: Annotated[
        int,
        Field(
            ge=0,
            le=MAX_OVERLAP_SECONDS,
            description="How long the old key goes on beside the new one, so that tills change over one by one.",
            examples=[86400],
        ),
    ] = 86400


class ApiKey(AnswerModel):
    """A key without its secret, which is never shown again."""

    id: UUID
    name: Annotated[str, Field(examples=["Till 1"])]
    role: Annotated[str, Field(examples=["cashier"])]
    mode: Annotated[str, Field(examples=["live"])]
    status: Annotated[str, Field(description="`active`, `expired` or `revoked`.", examples=["active"])]
    number: Annotated[int, Field(ge=1, le=2147483647, description="Stands in the key's text.", examples=[1274019])]
    created_at: Moment
    created_by: Annotated[str, Field(description="Kind and id of its maker.", examples=["operator:settings"])]
    expires_at: Moment | None
    revoked_at: Moment | None
    last_used_at: Annotated[Moment | None, Field(description="Exact to a minute.")]
    replaced_by: Annotated[int | None, Field(description="Number of the key that took its place.")]


class ApiKeyIssued(ApiKey):
    """A new key with its text, in this one answer only."""

    api_key: Annotated[
        str | None,
        Field(
            description="The key itself. Null in the replay of an idempotent call: it is stored nowhere.",
            examples=["rgl_live_<id>_<secret>_<checksum>"],
        ),
    ]

    def kept(self) -> "ApiKeyIssued":
        """Return the copy that is stored for replays, without the key."""
        return self.model_copy(update={"api_key": None})


class ApiKeyPage(AnswerModel):
    """A page of keys, oldest first."""

    items: list[ApiKey]
    next_cursor: str | None


class MeTenant(AnswerModel):
    """The shop, and what a client needs to show money and times rightly."""

    id: UUID
    name: Annotated[str, Field(examples=["Coffee shop"])]
    status: Annotated[str, Field(description="`active` or `suspended`.", examples=["active"])]
    country: Annotated[str, Field(description="ISO 3166-1 alpha-2.", examples=["RU"])]
    currency: Annotated[str, Field(description="ISO 4217.", examples=["RUB"])]
    time_zone: Annotated[str, Field(examples=["Europe/Moscow"])]
    locale: Annotated[str, Field(examples=["ru"])]
    jurisdiction: Annotated[str, Field(examples=["ru"])]


class Me(AnswerModel):
    """Who a credential is."""

    kind: Annotated[str, Field(description="`key` or `operator`.", examples=["key"])]
    tenant_id: Annotated[UUID | None, Field(description="Null for an operator.")]
    tenant: MeTenant | None
    key_id: Annotated[UUID | None, Field(description="Null for an operator's key.")]
    role: Annotated[str, Field(examples=["owner"])]
    mode: Annotated[str, Field(examples=["live"])]
    permissions: Annotated[
        list[str], Field(description="In alphabetical order.", examples=[["me:read", "stores:read"]])
    ]
