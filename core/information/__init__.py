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
from core.information.contrastive import InfoNCECritic
from core.information.estimate import Estimate
from core.information.estimators import Estimator
from core.information.held_out import (
    ESTIMATORS,
    Fitted,
    fit_estimator,
    held_out_mi,
    pointwise_mi,
    posterior_pointwise_mi,
)
from core.information.variational import VariationalDiscrete, VariationalGaussian

__all__ = [
    "ESTIMATORS",
    "Estimate",
    "Estimator",
    "Fitted",
    "InfoNCECritic",
    "VariationalDiscrete",
    "VariationalGaussian",
    "fit_estimator",
    "held_out_mi",
    "infonce",
    "infonce_ceiling",
    "jensen_shannon",
    "nwj",
    "pointwise_mi",
    "posterior_pointwise_mi",
    "smile",
    "variational_discrete",
    "variational_gaussian",
]
