"""What tagging refuses."""

from domain.kernel.errors import Conflict, NotFound


class TagNotFound(NotFound):
    """No such tag."""

    code = "tag-not-found"
    title = "No such tag"


class TagExists(Conflict):
    """Another tag has this name."""

    code = "tag-exists"
    title = "A tag of this name exists"
