"""What stage 1 learns from: one part of the utterances, as tensors."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor


@dataclass(frozen=True, eq=False)
class AlignmentData:
    """One part of the utterances, as tensors on the CPU.

    Attributes:
        audio: (n, d_a) pooled audio embeddings. labels: (n,) class indices.
        text: (n, d_s) pooled text embeddings, or None. has_text: (n,) bool.
        groups: (n,) same transcript, same number; -1 where there is none.
        speakers: (n,) same speaker, same number, counted from 0; -1 where the speaker is not known. None: nobody is.
    """

    audio: Tensor
    labels: Tensor
    text: Tensor | None
    has_text: Tensor
    groups: Tensor
    speakers: Tensor | None = None

    @classmethod
    def of(
        cls,
        rows: np.ndarray,
        *,
        audio: np.ndarray,
        labels: np.ndarray,
        text: np.ndarray | None,
        has_text: np.ndarray,
        groups: np.ndarray,
        speakers: np.ndarray,
    ) -> AlignmentData:
        """The ``rows`` (n,) bool of arrays over all utterances; ``speakers`` are names, None where unknown."""
        return cls(
            audio=torch.from_numpy(audio[rows]),
            labels=torch.from_numpy(labels[rows]),
            text=None if text is None else torch.from_numpy(text[rows]),
            has_text=torch.from_numpy(has_text[rows]),
            groups=torch.from_numpy(groups[rows]),
            speakers=torch.from_numpy(_numbered(speakers[rows])),
        )


def _numbered(names: np.ndarray) -> np.ndarray:
    """(n,) names to numbers in the order of the names; -1 for what is no name.

    >>> _numbered(np.array(["03", None, "08", "03"], dtype=object)).tolist()
    [0, -1, 1, 0]
    """
    numbers = {name: number for number, name in enumerate(sorted({name for name in names if isinstance(name, str)}))}
    return np.array([numbers.get(name, -1) if isinstance(name, str) else -1 for name in names], dtype=np.int64)
