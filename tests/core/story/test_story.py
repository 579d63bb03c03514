"""What is told of a run: every question answered, good news and bad alike, and nothing that the facts do not hold."""

from __future__ import annotations

import json
import shlex
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from core import load_run
from core.config import load_config, resolve_config
from core.corpora import change_permissions
from core.demo import install_demo
from core.files import read_json, write_json
from core.runs.licensed import read_about
from core.runs.withheld import withhold
from core.shipped import ASSETS, install_results
from core.story import Story, tell
from core.workspace import Workspace

ALL, FEW = "demo-4e77e8790a4c", "demo-10-unlabelled-3b23499b727b"


@pytest.fixture(scope="module")
def space(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    workspace = Workspace(tmp_path_factory.mktemp("story"))
    install_demo(workspace)
    install_results(workspace)
    return workspace


@pytest.fixture
def own(space: Workspace, tmp_path: Path) -> Workspace:
    """The demo without benchmarks."""
    workspace = Workspace(tmp_path / "own")
    install_demo(workspace)
    return workspace


def changed(workspace: Workspace, name: str, change: Any) -> Story:
    """The story of the demo with one benchmark, whose results are changed before."""
    shutil.copytree(ASSETS / name, workspace.benchmarks / name)
    file = workspace.benchmarks / name / "results.json"
    content = read_json(file)
    change(content)
    write_json(file, content)
    return tell(load_run("demo", workspace))


def test_facts_of_the_demo(space: Workspace) -> None:
    story = tell(load_run("demo", space))
    data = story.data
    assert (data.corpus, data.synthetic, data.licence, data.utterances) == ("demo", True, "MIT", 576)
    assert data.emotions == dict.fromkeys(("angry", "happy", "sad", "neutral"), 144)
    assert (data.parts, data.held_out, data.fold) == ({"train": 360, "validation": 72, "test": 144}, ["v1", "v2"], "s1")
    assert story.training.encoders["all-MiniLM-L6-v2@mean"] == "sentence-transformers/all-MiniLM-L6-v2"
    evaluation = read_json(space.run_folder("demo") / "evaluation.json")
    assert story.recognition["audio_and_text"].ua == evaluation["audio_and_text"]["ua"]
    assert [one.shown for one in story.information] == ["I(c; ĥ)", "I(u; ĥ)", "I(t; ĥ)"]
    assert all(one.meaning for one in story.information)
    assert [(one.name, one.features) for one in story.benchmarks] == [
        (ALL, "audio and text"),
        (ALL, "audio"),
        (FEW, "audio and text"),
        (FEW, "audio"),
    ]
    best, results = story.benchmarks[0], read_json(ASSETS / ALL / "results.json")
    mirage = results["methods"]["mirage"]["audio_and_text"]
    assert best.ours.ua == pytest.approx(100 * mirage["ua"])
    assert best.gain is not None
    assert (best.gain.mean, best.gain.low) == pytest.approx(
        (100 * mirage["gain_over_none"]["mean"], 100 * mirage["gain_over_none"]["low"])
    )
    effect = next(one for one in best.effects if one.emotion == "sad")
    plain = results["methods"]["none"]["audio_and_text"]
    assert effect.change == pytest.approx(100 * (mirage["recall"]["sad"] - plain["recall"]["sad"]))
    assert story.left_out == []
    json.dumps(story.to_dict(), allow_nan=False)


def test_every_question_has_its_answer(space: Workspace) -> None:
    story = tell(load_run("demo", space))
    assert "no difference to recognition" in story.headline
    assert "-0.5 to +1.4" in story.headline
    assert "each of the 8 synthetic voices was tested" in story.answer("voices")
    # With few labels it does help, by how much, and by what.
    assert "better. The gain is that of the unlabelled speech" in story.answer("helped")
    assert "+7.4 points (95 % interval +5.9 to +9.1), better" in story.answer("helped")
    assert "that generated features add to it cannot be told from chance" in story.answer("not")
    assert "4 groups of speakers" in story.answer("sure")
    assert "10 random starts" in story.answer("sure")
    assert "v1 and v2" in story.answer("voices")
    assert "mirage train demo --run-id demo" in story.answer("again")
    # The figures of few labels too.
    assert "--condition 10 --unlabelled" in story.answer("again")
    assert story.commands[-1] == "mirage report demo -o report.html"
    for told in (story.headline, story.answer("done"), story.answer("helped"), story.answer("not")):
        assert "synthetic" in told


@pytest.mark.parametrize(
    ("mean", "low", "high", "p", "headline", "sure"),
    [
        (0.04, 0.02, 0.06, 0.01, "improved the recognition", "the gain is not chance"),
        (-0.04, -0.06, -0.02, 0.01, "made the recognition of emotion worse", "the loss is not chance"),
        (0.04, 0.02, 0.06, 0.2, "made no difference", "the stricter test does not agree"),
        (0.01, -0.02, 0.03, 0.0001, "made no difference", "The interval holds zero"),
    ],
)
def test_good_news_and_bad(
    own: Workspace, mean: float, low: float, high: float, p: float, headline: str, sure: str
) -> None:
    def change(results: dict[str, Any]) -> None:
        gain = results["methods"]["mirage"]["audio_and_text"]["gain_over_none"]
        gain.update(mean=mean, low=low, high=high, p_value=p, clear=low > 0 or high < 0)

    story = changed(own, ALL, change)
    assert headline in story.headline
    assert f"{100 * mean:+.1f} points (95 % interval {100 * low:+.1f} to {100 * high:+.1f})" in story.headline
    assert sure in story.answer("sure")
    assert ("p < 0.001" if p < 0.001 else f"p = {p:.3f}") in story.answer("sure")


def test_what_only_one_side_saw_is_said(own: Workspace) -> None:
    story = changed(own, FEW, lambda results: None)
    assert story.best is not None
    assert story.best.unlabelled
    assert "only MIRAGE the speech without labels as well" in story.answer("sure")
    assert "the same data" not in story.answer("sure")
    assert story.headline.startswith(
        "With 10 % of the training utterances, the others without labels, from audio and text, MIRAGE improved"
    )
    assert "The gain is that of the unlabelled speech" in story.headline


def test_a_generator_that_costs_is_not_said_to_add_nothing(own: Workspace) -> None:
    def change(results: dict[str, Any]) -> None:
        gain = results["methods"]["mirage"]["audio_and_text"]["gain_over_rivals"]["mirage-no-generator"]
        gain.update(mean=-0.003, low=-0.005, high=-0.002, p_value=0.04, clear=True)

    story = changed(own, FEW, change)
    assert "MIRAGE is worse than MIRAGE, no generator: -0.3 points" in story.answer("not")
    assert "generated features take a little away from it" in story.answer("not")


def test_the_test_sets_of_a_corpus_are_not_all_its_speakers(own: Workspace) -> None:
    story = changed(own, ALL, lambda results: results.update(split="split"))
    assert "4 test sets of the corpus" in story.answer("sure")
    assert "the speakers of the corpus's own test sets were tested" in story.answer("voices")


def test_on_another_corpus_is_never_the_answer(own: Workspace) -> None:
    story = changed(own, ALL, lambda results: results.update(test_on="emodb"))
    assert len(story.benchmarks) == 2
    assert story.best is None
    assert "has not been measured yet" in story.headline
    assert "Tested on emodb, MIRAGE is not told apart from nothing added: +0.5 points" in story.answer("not")


def test_other_embeddings_are_said(own: Workspace) -> None:
    story = changed(own, ALL, lambda results: results.update(embeddings=["hubert@9-mean"]))
    assert story.best is not None
    assert not story.best.own_embeddings
    assert "measured with other embeddings than this run's: hubert@9-mean" in story.answer("not")


@pytest.mark.parametrize(
    ("weights", "informed"), [({"w_c": 0, "w_u": 0}, True), ({"w_c": 0, "w_u": 0, "w_t": 0}, False)]
)
def test_without_mutual_information_none_is_claimed(own: Workspace, weights: dict[str, int], informed: bool) -> None:
    """Of the text it is one as well in mode text; of the pair only in mode paired."""
    file = own.run_folder("demo") / "config.yaml"
    file.write_text(load_config(file).changed(generation=weights).to_yaml())
    story = tell(load_run("demo", own))
    assert story.training.informed is informed
    assert ("Mutual information held the generator" in story.answer("done")) is informed


def test_the_way_to_an_encoder_is_not_told(own: Workspace) -> None:
    file = own.run_folder("demo") / "environment.json"
    file.write_text(file.read_text().replace("openai/whisper-tiny.en", "/home/alice/models/whisper"))
    story = tell(load_run("demo", own))
    assert "alice" not in json.dumps(story.to_dict())
    assert "mirage embed demo --audio-encoder FOLDER --layer 3 --pooling mean --text-encoder sen" in story.commands[1]


def test_commands_for_a_corpus_of_another_name_and_all_speakers(own: Workspace) -> None:
    import pyarrow.parquet as pq

    folder = own.run_folder("demo")
    own.corpus_file("demo").unlink()
    file = folder / "features" / "utterances.parquet"
    table = pq.read_table(file)
    part = pa.array(["train" if part == "test" else part for part in table.column("part").to_pylist()])
    table = table.set_column(table.schema.names.index("part"), "part", part)
    pq.write_table(table.replace_schema_metadata({"loader": "folder", "corpus": "my-corpus"}), file)
    config = folder / "config.yaml"
    config.write_text(config.read_text().replace("fold: 0", "fold: null").replace("corpus: demo", "corpus: my-corpus"))
    story = tell(load_run("demo", own))
    assert story.commands[0] == "mirage ingest folder FOLDER --name my-corpus"
    assert not any(line.startswith("mirage quality") for line in story.commands)
    words = shlex.split(next(line for line in story.commands if line.startswith("mirage train")))
    settings = [words[place + 1] for place, word in enumerate(words) if word == "--set"]
    assert resolve_config(None, settings, data={"corpus": words[2]}) == load_run("demo", own).config
    assert "nobody was held out for testing; 72 utterances chose the settings" in story.answer("voices")


def test_without_its_utterances(own: Workspace) -> None:
    """As a run is published that must not show them: what it says of itself still holds."""
    before = tell(load_run("demo", own))
    withhold(own.run_folder("demo"), load_run("demo", own))
    story = tell(load_run("demo", own))
    assert story.data.withheld
    assert (story.data.utterances, story.data.parts) == (before.data.utterances, before.data.parts)
    assert story.data.emotions == dict.fromkeys(("angry", "happy", "sad", "neutral"), 90)
    assert story.data.held_out == ["v1", "v2"]
    assert "published without its utterances" in story.answer("done")
    assert "tested on 2 synthetic voices" in story.answer("voices")
    assert "No speaker was held out" not in story.answer("not")
    assert story.recognition == before.recognition


def test_of_one_fold_nothing_is_sure(own: Workspace) -> None:
    def change(results: dict[str, Any]) -> None:
        results["folds"] = results["folds"][:1]
        for method in results["methods"].values():
            method["audio_and_text"].update(gain=None, gain_over_none=None, gain_over_rivals={}, low=None, high=None)

    story = changed(own, ALL, change)
    assert story.answer("sure").startswith("Not at all yet")
    assert "it may not be concluded that MIRAGE helps" in story.answer("not")
    assert "points" not in story.headline


def test_without_a_benchmark(own: Workspace) -> None:
    story = tell(load_run("demo", own))
    assert story.benchmarks == []
    assert "has not been measured yet" in story.headline
    assert "`mirage benchmark demo` measures it" in story.answer("helped")
    assert "84.7 % (UA) on one fold" in story.answer("helped")
    assert story.answer("sure").startswith("Not at all yet")


def test_what_does_not_belong_is_not_told(own: Workspace) -> None:
    """Of another corpus, of other emotions, of permuted labels, unfinished."""
    shutil.copytree(ASSETS / "emodb-8a239164dde0", own.benchmarks / "emodb")
    shutil.copytree(ASSETS / FEW, own.benchmarks / "unfinished")
    (own.benchmarks / "unfinished" / "results.json").unlink()
    assert tell(load_run("demo", own)).benchmarks == []
    assert changed(own, ALL, lambda results: results.update(permuted=True)).benchmarks == []
    assert changed(own, FEW, lambda results: results["classes"].pop()).benchmarks == []


@pytest.mark.parametrize(
    "change",
    [
        lambda results: results["methods"]["mirage"]["audio"].pop("ua"),
        lambda results: results["methods"]["mirage"]["audio"].update(ua="much"),
        lambda results: results.update(seeds=[]),
        lambda results: results.pop("reference"),
    ],
)
def test_a_damaged_one_is_named(own: Workspace, change: Any) -> None:
    story = changed(own, ALL, change)
    assert story.benchmarks == []
    assert len(story.left_out) == 1
    assert f"{ALL}/results.json" in story.left_out[0]


def test_the_commands_lead_to_the_same_run(finished) -> None:
    """A run with settings of its own."""
    story = tell(finished)
    words = shlex.split(next(line for line in story.commands if line.startswith("mirage train")))
    settings = [words[place + 1] for place, word in enumerate(words) if word == "--set"]
    assert resolve_config(None, settings, data={"corpus": words[2]}) == finished.config
    assert words[words.index("--run-id") + 1] == "small"


def test_switches_and_what_the_run_itself_knows(own: Workspace) -> None:
    change_permissions("demo", own, audio=False, transcripts=False)
    data = tell(load_run("demo", own)).data
    assert (data.audio_allowed, data.transcripts_allowed) == (False, False)
    own.corpus_file("demo").unlink()
    story = tell(load_run("demo", own))
    assert story.data.synthetic
    assert story.data.licence == "MIT"


def test_a_stranger_says_what_it_likes(run_copy: Path) -> None:
    import pyarrow.parquet as pq

    file = run_copy / "features" / "utterances.parquet"
    table = pq.read_table(file)
    hostile = {**table.schema.metadata, b"title": b"a\x1b[31m\n" + b"b" * 1000, b"licence": "‮x".encode()}
    pq.write_table(table.replace_schema_metadata(hostile), file)
    title = load_run(run_copy).about["title"]
    assert title.startswith("a\\x1b[31m\\n")
    assert len(title) < 320
    assert read_about(run_copy)["licence"] == "\\u202ex"
    assert read_about(run_copy.parent) == {}
