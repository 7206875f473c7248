"""Idempotency-Key: which key, which request, and what a claim leads to. One set of rules for every road in."""

import hashlib
import re
from typing import Any
from uuid import UUID

from litestar import Request

from api.errors import BadParameter
from api.services import NO_TENANT, Claimed, IdempotencyKey, InFlight, Reused, Stored
from domain.checkout.errors import IdempotencyInProgress, IdempotencyKeyReused

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
_KEY = re.compile(r"[\x21-\x7e]{8,128}")


def sent_key(request: Request[Any, Any, Any]) -> str | None:
    """Return the request's key.

    Raises:
        BadParameter: it is not 8 to 128 visible ASCII characters, or was sent twice.
    """
    found = [value for name, value in request.scope["headers"] if name == b"idempotency-key"]
    if not found:
        return None
    text = found[0].decode("latin-1")
    if len(found) > 1 or not _KEY.fullmatch(text):
        raise BadParameter.header(HEADER, "idempotency_key", "must be 8 to 128 visible ASCII characters")
    return text


async def key_of(request: Request[Any, Any, Any], operation_id: str, tenant_id: UUID | None) -> IdempotencyKey | None:
    """Return what the request's key stands for, None without one.

    The scope is tenant and operation; the request is its path, query and raw body, so that a key reused for another
    resource is told, not answered with somebody else's answer.
    """
    text = sent_key(request)
    if text is None:
        return None
    return make_key(
        tenant_id=tenant_id,
        operation_id=operation_id,
        key=text,
        target=request.scope["path"].encode() + b"?" + request.scope.get("query_string", b""),
        body=await request.body(),
    )


def make_key(*, tenant_id: UUID | None, operation_id: str, key: str, target: bytes, body: bytes) -> IdempotencyKey:
    """Return the key for the store: SHA-256 of operation and key, SHA-256 of the request."""
    return IdempotencyKey(
        scope=tenant_id or NO_TENANT,
        operation=operation_id,
        key_hash=hashlib.sha256(f"{operation_id}\0{key}".encode()).digest(),
        request_hash=hashlib.sha256(target + b"\0" + body).digest(),
    )


def settled(outcome: Claimed | InFlight | Reused | Stored) -> Claimed | Stored:
    """Return the claim or the stored answer.

    Raises:
        IdempotencyInProgress: the same request is being worked on.
        IdempotencyKeyReused: the key belongs to another request.
    """
    if isinstance(outcome, InFlight):
        raise IdempotencyInProgress
    if isinstance(outcome, Reused):
        raise IdempotencyKeyReused
    return outcome
