"""What is known of one request: its ids, who calls, in which language problems are told."""

import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from compliance.access.principal import Principal

KEY = "regulars"
_REQUEST_ID = re.compile(r"[A-Za-z0-9._:+=/@-]{1,128}", re.ASCII)
_TRACEPARENT = re.compile(r"00-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}", re.ASCII)


@dataclass(slots=True)
class RequestContext:
    """Mutable notes on one request; `headers` are added to whatever answer it gets."""

    request_id: str
    trace_id: str
    locale: str = "en"
    principal: Principal | None = None
    route: str = ""
    client: str = ""
    headers: dict[str, str] = field(default_factory=dict)


def fresh_context(headers: Mapping[bytes, bytes]) -> RequestContext:
    """Return the context of a new request: ids are the caller's when they are well formed, else random."""
    trace = _TRACEPARENT.fullmatch(headers.get(b"traceparent", b"").decode("latin-1"))
    trace_id = trace.group(1) if trace else secrets.token_hex(16)
    sent = headers.get(b"x-request-id", b"").decode("latin-1")
    return RequestContext(sent if _REQUEST_ID.fullmatch(sent) else trace_id, trace_id)


def context_of(scope: Mapping[str, Any]) -> RequestContext:
    """Return the context of a request; a fresh one where the outermost layer is missing (tests of parts)."""
    found = scope.get(KEY)
    return found if isinstance(found, RequestContext) else fresh_context({})
