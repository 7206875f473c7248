"""The shop as the till's rules see it: one consistent picture per version of its settings."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from domain.checkout.changes import NewPlace
from domain.kernel.clock import business_date
from domain.loyalty.program import ProgramVersion
from domain.loyalty.restrictions import Pack


@dataclass(frozen=True, slots=True)
class StoreFacts:
    """What a receipt needs to know of its store; None means the shop's own."""

    time_zone: str | None = None
    currency: str | None = None


@dataclass(slots=True)
class ShopRules:
    """Settings, programs and known places. `programs` are ordered by the moment each is valid from.

    A code that nobody knew is created with the document that brings it, and then remembered here.
    """

    config_version: int
    country: str
    currency: str
    time_zone: str
    locale: str
    pack_on: Callable[[date], Pack]
    programs: Sequence[tuple[datetime, ProgramVersion]]
    stores: dict[str, StoreFacts] = field(default_factory=dict)
    registers: set[tuple[str | None, str]] = field(default_factory=set)
    employees: set[str] = field(default_factory=set)
    settings: Mapping[str, object] = field(default_factory=dict)

    def program_at(self, moment: datetime) -> ProgramVersion:
        """Return the version that rules a sale of `moment`; the first one rules what is older."""
        found = bisect_right([valid_from for valid_from, _ in self.programs], moment)
        return self.programs[max(found - 1, 0)][1]

    def program_of(self, version: int | None, moment: datetime) -> ProgramVersion:
        """Return the version a sale was computed by; one without points has the version of its moment."""
        found = next((program for _, program in self.programs if program.version == version), None)
        return found or self.program_at(moment)

    def zone_of(self, store: str | None) -> str:
        """Return the zone of the store, else the shop's."""
        facts = self.stores.get(store) if store is not None else None
        return (facts and facts.time_zone) or self.time_zone

    def business_date(self, store: str | None, moment: datetime) -> date:
        """Return the local date of `moment` in the store's zone."""
        return business_date(moment, self.zone_of(store))

    def prices_in(self, currency: str, store: str | None) -> bool:
        """Tell whether points are counted in `currency`: the shop's, or the store's own."""
        facts = self.stores.get(store) if store is not None else None
        return currency == self.currency or (facts is not None and currency == facts.currency)

    def learn(self, places: Iterable[NewPlace]) -> None:
        """Remember codes that were created."""
        for place in places:
            if place.what == "store":
                self.stores.setdefault(place.code, StoreFacts())
            elif place.what == "register":
                self.registers.add((place.store, place.code))
            else:
                self.employees.add(place.code)
