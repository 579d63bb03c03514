"""What leaves this machine when a run is pushed: a copy without paths, names and words that were not asked for."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from core.errors import BadInputError
from core.files import clear_disk_errors, read_json, write_json, write_text
from core.hub.names import RUN_PARTS, HubId
from core.hub.people import Numbers
from core.reading import open_plain
from core.runs.files import TEXT_COLUMNS
from core.runs.licensed import about
from core.runs.loaded import LoadedRun
from core.runs.quality import fingerprint
from core.runs.state import State
from core.runs.withheld import KEY, said, withhold

if TYPE_CHECKING:
    from core.story import Story

CARD = "README.md"
_ENVIRONMENT = ("mirage", "git_revision", "python", "device", "threads", "seed")
_VERSION = re.compile(r"[0-9][\w.+!-]{0,60}", re.ASCII)
_PACKAGE = re.compile(r"[A-Za-z0-9][\w.-]{0,60}", re.ASCII)
_OF_DATASET = re.compile(r"data/[a-z0-9.-]+\.parquet")
_MOST = 1 << 20


@dataclass(frozen=True)
class Parcel:
    """What is about to be pushed.

    Attributes:
        kind: model or dataset. place: where it goes. folder: a copy on this machine. files: bytes by name in the
            repository, the card first. notes: what of it stays here and why, a sentence each.
    """

    kind: str
    place: HubId
    folder: Path
    files: dict[str, int]
    notes: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes in all."""
        return sum(self.files.values())

    def owns(self, name: str) -> bool:
        """Whether a file in the repository is of this kind: what the parcel lacks of these is taken away there."""
        return name in RUN_PARTS if self.kind == "model" else _OF_DATASET.fullmatch(name) is not None


@contextmanager
def run_parcel(
    run: LoadedRun,
    place: HubId,
    *,
    features: bool = True,
    transcripts: bool = False,
    names: bool = False,
    card: bool = True,
) -> Iterator[Parcel]:
    """The copy of a run that is pushed; it lies in a temporary folder and has been opened once as a run.

    Paths of clips never go with it; transcripts, speakers' names and ids of utterances only where they are asked for.

    Args:
        features: the aligned features and labels of the utterances. Without them it generates (in mode text for words
            that are given), and has no map, no neighbours and nothing to compare with.
        transcripts: what was said, too. names: speakers, sessions and ids of utterances as they are; with them clips
            can be heard where the corpus is.

    Raises:
        BadInputError: transcripts of the corpus must not be shown, or a file of the run is damaged.
        FailureError: the disk is full.
    """
    if not features and (transcripts or names):
        raise BadInputError("--transcripts and --names are of the utterances: they do not go with --no-features")
    if transcripts and not run.permissions.transcripts:
        raise BadInputError(
            f"run {run.id!r}: the transcripts of corpus {run.corpus} must not be shown, so they are not pushed; leave "
            "--transcripts out"
        )
    with tempfile.TemporaryDirectory(prefix="mirage-push-") as scratch:
        folder = Path(scratch) / place.short
        with clear_disk_errors(folder):
            folder.mkdir()
            copy = _Copy(run, folder, transcripts=transcripts, names=names)
            copy.write()
            pushed = LoadedRun(folder, run.workspace)
            if card:
                from core.cards import model_card
                from core.story import tell

                # Told before the rows are out: they count emotions and languages, too.
                story = tell(pushed)
                story = replace(story, data=replace(story.data, withheld=not features or story.data.withheld))
                write_text(folder / CARD, model_card(story, place))
            if not features:
                copy.withhold(pushed)
        files = [name for name in (CARD, *RUN_PARTS) if (folder / name).is_file()]
        sizes = {name: (folder / name).stat().st_size for name in files}
        yield Parcel("model", place, folder, sizes, copy.notes(features))


def story_of(run: LoadedRun) -> Story:
    """What is told of a run where it is published: without names of speakers, as it is pushed by default."""
    from core.story import tell

    name = run.id.rpartition("/")[2].partition("@")[0]
    with run_parcel(run, HubId(f"local/{name}"), card=False) as parcel:
        return tell(LoadedRun(parcel.folder, run.workspace))


