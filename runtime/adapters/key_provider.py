"""Root keys kept by ourselves: `MASTER_KEY`, or a file that only its owner may read."""

import base64
import binascii
import contextlib
import os
import re
import stat
import tempfile
from collections.abc import Sequence
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from domain.kernel.errors import Unavailable
from runtime.adapters.envelope import KEY_BYTES, expand, random_key, seal, unseal
from tenancy.key_provider import KeyProvider, RootCheck
from tenancy.vault import VaultTampered

_CHECK_TEXT = b"regulars root key"
_CHECK_CONTEXT = b"root check"


class RootKeyProblem(Exception):
    """The root key is missing, readable by others, malformed, or not this database's; the text says what to do."""


def parse_root_keys(text: str, source: str) -> tuple[bytes, ...]:
    """Return the root keys in `text`, newest first: base64url of 32 bytes each, apart by commas or line ends.

    Raises:
        RootKeyProblem: nothing there, or something else.
    """
    words = re.split(r"[\s,]+", text.strip())
    keys = tuple(_decode(word, source) for word in words if word)
    if not keys:
        msg = f"{source} is empty; it must hold 32 random bytes in base64url, without which no personal data opens."
        raise RootKeyProblem(msg)
    return keys


def read_root_file(path: Path) -> tuple[bytes, ...]:
    """Return the root keys of a key file.

    Raises:
        RootKeyProblem: it is missing, malformed, or its mode lets others than the owner in.
    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            text = file.read().decode("ascii", "replace")
    except FileNotFoundError:
        msg = f"The master key {path} is missing; put it back from its copy, or set REGULARS_MASTER_KEY."
        raise RootKeyProblem(msg) from None
    if mode & 0o077:
        msg = f"The master key {path} has mode {mode:04o}, so others may read it; run: chmod 600 {path}"
        raise RootKeyProblem(msg)
    return parse_root_keys(text, f"The master key {path}")


def create_root_file(path: Path) -> tuple[bytes, ...]:
    """Make a new root key in `path` (mode 0600) unless the file is there already, and return its keys."""
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return read_root_file(path)
    with os.fdopen(handle, "w") as file:
        file.write(encode_root_key(random_key()) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return read_root_file(path)


def write_root_file(path: Path, keys: Sequence[bytes]) -> None:
    """Replace the file in one step; a reader sees the old keys or the new ones, never a part."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".master-")
    with os.fdopen(handle, "w") as file:
        file.write("".join(encode_root_key(key) + "\n" for key in keys))
        file.flush()
        os.fsync(file.fileno())
    Path(name).replace(path)


def encode_root_key(key: bytes) -> str:
    """Return the base64url form without padding."""
    return base64.urlsafe_b64encode(key).rstrip(b"=").decode()


def root_id_of(key: bytes) -> str:
    """Return the public name of a root key; it says nothing about the key."""
    return expand(key, "root id")[:8].hex()


class LocalKeyProvider:
    """Root keys in memory: the first one wraps, every one unwraps.

    With a `path` the file is read again when an unknown root is asked for, so that running processes follow
    `regulars keys rotate --root` without a restart.
    """

    def __init__(self, keys: Sequence[bytes], path: Path | None = None) -> None:
        self._path = path
        self._load(keys)

    @classmethod
    def of(cls, explicit: str | None, path: Path, *, create: bool = False) -> "LocalKeyProvider":
        """Return the provider for `MASTER_KEY` (`explicit`), else for the file `path`, made first if `create`.

        Raises:
            RootKeyProblem: neither gives a key.
        """
        if explicit:
            return cls(parse_root_keys(explicit, "REGULARS_MASTER_KEY"))
        return cls(create_root_file(path) if create else read_root_file(path), path)

    @property
    def root_id(self) -> str:
        """Return the name of the key that wraps."""
        return self._root_id

    async def wrap(self, key: bytes, *, context: bytes) -> bytes:
        """Return `key` under the newest root."""
        return seal(self._ciphers[self._root_id], key, key_version=1, where=context)

    async def unwrap(self, wrapped: bytes, *, root_id: str, context: bytes) -> bytes:
        """Return the key that was wrapped under the root `root_id`."""
        if root_id not in self._ciphers:
            self.reload()
        cipher = self._ciphers.get(root_id)
        if cipher is None:
            msg = "The keys of this shop are under a root key that this process does not have."
            raise Unavailable(msg, retry_after=30)
        return unseal(cipher, wrapped, where=context)

    def reload(self) -> None:
        """Read the key file again, if there is one."""
        if self._path is not None:
            self._load(read_root_file(self._path))

    def add_root(self) -> str:
        """Put a new root before the present ones and return its name.

        Former roots stay in the file, for backups of the key store and for the passwords of the database's roles, until
        an operator deletes their lines.

        Raises:
            RootKeyProblem: the keys are in `MASTER_KEY`, where only the operator can change them.
        """
        if self._path is None:
            msg = (
                "The root key is in REGULARS_MASTER_KEY: set it to '<new key>,<old key>' for every process, restart "
                "them, and run this again with --rewrap-only."
            )
            raise RootKeyProblem(msg)
        self.reload()
        keys = (random_key(), *self._keys)
        write_root_file(self._path, keys)
        self._load(keys)
        return self._root_id

    def _load(self, keys: Sequence[bytes]) -> None:
        self._keys = tuple(keys)
        self._ciphers = {root_id_of(key): AESGCM(key) for key in keys}
        self._root_id = root_id_of(keys[0])


async def make_root_check(provider: KeyProvider) -> RootCheck:
    """Return the proof that a database is to keep of its root key."""
    return RootCheck(provider.root_id, await provider.wrap(_CHECK_TEXT, context=_CHECK_CONTEXT))


async def confirm_root(provider: KeyProvider, checks: Sequence[RootCheck]) -> None:
    """Make sure the provider holds the root key a database was made with.

    While the root key is exchanged there are two proofs, and holding either key is enough.

    Raises:
        RootKeyProblem: it is another one; starting would make data that the right key cannot open.
    """
    for check in checks:
        with contextlib.suppress(Unavailable, VaultTampered):
            await provider.unwrap(check.check_value, root_id=check.root_id, context=_CHECK_CONTEXT)
            return
    if checks:
        msg = (
            f"This database was made with the root key {checks[0].root_id}, and the one given here is "
            f"{provider.root_id}; give the right master key (REGULARS_MASTER_KEY or the file master.key in the data "
            "directory)."
        )
        raise RootKeyProblem(msg)


def _decode(word: str, source: str) -> bytes:
    try:
        key = base64.b64decode(word + "=" * (-len(word) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        msg = f"{source} is not a key; it must be {KEY_BYTES} bytes in base64url (43 characters)."
        raise RootKeyProblem(msg)
    return key
