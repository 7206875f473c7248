"""Names in memory, by customer and version: opening a name costs more than comparing it."""

from collections.abc import Mapping
from uuid import UUID

from domain.customers.searching import Remembered

LARGEST = 60_000
"""Names a process keeps, some 20 MB; the shop that was asked for longest ago is forgotten first."""


class NameMemory:
    """What searches have opened lately. It lives as long as the process and is never written anywhere."""

    def __init__(self, largest: int = LARGEST) -> None:
        self._largest = largest
        self._shops: dict[UUID, dict[UUID, Remembered]] = {}
        self._count = 0

    def of(self, tenant_id: UUID) -> Mapping[UUID, Remembered]:
        """Return what is kept of a shop, and remember that it was asked for."""
        kept = self._shops.pop(tenant_id, {})
        self._shops[tenant_id] = kept
        return kept

    def keep(self, tenant_id: UUID, names: Mapping[UUID, Remembered]) -> None:
        """Keep `names`; other shops are forgotten, and at last this one, where they would be too many."""
        kept = self._shops.setdefault(tenant_id, {})
        self._count += len(names.keys() - kept.keys())
        kept.update(names)
        while self._count > self._largest and self._shops:
            oldest = next(iter(self._shops))
            self._count -= len(self._shops[oldest])
            if oldest == tenant_id:
                kept.clear()
                return
            del self._shops[oldest]

    def forget(self, tenant_id: UUID) -> None:
        """Forget a shop."""
        self._count -= len(self._shops.pop(tenant_id, {}))


NAMES = NameMemory()
