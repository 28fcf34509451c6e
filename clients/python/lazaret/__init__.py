"""Machines of Lazaret, over the socket of ``lazaret daemon``.

    client = Client()
    machine = client.create("alpine", ["sleep", "60"], name="box")
    machine.start()
    print(machine.exec(["uname", "-a"]).stdout.decode())
    machine.remove(force=True)
"""

from .client import Client, Machine
from .errors import LazaretError
from .stream import ERRORS, OUTPUT, Finished, Process

__all__ = [
    "Client",
    "ERRORS",
    "Finished",
    "LazaretError",
    "Machine",
    "OUTPUT",
    "Process",
]
