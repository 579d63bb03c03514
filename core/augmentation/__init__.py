"""Generated features as training data."""

from core.augmentation.filters import FILTERS, Filter, find_filter
from core.augmentation.layers import LAYERS, Decoder, Layer
from core.augmentation.sampler import MirageSampler

__all__ = ["FILTERS", "LAYERS", "Decoder", "Filter", "Layer", "MirageSampler", "find_filter"]
