"""The client of the daemon."""

from __future__ import annotations

import io
import json
import os
import tarfile
from typing import Any, Dict, Iterable, Iterator, List, Optional, Sequence, Tuple, Union
from urllib.parse import quote

from .connection import Transport, default_socket
from .stream import Finished, Process, frames

_UPGRADE = {"Connection": "Upgrade", "Upgrade": "lazaret-stream"}
_PIECE = 1 << 16


class Client:
    """The machines of a user."""

    def __init__(self, socket: Optional[str] = None, timeout: Optional[float] = None) -> None:
        self._transport = Transport(socket or default_socket(), timeout)

    def version(self) -> Dict[str, Any]:
        """Version and process of the daemon."""
        return self._transport.call("GET", "version")

    def create(self, reference: str, args: Sequence[str] = (), **flags: Any) -> Machine:
        """Makes a machine; ``flags`` are those of ``lazaret create``, such as ``env=["A=1"]``."""
        wanted = {"reference": reference, "args": list(args), **flags}
        return self._machine(self._transport.call("POST", "machines", document=wanted))

    def run(self, reference: str, args: Sequence[str] = (), **flags: Any) -> Machine:
        """Makes a machine and starts it."""
        machine = self.create(reference, args, **flags)
        machine.start()
        return machine

    def machine(self, name: str) -> Machine:
        """The machine with this name, id or beginning of an id."""
        found = self._transport.call("GET", f"machines/{quote(name, safe='')}")
        return self._machine(found)

    def machines(
        self, all: bool = False, filter: Sequence[str] = (), last: Optional[int] = None
    ) -> List[Dict[str, Any]]:
        """Descriptions of the machines, the newest first."""
        query = {"all": all, "filter": list(filter), "last": last}
        return self._transport.call("GET", "machines", query=query)

    def prune(self, filter: Sequence[str] = (), dry_run: bool = False) -> List[str]:
        """Removes machines that do not run; returns their ids."""
        wanted = {"filter": list(filter), "dry_run": dry_run}
        return self._transport.call("POST", "prune/machines", document=wanted)["machines"]

    def events(
        self,
        follow: bool = False,
        since: Optional[str] = None,
        until: Optional[str] = None,
        filter: Sequence[str] = (),
    ) -> Iterator[Dict[str, Any]]:
        """What becomes of machines."""
        query = {"follow": follow, "since": since, "until": until, "filter": list(filter)}
        connection, answer = self._transport.open("GET", "events", query=query)
        try:
            for line in answer:
                yield json.loads(line)
        finally:
            connection.close()

    def images(self) -> List[Dict[str, Any]]:
        """The images of the store."""
        return self._transport.call("GET", "images")

    def disk_usage(self) -> List[Dict[str, Any]]:
        """What the stores take on the host."""
        return self._transport.call("GET", "system/df")

    def volumes(self, filter: Sequence[str] = ()) -> List[Dict[str, Any]]:
        """The volumes, by name."""
        return self._transport.call("GET", "volumes", query={"filter": list(filter)})

    def volume(self, name: str) -> Dict[str, Any]:
        """Everything about a volume."""
        return self._transport.call("GET", f"volumes/{quote(name, safe='')}")

    def create_volume(
        self, name: Optional[str] = None, size: Optional[str] = None, label: Sequence[str] = ()
    ) -> Dict[str, Any]:
        """Makes a volume, unless there is one of that name."""
        wanted = {"name": name, "size": size, "label": list(label)}
        return self._transport.call("POST", "volumes", document=wanted)

    def remove_volume(self, name: str) -> None:
        """Removes a volume that no machine uses."""
        self._transport.call("DELETE", f"volumes/{quote(name, safe='')}")

    def _machine(self, document: Dict[str, Any]) -> Machine:
        return Machine(self._transport, document["id"], document["name"])


