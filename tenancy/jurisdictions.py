"""Which law a tenant lives under, and what that law lets its loyalty program do."""

from datetime import date
from functools import lru_cache
from types import MappingProxyType

from domain.loyalty.restrictions import Pack, Ruling
from tenancy.restricted_goods import ACTIONS, MINIMUM_PRICE, ROWS, Row

RU, UA, EU = "ru", "ua", "eu"
JURISDICTIONS = (RU, UA, EU)
NO_NATIONAL_ROW = "R without national row"

_OWN_PACK = {"RU": RU, "UA": UA}


def jurisdiction_of(country: str) -> str:
    """Return the pack of an ISO 3166-1 alpha-2 country; a country without one gets the strictest, `eu`."""
    return _OWN_PACK.get(country.upper(), EU)


@lru_cache(maxsize=1024)
def restricted_goods(jurisdiction: str, on: date) -> Pack:
    """Return the pack in force in `jurisdiction` on the day `on`; an R without a national row is forbidden.

    Raises:
        ValueError: there is no such jurisdiction.
    """
    if jurisdiction not in JURISDICTIONS:
        msg = f"no jurisdiction {jurisdiction!r}"
        raise ValueError(msg)
    in_force: dict[str, Row] = {}
    for row in sorted(ROWS, key=lambda row: row.valid_from):
        if row.law == jurisdiction and row.valid_from <= on:
            in_force[row.goods] = row
    rulings = {
        (goods, action): _ruling(row, action, cell[0])
        for goods, row in in_force.items()
        for action, cell in zip(ACTIONS, row.cells.split(), strict=True)
    }
    return Pack(jurisdiction, MappingProxyType(rulings))


def _ruling(row: Row, action: str, verdict: str) -> Ruling:
    if verdict != "R":
        return Ruling(verdict == "A", row.source)
    if dict(row.conditions).get(action) == MINIMUM_PRICE:
        return Ruling(True, row.source, needs_minimum_price=True)
    return Ruling(False, NO_NATIONAL_ROW)
