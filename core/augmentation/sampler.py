"""Generated features as an over-sampler of imbalanced-learn."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import pandas as pd
from imblearn.over_sampling.base import BaseOverSampler
from sklearn.utils import _safe_indexing
from sklearn.utils.validation import validate_data

from core.augmentation.filters import Filter, find_filter
from core.augmentation.layers import LAYERS, Decoder, Layer
from core.augmentation.marking import checked_speakers, marked
from core.config import Config
from core.errors import BadInputError, FailureError

# A filter that refuses nearly everything ends with an error after this many times the features asked for.
_PATIENCE = 20

Decode = Callable[[np.ndarray, int, np.random.Generator], np.ndarray]


class MirageSampler(BaseOverSampler):
    """Adds generated features to the classes that are short of them.

    It is used like any over-sampler of imbalanced-learn, in its pipelines and inside cross-validation too. Without a
    run, alignment and generator are fitted on the very rows that are given: whatever the classifier is tested on stays
    unseen. With a run nothing is fitted but the way back to embeddings; for an honest figure the run must have been
    trained without the rows that the classifier is tested on. The real rows come back first and unchanged.

    >>> rng = np.random.default_rng(0)
    >>> y = np.repeat(["calm", "tense"], [60, 20])
    >>> X = rng.normal(size=(80, 16)) + (y == "tense")[:, None]
    >>> quick = {"alignment": {"steps": 20, "dim": 8}, "generation": {"steps": 20}}
    >>> X_more, y_more = MirageSampler(config=quick, filter="none").fit_resample(X, y)
    >>> X_more.shape, int((y_more == "tense").sum())
    ((120, 16), 60)

    Args:
        run: a loaded run, or its id or path (then it is opened from the workspace of ``MIRAGE_HOME``); None fits one.
            The labels are then the run's emotions by name; without a run they may be anything.
        sampling_strategy: as for imbalanced-learn's over-samplers: ``"auto"`` fills every class but the greatest up
            to its size; a dict gives the wanted number of rows by class; a share is for two classes.
        share: rows that every class is given besides, as a share of its balanced size: 1 doubles a balanced set.
        filter: which generated features are kept: ``"recovered"`` (the Q head reads the emotion that was asked for),
            ``"pointwise"`` (pointwise mutual information above zero), ``"density"`` (among real features of the
            emotion), ``"none"``, or a function of the run, the batch and the emotion that returns a mask. Others are
            generated in place of those refused.
        layer: what the rows of X are. ``"aligned"``: aligned features h (n, d), the input of the last layer.
            ``"input"``: embeddings; generated features are brought back to them (see ``Decoder``). ``"auto"``:
            embeddings without a run, with one what the width says.
        truncation: as for ``LoadedRun.generate``.
        config: of the fit without a run: a ``Config``, or a dict of its sections such as
            ``{"generation": {"steps": 400}}``. Texts are not used.
        unlabelled: the value in y of rows whose class is not known, such as -1 (scikit-learn's convention for
            semi-supervised learning) or ``""``; None: every row has its class. Without a run these rows are told apart
            by what is learnt from the others and then learnt from too, each as its most probable class. They are not
            given back: ``fit_resample`` returns the labelled rows and the generated ones. With a run they are only
            left out. Rows that a classifier is tested on need their class: keep unlabelled ones out of test folds.
        seed: of everything random; the same seed gives the same rows.

    Attributes:
        sampling_strategy_: dict of how many rows balance each class. added_: dict of how many were generated.
        acceptance_: dict of the share of generated features that the filter kept.
        n_features_in_: width of X.

    Raises:
        BadInputError: a width that is not the run's, an emotion that the run does not know, a key out of its range,
            an ``unlabelled`` that cannot be a value of y.
        FailureError: the filter refused nearly everything, or the fit diverged.
    """

    _sampling_type = "over-sampling"
    # Checked where they are used, with the line that MIRAGE's users know.
    _parameter_constraints: ClassVar[dict] = dict.fromkeys(
        ("run", "sampling_strategy", "share", "filter", "layer", "truncation", "config", "unlabelled", "seed"),
        "no_validation",
    )

    def __init__(
        self,
        run: Any = None,
        *,
        sampling_strategy: Any = "auto",
        share: float = 0.0,
        filter: str | Filter | None = "recovered",
        layer: Layer = "auto",
        truncation: float = 1.0,
        config: Config | Mapping[str, Any] | None = None,
        unlabelled: Any = None,
        seed: int = 0,
    ) -> None:
        super().__init__(sampling_strategy=sampling_strategy)
        self.run = run
        self.share = share
        self.filter = filter
        self.layer = layer
        self.truncation = truncation
        self.config = config
        self.unlabelled = unlabelled
        self.seed = seed

    def fit(self, X: Any, y: Any) -> MirageSampler:
        """Checks the rows and counts how many balance each class; ``fit_resample`` does the work."""
        if self.unlabelled is not None:
            known = np.flatnonzero(~marked(y, self.unlabelled))
            X, y = _safe_indexing(X, known), _safe_indexing(y, known)
        return super().fit(X, y)

    def fit_resample(self, X: Any, y: Any, *, speakers: Sequence | None = None) -> Any:
        """The rows of X (n, d) with their labels y (n,), and the generated ones; unlabelled rows are not among them.

        Args:
            speakers: (n,) who speaks, None where unknown: the alignment that is fitted without a run then swaps
                speakers' styles. In a pipeline: ``MirageSampler().set_fit_resample_request(speakers=True)``.
        """
        if self.unlabelled is None:
            return super().fit_resample(X, y, speakers=speakers)
        silent = marked(y, self.unlabelled)
        places = np.flatnonzero(silent)
        more, known = _safe_indexing(X, places), np.flatnonzero(~silent)
        if speakers is not None:
            # The labelled rows first, as they are learnt from.
            speakers = checked_speakers(speakers, len(silent))[np.concatenate([known, places])]
        return super().fit_resample(_safe_indexing(X, known), _safe_indexing(y, known), speakers=speakers, more=more)

    def _check_X_y(self, X: Any, y: Any, accept_sparse: Any = None) -> Any:  # noqa: N802 (imbalanced-learn's name)
        # Features of a network are dense; a sparse matrix is refused instead of being blown up silently. A frame with
        # sparse columns is a frame first: imbalanced-learn gives it back with sparse columns.
        return super()._check_X_y(_dense(X), y, accept_sparse=False)

    def __sklearn_clone__(self) -> MirageSampler:
        # A clone shares the run: its networks are only read, and copying them for each fold would be waste.
        return type(self)(**self.get_params(deep=False))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = False
        return tags

    def _fit_resample(
        self, X: np.ndarray, y: np.ndarray, speakers: Sequence | None = None, more: Any | None = None
    ) -> Any:
        keep = find_filter(self.filter)
        if self.layer not in LAYERS:
            raise BadInputError(f"there is no layer {self.layer!r}; there are: {', '.join(LAYERS)}")
        if not np.isfinite(self.share) or self.share < 0:
            raise BadInputError(f"share {self.share}: at least 0")
        if not 0 <= self.seed < 2**31:
            raise BadInputError(f"seed {self.seed}: from 0 to {2**31 - 1}")
        wanted = self._wanted(y)
        self.added_ = dict(wanted)
        self.acceptance_: dict[Any, float] = {}
        if not wanted:
            return X, y
        more = validate_data(self, X=_dense(more), reset=False) if more is not None and len(more) else X[:0]
        run, names, decode = self._source(X, y, speakers, more)
        rows, labels = [X], [y]
        for label, count in wanted.items():
            name = names[label]
            # Each class has its own seed: what another class asks for does not change its rows.
            places = np.random.SeedSequence([self.seed, list(run.classes).index(name)])
            made, self.acceptance_[label] = _generated(
                run, keep, name, count, self.truncation, int(places.generate_state(1)[0] >> 1)
            )
            if decode is not None:
                made = decode(made, list(run.classes).index(name), np.random.default_rng(places))
            rows.append(made.astype(X.dtype, copy=False))
            labels.append(np.full(count, label, dtype=y.dtype))
        return np.concatenate(rows), np.concatenate(labels)

    def _wanted(self, y: np.ndarray) -> dict[Any, int]:
        """How many rows each class is given; classes that get none are left out."""
        wanted = {}
        for label, real in zip(*np.unique(y, return_counts=True), strict=True):
            balancing = int(self.sampling_strategy_.get(label, 0))
            count = balancing + int(np.rint(self.share * (real + balancing)))
            if count > 0:
                wanted[label] = count
        return wanted

    def _source(
        self, X: np.ndarray, y: np.ndarray, speakers: Sequence | None, more: np.ndarray
    ) -> tuple[Any, dict, Decode | None]:
        """What generates, the name it has for each label, and the way back to embeddings where one is needed."""
        found, labels = np.unique(y, return_inverse=True)
        # However the table lay in memory: sums over another order differ in their last digits.
        X, more = (np.ascontiguousarray(rows, dtype=np.float64) for rows in (X, more))
        if self.run is None:
            from core.augmentation.fitted import FittedMirage

            settings = self.config if isinstance(self.config, Config) else Config().changed(**dict(self.config or {}))
            aligned = self.layer == "aligned"
            run: Any = FittedMirage.fit(X, labels, speakers, settings, aligned=aligned, seed=self.seed, more=more)
            names = dict(zip(found, run.classes, strict=True))
            both = np.concatenate([X, more])
            return run, names, None if aligned else Decoder(both, run.h, run.labels, len(run.classes))
        run = self._opened_run()
        known = [str(name) for name in run.classes]
        unknown = sorted({str(label) for label in found} - set(known))
        if unknown:
            raise BadInputError(f"the run does not know {', '.join(unknown)}; its emotions: {', '.join(known)}")
        names = {label: str(label) for label in found}
        if self.layer == "aligned" or (self.layer == "auto" and X.shape[1] == run.dim):
            if X.shape[1] != run.dim:
                raise BadInputError(
                    f"X has {X.shape[1]} columns, the run generates features of {run.dim}: give its aligned features h "
                    "(LoadedRun.h, or LoadedRun.align_audio of its encoder's embeddings), or use layer='input'"
                )
            return run, names, None
        if not hasattr(run, "align_audio"):
            raise BadInputError(f"X has {X.shape[1]} columns, the run generates features of {run.dim}")
        places = np.asarray([known.index(str(label)) for label in found])[labels]
        return run, names, Decoder(X, run.align_audio(X), places, len(known))

    def _opened_run(self) -> Any:
        if isinstance(self.run, str) or hasattr(self.run, "__fspath__"):
            from core.runs import load_run

            return load_run(self.run)
        return self.run


def _dense(X: Any) -> Any:
    if isinstance(X, pd.DataFrame) and any(isinstance(kind, pd.SparseDtype) for kind in X.dtypes):
        return X.astype({name: kind.subtype for name, kind in X.dtypes.items() if isinstance(kind, pd.SparseDtype)})
    return X


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
