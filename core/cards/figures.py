"""The figures of a card: as tables for people, and held-out ones as results for the hub."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.cards.shared import slug
from core.cards.text import plain, table
from core.story import Benchmark, Story
from core.story.words import NATS, amount, points

if TYPE_CHECKING:
    from huggingface_hub import EvalResult

_KINDS = {
    "audio": "MIRAGE's aligned network, audio",
    "audio_and_text": "MIRAGE's aligned network, audio and text",
    "reference": "logistic regression on the same audio embeddings",
}
_FIGURES = {
    "frechet": "Frechet distance (0: same mean and covariance)",
    "auc": "two-sample AUC (0.5: cannot be told apart)",
    "precision": "precision",
    "recall": "recall",
    "density": "density",
    "coverage": "coverage",
}


def results(story: Story) -> list[EvalResult]:
    """Recognition of held-out speakers and mutual information of held-out samples, in the hub's form.

    Each says what it was measured on; where nobody was held out, there is no recognition.
    """
    from huggingface_hub import EvalResult

    data = story.data
    kind = "synthetic speech" if data.synthetic else "recorded speech"
    common: dict[str, Any] = {
        "dataset_type": slug(data.corpus) or "corpus",
        "dataset_name": f"{plain_name(data.corpus)} ({kind})",
    }
    speakers = f"held-out speakers, fold {plain_name(data.fold or '')}"
    found = []
    for name, features in (("audio", "audio"), ("audio_and_text", "audio and text")):
        if not data.held_out or (scores := story.recognition.get(name)) is None:
            continue
        task: dict[str, Any] = {"task_type": "audio-classification", "task_name": "speech emotion recognition"}
        for metric, title, value in (
            ("recall", "UA", scores.ua),
            ("accuracy", "WA", scores.wa),
            ("f1", "macro-F1", scores.macro_f1),
        ):
            found.append(
                EvalResult(
                    **task,
                    **common,
                    dataset_split=speakers,
                    metric_type=metric,
                    metric_name=f"{title}, {features}",
                    metric_value=round(value, 4),
                )
            )
    for one in story.information:
        if one.value is not None:
            found.append(
                EvalResult(
                    task_type="feature-extraction",
                    task_name="generating emotion-aware features",
                    **common,
                    dataset_split="generated samples held out from the critic",
                    metric_type="mutual-information",
                    metric_name=f"{one.shown} in nats, held-out samples",
                    metric_value=round(one.value, 4),
                )
            )
    return found


def plain_name(text: str) -> str:
    """A name inside metadata, where YAML quotes what must be; on one line."""
    from core.printable import one_line

    return one_line(text)[:200]


def recognition_table(story: Story) -> list[str]:
    """Recognition of the run itself, before anything generated is added."""
    if not story.recognition:
        return ["No speaker was held out, so recognition was not measured."]
    rows = [
        [title, f"{scores.ua:.1%}", f"{scores.wa:.1%}", f"{scores.macro_f1:.1%}"]
        for kind, title in _KINDS.items()
        if (scores := story.recognition.get(kind)) is not None
    ]
    return [
        f"One fold, one seed, nothing generated added ({story.data.parts.get('test', 0):,} utterances):",
        table(["recognition", "UA", "WA", "macro-F1"], rows),
    ]


def benchmark_parts(story: Story) -> list[str]:
    """Every benchmark on the corpus: UA with interval, paired gain, folds and seeds."""
    parts = ["### How much generated features help", plain(story.answer("helped")), plain(story.answer("sure"))]
    for one in story.benchmarks:
        where = f", tested on {one.test_on}" if one.test_on else ""
        title = (
            f"From {one.features}, with {amount(one)}{where}; {one.folds} folds by {one.split}, {one.seeds} seeds, "
            f"{one.utterances:,} utterances:"
        )
        parts += [plain(title), table(["method", "UA", "gain over nothing added"], _methods(one))]
    return parts


def _methods(one: Benchmark) -> list[list[str]]:
    rows = []
    for method in (one.reference, *one.methods):
        interval = f" ({method.low:.1f} to {method.high:.1f})" if None not in (method.low, method.high) else ""
        gain = f"{points(method.gain)}, {method.gain.says}" if method.gain is not None else ""
        rows.append([method.title, f"{method.ua:.1f} %{interval}", gain])
    return rows


def information_table(story: Story) -> list[str]:
    """Held-out mutual information, each with interval, ceiling and estimator."""
    rows = []
    for one in story.information:
        if one.value is None:
            rows.append([one.shown, "not measured", "", "", one.estimator, one.reason])
            continue
        ceiling = "none" if one.ceiling is None else f"{one.ceiling:.3f}{' (saturated)' if one.saturated else ''}"
        interval = f"{one.low:.3f} to {one.high:.3f}"
        rows.append([one.shown, f"{one.value:.3f}", interval, ceiling, one.estimator, one.meaning])
    if not rows:
        return ["It was not measured."]
    columns = ["quantity", "nats", "95 % interval", "ceiling", "estimator", "meaning"]
    return [
        plain(NATS),
        "By critics that share no weight with training, on samples held out from them:",
        table(columns, rows),
    ]


def quality_parts(story: Story) -> list[str]:
    """The report card: each figure of generated features beside that of real ones."""
    card = story.quality
    if card is None:
        return ["It was not measured (`mirage quality`)."]
    everything, recognition = card["comparisons"]["all"], card["recognition"]
    rows = [
        [title, f"{everything['figures'][name]['generated']:.2f}", f"{everything['figures'][name]['real']:.2f}"]
        for name, title in _FIGURES.items()
    ]
    rows += [
        [
            f"{title} of a classifier trained on these alone",
            f"{recognition[key]['generated']:.1%}",
            f"{recognition[key]['real']:.1%}",
        ]
        for key, title in (("ua", "UA"), ("wa", "WA"), ("macro_f1", "macro-F1"))
    ]
    verdict = (
        "**The generator copies its training features.**" if card["copying"] else "No sign of memorising was found."
    )
    drawn = f"{card.get('samples', 0):,} generated, seed {card.get('seed')}"
    return [
        "Compared with the features of the held-out speakers; real training features stand beside, as what a perfect "
        f"generator of the training speakers would get ({drawn}):",
        table(["figure", "generated", "real"], rows),
        verdict,
        *(plain(str(note)) for note in card["notes"]),
    ]


def effects_table(story: Story) -> list[str]:
    """What generated features change for each emotion, good and bad alike."""
    best = story.best
    parts = [plain(story.answer("emotions"))]
    if best is not None and best.effects:
        rows = [
            [one.emotion, _percent(one.without), _percent(one.with_mirage), _signed(one.change)] for one in best.effects
        ]
        parts.append(table(["emotion", "recall, nothing added", "recall, with MIRAGE", "points"], rows))
    own = [(title, story.recognition[kind].recall) for kind, title in _KINDS.items() if kind in story.recognition]
    if own:
        names = list(story.data.emotions)
        rows = [
            [name, *(_percent(None if (share := recall.get(name)) is None else 100 * share) for _, recall in own)]
            for name in names
        ]
        parts += ["Recall of each emotion in this run, nothing added:", table(["emotion", *(t for t, _ in own)], rows)]
    return parts


def _percent(value: float | None) -> str:
    return "not tested" if value is None else f"{value:.1f} %"


def _signed(value: float | None) -> str:
    return "" if value is None else f"{value:+.1f}"
