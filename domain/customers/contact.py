"""How a person likes to be reached, and when (A7)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from domain.customers.errors import InvalidValue
from domain.kernel.errors import FieldError

CHANNELS = ("call", "sms", "email", "messenger", "push", "post")


@dataclass(frozen=True, slots=True)
class ContactWindow:
    """A stretch of one weekday (1 Monday … 7 Sunday), as HH:MM of the person's own clock; `end` may be 24:00."""

    weekday: int
    start: str
    end: str


@dataclass(frozen=True, slots=True)
class ContactPreferences:
    """Channels in the order of liking, and the windows in which contact is welcome; no windows: at any hour."""

    channels: tuple[str, ...] = ()
    windows: tuple[ContactWindow, ...] = ()

    def welcome(self, moment: datetime, zone: str) -> bool:
        """Tell whether the person, whose clock runs in `zone`, likes to be reached at `moment`."""
        local = moment.astimezone(ZoneInfo(zone))
        clock = f"{local:%H:%M}"
        return not self.windows or any(
            window.weekday == local.isoweekday() and window.start <= clock < window.end for window in self.windows
        )


def checked_preferences(channels: Iterable[str], windows: Iterable[ContactWindow]) -> ContactPreferences:
    """Return preferences that make sense.

    Raises:
        InvalidValue: a channel is named twice, or a window ends before it begins.
    """
    wanted, opened = tuple(channels), tuple(windows)
    errors = [
        FieldError(f"/channels/{index}", "duplicate", "is named twice")
        for index, channel in enumerate(wanted)
        if channel in wanted[:index]
    ]
    errors += [
        FieldError(f"/windows/{index}/to", "order", "is not after `from`")
        for index, window in enumerate(opened)
        if window.end <= window.start
    ]
    if errors:
        raise InvalidValue(errors=errors)
    return ContactPreferences(wanted, opened)
