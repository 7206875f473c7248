"""A loyalty program as one immutable version: receipts are computed by the version of their sale date."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Self
from uuid import UUID

PRESET_CODE = "points"


class Rounding(StrEnum):
    """How the points of one receipt and rule are rounded, once."""

    FLOOR = "floor"
    HALF_UP = "half_up"
    CEIL = "ceil"


class Shortfall(StrEnum):
    """What happens to points that should be taken and are not there."""

    ALLOW_DEBT = "allow_debt"
    WITHIN_BALANCE = "within_balance"
    ONLY_PENDING = "only_pending"


class EarnWhileRedeeming(StrEnum):
    """What a receipt that spends points earns."""

    ON_CASH_PART = "on_cash_part"
    NONE = "none"


class Verification(StrEnum):
    """When spending needs a confirmed code."""

    OFF = "off"
    ALWAYS = "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramVersion:
    """The rules of a program from one moment on.

    Points are integers in 10^-`scale` of a point. `earn_points` (smallest parts) are given per `earn_per` minor units
    of money; a whole point is worth `point_price` minor units. `max_share_percent` 0–100 of the eligible lines before
    points may be paid by points, at least `min_points` and in steps of `step`. `expiry_days` None: points never
    expire; `activate_after_days` 0: they are posted at once. `debt_limit` None: up to what the receipt earned.
    """

    program_id: UUID
    code: str
    version: int
    time_zone: str
    scale: int = 0
    earn_points: int = 1
    earn_per: int = 100_00
    earn_rounding: Rounding = Rounding.FLOOR
    earn_while_redeeming: EarnWhileRedeeming = EarnWhileRedeeming.ON_CASH_PART
    earning_kinds: tuple[str, ...] = ("goods", "service")
    activate_after_days: int = 0
    expiry_days: int | None = 365
    point_price: int = 1_00
    max_share_percent: int = 50
    min_points: int = 0
    step: int = 1
    verification: Verification = Verification.OFF
    restore_grace_days: int = 14
    shortfall: Shortfall = Shortfall.ALLOW_DEBT
    debt_limit: int | None = None

    @property
    def parts(self) -> int:
        """Smallest parts in one whole point."""
        return int(10**self.scale)

    def money_of(self, points: int) -> int | None:
        """Return the value of `points` in minor units, or None where it is not a whole number of them."""
        value, rest = divmod(points * self.point_price, self.parts)
        return None if rest else value

    def points_in(self, money: int) -> int:
        """Return how many points (smallest parts) `money` minor units can hold, rounded down."""
        return money * self.parts // self.point_price

    def to_rules(self) -> dict[str, Any]:
        """Return everything but the identity as a JSON-able dict, for storage."""
        return {name: _plain(getattr(self, name)) for name in _RULES}

    @classmethod
    def from_rules(cls, rules: Mapping[str, Any], *, program_id: UUID, code: str, version: int) -> Self:
        """Build a version from stored rules; a rule that did not exist when they were stored has its default."""
        known = {name: rules[name] for name in _RULES if name in rules}
        for name, kind in _ENUMS.items():
            if name in known:
                known[name] = kind(known[name])
        if "earning_kinds" in known:
            known["earning_kinds"] = tuple(known["earning_kinds"])
        return cls(program_id=program_id, code=code, version=version, **known)


def _plain(value: Any) -> Any:
    if isinstance(value, tuple):
        return list(value)
    return value.value if isinstance(value, StrEnum) else value


_IDENTITY = frozenset({"program_id", "code", "version"})
_RULES = tuple(name for name in ProgramVersion.__dataclass_fields__ if name not in _IDENTITY)
_ENUMS: dict[str, type[StrEnum]] = {
    "earn_rounding": Rounding,
    "earn_while_redeeming": EarnWhileRedeeming,
    "verification": Verification,
    "shortfall": Shortfall,
}


def preset(program_id: UUID, zone: str, *, minor_units: int = 100) -> ProgramVersion:
    """Return the program every new tenant starts with; `minor_units` is how many make 1.00 of its currency.

    Source: the API contract, "The preset program of a new tenant".
    """
    return ProgramVersion(
        program_id=program_id,
        code=PRESET_CODE,
        version=1,
        time_zone=zone,
        earn_per=100 * minor_units,
        point_price=minor_units,
    )
