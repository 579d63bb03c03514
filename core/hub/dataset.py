"""Generated features as a dataset on the hub."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from core.cards import Generated, data_files, dataset_card
from core.errors import BadInputError
from core.files import write_text
from core.hub.contents import CARD, Parcel, story_of
from core.hub.names import HubId, checked_hub_id
from core.hub.pushing import Pushed, send
from core.progress import Progress, silent
from core.runs.export import write_batch
from core.runs.loaded import LoadedRun, load_run
from core.workspace import Workspace


@contextmanager
def dataset_parcel(
    run: LoadedRun,
    place: HubId,
    *,
    emotions: Sequence[str] = (),
    n: int = 500,
    seed: int = 0,
    paired: bool = False,
    card: bool = True,
) -> Iterator[Parcel]:
    """Generates features and lays them out as a dataset: ``data/<emotion>.parquet`` and a card.

    A row holds everything that it was made from but the utterance whose words conditioned it.

    Args:
        emotions: of the run; by default all. n: features for each. seed: of the first emotion, one more for each that
            follows. paired: text features, too (runs in paired mode). card: write the dataset card.

    Raises:
        BadInputError: an emotion that the run does not know, or twice; pairs that it cannot make.
        FailureError: so many do not fit the memory, or the disk is full.
    """
    wanted = list(emotions) or run.classes
    twice = sorted({name for name in wanted if wanted.count(name) > 1})
    if twice:
        raise BadInputError(f"--emotion {twice[0]}: given twice")
    with tempfile.TemporaryDirectory(prefix="mirage-push-") as scratch:
        folder = Path(scratch) / place.short
        files = data_files(wanted)
        for number, emotion in enumerate(wanted):
            batch = run.generate(emotion, n, seed=seed + number, paired=paired)
            batch = replace(batch, codes=batch.codes.drop(columns=["text"]))
            write_batch(folder / files[emotion], batch, run, emotion=emotion, seed=seed + number)
        names = list(files.values())
        if card:
            made = Generated(dict.fromkeys(wanted, n), files, seed, run.noise_size, paired)
            write_text(folder / CARD, dataset_card(story_of(run), made, place))
            names.insert(0, CARD)
        notes = ["which utterances conditioned a row is not told"] if run.mode == "text" else []
        yield Parcel("dataset", place, folder, {name: (folder / name).stat().st_size for name in names}, notes)


def push_features(
    run: LoadedRun | str | Path,
    name: str,
    *,
    emotions: Sequence[str] = (),
    n: int = 500,
    seed: int = 0,
    paired: bool = False,
    private: bool = True,
    message: str | None = None,
    card: bool = True,
    workspace: Workspace | None = None,
    progress: Progress = silent,
) -> Pushed:
    """Generates features and pushes them as a dataset; see ``dataset_parcel`` and ``core.hub.push_run``."""
    place = checked_hub_id(name)
    opened = run if isinstance(run, LoadedRun) else load_run(run, workspace)
    with dataset_parcel(opened, place, emotions=emotions, n=n, seed=seed, paired=paired, card=card) as parcel:
        return send(parcel, private=private, message=message, progress=progress)
