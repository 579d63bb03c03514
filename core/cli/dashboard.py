"""``mirage dashboard`` and ``mirage demo``: start the browser application.

The dashboard is another package and the engine never imports it: it is started as a program of its own.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import Annotated

import typer

from core.cli.app import app
from core.errors import BadInputError, FailureError

PortOption = Annotated[int, typer.Option("--port", min=1, max=65535, help="Port to listen on.")]
HostOption = Annotated[
    str, typer.Option("--host", help="Address to listen on; the default can be reached from this machine only.")
]
NoBrowserOption = Annotated[bool, typer.Option("--no-browser", help="Do not open a browser window.")]

LOCAL = "127.0.0.1"


@app.command()
def dashboard(port: PortOption = 8501, host: HostOption = LOCAL, no_browser: NoBrowserOption = False) -> None:
    """Open the dashboard on the workspace."""
    check_port(host, port)
    _start(host, port, no_browser)


@app.command()
def demo(port: PortOption = 8501, no_browser: NoBrowserOption = False) -> None:
    """Open the dashboard on the embedded demo: synthetic speech with its trained run, and measured benchmarks."""
    check_port(LOCAL, port)
    from core.demo import install_demo
    from core.shipped import install_results
    from core.workspace import Workspace

    install_demo(Workspace())
    install_results(Workspace())
    _start(LOCAL, port, no_browser)


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


def _start(host: str, port: int, no_browser: bool) -> None:
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
    shown = "localhost" if host in (LOCAL, "::1", "0.0.0.0", "::") else host
    typer.echo(f"MIRAGE on http://{shown}:{port}  (workspace {place.root}; Ctrl-C ends it)")
    sys.stdout.flush()
    if os.name == "posix":
        os.execve(sys.executable, arguments, environment)
    try:
        code = subprocess.call(arguments, env=environment)
    except OSError as error:
        raise FailureError(f"the dashboard could not be started: {error}") from None
    raise typer.Exit(code)
