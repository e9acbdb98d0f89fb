"""The plugin that Terraform starts, ten times in a deployment: a front of the `server`.

It says at once where it is, and passes on what comes to the server, which is loaded but once. So
nothing large is imported here. Terraform gives a plugin a minute from its start to that line, and
no limit after it: StartTimeout of https://pkg.go.dev/github.com/hashicorp/go-plugin#ClientConfig.
A busy machine makes the tests slow and no more.

The handshake is go-plugin's: a cookie in the environment says that Terraform is asking, and the
answer is `core protocol | plugin protocol | network | address | grpc`.
"""

import json
import os
import socket
import sys
from contextlib import suppress
from threading import Thread

COOKIE = (
    "TF_PLUGIN_MAGIC_COOKIE",
    "d602bf8f470bc67ca7faa0386276bbdd4330efaf76d1a219cb4d6991ca9872b2",
)


TOLD = ("STAND_IN_CLOUD", "STAND_IN_HELD", "HCLOUD_TOKEN")
"""The environment variables that the server hears of; see there."""


def announced() -> socket.socket:
    """Say where Terraform is to connect, and return what listens there."""
    if os.environ.get(COOKIE[0]) != COOKIE[1]:
        sys.exit("This is a Terraform provider for tests: Terraform starts it.")
    if "PLUGIN_CLIENT_CERT" in os.environ:
        sys.exit("Set TF_DISABLE_PLUGIN_TLS=1: this provider speaks plain gRPC.")
    listener = socket.create_server(("127.0.0.1", 0))
    sys.stdout.write(f"1|6|tcp|127.0.0.1:{listener.getsockname()[1]}|grpc\n")
    sys.stdout.flush()
    return listener


def stand_for(server: int, provider: str, listener: socket.socket) -> None:
    """Pass on to a server what comes, until it has been shut down, or Terraform is gone.

    Args:
        server: The port that it is asked at for another to serve this plugin.
        provider: The provider that this is: `google` or `hcloud`.
        listener: Where Terraform connects.
    """
    parent = os.getppid()
    with socket.create_connection(("127.0.0.1", server)) as asked:
        told = {name: os.environ.get(name, "") for name in TOLD} | {"provider": provider}
        asked.sendall(f"{json.dumps(told)}\n".encode())
        forward(listener, int(asked.makefile().readline()))
        asked.settimeout(1)
        while os.getppid() == parent:
            with suppress(TimeoutError):
                asked.recv(1)
                break


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
