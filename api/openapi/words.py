"""The parts of the document that are words: what the API is, its tags, shared headers and parameters."""

from typing import Any

INFO: dict[str, Any] = {
    "title": "Regulars",
    "summary": "The customer base of a shop: one card per person, the whole history, tags and points.",
    "description": (
        "One multi-tenant API for tills, sites, managers and plugins. The tenant comes from the credential. "
        "Money is whole minor units beside an ISO 4217 currency, points are whole, times are RFC 3339 (answers in "
        "UTC), ids are UUIDs. Requests are closed: an unknown field is an error. Answers are open: clients must "
        "ignore fields and tolerate enum values they do not know. Errors are RFC 9457 problems; each `code` has its "
        "page under `/problems/<code>`. An `errors[]` entry points into the body (RFC 6901), or names the query "
        "`parameter` or the `header`."
    ),
    "contact": {"name": "The operator of this installation"},
    "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
}

TAGS: dict[str, str] = {
    "Health": "Is the process alive, is it ready for traffic.",
}

PARAMETERS: dict[str, Any] = {
    "IdempotencyKey": {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": (
            "Makes a repeated request harmless: the same key and body give the stored answer, byte for byte, with "
            "`Idempotent-Replayed: true`. Kept 30 days; scope: tenant and operation. Operations that store nothing "
            "accept and ignore it."
        ),
        "schema": {"type": "string", "minLength": 8, "maxLength": 128, "pattern": "^[!-~]{8,128}$"},
        "example": "till-1/2026-11-21/000123",
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "description": "The `ETag` that was read; a newer version answers 412 `version-mismatch`.",
        "schema": {"type": "string"},
        "example": '"33a64df551425fcc55e4d42a"',
    },
    "DryRun": {
        "name": "dry_run",
        "in": "query",
        "required": False,
        "description": "The same answer, nothing stored.",
        "schema": {"type": "boolean", "default": False},
    },
}

HEADERS: dict[str, Any] = {
    "XRequestId": {
        "description": "The request's own `X-Request-Id`, or one made here.",
        "schema": {"type": "string"},
    },
    "RateLimit": {
        "description": "What is left of the policy (draft-ietf-httpapi-ratelimit-headers).",
        "schema": {"type": "string"},
        "example": '"key";r=950;t=1',
    },
    "RateLimitPolicy": {
        "description": "Requests (`q`) in a window of `w` seconds, per key.",
        "schema": {"type": "string"},
        "example": '"key";q=1000;w=1',
    },
    "IdempotentReplayed": {
        "description": "`true` when this is the stored answer of an earlier request with the same key.",
        "schema": {"type": "string", "const": "true"},
    },
    "ETag": {
        "description": "Strong; covers what a person edits, not figures that change by themselves.",
        "schema": {"type": "string"},
        "example": '"33a64df551425fcc55e4d42a"',
    },
    "RetryAfter": {"description": "Seconds to wait.", "schema": {"type": "integer", "minimum": 1}},
}
