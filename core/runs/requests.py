"""What is asked of a run's generator, checked and made into its inputs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import pandas as pd
import psutil
import torch

from core.errors import BadInputError, FailureError


@dataclass(frozen=True, eq=False)
class Batch:
    """Generated features.

    Attributes:
        audio: (n, d) float32, h_hat. text: (n, d) float32 t_hat in paired mode, else None.
        codes: n rows with everything they were made from: ``c_<emotion>``, ``u1`` ..., ``z1`` ..., and ``text``, the
            utterance_id or the words that conditioned the row (None without text).
        condition: (n, d) the aligned text feature t that went in, None without text.
    """

    audio: np.ndarray
    text: np.ndarray | None
    codes: pd.DataFrame
    condition: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.audio)


class Conditioned(Protocol):
    """What a request needs to know of a run; see ``LoadedRun`` for the meaning."""

    id: str
    classes: list[str]
    code_names: list[str]
    noise_size: int
    dim: int
    mode: str
    t: np.ndarray | None
    has_text: np.ndarray

    @property
    def utterances(self) -> pd.DataFrame: ...

    def encode_text(self, sentences: list[str]) -> np.ndarray: ...


class Request:
    """``n`` features of an emotion or a mixture of emotions; equal requests give equal inputs.

    Raises:
        BadInputError: a number, an emotion or a code that the run cannot follow.
        FailureError: so many do not fit the memory.
    """

    def __init__(
        self,
        run: Conditioned,
        n: int,
        *,
        emotion: str | None,
        mixture: Mapping[str, float] | None,
        codes: Mapping[str, float],
        truncation: float,
        seed: int,
    ) -> None:
        if n < 1 or not math.isfinite(truncation) or truncation < 0:
            raise BadInputError(f"n = {n}, truncation = {truncation}: at least one feature, truncation not negative")
        self.run, self.n, self.codes, self.truncation = run, n, codes, truncation
        _refuse_too_many(n, run.noise_size + len(run.code_names) + len(run.classes) + 2 * run.dim)
        self.weights = _weights(run.classes, emotion, mixture)
        self._generator = torch.Generator().manual_seed(checked_seed(seed))

    def inputs(self, noise: np.ndarray | None) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """z (n, noise_size), c (n, k) and u (n, m), float32; ``noise`` stands in for the drawn z."""
        run = self.run
        z = self.truncation * torch.randn((self.n, run.noise_size), generator=self._generator)
        u = self.truncation * torch.randn((self.n, len(run.code_names)), generator=self._generator)
        for name, value in self.codes.items():
            if name not in run.code_names:
                raise BadInputError(f"there is no code {name!r}; the run's codes: {', '.join(run.code_names)}")
            if not math.isfinite(value):
                raise BadInputError(f"code {name} = {value}: a number is needed")
            u[:, run.code_names.index(name)] = float(value)
        if noise is not None:
            z = torch.as_tensor(np.asarray(noise, dtype=np.float32))
            if z.shape != (self.n, run.noise_size) or not bool(torch.isfinite(z).all()):
                raise BadInputError(f"noise must be ({self.n}, {run.noise_size}) finite values, found {tuple(z.shape)}")
        c = np.repeat(self.weights.astype(np.float32)[None], self.n, axis=0)
        return z.numpy(), c, u.numpy()

    def conditions(self, text: str | int | np.ndarray | None) -> tuple[np.ndarray | None, Sequence[str | None]]:
        """The aligned text features t (n, d) that go in, None without text; and what to call each row's text."""
        run, n = self.run, self.n
        if run.mode != "text":
            if text is not None:
                raise BadInputError(f"run {run.id!r} is in mode {run.mode}: it cannot be conditioned on text")
            return None, [None] * n
        assert run.t is not None
        if isinstance(text, str):
            if not text.strip():
                raise BadInputError("the text is empty")
            return np.repeat(run.encode_text([text]), n, axis=0), [text] * n
        if isinstance(text, np.ndarray):
            if text.shape != (run.dim,) or not np.isfinite(text).all():
                raise BadInputError(f"a text feature has ({run.dim},) finite values, found {text.shape}")
            return np.repeat(text[None].astype(np.float32), n, axis=0), [None] * n
        if text is not None:
            if not 0 <= int(text) < len(run.utterances) or not run.has_text[int(text)]:
                raise BadInputError(f"row {text}: there is no such utterance with text")
            rows = np.full(n, int(text))
        else:
            rows = self._rows()
        return run.t[rows], run.utterances["utterance_id"].iloc[rows].tolist()

    def table(self, z: np.ndarray, c: np.ndarray, u: np.ndarray, labels: Sequence[str | None]) -> pd.DataFrame:
        """Everything that each feature was made from, one row each; see ``Batch.codes``."""
        return pd.DataFrame(
            {
                **{f"c_{name}": c[:, index] for index, name in enumerate(self.run.classes)},
                **{name: u[:, index] for index, name in enumerate(self.run.code_names)},
                **{f"z{index + 1}": z[:, index] for index in range(self.run.noise_size)},
                "text": labels,
            }
        )

    def _rows(self) -> np.ndarray:
        """Rows of training utterances whose emotions follow the weights; all rows with text where one has none."""
        run = self.run
        if not len(run.utterances):
            raise BadInputError(
                f"run {run.id!r} was published without its utterances: say for which words, with --text or text=..."
            )
        labels = run.utterances["label"].to_numpy(dtype=object)
        usable = (run.utterances["part"] == "train").to_numpy() & run.has_text
        pools = [np.flatnonzero(usable & (labels == name)) for name in run.classes]
        everything = np.flatnonzero(run.has_text)
        if not len(everything):
            raise BadInputError(f"run {run.id!r}: no utterance has text to generate for; give --text, or copy it again")
        weights = torch.from_numpy(self.weights)
        emotions = torch.multinomial(weights, self.n, replacement=True, generator=self._generator).numpy()
        places = torch.rand(self.n, generator=self._generator, dtype=torch.float64).numpy()
        chosen = [pools[emotion] if len(pools[emotion]) else everything for emotion in emotions]
        return np.asarray([pool[int(place * len(pool))] for pool, place in zip(chosen, places, strict=True)])


def checked_seed(seed: int) -> int:
    """``seed`` where PyTorch takes it.

    Raises:
        BadInputError: it is negative or too large.
    """
    if not 0 <= seed < 2**63:
        raise BadInputError(f"seed {seed}: from 0 to {2**63 - 1}")
    return seed


def _refuse_too_many(n: int, width: int) -> None:
    needed, free = 4 * 4 * width * n, psutil.virtual_memory().available
    if needed > free:
        raise FailureError(
            f"{n} features need about {needed / 1e9:,.0f} GB of memory, {free / 1e9:,.0f} GB are free; "
            "ask for fewer at a time"
        )


def _weights(classes: list[str], emotion: str | None, mixture: Mapping[str, float] | None) -> np.ndarray:
    """(k,) shares of the emotions, their sum 1."""
    if (emotion is None) == (mixture is None):
        raise BadInputError("give either an emotion or a mixture of emotions")
    wanted = {emotion: 1.0} if emotion is not None else dict(mixture or {})
    unknown = [str(name) for name in wanted if name not in classes]
    if unknown:
        raise BadInputError(f"the run does not know {', '.join(unknown)}; its emotions: {', '.join(classes)}")
    weights = np.asarray([wanted.get(name, 0.0) for name in classes], dtype=np.float64)
    if not np.isfinite(weights).all() or (weights < 0).any() or weights.sum() <= 0:
        raise BadInputError("the weights of a mixture must not be negative, and one must be above zero")
    return weights / weights.sum()
