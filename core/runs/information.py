"""Held-out mutual information of a finished run, measured anew."""

from __future__ import annotations

from typing import Any

import numpy as np

from core.errors import BadInputError
from core.generation import PAIR, C, T, U
from core.information import ESTIMATORS, measured_mi
from core.progress import Progress, silent
from core.runs.loaded import LoadedRun


def measure_information(
    run: LoadedRun, *, estimator: str | None = None, seed: int = 0, progress: Progress = silent
) -> list[dict[str, Any]]:
    """Draws fresh samples, emotions in equal shares, and measures what they carry about their conditioning.

    Args:
        estimator: a key of ``core.information.ESTIMATORS`` for every quantity, or ``all`` of them; by default
            variational for emotion and codes, InfoNCE for text and pairs.

    Returns:
        One dict for each quantity and estimator: the fields of ``Estimate``, and ``training_bound`` as the run has
        kept it. Where an estimator diverged or is not for that quantity, ``status`` says so and there is no value.

    Raises:
        BadInputError: no such estimator, one that is for none of the run's quantities, or a seed that is none.
    """
    settings = run.config.information
    if estimator is not None and estimator != "all" and estimator not in ESTIMATORS:
        raise BadInputError(f"there is no estimator {estimator!r}; choose one of {', '.join(ESTIMATORS)}, all")
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
    chosen = {None: None, "all": list(ESTIMATORS)}.get(estimator, [estimator])
    wanted = [
        (quantity, y, kind, name)
        for quantity, y, kind, usual in quantities
        for name in ([usual] if chosen is None else chosen)
    ]
    figures = []
    for done, (quantity, y, kind, name) in enumerate(wanted):
        progress(done, len(wanted), f"{quantity} by {name}")
        estimate = measured_mi(
            h_hat,
            y,
            kind=kind,  # type: ignore[arg-type]
            estimator=name,  # type: ignore[arg-type]
            seed=seed,
            steps=settings.steps,
            batch=settings.batch,
            bootstrap=settings.bootstrap,
            quantity=quantity,
        )
        figures.append({**estimate.to_dict(), "training_bound": kept.get(quantity)})
    progress(len(wanted), len(wanted), "measured")
    if all(figure["status"] == "unsuited" for figure in figures):
        raise BadInputError(f"{estimator} is for none of the quantities of {run.id}: {figures[0]['reason']}")
    return figures
