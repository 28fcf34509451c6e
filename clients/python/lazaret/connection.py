"""HTTP over a UNIX socket."""

from __future__ import annotations

import http.client
import json
import os
import socket
from typing import Any, Iterable, Mapping, Optional, Tuple, Union
from urllib.parse import urlencode

from .errors import LazaretError

Body = Union[bytes, Iterable[bytes], None]


def default_socket() -> str:
    """Where ``lazaret daemon`` listens when it is told nothing else."""
    home = os.environ.get("LAZARET_HOME")
    if home:
        return os.path.join(home, "data", "api.sock")
    runtime = os.environ.get("XDG_RUNTIME_DIR")
    if runtime:
        return os.path.join(runtime, "lazaret", "api.sock")
    data = os.environ.get("XDG_DATA_HOME") or os.path.expanduser("~/.local/share")
    return os.path.join(data, "lazaret", "api.sock")


class UnixConnection(http.client.HTTPConnection):
    """A connection to the daemon, for one request."""

    def __init__(self, path: str, timeout: Optional[float]) -> None:
        super().__init__("localhost", timeout=timeout)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self._path)


class Transport:
    """Sends requests, each over a connection of its own."""

    def __init__(self, path: str, timeout: Optional[float]) -> None:
        self._path = path
        self._timeout = timeout

    def open(
        self,
        method: str,
        path: str,
        query: Optional[Mapping[str, Any]] = None,
        document: Any = None,
        body: Body = None,
        headers: Optional[Mapping[str, str]] = None,
    ) -> Tuple[UnixConnection, http.client.HTTPResponse]:
        """Sends a request; returns the connection and an answer that is no failure."""
        pairs = [pair for item in (query or {}).items() for pair in _pairs(*item)]
        target = f"/v1/{path}?{urlencode(pairs)}" if pairs else f"/v1/{path}"
        sent = dict(headers or {})
        if document is not None:
            wanted = {key: value for key, value in document.items() if value is not None}
            body = json.dumps(wanted).encode()
            sent["Content-Type"] = "application/json"
        connection = UnixConnection(self._path, self._timeout)
        try:
            try:
                connection.request(method, target, body, sent)
            except (BrokenPipeError, ConnectionResetError):
                # It was refused before all of it was sent; the answer says why.
                pass
            answer = connection.getresponse()
            if answer.status >= 400:
                raise LazaretError.of(answer.status, _parse(answer.read()))
        except BaseException:
            connection.close()
            raise
        return connection, answer

    def call(self, method: str, path: str, **request: Any) -> Any:
        """Sends a request whose answer is a document."""
        connection, answer = self.open(method, path, **request)
        try:
            return _parse(answer.read())
        finally:
            connection.close()


def _pairs(name: str, value: Any) -> Iterable[Tuple[str, str]]:
    if value is None or value is False:
        return []
    if value is True:
        return [(name, "true")]
    if isinstance(value, (list, tuple)):
        return [(name, str(each)) for each in value]
    return [(name, str(value))]


def _parse(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
