"""The till's look-up of a person: one round trip on the driver's own pool, opened and shown in Python."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from domain.checkout.rules import ShopRules
from domain.checkout.till_view import STALE_DAYS, Counter, ShownIdentifier, TillPerson, TillView, till_view
from domain.checkout.who import Candidate, Resolved
from domain.customers.birthday import FEB_28
from domain.customers.customer import Profile
from domain.customers.drafts import DraftIdentifier, Problems
from domain.customers.errors import CustomerNotFound
from domain.customers.identifiers import Normalised, normalise
from domain.customers.resolving import FOUND, MAX_CANDIDATES, Hit, Verdict, resolve
from domain.kernel.clock import Clock, business_date
from domain.kernel.mask import mask_name
from domain.loyalty.errors import NeedsFullBook
from domain.loyalty.ledger import Book
from persistence.customer_rows import NOTE, open_identifier, open_profile
from persistence.database import FAULTS, Database, translated
from persistence.shop_rules import RulesCache
from persistence.till_load import LOTS, book_of, lot_of
from persistence.till_wire import RESOLVE_READ, ResolveRead
from tenancy.tenant import TenantNotFound, TenantSuspended
from tenancy.vault import CustomerKey, KeyRecord, TenantVault, Vaults

READ = "SELECT resolve_read($1, $2, $3, $4, $5, $6)::text"
"""As text: connections of the engine decode JSON by themselves, those of the till's pool do not."""
_SUSPENDED = "suspended"


class TillDesk:
    """Looks people up for the tills of every shop."""

    def __init__(self, database: Database, rules: RulesCache, vaults: Vaults, clock: Clock) -> None:
        self._database = database
        self._rules = rules
        self._vaults = vaults
        self._clock = clock

    async def resolve(
        self, tenant_id: UUID, presented: Sequence[DraftIdentifier], *, create: bool = False, executor: Any = None
    ) -> Resolved:
        """Return who the identifiers name; nothing is created here. `executor` is an open connection, else the pool.

        Raises:
            InvalidValue: identifiers that cannot be such.
            TenantSuspended: the shop's tills are shut out.
            Unavailable: the database or the shop's keys are away.
        """
        vault, rules = await self._vaults.open(tenant_id), await self._rules.get(tenant_id)
        normal = normalised(presented, rules.country)
        types = [one.type for one in normal]
        blinds = [vault.blind(one.index, one.value) for one in normal]
        read = await self._read(tenant_id, executor, types=types, blinds=blinds)
        newer = await self._rules.get(tenant_id, read["config_version"])
        if newer.country != rules.country:
            return await self.resolve(tenant_id, presented, create=create, executor=executor)
        verdict = resolve(normal, _hits(read), create=create)
        if verdict.match in FOUND and verdict.customer_id is not None:
            if len(read["people"] or ()) > 1:
                person_read = await self._read(tenant_id, executor, customer_id=verdict.customer_id)
                read = {**person_read, "hits": read["hits"]}
            person = await self._person(tenant_id, read, vault, executor)
            found_by = [normal[position].type for position in verdict.used]
            person = replace(person, found_by=found_by, proven_at=_proven_at(read, verdict))
            return Resolved(verdict, till_view(person, self._counter(newer)))
        names = {UUID(row["customer_id"]): _name(row, vault) for row in read["people"] or ()}
        return Resolved(verdict, None, tuple(Candidate(one, names.get(one)) for one in verdict.candidates))

    async def view(self, tenant_id: UUID, customer_id: UUID, *, executor: Any = None, at_till: bool = True) -> TillView:
        """Return the till view of one customer, the survivor where it was merged; `at_till=False` for the office.

        Raises:
            CustomerNotFound: there is none.
            TenantSuspended: the shop's tills are shut out.
            Unavailable: the database or the shop's keys are away.
        """
        vault = await self._vaults.open(tenant_id)
        read = await self._read(tenant_id, executor, customer_id=customer_id, at_till=at_till)
        rules = await self._rules.get(tenant_id, read["config_version"])
        if not read["people"] or read["people"][0]["state"] in ("erased", "merged"):
            raise CustomerNotFound
        person = await self._person(tenant_id, read, vault, executor, at_till=at_till)
        return till_view(person, self._counter(rules))

    async def _read(
        self,
        tenant_id: UUID,
        executor: Any,
        *,
        types: Sequence[str] | None = None,
        blinds: Sequence[bytes] | None = None,
        customer_id: UUID | None = None,
        lots: int | None = LOTS,
        at_till: bool = True,
    ) -> ResolveRead:
        arguments = (tenant_id, types, blinds, customer_id, MAX_CANDIDATES + 1, lots)
        try:
            found = await (executor or self._database.pool).fetchval(READ, *arguments)
        except FAULTS as error:
            raise translated(error) from None
        read = RESOLVE_READ.decode(found)
        if read["config_version"] is None:
            raise TenantNotFound
        if at_till and read["status"] == _SUSPENDED:
            raise TenantSuspended
        return read

    async def _person(
        self, tenant_id: UUID, read: Mapping[str, Any], vault: TenantVault, executor: Any, *, at_till: bool = True
    ) -> TillPerson:
        (row,) = read["people"]
        key = _key(row, vault)
        person = TillPerson(
            id=UUID(row["customer_id"]),
            state=row["state"],
            profile=_profile(row, key),
            identifiers=[_shown(one, key) for one in read["identifiers"] or () if key is not None],
            notes=[
                key.open(bytes.fromhex(sealed), **NOTE).decode() for sealed in read["notes"] or () if key is not None
            ],
        )
        if read["account"] is None:
            return person
        now = self._clock.now()
        try:
            balance = _book(read, whole=False).balance(now)
        except NeedsFullBook:
            everything = await self._read(tenant_id, executor, customer_id=person.id, lots=None, at_till=at_till)
            balance = _book(everything, whole=True).balance(now)
        return replace(person, account_status=read["account"]["status"], balance=balance)

    def _counter(self, rules: ShopRules) -> Counter:
        now = self._clock.now()
        stale, leap = rules.settings.get("phone_stale_days"), rules.settings.get("leap_birthday")
        return Counter(
            now,
            business_date(now, rules.time_zone),
            rules.program_at(now),
            stale if isinstance(stale, int) else STALE_DAYS,
            leap if isinstance(leap, str) else FEB_28,
        )


