"""What may go wrong with the embedded server, each as one sentence for a person."""

from pathlib import Path


class EmbeddedFault(Exception):
    """The embedded server cannot do what was asked; the text is one sentence that says why and what to try."""


def no_room(place: Path) -> EmbeddedFault:
    """Return the fault of a disk that is full."""
    return EmbeddedFault(
        f"There is no room left on the disk that holds {place}; free some space, "
        "or set REGULARS_DATA_DIR to another disk."
    )


def no_access(place: Path) -> EmbeddedFault:
    """Return the fault of a folder that this user may not use."""
    return EmbeddedFault(
        f"This user may not read and write {place}; start as the folder's owner, "
        "or set REGULARS_DATA_DIR to a folder of your own."
    )


def from_os(error: OSError, place: Path) -> EmbeddedFault:
    """Return the sentence for an operating system's error at `place`."""
    if error.errno in {28, 122}:  # ENOSPC, EDQUOT
        return no_room(place)
    if isinstance(error, PermissionError):
        return no_access(place)
    return EmbeddedFault(f"{place} cannot be used as the data directory: {error.strerror or error}.")
