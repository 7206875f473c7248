"""A process that loads its code while its supervisor still prepares the ground, and goes on when told.

Loading is most of a start's time. The word to go is one line of JSON on standard input: environment variables that were
not known before, above all the database's address, which so never stands in a process listing.
"""

import json
import os
import sys
from collections.abc import Mapping

FLAG = "--held"


def wait_for_go() -> None:
    """With `FLAG` on the command line, wait for the word and take its variables; leave if the supervisor is gone."""
    if FLAG not in sys.argv:
        return
    line = sys.stdin.readline()
    if not line:
        sys.exit(0)
    os.environ.update(json.loads(line))


def word(variables: Mapping[str, str]) -> bytes:
    """Return the line that lets a held process go."""
    return json.dumps(dict(variables)).encode() + b"\n"
