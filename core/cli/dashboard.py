"""``mirage dashboard`` and ``mirage demo``: start the browser application.

The dashboard is another package and the engine never imports it: it is started as a program of its own.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

import typer

from core.access import VARIABLE, is_loopback, read_access, readable_by_others
from core.cli.app import app
from core.errors import BadInputError, FailureError

PortOption = Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")]
HostOption = Annotated[
    str, typer.Option("--host", help="Address to listen on; the default can be reached from this machine only.")
]
NoBrowserOption = Annotated[bool, typer.Option("--no-browser", help="Do not open a browser window.")]
AuthOption = Annotated[
    Path | None,
    typer.Option("--auth", envvar=VARIABLE, help="TOML file with sign-in and allow-list: docs/server.md."),
]
UrlOption = Annotated[
    str | None,
    typer.Option("--url", help="Address that browsers use where a proxy stands before it; --auth FILE says it too."),
]

LOCAL = "127.0.0.1"


@app.command()
def dashboard(
    port: PortOption = 8501,
    host: HostOption = LOCAL,
    no_browser: NoBrowserOption = False,
    auth: AuthOption = None,
    url: UrlOption = None,
) -> None:
    """Open the dashboard on the workspace."""
    warnings = check_access(host, port, auth, url)
    check_port(host, port)
    _start(host, port, no_browser, auth, url, warnings)


@app.command()
def demo(port: PortOption = 8501, no_browser: NoBrowserOption = False, auth: AuthOption = None) -> None:
    """Open the dashboard on the embedded demo: synthetic speech with its trained run, and measured benchmarks."""
    warnings = check_access(LOCAL, port, auth)
    check_port(LOCAL, port)
    from core.demo import install_demo
    from core.shipped import install_results
    from core.workspace import Workspace

    install_demo(Workspace())
    install_results(Workspace())
    _start(LOCAL, port, no_browser, auth, None, warnings)


def check_access(host: str, port: int, auth: Path | None, url: str | None = None) -> list[str]:
    """Looks at who would be let in, before the server starts.

    Returns:
        what the person should be warned of, a line each.

    Raises:
        BadInputError: the file for sign-in is not in order, what it needs is not installed, or ``url`` is no address.
    """
    if url is not None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
            raise BadInputError(f"--url {url!r} is no address; say --url https://mirage.lab.org")
    if auth is None:
        if is_loopback(host):
            return []
        return [
            f"nobody has to sign in, and {host} can be reached from other machines: everybody who reaches port {port} "
            "can start jobs here and see and hear the data; docs/server.md says how to let in only those you name"
        ]
    access = read_access(auth)
    check_extra()
    if url is not None and url.rstrip("/") != access_url(auth):
        raise BadInputError(f"--url {url!r} is not where redirect_uri of {auth} leads; leave --url out")
    warnings = []
    there = urlsplit(access.redirect_uri).port
    if is_loopback(access.host) and there != port:
        warnings.append(
            f"sign-in leads back to port {there or 80} and the dashboard listens on {port}: "
            "right only behind a proxy or a tunnel"
        )
    if readable_by_others(auth):
        warnings.append(f"every user of this machine can read or change the secrets in {auth}; chmod o-rw {auth}")
    if not is_loopback(host) and access.origin.startswith("https://"):
        warnings.append(
            f"browsers are to come over {access.origin}, but {host}:{port} can be reached without the proxy; "
            "leave --host out where it runs on this machine"
        )
    return warnings


def access_url(auth: Path | None) -> str | None:
    """Where people sign in, or None where they need not."""
    if auth is None:
        return None
    access = read_access(auth)
    return f"{access.origin}/{access.base_path}".rstrip("/")


def check_extra() -> None:
    """Finds out whether sign-in is installed.

    Raises:
        BadInputError: it is not.
    """
    from importlib.util import find_spec

    missing = [name for name, module in (("Authlib", "authlib"), ("httpx", "httpx")) if find_spec(module) is None]
    if missing:
        raise BadInputError(f"sign-in needs {' and '.join(missing)}: pip install -c constraints.txt -e '.[auth]'")


def check_port(host: str, port: int) -> None:
    """Finds out whether the dashboard could listen there.

    Raises:
        BadInputError: the port is in use, is not allowed, or the address is not this machine's.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except socket.gaierror:
        raise BadInputError(f"{host!r} is not an address of this machine; say --host 127.0.0.1") from None
    with socket.socket(family, kind) as probe:
        if os.name == "posix":
            # A server that has just ended leaves its port waiting; Streamlit may use it all the same.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except PermissionError:
            raise BadInputError(f"port {port} is not allowed to you; say --port N with N above 1023") from None
        except OSError as error:
            import errno

            if error.errno == errno.EADDRNOTAVAIL:
                raise BadInputError(f"{host!r} is not an address of this machine; say --host 127.0.0.1") from None
            raise BadInputError(f"port {port} is in use; say --port N") from None


def _start(host: str, port: int, no_browser: bool, auth: Path | None, url: str | None, warnings: list[str]) -> None:
    """Becomes the dashboard's process; Ctrl-C ends it."""
    from core.limits import read_limits
    from core.workspace import Workspace

    # What is wrong with them is to be said here, not by the server.
    read_limits()
    place = Workspace()
    environment = {**os.environ, "MIRAGE_HOME": str(place.root)}
    # -P: a folder named `dashboard` where the person happens to be must not take this package's place.
    arguments = [sys.executable, "-P", "-m", "dashboard.launch", "--port", str(port), "--host", host]
    if no_browser:
        arguments.append("--no-browser")
    if url is not None:
        arguments += ["--url", url]
    if auth is not None:
        arguments += ["--auth", str(auth.expanduser().absolute())]
    shown = "localhost" if host in (LOCAL, "::1", "0.0.0.0", "::") else host
    address = access_url(auth) or url or f"http://{shown}:{port}"
    typer.echo(f"MIRAGE on {address}  (workspace {place.root}; Ctrl-C ends it)")
    for line in warnings:
        typer.echo(f"mirage: warning: {line}", err=True)
    sys.stdout.flush()
    if os.name == "posix":
        os.execve(sys.executable, arguments, environment)
    try:
        code = subprocess.call(arguments, env=environment)
    except OSError as error:
        raise FailureError(f"the dashboard could not be started: {error}") from None
    raise typer.Exit(code)
