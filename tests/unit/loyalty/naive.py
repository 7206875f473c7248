"""A second, naive ledger: every single point is an object. Slow, obvious, and written apart from the real one."""

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from fractions import Fraction
from math import floor
from zoneinfo import ZoneInfo

FREE, SPENT, EXPIRED, TAKEN = "free", "spent", "expired", "taken"


def split(total: int, weights: list[int]) -> list[int]:
    """Largest remainder, by fractions."""
    if sum(weights) == 0:
        return [0] * len(weights)
    exact = [Fraction(total * weight, sum(weights)) for weight in weights]
    parts = [floor(share) for share in exact]
    for i in sorted(range(len(weights)), key=lambda i: (parts[i] - exact[i], i))[: total - sum(parts)]:
        parts[i] += 1
    return parts


def half_up(value: Fraction) -> int:
    return floor(value + Fraction(1, 2))


def midnight_after(day: date, days: int, zone: str) -> datetime:
    return datetime.combine(day + timedelta(days=days + 1), time(), ZoneInfo(zone))


@dataclass(eq=False)
class Point:
    lot: int
    receipt: int | None
    kind: str
    begins: datetime
    ends: datetime | None
    begun: bool
    where: str = FREE

    def over(self, now: datetime) -> bool:
        return self.ends is not None and self.ends <= now


@dataclass(frozen=True)
class Dates:
    """When points begin and end, and until when restored ones live whose own end is over."""

    begins: datetime
    ends: datetime | None
    grace: datetime


@dataclass
class Spent:
    """What one sale spent on this account: points by lot, and points that were debt, in the order they went."""

    by_lot: dict[int | None, list[Point | None]] = field(default_factory=dict)

    def add(self, point: Point | None) -> None:
        self.by_lot.setdefault(point.lot if point else None, []).append(point)


@dataclass
class Effect:
    """What one return did: `given` counts restored points by lot; `taken` are reversed ones, None for debt."""

    given: Counter[int] = field(default_factory=Counter)
    taken: list[Point | None] = field(default_factory=list)
    lapsed: list[Point] = field(default_factory=list)


@dataclass
class NaiveLine:
    quantity: int
    earned: int
    redeemed: int
    total: int
    given: Counter[str] = field(default_factory=Counter)

    def give(self, quantity: int) -> dict[str, int]:
        """Cumulative shares, rounded half up by fractions."""
        self.given["quantity"] += quantity
        shares = {}
        for name in ("total", "earned", "redeemed"):
            due = half_up(Fraction(getattr(self, name) * self.given["quantity"], self.quantity))
            shares[name] = max(0, due - self.given[name])
        self.given.update(shares)
        return {"quantity": quantity, **shares}


