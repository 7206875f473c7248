"""Ids are UUIDv7 (RFC 9562), made here and never by the database, so that they sort by time on any server."""

import os
import threading
import time
from typing import NewType
from uuid import UUID

TenantId = NewType("TenantId", UUID)
CustomerId = NewType("CustomerId", UUID)
IdentifierId = NewType("IdentifierId", UUID)
ReceiptId = NewType("ReceiptId", UUID)
AccountId = NewType("AccountId", UUID)
LotId = NewType("LotId", UUID)


class _Sequence:
    """Keeps ids of one process strictly increasing (RFC 9562 §6.2, method 1 with a 42-bit counter)."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._millis = 0
        self._counter = 0

    def next(self) -> UUID:
        random = os.urandom(9)
        with self._lock:
            millis = time.time_ns() // 1_000_000
            if millis > self._millis:
                self._millis = millis
                self._counter = int.from_bytes(random[:5], "big") & ((1 << 40) - 1)
            else:
                self._counter += 1
                if self._counter >= 1 << 42:
                    self._millis += 1
                    self._counter = 0
            millis, counter = self._millis, self._counter
        low = int.from_bytes(random[5:], "big")
        high = (millis << 16) | (0x7 << 12) | (counter >> 30)
        return UUID(int=(high << 64) | (0b10 << 62) | ((counter & ((1 << 30) - 1)) << 32) | low)


_sequence = _Sequence()


def new_id() -> UUID:
    """Return a new UUIDv7, greater than every id this process made before."""
    return _sequence.next()
