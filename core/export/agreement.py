"""Whether an ONNX file computes what the network it was made from computes, on rows of the run."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from core.alignment import Aligner
from core.errors import BadInputError, FailureError
from core.export.networks import Exported

if TYPE_CHECKING:
    from core.runs.loaded import LoadedRun

TOLERANCE = 1e-4
"""Largest difference, as a share of the largest value of an output (of 1 where that is smaller)."""

BATCHES = (1, 7, 64)
MOST_ROWS = 512
SEED = 0
_DRAWN = "embeddings drawn with the mean and deviation of the training ones"


@dataclass(frozen=True)
class Agreement:
    """How far the two differ over all outputs and batches.

    Attributes:
        rows: how many were compared at once, besides batches of 1, 7 and 64. source: where they are from.
        max_abs: largest absolute difference. max_relative: the same as a share, see ``TOLERANCE``.
    """

    rows: int
    source: str
    max_abs: float
    max_relative: float

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


class Rows:
    """Inputs for every network: real rows of the run wherever there are any, else drawn ones."""

    def __init__(self, run: LoadedRun) -> None:
        self.run = run
        self._generator = np.random.default_rng(SEED)
        self._embeddings = self._found()

    def inputs(self, network: Exported) -> tuple[list[np.ndarray], str]:
        """An array for each input of ``network``, of as many rows each, and where they are from."""
        run = self.run
        if network.name.startswith("aligner_"):
            side = network.name.removeprefix("aligner_")
            real = self._embeddings.get(side)
            if real is not None:
                return [real], f"{side} embeddings of the run's corpus"
            return [self._drawn(side)], f"{side} {_DRAWN}"
        rows = np.arange(len(run.h))
        if "t" in network.inputs:
            rows = rows[run.has_text]
        rows = rows[:MOST_ROWS]
        features, whose = {"h": run.h, "t": run.t}, "of the run"
        if not len(rows):
            # It was published without the features of its utterances.
            rows, features, whose = np.arange(MOST_ROWS), self._made(), f"of {_DRAWN}"
        if network.name != "generator":
            return [self._array(features[name], rows) for name in network.inputs], f"aligned features {whose}"
        sizes = dict(network.inputs)
        z, u = (self._generator.standard_normal((len(rows), sizes[name]), dtype=np.float32) for name in ("z", "u"))
        # Half of them one emotion, half a mixture.
        c = np.eye(sizes["c"], dtype=np.float32)[rows % sizes["c"]]
        c[::2] = self._generator.dirichlet(np.ones(sizes["c"]), len(c[::2]))
        made = {"z": z, "c": c, "u": u, "t": self._array(features["t"], rows) if "t" in sizes else None}
        text = f", text features {whose}" if "t" in sizes else ""
        return [made[name] for name in sizes], f"noise and codes drawn, emotions and mixtures of them{text}"  # type: ignore[misc]

    def _array(self, features: np.ndarray | None, rows: np.ndarray) -> np.ndarray:
        assert features is not None
        return np.ascontiguousarray(features[rows], dtype=np.float32)

    def _made(self) -> dict[str, np.ndarray | None]:
        """What the aligner makes of drawn embeddings."""
        text = self.run.align_text(self._drawn("text")) if self.run.networks()["aligner"].config["text"] else None
        return {"h": self.run.align_audio(self._drawn("audio")), "t": text}

    def _drawn(self, side: str) -> np.ndarray:
        aligner = self.run.networks()["aligner"]
        assert isinstance(aligner, Aligner)
        scale = getattr(aligner, side).standardise
        drawn = self._generator.standard_normal((MOST_ROWS, len(scale.mean)), dtype=np.float32)
        return drawn * scale.deviation.numpy() + scale.mean.numpy()

    def _found(self) -> dict[str, np.ndarray]:
        """Embeddings of the run's corpus by modality, where they are in the workspace and fit the networks."""
        from core.runs.data import load_data

        try:
            data = load_data(self.run.config, self.run.workspace)
        except BadInputError:
            # The run was copied here without its corpus.
            return {}
        wanted = self.run.networks()["aligner"].config
        found = {"audio": data.audio, "text": None if data.text is None else data.text[data.has_text]}
        return {
            side: np.ascontiguousarray(values[:MOST_ROWS], dtype=np.float32)
            for side, values in found.items()
            if values is not None and values.shape[1] == wanted[side]
        }


def agreement(file: Path, network: Exported, inputs: list[np.ndarray], source: str) -> Agreement:
    """Runs the file in onnxruntime and the network in PyTorch on the same rows, in batches of several sizes.

    Raises:
        FailureError: they differ by more than ``TOLERANCE``, or an output is not finite or of another shape.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    largest, share = 0.0, 0.0
    for size in (*(size for size in BATCHES if size < len(inputs[0])), len(inputs[0])):
        rows = [values[:size] for values in inputs]
        found = session.run(list(network.outputs), dict(zip(network.inputs, rows, strict=True)))
        with torch.no_grad():
            given = network.module(*(torch.from_numpy(values) for values in rows))
        given = given if isinstance(given, tuple) else (given,)
        for (name, width), ours, theirs in zip(network.outputs.items(), given, found, strict=True):
            wanted = ours.numpy()
            if theirs.shape != (size, width) or not np.isfinite(theirs).all():
                raise FailureError(
                    f"{file.name}: {name} of {size} rows has shape {theirs.shape} or is not finite; nothing was "
                    "written. Another version of onnx, onnxscript or onnxruntime may do; see constraints.txt"
                )
            difference = float(np.abs(theirs - wanted).max())
            largest = max(largest, difference)
            share = max(share, difference / max(1.0, float(np.abs(wanted).max())))
    if not share <= TOLERANCE:
        raise FailureError(
            f"{file.name}: differs from PyTorch by {largest:.2g} ({share:.2g} of the largest value, at most "
            f"{TOLERANCE:g} is allowed); nothing was written. Another version of onnx, onnxscript or onnxruntime may "
            "do; see constraints.txt"
        )
    return Agreement(len(inputs[0]), source, largest, share)
