"""The model card of a run, in the Hugging Face form: metadata in YAML, then sections."""

from __future__ import annotations

from typing import Any

from core.cards.figures import (
    benchmark_parts,
    effects_table,
    information_table,
    quality_parts,
    recognition_table,
    results,
)
from core.cards.shared import (
    CITATION,
    LIBRARY,
    citation,
    corpus_words,
    licence_words,
    metadata,
    synthetic_note,
)
from core.cards.text import bullets, document, fenced, plain, table
from core.hub.names import HubId
from core.story import Data, Story
from core.story.words import many

_KINDS = {
    "text": "features of speech for given words",
    "paired": "pairs of speech and text features",
    "free": "features of speech",
}
_WORDS = 'text="I did not expect to see you here.", '


def model_card(story: Story, place: HubId | None = None) -> str:
    """The card as the README.md of a repository.

    Args:
        story: of the run. place: where it is published, None while that is not known.
    """
    name = place.short if place is not None else story.run
    return document(_metadata(story, name), [f"# {plain(name)}", *_parts(story, place)])


def _metadata(story: Story, name: str) -> dict[str, Any]:
    from huggingface_hub import ModelCardData

    # The hub's own class puts the results where the hub looks for them.
    found = ModelCardData(model_name=name, eval_results=results(story) or None, **metadata(story, library_name=LIBRARY))
    return found.to_dict()


def _parts(story: Story, place: HubId | None) -> list[str]:
    return [
        plain(story.headline),
        synthetic_note(story.data),
        "## What it is",
        plain(story.answer("done")),
        f"The generator makes {_KINDS[story.training.mode]}, {story.training.dim} numbers each, for: "
        f"{plain(', '.join(story.data.emotions))}. They are numbers in the model's space, not sound.",
        "## Intended use",
        "Augmenting speech emotion recognition where labels are few, looking at how emotions lie in the aligned space, "
        "and research on generative augmentation and mutual information.",
        "### Out of scope",
        bullets(
            [
                "Judging people: hiring, schooling, insurance, police, health, credit, or any decision about a person.",
                "Telling what somebody feels: the labels are what listeners heard or actors were asked for.",
                "Recognising or imitating anybody's voice: nothing here makes sound.",
                "Languages, recordings and kinds of speech unlike those of the corpus, without testing there first.",
            ]
        ),
        "## Training data",
        *_data(story),
        "## How it was trained",
        *_training(story),
        "## Evaluation",
        synthetic_note(story.data),
        plain(story.answer("voices")),
        *recognition_table(story),
        *benchmark_parts(story),
        "## Mutual information",
        *information_table(story),
        "## Quality of what is generated",
        *quality_parts(story),
        "## Effect on each emotion",
        *effects_table(story),
        "## Limits and bias",
        bullets(story.limits),
        "Emotions are shown and heard differently by culture, age, gender and setting; a model learnt from few "
        "speakers carries their ways. Look at the recall of each emotion, and test on speakers of your own.",
        "## Machine",
        _machine(story),
        "## Licence",
        licence_words(story.data, "These networks have"),
        "## How to load it",
        fenced(_loading(story, place), "python"),
        "No code in the repository is run: networks are safetensors and JSON.",
        "## Made again",
        fenced("\n".join(story.commands), "sh"),
        "<details><summary>Configuration</summary>",
        fenced(story.configuration, "yaml"),
        "</details>",
        "## Citation",
        citation(),
        fenced(CITATION, "bibtex"),
    ]


def _data(story: Story) -> list[str]:
    data = story.data
    rows = [[name, f"{count:,}"] for name, count in data.emotions.items()]
    counted = f"{data.with_text:,} with a transcript"
    heading = "utterances"
    if data.withheld:
        # Such a run does not say how many had one, and counts emotions in its training part.
        counted = f"learnt from {'with' if data.with_text else 'without'} transcripts"
        if sum(data.emotions.values()) == data.parts.get("train") != data.utterances:
            heading = "utterances in training"
    parts = [
        [part, f"{count:,}", str(len(data.speakers.get(part, []))) if data.speakers.get(part) else "not told"]
        for part, count in data.parts.items()
    ]
    return [
        f"{corpus_words(data)}: {data.utterances:,} utterances, {counted}. {_held_out(data)}",
        "The features, labels and words of these utterances are **not published** with the run: it generates"
        f"{' for words that are given' if story.training.mode == 'text' else ''}, but has no map, no neighbours and "
        "nothing to compare with."
        if data.withheld
        else "",
        table(["emotion", heading], rows),
        table(["part", "utterances", "speakers"], parts),
    ]


def _held_out(data: Data) -> str:
    if not data.parts.get("test"):
        return "No speaker was held out."
    if not data.held_out:
        return "Who speaks in the test part is not told."
    shared = {*data.speakers.get("train", []), *data.speakers.get("validation", [])} & set(data.held_out)
    if shared:
        return f"{many(len(shared), 'speaker')} of the test part can be heard in training or validation too."
    return "No speaker of the test part is in training or validation."


def _training(story: Story) -> list[str]:
    training = story.training
    lines = [f"embeddings {store}: {encoder}" for store, encoder in training.encoders.items()]
    lines += [f"{stage}: {count:,} steps" for stage, count in training.steps.items()]
    lines.append(f"latent codes: {', '.join(training.codes) or 'none'}; mode {training.mode}; seed {training.seed}")
    if training.unlabelled:
        lines.append("emotions of unlabelled utterances of the training speakers were guessed and learnt from")
    aligned = (
        "speech and text embeddings are aligned in one space"
        if story.data.with_text
        else "speech embeddings are brought into a space in which emotions lie apart"
    )
    by = (
        ", with mutual information between its features and what they were asked for as its regulariser"
        if story.training.informed
        else ", without mutual information as a regulariser"
    )
    return [
        f"Two stages: {aligned}, then an InfoGAN-style generator is trained there{by}.",
        bullets(lines),
    ]


def _machine(story: Story) -> str:
    training = story.training
    known = [
        f"trained on {training.device}" if training.device else "",
        f"MIRAGE {training.mirage}" if training.mirage else "",
        f"revision {training.git_revision[:12]}" if training.git_revision else "",
    ]
    told = ", ".join(one for one in known if one)
    return plain(f"{told or 'Not known'}. Energy was not measured.")


def _loading(story: Story, place: HubId | None) -> str:
    emotion = next(iter(story.data.emotions), "angry")
    where = str(place) if place is not None else story.run
    words = story.data.withheld and story.training.mode == "text"
    return "\n".join(
        [
            "from core import load_run",
            "",
            f"run = load_run({where!r})",
            *(["# There are no utterances to take words from; the run's text encoder reads yours."] if words else []),
            f"batch = run.generate({emotion!r}, n=500, {_WORDS if words else ''}seed=7)",
            f"batch.audio.shape  # (500, {story.training.dim})",
        ]
    )
