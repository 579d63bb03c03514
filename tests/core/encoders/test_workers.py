"""The pool of workers on real Ray, with workers so light that they may die often."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from core.encoders.cluster import Cluster, connected, recipes
from core.encoders.workers import WorkerPool, cores_each
from core.errors import BadInputError, FailureError

pytest.importorskip("ray", reason="Ray is not installed (pip install 'mirage-affect[cluster]')")
pytestmark = pytest.mark.timeout(120)


@pytest.fixture(scope="module")
def ray() -> Iterator[Any]:
    with connected(Cluster()) as connection:
        yield connection


def light(folder: Path) -> type:
    """A worker that needs no encoder; a class made here is sent as it is, and PyTorch is not loaded."""
    place = str(folder)

    class Light:
        def __init__(self, recipe: Any, threads: int) -> None:
            import os

            self.threads = threads

            # Each start takes the next of what is planned for the starts.
            for line in recipe.starts:
                try:
                    os.close(os.open(f"{place}/{line}", os.O_CREAT | os.O_EXCL))
                except FileExistsError:
                    continue
                if "dies" in line:
                    os._exit(1)
                if "fails" in line:
                    raise RuntimeError("core.errors.FailureError: the hub is gone")
                if "refuses" in line:
                    raise RuntimeError("core.errors.BadInputError: no such encoder")
                break

        def describe(self) -> Any:
            return SimpleNamespace(meta={"threads": self.threads}, version="1")

        def encode(self, group: list[str], batch: int, dtype: str) -> list[str]:
            import os
            import time

            time.sleep(0.05)
            if "poison" in group:
                os._exit(1)
            return [f"vector of {item}" for item in group]

    return Light


def pool_of(ray: Any, folder: Path, workers: int, starts: list[str]) -> WorkerPool:
    recipe: Any = SimpleNamespace(device="cpu", starts=[f"{number} {what}" for number, what in enumerate(starts)])
    return WorkerPool(ray, recipe, workers, light(folder))


def outcomes(pool: WorkerPool, items: list[str]) -> dict[str, str]:
    batches: Any = iter([([item], 1) for item in items])
    try:
        pool.start()
        found = list(pool.outcomes(batches, 1, "float32"))
    finally:
        pool.close()
    assert sum(rows for _, rows in found) == len(items)
    pairs: Any = [pair for outcome, _ in found for pair in outcome]
    assert len(pairs) == len(items)
    return dict(pairs)


def test_a_poisonous_batch_takes_no_other_with_it(ray: Any, tmp_path: Path) -> None:
    items = ["a", "b", "poison", "c", "d", "e"]
    pool = pool_of(ray, tmp_path, 1, [])
    found = outcomes(pool, items)
    assert found.pop("poison") == "its batch ended 3 workers (out of memory?); use a smaller batch"
    assert found == {item: f"vector of {item}" for item in items if item != "poison"}
    assert pool.lost == 3


def test_workers_that_die_while_they_start_are_replaced(ray: Any, tmp_path: Path) -> None:
    pool = pool_of(ray, tmp_path, 2, ["dies", "fails"])
    assert outcomes(pool, ["a", "b"]) == {"a": "vector of a", "b": "vector of b"}
    assert pool.lost == 2


def test_goes_on_with_the_workers_that_start(ray: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # With one start a place: the first worker that fails leaves its place empty.
    monkeypatch.setattr("core.encoders.workers._STARTS", 1)
    assert len(outcomes(pool_of(ray, tmp_path, 2, ["dies"]), ["a", "b", "c"])) == 3


def test_a_worker_that_never_starts_is_one_line(ray: Any, tmp_path: Path) -> None:
    pool = pool_of(ray, tmp_path, 1, ["dies", "dies", "dies", "fails", "works"])
    with pytest.raises(FailureError) as caught:
        outcomes(pool, ["a"])
    assert str(caught.value) == "no worker is left, and none can be started: the hub is gone"
    assert len(list(tmp_path.iterdir())) == 4


def test_workers_that_die_without_a_word(ray: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.encoders.workers._STARTS", 1)
    with pytest.raises(FailureError) as caught:
        outcomes(pool_of(ray, tmp_path, 1, ["dies"]), ["a"])
    assert str(caught.value) == (
        "no worker is left, and none can be started: a worker died while it loaded the encoder (out of memory?)"
    )


def test_few_workers_share_the_cores(ray: Any, tmp_path: Path) -> None:
    pool = pool_of(ray, tmp_path, 1, [])
    try:
        assert pool.start().meta == {"threads": os.cpu_count()}
    finally:
        pool.close()


@pytest.mark.parametrize(
    ("nodes", "workers", "cores"),
    [
        ([8], 1, 8),
        ([8], 3, 2),
        ([8], 8, 1),
        ([8], 9, 1),
        ([4, 8], 2, 4),
        ([0, 2, 16], 2, 8),
        ([3, 3], 2, 3),
        ([], 1, 1),
    ],
)
def test_no_worker_asks_for_more_than_a_node_has(nodes: list[int], workers: int, cores: int) -> None:
    assert cores_each(nodes, workers) == cores
    assert workers > sum(nodes) or sum(node // cores for node in nodes) >= workers


def test_one_of_the_gpus_is_refused() -> None:
    with pytest.raises(BadInputError, match=r"^device cuda:1: .*; use cuda$"):
        recipes("x", None, layer="auto", pooling="mean", device="cuda:1", precision="auto")


def test_an_encoder_that_is_none_ends_it_at_once(ray: Any, tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match=r"^no such encoder$"):
        outcomes(pool_of(ray, tmp_path, 1, ["refuses", "works"]), ["a"])
    assert len(list(tmp_path.iterdir())) == 1
