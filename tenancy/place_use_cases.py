"""Keeping the records of stores, registers and employees."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol, TypeVar
from uuid import UUID

from domain.kernel.events import Change, Event
from domain.kernel.transaction import UnitOfWork
from tenancy.places import Employee, Register, Store
from tenancy.use_cases import check_settings

Record = TypeVar("Record", bound=Store | Register | Employee)
Record_co = TypeVar("Record_co", bound=Store | Register | Employee, covariant=True)
PERSONAL = frozenset({"name", "address"})
"""Fields whose values the log keeps sealed; of a store they are public, sealing them costs nothing."""


class Records(Protocol[Record_co]):
    """All stores, all registers or all employees of one shop."""

    @property
    def kind(self) -> str:
        """Return `store`, `register` or `employee`."""

    async def add(self, values: Mapping[str, Any]) -> Record_co:
        """Store a new confirmed record.

        Raises:
            CodeTaken: another record has the code.
        """

    async def get(self, record_id: UUID, *, lock: bool = False) -> Record_co:
        """Return the record, held until the transaction ends if `lock`.

        Raises:
            NotFound: there is none, of the record's own kind.
        """

    async def page(
        self, *, after: UUID | None, limit: int, filters: Mapping[str, Any], archived: bool = False
    ) -> Sequence[Record_co]:
        """Return at most `limit` records, oldest first; `filters` compare fields for equality."""

    async def change(self, record_id: UUID, values: Mapping[str, Any]) -> Record_co:
        """Store new values and count the version up.

        Raises:
            CodeTaken: another record has the code.
        """


class Places(Protocol):
    """The places and people of one shop."""

    async def ensure_store(self, code: str) -> None:
        """Make an unknown store a plain record marked unconfirmed."""

    async def touch(self) -> None:
        """Count the shop's `config_version` up: caches of its rules end."""


class PlacesUnit(UnitOfWork, Protocol):
    """The transaction of these use cases."""

    @property
    def places(self) -> Places:
        """Return what is common to the three kinds."""


async def add_record(values: Mapping[str, Any], *, records: Records[Record], unit: PlacesUnit) -> Record:
    """Add a record; a store it names that nobody knew becomes an unconfirmed one.

    Raises:
        CodeTaken: another record has the code.
        UnknownSetting: the time zone or currency does not exist.
    """
    await _check(values, unit)
    record = await records.add(values)
    await _told("created", record, records, unit, [])
    return record


async def change_record(
    record_id: UUID,
    values: Mapping[str, Any],
    *,
    records: Records[Record],
    unit: PlacesUnit,
    precondition: Callable[[Record], None] = lambda _record: None,
) -> Record:
    """Change the given fields; what a person has edited counts as confirmed unless it says otherwise.

    `precondition` looks at the record as it is and may raise `VersionMismatch`.

    Raises:
        NotFound: there is none.
        CodeTaken: another record has the code.
        UnknownSetting: the time zone or currency does not exist.
    """
    old = await records.get(record_id, lock=True)
    precondition(old)
    await _check(values, unit)
    wanted = {"confirmed": True, **values}
    changes = [
        Change(name, getattr(old, name), value, personal=name in PERSONAL)
        for name, value in wanted.items()
        if getattr(old, name) != value
    ]
    if not changes:
        return old
    new = await records.change(record_id, {change.field: change.new for change in changes})
    await _told("updated", new, records, unit, changes)
    return new


async def archive_record(record_id: UUID, *, records: Records[Record], unit: PlacesUnit) -> Record:
    """Take a record out of lists; what refers to it stays, and a till may go on sending its code.

    Raises:
        NotFound: there is none.
    """
    return await _set_archived(record_id, archived=True, records=records, unit=unit)


async def restore_record(record_id: UUID, *, records: Records[Record], unit: PlacesUnit) -> Record:
    """Put a record back into lists.

    Raises:
        NotFound: there is none.
    """
    return await _set_archived(record_id, archived=False, records=records, unit=unit)


async def _set_archived(record_id: UUID, *, archived: bool, records: Records[Record], unit: PlacesUnit) -> Record:
    old = await records.get(record_id, lock=True)
    if (old.archived_at is not None) is archived:
        return old
    at = unit.clock.now() if archived else None
    new = await records.change(record_id, {"archived_at": at})
    await _told("archived" if archived else "restored", new, records, unit, [])
    return new


async def _check(values: Mapping[str, Any], unit: PlacesUnit) -> None:
    check_settings(time_zone=values.get("time_zone"), currency=values.get("currency"))
    store = values.get("store")
    if store is not None:
        await unit.places.ensure_store(store)


async def _told(
    verb: str, record: Record, records: Records[Record], unit: PlacesUnit, changes: Sequence[Change]
) -> None:
    await unit.places.touch()
    told = Event(
        f"{records.kind}.{verb}", records.kind, record.id, unit.clock.now(), changes=changes, data={"code": record.code}
    )
    await unit.events.add([told])
