"""What the map can be trusted for, in one line."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from core import LoadedRun


def quality_line(run: LoadedRun) -> str:
    """Trustworthiness and the projector's error, and what they mean."""
    quality = run.map_quality()
    parts = []
    trust = quality.get("trustworthiness")
    if trust is not None:
        parts.append(
            f"Trustworthiness {trust:.2f}: {_judgement(trust)} neighbours on the map are neighbours in the "
            f"{run.dim} dimensions too (1 = all, 0.5 = by chance)."
        )
    error, share = quality.get("projector_error"), quality.get("projector_error_share")
    if error is not None:
        of_map = "" if share is None else f" ({share:.1%} of the map's diameter)"
        parts.append(
            f"Generated points are placed by a small network that misses UMAP's own place by {error:.2f} map units"
            f"{of_map}."
        )
    return " ".join(parts) or "The quality of this map was not measured."


def _judgement(trust: float) -> str:
    if trust >= 0.95:
        return "nearly all"
    if trust >= 0.85:
        return "most"
    return "only some"
