"""Generated features as an over-sampler of imbalanced-learn."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from imblearn.base import BaseSampler

from core.augmentation.filters import Filter, find_filter
from core.errors import BadInputError, FailureError

# A filter that refuses nearly everything ends with an error after this many times the features asked for.
_PATIENCE = 20


class MirageSampler(BaseSampler):
    """Adds generated features to the classes that are short of them.

    It is used like any over-sampler of imbalanced-learn, in its pipelines too. ``X`` are aligned features h (n, d) of
    the run, ``y`` emotions by name. The real rows come back first and unchanged. For an honest figure the run must
    have been trained without the rows that the classifier is tested on.

    Args:
        run: a loaded run, or its id or path (then it is opened from the workspace of ``MIRAGE_HOME``).
        sampling_strategy: as for imbalanced-learn's over-samplers: ``"auto"`` fills every class but the greatest up
            to its size; a dict gives the wanted number of rows by class; a share is for two classes.
        filter: which generated features are kept: ``"recovered"`` (the Q head reads the emotion that was asked for),
            ``"pointwise"`` (pointwise mutual information above zero), ``"none"``, or a function of the run, the batch
            and the emotion that returns a mask. Others are generated in place of those refused.
        truncation: as for ``LoadedRun.generate``.
        seed: of the noise and the codes; the same seed gives the same rows.

    Attributes:
        sampling_strategy_: dict of how many rows are generated for each class.
        acceptance_: dict of the share of generated features that the filter kept.
        n_features_in_: width of X.

    Raises:
        BadInputError: no run, a width that is not the run's, an emotion that the run does not know.
        FailureError: the filter refused nearly everything.
    """

    _sampling_type = "over-sampling"
    _parameter_constraints: ClassVar[dict] = {
        "run": "no_validation",
        "filter": "no_validation",
        "sampling_strategy": "no_validation",
        "truncation": "no_validation",
        "seed": "no_validation",
    }

    def __init__(
        self,
        run: Any = None,
        *,
        sampling_strategy: Any = "auto",
        filter: str | Filter | None = "recovered",
        truncation: float = 1.0,
        seed: int = 0,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.run = run
        self.filter = filter
        self.truncation = truncation
        self.seed = seed

    def _check_X_y(self, X: Any, y: Any, accept_sparse: Any = None) -> Any:  # noqa: N802 (imbalanced-learn's name)
        # Features of a network are dense; a sparse table is refused instead of being blown up silently.
        return super()._check_X_y(X, y, accept_sparse=False)

    def __sklearn_clone__(self) -> MirageSampler:
        # A clone shares the run: its networks are only read, and copying them for each fold would be waste.
        return type(self)(**self.get_params(deep=False))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        return tags

    def _fit_resample(self, X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        run, keep = self._opened_run(), find_filter(self.filter)
        if X.shape[1] != run.dim:
            raise BadInputError(
                f"X has {X.shape[1]} columns, the run generates features of {run.dim}: give its aligned features h "
                "(LoadedRun.h, or LoadedRun.align_audio of its encoder's embeddings)"
            )
        known = [str(name) for name in run.classes]
        unknown = sorted({str(label) for label in np.unique(y)} - set(known))
        if unknown:
            raise BadInputError(f"the run does not know {', '.join(unknown)}; its emotions: {', '.join(known)}")
        self.acceptance_: dict[Any, float] = {}
        rows, labels = [X], [y]
        for label, count in self.sampling_strategy_.items():
            if count < 1:
                continue
            # Each class has its own seed: what another class asks for does not change its rows.
            seed = int(np.random.SeedSequence([self.seed, known.index(str(label))]).generate_state(1)[0] >> 1)
            made, self.acceptance_[label] = _generated(run, keep, str(label), int(count), self.truncation, seed)
            rows.append(made.astype(X.dtype, copy=False))
            labels.append(np.full(count, label, dtype=y.dtype))
        return np.concatenate(rows), np.concatenate(labels)

    def _opened_run(self) -> Any:
        if self.run is None:
            raise BadInputError("MirageSampler needs a run: MirageSampler(load_run('my-run'))")
        if isinstance(self.run, str) or hasattr(self.run, "__fspath__"):
            from core.runs import load_run

            return load_run(self.run)
        return self.run


def _generated(
    run: Any, keep: Filter, emotion: str, count: int, truncation: float, seed: int
) -> tuple[np.ndarray, float]:
    """``count`` generated features (count, d) that passed the filter, and the share that passed."""
    paired = getattr(run, "mode", "free") == "paired"
    kept: list[np.ndarray] = []
    passed = tried = 0
    for turn in range(_PATIENCE):
        # Later turns ask for what is still missing, by the share that has passed so far.
        ask = count if not tried else int(np.ceil(1.2 * (count - passed) * tried / max(1, passed))) + 8
        ask = min(ask, _PATIENCE * count - tried)
        if ask < 1:
            break
        batch = run.generate(emotion, ask, truncation=truncation, seed=(seed + turn) % 2**31, paired=paired)
        mask = np.asarray(keep(run, batch, emotion), dtype=bool)
        if mask.shape != (ask,):
            raise BadInputError(f"the filter must return a mask ({ask},) for {ask} features: {mask.shape}")
        kept.append(np.asarray(batch.audio)[mask])
        passed, tried = passed + int(mask.sum()), tried + ask
        if passed >= count:
            return np.concatenate(kept)[:count], passed / tried
    raise FailureError(
        f"of {tried} generated {emotion} features only {passed} passed the filter, {count} were asked for; "
        "use filter='none', or a run that has learnt this emotion"
    )
