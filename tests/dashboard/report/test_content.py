"""Somebody who knows nothing of the code answers these questions from the report alone."""

from __future__ import annotations

import base64
import hashlib
import itertools
import re
import shutil
from typing import Any

import pytest

from core import Workspace, load_run
from core.files import read_json, write_json
from core.shipped import ASSETS
from dashboard.report import MOST_BYTES, write_report
from tests.dashboard.report.conftest import Read, read_report

ALL = "demo-4e77e8790a4c"


def true_minus(text: str) -> str:
    return text.replace("-", "−")


def measured(workspace: Workspace) -> dict[str, Any]:
    return read_json(workspace.benchmarks / ALL / "results.json")


def answer(page: Read, question: str) -> str:
    """What stands under a question in the summary."""
    found = [one for one in page.elements if one.attributes.get("class") == "answer" and question in one.text]
    assert len(found) == 1, question
    return re.sub(r"\s+", " ", found[0].text)


def test_what_was_done(page: Read) -> None:
    said = answer(page, "What was done?")
    for part in ("576 utterances", "synthetic speech", "144 angry", "one space of 64 dimensions", "4 latent codes"):
        assert part in said, part
    training = page.text("training")
    for part in ("openai/whisper-tiny.en", "sentence-transformers/all-MiniLM-L6-v2", "1,600 steps"):
        assert part in training, part


def test_how_much_did_it_help(page: Read, told: Workspace) -> None:
    methods = measured(told)["methods"]
    plain, ours = (methods[name]["audio_and_text"] for name in ("none", "mirage"))
    gain = ours["gain_over_none"]
    figures = [f"{100 * plain['ua']:.1f} %", f"{100 * ours['ua']:.1f} %", f"{100 * gain['mean']:+.1f} points"]
    interval = true_minus(f"{100 * gain['low']:+.1f} to {100 * gain['high']:+.1f}")
    for text in (answer(page, "How much did it help?"), page.text("benchmark"), page.all("header")[0].text):
        assert interval in text
    for figure in figures:
        assert figure in answer(page, "How much did it help?"), figure
    # Not only the good news: a run that gains nothing says so in its first sentence and beside the figure.
    assert gain["low"] < 0 < gain["high"]
    head = re.sub(r"\s+", " ", page.all("header")[0].text)
    assert "made no difference to recognition that can be told from chance" in head
    assert "neither a gain nor a loss can be claimed" in head
    assert "Guessing would reach 25.0 %" in answer(page, "How much did it help?")


def test_how_sure_are_we(page: Read) -> None:
    said = answer(page, "How sure are we?")
    for part in ("4 groups of speakers", "10 random starts", "95 % confidence", "p = 0.618", "The interval holds zero"):
        assert part in said, part


def test_on_whose_voices_was_it_tested(page: Read) -> None:
    said = answer(page, "On whose voices was it tested?")
    assert "2 synthetic voices that its training never heard (v1 and v2)" in said
    assert "tested, by networks that had never heard that voice" in said
    assert re.search(r"held out\s*144\s*v1, v2", page.text("data"))


def test_what_may_not_be_concluded(page: Read) -> None:
    assert "say nothing about human emotion" in answer(page, "What may not be concluded?")
    limits = page.text("limits")
    for part in (
        "say nothing about human emotion",
        "it may not be concluded that MIRAGE helps recognition",
        "that generated features add to it cannot be told from chance",
        "numbers in the model's space, not sound",
        "under: MIT",
    ):
        assert part in limits, part


def test_how_is_it_repeated(page: Read) -> None:
    repeat = page.text("repeat")
    for command in ("mirage ingest demo", "mirage embed demo --audio-encoder", "mirage train demo", "mirage mi demo"):
        assert command in repeat, command
    assert f"mirage benchmark demo --methods {','.join(['none', 'class-weights'])}" in repeat
    # The whole configuration, not what differs from the defaults.
    for key in ("alignment:", "generation:", "w_u:", "code_share:", "seed: 0"):
        assert key in repeat, key


def test_which_emotions_gained_and_which_lost(page: Read, told: Workspace) -> None:
    methods = measured(told)["methods"]
    words = page.text("emotions")
    for emotion in ("angry", "happy", "sad", "neutral"):
        plain, ours = (100 * methods[name]["audio_and_text"]["recall"][emotion] for name in ("none", "mirage"))
        change = true_minus(f"{ours - plain:+.1f}")
        assert f"{plain:.0f} → {ours:.0f} % ({change})" in words, emotion


@pytest.mark.parametrize(
    ("gain", "headline", "verdict"),
    [
        ({"mean": 0.05, "low": 0.02, "high": 0.08, "p_value": 0.001, "clear": True}, "improved", "it is a gain"),
        ({"mean": -0.05, "low": -0.08, "high": -0.02, "p_value": 0.001, "clear": True}, "worse", "it is a loss"),
    ],
)
def test_a_gain_and_a_loss_are_called_so(own: Workspace, gain: dict[str, Any], headline: str, verdict: str) -> None:
    shutil.copytree(ASSETS / ALL, own.benchmarks / ALL)
    content = measured(own)
    content["methods"]["mirage"]["audio_and_text"]["gain_over_none"] |= gain
    write_json(own.benchmarks / ALL / "results.json", content)
    page = read_report(own)
    head = page.all("header")[0].text
    assert headline in head
    assert verdict in head
    mean = true_minus(f"{100 * gain['mean']:+.1f}")
    assert f"MIRAGE ({mean}" in page.text("benchmark")


