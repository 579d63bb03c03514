"""What a page takes from a browser: its limits are said before, and the server holds to them."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
from streamlit.testing.v1 import AppTest

from core import Workspace
from core.demo import install_demo
from core.limits import Limits
from dashboard import launch

Open = Callable[..., AppTest]


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    made = Workspace(tmp_path / "workspace")
    install_demo(made)
    return made


def sound(seconds: float) -> bytes:
    buffer = io.BytesIO()
    tone = 0.3 * np.sin(2 * np.pi * 220 * np.arange(int(seconds * 16_000)) / 16_000)
    soundfile.write(buffer, tone, 16_000, format="WAV")
    return buffer.getvalue()


def put(app: AppTest, content: bytes, name: str = "mine.wav", key: str = "own_file") -> AppTest:
    """Uploads a file and runs the page."""
    app.file_uploader(key=key).upload(name, content, "audio/wav").run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    return "\n".join(str(item.value) for kind in (app.warning, app.caption, app.text) for item in kind)


def test_limits_of_fields_and_server_agree(
    open_app: Open, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    for sound_mb, table_mb in ((None, None), (5, 7), (70, 3)):
        if sound_mb is not None:
            monkeypatch.setenv("MIRAGE_UPLOAD_MB", str(sound_mb))
            monkeypatch.setenv("MIRAGE_TABLE_MB", str(table_mb))
        limits = (sound_mb or Limits.upload_mb, table_mb or Limits.table_mb)
        assert f"--server.maxUploadSize={max(limits)}" in launch.options(port=1)
        app = open_app(workspace, "aligned_space", run="demo")
        assert app.file_uploader(key="own_file").proto.max_upload_size_mb == limits[0]
        assert f"At most {limits[0]} MB" in said(app)
        app = open_app(workspace, "corpora")
        app.get_by_key("corpus_view").set_value("Add a corpus").run()
        assert app.file_uploader(key="add_upload").proto.max_upload_size_mb == limits[1]


def test_a_sound_that_lies_is_one_line(open_app: Open, workspace: Workspace) -> None:
    form = struct.pack("<HHIIHH", 1, 1, 10**9, 2 * 10**9, 2, 16)
    fast = b"RIFF" + struct.pack("<I", 4036) + b"WAVEfmt " + struct.pack("<I", 16) + form
    app = put(open_app(workspace, "aligned_space", run="demo"), fast + b"data" + struct.pack("<I", 4000) + bytes(4000))
    assert "1000000000 Hz" in app.warning[0].value.replace("\\", "")
    put(app, b"no sound", "<img src=x>.wav")
    assert "is not audio" in app.warning[0].value.replace("\\", "")


def test_more_sound_than_one_visitor_may_bring_is_refused(
    open_app: Open, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MIRAGE_OWN_MB", "1")
    app = put(open_app(workspace, "aligned_space", run="demo"), sound(20.0), "one.wav")
    assert "more than 1 MB" not in said(app)
    put(app, sound(21.0), "two.wav")
    assert "more than 1 MB of sound" in app.warning[0].value.replace("\\", "")
    other = put(open_app(workspace, "aligned_space", run="demo"), sound(20.0), "one.wav")
    assert "more than 1 MB" not in said(other)


def test_so_many_sentences_stay(open_app: Open, workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MIRAGE_OWN_MOST", "2")
    app = open_app(workspace, "aligned_space", run="demo")
    for words in ("One.", "Two.", "Three."):
        app.text_input(key="own_words").set_value(words).run()
    assert [item.label for item in app.button if str(item.key).startswith("own_remove")] == ["Remove"] * 2


@pytest.mark.parametrize(
    ("content", "word"),
    [(b"audio,emotion\na.wav,\x00sad\n", "null character"), (b"a," * 5000 + b"b\n1\n", "5,001 columns")],
)
def test_a_table_that_cannot_be_is_one_line(
    content: bytes, word: str, open_app: Open, workspace: Workspace, tmp_path: Path
) -> None:
    app = open_app(workspace, "corpora")
    app.get_by_key("corpus_view").set_value("Add a corpus").run()
    app.text_input(key="add_path").set_value(str(tmp_path)).run()
    app.file_uploader(key="add_upload").upload("\u202etable<b>.csv", content, "text/csv").run()
    next(button for button in app.button if button.label == "Read the corpus").click().run()
    assert not app.exception
    (line,) = [item.value for item in app.text if word in item.value]
    assert line.startswith("\\u202etable<b>.csv: ")
