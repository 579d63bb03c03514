"""The tables of docs/results.md, written from the measured results that come with MIRAGE.

``python -m benchmarks.tables > docs/results.md``
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from core.benchmarks.command import command_of
from core.benchmarks.verdicts import p_words, verdict
from core.files import read_json
from core.shipped import ASSETS

FEATURES = {"audio": "audio", "audio_and_text": "audio and text"}
HEAD = """\
# Measured results

Written by `python -m benchmarks.tables` from the results in `assets/benchmarks`, which the demo's Benchmark page shows
too. Speakers are never shared between training and test;
everything is fitted inside the training part of a fold. UA is the mean over folds and seeds with a 95 % interval from a
bootstrap over folds; gains are paired, in points of UA, with the same kind of interval and the p of the corrected
resampled t-test. *nothing added* is the aligned network without generated features; the regression is a tuned logistic
regression on the raw embeddings. The demo is synthetic speech. The defaults were chosen on RAVDESS and on the demo,
whose figures are therefore optimistic.
"""


def benchmark_table(results: dict[str, Any]) -> Iterator[str]:
    """Lines of Markdown."""
    tested = f", tested on {results['test_on']}" if results.get("test_on") else ""
    yield f"## {results['corpus']}{tested}: {results['condition_title']}"
    yield ""
    yield (
        f"{len(results['classes'])} emotions, {results['utterances']} utterances, {len(results['folds'])} folds by "
        f"{results['split']}, {len(results['seeds'])} seeds; embeddings {', '.join(results['embeddings'])}; "
        f"{results['tuning']}."
    )
    yield ""
    yield f"`{command_of(results)}`"
    for kind, words in FEATURES.items():
        if kind not in results["reference"]:
            continue
        yield ""
        yield f"| {words} | UA, % | over nothing added | over the regression |"
        yield "| --- | --- | --- | --- |"
        for own in (results["reference"], *results["methods"].values()):
            found = own[kind]
            gains = [_gain(found.get(key)) for key in ("gain_over_none", "gain")]
            yield f"| {own['title']} | {_ua(found)} | {gains[0]} | {gains[1]} |"
        rivals = results["methods"].get("mirage", {}).get(kind, {}).get("gain_over_rivals", {})
        if rivals:
            yield ""
            yield (
                "What generating adds: "
                + "; ".join(
                    f"MIRAGE over {results['methods'][name]['title']} {_gain(gain)}" for name, gain in rivals.items()
                )
                + "."
            )


def _ua(found: dict[str, Any]) -> str:
    interval = "" if found["low"] is None else f" ({100 * found['low']:.1f} to {100 * found['high']:.1f})"
    return f"{100 * found['ua']:.1f}{interval}"


def _gain(gain: dict[str, Any] | None) -> str:
    if gain is None:
        return ""
    mean, low, high = (100 * gain[name] for name in ("mean", "low", "high"))
    return f"{mean:+.1f} ({low:+.1f} to {high:+.1f}), p {p_words(gain['p_value'])}, {verdict(gain)}"


def study_table(study: dict[str, Any]) -> Iterator[str]:
    """Lines of Markdown for a study of mutual information against gain."""
    yield f"## {study['corpus']}: mutual information against gain, {study['condition_title']}"
    yield ""
    yield (
        f"{len(study['rows'])} configurations of the generator, {len(study['folds'])} folds by {study['split']}, "
        f"{len(study['seeds'])} seeds; embeddings {', '.join(study['embeddings'])}. "
        f"{study['protocol'][0].upper()}{study['protocol'][1:]}."
    )
    if study.get("command"):
        yield ""
        yield f"`{study['command']}`"
    yield ""
    yield "| information | gain of generated rows | Spearman, 95 % over configurations | 95 % over folds |"
    yield "| --- | --- | --- | --- |"
    names = study["measures"]
    for found in study["associations"]:
        yield (
            f"| {names['mi'][found['mi']]} | {names['gain'][found['gain']]} | {_number(found['spearman'])} "
            f"({_number(found['low'])} to {_number(found['high'])}) | "
            f"{_number(found['low_over_folds'])} to {_number(found['high_over_folds'])} |"
        )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def page() -> str:
    """The whole of docs/results.md."""
    parts = [HEAD.rstrip()]
    folders = sorted(ASSETS.glob("*/"), key=lambda folder: folder.name)
    for name, table in (("results.json", benchmark_table), ("mi_gain.json", study_table)):
        parts += ["\n".join(table(read_json(folder / name))) for folder in folders if (folder / name).is_file()]
    return "\n\n".join(parts) + "\n"


if __name__ == "__main__":
    sys.stdout.write(page())
