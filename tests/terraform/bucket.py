"""A Cloud Storage bucket in memory, with as much of its API as Terraform's gcs backend uses."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Lock, Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import attrs


@attrs.frozen
class Bucket:
    """Objects by name, and where they are served.

    Attributes:
        name: The bucket's name.
        address: Host and port.
        objects: The content of each object.
        generations: How often each object was written.
    """

    name: str
    address: str
    objects: dict[str, bytes] = attrs.field(factory=dict)
    generations: dict[str, int] = attrs.field(factory=dict)
    _lock: Lock = attrs.field(factory=Lock)

    @property
    def environment(self) -> dict[str, str]:
        """What makes Google's client use it."""
        return {"STORAGE_EMULATOR_HOST": self.address, "GOOGLE_OAUTH_ACCESS_TOKEN": "none"}

    def write(self, name: str, content: bytes, expected: int | None) -> bool:
        """Write an object, if its generation is the `expected` one (0 where it must not exist)."""
        with self._lock:
            current = self.generations.get(name, 0) if name in self.objects else 0
            if expected not in (None, current):
                return False
            self.objects[name] = content
            self.generations[name] = self.generations.get(name, 0) + 1
            return True

    def described(self, name: str) -> dict[str, Any]:
        """An object as the API describes it."""
        return {
            "kind": "storage#object",
            "name": name,
            "bucket": self.name,
            "generation": str(self.generations[name]),
            "metageneration": "1",
            "size": str(len(self.objects[name])),
        }


@contextmanager
def served(name: str) -> Iterator[Bucket]:
    """An empty bucket called `name`, served on this machine."""
    server = _Server(("127.0.0.1", 0), _Handler)
    bucket = server.bucket = Bucket(name, f"127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield bucket
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _object(bucket: Bucket, path: str) -> tuple[str, bool]:
    """The object that `path` names, and whether it is its description that is wanted."""
    if found := re.fullmatch(rf"/storage/v1/b/{bucket.name}/o/(.+)", path):
        return unquote(found[1]), True
    return unquote(path.removeprefix(f"/{bucket.name}/")), False


class _Server(ThreadingHTTPServer):
    bucket: Bucket


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """List objects, describe one, or give its content."""
        bucket, path, query = self._request()
        if path == f"/storage/v1/b/{bucket.name}/o":
            found = [name for name in bucket.objects if name.startswith(query.get("prefix", ""))]
            self._answer(200, {"items": [bucket.described(name) for name in sorted(found)]})
            return
        name, described = _object(bucket, path)
        if name not in bucket.objects:
            self._answer(404, {"error": {"code": 404, "message": "Not Found"}})
        elif described:
            self._answer(200, bucket.described(name))
        else:
            self._answer(200, bucket.objects[name], bucket.generations[name])

    def do_POST(self) -> None:
        """Write an object: a multipart body of its description and its content."""
        bucket, path, query = self._request()
        body = self._body()
        if path != f"/upload/storage/v1/b/{bucket.name}/o" or query["uploadType"] != "multipart":
            self._answer(501, {"error": {"code": 501, "message": self.path}})
            return
        boundary = self.headers["Content-Type"].partition("boundary=")[2].strip('"').encode()
        _, _, part = body.split(b"--" + boundary)[:3]
        content = part.partition(b"\r\n\r\n")[2].removesuffix(b"\r\n")
        expected = query.get("ifGenerationMatch")
        if bucket.write(query["name"], content, None if expected is None else int(expected)):
            self._answer(200, bucket.described(query["name"]))
        else:
            self._answer(412, {"error": {"code": 412, "message": "conditionNotMet"}})

    def do_DELETE(self) -> None:
        """Remove an object."""
        bucket, path, _ = self._request()
        found = bucket.objects.pop(_object(bucket, path)[0], None)
        self._answer(404 if found is None else 204, b"")

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def _request(self) -> tuple[Bucket, str, dict[str, str]]:
        assert isinstance(self.server, _Server)
        parts = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        return self.server.bucket, parts.path, query

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers["Content-Length"]))
        parts = bytearray()
        while size := int(self.rfile.readline(), 16):
            parts += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return bytes(parts)

    def _answer(self, code: int, content: bytes | dict[str, Any], generation: int = 0) -> None:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(code)
        self.send_header("Content-Length", str(len(data)))
        self.send_header("X-Goog-Generation", str(generation))
        self.send_header("X-Goog-Metageneration", "1")
        self.end_headers()
        self.wfile.write(data)
