"""Starts a machine, runs commands in it, copies files in and out, and reads what it wrote.

    python3 example.py IMAGE [SOCKET]
"""

import os
import sys
import tempfile
from typing import Optional

from lazaret import OUTPUT, Client


def main(image: str, socket: Optional[str]) -> None:
    client = Client(socket)
    workload = "echo ready; read word; echo got $word; exit 3"
    machine = client.run(image, ["sh", "-c", workload], interactive=True, label=["example=1"])
    print("machine", machine.inspect()["state"]["status"])
    try:
        done = machine.exec(["sh", "-c", "cat; echo oops >&2; exit 7"], input=b"hello\n")
        print("exec", done.exit_code, done.stdout, done.stderr)

        with tempfile.TemporaryDirectory() as folder:
            note = os.path.join(folder, "note.txt")
            with open(note, "w", encoding="utf-8") as file:
                file.write("written on the host\n")
            machine.copy_in(note, "/tmp")
            back = os.path.join(folder, "back")
            os.mkdir(back)
            machine.copy_out("/tmp/note.txt", back)
            with open(os.path.join(back, "note.txt"), encoding="utf-8") as file:
                print("copy", file.read().strip())

        with machine.attach(interactive=True) as workload_streams:
            workload_streams.write(b"word\n")
            print("wait", machine.wait())
        written = b"".join(data for kind, data in machine.logs() if kind == OUTPUT)
        print("logs", written)
    finally:
        machine.remove(force=True)
    print("left", [found["name"] for found in client.machines(all=True, filter=["label=example"])])


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
