"""The figures that a run keeps as JSON, checked to be what those who print and draw them count on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError, model_validator

from core.errors import BadInputError
from core.files import read_json

_MOST = 8 << 20


class _Part(BaseModel):
    # Keys that are not known here come from another version; they are kept.
    model_config = ConfigDict(strict=True, extra="allow")


class _Figure(_Part):
    quantity: str
    value: float | None
    low: float | None
    high: float | None
    kind: str
    ceiling: float | None
    estimator: str
    samples: int
    status: str
    reason: str
    saturated: bool
    training_bound: float | None = None

    @model_validator(mode="after")
    def _interval(self) -> _Figure:
        if self.value is not None and (self.low is None or self.high is None):
            raise ValueError("a value without its interval")
        return self


class _Scores(_Part):
    ua: float
    wa: float
    macro_f1: float
    recall: dict[str, float | None] = {}
    confusion: list[list[int]] = []


class _Evaluation(_Part):
    classes: list[str]
    fold: str | int | None = None
    folds: str | None = None
    speakers: dict[str, list[str]] = {}
    n: dict[str, int]
    audio: _Scores | None = None
    audio_and_text: _Scores | None = None
    reference: _Scores | None = None
    labelled_alone: dict[str, _Scores] = {}

    @model_validator(mode="after")
    def _counted(self) -> _Evaluation:
        if self.audio is not None and "test" not in self.n:
            raise ValueError("figures without their number of utterances")
        return self


class _MapQuality(_Part):
    trustworthiness: float | None = None
    projector_error: float | None = None
    projector_error_share: float | None = None


class _Pair(_Part):
    generated: float
    real: float


class _Closeness(_Part):
    to_train: float
    to_held_out: float
    ratio: float
    honest_ratio: float
    copy_distance: float
    copies: float


class _Comparison(_Part):
    figures: dict[str, _Pair] | None
    closeness: _Closeness | None
    rows: int

    @model_validator(mode="after")
    def _whole(self) -> _Comparison:
        names = ("frechet", "auc", "precision", "recall", "density", "coverage")
        if self.figures is not None and any(name not in self.figures for name in names):
            raise ValueError("a figure is missing")
        return self


class _Recognition(_Part):
    ua: _Pair
    wa: _Pair
    macro_f1: _Pair
    recall: dict[str, _Pair | None]


class _Card(_Part):
    run: str
    classes: list[str]
    fold: str | int | None = None
    speakers: dict[str, list[str]]
    comparisons: dict[str, _Comparison]
    recognition: _Recognition
    copying: bool | None
    notes: list[str]
    information: list[_Figure]

    @model_validator(mode="after")
    def _whole(self) -> _Card:
        everything = self.comparisons.get("all")
        if everything is None or everything.figures is None or everything.closeness is None:
            raise ValueError("the comparison of everything is missing")
        for name in self.classes:
            if name not in self.comparisons or name not in self.recognition.recall:
                raise ValueError("an emotion is missing")
        if "test" not in self.speakers:
            raise ValueError("the held-out speakers are missing")
        return self


_INFORMATION, _EVALUATION = TypeAdapter(list[_Figure]), TypeAdapter(_Evaluation)
_MAP_QUALITY, _CARD = TypeAdapter(_MapQuality), TypeAdapter(_Card)


def read_information(folder: Path) -> list[dict[str, Any]]:
    """``information.json`` of a run: the held-out mutual informations.

    Raises:
        BadInputError: the file is missing or damaged; so for all readers here.
    """
    return _checked(folder / "information.json", _INFORMATION)


def read_evaluation(folder: Path) -> dict[str, Any]:
    """``evaluation.json`` of a run: recognition on the held-out speakers."""
    return _checked(folder / "evaluation.json", _EVALUATION)


def read_map_quality(folder: Path) -> dict[str, Any]:
    """``projection/quality.json`` of a run: what its map can be trusted for."""
    return _checked(folder / "projection" / "quality.json", _MAP_QUALITY)


def read_card(file: Path) -> dict[str, Any]:
    """A report card as it was kept; not whether it is that of the networks beside it."""
    content = read_json(file, _MOST)
    if not isinstance(content, dict):
        raise BadInputError(f"{file}: not a report card; measure it again with `mirage quality {file.parent.name}`")
    return content


def check_card(file: Path, content: dict[str, Any]) -> dict[str, Any]:
    """The content of a card of this version, if it is whole."""
    return _fitting(file, content, _CARD)


def _checked(file: Path, wanted: TypeAdapter[Any]) -> Any:
    return _fitting(file, read_json(file, _MOST), wanted)


def _fitting(file: Path, content: Any, wanted: TypeAdapter[Any]) -> Any:
    try:
        wanted.validate_python(content)
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])[:120] or "it"
        raise BadInputError(
            f"{file}: {place}: {first['msg'][:120]}; the file is damaged; copy the run's folder again"
        ) from None
    return content
