"""Streams of frames: a kind (1 byte), three zero bytes, a length (4 bytes, big-endian), a payload."""

from __future__ import annotations

import http.client
import json
import struct
from dataclasses import dataclass
from typing import BinaryIO, Iterator, Optional, Tuple

from .connection import UnixConnection
from .errors import LazaretError

INPUT = 0
OUTPUT = 1
ERRORS = 2
ENDING = 3
CONTROL = 4

_HEADER = struct.Struct(">BxxxI")


def frames(source: BinaryIO) -> Iterator[Tuple[int, bytes]]:
    """The frames of a stream, to its end."""
    while True:
        header = source.read(_HEADER.size)
        if not header:
            return
        kind, length = _HEADER.unpack(header)
        payload = source.read(length)
        if len(payload) != length:
            raise LazaretError(0, "other", "the stream breaks off", None)
        yield kind, payload


@dataclass
class Finished:
    """A command that has ended."""

    exit_code: int
    stdout: bytes
    stderr: bytes


class Process:
    """A command or a workload, with its streams in both directions.

    Iterate over it for ``(OUTPUT | ERRORS, bytes)``; afterwards ``exit_code`` is known. Closing it ends
    a command, and leaves a workload.
    """

    def __init__(self, connection: UnixConnection, answer: http.client.HTTPResponse) -> None:
        self._connection = connection
        self._answer = answer
        self._socket = connection.sock
        self._source = answer.fp
        self.exit_code: Optional[int] = None

    def __enter__(self) -> Process:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Tuple[int, bytes]]:
        for kind, payload in frames(self._source):
            if kind != ENDING:
                yield kind, payload
                continue
            ending = json.loads(payload)
            self.exit_code = ending.get("exit_code")
            if self.exit_code is None:
                raise LazaretError.of(0, ending)
            if "error" in ending:
                payload = ending["error"]["message"].encode() + b"\n"
                yield ERRORS, payload
            return

    def write(self, data: bytes) -> None:
        """Sends standard input."""
        for start in range(0, len(data), 1 << 16):
            self._send(INPUT, data[start : start + (1 << 16)])

    def close_input(self) -> None:
        """Ends standard input."""
        self._send(INPUT, b"")

    def signal(self, name: str) -> None:
        """Sends a signal, such as ``INT``."""
        self._send(CONTROL, json.dumps({"signal": name}).encode())

    def resize(self, rows: int, columns: int) -> None:
        """Tells the size of the terminal."""
        self._send(CONTROL, json.dumps({"rows": rows, "columns": columns}).encode())

    def finish(self) -> Finished:
        """Reads to the end."""
        output = {OUTPUT: bytearray(), ERRORS: bytearray()}
        for kind, payload in self:
            output[kind] += payload
        if self.exit_code is None:
            raise LazaretError(0, "other", "the stream breaks off", None)
        return Finished(self.exit_code, bytes(output[OUTPUT]), bytes(output[ERRORS]))

    def close(self) -> None:
        """Hangs up."""
        self._answer.close()
        self._connection.close()
        self._socket.close()

    def _send(self, kind: int, payload: bytes) -> None:
        self._socket.sendall(_HEADER.pack(kind, len(payload)) + payload)
