"""Who stands at the till: the question, the answer, and making somebody new."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol
from uuid import UUID

from domain.checkout.till_view import TillView
from domain.customers.drafts import Draft, DraftIdentifier
from domain.customers.errors import IdentifierTaken, InvalidValue
from domain.customers.ports import CustomerUnit
from domain.customers.resolving import Match, Verdict
from domain.customers.use_cases.creating import create_customer
from domain.kernel.transaction import Retry


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody it may be: an id and `Анна П.`, nothing else."""

    id: UUID
    name: str | None


@dataclass(frozen=True, slots=True)
class Resolved:
    """Who stands at the till."""

    verdict: Verdict
    view: TillView | None = None
    candidates: tuple[Candidate, ...] = ()


class PersonDesk(Protocol):
    """Looks people up for the tills of every shop, in one round trip each."""

    async def resolve(
        self, tenant_id: UUID, presented: Sequence[DraftIdentifier], *, create: bool = False, executor: Any = None
    ) -> Resolved:
        """Return who the identifiers name; nothing is created here.

        `create` says that the caller would create somebody; `executor` is an open connection, else any.

        Raises:
            InvalidValue: identifiers that cannot be such.
            TenantSuspended: the shop's tills are shut out.
        """

    async def view(self, tenant_id: UUID, customer_id: UUID, *, executor: Any = None, at_till: bool = True) -> TillView:
        """Return the till view of one customer, the survivor where it was merged.

        `at_till=False` is for the office, where owner and officer go on reading while tills are shut out.

        Raises:
            CustomerNotFound: there is none.
            TenantSuspended: the shop's tills are shut out.
        """


async def resolve_or_create(
    tenant_id: UUID,
    presented: Sequence[DraftIdentifier],
    profile: Draft,
    *,
    desk: PersonDesk,
    unit: CustomerUnit,
    executor: Any,
) -> Resolved:
    """Return who the identifiers name; where they name nobody, somebody new who has them and `profile`.

    Raises:
        InvalidValue: values that cannot be right.
        Retry: somebody else made the same customer just now; run the transaction again to find them.
    """
    found = await desk.resolve(tenant_id, presented, create=True, executor=executor)
    if found.verdict.match is not Match.NONE:
        return found
    left_out = {one.position for one in found.verdict.ignored}
    kept = [one for position, one in enumerate(presented) if position not in left_out]
    try:
        created = await create_customer(replace(profile, identifiers=kept), unit=unit)
    except IdentifierTaken:
        raise Retry from None
    except InvalidValue as refused:  # identifiers were looked at above: what is wrong now stands in the profile
        errors = [replace(error, pointer=f"/profile{error.pointer}") for error in refused.errors]
        raise InvalidValue(errors=errors) from None
    verdict = replace(found.verdict, match=Match.CREATED, customer_id=created.id)
    return Resolved(verdict, await desk.view(tenant_id, created.id, executor=executor))
