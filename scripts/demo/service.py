#!/usr/bin/env python3
"""A service on loopback that needs a key; it tells which one it was given.

Usage: service.py CERTIFICATE KEY      prints its port, and then a line for each request
"""

import http.server
import ssl
import sys


class Handler(http.server.BaseHTTPRequestHandler):
    """Answers each request."""

    def do_GET(self):
        """Greets whoever brings a key, and tells others the news."""
        host = self.headers.get("Host", "").split(":")[0]
        key = self.headers.get("Authorization", "none").removeprefix("Bearer ")
        print(f"GET {host}{self.path} with the key {key}", flush=True)
        text = b"Hello to whoever has the key\n" if host.startswith("api.") else b"Nothing new today\n"
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        """Says nothing more."""


def main():
    """Serves until it is ended."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*sys.argv[1:])
    server.socket = context.wrap_socket(server.socket, server_side=True)
    print(server.server_address[1], flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
