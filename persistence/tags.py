"""The shop's tags, and whom they are on."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Text, Uuid, bindparam, func, insert, select, text, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError

from domain.kernel.ids import new_id
from domain.tags.errors import TagExists, TagNotFound
from domain.tags.tag import Tag, TagLink
from persistence.session import Session
from persistence.tables.people import customer, customer_tag, tag

_LINK = text(
    """
    INSERT INTO customer_tag (tenant_id, tag_id, customer_id, source, actor, tagged_at)
    SELECT :tenant_id, w.tag_id, w.customer_id, :source, :actor, :tagged_at
    FROM unnest(:tags, :people) AS w (tag_id, customer_id) ORDER BY w.tag_id, w.customer_id
    ON CONFLICT DO NOTHING RETURNING tag_id, customer_id
    """
).bindparams(bindparam("tags", type_=ARRAY(Uuid)), bindparam("people", type_=ARRAY(Uuid)))
_UNLINK = text(
    """
    DELETE FROM customer_tag l USING unnest(:tags, :people) AS w (tag_id, customer_id)
    WHERE l.tenant_id = :tenant_id AND l.tag_id = w.tag_id AND l.customer_id = w.customer_id
    RETURNING l.tag_id, l.customer_id
    """
).bindparams(bindparam("tags", type_=ARRAY(Uuid)), bindparam("people", type_=ARRAY(Uuid)))


class PgTags:
    """The tags of one shop."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def get(self, tag_id: UUID, *, lock: bool = False) -> Tag:
        """Return the tag, held until the transaction ends if `lock`.

        Raises:
            TagNotFound: there is none.
        """
        statement = select(tag).where(tag.c.tenant_id == self._session.tenant_id, tag.c.tag_id == tag_id)
        row = await self._session.one(statement.with_for_update() if lock else statement)
        if row is None:
            raise TagNotFound
        return _tag(row)

    async def page(self, *, after: UUID | None, limit: int, namespace: str | None, archived: bool) -> Sequence[Tag]:
        """Return at most `limit` tags by name, those behind the tag `after` only."""
        statement = select(tag).where(tag.c.tenant_id == self._session.tenant_id)
        if after is not None:
            last = select(tag.c.name).where(tag.c.tenant_id == self._session.tenant_id, tag.c.tag_id == after)
            statement = statement.where(tag.c.name > last.scalar_subquery())
        if namespace is not None:  # `;` follows `:`, so this is the range of all names in the namespace
            statement = statement.where(tag.c.name >= f"{namespace}:", tag.c.name < f"{namespace};")
        if not archived:
            statement = statement.where(tag.c.archived_at.is_(None))
        return [_tag(row) for row in await self._session.all(statement.order_by(tag.c.name).limit(limit))]

    async def add(self, new: Tag) -> None:
        """Store a new tag.

        Raises:
            TagExists: its name is taken.
        """
        try:
            await self._session.run(insert(tag).values(self._row(new)))
        except IntegrityError:
            raise TagExists from None

    async def save(self, changed: Tag) -> Tag:
        """Store a changed tag and return it with its new version.

        Raises:
            TagExists: its new name is taken.
        """
        version = changed.version + 1
        row = self._row(changed) | {"version": version}
        statement = update(tag).where(tag.c.tenant_id == self._session.tenant_id, tag.c.tag_id == changed.id)
        try:
            await self._session.run(statement.values(row))
        except IntegrityError:
            raise TagExists from None
        return replace(changed, version=version)

    async def links(self, customer_id: UUID) -> Sequence[TagLink]:
        """Return a customer's tags by name."""
        statement = (
            select(tag, customer_tag.c.source, customer_tag.c.actor, customer_tag.c.tagged_at)
            .join(customer_tag, (customer_tag.c.tenant_id == tag.c.tenant_id) & (customer_tag.c.tag_id == tag.c.tag_id))
            .where(customer_tag.c.tenant_id == self._session.tenant_id, customer_tag.c.customer_id == customer_id)
            .order_by(tag.c.name)
        )
        rows = await self._session.all(statement)
        return [TagLink(_tag(row), row["source"], row["actor"], row["tagged_at"]) for row in rows]

    def _row(self, one: Tag) -> dict[str, Any]:
        return {
            "tenant_id": self._session.tenant_id,
            "tag_id": one.id,
            "name": one.name,
            "color": one.color,
            "description": one.description,
            "archived_at": one.archived_at,
            "version": one.version,
            "created_at": one.created_at,
            "updated_at": one.updated_at,
        }


