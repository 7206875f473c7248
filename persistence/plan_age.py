"""When a connection's plans are made anew.

A generic plan is made once and kept. On a young database it is made on empty tables, where every index that begins with
the tenant looks equally cheap; kept, it reads all of a shop's rows for each look-up, and nothing replaces it before the
next ANALYZE. Seen: the fifth batch of 500 customers ran into the statement timeout. So plans are dropped at the first,
second, fourth, eighth … use, as the tables grow, and once a minute, for what other processes have loaded meanwhile.
"""

import time
from collections.abc import Callable

DISCARD = "DISCARD PLANS"
SECONDS = 60.0


class PlanAge:
    """One connection's uses and the age of its plans."""

    __slots__ = ("_clock", "_made", "_uses")

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._made = clock()
        self._uses = 0

    def due(self) -> bool:
        """Count one use; tell whether the plans are to be dropped now."""
        self._uses += 1
        now = self._clock()
        if self._uses & (self._uses - 1) and now - self._made < SECONDS:
            return False
        self._made = now
        return True
