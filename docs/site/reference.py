"""What is made from the source: pages of configuration keys, commands and Python names; facts of the corpora."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterable
from importlib import import_module
from typing import Any

from core.config import Config
from core.corpora.loaders import BUILT_IN
from core.corpora.published import editions

PACKAGES = (
    "core",
    "core.corpora",
    "core.encoders",
    "core.runs",
    "core.augmentation",
    "core.information",
    "core.evaluation",
    "core.benchmarks",
    "core.alignment",
    "core.generation",
    "core.projection",
)


def configuration() -> str:
    """The page of all keys: default, what is allowed, what it is for."""
    parts = [
        "# Configuration",
        "Made from the schema in `core/config.py`. A YAML file with some of these keys goes to `mirage train NAME "
        "--config FILE`, single ones to `--set SECTION.KEY=VALUE`; the Train page is a form of the same schema. None "
        "of the defaults is claimed to be the paper's.",
    ]
    for section, field in Config.model_fields.items():
        model: Any = field.annotation
        parts += [f"## {section}", _cell(inspect.getdoc(model) or "")]
        rows = []
        for name, entry in model.model_json_schema()["properties"].items():
            default = model.model_fields[name].default
            rows.append(
                (f"`{section}.{name}`", f"`{_yaml(default)}`", _allowed(entry), _cell(entry.get("description", "")))
            )
        parts.append(_table(("key", "default", "allowed", "what it is for"), rows))
    return "\n\n".join(parts) + "\n"


def _yaml(value: Any) -> str:
    return "null" if value is None else str(value).lower() if isinstance(value, bool) else f"{value}"


def _allowed(entry: dict[str, Any]) -> str:
    if "anyOf" in entry:
        return " or ".join(_allowed(part) for part in entry["anyOf"])
    if "enum" in entry:
        return ", ".join(f"`{value}`" for value in entry["enum"])
    if entry.get("type") == "null":
        return "empty"
    if "pattern" in entry:
        return f"`{entry['pattern']}`".replace("|", "\\|")
    kind = {"integer": "whole number", "number": "number", "boolean": "`true`, `false`", "string": "text"}
    said = kind.get(entry.get("type", ""), "")
    low, above = entry.get("minimum"), entry.get("exclusiveMinimum")
    high, below = entry.get("maximum"), entry.get("exclusiveMaximum")
    if low is not None or above is not None:
        said += f" from {low:g}" if low is not None else f" above {above:g}"
    if high is not None or below is not None:
        said += f" to {high:,g}" if high is not None else f" to below {below:,g}"
    return said


def command_line() -> str:
    """The page of all commands, from what typer knows of them."""
    import typer

    from core.cli import commands as _registered  # noqa: F401
    from core.cli.app import app

    group: Any = typer.main.get_command(app)
    parts = [
        "# Command line",
        "What `mirage COMMAND --help` says. Bad input ends with exit code 2 and a failure with 1, each with one line "
        "on stderr; `mirage --debug COMMAND` shows the traceback. Commands with `--json` print only JSON on stdout.",
    ]
    for name, command in sorted(group.commands.items()):
        context = typer.Context(command, info_name=f"mirage {name}")
        usage = " ".join(["mirage", name, *command.collect_usage_pieces(context)])
        parts += [f"## {name}", _paragraphs(command.help or ""), f"```text\n{usage}\n```"]
        rows = []
        for param in command.params:
            names = ", ".join((*param.opts, *param.secondary_opts))
            shown = names if param.param_type_name == "option" else str(param.name).replace("_", "-")
            default = "" if param.default in (None, False, ()) or callable(param.default) else f"`{param.default}`"
            if param.required:
                default = "required"
            rows.append((f"`{shown}`", default, _cell(getattr(param, "help", None) or "")))
        if rows:
            parts.append(_table(("argument or option", "default", "what it does"), rows))
    return "\n\n".join(parts) + "\n"


def python_names() -> str:
    """The page of the public names, for Sphinx to fill from the docstrings."""
    parts = [
        "# Python",
        "Public names by package. Importing `core` costs nothing: names are loaded when they are first used. Every "
        "example here runs in the tests.",
    ]
    for package in PACKAGES:
        module = import_module(package)
        parts += [f"## {package}", _paragraphs(inspect.getdoc(module) or "")]
        names = {name: getattr(module, name) for name in sorted(module.__all__) if not name.startswith("__")}
        elsewhere = [name for name, value in names.items() if package == "core" and _home(value) in PACKAGES[1:]]
        if elsewhere:
            parts.append("Also here: " + ", ".join(f"`{name}` ({_home(names[name])})" for name in elsewhere) + ".")
        lines = [f".. currentmodule:: {package}", ""]
        for name, value in names.items():
            kind = "autoclass" if inspect.isclass(value) else "autofunction"
            if name in elsewhere or not callable(value) or not inspect.getdoc(value):
                continue
            # The defaults of a whole configuration are no signature that anybody reads.
            lines.append(f".. {kind}:: {name}" + ("(**sections)" if hasattr(value, "model_fields") else ""))
            if kind == "autoclass":
                # What others add to a class refers to pages of theirs.
                lines += ["   :members:", f"   :exclude-members: {', '.join(_requests(value)) or 'none'}"]
            lines.append("")
        parts.append("```{eval-rst}\n" + "\n".join(lines) + "\n```")
    return "\n\n".join(parts) + "\n"


def _home(value: Any) -> str:
    return ".".join(getattr(value, "__module__", "").split(".")[:2])


def _requests(value: type) -> list[str]:
    """Members that scikit-learn and pydantic add to a class."""
    added = r"(?:get|set)_(?:\w+_request|metadata_routing)|model_\w+"
    return sorted(name for name in dir(value) if re.fullmatch(added, name))


def corpus_facts(name: str) -> str:
    """What MIRAGE itself declares of a corpus: licence, layout, published counts.

    Raises:
        KeyError: there is no such loader.
    """
    loader = BUILT_IN[name]
    rows: list[tuple[str, ...]] = [
        ("what", _cell(loader.description)),
        ("licence", _cell(loader.licence)),
        ("layout", f"`{_cell(loader.layout)}`"),
        ("command", f"`mirage ingest {loader.name}{'' if loader.home else ' PATH'}`"),
    ]
    for edition in editions(name):
        of = f"published counts, release {edition.release}" if edition.release else "published counts"
        told = [count for count in edition.counts if not re.match(r"[^,(]+, (?!four classes)", count.what)]
        counts = "; ".join(f"{count.what}: {count.number:,}" for count in told)
        more = len(edition.counts) - len(told)
        rows.append((of, _cell(counts) + (f"; {more} more by emotion" if more else "")))
    return _table((loader.title.partition(" - ")[0], ""), rows)


def with_facts(text: str) -> str:
    """The text of docs/corpora.md with what the loaders say now between its marks.

    >>> with_facts("<!-- facts savee -->\\nold\\n<!-- end -->").splitlines()[7]
    '| published counts | utterances: 480 |'
    """

    def made(match: re.Match[str]) -> str:
        return f"<!-- facts {match[1]} -->\n{corpus_facts(match[1])}\n<!-- end -->"

    return re.sub(r"<!-- facts ([\w-]+) -->.*?<!-- end -->", made, text, flags=re.DOTALL)


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    lines = ["| " + " | ".join(head) + " |", "|" + " --- |" * len(head)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|").replace("<", "&lt;").replace("*", "\\*")


def _paragraphs(text: str) -> str:
    """Docstrings are reStructuredText; their double backticks are Markdown too."""
    paragraphs = text.split("\n\n")
    kept = [part for part in paragraphs if not part.startswith((" ", "Raises:", "Returns:"))]
    return "\n\n".join(" ".join(part.split()) for part in kept).replace("::", ":")
