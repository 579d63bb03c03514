"""Mutual information in nats: bounds to train with, and held-out figures to report."""

from core.information.bounds import (
    infonce,
    infonce_ceiling,
    jensen_shannon,
    nwj,
    smile,
    variational_discrete,
    variational_gaussian,
)
from core.information.club import CLUB
from core.information.contrastive import InfoNCECritic
from core.information.estimate import Estimate
from core.information.estimators import Estimator, UnsuitedError
from core.information.held_out import (
    Fitted,
    fit_estimator,
    held_out_mi,
    measured_mi,
    pointwise_mi,
    posterior_pointwise_mi,
)
from core.information.ksg import KSG
from core.information.mine_estimator import MINE
from core.information.nwj_estimator import NWJ
from core.information.registry import ESTIMATORS
from core.information.smile_estimator import SMILE
from core.information.variational import VariationalDiscrete, VariationalGaussian

__all__ = [
    "CLUB",
    "ESTIMATORS",
    "KSG",
    "MINE",
    "NWJ",
    "SMILE",
    "Estimate",
    "Estimator",
    "Fitted",
    "InfoNCECritic",
    "UnsuitedError",
    "VariationalDiscrete",
    "VariationalGaussian",
    "fit_estimator",
    "held_out_mi",
    "infonce",
    "infonce_ceiling",
    "jensen_shannon",
    "measured_mi",
    "nwj",
    "pointwise_mi",
    "posterior_pointwise_mi",
    "smile",
    "variational_discrete",
    "variational_gaussian",
]
