"""Starts Streamlit with MIRAGE's options: ``python -m dashboard.launch --port 8501``.

Local by default, no telemetry, no file watcher, XSRF protection on, the theme of ``theme.toml``. With ``--auth FILE``
people sign in first (``dashboard.guarded``).
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from core.access import VARIABLE, is_loopback, read_access
from core.limits import read_limits
from dashboard import housekeeping

HERE = Path(__file__).resolve().parent
LOCAL = "127.0.0.1"
# Names of this machine for itself.
OWN_NAMES = ("localhost", "127.0.0.1", "::1")


def options(
    *, port: int, host: str = LOCAL, browser: bool = True, url: str | None = None, auth: str | None = None
) -> list[str]:
    """The arguments of ``streamlit run``.

    ``url`` is the address that browsers use where a proxy stands before the server; ``auth`` the file for sign-in,
    whose redirect_uri says the same.

    Raises:
        BadInputError: the file for sign-in is not in order.

    >>> "--server.port=9000" in options(port=9000)
    True
    """
    limits = read_limits()
    debug = bool(os.environ.get("MIRAGE_DEBUG"))
    chosen = {
        "server.port": str(port),
        "server.address": host,
        "server.fileWatcherType": "none",
        "server.enableXsrfProtection": "true",
        "server.enableCORS": "true",
        "server.showEmailPrompt": "false",
        # Of all uploads the largest: Streamlit refuses what is larger before it is read; each field has its own.
        "server.maxUploadSize": str(max(limits.upload_mb, limits.table_mb)),
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "viewer",
        # `mirage dashboard` has said the address; what is logged is the business of core.logs.
        "logger.hideWelcomeMessage": "true",
        "logger.enableRich": "false",
        # The CSV that tables offer by themselves is made in the browser, and a formula in it runs.
        "client.disableDataExport": "true",
        # A traceback belongs in the terminal; the page shows the kind of fault only.
        "client.showErrorDetails": "full" if debug else "type",
        "runner.magicEnabled": "false",
        # Doors that a configuration file in the person's home could open: a way in for programs, and names of people
        # taken from headers that anybody can send.
        "server.enableAgentApi": "false",
        "server.trustedUserHeaders": "{}",
        "server.enableStaticServing": "false",
        "server.scriptHealthCheckEnabled": "false",
        # A full collection after every run of a page stops all sessions, 150 ms each time with torch in the process.
        # Python collects by itself, and dashboard.housekeeping when sessions have gone.
        "runner.postScriptGC": "false",
        "theme.base": str(HERE / "theme.toml"),
    }
    if not browser:
        chosen["server.headless"] = "true"
    many: list[tuple[str, str]] = []
    script = "app.py"
    if auth:
        access = read_access(auth)
        script, url = "guarded.py", f"{access.origin}/{access.base_path}"
        many.append(("secrets.files", str(Path(auth).expanduser().absolute())))
    public = urlsplit(url) if url else None
    if public is not None:
        chosen["server.baseUrlPath"] = public.path.strip("/")
    if public is not None or is_loopback(host):
        # A page elsewhere must not reach this server under a name that its owner lets point here.
        names = dict.fromkeys((*OWN_NAMES, *([public.hostname] if public and public.hostname else [])))
        many += [("server.allowedHosts", name) for name in names]
    return [str(HERE / script), *[f"--{name}={value}" for name, value in (*chosen.items(), *many)]]


def main(arguments: list[str] | None = None) -> None:
    """Parses the options and hands over to Streamlit; returns when the server stops."""
    parser = argparse.ArgumentParser(prog="python -m dashboard.launch")
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument("--host", default=LOCAL)
    parser.add_argument("--no-browser", action="store_true")
    parser.add_argument("--url")
    parser.add_argument("--auth", default=os.environ.get(VARIABLE))
    chosen = parser.parse_args(arguments)
    told = options(port=chosen.port, host=chosen.host, browser=not chosen.no_browser, url=chosen.url, auth=chosen.auth)
    if chosen.auth:
        os.environ[VARIABLE] = str(Path(chosen.auth).expanduser().absolute())

    from core import Workspace, logs
    from dashboard import server_logs

    logs.start(logs.mode("text" if sys.stderr.isatty() else "json") or "json")
    server_logs.take_over()
    logs.event("server", port=chosen.port, pid=os.getpid(), workspace=Workspace().root)

    from streamlit.web import cli

    housekeeping.few_arenas()
    sys.argv = ["streamlit", "run", *told]
    cli.main()


if __name__ == "__main__":
    main()
