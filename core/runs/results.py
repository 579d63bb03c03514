"""What a run leaves behind beside its networks: features, evaluation, information, map."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import torch
from torch import Tensor

from core.alignment import Aligner
from core.config import Config
from core.corpora import Permissions
from core.files import atomic_directory, atomic_path, read_json, write_json
from core.generation import GenerationStage, held_out_figures
from core.networks import write_tensors
from core.projection import fit_map
from core.runs.data import RunData
from core.runs.events import EventLog
from core.runs.licensed import about

EVALUATION = "evaluation.json"
INFORMATION_SEED = 104_729
"""Seed of the samples that the final held-out figures are measured on; no training step draws from it."""


@torch.no_grad()
def features_of(aligner: Aligner, data: RunData) -> dict[str, Tensor]:
    """Aligned features of all n utterances on the CPU: ``h`` (n, d), ``t`` (n, d) with zeros where there is no text.

    ``predicted`` (n, k) holds the probabilities of the classifier on h.
    """
    h = aligner.audio(torch.from_numpy(data.audio))
    features = {"h": h, "predicted": aligner.head_audio(h).softmax(dim=1)}
    if data.text is not None:
        has_text = torch.from_numpy(data.has_text)
        features["t"] = aligner.text(torch.from_numpy(data.text)) * has_text[:, None]
    return features


class Results:
    """Recognition on the held-out speakers, beside a tuned logistic regression on the raw embeddings."""

    def __init__(self, folder: Path, config: Config, data: RunData, features: dict[str, Tensor]) -> None:
        self.folder, self.config, self.data, self.features = folder, config, data, features

    def write_evaluation(self, aligner: Aligner, *, anew: bool = False) -> None:
        """Writes ``evaluation.json``; figures only where a fold is held out.

        Args:
            anew: the aligner has learnt from guessed emotions too; the figures of the one before, which are there,
                are kept beside its own, under ``labelled_alone``.
        """
        file, content = self.folder / EVALUATION, self._evaluation(aligner)
        if anew:
            before = read_json(file) if file.is_file() else {}
            # Killed after this was written and before the next checkpoint, it is written once more.
            content["labelled_alone"] = before.get("labelled_alone") or {
                kind: before[kind] for kind in ("audio", "audio_and_text") if kind in before
            }
        write_json(file, content)

    @torch.no_grad()
    def _evaluation(self, aligner: Aligner) -> dict[str, object]:
        # Not at the top: scikit-learn takes longer to load than the first steps take, and curves are wanted at once.
        from core.evaluation import LogisticReference, scores

        data = self.data
        test = data.rows("test")
        more = ("unlabelled",) if self.config.data.unlabelled else ()
        content: dict[str, object] = {
            "classes": data.classes,
            "fold": data.fold,
            "folds": self.config.data.folds,
            "speakers": {
                part: sorted({str(name) for name in data.table["speaker"][data.rows(part)].dropna()})
                for part in ("train", "validation", "test", *more)
            },
            "n": {part: int(data.rows(part).sum()) for part in ("train", "validation", "test", "unused", *more)},
        }
        if test.any():
            names = np.asarray(data.classes, dtype=object)
            truth = names[data.labels[test]]
            predicted = self.features["predicted"].numpy()[test].argmax(axis=1)
            content["audio"] = scores(truth, names[predicted], data.classes).to_dict()
            both = test & data.has_text
            if both.any() and "t" in self.features:
                rows = torch.from_numpy(both)
                logits = aligner.classify_both(self.features["h"][rows], self.features["t"][rows])
                content["audio_and_text"] = scores(
                    names[data.labels[both]], names[logits.argmax(dim=1).numpy()], data.classes
                ).to_dict()
            training = data.rows("train") | data.rows("validation")
            reference = LogisticReference().fit_predict(
                data.audio,
                data.table["label"].to_numpy(dtype=object),
                data.table["speaker"].to_numpy(dtype=object),
                training,
                test,
            )
            content["reference"] = scores(truth, reference, data.classes).to_dict()
        return content


def write_information(folder: Path, stage: GenerationStage, config: Config, log: EventLog) -> None:
    """Measures the held-out mutual information of the finished generator and writes ``information.json``."""
    conditions, h_hat, t_hat = stage.sample(config.information.samples, config.training.seed + INFORMATION_SEED)
    figures = held_out_figures(conditions, h_hat, t_hat, config.information, seed=config.training.seed)
    bounds = stage.training_bounds(conditions, h_hat, t_hat)
    rows = [{**figure.to_dict(), "training_bound": bounds.get(figure.quantity)} for figure in figures]
    write_json(folder / "information.json", rows)
    log.write(
        "information",
        stage.total,
        {f"{figure.quantity}/{part}": getattr(figure, part) for figure in figures for part in ("value", "low", "high")},
    )


def write_features(folder: Path, data: RunData, features: dict[str, Tensor]) -> None:
    """Writes ``features/``: the utterances of the run and their aligned features, so that the run stands alone."""
    probabilities = features["predicted"].numpy()
    table = data.table.drop(columns=["emotion_votes"]).assign(
        predicted=np.asarray(data.classes, dtype=object)[probabilities.argmax(axis=1)],
        p_true=np.where(
            data.labels >= 0, probabilities[np.arange(len(data.labels)), np.maximum(data.labels, 0)], np.nan
        ),
        has_text=data.has_text,
    )
    allowed = Permissions.of(data.corpus.metadata)
    arrow = pa.Table.from_pandas(table, preserve_index=False)
    arrow = arrow.replace_schema_metadata(
        # What a corpus is and its switches go with the run: a copy of it keeps to them where the corpus is not.
        {
            "corpus": data.corpus.name,
            **about(data.corpus.metadata),
            **{key: str(yes).lower() for key, yes in allowed.to_metadata().items()},
        }
    )
    with atomic_directory(folder / "features") as temporary:
        pq.write_table(arrow, temporary / "utterances.parquet")
        write_tensors(
            temporary / "aligned.safetensors", {name: features[name] for name in ("h", "t") if name in features}
        )


def write_map(folder: Path, features: dict[str, Tensor], config: Config) -> None:
    """Fits the map to h and t together and writes ``projection/``."""
    h = features["h"].numpy()
    points, rows, modality = h, np.arange(len(h)), np.full(len(h), "audio", dtype=object)
    if "t" in features:
        t = features["t"].numpy()
        there = np.flatnonzero(np.abs(t).sum(axis=1) > 0)
        points = np.concatenate([h, t[there]])
        rows = np.concatenate([rows, there])
        modality = np.concatenate([modality, np.full(len(there), "text", dtype=object)])
    fitted = fit_map(points, config.projection, seed=config.training.seed)
    fitted.projector.save_pretrained(folder / "projection" / "projector")
    table = pa.table(
        {
            "row": pa.array(rows, pa.int32()),
            "modality": pa.array(modality, pa.string()),
            "x": pa.array(fitted.coordinates[:, 0], pa.float32()),
            "y": pa.array(fitted.coordinates[:, 1], pa.float32()),
        }
    )
    with atomic_path(folder / "projection" / "coordinates.parquet") as temporary:
        pq.write_table(table, temporary)
    write_json(folder / "projection" / "quality.json", fitted.quality)
