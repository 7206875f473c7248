"""Points accounts: what they hold, where each point came from and went, and the proof of it."""

from datetime import datetime
from typing import Any
from uuid import UUID

from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath, SkipValidation

from api.answer import answer
from api.body import read_query
from api.command import Query
from api.errors import BadParameter
from api.operation import operation
from api.paging import PageQuery, decode_cursor, page
from api.schemas import loyalty as schemas
from api.schemas.receipt_answers import Balance
from api.till import TillDoor
from domain.checkout.adjusting import LONGEST
from domain.checkout.settling import settled
from domain.loyalty.ledger import Book
from domain.loyalty.ports import Account, LoyaltyUnit, Program
from domain.loyalty.rebuilding import book_at, prove

NOT_FOUND = "account-not-found"
NOTES = "notes:read"
Till = NamedDependency[SkipValidation[TillDoor]]


class AccountController(Controller):
    """Balances evaluate time when they are read: nothing waits for a job."""

    path = "/v1/loyalty/accounts"
    tags = ["Loyalty"]  # noqa: RUF012 - the framework's own attribute

    @get(
        operation_id="listAccounts",
        summary="List points accounts, of one customer or of all (balance, bonus card)",
        opt=operation("loyalty:read", query=schemas.AccountListQuery, answers={200: schemas.AccountPage}),
    )
    async def list_accounts(self, request: Request[Any, Any, Any], reading: NamedDependency[Query]) -> Response[Any]:
        """Show each account with its balance now."""
        wanted = read_query(request, schemas.AccountListQuery)
        after = decode_cursor(wanted.cursor, UUID)[0] if wanted.cursor else None
        async with reading() as unit:
            rows = await unit.ledger.accounts(customer_id=wanted.customer_id, after=after, limit=wanted.limit + 1)
            kept, cursor = page(rows, wanted.limit, lambda one: [str(one.account_id)])
            programs = await unit.programs.by_id({one.program_id for one in kept})
            now = unit.clock.now()
        items = [_shown(one, programs[one.program_id], one.book, now) for one in kept]
        return answer(schemas.AccountPage(items=items, next_cursor=cursor))

    @get(
        "/{account_id:uuid}",
        operation_id="getAccount",
        summary="Show a points account, now or at any other moment (balance)",
        opt=operation("loyalty:read", query=schemas.AccountQuery, answers={200: schemas.Account}, problems=[NOT_FOUND]),
    )
    async def get_account(
        self, account_id: FromPath[UUID], request: Request[Any, Any, Any], reading: NamedDependency[Query]
    ) -> Response[Any]:
        """A former moment is rebuilt from the entries that had been recorded by then."""
        wanted = read_query(request, schemas.AccountQuery)
        async with reading() as unit:
            account = await unit.ledger.account(account_id)
            program = await unit.programs.get(account.program_id)
            now = unit.clock.now()
            moment = wanted.as_of or now
            book = account.book
            if moment < now:
                history = await unit.ledger.history(account_id, until=moment)
                book = book_at(account_id, history.entries, history.lots, moment)
                book.status = account.book.status
        if moment > now + LONGEST:
            raise BadParameter.query("as_of", "range", "must not be more than a hundred years away")
        return answer(_shown(account, program, book, moment))

    @get(
        "/{account_id:uuid}/lots",
        operation_id="listLots",
        summary="List the credits of an account, newest first, each with what is left of it",
        opt=operation("loyalty:read", query=PageQuery, answers={200: schemas.LotPage}, problems=[NOT_FOUND]),
    )
    async def list_lots(
        self, account_id: FromPath[UUID], request: Request[Any, Any, Any], till: Till, reading: NamedDependency[Query]
    ) -> Response[Any]:
        """States and rests are those of this moment."""
        wanted = read_query(request, PageQuery)
        after = decode_cursor(wanted.cursor, UUID)[0] if wanted.cursor else None
        async with reading() as unit:
            await _settled(account_id, unit, till)
            rows = await unit.ledger.lots(account_id, after=after, limit=wanted.limit + 1)
        kept, cursor = page(rows, wanted.limit, lambda lot: [str(lot.lot_id)])
        return answer(schemas.LotPage(items=[schemas.Lot.of(lot) for lot in kept], next_cursor=cursor))

    @get(
        "/{account_id:uuid}/entries",
        operation_id="listEntries",
        summary="List everything that ever moved points of an account, newest first (history, operations)",
        opt=operation("loyalty:read", query=PageQuery, answers={200: schemas.EntryPage}, problems=[NOT_FOUND]),
    )
    async def list_entries(
        self, account_id: FromPath[UUID], request: Request[Any, Any, Any], till: Till, reading: NamedDependency[Query]
    ) -> Response[Any]:
        """Each entry names its document, its actor, and the lots it moved."""
        wanted = read_query(request, PageQuery)
        before = decode_cursor(wanted.cursor, int)[0] if wanted.cursor else None
        async with reading() as unit:
            await _settled(account_id, unit, till)
            rows = await unit.ledger.entries(account_id, before=before, limit=wanted.limit + 1)
        kept, cursor = page(rows, wanted.limit, lambda one: [one.entry.seq])
        notes = NOTES in request.auth.permissions
        items = [schemas.Entry.of(one, notes=notes) for one in kept]
        return answer(schemas.EntryPage(items=items, next_cursor=cursor))

    @get(
        "/{account_id:uuid}/proof",
        operation_id="proveAccount",
        summary="Prove a balance: rebuild it from every entry of the account (audit, reconcile)",
        opt=operation("loyalty:read", answers={200: schemas.Proof}, problems=[NOT_FOUND]),
    )
    async def prove_account(
        self, account_id: FromPath[UUID], till: Till, reading: NamedDependency[Query]
    ) -> Response[Any]:
        """Show the balance beside the one that entries and allocations alone give."""
        async with reading() as unit:
            book = await _settled(account_id, unit, till)
            history = await unit.ledger.history(account_id)
            now = unit.clock.now()
        proof = prove(book, history.entries, history.lots, now)
        return answer(
            schemas.Proof(
                account_id=account_id,
                as_of=now,
                balance=Balance.model_validate(proof.balance),
                recomputed=Balance.model_validate(proof.recomputed),
                equal=proof.equal,
                entries=proof.entries,
                sealed_to=None,
            )
        )


async def _settled(account_id: UUID, unit: LoyaltyUnit, till: TillDoor) -> Book:
    return await settled(account_id, unit=unit, transaction=await till.on(unit))


def _shown(account: Account, program: Program, book: Book, moment: datetime) -> schemas.Account:
    version = program.at(moment).version
    return schemas.Account(
        id=account.account_id,
        program=schemas.AccountProgram(id=program.program_id, code=program.code, version=version.version),
        members=[schemas.AccountMember.model_validate(member) for member in account.members],
        scale=version.scale,
        balance=Balance.model_validate(book.balance(moment)),
        tier=account.tier,
        lifetime_earned=book.lifetime_earned,
        status=book.status,
        as_of=moment,
    )
