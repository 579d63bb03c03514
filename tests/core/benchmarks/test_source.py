"""The name under which a benchmark's cells are kept."""

from __future__ import annotations

from typing import Any

import pytest

from core.benchmarks import run_benchmark
from core.benchmarks.source import Options, _content, load_source
from core.config import Config
from core.errors import BadInputError

# What benchmarks that are kept were named by; one more key here and all of them begin anew.
DATA = {"corpus", "audio", "text", "classes", "folds", "n_folds", "fold", "validation"}


def test_a_key_of_runs_does_not_rename_benchmarks(toy: Any) -> None:
    config = Config().changed(data={"n_folds": 2})
    assert set(_content(Options("toy"), config, [])["config"]["data"]) == DATA
    learning = config.changed(data={"unlabelled": True})
    options = Options("toy", "25", unlabelled=True)
    plain = load_source(options, config, toy.workspace).material
    assert load_source(options, learning, toy.workspace).material.folder == plain.folder


def test_a_run_s_key_is_refused(toy: Any, mirage: Any) -> None:
    line = "data.unlabelled = true: a key of runs; a benchmark has the option --unlabelled (unlabelled=True) for it"
    with pytest.raises(BadInputError) as caught:
        run_benchmark("toy", config=Config().changed(data={"unlabelled": True}), workspace=toy.workspace)
    assert str(caught.value) == line
    done = mirage("benchmark", "toy", "--set", "data.unlabelled=true", home=toy.workspace.root)
    assert done.code == 2
    assert done.err.strip().endswith(f"mirage: {line}")
