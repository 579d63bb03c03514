"""What the steps of a talk say, from the facts of a run."""

from __future__ import annotations

from dataclasses import replace

import pytest

from core import LoadedRun
from core.story import Benchmark, Effect, Gain, Information, Method, Story, tell
from dashboard.present import steps
from dashboard.present.component import deck_data
from dashboard.present.draw import _STEPS
from dashboard.present.store import Place


@pytest.fixture(scope="module")
def plain(text_run: LoadedRun) -> Story:
    """A story without a benchmark."""
    return tell(text_run)


def gain(mean: float, says: str, *, half: float = 1.0) -> Gain:
    return Gain("nothing added", mean, mean - half, mean + half, 0.01 if says != "not told apart" else 0.4, says)


def method(name: str, ua: float, found: Gain | None) -> Method:
    return Method(name, {"none": "nothing added", "mirage": "MIRAGE"}.get(name, name), ua, ua - 1, ua + 1, found)


def benchmark(found: Gain, **more: object) -> Benchmark:
    plain, ours = method("none", 70.0, None), method("mirage", 70.0 + found.mean, found)
    made = Benchmark(
        name="spoken-1",
        features="audio",
        condition="all training utterances",
        unlabelled=False,
        test_on=None,
        folds=5,
        seeds=3,
        split="speaker",
        utterances=54,
        classes=["angry", "happy", "sad"],
        reference=method("reference", 69.0, None),
        plain=plain,
        ours=ours,
        methods=[plain, method("smote", 70.2, gain(0.2, "not told apart")), ours],
        gain=found,
        over_reference=gain(1.0, "not told apart"),
        over_rivals={},
        effects=[Effect("angry", 60.0, 62.0), Effect("happy", 70.0, 69.0), Effect("sad", None, None)],
    )
    return replace(made, **more)  # type: ignore[arg-type]


def messages(story: Story) -> dict[str, str]:
    return {step.name: step.message for step in steps.steps_of(story)}


def test_every_step_has_words_notes_and_something_to_draw(plain: Story) -> None:
    made = steps.steps_of(plain, "Trustworthiness 0.9")
    assert [step.name for step in made] == list(_STEPS)
    for step in made:
        assert step.title
        assert step.message.endswith((".", "?"))
        assert any(step.notes)
        # One idea in large type: two lines of a screen at most.
        assert len(step.message) < 110, step.message
    assert "Trustworthiness 0.9" in next(step for step in made if step.name == "space").notes


def test_without_utterances_there_is_neither_map_nor_lab(plain: Story) -> None:
    for change in ({"withheld": True}, {"utterances": 0}):
        names = [step.name for step in steps.steps_of(replace(plain, data=replace(plain.data, **change)))]
        assert names == [name for name in _STEPS if name not in ("space", "lab")]


def test_without_a_benchmark_it_says_so(plain: Story) -> None:
    said = messages(plain)
    assert said["gain"] == "Whether it helps recognition has not been measured yet."
    assert "not" in said["rivals"]
    assert "not been measured" in said["emotions"]


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (gain(3.2, "better"), "With all labels, MIRAGE gains +3.2 points on speakers that training never heard."),
        (gain(-2.0, "worse"), "With all labels, MIRAGE loses: -2.0 points on speakers that training never heard."),
        (gain(0.4, "not told apart"), "With all labels, no gain can be told from chance: +0.4 points (-0.6 to +1.4)."),
    ],
)
def test_good_and_bad_news_alike(plain: Story, found: Gain, said: str) -> None:
    assert messages(replace(plain, benchmarks=[benchmark(found)]))["gain"] == said


def test_a_benchmark_on_another_corpus_is_not_the_answer(plain: Story) -> None:
    away = benchmark(gain(9.0, "better"), test_on="other")
    assert replace(plain, benchmarks=[away]).best is None
    near = benchmark(gain(0.1, "not told apart"))
    story = replace(plain, benchmarks=[near, away])
    assert story.best is near
    assert [steps.condition_words(one) for one in steps.conditions_of(story)] == [
        "all labels",
        "all labels, tested on other",
    ]


