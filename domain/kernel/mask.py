"""What stands in place of a personal value for everybody who is not shown it in full."""

from domain.kernel.phone import calling_code

DOTS = "•" * 9
FEW_DOTS = "•" * 3
SHOWN_DIGITS = 2
SHORT = 6


def mask_phone(e164: str) -> str:
    """Return `+7•••••••••67`: the country code, always nine dots, the last two digits."""
    return f"{calling_code(e164)}{DOTS}{e164[-SHOWN_DIGITS:]}"


def mask_email(address: str) -> str:
    """Return `a•••@•••.ru`: the first character and the top-level domain."""
    local, _, host = address.rpartition("@")
    return f"{local[:1]}{FEW_DOTS}@{FEW_DOTS}.{host.rpartition('.')[2]}"


def mask_code(value: str) -> str:
    """Return nine dots and, of a long value, its last two characters: cards, messenger names, tax ids."""
    return DOTS + (value[-SHOWN_DIGITS:] if len(value) >= SHORT else "")


def mask_contact(value: str) -> str:
    """Return the mask of a contact in whatever form it is: E.164, e-mail, or anything else."""
    if value.startswith("+") and value[1:2].isdigit():
        return mask_phone(value)
    return mask_email(value) if "@" in value[1:] else mask_code(value)


def mask_name(given: str | None, family: str | None) -> str | None:
    """Return `Анна П.`: the given name and the initial of the family name; None when there is neither."""
    initial = f"{family[0]}." if family else None
    return " ".join(part for part in (given, initial) if part) or None
