"""The steps of a talk: one idea each, its message for the screen and what the speaker may say with it.

Everything is made from the facts of ``core.story``, good news and bad alike. No Streamlit here.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.benchmarks import p_words

if TYPE_CHECKING:
    from core.story import Benchmark, Information, Story

LIMITS_MOST = 5
"""Limits on the screen; all of them are in the notes."""
LIVE = ("space", "lab")
"""Steps that show utterances themselves."""
EMOTION = "I(c;h_hat)"
_STILL = 0.05
"""Points below which a difference is none at the precision that is shown."""


@dataclass(frozen=True)
class Step:
    """``name``: in the address. ``title``: of a few words. ``message``: the one thing to take home. ``notes``: what the
    speaker may say, a paragraph each."""

    name: str
    title: str
    message: str
    notes: tuple[str, ...]


def steps_of(story: Story, map_quality: str = "") -> list[Step]:
    """The steps in their order.

    Args:
        map_quality: what the map can be trusted for, in a line.
    """
    made = [
        ("start", "The question", "Can features that a model makes help to hear emotion where recordings are few?"),
        ("data", "The data", data_message(story)),
        ("space", "The aligned space", space_message(story)),
        ("training", "What was trained", training_message(story)),
        ("lab", "The lab", "Turn a dial: what is generated moves at once."),
        ("information", "Mutual information", information_message(story)),
        ("gain", "The gain", gain_message(story.best)),
        ("rivals", "Beside other ways", rivals_message(story.best)),
        ("emotions", "Emotion by emotion", emotions_message(story.best)),
        ("limits", "What it does not say", limits_message(story)),
        ("again", "How to repeat it", f"{_count(len(story.commands), 'command')} make all of it again."),
    ]
    notes = _notes(story, map_quality)
    left_out = LIVE if withheld(story) else ()
    return [Step(name, title, message, notes[name]) for name, title, message in made if name not in left_out]


def withheld(story: Story) -> bool:
    """Whether the run was published without its utterances: there is nothing to draw map and lab from."""
    return story.data.withheld or not story.data.utterances


def conditions_of(story: Story) -> list[Benchmark]:
    """Benchmarks from the same features as the best one that have a gain, the best one first."""
    best = story.best
    if best is None:
        return []
    return [one for one in story.benchmarks if one.features == best.features and one.gain is not None]


def voices(story: Story) -> str:
    """What speakers of the corpus are called: nobody speaks in synthetic speech."""
    return "voices" if story.data.synthetic else "speakers"


def measured(story: Story) -> str:
    """What tells whether it helps, and on whom."""
    if story.best is not None:
        return f"On {voices(story)} that training never heard, beside other ways to do it."
    if story.data.held_out:
        return f"On {voices(story)} that training never heard."
    return "Whether it helps recognition: a benchmark says it, and has not been run here."


def data_message(story: Story) -> str:
    data = story.data
    kind = "synthetic speech" if data.synthetic else "recorded speech"
    if not data.utterances:
        return f"It was published without its utterances: {kind} with {_count(len(data.emotions), 'emotion')}."
    everyone = {name for names in data.speakers.values() for name in names}
    spoken = f", {_count(len(everyone), voices(story)[:-1])}" if everyone else ""
    return f"{_count(data.utterances, 'utterance')} of {kind}: {_count(len(data.emotions), 'emotion')}{spoken}."


def space_message(story: Story) -> str:
    if story.data.with_text:
        return "One space for what is heard and what is said. Near means alike."
    return "One space for what is heard. Near means alike."


def training_message(story: Story) -> str:
    brought = "speech and words were" if story.data.with_text else "speech was"
    return f"First {brought} brought into one space, then a generator learnt to make more of it."


def emotion_information(story: Story) -> Information | None:
    """That about the emotion asked for, where it was measured."""
    return next(
        (one for one in story.information if one.quantity.replace(" ", "") == EMOTION and one.value is not None), None
    )


def information_message(story: Story) -> str:
    one = emotion_information(story)
    if one is None or one.value is None:
        return "How much generated features tell of their emotion has not been measured."
    if not one.ceiling:
        return f"A generated feature tells {one.value:.2f} nats of the emotion that was asked for."
    share = min(one.value / one.ceiling, 1.0)
    if share <= 0:
        return "A generated feature tells nothing of the emotion that was asked for."
    return f"A generated feature tells {100 * share:.0f} % of all there is to know of the emotion that was asked for."


def gain_message(best: Benchmark | None) -> str:
    if best is None or best.gain is None:
        return "Whether it helps recognition has not been measured yet."
    gain, trained = best.gain, f"With {condition_words(best, most=80)}"
    if gain.says == "better":
        return f"{trained}, MIRAGE gains {gain.mean:+.1f} points on speakers that training never heard."
    if gain.says == "worse":
        return f"{trained}, MIRAGE loses: {gain.mean:+.1f} points on speakers that training never heard."
    return f"{trained}, no gain can be told from chance: {gain.mean:+.1f} points ({gain.low:+.1f} to {gain.high:+.1f})."


def rivals_message(best: Benchmark | None) -> str:
    if best is None or best.gain is None:
        return "It has not been compared with other ways of augmenting yet."
    told = [method for method in best.methods if method.gain and method.gain.says == "better"]
    others = [method for method in best.methods if method.gain]
    if not told:
        return f"Of {_count(len(others), 'way')} to add training data, none gains for sure."
    first = max(told, key=lambda method: method.ua)
    return (
        f"Of {_count(len(others), 'way')} to add training data, {len(told)} gain{'s' if len(told) == 1 else ''} for "
        f"sure; {first.title} reaches most: {first.ua:.1f} %."
    )


def emotions_message(best: Benchmark | None) -> str:
    known = [one for one in best.effects if one.change is not None] if best is not None else []
    if not known:
        return "What it does to single emotions has not been measured yet."
    up = sum(one.change is not None and one.change >= _STILL for one in known)
    down = sum(one.change is not None and one.change <= -_STILL for one in known)
    return (
        f"Of {_count(len(known), 'emotion')}, {up or 'none'} {_are(up)} recognised more often, {down or 'none'} less."
    )


def limits_message(story: Story) -> str:
    if story.data.synthetic:
        return "Synthetic speech shows how the tool works. It says nothing of people."
    return "What may not be concluded from this."


def credit(listed: Sequence[Benchmark]) -> str:
    """Whose the gain is, where generating adds nothing to it or takes from it; empty where that cannot be said."""
    found = [one for one in listed if one.without_generator]
    if not found:
        return ""
    trained = condition_words(found[0], most=80)
    effect = "take a little of it away" if found[0].without_generator == "worse" else "add nothing to it"
    return f"With {trained}, the gain is that of the unlabelled speech: generated features {effect}."


def certainty(best: Benchmark) -> list[tuple[str, str]]:
    """How sure the gain is, as label and value."""
    if best.gain is None:
        return []
    return [
        ("95 % interval, points", f"{best.gain.low:+.1f} to {best.gain.high:+.1f}"),
        ("p, corrected test", p_words(best.gain.p_value)),
        ("groups held out × random starts", f"{best.folds} × {best.seeds}"),
    ]


def condition_words(one: Benchmark, *, most: int = 46) -> str:
    """What was trained on, for an axis."""
    words = one.condition.replace("training utterances", "labels").replace("the labels", "labels")
    if one.unlabelled:
        words = words.partition(",")[0] + ", the rest unlabelled"
    if one.test_on:
        words += f", tested on {one.test_on}"
    return words if len(words) <= most else words[: most - 1] + "…"


def shown_limits(story: Story) -> list[str]:
    """Those limits that other steps do not show already; all of them are in the notes."""
    elsewhere = ("The speech is synthetic", "There the gain is")
    found = [one for one in story.limits if not one.startswith(elsewhere) and ", MIRAGE is " not in one]
    return found[:LIMITS_MOST]


def _notes(story: Story, map_quality: str) -> dict[str, tuple[str, ...]]:
    best = story.best
    measured = [f"{one.shown}: {one.meaning} {information_words(one)}" for one in story.information]
    return {
        "start": ("Labelled emotional speech is scarce and dear.", story.answer("done"), f"In short: {story.headline}"),
        "data": (story.answer("voices"),),
        "space": (
            "Each point is an utterance; circles are what is heard, diamonds what is said, stars what is generated. "
            "Click a point to hear it, turn the wheel to come nearer.",
            map_quality,
        ),
        "training": (
            "The pre-trained networks stay as they are. Only the alignment, a few layers on top, and the generator "
            f"were trained{f', without the {voices(story)} that are held out' if story.data.held_out else ''}.",
        ),
        "lab": (
            "Choose an emotion, then drag one latent code at a time. Nobody told the codes what to mean: training "
            "found it. The bars say what a recogniser makes of it.",
            "After a drag PageDown, which clickers send, goes on; for the arrow keys click beside the lab first.",
        ),
        "information": (
            "0 nats: the feature says nothing of what was asked for. The ceiling: nothing is left to guess.",
            *measured,
        ),
        "gain": (story.answer("helped"), story.answer("sure")),
        "rivals": _rival_notes(best),
        "emotions": (story.answer("emotions"),),
        "limits": (*story.limits, _licence(story)),
        "again": (story.answer("again"), *story.left_out),
    }


def _rival_notes(best: Benchmark | None) -> tuple[str, ...]:
    if best is None:
        return ("Other ways of augmenting are compared by a benchmark.",)
    lines = [
        f"MIRAGE over {gain.over}: {gain.mean:+.1f} points ({gain.low:+.1f} to {gain.high:+.1f}), {gain.says}."
        for gain in best.over_rivals.values()
    ]
    return (
        "Told apart means that interval and test agree; each method was tuned on speakers of its own.",
        f"The regression on the same embeddings reaches {best.reference.ua:.1f} %.",
        *lines,
    )


def information_words(one: Information) -> str:
    """A value with its interval and its ceiling."""
    if one.value is None:
        return f"Not measured{f': {one.reason}' if one.reason else ''}."
    interval = f" ({one.low:.2f} to {one.high:.2f})" if one.low is not None and one.high is not None else ""
    top = f", at most {one.ceiling:.2f}" if one.ceiling else ""
    return f"{one.value:.2f} nats{interval}{top}."


def _licence(story: Story) -> str:
    named = story.data.title or story.data.corpus
    return f"Corpus: {named}. Licence: {story.data.licence or 'not known here'}."


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def _are(count: int) -> str:
    return "is" if count <= 1 else "are"
