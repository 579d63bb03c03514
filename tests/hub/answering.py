"""How the stand-in of the hub answers and refuses, whatever is asked."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, ClassVar, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

from .store import Repository, Store, User

NOT_FOUND = (404, {"X-Error-Code": "RepoNotFound", "X-Error-Message": "Repository not found"})


@dataclass
class Fault:
    """What the hub does in place of answering, ``times`` times: a status, or breaking off in the middle (0)."""

    method: str
    path: str
    status: int
    times: int = 1_000_000
    message: str = ""
    headers: dict[str, str] = field(default_factory=dict)


class Hub(Protocol):
    """What a request needs to know of the server."""

    store: Store
    faults: list[Fault]
    asked: list[tuple[str, str]]
    given_away: list[str]
    before: Callable[[str, str], None]


class Answering(BaseHTTPRequestHandler):
    """One request: who asks, whether they may, and how an answer or a refusal is sent."""

    hub: Hub
    routes: ClassVar[list[tuple[str, str, Callable[..., None]]]] = []
    protocol_version = "HTTP/1.1"

    def log_message(self, *arguments: Any) -> None:
        """Says nothing."""

    def do_GET(self) -> None:
        self._answer()

    do_HEAD = do_POST = do_PUT = do_GET  # noqa: N815

    def _answer(self) -> None:
        self.path_only = urlsplit(self.path).path
        self.query = parse_qs(urlsplit(self.path).query)
        self.hub.asked.append((self.command, self.path_only))
        self.hub.before(self.command, self.path_only)
        self.body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if self.headers.get("Transfer-Encoding") == "chunked":
            self.body = self._chunks()
        for fault in self.hub.faults:
            if fault.times and fault.method == self.command and re.search(fault.path, self.path_only):
                fault.times -= 1
                self._refuse_as(fault)
                return
        for method, pattern, answer in self.routes:
            found = re.fullmatch(pattern, self.path_only)
            if found and self.command in method.split():
                answer(self, **{key: unquote(value) if value else value for key, value in found.groupdict().items()})
                return
        self._send(404, {"error": "Not found"})

    def _chunks(self) -> bytes:
        content = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            content += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return content

    def _refuse_as(self, fault: Fault) -> None:
        if fault.status == 0:
            self.close_connection = True
            if self.command == "GET":
                self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nhalf")
            self.wfile.flush()
            self.connection.close()
            return
        self._send(fault.status, {"error": fault.message}, {"X-Error-Message": fault.message, **fault.headers})

    def _send(self, status: int, content: Any, headers: dict[str, str] | None = None) -> None:
        raw = content if isinstance(content, bytes) else json.dumps(content).encode()
        self.send_response(status)
        more = {"Content-Type": "application/json", "Content-Length": str(len(raw)), **(headers or {})}
        for name, value in more.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(raw)

    def _user(self) -> User | None:
        return self.hub.store.users.get((self.headers.get("Authorization") or "").removeprefix("Bearer "))

    def _known_token(self) -> bool:
        if self.headers.get("Authorization") and self._user() is None:
            message = "Invalid credentials in Authorization header"
            self._send(401, {"error": "Invalid username or password."}, {"X-Error-Message": message})
            return False
        return True

    def _found(self, kind: str | None, name: str, *, write: bool = False, files: bool = False) -> Repository | None:
        """The repository, where whoever asks may have it; else it is refused as the hub does."""
        if not self._known_token():
            return None
        user = self._user()
        found = self.hub.store.repositories.get(((kind or "models").rstrip("s/"), name))
        own = user is not None and user.name == name.partition("/")[0]
        if found is None or (found.private and not own):
            status, headers = NOT_FOUND
            self._send(status if user else 401, {"error": "Repository not found"}, headers)
            return None
        if files and found.gated and not own:
            message = f"Access to model {name} is restricted. You must have access to it and be authenticated."
            self._send(
                403 if user else 401, {"error": message}, {"X-Error-Code": "GatedRepo", "X-Error-Message": message}
            )
            return None
        if write and not (own and user is not None and user.may_write):
            self._send(403, {"error": "Forbidden"}, {"X-Error-Message": "You don't have the required permissions"})
            return None
        return found

    def _note_token(self) -> None:
        if self.headers.get("Authorization"):
            self.hub.given_away.append(self.path_only)

    def _content(self, content: bytes, headers: dict[str, str]) -> None:
        headers = {**headers, "Content-Type": "application/octet-stream", "Accept-Ranges": "bytes"}
        asked = re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range") or "")
        if asked is None:
            self._send(200, content, headers)
            return
        first, last = int(asked[1]), int(asked[2] or len(content) - 1)
        headers["Content-Range"] = f"bytes {first}-{last}/{len(content)}"
        self._send(206 if first < len(content) else 416, content[first : last + 1], headers)
