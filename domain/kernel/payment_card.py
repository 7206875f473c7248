"""Payment card numbers typed where they must not be: found and masked in free text and names, never refused.

Card data stays out of scope. Never applied to skus, identifiers, fiscal fields or serial numbers: a tenth of all EAN-13
codes and every IMEI pass the Luhn test.
"""

import re

MIN_DIGITS, MAX_DIGITS, SHOWN = 13, 19, 4
_RUN = re.compile(r"\d(?:[  .-]?\d){12,}")
_GROUP = re.compile(r"\d+")
_NETWORKS: tuple[tuple[str, str, int, int], ...] = (
    # first prefix, last prefix, shortest, longest. Source: ISO/IEC 7812 ranges as the networks publish them.
    ("4", "4", 13, 19),
    ("51", "55", 16, 16),
    ("2221", "2720", 16, 16),
    ("2200", "2205", 16, 19),
    ("34", "34", 15, 15),
    ("37", "37", 15, 15),
    ("300", "305", 14, 19),
    ("36", "36", 14, 19),
    ("38", "39", 14, 19),
    ("3528", "3589", 16, 19),
    ("6011", "6011", 16, 19),
    ("644", "659", 16, 19),
    ("62", "62", 16, 19),
    ("81", "81", 16, 19),
    ("50", "50", 13, 19),
    ("56", "59", 13, 19),
    ("60", "69", 16, 19),
    ("8600", "8600", 16, 16),
    ("9860", "9860", 16, 16),
    ("9792", "9792", 16, 16),
)


def mask_cards(text: str) -> str:
    """Return `text` with all but the last four digits of each payment card number replaced by dots."""
    if len(text) < MIN_DIGITS:
        return text
    return _RUN.sub(lambda found: _masked(found.group()), text)


def _masked(run: str) -> str:
    """Mask card numbers in a run of digit groups; a number begins and ends where a group does."""
    groups = [found.span() for found in _GROUP.finditer(run)]
    first = 0
    while first < len(groups):
        last = _card_end(run, groups, first)
        if last is None:
            first += 1
            continue
        start, end = groups[first][0], groups[last][1]
        run = run[:start] + _dots(run[start:end]) + run[end:]
        first = last + 1
    return run


def _card_end(run: str, groups: list[tuple[int, int]], first: int) -> int | None:
    digits = ""
    found = None
    for last in range(first, len(groups)):
        digits += run[slice(*groups[last])]
        if len(digits) > MAX_DIGITS:
            break
        if len(digits) >= MIN_DIGITS and is_card_number(digits):
            found = last
    return found


def _dots(number: str) -> str:
    hidden = sum(character.isdigit() for character in number) - SHOWN
    out = []
    for character in number:
        if character.isdigit() and hidden > 0:
            hidden -= 1
            out.append("•")
        else:
            out.append(character)
    return "".join(out)


def is_card_number(digits: str) -> bool:
    """Tell whether 13–19 digits start with a payment network's range and pass the Luhn test."""
    plain = "".join(str(int(digit)) for digit in digits)
    return _in_network(plain) and _luhn(plain)


def _in_network(digits: str) -> bool:
    return any(
        low <= digits[: len(low)] <= high and shortest <= len(digits) <= longest
        for low, high, shortest, longest in _NETWORKS
    )


def _luhn(digits: str) -> bool:
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0
