"""Shops with regular customers, the receipts they are sent, and the same receipts for pgbench."""

import asyncio
import json
import random
import re
import uuid
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from api.body import parse
from api.schemas import receipt_answers
from api.till import item_of
from bench.installation import Installation, Shop, more_keys, open_shops
from bench.load import Make, request, send_all
from domain.kernel.events import Actor
from persistence import till as tills
from persistence.shop_rules import RulesCache
from persistence.till_gate import TillGate

CHUNK = 500
UUID_TEXT = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}")
MOVING = {"expected": 0, "version": 1, "seq": 1}
"""Numbers that grow with the account's version, and how far each is ahead of the version that was read."""

TARGETS = """
CREATE SCHEMA IF NOT EXISTS bench;
GRANT USAGE ON SCHEMA bench TO PUBLIC;
CREATE TABLE IF NOT EXISTS bench.target AS
SELECT row_number() OVER (ORDER BY random()) - 1 AS n, m.tenant_id, m.customer_id, m.account_id,
       i.identifier_id, i.blind
  FROM account_member m JOIN identifier i USING (tenant_id, customer_id) WHERE i.type = 'phone';
CREATE UNIQUE INDEX IF NOT EXISTS target_n ON bench.target (n);
GRANT SELECT ON bench.target TO PUBLIC;
ANALYZE;
"""


def phone(number: int) -> str:
    """Return the sandbox phone with the number `number`, below ten million."""
    return f"+7935{number:07}"


def sale(external_id: str, number: int, *, on_missing: str = "none") -> dict[str, Any]:
    """Return an everyday sale of three lines to the customer with a phone."""
    lines = [
        {"line": "1", "sku": "4600000000017", "name": "Кофе в зёрнах", "category": "coffee", "quantity": "2",
         "unit_price": 65000, "discount": 100, "total": 129900},
        {"line": "2", "sku": "4600000000024", "name": "Чай чёрный", "category": "tea", "quantity": "1",
         "unit_price": 21000, "total": 21000},
        {"line": "3", "sku": "4600000000031", "name": "Орехи на вес", "category": "nuts", "quantity": "0.350",
         "unit_price": 120000, "total": 42000},
    ]  # fmt: skip
    return {
        "source": "till-1",
        "external_id": external_id,
        "kind": "sale",
        "sold_at": "2026-11-21T12:30:00+03:00",
        "store": "main",
        "register": "1",
        "employee": "e-5",
        "currency": "RUB",
        "customer": {"identifiers": [{"type": "phone", "value": phone(number)}], "on_missing": on_missing},
        "lines": lines,
        "total": 192900,
        "payments": [{"method": "card", "amount": 192900}],
    }


def encoded(body: Any) -> bytes:
    """Return JSON as tills send it."""
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()


def seed(made: Installation, *, shops: int, customers: int, receipts: int = 1) -> list[Shop]:
    """Open shops, each with `customers` who have bought `receipts` times; all through the API."""

    async def opened() -> list[Shop]:
        core = made.core()
        await core.open()
        try:
            return await open_shops(core, shops)
        finally:
            await core.close()

    there = asyncio.run(opened())
    for time in range(receipts):
        calls = []
        for shop in there:
            for first in range(0, customers, CHUNK):
                numbers = range(first, min(first + CHUNK, customers))
                items = [sale(f"seed-{time}-{number}", number, on_missing="create") for number in numbers]
                calls.append(request("/v1/receipts/batch", shop.key, encoded({"items": items})))
        statuses = send_all(made.settings.port, calls).statuses
        if set(statuses) - {200}:
            msg = f"seeding failed: {dict(statuses)}"
            raise RuntimeError(msg)
    return there


def keys_of(made: Installation, shop: Shop, count: int) -> list[str]:
    """Return `count` keys of a shop."""

    async def opened() -> list[str]:
        core = made.core()
        await core.open()
        try:
            return await more_keys(core, shop, count)
        finally:
            await core.close()

    return asyncio.run(opened())


