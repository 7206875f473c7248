"""What could not be done, or was done otherwise than asked: it becomes a warning of the receipt's answer."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Notice:
    """A warning `code` of the contract, the JSON `pointer` it concerns, and what its text speaks of."""

    code: str
    pointer: str
    values: Mapping[str, int | str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Explain:
    """Why a rule gave `points`: its name, version and inputs, for the answer's `explain`."""

    rule: str
    version: int
    inputs: Mapping[str, int | str | list[dict[str, str]]]
    points: int
