"""Nearest utterances where there are none."""

from __future__ import annotations

import numpy as np
import pytest

from core import BadInputError
from core.runs.neighbours import Neighbourhood


def test_without_points_there_is_no_neighbourhood() -> None:
    with pytest.raises(BadInputError, match="no utterances to lie near"):
        Neighbourhood(np.zeros((0, 4), dtype=np.float32))
    assert Neighbourhood(np.zeros((1, 4), dtype=np.float32)).nearest(np.ones((2, 4), dtype=np.float32), 5)[0].shape == (
        2,
        1,
    )