def normalised(presented: Sequence[DraftIdentifier], country: str) -> list[Normalised]:
    """Return the identifiers in normal form.

    Raises:
        InvalidValue: some cannot be such, all of them told.
    """
    problems = Problems()
    found = []
    for position, one in enumerate(presented):
        pointer = f"/identifiers/{position}"
        rule = partial(normalise, one.type, one.value, system=one.system, country=country, pointer=pointer)
        normal = problems.of(rule)
        if normal is not None:
            found.append(normal)
    problems.settle()
    return found


def _hits(read: Mapping[str, Any]) -> dict[int, list[Hit]]:
    hits: dict[int, list[Hit]] = {}
    for row in read["hits"] or ():
        hit = Hit(UUID(row["customer_id"]), row["status"], row["verified"])
        hits.setdefault(row["position"] - 1, []).append(hit)
    return hits


def _proven_at(read: Mapping[str, Any], verdict: Verdict) -> datetime | None:
    """Return when one of the identifiers that found the person was last used or proven."""
    moments = [
        datetime.fromisoformat(row["used"])
        for row in read["hits"]
        if row["position"] - 1 in verdict.used and UUID(row["customer_id"]) == verdict.customer_id
    ]
    return max(moments, default=None)


def _key(row: Mapping[str, Any], vault: TenantVault) -> CustomerKey | None:
    if row["wrapped"] is None:
        return None
    record = KeyRecord(row["kek_version"], bytes.fromhex(row["wrapped"]), bytes.fromhex(row["commitment"]))
    return vault.customer_key(UUID(row["customer_id"]), record)


def _profile(row: Mapping[str, Any], key: CustomerKey | None) -> Profile:
    return open_profile(bytes.fromhex(row["profile"]) if row["profile"] else None, key)


def _name(row: Mapping[str, Any], vault: TenantVault) -> str | None:
    profile = _profile(row, _key(row, vault))
    return mask_name(profile.given_name, profile.family_name)


def _shown(row: Mapping[str, Any], key: CustomerKey) -> ShownIdentifier:
    value, _ = open_identifier(bytes.fromhex(row["sealed"]), key)
    return ShownIdentifier(row["type"], value, row["primary"], row["verified"])


def _book(read: Mapping[str, Any], *, whole: bool) -> Book:
    return book_of(read["account"], [lot_of(row) for row in read["lots"] or ()], whole=whole)
