"""Strong ETags and If-Match, so that two people who edit one card do not overwrite each other unseen."""

import hashlib
import re
from typing import Any

from litestar import Request

from api.errors import BadParameter
from domain.kernel.errors import VersionMismatch

_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]*"')
_LIST = re.compile(rf"\s*{_TAG.pattern}(?:\s*,\s*{_TAG.pattern})*\s*")


def strong_etag(*parts: object) -> str:
    """Return a strong ETag over what a person edits; give each part, or the row's version."""
    text = "\x1f".join(map(str, parts))
    return f'"{hashlib.sha256(text.encode()).hexdigest()[:24]}"'


def require_match(request: Request[Any, Any, Any], current: str) -> None:
    """Compare If-Match, when sent, with the `current` ETag.

    Raises:
        VersionMismatch: the caller edited an older version.
        BadParameter: the header is no list of entity tags.
    """
    sent = request.headers.get("if-match")
    if sent is None or sent.strip() == "*":
        return
    if not _LIST.fullmatch(sent):
        raise BadParameter.header("If-Match", "etag", "must be a list of entity tags in double quotes, or *")
    if current not in _TAG.findall(sent):
        raise VersionMismatch
