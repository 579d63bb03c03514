"""Reads an embedding store: Arrow shards and meta.json in ``embeddings/<corpus>/<encoder>/``."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from core.encoders.shards import DamagedShardError, Shard, open_shard
from core.errors import BadInputError
from core.files import read_json
from core.workspace import Workspace

if TYPE_CHECKING:
    from core.corpora import Corpus

FORMAT = 1
META = "meta.json"
_NEEDED = {"modality": str, "encoder": str, "dimension": int, "dtype": str}
_MORE: dict[str, type] = {"complete": bool, "changes": dict, "problems": list, "rows": int}
_WIDEST = 1_000_000


class Embeddings:
    """The pooled embeddings of one corpus by one encoder, memory-mapped.

    >>> from core.demo import ASSETS
    >>> store = Embeddings.find("demo", workspace=Workspace(ASSETS / "workspace"), modality="audio")
    >>> store.meta["rows"], store.meta["dimension"]
    (576, 384)

    Attributes:
        folder: where the store is.
        meta: the content of meta.json: modality, encoder, revision, weights_sha256, model_type, layer, pooling,
            precision, dimension, dtype, sampling_rate, code_version, corpus, corpus_fingerprint, inputs, complete,
            rows, changes, problems.
    """

    def __init__(self, folder: Path, meta: dict[str, Any], shards: list[Shard]) -> None:
        self.folder = folder
        self.meta = meta
        self._shards = shards
        self._ends = np.cumsum([shard.rows for shard in shards], dtype=np.int64)

    @classmethod
    def open(cls, folder: str | Path) -> Embeddings:
        """Opens a store, finished or not (``require_current`` refuses those that are not). Vectors are not read.

        Raises:
            BadInputError: no store there, or a damaged one; `mirage embed` repairs it. What is altered inside a shard
                is told when its first vector is asked for.
        """
        folder = Path(folder)
        if not (folder / META).is_file():
            raise BadInputError(f"{folder}: no embedding store there (no {META}); make it with `mirage embed`")
        while True:
            meta = read_meta(folder)
            files = shard_files(folder)
            shards: dict[str, Shard] = {}
            for path in files:
                try:
                    shards[path.name] = open_shard(path, meta["dimension"], meta["dtype"])
                except DamagedShardError as error:
                    if shard_files(folder) != files:
                        break  # a writer has joined shards meanwhile
                    raise _damaged(path, error) from None
            else:
                replaced = {name for shard in shards.values() for name in shard.replaces}
                return cls(folder, meta, [shard for name, shard in shards.items() if name not in replaced])

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
                only store there is (of ``modality``) that holds rows. Others that are damaged are passed over.
            workspace: by default the one of MIRAGE_HOME.
            modality: ``audio`` or ``text``; only such stores are looked at.

        Raises:
            BadInputError: none or several fit; the message lists the stores there are. The one named is damaged.
        """
        workspace = workspace or Workspace()
        name = corpus if isinstance(corpus, str) else corpus.name
        parent = workspace.embeddings_folder(name)
        if encoder in workspace.encoder_names(name):
            meta = read_meta(parent / encoder)
            if modality in (None, meta["modality"]):
                return cls.open(parent / encoder)
        stores, damaged = readable_stores(name, workspace)
        fit = {store: meta for store, meta in stores.items() if modality in (None, meta["modality"])}
        filled = {store for store in fit if shard_files(parent / store)}
        kind = f"{modality} " if modality else ""
        there = ", ".join(store if store in filled else f"{store} (empty)" for store in sorted(fit)) or "none"
        if encoder == "auto":
            chosen = sorted(filled)
        else:
            given = {encoder, str(Path(encoder).expanduser().absolute())}
            chosen = [store for store, meta in fit.items() if meta["encoder"] in given]
        unread = "".join(f"; {store} cannot be read: {reason}" for store, reason in list(damaged.items())[:1])
        if not chosen:
            made = f"by {encoder!r} " if encoder != "auto" else ""
            raise BadInputError(
                f"corpus {name}: no {kind}embeddings {made}(there are: {there}); make them with "
                f"`mirage embed {name} --{modality or 'audio'}-encoder ...`{unread}"
            )
        if len(chosen) > 1:
            raise BadInputError(
                f"corpus {name}: several {kind}embeddings fit {encoder!r} ({there}); name one of them{unread}"
            )
        return cls.open(parent / chosen[0])

    def __len__(self) -> int:
        return len(self._place)

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
    def changes(self) -> dict[str, int]:
        """How the corpus had changed when it was embedded again: utterances ``new``, ``changed`` and ``gone``."""
        return dict(self.meta.get("changes") or {})

    @property
    def problems(self) -> list[dict[str, str]]:
        """Rows that could not be embedded: ``utterance_id`` and ``reason``."""
        return list(self.meta.get("problems") or [])

    @cached_property
    def _place(self) -> dict[str, int]:
        """Where each utterance's vector is, counted through all shards."""
        # An utterance whose audio or text changed has been embedded again: the later row holds.
        ids = itertools.chain.from_iterable(shard.ids for shard in self._shards)
        return dict(zip(ids, range(sum(shard.rows for shard in self._shards)), strict=True))

    @cached_property
    def ids(self) -> list[str]:
        """Utterance ids, one for each row."""
        return list(self._place)

    @cached_property
    def vectors(self) -> np.ndarray:
        """All vectors, (n, d) float32, row i for ``ids[i]``; a view of the file where one float32 shard holds all."""
        if len(self._shards) == 1 and self._shards[0].rows == len(self.ids):
            return self._shard(0).astype(np.float32, copy=False)
        return self.for_ids(self.ids)[0]

    def for_ids(self, ids: Iterable[str]) -> tuple[np.ndarray, np.ndarray]:
        """The vectors of some utterances, reading only those.

        Returns:
            (n, d) float32, with zeros where an utterance is not in the store, and found (n,) bool.
        """
        wanted = list(ids)
        vectors = np.zeros((len(wanted), self.dim), dtype=np.float32)
        place = np.fromiter((self._place.get(name, -1) for name in wanted), dtype=np.int64, count=len(wanted))
        number = np.searchsorted(self._ends, place, side="right")
        for index in np.unique(number[place >= 0]):
            here = (number == index) & (place >= 0)
            vectors[here] = self._shard(index)[place[here] - self._start(index)]
        return vectors, place >= 0

    def sources(self) -> dict[str, bytes]:
        """What each utterance's vector was made from, as a digest."""
        sources: dict[str, bytes] = {}
        for shard in self._shards:
            sources.update(zip(shard.ids, shard.sources, strict=True))
        return sources

    def fingerprint(self) -> str:
        """A hash of ids and vectors (hex); the order of the rows and how they are cut into shards do not matter."""
        digest = hashlib.sha256(f"{self.meta['dtype']} {self.dim}".encode())
        for utterance in sorted(self.ids):
            row = self._place[utterance]
            index = int(np.searchsorted(self._ends, row, side="right"))
            digest.update(utterance.encode("utf-8") + b"\0")
            digest.update(self._shard(index)[row - self._start(index)].tobytes())
        return digest.hexdigest()

    def _start(self, index: int) -> int:
        return int(self._ends[index]) - self._shards[index].rows

    def _shard(self, index: int) -> np.ndarray:
        try:
            return self._shards[index].vectors
        except DamagedShardError as error:
            raise _damaged(self.folder / f"shard {index + 1} of {len(self._shards)}", error) from None


