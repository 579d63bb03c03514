"""Reads an embedding store: Arrow shards and meta.json in ``embeddings/<corpus>/<encoder>/``."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.encoders.shards import DamagedShardError, Shard, read_shard
from core.errors import BadInputError
from core.files import read_json
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.corpora import Corpus

FORMAT = 1
META = "meta.json"
_NEEDED = {"modality": str, "encoder": str, "dimension": int, "dtype": str}


class Embeddings:
    """The pooled embeddings of one corpus by one encoder, memory-mapped.

    Attributes:
        folder: where the store is.
        meta: the content of meta.json: modality, encoder, revision, weights_sha256, model_type, layer, pooling,
            dimension, dtype, sampling_rate, code_version, corpus, corpus_fingerprint, complete, rows, problems.
        ids: utterance ids, one for each row.
    """

    def __init__(self, folder: Path, meta: dict[str, Any], shards: list[Shard]) -> None:
        self.folder = folder
        self.meta = meta
        self._shards = shards
        # An utterance whose audio or text changed has been embedded again: the later row holds.
        place: dict[str, tuple[int, int]] = {}
        for number, shard in enumerate(shards):
            for row, utterance in enumerate(shard.ids):
                place[utterance] = (number, row)
        self._place = place
        self.ids: list[str] = list(place)

    @classmethod
    def open(cls, folder: str | Path) -> Embeddings:
        """Opens a store, finished or not.

        Raises:
            BadInputError: no store there, or a damaged one; `mirage embed` repairs it.
        """
        folder = Path(folder)
        if not (folder / META).is_file():
            raise BadInputError(f"{folder}: no embedding store there (no {META}); make it with `mirage embed`")
        meta = read_meta(folder)
        shards = []
        for path in shard_files(folder):
            try:
                shards.append(read_shard(path, meta["dimension"], meta["dtype"]))
            except DamagedShardError as error:
                raise BadInputError(
                    f"{path}: the shard {error}; run the same `mirage embed` command again to make what is missing"
                ) from None
        return cls(folder, meta, shards)

    @classmethod
    def find(
        cls,
        corpus: Corpus | str,
        encoder: str = "auto",
        workspace: Workspace | None = None,
        *,
        modality: str | None = None,
    ) -> Embeddings:
        """The store of ``corpus`` made by ``encoder``.

        Args:
            corpus: a corpus or its name.
            encoder: the store's name (``whisper-tiny-encoder@3-mean``), the encoder's id or path, or ``auto``: the
                only store there is (of ``modality``).
            workspace: by default the one of MIRAGE_HOME.
            modality: ``audio`` or ``text``; only such stores are looked at.

        Raises:
            BadInputError: none or several fit; the message lists the stores there are.
        """
        workspace = workspace or Workspace()
        name = corpus if isinstance(corpus, str) else corpus.name
        parent = workspace.embeddings_folder(name)
        stores = {store: read_meta(parent / store) for store in workspace.encoder_names(name)}
        fit = {store: meta for store, meta in stores.items() if modality in (None, meta["modality"])}
        kind = f"{modality} " if modality else ""
        there = ", ".join(sorted(fit)) or "none"
        if encoder == "auto":
            chosen = list(fit)
        elif encoder in fit:
            chosen = [encoder]
        else:
            given = {encoder, str(Path(encoder).expanduser().absolute())}
            chosen = [store for store, meta in fit.items() if meta["encoder"] in given]
        if not chosen:
            made = f"by {encoder!r} " if encoder != "auto" else ""
            raise BadInputError(
                f"corpus {name}: no {kind}embeddings {made}(there are: {there}); make them with "
                f"`mirage embed {name} --{modality or 'audio'}-encoder ...`"
            )
        if len(chosen) > 1:
            raise BadInputError(f"corpus {name}: several {kind}embeddings fit {encoder!r} ({there}); name one of them")
        return cls.open(parent / chosen[0])

    def __len__(self) -> int:
        return len(self.ids)

    def __repr__(self) -> str:
        return f"Embeddings({self.name!r}, {len(self)} x {self.dim})"

    @property
    def name(self) -> str:
        """The store's name, which is that of its folder."""
        return self.folder.name

    @property
    def modality(self) -> str:
        """``audio`` or ``text``."""
        return str(self.meta["modality"])

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self.meta["dimension"])

    @property
    def complete(self) -> bool:
        """Whether the last `embed` went through; an interrupted one has some of the rows."""
        return bool(self.meta.get("complete"))

    @property
    def problems(self) -> list[dict[str, str]]:
        """Rows that could not be embedded: ``utterance_id`` and ``reason``."""
        return list(self.meta.get("problems") or [])

    @cached_property
    def vectors(self) -> np.ndarray:
        """All vectors, (n, d) float32, row i for ``ids[i]``; a view of the file where one float32 shard holds all."""
        if len(self._shards) == 1 and len(self._shards[0].ids) == len(self.ids):
            return self._shards[0].vectors.astype(np.float32, copy=False)
        return self.for_ids(self.ids)[0]

    def for_ids(self, ids: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
        """The vectors of some utterances, reading only those.

        Returns:
            (n, d) float32, with zeros where an utterance is not in the store, and found (n,) bool.
        """
        wanted = list(ids)
        vectors = np.zeros((len(wanted), self.dim), dtype=np.float32)
        places = [self._place.get(utterance, (-1, 0)) for utterance in wanted]
        number = np.fromiter((shard for shard, _ in places), dtype=np.int64, count=len(wanted))
        row = np.fromiter((row for _, row in places), dtype=np.int64, count=len(wanted))
        for index in np.unique(number[number >= 0]):
            here = number == index
            vectors[here] = self._shards[index].vectors[row[here]]
        return vectors, number >= 0

    def fingerprint(self) -> str:
        """A hash of ids and vectors (hex); the order of the rows and how they are cut into shards do not matter."""
        digest = hashlib.sha256(f"{self.meta['dtype']} {self.dim}".encode())
        for utterance in sorted(self.ids):
            shard, row = self._place[utterance]
            digest.update(utterance.encode("utf-8") + b"\0")
            digest.update(self._shards[shard].vectors[row].tobytes())
        return digest.hexdigest()


def shard_files(folder: Path) -> list[Path]:
    """The shards of a store in the order in which they were written."""
    return sorted(folder.glob("shard-*.arrow"), key=lambda path: (len(path.name), path.name))


def read_meta(folder: Path) -> dict[str, Any]:
    """A store's meta.json.

    Raises:
        BadInputError: missing, damaged or of a newer MIRAGE.
    """
    path = folder / META
    meta = read_json(path)
    remedy = "remove the folder and run `mirage embed` again"
    if not isinstance(meta, dict):
        raise BadInputError(f"{path}: not the description of an embedding store; {remedy}")
    if isinstance(meta.get("format"), int) and meta["format"] > FORMAT:
        raise BadInputError(f"{path}: written by a newer MIRAGE; update this one")
    for key, kind in _NEEDED.items():
        if not isinstance(meta.get(key), kind):
            raise BadInputError(f"{path}: {key!r} is missing or wrong; {remedy}")
    if meta["dtype"] not in ("float16", "float32") or meta["dimension"] < 1:
        raise BadInputError(f"{path}: dtype or dimension is wrong; {remedy}")
    return meta
