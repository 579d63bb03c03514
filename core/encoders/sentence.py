"""How a sentence encoder pools its tokens: what its checkpoint says, and the vectors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from core.errors import BadInputError
from core.files import read_json

POOLINGS = ("cls", "mean", "max", "mean_sqrt_len")
"""``cls``, the first token; ``mean`` and ``max`` over the tokens; ``mean_sqrt_len``, their sum over the root of their
number. The names are those of sentence-transformers (Reimers and Gurevych 2019), special tokens count as there."""

_USUAL = "1_Pooling"
# As they are written: by sentence-transformers up to 5, one switch for each; later one name, or several.
_SWITCHES = {
    "pooling_mode_cls_token": "cls",
    "pooling_mode_mean_tokens": "mean",
    "pooling_mode_max_tokens": "max",
    "pooling_mode_mean_sqrt_len_tokens": "mean_sqrt_len",
    "pooling_mode_weightedmean_tokens": "weightedmean",
    "pooling_mode_lasttoken": "lasttoken",
}


def token_pooling(folder: Path, name: str) -> str:
    """One of ``POOLINGS``: what the checkpoint in ``folder`` was trained with, ``mean`` where it does not say.

    Raises:
        BadInputError: it pools in another way, or what it says is damaged; the line begins with ``name``.
    """
    place, named = _module(folder, name)
    path = folder / place / "config.json"
    if not named and not path.is_file():
        return "mean"
    config = read_json(path)
    if not isinstance(config, dict):
        raise BadInputError(f"{path}: no settings of a pooling; the file is damaged")
    modes = _modes(config, path)
    if len(modes) != 1 or modes[0] not in POOLINGS:
        raise BadInputError(
            f"{name}: pooling {' + '.join(modes)!r} ({place}/config.json) is not supported; use an encoder with "
            f"{', '.join(POOLINGS[:-1])} or {POOLINGS[-1]}"
        )
    if config.get("include_prompt") is False:
        raise BadInputError(
            f"{name}: pooling without the prompt (include_prompt, {place}/config.json) is not supported"
        )
    return modes[0]


def pool_tokens(hidden: torch.Tensor, mask: torch.Tensor, pooling: str) -> torch.Tensor:
    """The vectors of a batch, (b, width).

    Args:
        hidden: (b, tokens, width) float32, padded on the right.
        mask: (b, tokens), 1 where there is a token.
        pooling: one of ``POOLINGS``.
    """
    if pooling == "cls":
        return hidden[:, 0]
    own = mask[:, :, None].to(hidden.dtype)
    if pooling == "max":
        return hidden.masked_fill(own == 0, float("-inf")).max(dim=1).values
    count = own.sum(dim=1).clamp(min=1)
    return (hidden * own).sum(dim=1) / (count if pooling == "mean" else count.sqrt())


def _module(folder: Path, name: str) -> tuple[str, bool]:
    """The folder of the pooling's settings, and whether the checkpoint names it."""
    listed = folder / "modules.json"
    modules = read_json(listed) if listed.is_file() else []
    if not isinstance(modules, list) or not all(isinstance(module, dict) for module in modules):
        raise BadInputError(f"{listed}: no list of modules; the file is damaged")
    for module in modules:
        if str(module.get("type", "")).rsplit(".", 1)[-1] == "Pooling":
            place = str(module.get("path", ""))
            if not place or Path(place).name != place:
                raise BadInputError(f"{name}: modules.json keeps its pooling in {place!r}, not in a folder beside it")
            return place, True
    return _USUAL, False


def _modes(config: dict[str, Any], path: Path) -> list[str]:
    said = config.get("pooling_mode")
    if said is None:
        return [mode for switch, mode in _SWITCHES.items() if config.get(switch)] or ["mean"]
    modes = [said] if isinstance(said, str) else said
    if not isinstance(modes, list) or not modes or not all(isinstance(mode, str) for mode in modes):
        raise BadInputError(f"{path}: pooling_mode is no name; the file is damaged")
    return [mode.removesuffix("_tokens") for mode in modes]
