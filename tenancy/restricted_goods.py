"""Restricted goods by law, as dated data: a correction is a new row with a later `valid_from`.

Source: the project's compliance fact sheet, §16.7. The cells stand in the order of `ACTIONS`; each is a verdict (F
forbidden, R restricted, A allowed) and a mark of confidence (S confirmed, s confirmed once, M from general knowledge,
to be checked before a release claims it). An R whose condition is empty has no national row and is therefore forbidden.
"""

from dataclasses import dataclass
from datetime import date

ACTIONS = ("earn", "spend", "discount", "coupon", "gift", "contest", "advertise")
MINIMUM_PRICE = "minimum_price"
"""Condition: allowed where the line names its minimum price, below which nothing of ours may take it."""

LONG_SINCE = date(1990, 1, 1)
"""In force since before the first sale this system accepts."""


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of goods under one law from one day on; `conditions` settle its R cells, by action."""

    law: str
    goods: str
    valid_from: date
    cells: str
    source: str
    conditions: tuple[tuple[str, str], ...] = ()


_ABOVE_MINIMUM_PRICE = tuple((action, MINIMUM_PRICE) for action in ("earn", "spend", "discount", "coupon"))

ROWS: tuple[Row, ...] = (
    Row("ru", "tobacco", LONG_SINCE, "FM FM Fs Fs Fs FM Fs", "15-ФЗ/16"),
    Row("ua", "tobacco", LONG_SINCE, "FS FM FM FM FS FS FS", "2899-IV/16"),
    Row("eu", "tobacco", LONG_SINCE, "RM RM RM RM RM RM FM", "2003/33, 2014/40"),
    Row("ru", "nicotine", date(2021, 1, 28), "FM FM FM FM FM FM FM", "303-ФЗ, 15-ФЗ/16"),
    Row("ua", "nicotine", LONG_SINCE, "FS FM FM FM FS FS FS", "2899-IV/16"),
    Row("eu", "nicotine", LONG_SINCE, "RM RM RM RM RM RM FM", "2014/40/20(5)"),
    Row("ru", "nicotine_device", date(2021, 1, 28), "FM FM FM FM FM FM FM", "303-ФЗ, 15-ФЗ/16"),
    Row("ua", "nicotine_device", LONG_SINCE, "FS FM FM FM FS FS FS", "2899-IV/16"),
    Row("eu", "nicotine_device", LONG_SINCE, "RM RM RM RM RM RM FM", "2014/40/20(5)"),
    Row("ru", "alcohol", LONG_SINCE, "RM RM RM RM FM RM FM", "38-ФЗ/21, minimum price", _ABOVE_MINIMUM_PRICE),
    Row("ua", "alcohol", date(2023, 10, 1), "RM RM RS FM FS FM FS", "270/96, Supreme Court of October 2023"),
    Row("eu", "alcohol", LONG_SINCE, "RM RM Rs RM RM RM Rs", "national law"),
    Row("ru", "infant_formula", LONG_SINCE, "AM AM AM RM RM RM RM", "38-ФЗ/25"),
    Row("ua", "infant_formula", date(2021, 10, 21), "FM FM FM FM FM FM RS", "1822-IX"),
    Row("eu", "infant_formula", LONG_SINCE, "FM FM FS FS FS FM RS", "2016/127/10"),
    Row("ru", "medicine", LONG_SINCE, "AM AM AM RM RM RM RM", "38-ФЗ/24"),
    Row("ua", "medicine", date(2025, 3, 1), "FS FS FS FS FM FM FS", "КМУ 168 of 2025"),
    Row("ua", "medicine", date(2025, 12, 26), "RS RM RS RM FM FM RS", "270/96/21"),
    Row("eu", "medicine", LONG_SINCE, "RM RM RM RM FM FM RM", "2001/83/86-90"),
    Row("ru", "fixed_price", LONG_SINCE, "AM AM AM AM AM AM AM", "no fixed price"),
    Row("ua", "fixed_price", LONG_SINCE, "AM AM AM AM AM AM AM", "no fixed price known"),
    Row("eu", "fixed_price", LONG_SINCE, "RM RM RM RM RM AM AM", "national law"),
    Row("ru", "lottery", LONG_SINCE, "RM RM RM RM RM RM RM", "138-ФЗ, 38-ФЗ/27"),
    Row("ua", "lottery", LONG_SINCE, "RM RM RM RM RM RM RM", "768-IX"),
    Row("eu", "lottery", LONG_SINCE, "RM RM RM RM RM RM RM", "national law"),
)