def _damaged(path: Path, error: DamagedShardError) -> BadInputError:
    return BadInputError(
        f"{path}: the shard {error}; run the same `mirage embed` command again to make what is missing"
    )


def shard_files(folder: Path) -> list[Path]:
    """The shards of a store in the order in which they were written."""
    return sorted(folder.glob("shard-*.arrow"), key=lambda path: (len(path.name), path.name))


def readable_stores(corpus: str, workspace: Workspace) -> tuple[dict[str, dict[str, Any]], dict[str, str]]:
    """The meta.json of each store of a corpus by its name, and what is wrong with those that are damaged."""
    stores: dict[str, dict[str, Any]] = {}
    damaged: dict[str, str] = {}
    for name in workspace.encoder_names(corpus):
        try:
            stores[name] = read_meta(workspace.embeddings_folder(corpus, name))
        except BadInputError as error:
            damaged[name] = str(error)
    return stores, damaged


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
    whole = not isinstance(meta["dimension"], bool) and 1 <= meta["dimension"] <= _WIDEST
    if meta["dtype"] not in ("float16", "float32") or not whole:
        raise BadInputError(f"{path}: dtype or dimension is wrong; {remedy}")
    for key, kind in _MORE.items():
        if not isinstance(meta.get(key), kind | None):
            raise BadInputError(f"{path}: {key!r} is wrong; {remedy}")
    problems, changes = meta.get("problems") or [], meta.get("changes") or {}
    if not all(
        isinstance(problem, dict) and all(isinstance(text, str) for text in problem.values()) for problem in problems
    ) or not all(isinstance(count, int) for count in changes.values()):
        raise BadInputError(f"{path}: its problems or changes are wrong; {remedy}")
    return meta
