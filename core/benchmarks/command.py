"""The command line that a benchmark's results came from."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping
from typing import Any

from core.config import Config


def command_of(results: Mapping[str, Any]) -> str:
    """The command that measures the same again.

    Args:
        results: the content of ``results.json``.

    >>> config = Config().changed(data={"corpus": "x", "folds": "speaker"}, generation={"steps": 400}).model_dump()
    >>> command_of({"corpus": "emodb", "methods": {"none": {}}, "seeds": [0, 1], "condition": "10", "config": config})
    'mirage benchmark emodb --methods none --seeds 2 --condition 10 --fold-by speaker --set generation.steps=400'
    """
    words = ["mirage", "benchmark", results["corpus"], "--methods", ",".join(results["methods"])]
    words += ["--seeds", str(len(results["seeds"]))]
    if results.get("condition", "all") != "all":
        words += ["--condition", results["condition"]]
    if results.get("unlabelled"):
        words.append("--unlabelled")
    if results.get("test_on"):
        words += ["--test-on", results["test_on"]]
    if results.get("permuted"):
        words.append("--permute-labels")
    return shlex.join(words + settings_of(results.get("config") or {}))


def settings_of(config: Mapping[str, Any]) -> list[str]:
    """Options for what differs from the defaults, but for the corpus.

    >>> settings_of({"data": {"corpus": "emodb", "fold": None, "unlabelled": True}})
    ['--set', 'data.fold=null', '--set', 'data.unlabelled=true']
    """
    words: list[str] = []
    for section, default in Config().model_dump().items():
        for key, value in (config.get(section) or {}).items():
            if (section, key) == ("data", "corpus") or value == default.get(key):
                continue
            words += (
                ["--fold-by", value]
                if (section, key) == ("data", "folds")
                else ["--set", f"{section}.{key}={_yaml(value)}"]
            )
    return words


def _yaml(value: Any) -> str:
    """A value as ``--set`` reads it."""
    if isinstance(value, str) or (isinstance(value, float) and value == value):
        return str(value)
    return json.dumps(value)
