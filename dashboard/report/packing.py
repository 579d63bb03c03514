"""Arrays as the bytes of a safetensors file that a report holds."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from safetensors.numpy import save


def packed(tensors: Mapping[str, np.ndarray], name: str, text: str) -> bytes:
    """Arrays of float32, uint16 or uint8 by name, with one text beside them: the same arrays give the same bytes.

    One text alone, since the library writes several in any order.
    """
    return save({key: np.ascontiguousarray(values) for key, values in tensors.items()}, metadata={name: text})
