"""Recognition figures, references, paired comparisons and the quality of generated features."""

from core.evaluation.guards import check_rows, check_speakers
from core.evaluation.metrics import Scores, scores
from core.evaluation.paired import PairedGain, corrected_t_test, paired_gain
from core.evaluation.quality import (
    Closeness,
    Quality,
    closeness,
    frechet_distance,
    quality,
    quality_by_class,
    two_sample_auc,
)
from core.evaluation.reference import LogisticReference

__all__ = [
    "Closeness",
    "LogisticReference",
    "PairedGain",
    "Quality",
    "Scores",
    "check_rows",
    "check_speakers",
    "closeness",
    "corrected_t_test",
    "frechet_distance",
    "paired_gain",
    "quality",
    "quality_by_class",
    "scores",
    "two_sample_auc",
]
