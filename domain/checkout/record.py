"""One document: known already, or to be recorded; and what has waited for it."""

from collections.abc import Iterable

from domain.checkout.answering import again, answer, with_effect
from domain.checkout.changes import Alias
from domain.checkout.desk import Desk, Item
from domain.checkout.documents import compared, compared_stored
from domain.checkout.identify import identify
from domain.checkout.moving import attach
from domain.checkout.outcome import Outcome
from domain.checkout.returning import apply_return, record_return, tell_return, wanted_again
from domain.checkout.sale import record_sale
from domain.checkout.state import Stored
from domain.checkout.voiding import record_void, void
from domain.history.errors import DocumentConflict, LineNotSold
from domain.history.natural_key import document_digest, fiscal_digest
from domain.history.receipt import Document, Key, waiting_text
from domain.kernel.errors import RuleViolation

RECORD = {"sale": record_sale, "return": record_return, "void": record_void}


def record(desk: Desk, item: Item) -> Outcome:
    """Record `item.document`, or answer as before when it is known.

    Raises:
        DocumentConflict: another document has one of its keys; it is parked.
        RuleViolation: see the functions of each kind.
        NeedsFullBook: load more and decide again.
    """
    known = find_known(desk, item.document)
    outcome = _new(desk, item) if known is None else _repeat(desk, item, known)
    desk.remember(item, outcome)
    return outcome


def _new(desk: Desk, item: Item) -> Outcome:
    recorded = RECORD[item.document.kind](desk, item)
    if recorded.stored.state == "recorded":
        _wake(desk, recorded.stored, recorded.stored.natural_keys())
    return answer(desk, recorded)


def find_known(desk: Desk, document: Document) -> Stored | None:
    """Return the recorded document that this one is, by either natural key."""
    known = desk.state.document(("document", document.source, document.external_id))
    if known is None and document.fiscal is not None:
        return desk.state.document(document.fiscal.natural_key)
    return known


def _repeat(desk: Desk, item: Item, known: Stored) -> Outcome:
    document = item.document
    if not _same(document, known):
        desk.park("document-conflict", item, known)
        raise DocumentConflict(
            receipt_id=str(known.receipt_id), recorded=compared_stored(known), received=compared(document)
        )
    _add(desk, item, known)
    return again(desk, known)


def _same(document: Document, known: Stored) -> bool:
    """Compare what the key that matched promises to be equal."""
    if (known.source, known.external_id) == (document.source, document.external_id):
        return document_digest(document) == known.document_hash
    agrees = document.fiscal is None or document.fiscal.agrees(known.fiscal_check)
    return fiscal_digest(document) == known.fiscal_hash and agrees


def _add(desk: Desk, item: Item, known: Stored) -> None:
    """Apply what a resend brings for the first time: another number, a fiscal identity, a customer."""
    document, fiscal = item.document, item.document.fiscal
    number = ("document", document.source, document.external_id)
    if number not in desk.state.by_key:
        desk.state.by_key[number] = known.receipt_id
        desk.changes.aliases.append(Alias(document.source, document.external_id, known.receipt_id))
    if fiscal is not None and known.fiscal_key is None and desk.state.document(fiscal.natural_key) is None:
        known.fiscal_scheme, known.fiscal_key, known.fiscal_check = fiscal.scheme, fiscal.key, fiscal.check
        known.detail["fiscal"] = dict(fiscal.fields)
        desk.state.by_key[fiscal.natural_key] = known.receipt_id
        known.dirty = True
    if known.state == "recorded":
        _wake(desk, known, document.natural_keys())
    if known.kind != "sale" or known.customer_id is not None or known.state != "recorded":
        return
    who = identify(item.document, item.presented, item.impossible, desk.state, desk.now)
    if who.person is None:
        return
    if who.new is not None:
        desk.bring(who.person, who.new)
    effect = attach(desk, known, who.person, who.match)
    known.answer = with_effect(desk, known, effect)


def _wake(desk: Desk, stored: Stored, keys: Iterable[Key]) -> None:
    """Give effect to returns and voids that came before this document and named it by one of `keys`."""
    for key in keys:
        for receipt_id in desk.state.waiting.pop(waiting_text(key), []):
            waiting = desk.state.documents[receipt_id]
            if waiting.state == "waiting":
                _take_effect(desk, stored, waiting)


def _take_effect(desk: Desk, stored: Stored, waiting: Stored) -> None:
    if waiting.kind == "void":
        effect = void(desk, stored, waiting.reason, by=waiting)
    else:
        try:
            effect = apply_return(desk, waiting, stored, wanted_again(waiting))
        except RuleViolation as refusal:
            if refusal.code == LineNotSold.code and waiting.waiting_for in _orders(stored):
                return  # another receipt of the order may still come
            # It does not fit its sale after all: it stays as it is, for the owner to look at.
            desk.park_again(refusal.code, waiting, stored)
            return
        tell_return(desk, waiting)
    if effect is not None:
        waiting.answer = with_effect(desk, waiting, effect)


def _orders(stored: Stored) -> set[str]:
    return {waiting_text(key) for key in stored.natural_keys() if key[0] == "order"}
