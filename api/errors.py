"""What the edge itself refuses, before any rule of the shop is asked."""

from dataclasses import dataclass
from typing import Self

from domain.kernel.errors import DomainError, FieldError, Forbidden, InvalidRequest, NotFound


@dataclass(frozen=True, slots=True)
class ParameterError(FieldError):
    """A wrong query parameter or header: `pointer` is empty, since it points into the body only."""

    parameter: str | None = None
    header: str | None = None


class BadParameter(InvalidRequest):
    """A query parameter or header does not match the schema."""

    @classmethod
    def query(cls, name: str, code: str, message: str) -> Self:
        """Return the error for the query parameter `name`; `message` must not repeat what was sent."""
        return cls(errors=[ParameterError("", code, message, parameter=name)])

    @classmethod
    def header(cls, name: str, code: str, message: str) -> Self:
        """Return the error for the header `name`; `message` must not repeat what was sent."""
        return cls(errors=[ParameterError("", code, message, header=name)])


class Unauthenticated(DomainError):
    """No credential, or one that is forged, unknown, expired or revoked."""

    code = "unauthenticated"
    title = "A valid credential is needed"


class PermissionDenied(Forbidden):
    """The credential is valid and its role may not do this."""

    code = "forbidden"
    title = "The role of this credential may not do this"


class PathNotFound(NotFound):
    """Nothing is at this path."""

    code = "not-found"
    title = "Nothing is here"


class MethodNotAllowed(DomainError):
    """The path exists, the method does not."""

    code = "method-not-allowed"
    title = "This path does not take that method"


class NotAcceptable(DomainError):
    """The caller accepts none of the media types we could answer in."""

    code = "not-acceptable"
    title = "The answer cannot be given in an accepted format"


class UnsupportedMediaType(DomainError):
    """The body is of a media type that the operation does not take."""

    code = "unsupported-media-type"
    title = "The body is of a type this operation does not take"


class BodyTooLarge(DomainError):
    """The body is over the limit."""

    code = "body-too-large"
    title = "The body is too large"
