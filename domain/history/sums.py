"""Whether a receipt adds up.

Source: the API contract, "Sums". The till's line total is the truth within its rounding; what differs by more is a
broken document.
"""

from domain.history.errors import ReceiptDoesNotAddUp, ReturnTotalDiffers
from domain.history.receipt import Document, ReceiptLine
from domain.kernel.errors import FieldError
from domain.kernel.money import QUANTITY_SCALE, line_amount

MAX_ROUNDING = 99


def check_sums(sale: Document) -> list[int]:
    """Return the indexes of lines whose total was kept although it differs by the till's rounding.

    Raises:
        ReceiptDoesNotAddUp: with every place that differs by more.
    """
    errors: list[FieldError] = []
    adjusted: list[int] = []
    seen: set[str] = set()
    for index, line in enumerate(sale.lines):
        errors += _line_errors(index, line, seen)
        difference = abs(line_amount(line.quantity, line.unit_price) - line.discount + line.surcharge - line.total)
        if difference > _tolerance(line.quantity):
            errors.append(_differs(f"/lines/{index}/total", "quantity × unit_price − discount"))
        elif difference:
            adjusted.append(index)
    total = sum(line.total for line in sale.lines) + sale.rounding
    if sale.total != total:
        errors.append(_differs("/total", "the lines and the rounding"))
    if sale.payments and sum(payment.amount for payment in sale.payments) != sale.total:
        errors.append(_differs("/payments", "the total"))
    if errors:
        raise ReceiptDoesNotAddUp(errors=errors)
    return adjusted


def check_return_sums(back: Document, *, due: int, money: int) -> None:
    """Compare the total and the payments of a return with what its lines come to, where they are there.

    `due` are the shares of the lines' totals, `money` those without what points paid: a till may state either.

    Raises:
        ReturnTotalDiffers, ReceiptDoesNotAddUp: they differ by more than rounding.
    """
    total = due + back.rounding if back.total is None else back.total
    if min(abs(total - due), abs(total - money)) > MAX_ROUNDING:
        raise ReturnTotalDiffers(errors=[_differs("/total", f"the lines, which come to {due},")])
    if back.payments:
        paid = sum(payment.amount for payment in back.payments)
        if min(abs(paid - total), abs(paid - money)) > MAX_ROUNDING:
            raise ReceiptDoesNotAddUp(errors=[_differs("/payments", "the total")])


def _tolerance(quantity: int) -> int:
    return max(1, -(-quantity // QUANTITY_SCALE))


def _line_errors(index: int, line: ReceiptLine, seen: set[str]) -> list[FieldError]:
    errors = []
    if line.line in seen:
        errors.append(FieldError(f"/lines/{index}/line", "duplicate", "names a line that is there already"))
    seen.add(line.line)
    if line.discounts and sum(part.amount for part in line.discounts) != line.discount:
        errors.append(_differs(f"/lines/{index}/discount", "the sum of discounts"))
    return errors


def _differs(pointer: str, what: str) -> FieldError:
    return FieldError(pointer, "does-not-add-up", f"differs from {what} by more than rounding")
