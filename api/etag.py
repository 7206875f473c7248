"""Strong ETags and If-Match, so that two people who edit one card do not overwrite each other unseen."""

import hashlib
import re
from typing import Any

from litestar import Request

from domain.kernel.errors import VersionMismatch

_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]*"')


def strong_etag(*parts: object) -> str:
    """Return a strong ETag over what a person edits; give each part, or the row's version."""
    text = "\x1f".join(map(str, parts))
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:24]}"'


def require_match(request: Request[Any, Any, Any], current: str) -> None:
    """Compare If-Match, when sent, with the `current` ETag; weak tags and nonsense match nothing.

    Raises:
        VersionMismatch: the caller edited an older version.
    """
    sent = request.headers.get("if-match")
    if sent is not None and sent.strip() != "*" and current not in _TAG.findall(sent):
        raise VersionMismatch
