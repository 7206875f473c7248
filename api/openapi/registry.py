"""Every problem code there is, found in the code base itself."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from functools import lru_cache
from types import MappingProxyType

from domain.kernel.errors import (
    Conflict,
    DomainError,
    Forbidden,
    NotFound,
    RuleViolation,
    UpstreamFailure,
)

PACKAGES = ("domain", "tenancy", "compliance", "plugins", "api")
FAMILIES = frozenset({DomainError, Forbidden, NotFound, Conflict, RuleViolation, UpstreamFailure})
"""Classes that only give a status; QuotaExceeded, Unavailable and VersionMismatch have codes of their own."""


@lru_cache(maxsize=1)
def problem_classes() -> Mapping[str, type[DomainError]]:
    """Return the class of each problem code; of several with one code the first by name.

    Importing everything is for building the contract and for tests, not for serving.
    """
    for package in PACKAGES:
        _import_all(package)
    found: dict[str, type[DomainError]] = {}
    for error in sorted(set(_below(DomainError)), key=lambda cls: f"{cls.__module__}.{cls.__qualname__}"):
        if error not in FAMILIES and error.__module__.partition(".")[0] in PACKAGES:
            found.setdefault(error.code, error)
    found.pop(DomainError.code, None)
    return MappingProxyType(found)


def _below(error: type[DomainError]) -> Iterator[type[DomainError]]:
    for child in error.__subclasses__():
        yield child
        yield from _below(child)


def _import_all(package: str) -> None:
    root = importlib.import_module(package)
    for module in pkgutil.walk_packages(root.__path__, f"{package}."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
