#!/usr/bin/env python3
"""The world around a hostile machine: servers that are allowed, and a sink for everything else.

It runs in a network namespace in which every address is its own, and which is all that can be reached from the
machine's host: whatever leaves the machine arrives here. Servers tell what they were asked; every other packet is told as it is.

Usage: world.py REPORT CERTIFICATE KEY      (prints `ready`; writes lines of JSON to REPORT)
"""

import json
import socket
import ssl
import struct
import sys
import threading

# Addresses of names that the policy lets be reached, with their ports.
GOOD = {("93.184.216.34", 80): False, ("93.184.216.34", 443): True, ("93.184.216.35", 443): True,
        ("93.184.216.36", 3128): False}

LOCK = threading.Lock()


def tell(report, **what):
    """Writes one line."""
    with LOCK:
        report.write(json.dumps(what) + "\n")
        report.flush()


def answer(stream, report, name, sni):
    """Reads one request after another, and answers each."""
    pending = b""
    while True:
        while b"\r\n\r\n" not in pending:
            piece = stream.recv(65536)
            if not piece:
                if pending:
                    tell(report, server=name, sni=sni, raw=pending.decode("latin-1"))
                return
            pending += piece
        head, pending = pending.split(b"\r\n\r\n", 1)
        tell(report, server=name, sni=sni, head=head.decode("latin-1"))
        if b"/ok/redirect" in head:
            stream.sendall(b"HTTP/1.1 302 Found\r\nLocation: http://evil.test/stolen\r\nContent-Length: 0\r\n\r\n")
        else:
            stream.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\nREACHED")


def serve(listener, report, name, context):
    """Serves one address."""
    while True:
        stream, _ = listener.accept()
        threading.Thread(target=conversation, args=(stream, report, name, context), daemon=True).start()


def conversation(stream, report, name, context):
    """One connection."""
    said = {"sni": None}
    try:
        if context:
            stream = context.wrap_socket(stream, server_side=True)
            said["sni"] = getattr(stream, "said", None)
        answer(stream, report, name, said["sni"])
    except (OSError, ValueError) as error:
        tell(report, server=name, failed=str(error))
    finally:
        stream.close()


def watch(report):
    """Tells every packet that goes to nobody who is allowed: each connection that begins, and all that is no TCP."""
    packets = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, socket.ntohs(3))
    packets.bind(("outside", 0))
    while True:
        try:
            packet, where = packets.recvfrom(65536)
        except OSError:
            # The other side has gone.
            return
        # Who has an address is asked by the kernels of both sides.
        if where[2] == socket.PACKET_OUTGOING or where[1] == 0x0806:
            continue
        if packet[0] >> 4 != 4:
            tell(report, foreign="not IPv4", bytes=packet[:64].hex())
            continue
        protocol = packet[9]
        target = socket.inet_ntoa(packet[16:20])
        rest = packet[(packet[0] & 15) * 4:]
        if protocol == 6:
            port, flags = struct.unpack(">H", rest[2:4])[0], rest[13]
            # What answers, and what belongs to a connection that was let begin.
            if flags & 0x12 != 0x02 or (target, port) in GOOD:
                continue
            tell(report, foreign="tcp", target=target, port=port)
        elif protocol == 17:
            port = struct.unpack(">H", rest[2:4])[0]
            tell(report, foreign="udp", target=target, port=port, bytes=rest[8:72].hex())
        else:
            tell(report, foreign=f"protocol {protocol}", target=target)


def main():
    """Starts all of it."""
    path, certificate, key = sys.argv[1:]
    with open(path, "a", encoding="utf-8") as report:
        threading.Thread(target=watch, args=(report,), daemon=True).start()
        for (address, port), secure in GOOD.items():
            context = None
            if secure:
                context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
                context.load_cert_chain(certificate, key)

                def hear(stream, name, _context):
                    stream.said = name

                context.sni_callback = hear
            listener = socket.create_server((address, port), backlog=512)
            arguments = (listener, report, f"{address}:{port}", context)
            threading.Thread(target=serve, args=arguments, daemon=True).start()
        print("ready", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
