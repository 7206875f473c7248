"""What access refuses."""

from domain.kernel.errors import Conflict, Forbidden, NotFound


class ApiKeyNotFound(NotFound):
    """No such API key in this shop."""

    code = "api-key-not-found"
    title = "No such API key"


class ApiKeyNotActive(Conflict):
    """The key has expired or was revoked, so it cannot be rotated."""

    code = "api-key-not-active"
    title = "The API key is not active"


class RoleTooWide(Forbidden):
    """The new key would be allowed more than the one that makes it."""

    code = "role-too-wide"
    title = "A key cannot grant more than its maker has"
