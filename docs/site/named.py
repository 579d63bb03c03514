"""Commands, options, targets of make and configuration keys that the documentation names: are they there?"""

from __future__ import annotations

import re
import shlex
from functools import cache
from pathlib import Path
from typing import Any

from docs.site.navigation import ROOT

_BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INLINE = re.compile(r"`((?:mirage|make) [^`]*)`")
_TARGET = re.compile(r"^([a-z][\w-]*):(?!=)", re.MULTILINE)
_WORD = re.compile(r"[a-z][a-z-]*")


@cache
def commands() -> dict[str, dict[str, Any]]:
    """Command to its options by every name they have."""
    import typer

    from core.cli import commands as _registered  # noqa: F401
    from core.cli.app import app

    group: Any = typer.main.get_command(app)
    found = {"": _options(group)}
    found.update({name: _options(command) for name, command in group.commands.items()})
    return found


def _options(command: Any) -> dict[str, Any]:
    named = {name: param for param in command.params for name in (*param.opts, *param.secondary_opts)}
    return {"--help": None, "-h": None, **{name: param for name, param in named.items() if name.startswith("-")}}


@cache
def targets() -> set[str]:
    """What `make` can be asked for."""
    return set(_TARGET.findall((ROOT / "Makefile").read_text(encoding="utf-8")))


def faults(file: Path) -> list[str]:
    """A line for each command, option, target or key that the file names and that is not there."""
    text = file.read_text(encoding="utf-8").replace("\\\n", " ")
    lines = [line.strip() for block in _BLOCK.findall(text) for line in block.splitlines()]
    lines += [re.sub(r"\s+", " ", code) for code in _INLINE.findall(re.sub(_BLOCK, "", text))]
    said = []
    for line in lines:
        # A block may set variables before a command, and say something after it.
        bare = re.sub(r"^(?:[A-Z_]+=\S+ +)+", "", line)
        if bare.startswith("mirage "):
            said += _mirage(bare)
        elif bare.startswith("make "):
            asked = [word for word in bare.split()[1:] if _WORD.fullmatch(word)]
            said += [f"`{line}`: make knows no {word!r}" for word in asked[:1] if word not in targets()]
        elif bare.startswith("python -m "):
            said += _module(bare)
    return [f"{file.name}: {reason}" for reason in said]


def _mirage(line: str) -> list[str]:
    try:
        words = shlex.split(line.replace("…", " "), comments=True)[1:]
    except ValueError:
        words = line.split()[1:]
    command = ""
    while words and words[0] in ("--debug", "--version"):
        words = words[1:]
    if words and not words[0].startswith("-"):
        command, words = words[0], words[1:]
        if not _WORD.fullmatch(command):  # a placeholder, as in `mirage COMMAND --help`
            return []
        if command not in commands():
            return [f"`{line}`: there is no command {command!r}"]
    known, said = commands()[command], []
    for position, word in enumerate(words):
        name = word.partition("=")[0]
        if re.fullmatch(r"--?[a-z][a-z-]*", name) and name not in known:
            said.append(f"`{line}`: `mirage {command}` has no option {name}")
        elif name == "--set" and position + 1 < len(words):
            said += _setting(line, words[position + 1])
    return said


def _setting(line: str, setting: str) -> list[str]:
    from core.config import resolve_config
    from core.errors import BadInputError

    key, equals, value = setting.partition("=")
    if not equals or value.isupper():  # a placeholder, as in KEY=VALUE
        return []
    try:
        resolve_config(settings=[f"{key}={value}"])
    except BadInputError as error:
        return [f"`{line}`: {error}"]
    return []


def _module(line: str) -> list[str]:
    place = ROOT / line.split()[2].replace(".", "/")
    if place.with_suffix(".py").is_file() or (place / "__main__.py").is_file():
        return []
    if not (ROOT / line.split()[2].partition(".")[0]).is_dir():
        return []  # of another package
    return [f"`{line}`: there is no module {line.split()[2]}"]
