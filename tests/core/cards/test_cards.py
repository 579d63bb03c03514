"""Cards say what the story says, in a form that the hub takes, whatever names the data hold."""

from __future__ import annotations

import re
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import DatasetCard, ModelCard, metadata_load
from huggingface_hub.repocard_data import DatasetCardData, ModelCardData
from markdown_it import MarkdownIt

from core.cards import Generated, dataset_card, model_card
from core.cards.figures import effects_table
from core.cards.figures import results as found
from core.cards.shared import languages, licence
from core.cards.text import plain
from core.demo import install_demo
from core.hub import HubId
from core.hub.contents import story_of
from core.runs import LoadedRun, load_run
from core.runs.withheld import withhold
from core.shipped import install_results
from core.story import Story, tell
from core.workspace import Workspace
from tests.hub.cards import card_faults

SECTIONS = [
    "What it is",
    "Intended use",
    "Training data",
    "How it was trained",
    "Evaluation",
    "Mutual information",
    "Quality of what is generated",
    "Effect on each emotion",
    "Limits and bias",
    "Machine",
    "Licence",
    "How to load it",
    "Made again",
    "Citation",
]
BAD = [
    "a|b",
    "`x`",
    "**bold** _it_",
    "<script>alert(1)</script>",
    "<img src=x onerror=y>",
    "[a](javascript:b)",
    "![a](http://evil/x.png)",
    "line\nbreak",
    "---",
    "# head",
    "- item",
    "1. item",
    "> quote",
    "a: b\n- c",
    "!!python/object:os.system",
    "@everyone",
    "$x$",
    "~~gone~~",
    "www.evil.org",
    "\u202eturned",
    "&lt;b&gt;",
    "```",
    "{% x %}",
]


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = Workspace(tmp_path_factory.mktemp("cards"))
    install_demo(workspace)
    install_results(workspace)
    return workspace


@pytest.fixture(scope="module")
def story(space: Workspace) -> Story:
    return story_of(load_run("demo", space))


def split(card: str) -> tuple[dict[str, Any], str]:
    found = re.match(r"---\n(.*?)\n---\n(.*)", card, re.DOTALL)
    assert found is not None
    return yaml.safe_load(found[1]), found[2]


def made(story: Story) -> Generated:
    names = list(story.data.emotions)
    return Generated(dict.fromkeys(names, 40), {name: f"data/{name}.parquet" for name in names}, 3, 64, False)


def test_the_model_card_is_one_that_the_hub_takes(story: Story, tmp_path: Path) -> None:
    card = model_card(story, HubId("owner/demo-run"))
    assert card_faults(card) == []
    (tmp_path / "README.md").write_text(card, encoding="utf-8")
    read = ModelCard.load(tmp_path / "README.md")
    assert isinstance(read.data, ModelCardData)
    metadata = metadata_load(tmp_path / "README.md")
    assert metadata is not None
    assert (metadata["license"], metadata["library_name"], metadata["language"]) == ("mit", "mirage", ["en"])
    assert "synthetic" in metadata["tags"]
    # What the hub's own class makes of it is what stands there.
    assert read.data.model_name == "demo-run"
    assert yaml.safe_load(read.data.to_yaml()) == metadata
    results = read.data.eval_results
    assert results
    figures = {result.metric_name: result.metric_value for result in results}
    assert figures["UA, audio"] == round(story.recognition["audio"].ua, 4)
    assert figures["UA, audio and text"] == round(story.recognition["audio_and_text"].ua, 4)
    assert figures["I(c; ĥ) in nats, held-out samples"] == round(story.information[0].value or 0, 4)
    for result in results:
        assert result.dataset_name == "demo (synthetic speech)"
        of_speakers = result.metric_type != "mutual-information"
        wanted = "held-out speakers, fold session-1" if of_speakers else "generated samples held out from the critic"
        assert result.dataset_split == wanted
    # Where nobody was held out, what was generated was measured all the same.
    alone = replace(story, data=replace(story.data, speakers={}), recognition={})
    assert [one.metric_value for one in found(alone)] == [
        round(one.value, 4) for one in story.information if one.value is not None
    ]