class Machine:
    """One machine."""

    def __init__(self, transport: Transport, id: str, name: str) -> None:
        self._transport = transport
        self.id = id
        self.name = name

    def inspect(self) -> Dict[str, Any]:
        """Everything about it."""
        return self._transport.call("GET", self._path())

    def start(self) -> None:
        """Starts it, and waits until its workload runs."""
        self._post("start")

    def stop(self, signal: Optional[str] = None, timeout: Optional[int] = None) -> None:
        """Asks the workload to end, and kills it if it does not."""
        self._post("stop", {"signal": signal, "timeout": timeout})

    def restart(self, signal: Optional[str] = None, timeout: Optional[int] = None) -> None:
        """Stops and starts it."""
        self._post("restart", {"signal": signal, "timeout": timeout})

    def kill(self, signal: str = "KILL") -> None:
        """Sends a signal to the workload."""
        self._post("kill", {"signal": signal})

    def pause(self) -> None:
        """Stops its processors."""
        self._post("pause")

    def unpause(self) -> None:
        """Lets its processors go on."""
        self._post("unpause")

    def rename(self, name: str) -> None:
        """Gives it another name."""
        self.name = self._post("rename", {"name": name})["name"]

    def wait(self) -> int:
        """Waits for its end; returns the exit status."""
        return self._post("wait")["exit_code"]

    def remove(self, force: bool = False, volumes: bool = False) -> None:
        """Removes it."""
        query = {"force": force, "volumes": volumes}
        self._transport.call("DELETE", self._path(), query=query)

    def stats(self) -> Dict[str, Any]:
        """What it takes of the host."""
        return self._transport.call("GET", self._path("stats"))

    def logs(
        self,
        follow: bool = False,
        since: Optional[str] = None,
        until: Optional[str] = None,
        tail: Optional[int] = None,
        timestamps: bool = False,
    ) -> Iterator[Tuple[int, bytes]]:
        """What the workload has written: ``(OUTPUT | ERRORS, bytes)``."""
        query = {
            "follow": follow,
            "since": since,
            "until": until,
            "tail": tail,
            "timestamps": timestamps,
        }
        connection, answer = self._transport.open("GET", self._path("logs"), query=query)
        try:
            yield from frames(answer)
        finally:
            connection.close()

    def exec(self, command: Sequence[str], input: Optional[bytes] = None, **flags: Any) -> Finished:
        """Runs a command to its end."""
        with self.open(command, interactive=input is not None, **flags) as process:
            if input is not None:
                process.write(input)
                process.close_input()
            return process.finish()

    def spawn(self, command: Sequence[str], **flags: Any) -> None:
        """Runs a command without waiting for it."""
        self._post("exec", {"command": list(command), "detach": True, **flags})

    def open(self, command: Sequence[str], **flags: Any) -> Process:
        """Begins a command; ``flags`` are `env`, `user`, `workdir`, `tty`, `rows`, `columns`, `interactive`."""
        return self._stream("exec", {"command": list(command), **flags})

    def attach(self, interactive: bool = False, logs: bool = False) -> Process:
        """Takes part in the workload."""
        return self._stream("attach", {"interactive": interactive, "logs": logs})

    def copy_in(self, source: str, target: str) -> Dict[str, Any]:
        """Copies a file or folder of this host into a folder of the machine."""
        archive = io.BytesIO()
        with tarfile.open(fileobj=archive, mode="w", format=tarfile.PAX_FORMAT) as tar:
            tar.add(source, arcname=os.path.basename(os.path.abspath(source)))
        return self.put(target, archive.getvalue())

    def copy_out(self, source: str, target: str) -> None:
        """Copies a file or folder of the machine into a folder of this host."""
        if not hasattr(tarfile, "data_filter"):
            raise NotImplementedError("this Python cannot unpack archives of others safely")
        connection, answer = self._get(source)
        try:
            with tarfile.open(fileobj=answer, mode="r|") as tar:
                tar.extractall(target, filter="data")
        finally:
            connection.close()

    def put(self, target: str, archive: Union[bytes, Iterable[bytes]]) -> Dict[str, Any]:
        """Unpacks a tar archive in a folder of the machine."""
        headers = {"Content-Type": "application/x-tar"}
        query = {"path": target}
        path = self._path("files")
        return self._transport.call("PUT", path, query=query, body=archive, headers=headers)

    def get(self, source: str) -> Iterator[bytes]:
        """The pieces of a tar archive of a path of the machine."""
        connection, answer = self._get(source)
        try:
            while True:
                piece = answer.read(_PIECE)
                if not piece:
                    return
                yield piece
        finally:
            connection.close()

    def _get(self, source: str) -> Any:
        return self._transport.open("GET", self._path("files"), query={"path": source})

    def _stream(self, act: str, document: Dict[str, Any]) -> Process:
        path = self._path(act)
        opened = self._transport.open("POST", path, document=document, headers=_UPGRADE)
        return Process(*opened)

    def _post(self, act: str, document: Optional[Dict[str, Any]] = None) -> Any:
        return self._transport.call("POST", self._path(act), document=document or {})

    def _path(self, act: str = "") -> str:
        return f"machines/{self.id}/{act}" if act else f"machines/{self.id}"
