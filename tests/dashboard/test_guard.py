"""What reaches people who are not let in: raw connections to a server with sign-in, no browser, no mercy."""

from __future__ import annotations

import json
import re
import socket
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import pytest
from streamlit import config
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.web.server.server_util import get_cookie_secret
from streamlit.web.server.starlette.starlette_app_utils import create_signed_value
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from core import Workspace
from dashboard.guard import Guard
from tests.pages.conftest import Server, free_port, make_corpus

SECRET = "0123456789abcdef" * 4
ADA, EVE = "ada@lab.org", "eve@lab.org"
DATA = re.compile(rb"tones|Corpora|corpora|Utterances|MIRAGE_HOME|workspace")


class Guarded:
    """A dashboard with sign-in on a workspace with one corpus, and the file that says who is let in."""

    def __init__(self, folder: Path) -> None:
        workspace = Workspace(folder / "workspace")
        make_corpus(folder / "clips", workspace)
        port = free_port()
        self.file, self.origin = folder / "auth.toml", f"http://127.0.0.1:{port}"
        self.allow([ADA])
        self.server = Server(workspace, folder / "log.txt", "--auth", str(self.file), port=port)

    def allow(self, entries: list[str]) -> None:
        self.file.write_text(
            f'[auth]\nredirect_uri = "{self.origin}/oauth2callback"\ncookie_secret = "{SECRET}"\nclient_id = "mirage"\n'
            'client_secret = "x"\nserver_metadata_url = "http://127.0.0.1:9/none"\n'
            f"[mirage]\nallow = {json.dumps(entries)}\n"
        )
        self.file.chmod(0o600)

    def cookie(self, email: str | None, *, secret: str = SECRET, **changed: Any) -> str:
        """The cookies of a browser: the token against forged requests and, with an address, the sign-in."""
        with urllib.request.urlopen(f"{self.origin}/_stcore/health") as answer:
            found = answer.headers["Set-Cookie"].partition(";")[0]
        if email is not None:
            said = {"origin": self.origin, "is_logged_in": True, "provider": "default", "aud": "mirage"}
            said |= {"iat": time.time(), "email": email} | changed
            found += "; _streamlit_user=" + create_signed_value(secret, "_streamlit_user", json.dumps(said)).decode()
        return found

    @contextmanager
    def stream(self, cookie: str, session: str = "", **headers: str) -> Iterator[ClientConnection]:
        """The connection over which Streamlit draws a page."""
        token = re.search(r"_streamlit_xsrf=([^;]*)", cookie)
        protocols = ["streamlit", token.group(1) if token else "none", *([session] if session else [])]
        # What the browser calls this server, wherever that name may lead.
        host = headers.pop("Host", self.origin.removeprefix("http://"))
        plug = socket.create_connection(("127.0.0.1", self.server.port))
        with connect(
            f"ws://{host}/_stcore/stream",
            sock=plug,
            subprotocols=protocols,  # type: ignore[arg-type]
            additional_headers={"Cookie": cookie, "Origin": self.origin} | headers,
            max_size=None,
        ) as connection:
            yield connection

    def ask(self, path: str, cookie: str = "", method: str = "GET", body: bytes | None = None) -> tuple[int, bytes]:
        token = re.search(r"_streamlit_xsrf=([^;]*)", cookie)
        headers = {"Cookie": cookie, "X-Xsrftoken": token.group(1) if token else ""}
        if body is not None:
            headers["Content-Type"] = "multipart/form-data; boundary=cut"
        request = urllib.request.Request(f"{self.origin}{path}", method=method, headers=headers, data=body)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, answer.read()
        except urllib.error.HTTPError as error:
            return error.code, error.read()


def drawn(connection: ClientConnection, page: str = "") -> tuple[str, bytes]:
    """Runs the script; the session's id and everything that came, as bytes."""
    ask = BackMsg()
    ask.rerun_script.page_name = page
    ask.rerun_script.context_info.url = f"http://127.0.0.1/{page}"
    connection.send(ask.SerializeToString())
    session, came = "", b""
    while True:
        raw = connection.recv(timeout=60)
        assert isinstance(raw, bytes)
        came += raw
        message = ForwardMsg()
        message.ParseFromString(raw)
        if message.WhichOneof("type") == "new_session":
            session = message.new_session.initialize.session_id
        if message.script_finished == message.FINISHED_SUCCESSFULLY and message.WhichOneof("type") == "script_finished":
            return session, came


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    guarded = Guarded(tmp_path_factory.mktemp("guarded"))
    yield guarded
    guarded.server.stop()