def test_the_model_card_has_its_sections_and_the_story_s_words(story: Story) -> None:
    _, text = split(model_card(story, HubId("owner/demo-run", "try")))
    found = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert found == SECTIONS
    assert plain(story.headline) in text
    for key in ("done", "helped", "sure", "voices", "emotions"):
        assert plain(story.answer(key)) in text, key
    for limit in story.limits:
        assert f"- {plain(limit)}" in text
    for one in story.benchmarks:
        for method in one.methods:
            assert f"{method.ua:.1f} % ({method.low:.1f} to {method.high:.1f})" in text
    assert "load_run('owner/demo-run@try')" in text
    assert story.configuration.strip() in text
    assert "10 seeds" in text
    assert text.count("**Synthetic.**") == 2
    # Speakers are numbers.
    assert not re.search(r"(?<!-)\bv[1-8]\b", text)


def test_effects_are_those_of_the_benchmark_that_the_story_answers_with(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    def changes(told: Story) -> str:
        return "\n".join(effects_table(told)).partition("Recall of each")[0]

    assert len(story.benchmarks) > 1
    last = story.benchmarks[-1]
    assert last != story.best
    row = f"{last.effects[0].with_mirage:.1f} % | {last.effects[0].change:+.1f} |"
    assert row not in changes(story)
    elsewhere = replace(story.benchmarks[0], test_on="elsewhere")
    assert row in changes(replace(story, benchmarks=[elsewhere, last]))
    assert "points |" not in changes(replace(story, benchmarks=[elsewhere]))
    # Whatever the story chooses by, the card follows.
    monkeypatch.setattr(Story, "best", property(lambda self: self.benchmarks[-1]))
    assert row in changes(story)


def test_a_card_of_speech_that_is_not_synthetic_and_of_a_run_without_figures(story: Story) -> None:
    data = replace(
        story.data, synthetic=False, licence="by agreement, research only", speakers={}, languages=["German"]
    )
    bare = replace(story, data=data, recognition={}, benchmarks=[], quality=None, information=[])
    card = model_card(bare)
    metadata, text = split(card)
    assert card_faults(card) == []
    assert "model-index" not in metadata
    assert (metadata["license"], metadata["license_name"]) == ("other", "by-agreement-research-only")
    assert metadata["language"] == ["de"]
    assert "synthetic" not in metadata["tags"]
    assert "**Synthetic.**" not in text
    assert "recognition was not measured" in text
    assert "by agreement, research only" in text


@pytest.mark.parametrize(
    ("said", "wanted"),
    [
        ("CC BY-NC-SA 4.0", {"license": "cc-by-nc-sa-4.0"}),
        ("ODbL 1.0", {"license": "odbl"}),
        ("MIT", {"license": "mit"}),
        *(
            (said, {"license": wanted})
            for wanted, spellings in {
                "cc-by-4.0": (
                    "CC-BY-4.0",
                    "cc by 4.0",
                    "CC_BY_4.0",
                    "CC BY v4.0",
                    "CC BY 4",
                    "Creative Commons Attribution 4.0 International",
                ),
                "cc-by-nc-sa-4.0": (
                    "CC-BY-NC-SA-4.0",
                    "CC-BY-NC-SA 4.0",
                    "cc by nc sa 4.0",
                    "Creative Commons Attribution-NonCommercial-ShareAlike 4.0 International License",
                ),
                "cc-by-nd-3.0": ("CC BY-ND 3.0", "Creative Commons Attribution-NoDerivs 3.0 Unported"),
                "apache-2.0": ("Apache-2.0", "Apache 2.0", "Apache License, Version 2.0", "the Apache licence 2"),
                "mit": ("MIT License", "the MIT licence"),
                "cc0-1.0": ("CC0", "CC0-1.0", "CC0 1.0 Universal"),
                "odbl": ("odbl", "ODbL-1.0", "ODbL v1.0"),
            }.items()
            for said in spellings
        ),
        # What says more, or leaves the version open, is not taken for it.
        ("CC BY 4.0, research only", {"license": "other", "license_name": "cc-by-4.0-research-only"}),
        ("CC BY-NC", {"license": "other", "license_name": "cc-by-nc"}),
        ("CC BY 9.0", {"license": "other", "license_name": "cc-by-9.0"}),
        ("not MIT", {"license": "other", "license_name": "not-mit"}),
        (None, {"license": "other", "license_name": "that-of-the-corpus"}),
        ("<b>\n---", {"license": "other", "license_name": "b"}),
    ],
)
def test_licences(story: Story, said: str | None, wanted: dict[str, str]) -> None:
    assert licence(replace(story.data, licence=said)) == wanted


def test_languages(story: Story) -> None:
    named = ["en", "de-DE", "Mandarin", "x", "<b>", "EN", "Klingon"]
    assert languages(replace(story.data, languages=named)) == ["en", "de", "zh"]


def test_the_dataset_card(story: Story, tmp_path: Path) -> None:
    card = dataset_card(story, made(story), HubId("owner/features"))
    assert card_faults(card) == []
    (tmp_path / "README.md").write_text(card, encoding="utf-8")
    read = DatasetCard.load(tmp_path / "README.md")
    assert isinstance(read.data, DatasetCardData)
    assert read.data.size_categories == ["n<1K"]
    assert read.data["configs"][0]["data_files"] == [{"split": "train", "path": "data/*.parquet"}]
    text = split(card)[1]
    for words in ("What a row is", "How they were generated", "must not be used for", "Licence", "**Synthetic.**"):
        assert words in text
    for column in ("emotion", "audio", "c\\_angry", "u1", "z1 to z64"):
        assert f"| {column} | " in text
    assert "load_dataset('owner/features'" in text


def blocks(text: str) -> str:
    """The text without its blocks of code, in which everything is as it is."""
    return re.sub(r"^(`{3,})[^\n]*\n.*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("bad", BAD)
def test_names_from_data_stay_text(story: Story, bad: str) -> None:
    """Whatever a corpus, its emotions, speakers, licence or encoders are called."""
    data = replace(
        story.data,
        corpus=bad,
        title=bad,
        licence=bad,
        emotions={bad: 3, "sad": 4},
        speakers={"train": [bad], "test": [bad]},
        fold=bad,
        languages=[bad],
    )
    answers = [replace(answer, text=f"{bad} and {bad}") for answer in story.answers]
    quality = {**(story.quality or {}), "notes": [bad]}
    strange = replace(
        story,
        run=bad,
        headline=bad,
        data=data,
        answers=answers,
        limits=[bad, f"more {bad}"],
        quality=quality,
        commands=[f"mirage train {bad}"],
        configuration=f"data:\n  corpus: {bad}\n",
        training=replace(story.training, encoders={bad: bad}, device=bad, mirage=bad),
    )
    plainly = replace(story, run="x")
    for card, usual in (
        (model_card(strange), model_card(plainly)),
        (dataset_card(strange, made(strange)), dataset_card(plainly, made(plainly))),
    ):
        assert card_faults(card) == []
        metadata, text = split(card)
        assert "synthetic" in metadata["tags"]
        outside = blocks(text)
        assert len(re.findall(r"^## ", outside, re.MULTILINE)) == len(re.findall(r"^## ", blocks(usual), re.MULTILINE))
        assert set(re.findall(r"<[^>]*>", outside)) <= {"<details>", "<summary>", "</summary>", "</details>"}
        assert not re.search(r"(?<!\\)\]\(|(?<!\\)!(?<!\\)\[|://|www\.", outside)
        assert not re.search(r"(?<!\\)[`$~@](?!\w*;)", outside.replace("&#64;", "").replace("`mirage quality`", ""))
        # As a reader of Markdown takes it: nothing of the data is a link, a picture, HTML or a heading.
        parsed = MarkdownIt("commonmark").enable("table").parse(text)
        kinds = {child.type for token in parsed for child in (token, *(token.children or []))}
        assert not kinds & {"link_open", "image", "html_inline"}
        blocks_of_html = [token.content for token in parsed if token.type == "html_block"]
        assert set("".join(blocks_of_html).split()) <= {"<details><summary>Configuration</summary>", "</details>"}
        shapes = [(token.type, token.tag) for token in parsed if token.type.startswith(("heading", "hr", "fence"))]
        expected = MarkdownIt("commonmark").enable("table").parse(split(usual)[1])
        assert shapes == [
            (token.type, token.tag) for token in expected if token.type.startswith(("heading", "hr", "fence"))
        ]
        assert "\u202e" not in text
        for line in outside.splitlines():
            if line.startswith("|"):
                cells = len(re.findall(r"(?<!\\)\|", line))
                assert cells in (3, 4, 5, 6, 7)


def test_tables_keep_their_columns(story: Story) -> None:
    for card in (model_card(story), dataset_card(story, made(story))):
        widths: list[int] = []
        for line in [*blocks(card).splitlines(), ""]:
            if line.startswith("|"):
                widths.append(len(re.findall(r"(?<!\\)\|", line)))
            else:
                assert len(set(widths)) <= 1
                widths = []


@pytest.mark.parametrize(
    ("parts", "speakers", "wanted"),
    [
        (
            {"train": 4, "test": 2, "unlabelled": 1},
            {"train": ["a"], "test": ["b"], "unlabelled": ["b"]},
            "No speaker of the test part is in training or validation.",
        ),
        (
            {"train": 4, "validation": 1, "test": 2},
            {"train": ["a"], "validation": ["b"], "test": ["b"]},
            "1 speaker of the test part can be heard in training or validation too.",
        ),
        ({"train": 4, "test": 2}, {"train": ["a"], "test": []}, "Who speaks in the test part is not told."),
        ({"train": 4, "unlabelled": 2}, {"train": ["a"], "unlabelled": ["a"]}, "No speaker was held out."),
    ],
)
def test_who_is_held_out(story: Story, parts: dict[str, int], speakers: dict[str, list[str]], wanted: str) -> None:
    text = model_card(replace(story, data=replace(story.data, parts=parts, speakers=speakers)))
    said = [line for line in text.splitlines() if "with a transcript" in line]
    assert len(said) == 1
    assert said[0].endswith(f"transcript. {wanted}")


def trained(card: str) -> str:
    return next(line for line in card.splitlines() if line.startswith("Two stages: "))


def test_training_without_text_and_without_mutual_information(story: Story, others: dict[str, LoadedRun]) -> None:
    usual, free = model_card(story), model_card(tell(others["free"]))
    assert "speech and text embeddings are aligned" in trained(usual)
    assert "text" not in trained(free)
    assert all("as its regulariser" in trained(card) for card in (usual, free))
    without = replace(story, training=replace(story.training, informed=False), information=[])
    metadata, text = split(model_card(without))
    assert trained(text).endswith("trained there, without mutual information as a regulariser.")
    assert "mutual-information" not in metadata["tags"]
    assert "mutual-information" in split(usual)[0]["tags"]


def test_a_run_of_another_corpus(finished: LoadedRun) -> None:
    card = model_card(tell(finished))
    assert card_faults(card) == []
    assert "toy (recorded speech)" in card
    assert "whether it helps recognition has not been measured yet" in card


def test_the_command(space: Workspace, mirage: Any, tmp_path: Path) -> None:
    printed = mirage("card", "demo", home=space.root)
    assert printed.code == 0, printed.err
    assert printed.out == model_card(story_of(load_run("demo", space)))
    target = tmp_path / "new" / "README.md"
    written = mirage("card", "demo", "-o", target, "--kind", "dataset", home=space.root)
    assert written.out == f"{target}: the dataset card of run demo\n"
    assert card_faults(target.read_text(encoding="utf-8")) == []
    none = mirage("card", "nothing", home=space.root)
    assert (none.code, none.err.count("\n")) == (2, 1)


def test_the_command_of_a_run_without_utterances(mirage: Any, tmp_path: Path) -> None:
    place = Workspace(tmp_path / "home")
    install_demo(place)
    folder = place.run_folder("withheld")
    shutil.copytree(place.run_folder("demo"), folder)
    withhold(folder, load_run("demo", place))
    printed = mirage("card", "withheld", home=place.root)
    assert printed.code == 0, printed.err
    assert card_faults(printed.out) == []
    assert "How it was trained" in printed.out
