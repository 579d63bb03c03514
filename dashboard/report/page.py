"""What the templates show, out of a story: tables, figures and the words around them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.printable import one_line
from core.story import NATS, amount
from dashboard.benchmark import card_view
from dashboard.report.charts import between, minus, signed
from dashboard.report.figures import effects_figure, gain_figure, gains_figure
from dashboard.report.map_part import PARTS

if TYPE_CHECKING:
    from jinja2 import Environment

    from core.story import Benchmark, Story

TEMPLATES = Path(__file__).with_name("templates")
SECTIONS = (
    ("short", "In short"),
    ("data", "The data"),
    ("training", "What was trained"),
    ("the-map", "The map"),
    ("the-lab", "The lab: generate it yourself"),
    ("information", "Does the generator do what it is told?"),
    ("benchmark", "Does it help recognition?"),
    ("emotions", "Which emotions gained and which lost?"),
    ("quality", "How good are the generated features?"),
    ("limits", "Limits and licence"),
    ("repeat", "Repeat it"),
    ("words", "Words used here"),
)
GLOSSARY = (
    (
        "UA, unweighted average recall",
        "Of each emotion the share that is recognised, then the mean over the emotions. Rare emotions count as much as "
        "frequent ones.",
    ),
    (
        "Point",
        "A difference between two shares in per cent: from 60 % to 62 % are 2 points. It is rounded after subtracting.",
    ),
    (
        "95 % interval",
        "Where the true value lies with 95 % confidence. A gain whose interval holds zero may be no gain at all.",
    ),
    (
        "Not told apart",
        "The difference is no larger than chance alone would often make it: neither better nor worse can be said.",
    ),
    ("Held out", "Kept from training altogether, to be tested on."),
    (
        "Fold, seed",
        "A fold is a group of speakers that is held out once; a seed is a random start. Figures are means over both.",
    ),
    ("Feature", "A row of numbers that stands for an utterance, or for a generated one."),
    ("Latent code", "A dial of the generator, in sigma: 0 is the middle, almost everything lies between −3 and 3."),
    ("Mutual information", "How much one thing says of another, in nats."),
    ("Augmentation", "Adding made-up examples to the training data."),
)
# A minus before a number in a sentence; in a command or a name it stays what was typed.
_NEGATIVE = re.compile(r"(?<=[\s(])-(?=\d)")
_VERDICTS = {
    "better": "The whole bar lies right of zero, and a stricter test agrees: it is a gain.",
    "worse": "The whole bar lies left of zero, and a stricter test agrees: it is a loss.",
    "": "It is not told apart from zero: neither a gain nor a loss can be claimed.",
}
_RECOGNISED = {
    "audio": "speech alone",
    "audio_and_text": "speech and text",
    "reference": "speech alone, by a tuned logistic regression",
}


def environment() -> Environment:
    """Templates in which whatever comes from data is text, never markup; a name that is missing is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    # Every template is HTML, whatever its name: nothing is left to a rule about endings.
    made = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined, finalize=_shown)
    made.filters["prose"] = lambda text: _NEGATIVE.sub("\u2212", text)
    return made


def _shown(value: Any) -> Any:
    """Text with marks that turn its direction, or that cannot be seen, written out; line ends stay."""
    if type(value) is str:
        return "\n".join(map(one_line, value.split("\n")))
    return value


