"""The finished benchmarks of a workspace that say something of a run, as facts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from core.benchmarks import benchmark_names, verdict
from core.errors import BadInputError, MirageError
from core.files import finite, read_json
from core.story.facts import Benchmark, Effect, Gain, Method
from core.workspace import Workspace

FEATURES = {"audio_and_text": "audio and text", "audio": "audio"}
_MOST, _LOOKED_AT = 64 << 20, 200
_PLAIN, _OURS = "none", "mirage"


class _Part(BaseModel):
    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)


class _Gain(_Part):
    mean: float
    low: float
    high: float
    p_value: float
    clear: bool


class _Figures(_Part):
    ua: float
    low: float | None
    high: float | None
    # An emotion that no fold tested has no number.
    recall: dict[str, float | None] = {}
    gain: _Gain | None = None
    gain_over_none: _Gain | None = None
    gain_over_rivals: dict[str, _Gain] = {}


class _Method(_Part):
    title: str
    audio: _Figures | None = None
    audio_and_text: _Figures | None = None


class _Results(_Part):
    corpus: str
    condition: str = "all"
    condition_title: str = "all training utterances"
    unlabelled: bool = False
    test_on: str | None = None
    permuted: bool = False
    split: str
    seeds: list[int] = Field(min_length=1)
    classes: list[str]
    embeddings: list[str] = []
    folds: list[Any] = Field(min_length=1)
    utterances: int
    reference: _Method
    methods: dict[str, _Method]

    @model_validator(mode="before")
    @classmethod
    def _numbers(cls, content: Any) -> Any:
        # NaN stands where there is no number.
        return finite(content)


def find_benchmarks(
    corpus: str, classes: list[str], workspace: Workspace, *, unlabelled: bool = False, embeddings: list[str]
) -> tuple[list[Benchmark], list[str]]:
    """Those that trained on ``corpus`` with these classes and compare MIRAGE with nothing added.

    The one that fits the run best is first: on the corpus itself, with the run's embeddings, with or without unlabelled
    speech as the run, then with all labels, then from audio and text.

    Returns:
        the benchmarks, and what could not be read.
    """
    found, left_out = [], []
    for name in benchmark_names(workspace)[:_LOOKED_AT]:
        file = workspace.benchmarks / name / "results.json"
        if not file.is_file():
            continue
        try:
            results = _read(file)
        except MirageError as error:
            left_out.append(str(error))
            continue
        if results.corpus == corpus and not results.permuted and set(results.classes) == set(classes):
            found += _of(name, results, set(embeddings))
    found.sort(
        key=lambda one: (
            one.test_on is not None,
            not one.own_embeddings,
            one.unlabelled is not unlabelled,
            one.condition != "all training utterances",
            list(FEATURES.values()).index(one.features),
        )
    )
    return found, left_out


def _read(file: Path) -> _Results:
    try:
        return _Results.model_validate(read_json(file, _MOST))
    except ValidationError as error:
        first = error.errors()[0]
        place = ".".join(str(part) for part in first["loc"])[:120] or "it"
        raise BadInputError(
            f"{file}: {place}: {first['msg'][:120]}; not the results of a benchmark; run the same command again"
        ) from None


def _of(name: str, results: _Results, stores: set[str]) -> list[Benchmark]:
    """One for each kind of features that both MIRAGE and nothing added have figures from."""
    found = []
    for key, features in FEATURES.items():
        figures = {method: own for method, one in results.methods.items() if (own := getattr(one, key)) is not None}
        reference = getattr(results.reference, key)
        if _OURS not in figures or _PLAIN not in figures or reference is None:
            continue
        ours, plain = figures[_OURS], figures[_PLAIN]
        methods = {method: _method(method, results.methods[method].title, own) for method, own in figures.items()}
        found.append(
            Benchmark(
                name=name,
                features=features,
                condition=results.condition_title,
                unlabelled=results.unlabelled,
                test_on=results.test_on,
                folds=len(results.folds),
                seeds=len(results.seeds),
                split=results.split,
                utterances=results.utterances,
                classes=results.classes,
                embeddings=results.embeddings,
                # From audio alone a benchmark needs no text embeddings.
                own_embeddings=set(results.embeddings) <= stores and bool(results.embeddings),
                reference=_method("reference", results.reference.title, reference),
                plain=methods[_PLAIN],
                ours=methods[_OURS],
                methods=list(methods.values()),
                gain=_gain("nothing added", ours.gain_over_none),
                over_reference=_gain("the tuned logistic regression", ours.gain),
                over_rivals={
                    rival: gain
                    for rival, content in ours.gain_over_rivals.items()
                    if rival in results.methods and (gain := _gain(results.methods[rival].title, content))
                },
                effects=[
                    Effect(emotion, _percent(plain.recall.get(emotion)), _percent(ours.recall.get(emotion)))
                    for emotion in results.classes
                ],
            )
        )
    return found


def _method(name: str, title: str, figures: _Figures) -> Method:
    return Method(
        name=name,
        title=title,
        ua=100 * figures.ua,
        low=_percent(figures.low),
        high=_percent(figures.high),
        gain=_gain("nothing added", figures.gain_over_none),
    )


def _gain(over: str, content: _Gain | None) -> Gain | None:
    if content is None:
        return None
    return Gain(
        over=over,
        mean=100 * content.mean,
        low=100 * content.low,
        high=100 * content.high,
        p_value=content.p_value,
        says=verdict(content.model_dump()),
    )


def _percent(share: float | None) -> float | None:
    return None if share is None else 100 * share
