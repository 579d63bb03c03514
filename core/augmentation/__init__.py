"""Generated features as training data."""

from core.augmentation.filters import FILTERS, Filter, find_filter
from core.augmentation.sampler import MirageSampler

__all__ = ["FILTERS", "Filter", "MirageSampler", "find_filter"]
