"""What must hold between accounts, lots, entries, allocations and receipts, as questions to the whole shop.

The hot tables have no foreign keys and keep sums beside what they sum up: these questions find what a bug or a broken
restore would leave behind. Each returns the ids of what breaks its rule; none should.
"""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from sqlalchemy import text

from persistence.session import Session

CHECKS: Final[Mapping[str, str]] = {
    "an account's figures are those of its lots": """
        SELECT a.account_id FROM account a
        LEFT JOIN (SELECT account_id,
                          sum(remaining - reserved) FILTER (WHERE state = 'active') AS active,
                          sum(remaining - reserved) FILTER (WHERE state = 'pending') AS pending,
                          sum(reserved) AS held
                   FROM lot WHERE tenant_id = :tenant_id GROUP BY account_id) l ON l.account_id = a.account_id
        WHERE a.tenant_id = :tenant_id
          AND (a.active, a.pending, a.held) IS DISTINCT FROM
              (coalesce(l.active, 0), coalesce(l.pending, 0), coalesce(l.held, 0))""",
    "a lot holds what its allocations left in it": """
        SELECT l.lot_id FROM lot l
        LEFT JOIN (SELECT x.account_id, x.lot_id,
                          sum(x.points) FILTER (WHERE e.kind NOT IN ('activate', 'hold', 'release')) AS remaining,
                          -sum(x.points) FILTER (WHERE e.kind IN ('hold', 'release')) AS reserved,
                          -sum(x.points) FILTER (WHERE e.kind IN ('expire', 'reinstate')) AS expired
                   FROM allocation x
                   JOIN entry e ON e.tenant_id = :tenant_id AND e.account_id = x.account_id AND e.seq = x.seq
                   WHERE x.tenant_id = :tenant_id GROUP BY x.account_id, x.lot_id) m
          ON m.account_id = l.account_id AND m.lot_id = l.lot_id
        WHERE l.tenant_id = :tenant_id
          AND (l.remaining, l.reserved, l.expired) IS DISTINCT FROM
              (coalesce(m.remaining, 0), coalesce(m.reserved, 0), coalesce(m.expired, 0))""",
    "a lot is open while something is left in it": """
        SELECT lot_id FROM lot WHERE tenant_id = :tenant_id AND open <> (remaining > 0)""",
    "an entry is the sum of its allocations, a debt has none": """
        SELECT e.entry_id FROM entry e
        LEFT JOIN (SELECT account_id, seq, sum(points) AS points FROM allocation
                   WHERE tenant_id = :tenant_id GROUP BY account_id, seq) x
          ON x.account_id = e.account_id AND x.seq = e.seq
        WHERE e.tenant_id = :tenant_id
          AND coalesce(x.points, 0) <> CASE e.kind WHEN 'debt_open' THEN 0 ELSE e.points END""",
    "an account's debt and lifetime are those of its entries": """
        SELECT a.account_id FROM account a
        LEFT JOIN (SELECT account_id,
                          sum(CASE kind WHEN 'debt_open' THEN -points WHEN 'debt_settle' THEN points END) AS debt,
                          sum(points) FILTER (WHERE kind IN ('earn', 'reverse_earn')
                                              OR (kind = 'debt_open' AND reason = 'reverse_earn')) AS lifetime
                   FROM entry WHERE tenant_id = :tenant_id GROUP BY account_id) e ON e.account_id = a.account_id
        WHERE a.tenant_id = :tenant_id
          AND (a.debt, a.lifetime_earned) IS DISTINCT FROM (coalesce(e.debt, 0), coalesce(e.lifetime, 0))""",
    "no entry is missing": """
        SELECT a.account_id FROM account a
        LEFT JOIN (SELECT account_id, count(*) AS entries, max(seq) AS last FROM entry
                   WHERE tenant_id = :tenant_id GROUP BY account_id) e ON e.account_id = a.account_id
        WHERE a.tenant_id = :tenant_id
          AND (a.version, a.version) IS DISTINCT FROM (coalesce(e.entries, 0), coalesce(e.last, 0))""",
    "debt leaves nothing to spend, and nothing is below zero": """
        SELECT account_id FROM account
        WHERE tenant_id = :tenant_id AND ((debt > 0 AND active > 0) OR least(active, pending, held, debt) < 0)""",
    "lots and entries belong to an account": """
        SELECT l.lot_id FROM lot l WHERE l.tenant_id = :tenant_id AND NOT EXISTS (
          SELECT FROM account a WHERE a.tenant_id = :tenant_id AND a.account_id = l.account_id)
        UNION ALL
        SELECT e.entry_id FROM entry e WHERE e.tenant_id = :tenant_id AND NOT EXISTS (
          SELECT FROM account a WHERE a.tenant_id = :tenant_id AND a.account_id = e.account_id)
        UNION ALL
        SELECT m.account_id FROM account_member m WHERE m.tenant_id = :tenant_id AND NOT EXISTS (
          SELECT FROM account a WHERE a.tenant_id = :tenant_id AND a.account_id = m.account_id)""",
    "allocations belong to an entry and a lot": """
        SELECT x.lot_id FROM allocation x WHERE x.tenant_id = :tenant_id AND (
          NOT EXISTS (SELECT FROM entry e
                      WHERE e.tenant_id = :tenant_id AND e.account_id = x.account_id AND e.seq = x.seq)
          OR NOT EXISTS (SELECT FROM lot l
                         WHERE l.tenant_id = :tenant_id AND l.account_id = x.account_id AND l.lot_id = x.lot_id))""",
    "lines and payments belong to a receipt": """
        SELECT l.receipt_id FROM receipt_line l WHERE l.tenant_id = :tenant_id AND NOT EXISTS (
          SELECT FROM receipt r WHERE r.tenant_id = :tenant_id AND r.receipt_id = l.receipt_id)
        UNION ALL
        SELECT p.receipt_id FROM receipt_payment p WHERE p.tenant_id = :tenant_id AND NOT EXISTS (
          SELECT FROM receipt r WHERE r.tenant_id = :tenant_id AND r.receipt_id = p.receipt_id)""",
    "what is named by a receipt, a lot or an entry is there": """
        SELECT r.receipt_id FROM receipt r WHERE r.tenant_id = :tenant_id AND r.account_id IS NOT NULL AND NOT EXISTS (
          SELECT FROM account a WHERE a.tenant_id = :tenant_id AND a.account_id = r.account_id)
        UNION ALL
        SELECT r.receipt_id FROM receipt r WHERE r.tenant_id = :tenant_id AND r.sale_id IS NOT NULL AND NOT EXISTS (
          SELECT FROM receipt s WHERE s.tenant_id = :tenant_id AND s.receipt_id = r.sale_id)
        UNION ALL
        SELECT l.lot_id FROM lot l WHERE l.tenant_id = :tenant_id AND l.receipt_id IS NOT NULL AND NOT EXISTS (
          SELECT FROM receipt r WHERE r.tenant_id = :tenant_id AND r.receipt_id = l.receipt_id)
        UNION ALL
        SELECT e.entry_id FROM entry e
        WHERE e.tenant_id = :tenant_id AND e.document_type IN ('receipt', 'return', 'void', 'reassign')
          AND NOT EXISTS (SELECT FROM receipt r WHERE r.tenant_id = :tenant_id AND r.receipt_id = e.document_id)""",
    "a receipt's points are those of its lines, and no line gave back more than it got": """
        SELECT r.receipt_id FROM receipt r
        JOIN (SELECT receipt_id, sum(earned) AS earned, sum(redeemed) AS redeemed,
                     bool_or(reversed > earned OR restored > redeemed OR returned_quantity > quantity
                             OR returned_total > total
                             OR least(reversed, restored, returned_quantity, returned_total) < 0) AS broken
              FROM receipt_line WHERE tenant_id = :tenant_id GROUP BY receipt_id) l ON l.receipt_id = r.receipt_id
        WHERE r.tenant_id = :tenant_id AND r.kind = 'sale'
          AND (l.broken OR (r.account_id IS NOT NULL AND (r.earned, r.redeemed) <> (l.earned, l.redeemed)))""",
}
"""Each rule with the statement that finds what breaks it."""


async def broken_rules(session: Session, *, limit: int = 20) -> Mapping[str, list[UUID]]:
    """Return the rules that do not hold in the shop, each with some ids of what breaks it."""
    found: dict[str, list[UUID]] = {}
    for rule, statement in CHECKS.items():
        rows = await session.run(text(f"{statement} LIMIT :limit"), {"tenant_id": session.tenant_id, "limit": limit})
        ids = [row[0] for row in rows]
        if ids:
            found[rule] = ids
    return found