@dataclass
class NaiveAccount:
    policy: str
    points: list[Point] = field(default_factory=list)
    debt: int = 0
    lots: int = 0

    # Reading

    def spendable(self, now: datetime) -> list[Point]:
        free = [p for p in self.points if p.where == FREE and p.begun and not p.over(now)]
        return sorted(free, key=lambda p: (p.ends is None, p.ends or now, p.lot))

    def pending(self) -> int:
        return sum(p.where == FREE and not p.begun for p in self.points)

    def by_end(self, now: datetime) -> dict[datetime | None, int]:
        return dict(Counter(p.ends for p in self.spendable(now)))

    # Time

    def pass_time(self, now: datetime) -> None:
        waiting = [p for p in self.points if p.where == FREE]
        moments = {p.begins for p in waiting if not p.begun} | {p.ends for p in waiting if p.ends is not None}
        for moment in sorted(m for m in moments if m <= now):
            starting = [p for p in self.points if p.where == FREE and not p.begun and p.begins <= moment]
            for point in starting:
                point.begun = True
            if starting:
                self.pay_debt(moment)
            for point in self.points:
                if point.where == FREE and point.begun and point.over(moment):
                    point.where = EXPIRED

    def pay_debt(self, moment: datetime) -> None:
        for point in self.spendable(moment)[: self.debt]:
            point.where = SPENT
            self.debt -= 1

    # Effects

    def add(self, count: int, now: datetime, dates: Dates, *, receipt: int | None, kind: str) -> list[Point]:
        self.lots += 1
        begun = dates.begins <= now
        made = [Point(self.lots, receipt, kind, dates.begins, dates.ends, begun) for _ in range(count)]
        self.points += made
        return made

    def credit(self, count: int, now: datetime, dates: Dates, *, receipt: int | None, kind: str) -> None:
        self.pass_time(now)
        if count:
            self.add(count, now, dates, receipt=receipt, kind=kind)
        self.pay_debt(now)
        self.pass_time(now)

    def take(self, count: int, now: datetime) -> None:
        for point in self.spendable(now)[:count]:
            point.where = TAKEN

    def redeem(self, count: int, now: datetime, spent: Spent) -> int:
        """Spend; what is missing is debt if the policy allows. Returns what was charged."""
        self.pass_time(now)
        chosen = self.spendable(now)[:count]
        for point in chosen:
            point.where = SPENT
            spent.add(point)
        if self.policy != "allow_debt":
            return len(chosen)
        for _ in range(count - len(chosen)):
            self.debt += 1
            spent.add(None)
        return count

    def restore(self, count: int, now: datetime, spent: Spent, dates: Dates, deadline: datetime) -> Counter[int]:
        self.pass_time(now)
        given: Counter[int] = Counter()
        for lot in reversed(list(spent.by_lot)):
            stack = spent.by_lot[lot]
            group = [stack.pop() for _ in range(min(count, len(stack)))]
            count -= len(group)
            given.update(self._back(group, now, deadline, dates, kind="restore"))
        self.pay_debt(now)
        self.pass_time(now)
        return given

    def _back(
        self,
        group: list[Point | None],
        now: datetime,
        deadline: datetime,
        dates: Dates,
        *,
        kind: str,
        receipt: int | None = None,
    ) -> Counter[int]:
        """Give a group of one lot back: to itself, to a child with the grace, or to a new lot for debt."""
        if not group:
            return Counter()
        first = group[0]
        if first is None:
            late = dates.ends and max(dates.ends, dates.grace)
            made = self.add(len(group), now, replace(dates, ends=late), receipt=receipt, kind=kind)
        elif first.over(deadline):
            child = Dates(first.begins, dates.grace, dates.grace)
            made = self.add(len(group), now, child, receipt=first.receipt, kind=first.kind)
        else:
            made = [point for point in group if point is not None]
            for point in made:
                point.where = FREE
                point.begun = point.begins <= now
        return Counter(point.lot for point in made)

    def reverse(self, count: int, now: datetime, receipt: int) -> Effect:
        self.pass_time(now)
        effect = Effect()
        own = [p for p in self.points if p.receipt == receipt and p.kind != "restore"]
        own.sort(key=lambda p: (p.ends is None, p.ends or now, p.lot))
        order = [p for p in own if p.where == FREE and not p.begun]
        if self.policy != "only_pending":
            order += [p for p in own if p.where == FREE and p.begun and not p.over(now)]
            order += [p for p in own if p.where == EXPIRED]
            others = [p for p in self.spendable(now) if p not in own]
            order += sorted(others, key=lambda p: (p.kind != "earn", p.kind == "promo"))
        for point in order[:count]:
            if point.where == EXPIRED:
                effect.lapsed.append(point)
            else:
                effect.taken.append(point)
            point.where = TAKEN
        missing = count - len(effect.taken) - len(effect.lapsed)
        if self.policy == "allow_debt":
            self.debt += missing
            effect.taken += [None] * missing
        return effect

    def undo_return(self, effect: Effect, now: datetime, spent: Spent, dates: Dates, *, receipt: int) -> None:
        self.pass_time(now)
        groups: dict[int | None, list[Point | None]] = {}
        for point in effect.taken:
            groups.setdefault(point.lot if point else None, []).append(point)
        for group in groups.values():
            self._back(group, now, now, dates, kind="earn", receipt=receipt)
        for point in effect.lapsed:
            point.where = EXPIRED
        self.pay_debt(now)
        self.pass_time(now)
        wanted = sum(effect.given.values())
        left = Counter(effect.given)
        first = []
        for point in self.spendable(now):
            if left[point.lot] > 0:
                left[point.lot] -= 1
                first.append(point)
        others = [point for point in self.spendable(now) if point not in first]
        for point in (first + others)[:wanted]:
            point.where = SPENT
            spent.add(point)
            wanted -= 1
        if self.policy == "allow_debt":
            self.debt += wanted
            for _ in range(wanted):
                spent.add(None)
