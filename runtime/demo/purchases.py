"""The table of purchases; see SOURCE.md beside it."""

import gzip
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

TABLE = Path(__file__).with_name("purchases.csv.gz")
HEADER = "customer,day,cds,cents"
FIRST_DAY = date(1997, 1, 1)
LAST_DAY = date(1998, 6, 30)


@dataclass(frozen=True, slots=True)
class Purchase:
    """One purchase: `row` and `customer` count from 1, `cents` ≥ 0 is the value of all `cds` ≥ 1."""

    row: int
    customer: int
    day: date
    cds: int
    cents: int


def purchases() -> Sequence[Purchase]:
    """Return all purchases, ordered by customer and day, on their own dates; some 8 MB that nobody keeps."""
    lines = gzip.decompress(TABLE.read_bytes()).decode("ascii").splitlines()
    found = []
    for row, line in enumerate(lines[1:], start=1):
        customer, day, cds, cents = (int(part) for part in line.split(","))
        found.append(Purchase(row, customer, FIRST_DAY + timedelta(days=day), cds, cents))
    return found


def weeks_forward(today: date) -> int:
    """Return by how many whole weeks to move the dates: the last purchase was yesterday or up to six days before."""
    return (today - timedelta(days=1) - LAST_DAY).days // 7
