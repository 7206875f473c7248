"""The string that is an API key: `rgl_<kind>_<id>_<secret>_<checksum>`, parts in base62.

`<id>` encodes the tenant's UUID and the key's number (an operator's key: the number alone), so the server knows under
which tenant to look before it trusts anything; `<checksum>` is the CRC-32 of what stands before it, so that a typo or a
scanner's find is told apart without a look-up.
"""

import hashlib
import hmac
import re
import secrets
import zlib
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

OPERATOR: Final = "op"
LIVE: Final = "live"
TEST: Final = "test"
MODES: Final = (LIVE, TEST)
MAX_NUMBER: Final = 2**31 - 1

_DIGITS: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_VALUES: Final = {digit: value for value, digit in enumerate(_DIGITS)}
_SECRET_BYTES: Final = 32
_WIDTH: Final = {4: 6, 20: 27, 32: 43}
_FORM: Final = re.compile(
    r"rgl_(?:(op)_([0-9A-Za-z]{6})|(live|test)_([0-9A-Za-z]{27}))_([0-9A-Za-z]{43})_([0-9A-Za-z]{6})", re.ASCII
)


@dataclass(frozen=True, slots=True)
class KeyText:
    """What a well-formed key says of itself; nothing of it is proven yet. `tenant_id` is None for an operator's key."""

    kind: str
    tenant_id: UUID | None
    number: int
    secret: bytes

    def __repr__(self) -> str:
        return f"KeyText({self.kind}, number={self.number})"

    @property
    def text(self) -> str:
        """Return the string to hand over."""
        name = self.number.to_bytes(4, "big")
        if self.tenant_id is not None:
            name = self.tenant_id.bytes + name
        body = f"rgl_{self.kind}_{_base62(name)}_{_base62(self.secret)}"
        return f"{body}_{_checksum(body)}"

    @property
    def secret_hash(self) -> bytes:
        """Return the SHA-256 of the secret: 256 random bits need no slow hash and no pepper."""
        return hashlib.sha256(self.secret).digest()

    def opens(self, secret_hash: bytes) -> bool:
        """Tell, in constant time, whether the secret is the one whose hash is given."""
        return hmac.compare_digest(self.secret_hash, secret_hash)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key of a tenant, without its secret. `number` stands in the key's text, `replaced_by` is a number too."""

    id: UUID
    number: int
    name: str
    role: str
    mode: str
    created_at: datetime
    created_by: str
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    replaced_by: int | None = None

    def status(self, now: datetime) -> str:
        """Return `active`, `expired` or `revoked`."""
        if self.revoked_at is not None and self.revoked_at <= now:
            return "revoked"
        if self.expires_at is not None and self.expires_at <= now:
            return "expired"
        return "active"


def new_key_text(kind: str, tenant_id: UUID | None, number: int | None = None) -> KeyText:
    """Return a new key with 256 random bits; its number (1 … 2³¹−1) is random as well unless given."""
    return KeyText(kind, tenant_id, number or 1 + secrets.randbelow(MAX_NUMBER), secrets.token_bytes(_SECRET_BYTES))


def parse_key_text(text: str) -> KeyText | None:
    """Return what `text` says, None when it has not the form or the checksum of a key."""
    found = _FORM.fullmatch(text)
    if found is None:
        return None
    operator, operator_name, kind, name, secret, checksum = found.groups()
    if not hmac.compare_digest(_checksum(text[: -1 - len(checksum)]), checksum):
        return None
    name_bytes = _bytes(operator_name or name, 4 if operator else 20)
    secret_bytes = _bytes(secret, _SECRET_BYTES)
    if name_bytes is None or secret_bytes is None:
        return None
    number = int.from_bytes(name_bytes[-4:], "big")
    return KeyText(operator or kind, None if operator else UUID(bytes=name_bytes[:16]), number, secret_bytes)


def _checksum(body: str) -> str:
    return _base62(zlib.crc32(body.encode()).to_bytes(4, "big"))


def _base62(data: bytes) -> str:
    number, digits = int.from_bytes(data, "big"), []
    for _ in range(_WIDTH[len(data)]):
        number, digit = divmod(number, 62)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))


def _bytes(text: str, size: int) -> bytes | None:
    number = 0
    for digit in text:
        number = number * 62 + _VALUES[digit]
    return number.to_bytes(size, "big") if number < 1 << (8 * size) else None