def test_whose_the_gain_is(plain: Story) -> None:
    shared = {"mirage-no-generator": gain(-0.2, "not told apart")}
    few = benchmark(
        gain(7.4, "better"),
        condition="10 % of the training utterances, the others without labels",
        unlabelled=True,
        over_rivals=shared,
    )
    said = steps.credit([few])
    assert said == (
        "With 10 % of labels, the rest unlabelled, the gain is that of the unlabelled speech: "
        "generated features add nothing to it."
    )
    taken = steps.credit([replace(few, over_rivals={"mirage-no-generator": gain(-1.5, "worse")})])
    assert taken.endswith("generated features take a little of it away.")
    assert steps.credit([benchmark(gain(7.4, "better"))]) == ""
    assert steps.credit([replace(few, over_rivals={"mirage-no-generator": gain(1.0, "better")})]) == ""


def test_held_out_is_said_only_where_something_was(plain: Story) -> None:
    def told(story: Story) -> tuple[str, str]:
        notes = next(step.notes for step in steps.steps_of(story) if step.name == "training")
        return steps.measured(story), notes[0]

    everyone = replace(plain, data=replace(plain.data, speakers={"train": ["a"]}))
    some = replace(plain, data=replace(plain.data, speakers={"train": ["a"], "test": ["b"]}))
    compared = replace(everyone, benchmarks=[benchmark(gain(1.0, "better"))])
    assert "never heard" not in told(everyone)[0]
    assert "has not been run" in told(everyone)[0]
    assert told(everyone)[1].endswith("the generator were trained.")
    assert told(some)[0] == "On speakers that training never heard."
    assert told(some)[1].endswith("without the speakers that are held out.")
    assert told(compared)[0].endswith("beside other ways to do it.")


def test_rivals_and_emotions_are_counted(plain: Story) -> None:
    said = messages(replace(plain, benchmarks=[benchmark(gain(0.4, "not told apart"))]))
    assert said["rivals"] == "Of 2 ways to add training data, none gains for sure."
    assert said["emotions"] == "Of 2 emotions, 1 is recognised more often, 1 less."
    said = messages(replace(plain, benchmarks=[benchmark(gain(3.0, "better"))]))
    assert said["rivals"] == "Of 2 ways to add training data, 1 gains for sure; MIRAGE reaches most: 73.0 %."


def test_synthetic_speech_is_called_so(plain: Story) -> None:
    made = replace(plain, data=replace(plain.data, synthetic=True))
    said = messages(made)
    assert "synthetic speech" in said["data"]
    assert "voices" in said["data"]
    assert said["limits"].startswith("Synthetic speech")
    assert "recorded speech" in messages(plain)["data"]


@pytest.mark.parametrize(
    ("value", "ceiling", "said"),
    [
        (None, 1.1, "has not been measured"),
        (0.55, 1.1, "tells 50 % of all there is"),
        (1.3, 1.1, "tells 100 % of all"),
        (-0.2, 1.1, "tells nothing"),
        (0.55, None, "tells 0.55 nats"),
    ],
)
def test_information_in_plain_words(plain: Story, value: float | None, ceiling: float | None, said: str) -> None:
    one = Information("I(c; h_hat)", "I(c; ĥ)", "How much.", value, value, value, ceiling, "variational", False, "why")
    assert said in messages(replace(plain, information=[one]))["information"]


def test_all_limits_are_in_the_notes(plain: Story) -> None:
    many = replace(plain, limits=[f"Limit {number}." for number in range(9)])
    assert len(steps.shown_limits(many)) == steps.LIMITS_MOST
    notes = next(step for step in steps.steps_of(many) if step.name == "limits").notes
    assert set(many.limits) < set(notes)
    assert any("Licence:" in note for note in notes)


def test_what_the_browser_is_sent(plain: Story) -> None:
    made = steps.steps_of(plain)
    data = deck_data(made, Place("spoken-run", "lab", 7, "t"), notes_only=True)
    assert data["steps"][data["step"]]["name"] == "lab"
    assert (data["seen"], data["notesOnly"], data["token"]) == (7, True, "t")
    assert all(step["notes"] and all(step["notes"]) for step in data["steps"])
    assert deck_data(made, Place("spoken-run", "gone"), notes_only=False)["step"] == 0
