"""What the law lets a loyalty program do with restricted goods, as one resolved pack."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What a program may want to do with a line."""

    EARN = "earn"
    SPEND = "spend"
    DISCOUNT = "discount"
    COUPON = "coupon"
    GIFT = "gift"
    CONTEST = "contest"
    ADVERTISE = "advertise"


UNKNOWN_GOODS_FORBID = frozenset({Action.GIFT, Action.CONTEST, Action.ADVERTISE})


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a pack says of one kind of goods and one action; `source` names the law.

    `needs_minimum_price`: allowed where the line names its minimum price, which nothing of ours may then pass.
    """

    allowed: bool
    source: str
    needs_minimum_price: bool = False


@dataclass(frozen=True, slots=True)
class Pack:
    """The rulings in force in one jurisdiction on one day; an owner may tighten them, never loosen."""

    jurisdiction: str
    rulings: Mapping[tuple[str, str], Ruling]

    def refusal(self, restrictions: Iterable[str], action: Action, *, minimum_price: int | None = None) -> str | None:
        """Return why `action` is forbidden on a line with these `restrictions` (the law's short name), or None."""
        for goods in restrictions:
            ruling = self.rulings.get((goods, action))
            if ruling is None:
                if action in UNKNOWN_GOODS_FORBID:
                    return f"unknown goods: {goods}"
            elif not ruling.allowed or (ruling.needs_minimum_price and minimum_price is None):
                return ruling.source
        return None


NO_RESTRICTIONS = Pack("none", {})
