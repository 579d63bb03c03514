"""The Ray engine: two real nodes on the loopback, one of them killed half way."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from core.corpora import Corpus
from core.encoders import Embeddings, embed_corpus
from core.encoders.cluster import Cluster
from core.encoders.spread import embed_on_cluster
from core.errors import BadInputError, FailureError
from core.workspace import Workspace

pytest.importorskip("ray", reason="Ray is not installed (pip install 'mirage-affect[cluster]')")
pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def nodes() -> Iterator[Any]:
    """A cluster of two nodes with a core each, and nothing on the head."""
    from ray.cluster_utils import Cluster as Nodes

    cluster = Nodes(initialize_head=True, head_node_args={"num_cpus": 0, "include_dashboard": False})
    try:
        yield cluster
    finally:
        cluster.shutdown()


@pytest.fixture
def encoder(tiny_wav2vec) -> Path:
    return tiny_wav2vec("wav2vec2-layer")


def vectors(store: Embeddings) -> dict[str, np.ndarray]:
    return dict(zip(store.ids, store.vectors, strict=True))


def test_a_killed_node_costs_its_batches_only(
    nodes: Any, make_corpus, encoder: Path, workspace: Workspace, tmp_path: Path
) -> None:
    corpus: Corpus = make_corpus(workspace, 60)
    (alone,) = embed_corpus(corpus, audio_encoder=encoder, workspace=Workspace(tmp_path / "alone"), batch=2)
    first, _ = nodes.add_node(num_cpus=1), nodes.add_node(num_cpus=1)
    killed = threading.Event()
    seen: list[int] = []

    def progress(done: int, total: int, message: str = "") -> None:
        seen.append(done)
        if done >= 10 and not killed.is_set():
            killed.set()
            nodes.remove_node(first, allow_graceful=False)

    (spread,) = embed_on_cluster(
        corpus,
        audio_encoder=encoder,
        cluster=Cluster(nodes.address),
        workspace=workspace,
        batch=2,
        progress=progress,
    )
    assert killed.is_set()
    assert spread.complete
    assert not spread.problems
    assert seen == sorted(seen)
    assert seen[-1] == 60
    # No clip twice, none missing, and each vector as on one machine.
    assert sorted(spread.ids) == sorted(alone.ids)
    expected = vectors(alone)
    for name, vector in vectors(spread).items():
        np.testing.assert_allclose(vector, expected[name], rtol=1e-5, atol=1e-6)


def test_goes_on_where_one_machine_stopped_and_tells_what_cannot_be_done(
    nodes: Any, make_corpus, encoder: Path, workspace: Workspace, tmp_path: Path
) -> None:
    nodes.add_node(num_cpus=2)
    corpus: Corpus = make_corpus(workspace, 20)
    asked = iter([False] * 3 + [True] * 100)
    (part,) = embed_corpus(corpus, audio_encoder=encoder, workspace=workspace, batch=2, stop=lambda: next(asked))
    assert not part.complete
    before = vectors(part)
    lost = next(name for name in corpus.table["utterance_id"] if name not in before)
    (corpus.root / f"{lost[1:]}.wav").write_bytes(b"no sound")
    (whole,) = embed_on_cluster(
        corpus, audio_encoder=encoder, cluster=Cluster(nodes.address), workspace=workspace, batch=2
    )
    assert whole.complete
    assert [problem["utterance_id"] for problem in whole.problems] == [lost]
    after = vectors(whole)
    assert len(after) == 19
    assert all(np.array_equal(after[name], vector) for name, vector in before.items())
    # An encoder that is no encoder is told as on one machine.
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    (wrong / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(BadInputError, match="wrong"):
        embed_on_cluster(corpus, audio_encoder=wrong, cluster=Cluster(nodes.address), workspace=workspace)


def test_no_cluster_at_the_address_is_one_line(make_corpus, encoder: Path, workspace: Workspace) -> None:
    with pytest.raises(FailureError, match=r"no Ray cluster at 127\.0\.0\.1:9: ") as caught:
        embed_on_cluster(
            make_corpus(workspace, 2), audio_encoder=encoder, cluster=Cluster("127.0.0.1:9"), workspace=workspace
        )
    assert "\n" not in str(caught.value)
