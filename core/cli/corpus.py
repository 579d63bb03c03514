"""``mirage corpus``: the switches of a corpus, what people may hear and read of it."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from core.cli.app import app
from core.cli.output import JsonOption, print_json


class Switch(StrEnum):
    """On or off, as it is typed."""

    on = "on"
    off = "off"


@app.command()
def corpus(
    name: Annotated[str, typer.Argument(help="A corpus of the workspace.")],
    audio: Annotated[Switch | None, typer.Option(help="May clips be played and seen on pages?")] = None,
    transcripts: Annotated[Switch | None, typer.Option(help="May transcripts be read and searched on pages?")] = None,
    as_json: JsonOption = False,
) -> None:
    """Say, or change, what people may hear and read of a corpus; no page can change it.

    It holds at once, also for runs of this corpus. Embedding and training use clips and transcripts in any case. A run
    that was trained while a switch was off, keeps it off.
    """
    from core.corpora import change_permissions
    from core.workspace import Workspace

    now = change_permissions(
        name,
        Workspace(),
        audio=None if audio is None else audio is Switch.on,
        transcripts=None if transcripts is None else transcripts is Switch.on,
    )
    if as_json:
        print_json({"name": name, **now.to_metadata()})
        return
    typer.echo(f"{name}: audio {_word(now.audio)}, transcripts {_word(now.transcripts)}")


def _word(allowed: bool) -> str:
    return "on" if allowed else "off"