def test_without_a_benchmark_it_says_which_command_measures(own: Workspace) -> None:
    page = read_report(own)
    assert "whether it helps recognition has not been measured yet" in page.all("header")[0].text
    assert "That has not been measured." in page.text("benchmark")
    assert "mirage benchmark demo --methods none," in page.text("benchmark")
    assert "Not at all yet" in answer(page, "How sure are we?")
    assert page.all("dl", **{"class": "tiles"}) == []


def test_a_benchmark_on_another_corpus_alone_is_no_answer(own: Workspace) -> None:
    shutil.copytree(ASSETS / ALL, own.benchmarks / ALL)
    write_json(own.benchmarks / ALL / "results.json", measured(own) | {"test_on": "elsewhere"})
    page = read_report(own)
    assert "whether it helps recognition has not been measured yet" in page.all("header")[0].text
    assert page.all("dl", **{"class": "tiles"}) == []
    words = page.text("benchmark")
    assert "only on another corpus" in words
    assert "mirage benchmark demo --methods none," in words
    assert "it needs a benchmark" in page.text("emotions")
    assert not re.search(r"[+−]\d+\.\d", page.text("emotions"))
    # Its figures are there for whoever unfolds them.
    folded = page.all("details", **{"class": "more"})
    assert [one.text.count("tested on elsewhere") for one in folded] == [1, 1]
    headings = [one.text for one in page.all("h3")]
    assert not any("elsewhere" in text for text in headings)


def test_without_a_report_card_it_says_which_command_measures(own: Workspace) -> None:
    (own.run_folder("demo") / "quality.json").unlink()
    assert "mirage quality demo" in read_report(own).text("quality")


def test_figures_of_synthetic_speech_are_called_synthetic(page: Read) -> None:
    captions = page.all("figcaption")
    assert len(captions) >= 9
    for caption in captions:
        assert "synthetic speech" in caption.text, caption.text


def test_information_says_what_it_means(page: Read) -> None:
    words = page.text("information")
    for part in (
        "0 means that one thing says nothing of the other",
        "How much the generated feature tells of the emotion asked for",
        "ceiling: H(c) = 1.39",
        "95 % interval 1.34 to 1.36",
    ):
        assert part in words, part


def test_structure_for_those_who_do_not_see_it(page: Read) -> None:
    assert page.all("html")[0].attributes["lang"] == "en"
    headings = [int(one.tag[1]) for one in page.elements if re.fullmatch(r"h[1-6]", one.tag)]
    assert headings.count(1) == 1
    assert headings[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(headings))
    names = [one.attributes["id"] for one in page.elements if "id" in one.attributes]
    assert len(names) == len(set(names))
    for link in page.all("a"):
        assert link.attributes["href"].removeprefix("#") in names
    assert page.all("a", **{"class": "skip"})[0].attributes["href"] == "#main"
    sections = page.all("section")
    assert len(sections) == len(page.all("li")) - sum("nav" not in [a.tag for a in li.around] for li in page.all("li"))
    for figure in page.all("figure"):
        assert any(figure in one.around for one in page.all("figcaption"))
    drawings = [one for one in page.elements if one.attributes.get("role") == "img"]
    assert len(drawings) >= 8
    assert all(len(one.attributes["aria-label"]) > 20 for one in drawings)
    # What is drawn is there as a table too, except the one figure of the head, whose numbers stand beside it.
    charts = [
        one
        for one in drawings
        if one.attributes.get("class") in ("chart", "dots") and "header" not in [a.tag for a in one.around]
    ]
    tables = list(page.all("details", **{"class": "data"}))
    assert len(tables) == len(charts)
    for table in page.all("table"):
        assert any(table in one.around for one in page.all("caption"))
        assert any(table in one.around and one.attributes.get("scope") == "row" for one in page.all("th"))


def test_it_can_reach_no_network(page: Read, html: str) -> None:
    policy = page.all("meta", **{"http-equiv": "Content-Security-Policy"})[0].attributes["content"]
    rules = dict(rule.strip().split(" ", 1) for rule in policy.split(";"))
    assert rules["default-src"] == "'none'"
    assert "connect-src" not in rules
    assert rules["img-src"] == "data: blob:"
    digest = base64.b64encode(hashlib.sha256(page.blocks["script"].encode()).digest()).decode()
    assert rules["script-src"] == f"'sha256-{digest}'"
    for one in page.elements:
        for name, value in one.attributes.items():
            if name in ("src", "href", "action", "poster", "data", "srcset"):
                assert value.startswith(("#", "data:")), (one.tag, name, value)
            assert not name.startswith("on"), (one.tag, name)
    assert "@import" not in page.blocks["style"]
    assert "url(" not in page.blocks["style"]
    assert len(page.all("script")) == html.count("</script") == 5


def test_written_whole_or_not_at_all(told: Workspace, tmp_path: Any) -> None:
    target = tmp_path / "new" / "report.html"
    written = write_report(load_run("demo", told), told, target)
    assert written.size == target.stat().st_size < MOST_BYTES
    assert (written.points, written.utterances, written.clips, written.lab) == (576, 576, 50, True)
    assert [path.name for path in target.parent.iterdir()] == ["report.html"]


def test_same_run_gives_the_same_report(html: str, told: Workspace) -> None:
    again = Read.of(html)
    assert read_report(told).blocks == again.blocks
