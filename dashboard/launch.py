"""Starts Streamlit with MIRAGE's options: ``python -m dashboard.launch --port 8501``.

Local by default, no telemetry, no file watcher, XSRF protection on, the theme of ``theme.toml``.
"""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from dashboard import housekeeping

HERE = Path(__file__).resolve().parent
LOCAL = "127.0.0.1"


def options(*, port: int, host: str = LOCAL, browser: bool = True) -> list[str]:
    """The arguments of ``streamlit run``.

    >>> "--server.port=9000" in options(port=9000)
    True
    """
    debug = bool(os.environ.get("MIRAGE_DEBUG"))
    chosen = {
        "server.port": str(port),
        "server.address": host,
        "server.fileWatcherType": "none",
        "server.enableXsrfProtection": "true",
        "server.enableCORS": "true",
        "server.showEmailPrompt": "false",
        "server.maxUploadSize": "64",
        "browser.gatherUsageStats": "false",
        "client.toolbarMode": "viewer",
        # A traceback belongs in the terminal; the page shows the kind of fault only.
        "client.showErrorDetails": "full" if debug else "type",
        "runner.magicEnabled": "false",
        # A full collection after every run of a page stops all sessions, 150 ms each time with torch in the process.
        # Python collects by itself, and dashboard.housekeeping when sessions have gone.
        "runner.postScriptGC": "false",
        "theme.base": str(HERE / "theme.toml"),
    }
    if not browser:
        chosen["server.headless"] = "true"
    return [str(HERE / "app.py"), *[f"--{name}={value}" for name, value in chosen.items()]]


def main(arguments: list[str] | None = None) -> None:
    """Parses the options and hands over to Streamlit; returns when the server stops."""
    parser = argparse.ArgumentParser(prog="python -m dashboard.launch")
    parser.add_argument("--port", type=int, default=8501)
    parser.add_argument("--host", default=LOCAL)
    parser.add_argument("--no-browser", action="store_true")
    chosen = parser.parse_args(arguments)

    from streamlit.web import cli

    housekeeping.few_arenas()
    sys.argv = ["streamlit", "run", *options(port=chosen.port, host=chosen.host, browser=not chosen.no_browser)]
    cli.main()


if __name__ == "__main__":
    main()