class _Copy:
    def __init__(self, run: LoadedRun, folder: Path, *, transcripts: bool, names: bool) -> None:
        self.run, self.folder, self.transcripts, self.names = run, folder, transcripts, names
        evaluation = run.evaluation()
        self.withheld = not len(run.utterances)
        # An older run does not say who spoke in which part.
        speakers = evaluation.get("speakers", {})
        self.numbers = Numbers(run.utterances, [name for some in speakers.values() for name in some])
        self.evaluation = evaluation

    def write(self) -> None:
        run = self.run
        for name in RUN_PARTS:
            if name.startswith(("model/", "projection/")) and (run.path / name).is_file():
                self._copy(name)
        write_text(self.folder / "config.yaml", run.config.to_yaml())
        write_json(self.folder / "environment.json", environment(run.path))
        # Without a time: the same run pushed again is the same files.
        state = State(status="finished", stage="projection", step=1, total=1, message="finished")
        write_json(self.folder / "state.json", asdict(state))
        write_json(self.folder / "information.json", run.information())
        write_json(self.folder / "evaluation.json", self._figures(self.evaluation))
        self._copy("features/aligned.safetensors")
        self._write_table()
        if (card := run.quality()) is not None:
            # The features are byte for byte the same, so the card is still theirs.
            write_json(self.folder / "quality.json", {**self._figures(card), "run": self.folder.name})

    def withhold(self, pushed: LoadedRun) -> None:
        """Takes the utterances out of the copy, whose report card is then that of these files."""
        withhold(self.folder, pushed)
        card = self.folder / "quality.json"
        if card.is_file():
            write_json(card, {**read_json(card), "model": fingerprint(self.folder)})
        LoadedRun(self.folder, self.run.workspace)

    def notes(self, features: bool) -> list[str]:
        if self.withheld or not features:
            return [
                "no feature, label or word of an utterance goes with it: it generates, but has no map and nothing to "
                "compare with"
            ]
        notes = ["paths of clips stay here", "aligned features of the utterances go with it (--no-features: they stay)"]
        if not self.names:
            notes.append("speakers, sessions and utterances go as numbers (--names: as they are)")
        if not self.run.permissions.transcripts:
            notes.append("transcripts stay here: those of this corpus must not be shown")
        elif not self.transcripts and self.run.utterances["text"].notna().any():
            notes.append("transcripts stay here (--transcripts: they go too)")
        if not self.run.permissions.audio:
            notes.append("the copy says, too, that clips of this corpus must not be played")
        return notes

    def _figures(self, content: dict[str, Any]) -> dict[str, Any]:
        return content if self.names else self.numbers.figures(content, self.run.config.data.fold)

    def _copy(self, name: str) -> None:
        target = self.folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        with open_plain(self.run.path / name) as source, target.open("wb") as file:
            shutil.copyfileobj(source, file)

    def _write_table(self) -> None:
        run, allowed = self.run, self.run.permissions
        table = run.utterances.assign(audio=None)
        table = table if self.names else self.numbers.table(table)
        table = table if self.transcripts else table.assign(text=None)
        # A column in which nothing is left has no kind of its own.
        arrow = pa.table(
            {
                name: pa.Array.from_pandas(table[name], type=pa.string() if name in TEXT_COLUMNS else None)
                for name in table.columns
            }
        )
        switches = {"audio_allowed": allowed.audio, "transcript_allowed": allowed.transcripts and self.transcripts}
        metadata = {
            "corpus": run.corpus,
            **about(run.about),
            **{key: str(yes).lower() for key, yes in switches.items()},
        }
        if self.withheld:
            metadata[KEY] = said(run.training_counts)
        arrow = arrow.replace_schema_metadata(metadata)
        pq.write_table(arrow, self.folder / "features" / "utterances.parquet")


def environment(folder: Path) -> dict[str, Any]:
    """``environment.json`` as it may be read by anybody: an encoder that was a folder here is not named by its path.

    Of packages only versions are kept, of the corpus its name and checksum: whatever else somebody wrote there stays.

    Raises:
        BadInputError: the file is damaged.
    """
    from core.encoders.checkpoint import is_hub_id

    content = read_json(folder / "environment.json", _MOST)
    if not isinstance(content, dict):
        raise BadInputError(f"{folder / 'environment.json'}: not what a run is made with; copy the run's folder again")
    kept: dict[str, Any] = {
        key: content[key] for key in _ENVIRONMENT if isinstance(content.get(key), (str, int, float))
    }
    packages, corpus = content.get("packages"), content.get("corpus")
    if isinstance(packages, dict):
        kept["packages"] = {
            name: version
            for name, version in packages.items()
            if _PACKAGE.fullmatch(name) and isinstance(version, str) and _VERSION.fullmatch(version)
        }
    if isinstance(corpus, dict):
        kept["corpus"] = {key: corpus[key] for key in ("name", "sha256") if isinstance(corpus.get(key), str)}
    stores = content.get("embeddings")
    kept["embeddings"] = [
        {
            "name": str(store.get("name", "")),
            # With a colon it is no id of the hub: nobody takes it for somebody's model of that name.
            "encoder": encoder if is_hub_id(encoder) else f"folder:{Path(encoder).name}",
            "sha256": str(store.get("sha256", "")),
        }
        for store in (stores if isinstance(stores, list) else [])
        if isinstance(store, dict) and isinstance(encoder := store.get("encoder"), str)
    ]
    return kept
