"""What people wrote beside ledger entries, sealed: it may name somebody.

A cell says whose key it lies under: an account may change hands, and its entries stay as they were written.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import ARRAY, BigInteger, LargeBinary, Uuid, bindparam, text
from sqlalchemy.engine import RowMapping

from domain.loyalty.ports import Remark
from persistence.key_store import CustomerKeys
from persistence.session import Session

CELL = {"table": "entry", "column": "note"}
NOBODY = UUID(int=0)
_ID_BYTES = 16
_STORE = text(
    """
    UPDATE entry e SET note = n.note
    FROM unnest(:accounts, :seqs, :notes) AS n (account_id, seq, note)
    WHERE e.tenant_id = :tenant_id AND e.account_id = n.account_id AND e.seq = n.seq
    """
).bindparams(
    bindparam("accounts", type_=ARRAY(Uuid)),
    bindparam("seqs", type_=ARRAY(BigInteger)),
    bindparam("notes", type_=ARRAY(LargeBinary)),
)


@dataclass(frozen=True, slots=True)
class Words:
    """What was written: a reason that is a sentence, a note."""

    reason: str | None = None
    note: str | None = None


NOTHING = Words()


async def store(session: Session, written: Sequence[Remark]) -> None:
    """Seal `written` into their entries, which were inserted by this very transaction."""
    keys = await CustomerKeys(session).load({one.customer_id for one in written if one.customer_id is not None})
    cells = []
    for one in written:
        words = json.dumps([one.reason, one.note], ensure_ascii=False).encode()
        key = keys.get(one.customer_id) if one.customer_id is not None else None
        if key is None:
            cells.append(NOBODY.bytes + session.vault.seal(words, **CELL))
        else:
            cells.append(key.customer_id.bytes + key.seal(words, **CELL))
    await session.run(
        _STORE,
        {
            "tenant_id": session.tenant_id,
            "accounts": [one.account_id for one in written],
            "seqs": [one.seq for one in written],
            "notes": cells,
        },
    )


async def opened(session: Session, rows: Sequence[RowMapping]) -> Mapping[int, Words]:
    """Return what was written beside the entries in `rows`, by number; nothing is left of whose key was destroyed."""
    cells = {row["seq"]: bytes(row["note"]) for row in rows if row["note"] is not None}
    if not cells:
        return {}
    whose = {seq: UUID(bytes=cell[:_ID_BYTES]) for seq, cell in cells.items()}
    keys = await CustomerKeys(session).load(set(whose.values()) - {NOBODY})
    found = {}
    for seq, cell in cells.items():
        sealed = cell[_ID_BYTES:]
        if whose[seq] == NOBODY:
            found[seq] = Words(*json.loads(session.vault.open(sealed, **CELL)))
        elif whose[seq] in keys:
            found[seq] = Words(*json.loads(keys[whose[seq]].open(sealed, **CELL)))
    return found
