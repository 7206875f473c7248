"""Reading a batch of documents: each is looked at by itself, so that one bad one never fails its neighbours."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

from litestar import Request
from pydantic_core import from_json, to_json

from api.body import parse, require_json
from api.context import RequestContext
from api.problems import document as problem_document
from api.schemas import receipt_answers as answers
from api.schemas.receipts import BatchIn
from api.till import item_of
from domain.checkout.desk import Item
from domain.checkout.use_cases import Result
from domain.kernel.errors import DomainError, InvalidRequest
from tenancy.vault import TenantVault

_OF_AN_ITEM = re.compile(r"/items/\d+(/|$)")


async def read_batch(request: Request[Any, Any, Any], *, vault: TenantVault, country: str) -> list[Item | DomainError]:
    """Return each document, or why it was refused.

    Raises:
        InvalidRequest: the batch itself is malformed: no items, too many, other fields.
    """
    require_json(request)
    raw = await request.body()
    try:
        sent = parse(raw, BatchIn).items
    except InvalidRequest as refusal:
        if not all(_OF_AN_ITEM.match(error.pointer) for error in refusal.errors):
            raise
        return [_alone(item, vault, country) for item in from_json(raw)["items"]]
    return [_item(one, vault, country) for one in sent]


def _alone(item: Any, vault: TenantVault, country: str) -> Item | DomainError:
    try:
        return _item(parse(to_json(item), answers.ReceiptRequest).root, vault, country)
    except InvalidRequest as refusal:
        return refusal


def _item(sent: Any, vault: TenantVault, country: str) -> Item | DomainError:
    try:
        return item_of(sent, vault=vault, country=country, raw=to_json(sent, by_alias=True), live=False)
    except DomainError as refusal:
        return refusal


def shown(
    items: Sequence[Item | DomainError], results: Sequence[Result], context: RequestContext
) -> answers.ReceiptBatchAnswer:
    """Return the answers in the order of the items."""
    decided: Iterator[Result] = iter(results)
    return answers.ReceiptBatchAnswer(
        items=[_shown(item if isinstance(item, DomainError) else next(decided), context) for item in items]
    )


def _shown(result: Result, context: RequestContext) -> answers.ReceiptAnswer | answers.RejectedItem:
    if isinstance(result, DomainError):
        return answers.RejectedItem.model_validate({"status": "rejected", "problem": problem_document(result, context)})
    return answers.ReceiptAnswer.model_validate_json(result.body)