@pytest.fixture
def guarded(running: Guarded) -> Guarded:
    running.allow([ADA])
    return running


def test_who_is_on_the_list_sees_the_data(guarded: Guarded) -> None:
    with guarded.stream(guarded.cookie(ADA)) as connection:
        _, came = drawn(connection, "corpora")
    assert b"tones" in came
    assert b"Sign out" in came
    assert b"Traceback" not in came


@pytest.mark.parametrize("page", ["", "corpora", "train"])
@pytest.mark.parametrize(
    ("email", "said", "shown"),
    [
        (None, {}, b"Sign in"),
        (EVE, {}, b"Not on the list"),
        (ADA, {"email_verified": False}, b"not verified"),
        (ADA, {"aud": "other"}, b"Sign in"),
        (ADA, {"iat": 1.0}, b"sign-in has ended"),
        (ADA, {"secret": "f" * 64}, b"Sign in"),
        (ADA, {"origin": "http://127.0.0.1:1"}, b"Sign in"),
        (ADA, {"is_logged_in": False}, b"Sign in"),
    ],
    ids=["stranger", "other", "unverified", "audience", "ended", "forged", "elsewhere", "out"],
)
def test_nothing_comes_to_others(guarded: Guarded, email: str, said: Any, shown: bytes, page: str) -> None:
    with guarded.stream(guarded.cookie(email, **said)) as connection:
        _, came = drawn(connection, page)
    assert shown in came, guarded.server.log.read_text()[-2000:]
    found = DATA.search(came.replace(page.encode(), b"") if page else came)
    assert found is None, found


def test_connection_of_somebody_taken_off_the_list_ends(guarded: Guarded) -> None:
    """Callbacks and fragments run before or without the script's own gate; they must not run at all."""
    cookie = guarded.cookie(ADA)
    with guarded.stream(cookie) as connection:
        session, came = drawn(connection, "corpora")
        assert b"tones" in came
        guarded.allow(["grace@lab.org"])
        with pytest.raises(ConnectionClosed) as closed:
            drawn(connection, "corpora")
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1008
    with guarded.stream(cookie, session) as connection:
        again, came = drawn(connection)
        assert again != session
        assert b"Not on the list" in came
        assert DATA.search(came) is None


def test_session_goes_on_for_who_is_still_on_the_list(guarded: Guarded) -> None:
    """What the test above relies on: without the guard, an earlier session would be resumed."""
    cookie = guarded.cookie(ADA)
    with guarded.stream(cookie) as connection:
        session, _ = drawn(connection)
    with guarded.stream(cookie, session) as connection:
        assert drawn(connection)[0] == session


def test_list_that_cannot_be_read_lets_nobody_in(guarded: Guarded) -> None:
    cookie = guarded.cookie(ADA)
    with guarded.stream(cookie) as connection:
        drawn(connection)
        guarded.file.write_text("[auth")
        with pytest.raises(ConnectionClosed):
            drawn(connection)
    with guarded.stream(cookie) as connection:
        _, came = drawn(connection)
    assert b"Closed for now" in came
    assert str(guarded.file).encode() not in came
    assert guarded.ask("/_stcore/metrics", cookie)[0] == 403
    # The administrator finds out in the log, which names no files outside the workspace.
    assert "no TOML" in guarded.server.log.read_text()


