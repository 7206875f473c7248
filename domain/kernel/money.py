"""Money arithmetic: integers in minor units (ISO 4217) and quantities in thousandths, never floats."""

from collections.abc import Sequence
from decimal import Decimal

MAX_AMOUNT = 10**12
QUANTITY_SCALE = 1000


def round_half_up(numerator: int, denominator: int) -> int:
    """Return numerator / denominator rounded half away from zero; `denominator` > 0."""
    sign = -1 if numerator < 0 else 1
    return sign * ((2 * abs(numerator) + denominator) // (2 * denominator))


def thousandths(quantity: str) -> int:
    """Return a decimal string with at most three decimals as thousandths: "1.250" is 1250."""
    whole, _, fraction = quantity.partition(".")
    return int(whole) * QUANTITY_SCALE + int(fraction.ljust(3, "0") or 0)


def quantity_text(milli: int) -> str:
    """Return thousandths as the shortest decimal string: 1250 is "1.25"."""
    return format((Decimal(milli) / QUANTITY_SCALE).normalize(), "f")


def line_amount(quantity_milli: int, unit_price: int) -> int:
    """Return quantity × unit price in minor units, rounded half up."""
    return round_half_up(quantity_milli * unit_price, QUANTITY_SCALE)


def spread(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` ≥ 0 in proportion to `weights` ≥ 0 by largest remainder; the parts sum to `total` exactly.

    Ties go to the earlier weight. All zero weights give all zeros, and then `total` must be 0.
    """
    base = sum(weights)
    if base == 0:
        if total:
            msg = "nothing to spread over"
            raise ValueError(msg)
        return [0] * len(weights)
    parts = [total * weight // base for weight in weights]
    rest = total - sum(parts)
    order = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % base), i))
    for i in order[:rest]:
        parts[i] += 1
    return parts


def share_of(amount: int, part: int, whole: int, given: int) -> int:
    """Return what a cumulative share adds now: round half up(amount × part / whole) − given; `whole` > 0.

    Source: semantics of returns; parts of any split therefore sum to the whole.
    """
    return round_half_up(amount * part, whole) - given
