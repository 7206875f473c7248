"""A tenant's vault in memory: customer keys, the tenant's own key, blind indexes.

What lives how long. The index key and the two *public* intake keys stay as long as the process; the secret keys (`kek`
wraps customer keys, `data` seals what belongs to nobody known) leave memory after `SECRETS_SECONDS`, opened customer
keys not later than that either.

So, while the key provider is away for longer, a receipt still needs nothing that is gone: finding its customer takes
`blind`; a customer it creates gets a random key that is wrapped to the public intake key; a document that names nobody
known is sealed to the other public key. Both wait, readable to nobody here, until the secret keys are back. Only
opening (names, contacts, notes) answers 503 meanwhile.
"""

import hmac
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Generic, TypeVar
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.kernel.errors import Unavailable
from runtime.adapters import envelope
from tenancy.vault import KeyRecord, VaultTampered

SECRETS_SECONDS = 300
CUSTOMER_KEYS_KEPT = 8192
BLIND_BYTES = 16
CELL_KEY_VERSION = 1

_T = TypeVar("_T")


@lru_cache(maxsize=512)
def _cell(table: str, column: str) -> bytes:
    return envelope.place("cell", table, column)


class ShortMemory(Generic[_T]):
    """A bounded memory that forgets everything within `seconds`: two generations of `size` / 2 entries each.

    No entry carries a date, so a look-up costs one dictionary access; safe to use from several threads.
    """

    def __init__(self, size: int, seconds: float, clock: Callable[[], float]) -> None:
        self._half = size // 2
        self._seconds = seconds
        self._clock = clock
        self._young: dict[bytes, _T] = {}
        self._old: dict[bytes, _T] = {}
        self._young_since = self._old_since = clock()

    def __len__(self) -> int:
        return len(self._young) + len(self._old)

    def get(self, key: bytes) -> _T | None:
        """Return what was put, unless it was forgotten."""
        self.forget()
        found = self._young.get(key)
        return found if found is not None else self._old.get(key)

    def put(self, key: bytes, value: _T) -> None:
        """Remember `value` for `seconds` at most."""
        if len(self._young) >= self._half:
            self._turn()
        elif not self._young:
            self._young_since = self._clock()
        self._young[key] = value

    def forget(self) -> None:
        """Drop what is too old."""
        now = self._clock()
        if now - self._young_since >= self._seconds / 2:
            self._turn()
        if now - self._old_since >= self._seconds:
            self._old = {}

    def _turn(self) -> None:
        self._old, self._old_since = self._young, self._young_since
        self._young, self._young_since = {}, self._clock()


@dataclass(frozen=True, slots=True)
class SecretKey:
    """One version of a secret tenant key, with the private half of its intake key."""

    cipher: AESGCM
    intake: X25519PrivateKey

    @classmethod
    def of(cls, secret: bytes) -> "SecretKey":
        """Return the key for its 32 bytes."""
        return cls(AESGCM(secret), envelope.intake_key(secret))


@dataclass(frozen=True, slots=True)
class Secrets:
    """What leaves memory at `until` (monotonic seconds): all versions of `kek` and `data`."""

    keks: dict[int, SecretKey]
    data: dict[int, SecretKey]
    until: float


@dataclass(frozen=True, slots=True)
class Lasting:
    """What stays: the index key, and the public intake keys with the versions that seal now."""

    index_version: int
    index_secret: bytes
    kek_version: int
    kek_intake: X25519PublicKey
    data_version: int
    data_intake: X25519PublicKey
    blind_keys: dict[str, bytes] = field(default_factory=dict)


