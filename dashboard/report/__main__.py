"""``python -m dashboard.report RUN -o FILE``: what ``mirage report`` starts. Its progress is one JSON line a step."""

from __future__ import annotations

import argparse
import json
import logging
import sys

from core import MirageError, Workspace, load_run


def main(arguments: list[str] | None = None) -> int:
    """Writes the report; what was written, or what is wrong, is the last line on stdout."""
    parser = argparse.ArgumentParser(prog="python -m dashboard.report")
    parser.add_argument("run")
    parser.add_argument("-o", "--output", required=True)
    parser.add_argument("--no-audio", action="store_true")
    chosen = parser.parse_args(arguments)
    # Streamlit warns of every cache that is used without a page.
    logging.getLogger("streamlit").setLevel(logging.ERROR)
    try:
        from dashboard.report import write_report

        workspace = Workspace()
        run = load_run(chosen.run, workspace)
        written = write_report(run, workspace, chosen.output, audio=not chosen.no_audio, progress=_tell)
    except MirageError as error:
        _line({"error": str(error), "code": error.exit_code})
        return error.exit_code
    _line({"written": written.to_dict()})
    return 0


def _tell(done: int, total: int, message: str = "") -> None:
    _line({"done": done, "total": total, "message": message})


def _line(content: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(content) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
