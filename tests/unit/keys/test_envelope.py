"""The envelope of every encrypted cell."""

from uuid import UUID, uuid4

import pytest
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from hypothesis import given
from hypothesis import strategies as st

from runtime.adapters import envelope
from tenancy.vault import VaultTampered

KEY = bytes(range(32))
CIPHER = AESGCM(KEY)
INTAKE = envelope.intake_key(KEY)
PARTS = st.lists(st.one_of(st.uuids(), st.text(max_size=8), st.integers(0, 65535)), max_size=4)
PLACES = st.builds(lambda kind, parts: envelope.place(kind, *parts), st.text(max_size=8), PARTS)


@given(st.binary(max_size=400), PLACES, st.integers(0, 65535))
def test_what_is_sealed_opens_in_the_same_place(plaintext: bytes, where: bytes, version: int) -> None:
    """An envelope is 32 bytes longer than its content and says which key version sealed it."""
    sealed = envelope.seal(CIPHER, plaintext, key_version=version, where=where)

    assert len(sealed) == len(plaintext) + envelope.OVERHEAD
    assert envelope.header_of(sealed) == (envelope.SYMMETRIC, version)
    assert envelope.unseal(CIPHER, sealed, where=where) == plaintext


@given(st.binary(max_size=100), st.data())
def test_every_changed_bit_is_noticed(plaintext: bytes, data: st.DataObject) -> None:
    """Header, nonce, ciphertext and tag are all authenticated."""
    where = envelope.place("cell", "customer", "profile")
    for sealed, opening in (
        (
            envelope.seal(CIPHER, plaintext, key_version=1, where=where),
            lambda e: envelope.unseal(CIPHER, e, where=where),
        ),
        (
            envelope.seal_intake(INTAKE.public_key(), plaintext, key_version=1, where=where),
            lambda e: envelope.unseal_intake(INTAKE, e, where=where),
        ),
    ):
        at = data.draw(st.integers(0, len(sealed) - 1))
        bit = data.draw(st.integers(0, 7))
        changed = sealed[:at] + bytes([sealed[at] ^ (1 << bit)]) + sealed[at + 1 :]
        # X25519 ignores the top bit of the encapsulated key's last byte; HPKE binds the bytes themselves.
        with pytest.raises(VaultTampered):
            opening(changed)


@given(st.binary(max_size=60), st.integers(0, 120))
def test_a_cut_envelope_is_noticed(plaintext: bytes, kept: int) -> None:
    """A truncated cell is tampering, never an index error."""
    where = envelope.place("cell", "a", "b")
    sealed = envelope.seal(CIPHER, plaintext, key_version=1, where=where)
    taken_in = envelope.seal_intake(INTAKE.public_key(), plaintext, key_version=1, where=where)

    for whole, opening in (
        (sealed, lambda e: envelope.unseal(CIPHER, e, where=where)),
        (taken_in, lambda e: envelope.unseal_intake(INTAKE, e, where=where)),
    ):
        with pytest.raises(VaultTampered):
            opening(whole[: min(kept, len(whole) - 1)])


@given(st.binary(max_size=60), PLACES, PLACES)
def test_a_moved_cell_is_noticed(plaintext: bytes, where: bytes, elsewhere: bytes) -> None:
    """Ciphertext opens in the place it was sealed for and nowhere else."""
    if where == elsewhere:
        return
    sealed = envelope.seal(CIPHER, plaintext, key_version=1, where=where)
    with pytest.raises(VaultTampered):
        envelope.unseal(CIPHER, sealed, where=elsewhere)


@given(st.text(max_size=6), PARTS, st.text(max_size=6), PARTS)
def test_different_places_never_look_alike(
    kind: str, parts: list[UUID | str | int], other: str, others: list[UUID | str | int]
) -> None:
    """("ab", "c") and ("a", "bc") are two places."""

    def spelled(parts: list[UUID | str | int]) -> list[bytes]:
        return [part.bytes if isinstance(part, UUID) else str(part).encode() for part in parts]

    same = (kind, spelled(parts)) == (other, spelled(others))
    assert (envelope.place(kind, *parts) == envelope.place(other, *others)) is same


def test_an_error_names_the_cell_and_no_person() -> None:
    """What goes to a log about tampering is the table, not whose row it was."""
    tenant, customer = uuid4(), uuid4()
    where = envelope.place("customer", tenant, customer) + envelope.place("cell", "contact", "value")

    told = envelope.describe(where)

    assert "contact value" in told
    assert str(customer) not in told
    assert str(tenant) not in told


def test_derived_keys_are_the_standards() -> None:
    """Our one-block HKDF-Expand equals the library's, for every label."""
    from cryptography.hazmat.primitives.hashes import SHA256
    from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

    for label in ("commit", "intake", "index|identifier:phone|1"):
        assert envelope.expand(KEY, label) == HKDFExpand(SHA256(), 32, label.encode()).derive(KEY)
