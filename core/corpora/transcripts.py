"""Which utterances say the same."""

from __future__ import annotations

import unicodedata

import numpy as np
import pandas as pd


def normalise(text: str | None) -> str:
    """``text`` without case, punctuation and needless space.

    >>> normalise("  Kids are talking, by the DOOR! ")
    'kids are talking by the door'
    """
    folded = unicodedata.normalize("NFKC", text or "").casefold()
    kept = (" " if unicodedata.category(char)[0] in "PSZC" else char for char in folded)
    return " ".join("".join(kept).split())


def transcript_groups(table: pd.DataFrame) -> np.ndarray:
    """Numbers the transcripts: int64 (n,), the same number for the same normalised text, -1 where there is none.

    Acted corpora say the same few sentences in every emotion: such rows are positives of one another.
    """
    numbers: dict[str, int] = {"": -1}
    keys = [normalise(text if isinstance(text, str) else None) for text in table["text"]]
    return np.array([numbers.setdefault(key, len(numbers) - 1) for key in keys], dtype=np.int64)
