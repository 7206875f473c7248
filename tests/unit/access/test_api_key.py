"""The form of API keys."""

import re
import zlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from compliance.access.api_key import MAX_NUMBER, ApiKey, KeyText, new_key_text, parse_key_text
from domain.kernel.ids import new_id

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
KEYS = st.one_of(
    st.builds(
        KeyText,
        st.sampled_from(["live", "test"]),
        st.uuids(),
        st.integers(1, MAX_NUMBER),
        st.binary(min_size=32, max_size=32),
    ),
    st.builds(KeyText, st.just("op"), st.none(), st.integers(1, MAX_NUMBER), st.binary(min_size=32, max_size=32)),
)
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


@given(KEYS)
def test_a_keys_text_says_kind_tenant_number_and_secret(key: KeyText) -> None:
    """`rgl_<kind>_<id>_<secret>_<checksum>`, parts in base62 (api.md, credentials)."""
    assert re.fullmatch(r"rgl_(op|live|test)_[0-9A-Za-z]+_[0-9A-Za-z]{43}_[0-9A-Za-z]{6}", key.text)
    assert parse_key_text(key.text) == key
    assert len(key.text) <= 100


@given(KEYS)
def test_the_checksum_is_crc32_of_what_precedes_it(key: KeyText) -> None:
    """Anybody can check a key's form without asking us: scanners and tills do."""
    body, _, checksum = key.text.rpartition("_")
    number = 0
    for digit in checksum:
        number = number * 62 + ALPHABET.index(digit)
    assert number == zlib.crc32(body.encode())


@given(KEYS, st.data())
def test_a_mistyped_key_is_no_key(key: KeyText, data: st.DataObject) -> None:
    """One wrong character is noticed before anything is looked up."""
    text = key.text
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from([c for c in ALPHABET + "_-" if c != text[at]]))
    assert parse_key_text(text[:at] + other + text[at + 1 :]) is None
    assert parse_key_text(text[:at] + text[at + 1 :]) is None


@given(st.text(max_size=120))
def test_any_other_text_is_no_key(text: str) -> None:
    """Nothing a caller sends makes the parser fail."""
    assert parse_key_text(text) is None


def test_a_part_beyond_its_bits_is_no_key() -> None:
    """43 digits can say more than 256 bits; such a secret has no second spelling."""
    body = "rgl_live_" + "0" * 27 + "_" + "z" * 43
    digits, number = "", zlib.crc32(body.encode())
    for _ in range(6):
        number, digit = divmod(number, 62)
        digits = ALPHABET[digit] + digits
    assert parse_key_text(f"{body}_{digits}") is None


def test_the_id_encodes_tenant_and_number() -> None:
    """The server sets the tenant from the key, so a forged id names nothing of anybody (decisions.md 1)."""
    tenant = new_id()
    one, two = new_key_text("live", tenant), new_key_text("live", tenant)

    assert one.secret != two.secret
    assert one.number != two.number
    assert parse_key_text(one.text) == one
    assert one.tenant_id == tenant
    assert isinstance(one.tenant_id, UUID)


def test_only_the_right_secret_opens() -> None:
    """What is stored is a plain SHA-256 of 256 random bits."""
    key, other = new_key_text("live", new_id()), new_key_text("live", new_id())

    assert key.opens(key.secret_hash)
    assert not key.opens(other.secret_hash)
    assert len(key.secret_hash) == 32


def test_a_keys_secret_is_not_in_its_printed_form() -> None:
    """A key in a traceback or a log gives nothing away."""
    key = new_key_text("live", new_id())
    assert key.text not in repr(key)
    assert repr(key.secret) not in repr(key)


def test_a_keys_status_follows_its_ends() -> None:
    """Revoked wins over expired; a moment before its end a key is active."""
    key = ApiKey(new_id(), 1, "till", "cashier", "live", NOW, "system:regulars")
    later = NOW + timedelta(hours=1)

    assert key.status(later) == "active"
    assert replace(key, expires_at=later).status(NOW) == "active"
    assert replace(key, expires_at=later).status(later) == "expired"
    assert replace(key, expires_at=NOW, revoked_at=later).status(later) == "revoked"
