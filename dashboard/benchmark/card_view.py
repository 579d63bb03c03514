"""The report card of a run's generated features as tables: each figure beside that of real training features."""

from __future__ import annotations

from typing import Any

import pandas as pd

ALL = "all"
FIGURES: dict[str, tuple[str, str]] = {
    "frechet": ("Fréchet distance", "0: same mean and covariance; few rows raise it"),
    "auc": ("two-sample AUC", "0.5: cannot be told from held-out features; 1: always"),
    "precision": ("precision", "share that lies among held-out features"),
    "recall": ("recall", "share of held-out features that lies among these"),
    "density": ("density", "how deep among held-out features; may exceed 1"),
    "coverage": ("coverage", "share of held-out features with one of these near"),
}
RECOGNITION = {"ua": "UA", "wa": "WA", "macro_f1": "macro-F1"}
RECOGNISED = "recognised"
"""The figure by emotion that is not among ``FIGURES``: recall of a classifier trained on these features."""

Card = dict[str, Any]


def usable(card: Any) -> bool:
    """Whether it has what is shown."""
    return (
        isinstance(card, dict)
        and isinstance(card.get("comparisons"), dict)
        and isinstance(card["comparisons"].get(ALL), dict)
        and isinstance(card.get("recognition"), dict)
        and isinstance(card.get("classes"), list)
    )


def figures_table(card: Card) -> pd.DataFrame:
    """All emotions together: figure, generated, real, how it reads. Shares of recognition in per cent."""
    rows = []
    found = card["comparisons"][ALL]["figures"] or {}
    for name, (title, reads) in FIGURES.items():
        if name in found:
            rows.append((title, found[name]["generated"], found[name]["real"], reads))
    for name, title in RECOGNITION.items():
        pair = card["recognition"][name]
        reads = "in %: a classifier trained on these features, tested on the held-out speakers"
        rows.append((title, 100 * pair["generated"], 100 * pair["real"], reads))
    return pd.DataFrame(rows, columns=["figure", "generated", "real", "reads"])


def by_emotion(card: Card, name: str) -> list[tuple[str, float, float]]:
    """One figure for each emotion that could be compared: emotion, generated, real.

    Args:
        name: one of ``FIGURES``, or ``RECOGNISED`` (a share).
    """
    found = []
    for emotion in card["classes"]:
        if name == RECOGNISED:
            pair = card["recognition"]["recall"].get(emotion)
        else:
            pair = ((card["comparisons"].get(emotion) or {}).get("figures") or {}).get(name)
        if pair is not None:
            found.append((str(emotion), float(pair["generated"]), float(pair["real"])))
    return found


def titles() -> dict[str, str]:
    """The figures by emotion, for a selector."""
    return {RECOGNISED: "recognised", **{name: title for name, (title, _) in FIGURES.items()}}


def reads(name: str) -> str:
    """What one figure by emotion says."""
    return (
        "share of the emotion recognised by a classifier trained on these features, tested on the held-out speakers"
        if name == RECOGNISED
        else FIGURES[name][1]
    )


def memorising(card: Card) -> str:
    """What the distances to training features come to, in one line; empty where it could not be told."""
    near = card["comparisons"][ALL].get("closeness")
    if not near:
        return ""
    return (
        f"Distance to the closest training feature: {near['ratio']:.2f} of that to the closest held-out one (real "
        f"training features: {near['honest_ratio']:.2f}). {near['copies']:.1%} are nearer to a training feature than "
        "99 % of those are to one another (fresh draws: 1 %)."
    )


def says(card: Card) -> str:
    """What the figures must be read with."""
    speakers = ", ".join(card.get("speakers", {}).get("test", []))
    rows = card["comparisons"][ALL]["rows"]
    return " · ".join(
        [
            f"{len(card['classes'])} classes: {', '.join(card['classes'])}",
            f"held-out speakers {speakers} (fold {card.get('fold')})",
            f"{card.get('samples', 0):,} generated features, seed {card.get('seed')}",
            f"{rows:,} rows a draw",
        ]
    )
