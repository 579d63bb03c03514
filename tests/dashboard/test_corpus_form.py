"""The form that reads a corpus from disk, on tables as people have them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile
from streamlit.testing.v1 import AppTest

from core.corpora import load_corpus
from core.workspace import Workspace
from dashboard.corpus_form import by_percent


@pytest.fixture
def clips(tmp_path: Path) -> Path:
    root = tmp_path / "clips"
    root.mkdir()
    lines = ['audio,"said, literally",emotion,speaker,activation']
    for number in range(4):
        soundfile.write(root / f"{number}.wav", np.random.default_rng(number).normal(0, 0.1, 4000), 16_000)
        lines.append(f"{number}.wav,hello,{('wut', 'joy')[number % 2]},s{number // 2},{number + 1}")
    (root / "t.csv").write_text("\n".join(lines))
    return root


def form() -> None:
    from dashboard.corpus_form import show_add

    show_add()


def filled(clips: Path, **fields: str) -> AppTest:
    app = AppTest.from_function(form, default_timeout=60).run()
    app.text_input(key="add_path").set_value(str(clips)).run()
    for name, value in {"table": "t.csv", **fields}.items():
        app.text_input(key=f"add_{name}").set_value(value)
    app.run()
    app.button[0].click().run()
    assert not app.exception
    return app


def test_scales_pairs_and_depth(workspace: Workspace, clips: Path) -> None:
    app = AppTest.from_function(form, default_timeout=60).run()
    assert app.selectbox(key="add_check").value == "auto"
    fields = {"mapping": "text=said, literally, speaker=speaker,", "labels": "wut=angry", "scales": "arousal=1:5"}
    filled(clips, **fields)
    corpus = load_corpus("clips", workspace)
    assert corpus.table["arousal"].tolist() == [0.0, 0.25, 0.5, 0.75]
    assert corpus.table["text"].tolist() == ["hello"] * 4
    assert corpus.metadata["checked"] == "whole"


def test_a_mistaken_scale_is_said_on_the_page(workspace: Workspace, clips: Path) -> None:
    app = filled(clips, scales="arousal=high")
    assert "Scales of arousal, valence and dominance: arousal=high: expected LOWEST:HIGHEST" in app.text[0].value
    assert not workspace.corpora.exists()


def test_problems_are_shown_when_nothing_can_be_used(workspace: Workspace, clips: Path) -> None:
    app = filled(clips, mapping="audio=speaker")
    assert "no usable utterance; first: t.csv, row 2" in app.text[0].value
    assert app.dataframe[0].value["row"].tolist() == [2, 3, 4, 5]
    # They stay while the person takes them away, and go with the next attempt.
    app.run()
    assert len(app.dataframe) == 1
    app.text_input(key="add_mapping").set_value("")
    app.text_input(key="add_labels").set_value("wut=angry")
    app.run()
    app.button[0].click().run()
    assert not app.dataframe


@pytest.mark.parametrize(("total", "step"), [(264_705, 264), (1_000, 1), (7, 1), (101, 3)])
def test_progress_is_shown_at_every_percent_whatever_the_step(total: int, step: int) -> None:
    shown: list[float] = []
    progress = by_percent(lambda share, text: shown.append(share))
    for done in range(1, total + 1):
        if done % step == 0 or done == total:
            progress(done, total, "checking audio")
    assert min(100, total // step) <= len(shown) <= 101
    assert shown == sorted(shown)
    assert shown[-1] == 1.0
