"""YAML as MIRAGE's configurations are: plain values, each key once; no aliases, no tags, nothing deep or large."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from core.errors import BadInputError
from core.reading import named_path, read_whole

_MOST = 1 << 18
_DEPTH = 16


def read_yaml(path: Path) -> Any:
    """The content of a YAML file.

    Raises:
        BadInputError: it is missing, no plain file, larger than 256 KiB, or not what ``parse_yaml`` accepts.
    """
    if not named_path(str(path)).exists():
        raise BadInputError(f"{path}: no such configuration file")
    if path.is_dir():
        raise BadInputError(f"{path}: not readable as YAML (it is a folder)")
    return _parse(read_whole(path, _MOST), path)


def read_whole_yaml(path: Path, sections: tuple[str, ...]) -> Any:
    """As ``read_yaml``, of a file that was written as a whole: every section is there, and the end of the last line.

    Raises:
        BadInputError: as ``read_yaml``, or the end is missing.
    """
    content = read_whole(path, _MOST)
    values = _parse(content, path)
    if not isinstance(values, dict) or not set(sections) <= set(values) or not content.endswith(b"\n"):
        raise BadInputError(f"{path}: the end is missing; copy the run's folder again")
    return values


def parse_yaml(text: str) -> Any:
    """The values of YAML.

    >>> parse_yaml("[0.5, yes]")
    [0.5, True]

    Raises:
        ValueError: it is not YAML, or has aliases, tags, a key twice or more than 16 levels.
    """
    import yaml

    # libyaml's, where PyYAML was built with it: ten times as fast.
    base: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _refuse_tricks(yaml.parse(text, base))
        return yaml.load(text, _once(base))
    except RecursionError:
        raise ValueError("nested too deeply") from None
    except (yaml.YAMLError, ArithmeticError, AttributeError, TypeError, KeyError, IndexError) as error:
        # Not all of PyYAML's faults are its own: it takes a bad date or number to Python's constructors.
        raise ValueError((str(error).splitlines() or [type(error).__name__])[0]) from None


def _refuse_tricks(events: Iterator[Any]) -> None:
    """Raises ValueError before anything is made of what YAML can say and a configuration never does."""
    import yaml

    depth = 0
    for event in events:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            raise ValueError("aliases are not read here")
        if getattr(event, "tag", None) is not None:
            raise ValueError(f"tags such as {event.tag[:60]!r} are not read here")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > _DEPTH:
            raise ValueError("nested too deeply")


def _parse(content: bytes, path: Path) -> Any:
    try:
        return parse_yaml(content.decode("utf-8"))
    except ValueError as error:
        raise BadInputError(f"{path}: not readable as YAML ({error})") from None


def _once(base: Any) -> Any:
    """The loader, for mappings that have each key once."""

    class Loader(base):
        def construct_mapping(self, node: Any, deep: bool = False) -> Any:
            content = super().construct_mapping(node, deep)
            if len(content) != len(node.value):
                raise ValueError("a key occurs twice")
            return content

    return Loader