def receipt_maker(shops: Sequence[Shop], customers: int, *, remembered: bool = False, hot: bool = False) -> Make:
    """Return a source of new receipts of random customers of random shops; `hot`: always the same customer."""
    run, count = uuid.uuid4().hex[:8], 0
    choose = random.Random(run)
    bodies = [encoded(sale("\0", number)).split(b'"\\u0000"') for number in range(1 if hot else customers)]

    def make(_: int) -> bytes:
        nonlocal count
        count += 1
        head, tail = choose.choice(bodies)
        body = b'%s"%s-%d"%s' % (head, run.encode(), count, tail)
        headers = [f"Idempotency-Key: {run}-{count}"] if remembered else []
        return request("/v1/receipts", choose.choice(shops).key, body, *headers)

    return make


def batch_maker(shops: Sequence[Shop], customers: int, size: int) -> Make:
    """Return a source of batches of new receipts, each batch of one shop."""
    run, count = uuid.uuid4().hex[:8], 0
    choose = random.Random(run)

    def make(_: int) -> bytes:
        nonlocal count
        count += 1
        items = [sale(f"{run}-{count}-{index}", choose.randrange(customers)) for index in range(size)]
        return request("/v1/receipts/batch", choose.choice(shops).key, encoded({"items": items}))

    return make


def pgbench_script(made: Installation, shop: Shop, *, clients: int, remembered: bool = False) -> str:
    """Return what our till sends to PostgreSQL for such a receipt, as a script; customers are spread over clients.

    The arguments are caught from one real receipt; ids, keys and versions are put in by the script.
    """
    read, write = asyncio.run(_caught(made, shop, remembered=remembered))
    count = asyncio.run(_targets(made))
    return "\n".join(
        [
            f"\\set n :client_id + {clients} * random(0, {count // clients - 1})",
            "\\set serial random(1, 1000000000000)",
            f"SELECT (r #>> '{{accounts,0,version}}')::bigint AS version FROM bench.target t, receipt_read({read}) r"
            " WHERE t.n = :n \\gset",
            write,
        ]
    )


async def _targets(made: Installation) -> int:
    connection = await asyncpg.connect(made.server.superuser_dsn("regulars"))
    try:
        await connection.execute(TARGETS)
        return int(await connection.fetchval("SELECT count(*) FROM bench.target"))
    finally:
        await connection.close()


async def _caught(made: Installation, shop: Shop, *, remembered: bool) -> tuple[str, str]:
    """Record one receipt in this process and turn its two calls into SQL over `bench.target`."""
    core = made.core()
    await core.open()
    calls: dict[str, tuple[Any, ...]] = {}
    fetch = tills.PgTillTransaction._fetch

    async def listening(self: tills.PgTillTransaction, query: str, arguments: tuple[Any, ...]) -> Any:
        calls[query] = arguments
        return await fetch(self, query, arguments)

    tills.PgTillTransaction._fetch = listening  # type: ignore[method-assign]
    try:
        gate = TillGate(core.database, RulesCache(core.database), core.vaults, core.clock)
        vault, rules = await gate.desk_facts(shop.tenant_id)
        raw = encoded(sale(f"caught-{uuid.uuid4().hex}", 0))
        key = ("recordReceipt", uuid.uuid4().bytes, uuid.uuid4().bytes) if remembered else None
        sent = parse(raw, receipt_answers.ReceiptRequest).root
        item = item_of(sent, vault=vault, country=rules.country, raw=raw, remembered=key)
        await gate.record(shop.tenant_id, Actor("key", "bench", "owner"), item)
    finally:
        tills.PgTillTransaction._fetch = fetch  # type: ignore[method-assign]
        await core.close()
    written = calls[tills.WRITE]
    whose = {str(value): name for name, value in await _owner(made, shop, written)}
    words = _Words(whose, item.document.external_id, key[1] if key else None)
    read = ", ".join(words.argument(value) for value in calls[tills.READ])
    columns = ", ".join(words.argument(value) for value in written)
    fresh = ", ".join(["random() AS r", *(f"uuidv7() AS {name}" for name in words.fresh.values())])
    return read, f"SELECT receipt_write({columns}) FROM bench.target t, (SELECT {fresh}) x WHERE t.n = :n;"


