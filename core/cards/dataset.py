"""The dataset card of generated features."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from core.cards.figures import information_table, quality_parts
from core.cards.shared import CITATION, citation, corpus_words, licence_words, metadata, slug, synthetic_note
from core.cards.text import bullets, document, fenced, plain, table
from core.hub.names import HubId
from core.story import Story

_SIZES = ((1_000, "n<1K"), (10_000, "1K<n<10K"), (100_000, "10K<n<100K"), (1_000_000, "100K<n<1M"))


@dataclass(frozen=True)
class Generated:
    """Features that a run generated.

    Attributes:
        rows: by emotion. files: by emotion, names in the repository. seed: of the first emotion, one more for each
            that follows. noise: size of the noise z. paired: whether text features are there.
    """

    rows: dict[str, int]
    files: dict[str, str]
    seed: int
    noise: int
    paired: bool

    @property
    def total(self) -> int:
        """Rows in all."""
        return sum(self.rows.values())


def data_files(emotions: Sequence[str]) -> dict[str, str]:
    """The file of each emotion in a dataset's repository; no two share one.

    >>> data_files(["angry", "very sad", "very_sad", "!"])["very_sad"]
    'data/very-sad-2.parquet'
    """
    files: dict[str, str] = {}
    for number, emotion in enumerate(emotions):
        name = slug(emotion) or f"emotion-{number + 1}"
        tries = (name, *(f"{name}-{more}" for more in range(2, len(emotions) + 2)))
        files[emotion] = next(file for one in tries if (file := f"data/{one}.parquet") not in files.values())
    return files


def dataset_card(story: Story, made: Generated, place: HubId | None = None) -> str:
    """The card as the README.md of a dataset's repository; see ``model_card``."""
    name = place.short if place is not None else f"{story.run}-features"
    size = next((word for most, word in _SIZES if made.total < most), "n>1M")
    head = metadata(
        story,
        pretty_name=f"Generated features: {name}",
        size_categories=[size],
        task_categories=["audio-classification"],
        configs=[{"config_name": "default", "data_files": [{"split": "train", "path": "data/*.parquet"}]}],
    )
    head["tags"] = [*head["tags"], *(["synthetic"] if "synthetic" not in head["tags"] else []), "generated"]
    return document(head, [f"# {plain(name)}", *_parts(story, made, place)])


def _parts(story: Story, made: Generated, place: HubId | None) -> list[str]:
    data, training = story.data, story.training
    return [
        f"{made.total:,} features of emotional speech, **generated** by a network: nobody has said any of them. The "
        f"generator is run {plain(story.run)}, which learnt from {corpus_words(data)}.",
        synthetic_note(data),
        "## What a row is",
        f"One generated feature: {training.dim} numbers in the aligned space of that run, and everything they were "
        "made from. A feature is no sound, and no sound can be made of it.",
        table(["column", "type", "meaning"], _columns(story, made)),
        table(["emotion", "rows", "file"], [[name, f"{made.rows[name]:,}", made.files[name]] for name in made.rows]),
        "## How they were generated",
        plain(story.answer("done")),
        bullets(
            [
                f"seed {made.seed} for the first emotion, one more for each that follows; noise and codes drawn from "
                "N(0, 1)",
                *(
                    ["each row was conditioned on the words of a training utterance of its emotion; which, is not told"]
                    if training.mode == "text"
                    else []
                ),
                *(f"embeddings {store}: {encoder}" for store, encoder in training.encoders.items()),
            ]
        ),
        "## The corpus behind them",
        f"{corpus_words(data)}: {data.utterances:,} utterances.",
        table(["emotion", "utterances"], [[name, f"{count:,}"] for name, count in data.emotions.items()]),
        table(["part", "utterances"], [[part, f"{count:,}"] for part, count in data.parts.items()]),
        "Nothing of it is here: neither clips nor words, nor features of utterances.",
        "## What it must not be used for",
        bullets(
            [
                "As test data: figures on generated rows say nothing of real speech. Train with them, test on people.",
                "As evidence of how people speak, or of how often an emotion occurs: the numbers of rows were chosen.",
                "Judging people, or telling what somebody feels.",
                "With features of another encoder or another run: the space is that of this run alone.",
            ]
        ),
        "## How good they are",
        synthetic_note(data),
        plain(story.answer("helped")),
        *quality_parts(story),
        *information_table(story),
        "## Limits",
        bullets(story.limits),
        "## Licence",
        licence_words(data, "These features were made by networks that have"),
        "## How to load it",
        fenced(_loading(place), "python"),
        "## Citation",
        citation(),
        fenced(CITATION, "bibtex"),
    ]


def _columns(story: Story, made: Generated) -> list[list[str]]:
    dim = story.training.dim
    rows = [
        ["emotion", "string", "the emotion that was asked for"],
        ["audio", f"list of {dim} float32", "the generated feature of speech"],
    ]
    if made.paired:
        rows.append(["text_feature", f"list of {dim} float32", "the generated feature of words that goes with it"])
    rows += [[f"c_{name}", "float32", f"weight of {name} that went in"] for name in story.data.emotions]
    rows += [[name, "float32", "latent code, in sigma"] for name in story.training.codes]
    rows.append([f"z1 to z{made.noise}", "float32", "noise that went in"])
    return rows


def _loading(place: HubId | None) -> str:
    where = str(place) if place is not None else "OWNER/NAME"
    name, _, revision = where.partition("@")
    more = f", revision={revision!r}" if revision else ""
    return "\n".join(
        ["from datasets import load_dataset", "", f'features = load_dataset({name!r}, split="train"{more})']
    )
