"""Structured logs, one event a line, with everything that looks personal or secret masked before it is written."""

import logging
import re
import sys
from collections.abc import Mapping, MutableMapping
from functools import lru_cache
from typing import Any, Final, TextIO

import structlog
from structlog.typing import Processor

MASK: Final = "•••"
_SECRET_NAMES: Final = re.compile(
    r"(^|_)(password|passwd|secret|token|authorization|cookie|api_key|phone|mail|email|given_name|family_name|card|pan|birthday)($|_)"
)
_API_KEY: Final = re.compile(r"rgl_(op|live|test)_[A-Za-z0-9_]+")
_BEARER: Final = re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}")
_MAIL: Final = re.compile(r"[^\s@<>\"'(),;:=]+@[^\s@<>\"'(),;:=]+\.[^\s@<>\"'(),;:=]+")
_DIGITS: Final = re.compile(r"(?<![0-9A-Za-z])\+?\(?\d(?:[ \t\u00a0().\-\u2010-\u2015]{0,3}\d){9,18}(?![0-9A-Za-z])")
_UUID: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_HARMLESS: Final = re.compile(rf"[0-9a-f]{{32}}|{_UUID.pattern}|[A-Za-z/_{{}}?:-]*|[0-9./]{{1,9}}")
_LONG_NUMBER: Final = 10**9
_MAX_DEPTH: Final = 6


def redact(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Mask phones, mails, payment cards, keys and secrets anywhere in the event: in values, texts and names.

    It masks too much rather than too little: every run of 10 to 19 digits that is no part of a UUID goes.
    """
    return {_name(str(name)): _masked(str(name), value, 0) for name, value in event.items()}


def _masked(name: str, value: Any, depth: int) -> Any:
    if value is None or isinstance(value, bool | float):
        return value
    if _is_secret(name):
        return MASK
    if isinstance(value, int):
        return MASK if abs(value) >= _LONG_NUMBER else value
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, bytes):
        return _text(value.decode("utf-8", "replace"))
    if depth < _MAX_DEPTH and isinstance(value, Mapping):
        return {_text(str(key)): _masked(str(key), below, depth + 1) for key, below in value.items()}
    if depth < _MAX_DEPTH and isinstance(value, list | tuple | set | frozenset):
        return [_masked(name, below, depth + 1) for below in value]
    return _text(str(value)) if depth < _MAX_DEPTH else MASK


@lru_cache(maxsize=512)
def _name(name: str) -> str:
    return _text(name)


@lru_cache(maxsize=512)
def _is_secret(name: str) -> bool:
    return _SECRET_NAMES.search(name.lower()) is not None


def _text(text: str) -> str:
    if _HARMLESS.fullmatch(text):
        return text
    if "rgl_" in text:
        text = _API_KEY.sub(rf"rgl_\1_{MASK}", text)
    text = _BEARER.sub(rf"\1 {MASK}", text)
    if "@" in text:
        text = _MAIL.sub(f"{MASK}@{MASK}", text)
    parts = _UUID.split(text)
    if len(parts) == 1:
        return _DIGITS.sub(MASK, text)
    ids = _UUID.findall(text)
    kept = [_DIGITS.sub(MASK, part) for part in parts]
    return "".join(part + one for part, one in zip(kept, [*ids, ""], strict=True))


def without_exception_text(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """Replace an exception by its class and the places it came through: drivers quote values in its text."""
    found = event.pop("exc_info", None)
    error = sys.exc_info()[1] if found is True else found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        event["error"] = f"{type(error).__module__}.{type(error).__qualname__}"
        trace, frames = error.__traceback__, []
        while trace is not None:
            code = trace.tb_frame.f_code
            frames.append(f"{code.co_filename.rpartition('/')[2]}:{trace.tb_lineno} {code.co_name}")
            trace = trace.tb_next
        event["frames"] = frames[-20:]
    for name in ("exception", "exc_text", "stack"):
        event.pop(name, None)
    return event


def processors() -> list[Processor]:
    """Return what every event passes through before it is written, ours and the libraries' alike."""
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        without_exception_text,
        redact,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]


def configure_logging(log_format: str = "json", level: str = "info", stream: TextIO | None = None) -> None:
    """Write logs to `stream` (standard error) as `json` lines or, for people, as `console` text.

    The standard library's loggers write through the same chain, so that no library tells what we do not.
    """
    number = logging.getLevelName(level.upper())
    renderer: Processor = (
        structlog.processors.JSONRenderer(ensure_ascii=False) if log_format == "json" else console_line
    )
    structlog.configure(
        processors=[*processors(), renderer],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.ExtraAdder(), *processors()],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _drop_record, renderer],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(max(number, logging.WARNING))


def console_line(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> str:
    """Return an event as a line for people; the library's own renderer costs a tenth of a look-up at the till."""
    head = f"{event.pop('timestamp', '')} [{event.pop('level', ''):<7}] {event.pop('event', ''):<22}"
    return f"{head} {' '.join([f'{name}={_shown(value)}' for name, value in event.items()])}".rstrip()


def _shown(value: Any) -> str:
    return value if isinstance(value, str) and value and " " not in value and value.isprintable() else repr(value)


def _drop_record(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    event.pop("_record", None)
    event.pop("_from_structlog", None)
    return event
