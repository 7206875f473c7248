"""The envelope every encrypted cell wears: `ver(1) alg(1) keyver(2) …`, and the key arithmetic around it.

Two algorithms. `SYMMETRIC` is AES-256-GCM: header, nonce(12), ciphertext, tag(16). `INTAKE` is HPKE (RFC 9180, base
mode, X25519, HKDF-SHA256, AES-256-GCM): header, encapsulated key(32), ciphertext, tag(16); it needs a public key only,
so it seals what comes in while the key provider is away. The header is authenticated together with the place.
"""

import hmac
import os
import struct
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

from tenancy.vault import VaultTampered

VERSION = 1
SYMMETRIC = 1
INTAKE = 2
KEY_BYTES = 32
OVERHEAD = 32
NONCE_BYTES = 12

_HEADER = struct.Struct(">BBH")
_SHORTEST = _HEADER.size + NONCE_BYTES + 16
_HPKE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.AES_256_GCM)


def random_key() -> bytes:
    """Return 256 random bits."""
    return os.urandom(KEY_BYTES)


def expand(key: bytes, label: str) -> bytes:
    """Return 32 bytes derived from the uniformly random `key` for one purpose.

    Source: RFC 5869 §2.3, HKDF-Expand with SHA-256; one block, so a single HMAC.
    """
    return hmac.digest(key, label.encode() + b"\x01", "sha256")


def commitment(key: bytes) -> bytes:
    """Return the 32 bytes that name `key` and no other."""
    return expand(key, "commit")


def place(kind: str, *parts: UUID | str | int) -> bytes:
    """Return the associated data that binds a ciphertext to where it belongs; no two places give the same bytes."""
    fields = [kind.encode()]
    for part in parts:
        fields.append(part.bytes if isinstance(part, UUID) else str(part).encode())
    return b"".join(len(field).to_bytes(2, "big") + field for field in fields)


def seal(cipher: AESGCM, plaintext: bytes, *, key_version: int, where: bytes) -> bytes:
    """Return the envelope of `plaintext` at the place `where`."""
    header = _HEADER.pack(VERSION, SYMMETRIC, key_version)
    nonce = os.urandom(NONCE_BYTES)
    return header + nonce + cipher.encrypt(nonce, plaintext, header + where)


def unseal(cipher: AESGCM, envelope: bytes, *, where: bytes) -> bytes:
    """Return the plaintext of a symmetric envelope.

    Raises:
        VaultTampered: changed, cut, or from another place.
    """
    if len(envelope) < _SHORTEST or envelope[0] != VERSION or envelope[1] != SYMMETRIC:
        raise VaultTampered(describe(where))
    try:
        return cipher.decrypt(envelope[4:16], envelope[16:], envelope[:4] + where)
    except InvalidTag:
        raise VaultTampered(describe(where)) from None


def intake_key(secret: bytes) -> X25519PrivateKey:
    """Return the private half of the intake key that belongs to a tenant's key `secret`."""
    return X25519PrivateKey.from_private_bytes(expand(secret, "intake"))


def seal_intake(public: X25519PublicKey, plaintext: bytes, *, key_version: int, where: bytes) -> bytes:
    """Return the envelope of `plaintext` that only the owner of the private key can open."""
    header = _HEADER.pack(VERSION, INTAKE, key_version)
    return header + _HPKE.encrypt(plaintext, public, header + where)


def unseal_intake(private: X25519PrivateKey, envelope: bytes, *, where: bytes) -> bytes:
    """Return the plaintext of an intake envelope.

    Raises:
        VaultTampered: changed, cut, or from another place.
    """
    if len(envelope) < _HEADER.size + 48 or envelope[0] != VERSION or envelope[1] != INTAKE:
        raise VaultTampered(describe(where))
    try:
        return _HPKE.decrypt(envelope[4:], private, envelope[:4] + where)
    except (InvalidTag, ValueError):
        raise VaultTampered(describe(where)) from None


def header_of(envelope: bytes) -> tuple[int, int]:
    """Return the algorithm and the key version an envelope says it has.

    Raises:
        VaultTampered: too short, or of a version that this program does not know.
    """
    if len(envelope) < _SHORTEST or envelope[0] != VERSION:
        msg = "not an envelope of a known version"
        raise VaultTampered(msg)
    _, algorithm, key_version = _HEADER.unpack_from(envelope)
    return algorithm, key_version


def describe(where: bytes) -> str:
    """Return the names in a place, such as `customer customer profile`, without any id."""
    names, rest = [], where
    while rest:
        size = int.from_bytes(rest[:2], "big")
        part, rest = rest[2 : 2 + size].decode("ascii", "replace"), rest[2 + size :]
        if part.isidentifier():
            names.append(part)
    return f"ciphertext does not belong where it was found: {' '.join(names)}"
