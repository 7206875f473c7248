"""Writing down what time has done to an account, for a reader who asks for its entries."""

from uuid import UUID

from domain.checkout.changes import Changes
from domain.checkout.ports import TillTransaction
from domain.checkout.state import TillState
from domain.kernel.events import SYSTEM
from domain.loyalty.errors import AccountNotFound
from domain.loyalty.ledger import Book
from domain.loyalty.ports import LoyaltyUnit


async def settled(account_id: UUID, *, unit: LoyaltyUnit, transaction: TillTransaction) -> Book:
    """Return the account's book with all that is due in it; what is not written yet is written first.

    Balances need no such write: they evaluate time. Entries are what was written, so none that is due may be missing
    because nobody came by.

    Raises:
        AccountNotFound: there is none.
    """
    book = await _book(account_id, unit)
    now = unit.clock.now()
    book.settle(now)
    if book.changes().empty:
        return book
    await transaction.lock(TillState(0, "active", books={account_id: book}))
    book = await _book(account_id, unit)
    book.settle(now)
    await transaction.save(TillState(0, "active", books={account_id: book}), Changes(at=now), SYSTEM)
    return await _book(account_id, unit)


async def _book(account_id: UUID, unit: LoyaltyUnit) -> Book:
    book = (await unit.ledger.books({account_id})).get(account_id)
    if book is None:
        raise AccountNotFound
    return book