def test_sign_in_holds_where_streamlit_has_no_secrets(tmp_path: Path) -> None:
    """It has none for a while after the file was spoilt and mended: then everybody was a stranger."""
    origin = "http://127.0.0.1:8501"
    file = tmp_path / "auth.toml"
    file.write_text(
        f'[auth]\nredirect_uri = "{origin}/oauth2callback"\ncookie_secret = "{SECRET}"\nclient_id = "mirage"\n'
        'client_secret = "x"\nserver_metadata_url = "http://127.0.0.1:9/none"\n'
        f"[mirage]\nallow = {json.dumps([ADA])}\n"
    )
    before = config.get_option("server.cookieSecret")
    try:
        guard = Guard(cast("Any", None), file)
        said = {"origin": origin, "is_logged_in": True, "provider": "default", "aud": "mirage", "iat": time.time()}
        for secret, email, admitted in ((SECRET, ADA, True), (SECRET, EVE, False), ("f" * 64, ADA, False)):
            cookie = create_signed_value(secret, "_streamlit_user", json.dumps(said | {"email": email})).decode()
            assert guard.admits({"_streamlit_user": cookie}) is admitted
        assert get_cookie_secret() == SECRET
    finally:
        config.set_option("server.cookieSecret", before)
    assert SECRET not in repr(guard.access)


def test_uploads_need_the_sign_in(guarded: Guarded) -> None:
    body = b'--cut\r\nContent-Disposition: form-data; name="f"; filename="f.wav"\r\n\r\nsound\r\n--cut--\r\n'
    for email, expected in ((ADA, 204), (EVE, 403), (None, 403)):
        cookie = guarded.cookie(email)
        with guarded.stream(cookie) as connection:
            session, _ = drawn(connection)
            status, said = guarded.ask(f"/_stcore/upload_file/{session}/one", cookie, "PUT", body)
            assert (status, said in (b"", b"Sign in first.\n")) == (expected, True)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/_stcore/health", 200),
        ("/_stcore/host-config", 200),
        ("/", 200),
        ("/corpora", 200),
        ("/_stcore/metrics", 403),
        ("/_stcore/agent/openapi.json", 403),
        ("/_stcore/bidi-components/x/y.js", 403),
        ("/component/x/y.js", 403),
        ("/app/static/x", 403),
        ("/media/x", 403),
        ("/_stcore/%68ealth/../metrics", 403),
    ],
)
def test_what_strangers_may_ask_for(guarded: Guarded, path: str, status: int) -> None:
    assert guarded.ask(path)[0] == status
    assert guarded.ask(path, guarded.cookie(EVE))[0] == status
    assert guarded.ask(path, guarded.cookie(ADA))[0] in (200, 400, 404)


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.org"},
        {"Origin": "http://localhost:1"},
        {"Host": "evil.org"},
        {"Origin": "null"},
        {"Host": "evil.org", "Origin": "http://evil.org"},
    ],
)
def test_pages_of_others_cannot_connect(guarded: Guarded, headers: dict[str, str]) -> None:
    with pytest.raises(InvalidStatus) as refused, guarded.stream(guarded.cookie(ADA), **headers):
        pass
    assert refused.value.response.status_code == 403


def test_no_page_may_frame_it(guarded: Guarded) -> None:
    with urllib.request.urlopen(f"{guarded.origin}/") as answer:
        assert answer.headers["Content-Security-Policy"] == "frame-ancestors 'none'"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


def test_cookies_of_an_https_address_travel_over_https_only(tmp_path: Path) -> None:
    """In the process, with the guard around an application of three lines."""
    from starlette.applications import Starlette
    from starlette.responses import PlainTextResponse
    from starlette.routing import Route
    from starlette.testclient import TestClient

    from dashboard.guard import Guard

    def answer(_: Any) -> PlainTextResponse:
        made = PlainTextResponse("ok")
        made.set_cookie("one", "1")
        made.set_cookie("two", "2", secure=True)
        return made

    for origin, marked in (("https://lab.org", 2), ("http://localhost:8501", 1)):
        file = tmp_path / "auth.toml"
        file.write_text(
            f'[auth]\nredirect_uri = "{origin}/lab/oauth2callback"\ncookie_secret = "{SECRET}"\nclient_id = "m"\n'
            'client_secret = "x"\nserver_metadata_url = "https://id.lab.org/x"\n[mirage]\nallow = ["@lab.org"]\n'
        )
        client = TestClient(Guard(Starlette(routes=[Route("/{path:path}", answer)]), file))
        cookies = client.get("/lab/").headers.get_list("set-cookie")
        assert sum("; secure" in cookie.lower() for cookie in cookies) == marked
        assert client.get("/lab/media/x").status_code == 403
        assert client.get("/lab/_stcore/health").status_code == 200
