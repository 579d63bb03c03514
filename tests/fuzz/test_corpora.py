"""Corpora whose tables, labels and clips are spoilt: read, or said in one line; nothing else, and soon."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.corpora import ingest, load_corpus, read_audio
from core.workspace import Workspace
from tests.core.corpora.miniatures import audformat, crema_d, esd, iemocap, meld, msp_improv, msp_podcast, savee, tess
from tests.core.corpora.miniatures.sound import write_clip
from tests.fuzz.mutations import STEPS, spoil
from tests.fuzz.property import tries, works_or_says

FEW = {1: {"ang": 2, "hap": 2}, 2: {"sad": 2, "neu": 2}}
BUILT: dict[str, Callable[[Path], Any]] = {
    "audformat": audformat.build,
    "crema_d": crema_d.build,
    "esd": esd.build,
    "iemocap": lambda root: iemocap.write(root, FEW),
    "meld": lambda root: meld.build(root, video=False),
    "msp_improv": msp_improv.write,
    "msp_podcast": msp_podcast.write,
    "savee": savee.build,
    "tess": tess.build,
}
SOUND = {".wav", ".mp3", ".mp4", ".flac", ".ogg"}

HEADER = "audio;emotion;speaker;text;start;end;arousal;split\n"
LINES = [f'{n}.wav;{"angry" if n % 2 else "sad"};s{n % 3};"words; {n}";0.0;0.14;0.5;train\n' for n in range(6)]


@pytest.fixture(scope="module")
def corpora(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The miniatures that can be made here, by the name of their loader."""
    base, made = tmp_path_factory.mktemp("corpora"), {}
    for name, build in BUILT.items():
        try:
            build(base / name)
        except ImportError:
            continue
        made[name] = base / name
    return made


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    return Workspace(tmp_path_factory.mktemp("home"))


@pytest.fixture(scope="module")
def clips(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("clips")
    for number in range(6):
        write_clip(folder / f"{number}.wav", 0.15, seed=number)
    return folder


def read(loader: str, root: Path, workspace: Workspace, **options: Any) -> None:
    """Ingested, and opened again."""
    done = ingest(loader, root, name="spoilt", workspace=workspace, replace=True, **options)
    assert len(load_corpus("spoilt", workspace)) == len(done.corpus)


@tries(60)
@given(number=st.integers(0, len(BUILT) - 1), share=st.floats(0, 1, exclude_max=True), steps=STEPS)
def test_tables_and_labels(
    corpora: dict[str, Path], workspace: Workspace, number: int, share: float, steps: list[Any]
) -> None:
    name = sorted(corpora)[number % len(corpora)]
    root = corpora[name]
    files = sorted(path for path in root.rglob("*") if path.is_file() and path.suffix.lower() not in SOUND)
    # Some corpora say everything by the names of their clips.
    files = files or sorted(path for path in root.rglob("*") if path.is_file())
    file = files[int(share * len(files))]
    kept = file.read_bytes()
    # Clips of the miniatures are hard links to one file.
    file.unlink()
    file.write_bytes(spoil(kept, steps))
    try:
        works_or_says(lambda: read(name, root, workspace))
    finally:
        file.write_bytes(kept)


@tries(100)
@given(steps=STEPS, header=st.booleans())
def test_tables_of_people(clips: Path, workspace: Workspace, steps: list[Any], header: bool) -> None:
    rows = "".join(LINES).encode()
    text = spoil(HEADER.encode(), steps) + rows if header else HEADER.encode() + spoil(rows, steps)
    (clips / "table.csv").write_bytes(text)
    works_or_says(lambda: read("folder", clips, workspace, table=clips / "table.csv"))


@tries(80)
@given(
    mapping=st.dictionaries(
        st.sampled_from(["audio", "emotion", "speaker", "text", "start", "arousal", "utterance_id", "x"]),
        st.sampled_from(["audio", "emotion", "speaker", "text", "end", "", "gone", "a\0b", "\u202e"]),
        max_size=4,
    ),
    labels=st.dictionaries(st.text(max_size=6), st.sampled_from(["angry", "none", "", "rage", "\x1b"]), max_size=3),
    low=st.sampled_from([0.0, 1.0, -1e308, float("nan"), float("inf"), 5e-324]),
    high=st.sampled_from([0.0, 5.0, 1e308, float("nan")]),
    cell=st.text(max_size=12),
)
def test_what_a_person_says_of_a_table(
    clips: Path,
    workspace: Workspace,
    mapping: dict[str, str],
    labels: dict[str, str],
    low: float,
    high: float,
    cell: str,
) -> None:
    content = HEADER + "".join(LINES) + f"0.wav;{cell};{cell};{cell};{cell};{cell};{cell};{cell}\n"
    (clips / "table.csv").write_bytes(content.encode("utf-8", "replace"))
    options = {"mapping": mapping, "labels": labels, "scales": {"arousal": (low, high)}}
    works_or_says(lambda: read("folder", clips, workspace, table=clips / "table.csv", **options))


@tries(100)
@given(steps=STEPS, kind=st.sampled_from(["wav", "flac", "ogg", "aiff", "au", "caf"]))
def test_clips(clips: Path, steps: list[Any], kind: str) -> None:
    import soundfile

    good = clips / f"good.{kind}"
    if not good.is_file():
        samples, rate = soundfile.read(clips / "0.wav")
        soundfile.write(good, samples, rate)
    spoilt = clips / f"spoilt.{kind}"
    spoilt.write_bytes(spoil(good.read_bytes(), steps))
    works_or_says(lambda: read_audio(spoilt), lambda: read_audio(spoilt, 0.01, 0.12))


@tries(60)
@given(steps=STEPS)
def test_an_utterance_table_of_the_workspace(clips: Path, workspace: Workspace, steps: list[Any]) -> None:
    good = workspace.root / "good.parquet"
    if not good.is_file():
        (clips / "table.csv").write_text(HEADER + "".join(LINES))
        ingest("folder", clips, name="good", workspace=workspace, replace=True, table=clips / "table.csv")
        shutil.copyfile(workspace.corpus_file("good"), good)
    spoilt = workspace.corpus_file("spoilt")
    spoilt.parent.mkdir(parents=True, exist_ok=True)
    spoilt.write_bytes(spoil(good.read_bytes(), steps))

    def look() -> None:
        corpus = load_corpus("spoilt", workspace)
        corpus.counts()
        corpus.fingerprint()
        if len(corpus):
            corpus.waveform(0)

    works_or_says(look)
