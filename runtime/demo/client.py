"""The loader's way to the API: the standard library's HTTP client on loopback, patient with a server that restarts."""

import http.client
import json
from collections.abc import Mapping
from threading import Event
from typing import Any

from runtime.settings import Settings, local_name

TIMEOUT = 60.0
PAUSES = (0.2, 0.5, 1.0, 2.0, 5.0)
LATER = frozenset({409, 425, 429, 500, 502, 503, 504})


class Refused(Exception):
    """The API refuses for good; the text is its problem code."""


class Stopped(Exception):
    """Somebody asked to stop."""


class Client:
    """One connection, for one thread."""

    def __init__(self, settings: Settings, key: str, stopping: Event) -> None:
        self._place = (local_name(settings.host).strip("[]"), settings.port)
        self._headers = {"Authorization": f"Bearer {key}", "Content-Type": "application/json"}
        self._stopping = stopping
        self._connection: http.client.HTTPConnection | None = None

    def post(self, path: str, body: Mapping[str, Any]) -> Any:
        """Return the answer to a POST; what fails for the moment is sent again until it does not.

        Raises:
            Refused: the API answers that this cannot be.
            Stopped: somebody asked to stop.
        """
        content = json.dumps(body, ensure_ascii=False).encode()
        attempt = 0
        while not self._stopping.is_set():
            answer = self._attempt(path, content)
            if answer is not None:
                return answer
            self._stopping.wait(PAUSES[min(attempt, len(PAUSES) - 1)])
            attempt += 1
        raise Stopped

    def close(self) -> None:
        """Let the connection go."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _attempt(self, path: str, content: bytes) -> Any | None:
        """Return the answer; None where another attempt may do better."""
        if self._connection is None:
            self._connection = http.client.HTTPConnection(*self._place, timeout=TIMEOUT)
        try:
            self._connection.request("POST", path, content, self._headers)
            response = self._connection.getresponse()
            answer = json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError):
            self.close()
            return None
        if response.status < 300:
            return answer
        if response.status in LATER:
            return None
        raise Refused(str(answer.get("code", response.status)))