class PgTagLinks:
    """Tags on customers, by name."""

    def __init__(self, session: Session) -> None:
        self._session = session

    async def link(
        self, names: Mapping[UUID, Sequence[str]], *, source: str, newborn: bool = False
    ) -> Mapping[UUID, Sequence[str]]:
        """Give customers tags, made where the shop has none of that name; return what was new to each.

        It is an edit of their cards, unless they are `newborn`.
        """
        session = self._session
        wanted = sorted({name for given in names.values() for name in given})
        ids = await self._made(wanted)
        await self._bring_back(ids)
        pairs = [(ids[name], customer_id) for customer_id, given in names.items() for name in given]
        parameters = {
            "tenant_id": session.tenant_id,
            "tags": [tag_id for tag_id, _ in pairs],
            "people": [customer_id for _, customer_id in pairs],
            "source": source,
            "actor": f"{session.actor.kind}:{session.actor.id}",
            "tagged_at": session.clock.now(),
        }
        return await self._changed(await session.all(_LINK, parameters), ids, edited=not newborn)

    async def unlink(self, names: Mapping[UUID, Sequence[str]]) -> Mapping[UUID, Sequence[str]]:
        """Take tags from customers; return what each had."""
        wanted = sorted({name for given in names.values() for name in given})
        ids = await self._known(wanted)
        pairs = [(ids[name], customer_id) for customer_id, given in names.items() for name in given if name in ids]
        parameters = {
            "tenant_id": self._session.tenant_id,
            "tags": [tag_id for tag_id, _ in pairs],
            "people": [customer_id for _, customer_id in pairs],
        }
        return await self._changed(await self._session.all(_UNLINK, parameters), ids, edited=True)

    async def _made(self, names: Collection[str]) -> Mapping[str, UUID]:
        """Return the ids of tags by name; missing ones are made."""
        session = self._session
        now = session.clock.now()
        known = await self._known(names)
        rows = [
            {
                "tenant_id": session.tenant_id,
                "tag_id": new_id(),
                "name": name,
                "version": 1,
                "created_at": now,
                "updated_at": now,
            }
            for name in names
            if name not in known
        ]
        if not rows:
            return known
        await session.run(upsert(tag).on_conflict_do_nothing(), rows)
        return await self._known(names)

    async def _bring_back(self, ids: Mapping[str, UUID]) -> None:
        """Take what is used again out of the archive."""
        session = self._session
        await session.run(
            update(tag)
            .where(
                tag.c.tenant_id == session.tenant_id,
                tag.c.tag_id == func.any(bindparam("ids", type_=ARRAY(Uuid))),
                tag.c.archived_at.is_not(None),
            )
            .values(archived_at=None, version=tag.c.version + 1, updated_at=session.clock.now()),
            {"ids": sorted(ids.values())},
        )

    async def _known(self, names: Collection[str]) -> Mapping[str, UUID]:
        statement = select(tag.c.name, tag.c.tag_id).where(
            tag.c.tenant_id == self._session.tenant_id, tag.c.name == func.any(bindparam("names", type_=ARRAY(Text)))
        )
        rows = await self._session.all(statement, {"names": sorted(names)})
        return {row["name"]: row["tag_id"] for row in rows}

    async def _changed(
        self, rows: Sequence[Any], ids: Mapping[str, UUID], *, edited: bool
    ) -> Mapping[UUID, Sequence[str]]:
        """Return the names by customer, and give those cards a new version if it was an edit."""
        name_of = {tag_id: name for name, tag_id in ids.items()}
        changed: dict[UUID, list[str]] = {}
        for row in rows:
            changed.setdefault(row["customer_id"], []).append(name_of[row["tag_id"]])
        if changed and edited:
            session = self._session
            await session.run(
                update(customer)
                .where(
                    customer.c.tenant_id == session.tenant_id,
                    customer.c.customer_id == func.any(bindparam("ids", type_=ARRAY(Uuid))),
                )
                .values(version=customer.c.version + 1, updated_at=session.clock.now()),
                {"ids": sorted(changed)},
            )
        return {customer_id: sorted(given) for customer_id, given in sorted(changed.items())}


def _tag(row: Mapping[Any, Any]) -> Tag:
    return Tag(
        id=row["tag_id"],
        name=row["name"],
        color=row["color"],
        description=row["description"],
        archived_at=row["archived_at"],
        version=row["version"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
