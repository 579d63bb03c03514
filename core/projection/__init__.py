"""The two-dimensional map of the aligned space."""

from core.projection.fit import Map, fit_map, trustworthiness
from core.projection.networks import Projector

__all__ = ["Map", "Projector", "fit_map", "trustworthiness"]
