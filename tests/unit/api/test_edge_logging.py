"""S8: phones, mails, cards and keys never reach a log line, whoever writes it."""

import io
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from runtime.logging import configure_logging, redact

PHONE = st.integers(0, 999_999).map(lambda n: f"7935{n:07d}")
SHAPES = (
    lambda d: f"+{d}",
    lambda d: f"8 ({d[1:4]}) {d[4:7]}-{d[7:9]}-{d[9:]}",
    lambda d: f"+{d[0]} {d[1:4]} {d[4:7]} {d[7:9]} {d[9:]}",
    lambda d: d,
    lambda d: f"{d[0]}-{d[1:4]}-{d[4:7]}-{d[7:]}",
    lambda d: f"{d[1:4]}.{d[4:7]}.{d[7:]}",
    lambda d: d[1:],
)
AROUND = st.sampled_from(["{}", "no row for {}", "Key (phone)=({}) exists", "/v1/x?phone={}&y=1", "'{}'", "tel:{}, ok"])


@pytest.fixture
def written() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    root, handlers, level = logging.getLogger(), list(logging.getLogger().handlers), logging.getLogger().level
    configure_logging("json", "info", stream)
    yield stream
    structlog.reset_defaults()
    root.handlers[:] = handlers
    root.setLevel(level)


def lines(stream: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


@given(PHONE, st.integers(0, len(SHAPES) - 1), AROUND, st.sampled_from(["value", "nested", "name", "bytes", "list"]))
def test_a_planted_phone_is_masked_anywhere(digits: str, shape: int, around: str, place: str) -> None:
    """In values, in names, deep inside, as bytes."""
    text = around.format(SHAPES[shape](digits))
    event: dict[str, Any] = {
        "value": {"event": text},
        "nested": {"event": "x", "data": {"deep": [{"k": text}]}},
        "name": {"event": "x", text: 1},
        "bytes": {"event": "x", "raw": text.encode()},
        "list": {"event": "x", "args": (1, text)},
    }[place]

    told = json.dumps(redact(None, "info", event), ensure_ascii=False, default=str)

    assert digits[4:] not in "".join(character for character in told if character.isdigit())


@given(st.from_regex(r"[a-z0-9._+-]{1,12}@[a-z0-9-]{1,10}\.(test|example)", fullmatch=True), AROUND)
def test_a_planted_mail_is_masked_anywhere(mail: str, around: str) -> None:
    """Whatever stands around it."""
    told = redact(None, "info", {"event": around.format(mail)})["event"]

    assert mail not in told


def test_keys_cards_and_secrets_are_masked_and_ids_stay() -> None:
    """A log must still lead to the row."""
    told = redact(
        None,
        "info",
        {
            "event": "key rgl_live_4kBz_SECRETSECRET_9xQ was refused",
            "authorization": "anything",
            "header": "Bearer abcdefghijkl",
            "card": "x",
            "note": "4111 1111 1111 1111",
            "number": 79350004567,
            "customer": "01970f3a-7c2e-7b3a-9d54-6f1e2a3b4c5d",
            "numeric_id": "01234567-0123-7123-8123-012345678901",
            "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
            "ms": 12.5,
            "total": 129900,
            "none": None,
        },
    )

    assert "SECRETSECRET" not in str(told)
    assert (told["authorization"], told["header"], told["note"], told["number"]) == ("•••", "Bearer •••", "•••", "•••")
    assert told["customer"] == "01970f3a-7c2e-7b3a-9d54-6f1e2a3b4c5d"
    assert told["numeric_id"] == "01234567-0123-7123-8123-012345678901"
    assert told["trace_id"] == "4bf92f3577b34da6a3ce929d0e0e4736"
    assert (told["ms"], told["total"], told["none"]) == (12.5, 129900, None)


def test_an_exception_leaves_its_class_and_not_its_text(written: io.StringIO) -> None:
    """Drivers quote values in their texts; libraries log through the same chain."""
    try:
        raise ValueError("Key (phone)=(+79350004567) already exists")
    except ValueError:
        structlog.get_logger("ours").exception("failed")
        logging.getLogger("library").exception(
            "query for %s failed", "anna@shop.example", extra={"who": "+79350004567"}
        )

    ours, theirs = lines(written)

    assert ours["error"] == theirs["error"] == "builtins.ValueError"
    assert ours["frames"]
    assert "79350004567" not in written.getvalue()
    assert "anna" not in written.getvalue()


def test_lines_are_json_with_time_level_and_event(written: io.StringIO) -> None:
    """One event a line; what is below the level is not written."""
    log = structlog.get_logger("x")
    log.debug("quiet")
    log.info("loud")

    (line,) = lines(written)

    assert (line["event"], line["level"]) == ("loud", "info")
    assert line["timestamp"].endswith("Z")
