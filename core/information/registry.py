"""The estimators by name."""

from __future__ import annotations

from collections.abc import Callable

from core.errors import BadInputError
from core.information.club import CLUB
from core.information.contrastive import InfoNCECritic
from core.information.estimators import Estimator, UnsuitedError
from core.information.ksg import KSG
from core.information.mine_estimator import MINE
from core.information.nwj_estimator import NWJ
from core.information.samples import Kind
from core.information.smile_estimator import SMILE
from core.information.variational import VariationalDiscrete, VariationalGaussian

Builder = Callable[..., Estimator]
"""Called with ``steps`` and ``batch``."""

ESTIMATORS: dict[str, dict[Kind, Builder]] = {
    "variational": {"discrete": VariationalDiscrete, "continuous": VariationalGaussian},
    "infonce": {"discrete": InfoNCECritic, "continuous": InfoNCECritic},
    "nwj": {"discrete": NWJ, "continuous": NWJ},
    "mine": {"discrete": MINE, "continuous": MINE},
    "smile": {"discrete": SMILE, "continuous": SMILE},
    "club": {"discrete": CLUB, "continuous": CLUB},
    "ksg": {"discrete": KSG, "continuous": KSG},
}
"""By key, and by what y is."""

DEFAULTS: dict[Kind, str] = {"discrete": "variational", "continuous": "infonce"}
"""What ``auto`` takes."""


def build_estimator(key: str, kind: Kind, *, steps: int, batch: int) -> tuple[str, Estimator]:
    """The key as the registry has it, and a fresh estimator.

    Raises:
        BadInputError: there is no such estimator; ``UnsuitedError`` where it is not for that kind of y.
    """
    if kind not in DEFAULTS:
        raise BadInputError(f"kind must be one of {', '.join(DEFAULTS)}: {kind!r}")
    key = DEFAULTS[kind] if key == "auto" else key.lower()
    if key not in ESTIMATORS:
        raise BadInputError(f"there is no estimator {key!r}; there are: auto, {', '.join(ESTIMATORS)}")
    if kind not in ESTIMATORS[key]:
        raise UnsuitedError(f"estimator {key!r} is not for a {kind} y")
    return key, ESTIMATORS[key][kind](steps=steps, batch=batch)
