"""Gathers the facts of a run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.encoders.checkpoint import is_hub_id
from core.errors import MirageError
from core.files import read_json
from core.runs.data import PARTS
from core.runs.loaded import LoadedRun
from core.story import words
from core.story.benchmarks import find_benchmarks
from core.story.commands import commands_of
from core.story.facts import FOLDER, Data, Information, Scores, Story, Training, best_of
from core.workspace import Workspace

_WEIGHTS = {"text": ["w_t"], "paired": ["w_pair"], "free": []}
"""Weights of the mutual informations that a mode of generation has besides those of emotion and codes."""


def tell(run: LoadedRun, workspace: Workspace | None = None) -> Story:
    """Everything there is to tell of a finished run, with what the workspace has measured on its corpus.

    Args:
        run: as ``load_run`` gives it. workspace: by default that of the run.

    Raises:
        BadInputError: a file of the run is damaged. Benchmarks that cannot be read are named in ``left_out`` instead.
    """
    workspace = workspace or run.workspace
    evaluation = run.evaluation()
    data = _data(run, evaluation)
    training = _training(run)
    recognition = {
        kind: Scores(scores["ua"], scores["wa"], scores["macro_f1"], scores.get("recall", {}))
        for kind in ("audio", "audio_and_text", "reference")
        if (scores := evaluation.get(kind))
    }
    information = [_information(row) for row in run.information()]
    benchmarks, left_out = find_benchmarks(
        run.corpus, run.classes, workspace, unlabelled=training.unlabelled, embeddings=list(training.encoders)
    )
    best = best_of(benchmarks)
    features = best.features if best is not None else benchmarks[0].features if benchmarks else None
    more = [one for one in benchmarks if one is not best and one.features == features]
    quality = run.quality()
    limits = words.limits(data, best, more, information, (quality or {}).get("copying"))
    commands = commands_of(run, data, training, benchmarks, workspace)
    return Story(
        run=run.id,
        headline=words.headline(data, best),
        answers=words.answers(data, training, recognition, best, more, limits, commands),
        data=data,
        training=training,
        recognition=recognition,
        information=information,
        benchmarks=benchmarks,
        quality=quality,
        map_quality=run.map_quality(),
        limits=limits,
        commands=commands,
        configuration=run.config.to_yaml(),
        left_out=left_out,
    )


def _data(run: LoadedRun, evaluation: Mapping[str, Any]) -> Data:
    about, allowed = run.about, run.permissions
    withheld = not len(run.utterances)
    counted = _said(run, evaluation) if withheld else _counted(run)
    fold = evaluation.get("fold")
    return Data(
        corpus=run.corpus,
        title=about.get("title"),
        licence=about.get("licence"),
        synthetic="synthetic" in about,
        fold=None if fold is None or not counted["parts"].get("test") else str(fold),
        folds=str(evaluation.get("folds") or run.config.data.folds),
        audio_allowed=allowed.audio,
        transcripts_allowed=allowed.transcripts,
        withheld=withheld,
        **counted,
    )


def _counted(run: LoadedRun) -> dict[str, Any]:
    """What the table of utterances holds."""
    table = run.utterances
    parts = {part: int(count) for part in PARTS if (count := (table["part"] == part).sum())}
    used = table[table["part"] != "unused"]
    labels = used["label"].value_counts()
    languages = table["language"].dropna().unique() if "language" in table else ()
    return {
        "utterances": len(used),
        "emotions": {name: int(labels.get(name, 0)) for name in run.classes},
        "parts": parts,
        "speakers": {
            part: sorted({str(name) for name in table["speaker"][table["part"] == part].dropna()}) for part in parts
        },
        "with_text": int(run.has_text[(table["part"] != "unused").to_numpy()].sum()),
        "languages": sorted(str(name) for name in languages),
    }


def _said(run: LoadedRun, evaluation: Mapping[str, Any]) -> dict[str, Any]:
    """The same of a run without its utterances, as far as it says it."""
    parts = {part: int(count) for part in PARTS if (count := evaluation["n"].get(part))}
    used = sum(count for part, count in parts.items() if part != "unused")
    train = parts.get("train", 0)
    return {
        "utterances": used,
        "emotions": {
            name: round(train * share) if share == share else 0
            for name, share in zip(run.classes, run.prior, strict=True)
        },
        "parts": parts,
        "speakers": {part: [str(name) for name in evaluation.get("speakers", {}).get(part, [])] for part in parts},
        "with_text": used if run.t is not None else 0,
        "languages": [],
    }


def _training(run: LoadedRun) -> Training:
    config = run.config
    environment = _environment(run)
    stores = environment.get("embeddings")
    encoders = {
        str(store["name"]): _named(str(store.get("encoder", store["name"])))
        for store in (stores if isinstance(stores, list) else [])
        if isinstance(store, dict) and "name" in store
    }
    return Training(
        mode=run.mode,
        dim=run.dim,
        codes=run.code_names,
        encoders=encoders,
        steps={"alignment": config.alignment.steps, "generation": config.generation.steps},
        unlabelled=config.data.unlabelled,
        informed=any(getattr(config.generation, weight) > 0 for weight in ("w_c", "w_u", *_WEIGHTS[run.mode])),
        seed=config.training.seed,
        mirage=_text(environment.get("mirage")),
        device=_text(environment.get("device")),
        git_revision=_text(environment.get("git_revision")),
    )


def _environment(run: LoadedRun) -> dict[str, Any]:
    """What the run was made with; nothing where the file is not there."""
    try:
        content = read_json(run.path / "environment.json")
    except MirageError:
        return {}
    return content if isinstance(content, dict) else {}


def _named(encoder: str) -> str:
    """An encoder as it may be told to anybody: the way to a folder is nobody's business."""
    return encoder if is_hub_id(encoder) else FOLDER


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _information(row: Mapping[str, Any]) -> Information:
    shown, meaning = words.MEANINGS.get(row["quantity"].replace(" ", ""), (row["quantity"], ""))
    return Information(
        quantity=row["quantity"],
        shown=shown,
        meaning=meaning,
        value=row["value"],
        low=row["low"],
        high=row["high"],
        ceiling=row["ceiling"],
        estimator=row["estimator"],
        saturated=row["saturated"],
        reason=row["reason"],
    )
