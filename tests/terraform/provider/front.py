"""Where Terraform finds the plugin: said at once, whatever the rest takes to load.

Terraform gives a plugin a minute from its start to that line, and no limit after it: StartTimeout
of https://pkg.go.dev/github.com/hashicorp/go-plugin#ClientConfig. So nothing large is imported
here, and a busy machine makes the tests slow and no more.

The handshake is go-plugin's: a cookie in the environment says that Terraform is asking, and the
answer is `core protocol | plugin protocol | network | address | grpc`.
"""

import os
import socket
import sys
from contextlib import suppress
from threading import Thread

COOKIE = (
    "TF_PLUGIN_MAGIC_COOKIE",
    "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
)


def announced() -> socket.socket:
    """Say where Terraform is to connect, and return what listens there."""
    if os.environ.get(COOKIE[0]) != COOKIE[1]:
        sys.exit("This is a Terraform provider for tests: Terraform starts it.")
    if "PLUGIN_CLIENT_CERT" in os.environ:
        sys.exit("Set TF_DISABLE_PLUGIN_TLS=1: this provider speaks plain gRPC.")
    listener = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"1|5|tcp|127.0.0.1:{listener.getsockname()[1]}|grpc\n")
    sys.stdout.flush()
    return listener


def forward(listener: socket.socket, port: int) -> None:
    """Pass on to a port of this machine what connects, also what has been waiting for it."""

    def accept() -> None:
        while True:
            client, _ = listener.accept()
            server = socket.create_connection(("127.0.0.1", port))
            for source, target in ((client, server), (server, client)):
                Thread(target=_copy, args=(source, target), daemon=True).start()

    Thread(target=accept, daemon=True).start()


def _copy(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):  # either end may be gone
        while data := source.recv(65536):
            target.sendall(data)
    with suppress(OSError):
        target.shutdown(socket.SHUT_WR)