async def _owner(made: Installation, shop: Shop, written: Sequence[Any]) -> list[tuple[str, UUID]]:
    """Return the ids of the caught receipt's customer by the column of `bench.target` that brings others'."""
    (account,) = json.loads(written[1])
    connection = await asyncpg.connect(made.server.superuser_dsn("regulars"))
    try:
        row = await connection.fetchrow(
            "SELECT m.tenant_id, m.customer_id, m.account_id, i.identifier_id FROM account_member m"
            " JOIN identifier i USING (tenant_id, customer_id) WHERE m.tenant_id = $1 AND m.account_id = $2",
            shop.tenant_id,
            UUID(account["account_id"]),
        )
    finally:
        await connection.close()
    return [(name, row[name]) for name in ("tenant_id", "customer_id", "account_id", "identifier_id")]


class _Words:
    """Writes caught arguments as SQL in which ids, keys and versions are the script's own."""

    def __init__(self, whose: dict[str, str], external_id: str, key: bytes | None) -> None:
        self._whose = whose
        self._external_id = external_id
        self._key = key
        self.fresh: dict[str, str] = {}

    def argument(self, value: Any) -> str:
        """Return one argument as SQL."""
        if value is None:
            return "NULL"
        if isinstance(value, bool | int):
            return str(value).lower()
        if isinstance(value, UUID):
            return self._text(str(value)) if str(value) not in self._whose else f"t.{self._whose[str(value)]}"
        if isinstance(value, list):
            kind = {UUID: "uuid[]", bytes: "bytea[]"}.get(type(value[0]), "text[]")
            return f"ARRAY[{', '.join(self._element(one) for one in value)}]::{kind}"
        if isinstance(value, str) and value[:1] in "[{":
            return f"({self._json(value)})::json"
        return self._text(str(value))

    def _element(self, value: Any) -> str:
        if isinstance(value, bytes):
            return "decode(md5(random()::text), 'hex')" if value == self._key else "t.blind"
        return self._text(value) if isinstance(value, str) else self.argument(value)

    def _json(self, text: str) -> str:
        rows = json.loads(text)
        for row in rows:
            for name, ahead in MOVING.items():
                if name in row and "account_id" in row:
                    row[name] = f"@version+{ahead}@"
            if self._key is not None and row.get("key_hash") == "\\x" + self._key.hex():
                row["key_hash"] = "@key@"
        dumped = re.sub(r'"(@version\+\d@)"', r"\1", json.dumps(rows, ensure_ascii=False))
        return self._text(dumped)

    def _text(self, text: str) -> str:
        """Return a text as SQL pieces joined by ||."""
        marks = re.compile(f"({UUID_TEXT.pattern}|{re.escape(self._external_id)}|@version\\+\\d@|@key@)")
        return " || ".join(self._piece(part) for part in marks.split(text) if part)

    def _piece(self, part: str) -> str:
        if part == self._external_id:
            # The client's number and the session's clock: unique, and the same in the read and in the write.
            return "('b-' || pg_backend_pid() || '-' || :n || '-' || :serial)"
        if part == "@key@":
            return "('\\\\x' || md5(x.r::text))"
        if part.startswith("@version"):
            return f"(:version::bigint + {part[9:-1]})"
        if UUID_TEXT.fullmatch(part):
            if part in self._whose:
                return f"t.{self._whose[part]}"
            return "x." + self.fresh.setdefault(part, f"u{len(self.fresh)}")
        escaped = part.replace("\\", "\\\\").replace("'", "''").replace(":", "\\x3a")
        return f"E'{escaped}'"
