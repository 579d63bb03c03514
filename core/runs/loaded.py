"""A finished run, opened: its networks, its features, its map - wherever the folder was copied to."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from core.alignment import Aligner
from core.config import Config
from core.corpora import Permissions
from core.errors import BadInputError
from core.generation import Discriminator, Generator
from core.hub.names import cached_name
from core.information import posterior_pointwise_mi
from core.networks import Network
from core.progress import Progress, silent
from core.projection import Projector
from core.runs.encoders import RunEncoders
from core.runs.figures import read_evaluation, read_information, read_map_quality
from core.runs.files import find_run, read_config, read_coordinates, read_features, refuse_unfinished
from core.runs.licensed import RunCorpus
from core.runs.links import refuse_links_out
from core.runs.neighbours import Neighbourhood
from core.runs.quality import read_quality
from core.runs.requests import Batch, Request, checked_seed
from core.runs.withheld import require_utterances, training_counts
from core.workspace import Workspace, check_name

N = TypeVar("N", bound=Network)

_PIECE = 65_536


class LoadedRun:
    """A finished run. Made by :func:`load_run`.

    Attributes:
        id, path, config: its name, folder and configuration.
        classes: k emotions. code_names: ``u1`` ... ``um``. mode: text, free or paired.
        utterances: n rows with utterance_id, emotion, label, text, speaker, session, gender, audio, start, end, part,
            predicted, p_true ... ; row i belongs to ``h[i]``. ``text`` is empty where it must not be shown. A run that
            was published without its utterances has 0 rows.
        h: (n, d) float32 aligned audio features. t: (n, d) aligned text features, zero rows without text, or None.
        has_text: (n,) bool. corpus: name of the corpus.
        training_counts: (k,) training utterances by emotion where the run was published without its utterances and says
            them, else None.
    """

    def __init__(self, path: Path, workspace: Workspace) -> None:
        self.path = path
        # A folder of the hub's cache is named by its commit.
        self.id = cached_name(path) or path.name
        refuse_links_out(path)
        self.config: Config = read_config(path)
        refuse_unfinished(path)
        self._aligner = self._network(Aligner, "model/aligner")
        self._generator = self._network(Generator, "model/generator")
        self._discriminator = self._network(Discriminator, "model/discriminator")
        self._projector = self._network(Projector, "projection/projector")
        self.classes: list[str] = list(self._aligner.config["classes"])
        self.dim: int = self._aligner.config["dim"]
        shape = self._generator.config
        heads = self._discriminator.config
        if (
            shape["dim"] != self.dim
            or shape["classes"] != len(self.classes)
            or self._projector.config["dim"] != self.dim
            or any(heads[name] != shape[name] for name in ("dim", "classes", "codes", "text", "paired"))
        ):
            raise BadInputError(f"{path / 'model'}: the networks do not belong together; copy the run's folder again")
        self.code_names: list[str] = [f"u{index + 1}" for index in range(shape["codes"])]
        self.noise_size: int = shape["noise"]
        self.mode: str = "paired" if shape["paired"] else "text" if shape["text"] else "free"
        self._utterances, self.h, self.t, metadata = read_features(path, self.dim, self.classes)
        if self.mode == "text" and self.t is None:
            raise BadInputError(f"{path / 'features' / 'aligned.safetensors'}: t is missing; the run is damaged")
        self.has_text: np.ndarray = self._utterances["has_text"].to_numpy(dtype=bool)
        # It leads to the workspace's own files: a name, never a way.
        self.corpus: str = check_name(metadata.get("corpus", self.config.data.corpus), "corpus")
        self.workspace = workspace
        self.training_counts = training_counts(metadata, len(self.classes))
        self._licensed = RunCorpus(self.corpus, workspace, metadata)

    def __repr__(self) -> str:
        return f"LoadedRun({self.id!r}, {len(self.utterances)} utterances, {', '.join(self.classes)}, mode {self.mode})"

    def generate(
        self,
        emotion: str | None = None,
        n: int = 1,
        *,
        codes: Mapping[str, float] | None = None,
        text: str | int | np.ndarray | None = None,
        mixture: Mapping[str, float] | None = None,
        truncation: float = 1.0,
        seed: int = 0,
        noise: np.ndarray | None = None,
        paired: bool = False,
    ) -> Batch:
        """Makes ``n`` features; the same arguments give the same features.

        >>> from core.demo import ASSETS
        >>> run = load_run("demo", Workspace(ASSETS / "workspace"))
        >>> batch = run.generate("angry", n=500, codes={"u1": 1.5}, seed=7)
        >>> batch.audio.shape, set(batch.codes["u1"])
        ((500, 64), {1.5})
        >>> bool((run.pointwise_mi(batch.audio, "angry") > 0).mean() > 0.8)
        True

        Args:
            emotion: one of ``classes``; or give ``mixture``, weights of several (they are divided by their sum).
            codes: fixed values of some codes in sigma, such as ``{"u1": 1.5}``; the others are drawn from N(0, 1).
            text: where the mode is ``text``: words (the run's text encoder must be on this machine), a row of
                ``utterances``, or an aligned feature (d,). By default each row takes a training utterance of the
                emotion.
            truncation: factor on the drawn noise and codes: below 1 nearer to the typical.
            noise: (n, noise_size) in place of the drawn z (truncation does not apply to it).
            paired: ask for ``text`` features too; the run must be in paired mode.

        Raises:
            BadInputError: an unknown emotion or code, text where there is none, a wrong shape.
            FailureError: so many do not fit the memory.
        """
        if paired and self.mode != "paired":
            raise BadInputError(f"run {self.id!r} is in mode {self.mode}: train with generation.mode=paired for pairs")
        asked = Request(self, n, emotion=emotion, mixture=mixture, codes=codes or {}, truncation=truncation, seed=seed)
        z, c, u = asked.inputs(noise)
        t, labels = asked.conditions(text)
        audio, pair = self.decode(z, c, u, t)
        return Batch(audio, pair, asked.table(z, c, u, labels), t)

    @torch.no_grad()
    def decode(
        self, z: np.ndarray, c: np.ndarray, u: np.ndarray, t: np.ndarray | None = None
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """The generator itself: z (n, noise_size), c (n, k) on the simplex, u (n, m), t (n, d) in mode text.

        Returns:
            h_hat (n, d), and t_hat (n, d) in paired mode, else None.
        """
        if self.mode == "text" and t is None:
            raise BadInputError("the run is in mode text: its generator needs a text feature t (n, d)")
        inputs = [_tensor(values) for values in (z, c, u)] + (
            [_tensor(t)] if t is not None and self.mode == "text" else []
        )
        # In pieces: the hidden layers are many times wider than what goes in and comes out.
        pieces = [self._generator(*part) for part in zip(*(values.split(_PIECE) for values in inputs), strict=True)]
        pair = [text.numpy() for _, text in pieces if text is not None]
        return np.concatenate([audio.numpy() for audio, _ in pieces]), np.concatenate(pair) if pair else None

    @torch.no_grad()
    def align_audio(self, vectors: np.ndarray) -> np.ndarray:
        """Pooled audio embeddings (n, d_a) of the run's encoder to aligned features h (n, d)."""
        return self._aligner.audio(self._checked(vectors, self._aligner.config["audio"])).numpy()

    @torch.no_grad()
    def align_text(self, vectors: np.ndarray) -> np.ndarray:
        """Pooled text embeddings (n, d_s) of the run's encoder to aligned features t (n, d)."""
        if not self._aligner.has_text:
            raise BadInputError(f"run {self.id!r} has no text branch; train with a text embedding store")
        return self._aligner.text(self._checked(vectors, self._aligner.config["text"])).numpy()

    def sample_noise(self, n: int, seed: int) -> np.ndarray:
        """(n, noise_size) standard normal noise z; equal to what ``generate`` draws for that seed."""
        return torch.randn((n, self.noise_size), generator=torch.Generator().manual_seed(checked_seed(seed))).numpy()

    @torch.no_grad()
    def posterior(self, h: np.ndarray) -> np.ndarray:
        """(n, k) probabilities of the emotions by the classifier on aligned audio features (n, d)."""
        return self._aligner.head_audio(self._checked(h, self.dim)).softmax(dim=1).numpy()

    @torch.no_grad()
    def text_posterior(self, t: np.ndarray) -> np.ndarray:
        """(n, k) probabilities of the emotions by the classifier on aligned text features (n, d)."""
        if not self._aligner.has_text:
            raise BadInputError(f"run {self.id!r} was trained without text")
        return self._aligner.head_text(self._checked(t, self.dim)).softmax(dim=1).numpy()

    @torch.no_grad()
    def recovered(self, h: np.ndarray, t: np.ndarray | None = None) -> tuple[np.ndarray, np.ndarray]:
        """What the Q heads read from features (n, d): emotion probabilities (n, k) and code means (n, m).

        In paired mode they read pairs: ``t`` (n, d) is needed.
        """
        if self.mode == "paired" and t is None:
            raise BadInputError("the run is in paired mode: its Q heads read audio and text features together")
        phi = self._discriminator.features(
            self._checked(h, self.dim), self._checked(t, self.dim) if t is not None else None
        )
        mean, _ = self._discriminator.code_moments(phi)
        return self._discriminator.class_logits(phi).softmax(dim=1).numpy(), mean.numpy()

    def pointwise_mi(self, h: np.ndarray, emotion: str | list[str] | np.ndarray) -> np.ndarray:
        """log p(c | h) - log p(c) in nats, (n,), with the classifier's posterior and the training part's shares.

        At most -log p(c); below zero where the feature speaks against the emotion.
        """
        names = np.full(len(h), emotion, dtype=object) if isinstance(emotion, str) else np.asarray(emotion, object)
        unknown = sorted({str(name) for name in names} - set(self.classes))
        if unknown:
            raise BadInputError(f"the run does not know {', '.join(unknown)}; its emotions: {', '.join(self.classes)}")
        labels = np.asarray([self.classes.index(name) for name in names], dtype=np.int64)
        return posterior_pointwise_mi(self.posterior(h), labels, self.prior)

    @cached_property
    def prior(self) -> np.ndarray:
        """(k,) share of each emotion in the training part."""
        if not len(self.utterances) and self.training_counts is not None:
            return self.training_counts / self.training_counts.sum()
        train = self.utterances["label"][self.utterances["part"] == "train"]
        return np.asarray([(train == name).mean() for name in self.classes], dtype=np.float64)

    def training_features(self, emotion: str) -> np.ndarray:
        """(n, d) aligned features of the training part's utterances of an emotion."""
        return self.h[((self.utterances["part"] == "train") & (self.utterances["label"] == emotion)).to_numpy()]

    def neighbours(self, h: np.ndarray, k: int = 5) -> tuple[np.ndarray, np.ndarray]:
        """The ``k`` nearest utterances in the full dimension: rows (n, k) and Euclidean distances (n, k).

        Raises:
            BadInputError: the run was published without its utterances; so for ``novelty``.
        """
        return self._neighbourhood.nearest(self._checked(h, self.dim).numpy(), k)

    def novelty(self, h: np.ndarray) -> np.ndarray:
        """(n,) how far out of distribution: mean distance to the 5 nearest utterances over that of real ones.

        1 is as near as real utterances typically are to one another; 2 is twice as far.
        """
        return self._neighbourhood.novelty(self._checked(h, self.dim).numpy())

    @cached_property
    def _neighbourhood(self) -> Neighbourhood:
        require_utterances(self)
        return Neighbourhood(self.h)

    @torch.no_grad()
    def project(self, h: np.ndarray) -> np.ndarray:
        """(n, 2) places on the map by the learnt projector; its error is in ``map_quality``."""
        return self._projector(self._checked(h, self.dim)).numpy()

    def map(self) -> pd.DataFrame:
        """The map: columns row (of ``utterances``), modality (audio or text), x, y."""
        return self._coordinates.copy()

    @cached_property
    def _coordinates(self) -> pd.DataFrame:
        return read_coordinates(self.path, len(self.utterances))

    def map_quality(self) -> dict[str, Any]:
        """Trustworthiness of the map and error of the projector; see ``core.projection.Map``."""
        return read_map_quality(self.path)

    def information(self) -> list[dict[str, Any]]:
        """The held-out mutual informations: one dict for each quantity, with the bound training saw."""
        return read_information(self.path)

    def evaluation(self) -> dict[str, Any]:
        """Recognition on the held-out speakers, beside the logistic regression on the raw embeddings."""
        return read_evaluation(self.path)

    def quality(self) -> dict[str, Any] | None:
        """The report card as ``mirage quality`` has kept it; None where there is none, or one of other networks."""
        return read_quality(self.path)

    def waveform(self, row: int, rate: int = 16_000) -> np.ndarray:
        """The clip of utterance ``row``: float32 (samples,), mono.

        Paths are taken from the corpus in the workspace, never from the run: a run from somebody else cannot make us
        read a file.

        Raises:
            BadInputError: the corpus is not in this workspace or no longer has the utterance, its clips must not be
                played, or the file is not on this machine.
        """
        return self._licensed.waveform(str(self._utterances["utterance_id"].iat[row]), rate)

    @property
    def permissions(self) -> Permissions:
        """What people may hear and read of the run's utterances; a switch that is changed holds at once."""
        return self._licensed.permissions

    @property
    def about(self) -> dict[str, str]:
        """What is known of the corpus: ``loader``, ``title``, ``licence``, and ``synthetic`` where no person speaks."""
        return self._licensed.about

    @property
    def utterances(self) -> pd.DataFrame:
        """The n utterances; ``text`` is empty where transcripts must not be shown."""
        return self._utterances if self.permissions.transcripts else self._silent

    @cached_property
    def _silent(self) -> pd.DataFrame:
        return self._utterances.assign(text=None)

    def networks(self) -> dict[str, Network]:
        """The networks by name: aligner, generator, discriminator, projector."""
        return {
            "aligner": self._aligner,
            "generator": self._generator,
            "discriminator": self._discriminator,
            "projector": self._projector,
        }

    def encode_text(self, sentences: list[str]) -> np.ndarray:
        """Sentences to aligned features t (n, d), with the text encoder that the run was trained on.

        Raises:
            BadInputError: the run has no text, or what it names is no encoder.
            FailureError: the encoder is not on this machine and cannot be fetched.
        """
        if not self._aligner.has_text:
            raise BadInputError(f"run {self.id!r} was trained without text")
        return self.align_text(self._encoders.text(sentences))

    def encode_audio(self, waveform: np.ndarray, rate: int) -> np.ndarray:
        """A clip (samples,) at ``rate`` Hz to an aligned feature h (1, d), with the run's speech encoder.

        Raises:
            BadInputError: no sound, or what the run names is no encoder.
            FailureError: the encoder is not on this machine and cannot be fetched.
        """
        return self.align_audio(self._encoders.audio(waveform, rate))

    @cached_property
    def _encoders(self) -> RunEncoders:
        return RunEncoders(self.path, self.workspace, self.corpus)

    def _checked(self, values: np.ndarray, width: int) -> Tensor:
        array = _array(values)
        if array.ndim != 2 or array.shape[1] != width or not np.isfinite(array).all():
            raise BadInputError(f"expected finite features of shape (n, {width}), found {array.shape}")
        return torch.from_numpy(array)

    def _network(self, kind: type[N], folder: str) -> N:
        return kind.from_pretrained(self.path / folder)


def load_run(id_or_path: str | Path, workspace: Workspace | None = None, *, progress: Progress = silent) -> LoadedRun:
    """Opens a finished run: the id of one in the workspace, a folder, or a Hugging Face hub id.

    Nothing is executed and nothing outside the folder is read: networks are safetensors and JSON.

    Args:
        id_or_path: on the hub ``owner/name``, or ``owner/name@revision`` for a branch, a tag or a commit.
        progress: told of the bytes that are fetched from the hub.

    >>> from core.demo import ASSETS
    >>> run = load_run("demo", Workspace(ASSETS / "workspace"))
    >>> run.classes, run.code_names, run.h.shape
    (['angry', 'happy', 'sad', 'neutral'], ['u1', 'u2', 'u3', 'u4'], (576, 64))

    Raises:
        BadInputError: there is no such run, it is not finished, or a file is missing or damaged.
        FailureError: the download broke off, or the disk has no room for it.
    """
    workspace = workspace or Workspace()
    return LoadedRun(find_run(id_or_path, workspace, progress), workspace)


def _array(values: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(values, dtype=np.float32)


def _tensor(values: np.ndarray) -> Tensor:
    return torch.from_numpy(_array(values))
