"""The recognition figures of a run, as ``evaluation.json`` keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Recognition:
    """Figures from 0 to 1 on the speakers that were held out; None where nothing was held out.

    ``reference`` is the UA of a tuned logistic regression on the same embeddings, same fold; ``labelled_alone`` the UA
    before utterances without an emotion were learnt from, None where none were.
    """

    classes: list[str]
    ua: float | None
    wa: float | None
    both: float | None
    reference: float | None
    n_test: int
    split: str
    labelled_alone: float | None = None

    def says(self) -> str:
        """What a figure must always be read with: classes and split."""
        return f"{len(self.classes)} classes, {self.split}, {self.n_test} utterances"


def read(content: Any) -> Recognition | None:
    """What ``evaluation.json`` says, or None where it is not there (yet) or is no such file."""
    if not isinstance(content, dict) or not isinstance(content.get("classes"), list):
        return None
    counts = content.get("n") if isinstance(content.get("n"), dict) else {}
    fold, folds = content.get("fold"), content.get("folds")
    split = "no speaker held out" if fold is None else f"fold {fold}" + (f" by {folds}" if folds else "")
    test = counts.get("test", 0)  # type: ignore[union-attr]
    return Recognition(
        classes=[str(name) for name in content["classes"]],
        ua=_figure(content.get("audio"), "ua"),
        wa=_figure(content.get("audio"), "wa"),
        both=_figure(content.get("audio_and_text"), "ua"),
        reference=_figure(content.get("reference"), "ua"),
        n_test=int(test) if isinstance(test, int) else 0,
        split=split.replace(" by auto", ", speakers held out"),
        labelled_alone=_figure(_part(content, "labelled_alone").get("audio"), "ua"),
    )


def _part(content: dict[str, Any], name: str) -> dict[str, Any]:
    found = content.get(name)
    return found if isinstance(found, dict) else {}


def _figure(part: Any, name: str) -> float | None:
    value = part.get(name) if isinstance(part, dict) else None
    return float(value) if isinstance(value, int | float) else None
