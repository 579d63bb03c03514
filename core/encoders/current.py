"""Whether a store holds what it should: finished, and made of the corpus as it is now."""

from __future__ import annotations

import hashlib
import json
import shlex
from typing import TYPE_CHECKING, Any

from core.encoders.store import Embeddings
from core.errors import BadInputError
from core.files import finite

if TYPE_CHECKING:
    import pandas as pd

    from core.corpora import Corpus

Inputs = list[tuple[Any, ...]]


def require_current(store: Embeddings, corpus: Corpus) -> Embeddings:
    """Gives ``store`` back if it is finished and made of ``corpus`` as it is now.

    Told by the utterance table; whether audio files changed behind it, `mirage embed` finds out.

    Raises:
        BadInputError: it was interrupted, or the corpus changed since; the message names the command to run.
    """
    if not store.complete:
        raise BadInputError(
            f"embeddings {store.name} of corpus {corpus.name} are not complete ({len(store)} rows; the work was "
            f"interrupted); go on with `{command(store, corpus.name)}`"
        )
    inputs = inputs_of(corpus.table, store.modality)
    there = set(store.ids)
    if "inputs" in store.meta:
        current = store.meta["inputs"] == inputs_fingerprint(inputs)
    else:  # made before this was kept
        known = there | {problem["utterance_id"] for problem in store.problems}
        current = store.meta.get("corpus_fingerprint") == corpus.fingerprint() or all(row[0] in known for row in inputs)
    if not current:
        new, gone = sum(row[0] not in there for row in inputs), len(there.difference(row[0] for row in inputs))
        raise BadInputError(
            f"corpus {corpus.name} changed since it was embedded into {store.name} (utterances without a vector: "
            f"{new}, vectors without an utterance: {gone}; others may have other {store.modality}); bring the "
            f"embeddings up to date with `{command(store, corpus.name)}`"
        )
    return store


def command(store: Embeddings, corpus: str) -> str:
    """The command that makes this store, or goes on with it."""
    meta = store.meta
    words = ["mirage", "embed", corpus, f"--{store.modality}-encoder", str(meta["encoder"])]
    if store.modality == "audio":
        words += ["--layer", str(meta.get("layer", "auto"))]
        if meta.get("pooling", "mean") != "mean":
            words += ["--pooling", str(meta["pooling"])]
    if meta["dtype"] != "float32":
        words += ["--dtype", meta["dtype"]]
    if "precision" in meta:
        words += ["--precision", str(meta["precision"])]
    return shlex.join(words)


def inputs_of(table: pd.DataFrame, modality: str) -> Inputs:
    """What the vectors of a modality are made from: one tuple, utterance first, for each row that has it."""
    if modality == "text":
        rows = zip(table["utterance_id"], table["text"], strict=True)
        return [row for row in rows if isinstance(row[1], str) and row[1].strip()]
    columns = [table[name].tolist() for name in ("utterance_id", "audio", "start", "end")]
    return [row for row in zip(*columns, strict=True) if isinstance(row[1], str)]


def inputs_fingerprint(inputs: Inputs) -> str:
    """A hash of ``inputs_of`` that does not depend on the order of the table."""
    digest = hashlib.sha256()
    for row in sorted(inputs, key=lambda row: row[0]):
        digest.update(json.dumps(finite(list(row))).encode("ascii"))
    return digest.hexdigest()
