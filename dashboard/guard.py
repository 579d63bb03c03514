"""Stands before the server where people sign in: what the script cannot withhold is withheld here.

The script (``dashboard.gate``) shows nothing to those who are not let in. But Streamlit answers some requests without
running it: sound and downloads under ``/media``, uploads, counters. And callbacks and fragments of a page that is open
run before or without it. So everything that comes in is judged here too, by the signed cookie it came with.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from streamlit import config

from core import logs
from core.access import read_access

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from core.access import Access


# What strangers may ask for: that the server is up, and what the page needs to say "sign in".
OPEN = ("_stcore/health", "_stcore/host-config")
CLOSED = ("_stcore/", "media/", "component/", "app/")
STREAM = "_stcore/stream"
POLICY_VIOLATION = 1008

HEADERS = (
    # Nobody's page may lay this one under its own buttons.
    (b"content-security-policy", b"frame-ancestors 'none'"),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
)


class Guard:
    """ASGI middleware. ``path`` is the file with the allow-list, read anew for every judgement."""

    def __init__(self, app: ASGIApp, path: Path) -> None:
        self.app = app
        self.path = path
        # Address and secrets hold until the server is started again; what cannot be read now ends the start.
        self.access = read_access(path)
        # What Streamlit takes where the file cannot be read: people stay signed in while somebody mends it.
        config.set_option("server.cookieSecret", self.access.cookie_secret)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            if self._is_closed(scope["path"]) and not self.admits(HTTPConnection(scope).cookies):
                await PlainTextResponse("Sign in first.\n", status_code=403)(scope, receive, send)
                return
            await self.app(scope, receive, self._hardened(send))
        elif scope["type"] == "websocket":
            await self._stream(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def admits(self, cookies: Mapping[str, str]) -> bool:
        """Whether the person with these cookies is let in; no on any fault."""
        try:
            access = read_access(self.path)
            return access.judge(claims(cookies, self.access)).admitted
        except Exception as error:
            logs.fault(error)
            return False

    async def _stream(self, scope: Scope, receive: Receive, send: Send) -> None:
        connection = HTTPConnection(scope)
        origin = connection.headers.get("origin")
        if origin is not None and not self._is_own(origin, connection.headers.get("host", "")):
            await send({"type": "websocket.close", "code": POLICY_VIOLATION})
            return
        admitted = self.admits(connection.cookies)
        connected = False
        pending: list[Message] = []
        if not admitted and len(scope.get("subprotocols", [])) > 2:
            # Who is not let in begins anew: an earlier session holds pages with buttons that work. The browser takes it
            # for the earlier one and would wait with the old page open, so its script is run at once.
            scope = _without_session(scope)
            pending.append({"type": "websocket.receive", "bytes": _rerun()})

        async def judged() -> Message:
            nonlocal admitted, connected
            if pending and connected:
                return pending.pop()
            message = await receive()
            connected = connected or message["type"] == "websocket.connect"
            if message["type"] != "websocket.receive":
                return message
            before, admitted = admitted, self.admits(connection.cookies)
            if before and not admitted:
                await send({"type": "websocket.close", "code": POLICY_VIOLATION})
                return {"type": "websocket.disconnect", "code": POLICY_VIOLATION}
            return message

        await self.app(scope, judged, send)

    def _is_own(self, origin: str, host: str) -> bool:
        return origin == self.access.origin or urlsplit(origin).netloc == host

    def _is_closed(self, path: str) -> bool:
        base = f"/{self.access.base_path}/" if self.access.base_path else "/"
        inside = path.removeprefix(base).lstrip("/")
        return inside.startswith(CLOSED) and inside not in OPEN

    def _hardened(self, send: Send) -> Send:
        secure = self.access.origin.startswith("https://")

        async def wrapped(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = [(name, _secured(name, value) if secure else value) for name, value in message["headers"]]
                message = {**message, "headers": [*headers, *HEADERS]}
            await send(message)

        return wrapped


def claims(cookies: Mapping[str, str], access: Access) -> dict[str, Any]:
    """What the identity provider said of the person, from the cookie that Streamlit signed; empty for a stranger."""
    from streamlit.auth_util import get_cookie_with_chunks
    from streamlit.web.server.starlette.starlette_app_utils import decode_signed_value
    from streamlit.web.server.starlette.starlette_server_config import USER_COOKIE_NAME

    # Streamlit's own copy of the secret is gone for as long as it has a spoilt file in memory, also after the mending.
    def signed(name: str) -> bytes | None:
        return decode_signed_value(access.cookie_secret, name, cookies.get(name, "").encode("latin-1", "replace"))

    found = get_cookie_with_chunks(signed, USER_COOKIE_NAME)
    said = json.loads(found) if found else {}
    if not isinstance(said, dict) or said.get("origin") != access.origin:
        return {}
    return said


def _rerun() -> bytes:
    """What a browser sends to have the script run."""
    from streamlit.proto.BackMsg_pb2 import BackMsg

    message = BackMsg()
    message.rerun_script.query_string = ""
    return message.SerializeToString()


def _without_session(scope: Scope) -> Scope:
    """The same request without the session it wants to go on with, the third of the sub-protocols."""
    name = b"sec-websocket-protocol"
    headers = [
        (key, b",".join(value.split(b",")[:2]) if key.lower() == name else value) for key, value in scope["headers"]
    ]
    return {**scope, "headers": headers, "subprotocols": list(scope.get("subprotocols", []))[:2]}


def _secured(name: bytes, value: bytes) -> bytes:
    if name.lower() != b"set-cookie" or b"; secure" in value.lower():
        return value
    return value + b"; Secure"
