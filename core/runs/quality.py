"""``quality.json``: the report card of what a finished run generates, measured on its held-out speakers."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.errors import BadInputError
from core.files import clear_disk_errors, write_json
from core.progress import Progress, silent
from core.reading import open_plain
from core.runs.figures import check_card, read_card
from core.runs.state import refuse_gone
from core.runs.withheld import require_utterances

if TYPE_CHECKING:
    from core.runs.loaded import LoadedRun

VERSION = 1
"""Of what a card holds and how it is measured; one of another version is not read."""

FILE = "quality.json"
_LEAST_SAMPLES, _MOST_SAMPLES = 100, 1_000_000
_FILES = ("model/aligner", "model/generator", "model/discriminator")


def measure_quality(
    run: LoadedRun, *, samples: int = 2000, seed: int = 0, progress: Progress = silent
) -> dict[str, Any]:
    """Generates features, emotions in equal shares, and compares them with the features of the held-out speakers.

    Everything is measured in the aligned space, where recognition takes place. What the training speakers' own
    features would get stands beside each figure.

    Args:
        samples: generated features in all. seed: of noise, codes and of the draws of the comparison.

    Returns:
        ``run``, ``version``, ``model`` (fingerprint of the networks and features), ``samples``, ``seed``, ``classes``,
        ``fold``, ``speakers`` and ``n`` (by part), the fields of ``core.evaluation.ReportCard``, and ``information``:
        the held-out mutual information that the run has kept.

    Raises:
        BadInputError: the run was trained on all speakers, no emotion can be compared, or a number out of its range.
    """
    from core.evaluation import report_card

    if not _LEAST_SAMPLES <= samples <= _MOST_SAMPLES:
        raise BadInputError(f"samples {samples}: from {_LEAST_SAMPLES} to {_MOST_SAMPLES}")
    if not 0 <= seed < 2**31:
        raise BadInputError(f"seed {seed}: from 0 to {2**31 - 1}")
    require_utterances(run)
    rows = {part: (run.utterances["part"] == part).to_numpy() for part in ("train", "test")}
    if not rows["test"].any():
        raise BadInputError(
            f"run {run.id!r} was trained on all speakers: nobody is held out to compare with; train with data.fold=0"
        )
    labels = run.utterances["label"].to_numpy(dtype=object)
    progress(0, 2, "generating")
    each = -(-samples // len(run.classes))
    made = [run.generate(name, each, seed=seed * 1009 + 1 + index).audio for index, name in enumerate(run.classes)]
    progress(1, 2, "comparing")
    card = report_card(
        np.concatenate(made),
        np.repeat(np.asarray(run.classes, dtype=object), each),
        run.h[rows["train"]],
        labels[rows["train"]],
        run.h[rows["test"]],
        labels[rows["test"]],
        classes=run.classes,
        seed=seed,
    )
    progress(2, 2, "compared")
    evaluation = run.evaluation()
    return {
        "run": run.id,
        "version": VERSION,
        "model": fingerprint(run.path),
        "samples": samples,
        "seed": seed,
        "classes": run.classes,
        "fold": evaluation.get("fold"),
        "speakers": {part: _speakers(run, rows[part]) for part in rows},
        "n": {part: int(chosen.sum()) for part, chosen in rows.items()},
        **card.to_dict(),
        "information": run.information(),
    }


def write_quality(run: LoadedRun, card: dict[str, Any]) -> Path:
    """Keeps the card in the run's folder, atomically.

    Raises:
        FailureError: the folder cannot be written or the disk is full.
    """
    target = run.path / FILE
    refuse_gone(run.path)
    with clear_disk_errors(target):
        write_json(target, card)
    return target


def read_quality(path: Path) -> dict[str, Any] | None:
    """The card of a run's folder; None where none was measured, or one of other networks or of another version.

    Raises:
        BadInputError: the file is damaged.
    """
    file = path / FILE
    if not file.is_file():
        return None
    card = read_card(file)
    current = card.get("version") == VERSION and card.get("model") == fingerprint(path)
    return check_card(file, card) if current else None


def fingerprint(path: Path) -> str:
    """SHA-256 of the networks and the aligned features of a run: another model is another fingerprint."""
    digest = hashlib.sha256()
    for file in (
        *(path / folder / "model.safetensors" for folder in _FILES),
        path / "features" / "aligned.safetensors",
    ):
        try:
            with open_plain(file) as stream:
                digest.update(hashlib.file_digest(stream, "sha256").digest())  # type: ignore[arg-type]
        except OSError as error:
            raise BadInputError(f"{file}: cannot be read ({error.strerror}); copy the run's folder again") from None
    return digest.hexdigest()


def _speakers(run: LoadedRun, rows: np.ndarray) -> list[str]:
    return sorted({str(name) for name in run.utterances["speaker"][rows].dropna()})
