"""What a receipt earns, and which line earned how much of it."""

from collections.abc import Sequence
from dataclasses import dataclass

from domain.history.receipt import GOODS_SETTLED, ReceiptLine
from domain.kernel.money import round_half_up, spread
from domain.loyalty.notices import Explain, Notice
from domain.loyalty.program import EarnWhileRedeeming, ProgramVersion, Rounding
from domain.loyalty.restrictions import Action, Pack

BASE_RULE = "base"


@dataclass(frozen=True, slots=True)
class Earning:
    """Points of one receipt; `by_line` sums to `points` and is what makes partial returns exact."""

    points: int
    by_line: tuple[int, ...]
    explain: tuple[Explain, ...]
    notices: tuple[Notice, ...] = ()


def earn(
    lines: Sequence[ReceiptLine],
    tender: Sequence[int],
    program: ProgramVersion,
    pack: Pack,
    *,
    redeeming: bool = False,
) -> Earning:
    """Compute what `lines` earn by `program`, rounded once and spread to lines by largest remainder.

    `tender` is the money part of each line's total that was paid by points (empty: none); a points discount is out of
    the total already. `redeeming` says whether the receipt spends points at all.
    """
    bases: list[int] = []
    blocked: list[dict[str, str]] = []
    notices: list[Notice] = []
    for i, line in enumerate(lines):
        base = 0
        if line.total > 0 and counts_for(program, line):
            base = max(0, line.total - tender[i]) if tender else line.total
            refusal = pack.refusal(line.restrictions, Action.EARN, minimum_price=line.min_unit_price)
            if refusal is not None:
                base = 0
                blocked.append({"line": line.line, "blocked": refusal})
                notices.append(Notice("restricted-line", f"/lines/{i}", {"action": "earn", "source": refusal}))
        bases.append(base)
    eligible = sum(bases)
    if redeeming and program.earn_while_redeeming is EarnWhileRedeeming.NONE:
        points = 0
    else:
        points = rounded(eligible * program.earn_points, program.earn_per, program.earn_rounding)
    inputs: dict[str, int | str | list[dict[str, str]]] = {"eligible": eligible}
    if blocked:
        inputs["blocked"] = blocked
    explain = Explain(BASE_RULE, program.version, inputs, points)
    return Earning(points, tuple(spread(points, bases)), (explain,), tuple(notices))


def counts_for(program: ProgramVersion, line: ReceiptLine) -> bool:
    """Whether points may be earned and spent on the line: its kind, and goods handed over."""
    return line.kind in program.earning_kinds and line.settlement in GOODS_SETTLED


def rounded(numerator: int, denominator: int, rounding: Rounding) -> int:
    """Return numerator / denominator (≥ 0 and > 0) as an integer."""
    if rounding is Rounding.FLOOR:
        return numerator // denominator
    if rounding is Rounding.CEIL:
        return -(-numerator // denominator)
    return round_half_up(numerator, denominator)
