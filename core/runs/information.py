"""Held-out mutual information of a finished run, measured anew."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.errors import BadInputError
from core.generation import PAIR, C, T, U
from core.information import ESTIMATORS, held_out_mi
from core.runs.loaded import LoadedRun


def measure_information(run: LoadedRun, *, estimator: str | None = None, seed: int = 0) -> list[dict[str, Any]]:
    """Draws fresh samples, emotions in equal shares, and measures what they carry about their conditioning.

    Args:
        estimator: a key of ``core.information.ESTIMATORS`` for every quantity that it can measure; by default
            variational for emotion and codes, InfoNCE for text and pairs.

    Returns:
        One dict for each quantity: the fields of ``Estimate``, and ``training_bound`` as the run has kept it.

    Raises:
        BadInputError: no such estimator, or a seed that is none.
    """
    settings = run.config.information
    known = sorted({name for kind in ESTIMATORS.values() for name in kind})
    if estimator is not None and estimator not in known:
        raise BadInputError(f"there is no estimator {estimator!r}; choose one of {', '.join(known)}")
    if not 0 <= seed < 2**31:
        raise BadInputError(f"seed {seed}: from 0 to {2**31 - 1}")
    each = -(-settings.samples // len(run.classes))
    batches = [run.generate(name, each, seed=seed * 1009 + 1 + index) for index, name in enumerate(run.classes)]
    h_hat = np.concatenate([batch.audio for batch in batches])
    labels = np.repeat(np.arange(len(run.classes)), each)
    codes = np.concatenate([batch.codes[run.code_names].to_numpy() for batch in batches])
    quantities: list[tuple[str, np.ndarray, str, str]] = [
        (C, labels, "discrete", "variational"),
        (U, codes, "continuous", "variational"),
    ]
    if run.mode == "text":
        texts = [batch.condition for batch in batches if batch.condition is not None]
        quantities.append((T, np.concatenate(texts), "continuous", "infonce"))
    if run.mode == "paired":
        pairs = [batch.text for batch in batches if batch.text is not None]
        quantities.append((PAIR, np.concatenate(pairs), "continuous", "infonce"))
    kept = {figure["quantity"]: figure.get("training_bound") for figure in run.information()}
    figures = []
    for quantity, y, kind, usual in quantities:
        chosen = estimator if estimator in ESTIMATORS[kind] else usual
        estimate = held_out_mi(
            h_hat,
            y,
            kind=kind,  # type: ignore[arg-type]
            estimator=chosen,
            seed=seed,
            steps=settings.steps,
            batch=settings.batch,
            bootstrap=settings.bootstrap,
            quantity=quantity,
        )
        figures.append({**estimate.to_dict(), "training_bound": kept.get(quantity)})
    return figures