def context(story: Story) -> dict[str, Any]:
    """Everything of the page that is no map, lab or curve."""
    data, best = story.data, story.best
    return {
        "story": story,
        "sections": SECTIONS,
        "glossary": GLOSSARY,
        "emotions": [[name, f"{count:,}"] for name, count in data.emotions.items()],
        "kinds": [
            [PARTS.get(part, part), f"{count:,}", _names(data.speakers.get(part, []))]
            for part, count in data.parts.items()
        ],
        "held_out": _names(data.held_out),
        "recognition": [
            [words, *(f"{100 * value:.1f}" for value in (scores.ua, scores.wa, scores.macro_f1))]
            for kind, words in _RECOGNISED.items()
            if (scores := story.recognition.get(kind)) is not None
        ],
        "information": [
            [
                one.shown,
                one.meaning,
                "not measured" if one.value is None else minus(f"{one.value:.2f}"),
                between(one.low, one.high, 2, sign=False),
                "none" if one.ceiling is None else f"{one.ceiling:.2f}",
                one.estimator,
            ]
            for one in story.information
        ],
        "nats": NATS,
        "best": _best(best),
        "benchmarks": [_benchmark(one, best) for one in story.benchmarks],
        "effects": effects_figure(best, _highest(best)) if best else None,
        "benchmark_command": f"mirage benchmark {data.corpus} --methods none,noise,mixup,smote,cgan,mirage --seeds 5",
        "quality": _quality(story.quality),
        "map_says": _map_says(story.map_quality),
    }


def _names(names: list[str], most: int = 12) -> str:
    more = len(names) - most
    return ", ".join(names[:most]) + (f" and {more} more" if more > 0 else "")


def _best(one: Benchmark | None) -> dict[str, Any] | None:
    """The header's figures: what is said first."""
    if one is None:
        return None
    plain, ours = one.plain, one.ours
    gain = one.gain
    return {
        "plain": f"{plain.ua:.1f}",
        "ours": f"{ours.ua:.1f}",
        "chance": f"{100 / len(one.classes):.1f}",
        "verdict": _VERDICTS.get(gain.says, _VERDICTS[""]) if gain is not None else "",
        "figure": gain_figure(gain) if gain is not None else None,
    }


def _benchmark(one: Benchmark, best: Benchmark | None) -> dict[str, Any]:
    tested = f", tested on {one.test_on}" if one.test_on else ""
    condition = amount(one)
    folds = f"{one.folds} groups of speakers" if one.folds > 1 else "one group of speakers"
    seeds = f"{one.seeds} random starts" if one.seeds > 1 else "one random start"
    rivals = "; ".join(
        f"MIRAGE over {name}: {signed(gain.mean)} points ({between(gain.low, gain.high)}), {gain.says}"
        for name, gain in ((gain.over, gain) for gain in one.over_rivals.values())
    )
    return {
        "title": f"{condition[:1].upper()}{condition[1:]}, from {one.features}{tested}",
        "folded": one.test_on is not None or (best is not None and one.features != best.features),
        "says": f"{one.utterances:,} utterances in {folds} (by {one.split}), {seeds}; folder {one.name}.",
        "gains": gains_figure(one),
        "rivals": f"{rivals}." if rivals else "",
        "effects": effects_figure(one, _highest(one)),
    }


def _highest(one: Benchmark) -> str:
    """The largest changes either way, in a sentence."""
    known = [(effect.change, effect.emotion) for effect in one.effects if effect.change is not None]
    if not known:
        return ""
    most, least = max(known), min(known)
    words = (
        f"The most is gained by {most[1]} ({signed(most[0])} points)" if round(most[0], 1) > 0 else "No emotion gains"
    )
    return words + (
        f", the most lost by {least[1]} ({signed(least[0])})." if round(least[0], 1) < 0 else ", and none loses."
    )


def _quality(card: dict[str, Any] | None) -> dict[str, Any] | None:
    if card is None or not card_view.usable(card):
        return None
    table = card_view.figures_table(card)
    rows = [
        # Shares in per cent are large numbers beside the others.
        [figure, *(f"{value:.{1 if max(made, real) >= 10 else 2}f}" for value in (made, real)), reads]
        for figure, made, real, reads in table.itertuples(index=False)
    ]
    said = {True: "The generator copies its training features.", False: "No sign of memorising."}.get(card["copying"])
    return {"rows": rows, "memorising": " ".join(filter(None, (said, card_view.memorising(card))))}


def _map_says(quality: dict[str, Any]) -> str:
    """How far the map may be trusted."""
    value = quality.get("trustworthiness")
    if not isinstance(value, int | float):
        return ""
    return (
        f"A plane cannot keep all distances: of what lies near on it, {100 * value:.0f} % is trustworthy (100 %: all "
        "neighbours on the map are neighbours in the space)."
    )