class PresentVault:
    """The vault of one tenant in this process; `stale` asks for its key versions to be read again."""

    def __init__(
        self,
        tenant_id: UUID,
        lasting: Lasting,
        opened: ShortMemory["PresentKey"],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.tenant_id = tenant_id
        self.lasting = lasting
        self.stale = False
        self._secrets: Secrets | None = None
        self._opened = opened
        self._clock = clock
        self._tenant_place = envelope.place("tenant", tenant_id)

    def take(self, lasting: Lasting, secrets: Secrets) -> None:
        """Go on with newly read keys."""
        self.lasting, self._secrets, self.stale = lasting, secrets, False

    def secrets(self) -> Secrets | None:
        """Return the secret keys while they may be used, and forget them after."""
        secrets = self._secrets
        if secrets is not None and self._clock() >= secrets.until:
            secrets = self._secrets = None
        return secrets

    @property
    def index_version(self) -> int:
        """Return the version of the key that `blind` uses."""
        return self.lasting.index_version

    def blind(self, index: str, value: str) -> bytes:
        """Return the 16-byte HMAC-SHA256 of `value` in `index`."""
        lasting = self.lasting
        key = lasting.blind_keys.get(index)
        if key is None:
            key = envelope.expand(lasting.index_secret, f"index|{index}|{lasting.index_version}")
            lasting.blind_keys[index] = key
        return hmac.digest(key, value.encode(), "sha256")[:BLIND_BYTES]

    def new_customer_key(self, customer_id: UUID) -> "PresentKey":
        """Return a fresh random key of the customer."""
        secret = envelope.random_key()
        return PresentKey(self, customer_id, secret, self.wrap(customer_id, secret))

    def customer_key(self, customer_id: UUID, record: KeyRecord) -> "PresentKey":
        """Return the key that `record` holds."""
        name = b"".join((self.tenant_id.bytes, customer_id.bytes, record.wrapped, record.commitment))
        key = self._opened.get(name)
        if key is None:
            key = PresentKey(self, customer_id, self._unwrap(customer_id, record), record)
            self._opened.put(name, key)
        return key

    def wrap(self, customer_id: UUID, secret: bytes) -> KeyRecord:
        """Return the record of a customer's key under the newest tenant key, or sealed to its intake key."""
        version = self.lasting.kek_version
        where = self._wrap_place(customer_id, version)
        secrets = self.secrets()
        if secrets is None:
            wrapped = envelope.seal_intake(self.lasting.kek_intake, secret, key_version=version, where=where)
        else:
            wrapped = envelope.seal(secrets.keks[version].cipher, secret, key_version=version, where=where)
        return KeyRecord(version, wrapped, envelope.commitment(secret))

    def rewrap(self, customer_id: UUID, record: KeyRecord) -> KeyRecord:
        """Return the record of the same key under the newest tenant key."""
        return self.wrap(customer_id, self._unwrap(customer_id, record))

    def up_to_date(self, record: KeyRecord) -> bool:
        """Tell whether the record needs no rewrapping, or cannot get any now."""
        if self.secrets() is None:
            return True
        return (
            record.kek_version >= self.lasting.kek_version
            and envelope.header_of(record.wrapped)[0] == envelope.SYMMETRIC
        )

    def seal(self, plaintext: bytes, *, table: str, column: str) -> bytes:
        """Return `plaintext` under the tenant's own key."""
        version = self.lasting.data_version
        where = self._tenant_place + _cell(table, column)
        secrets = self.secrets()
        if secrets is None:
            return envelope.seal_intake(self.lasting.data_intake, plaintext, key_version=version, where=where)
        return envelope.seal(secrets.data[version].cipher, plaintext, key_version=version, where=where)

    def open(self, envelope_: bytes, *, table: str, column: str) -> bytes:
        """Return what `seal` was given for the same cell."""
        version = envelope.header_of(envelope_)[1]
        return _open(
            self._key_of(self._need_secrets().data, version), envelope_, self._tenant_place + _cell(table, column)
        )

    def _unwrap(self, customer_id: UUID, record: KeyRecord) -> bytes:
        version = record.kek_version
        key = self._key_of(self._need_secrets().keks, version)
        where = self._wrap_place(customer_id, version)
        secret = _open(key, record.wrapped, where)
        if not hmac.compare_digest(envelope.commitment(secret), record.commitment):
            raise VaultTampered(envelope.describe(where))
        return secret

    def _need_secrets(self) -> Secrets:
        secrets = self.secrets()
        if secrets is None:
            msg = "Personal data cannot be opened now: the key provider does not answer."
            raise Unavailable(msg, retry_after=10)
        return secrets

    def _key_of(self, keys: dict[int, SecretKey], version: int) -> SecretKey:
        key = keys.get(version)
        if key is None:
            self.stale = True
            msg = "The shop's keys have just changed."
            raise Unavailable(msg, retry_after=1)
        return key

    def _wrap_place(self, customer_id: UUID, version: int) -> bytes:
        return envelope.place("customer key", self.tenant_id, customer_id, version)


class PresentKey:
    """A customer's key in memory."""

    __slots__ = ("_cipher", "_place", "_record", "_secret", "_vault", "customer_id")

    def __init__(self, vault: PresentVault, customer_id: UUID, secret: bytes, record: KeyRecord) -> None:
        self.customer_id = customer_id
        self._vault = vault
        self._secret = secret
        self._record = record
        self._cipher = AESGCM(secret)
        self._place = envelope.place("customer", vault.tenant_id, customer_id)

    @property
    def record(self) -> KeyRecord:
        """Return what the key store is to hold, under the newest tenant key."""
        if not self._vault.up_to_date(self._record):
            self._record = self._vault.wrap(self.customer_id, self._secret)
        return self._record

    def seal(self, plaintext: bytes, *, table: str, column: str) -> bytes:
        """Return `plaintext` for this customer's cell."""
        return envelope.seal(
            self._cipher, plaintext, key_version=CELL_KEY_VERSION, where=self._place + _cell(table, column)
        )

    def open(self, envelope_: bytes, *, table: str, column: str) -> bytes:
        """Return what `seal` was given for the same cell."""
        return envelope.unseal(self._cipher, envelope_, where=self._place + _cell(table, column))


def _open(key: SecretKey, sealed: bytes, where: bytes) -> bytes:
    if envelope.header_of(sealed)[0] == envelope.INTAKE:
        return envelope.unseal_intake(key.intake, sealed, where=where)
    return envelope.unseal(key.cipher, sealed, where=where)
