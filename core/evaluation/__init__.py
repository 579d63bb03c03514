"""Recognition figures, references, paired comparisons and the quality of generated features."""

from core.evaluation.association import Spearman, spearman
from core.evaluation.guards import check_rows, check_speakers
from core.evaluation.manifolds import Manifolds, manifolds
from core.evaluation.metrics import Scores, scores
from core.evaluation.paired import PairedGain, corrected_t_test, paired_gain
from core.evaluation.quality import Closeness, closeness, frechet_distance, two_sample_auc
from core.evaluation.reference import LogisticReference
from core.evaluation.report_card import Comparison, Pair, Recognition, ReportCard, report_card

__all__ = [
    "Closeness",
    "Comparison",
    "LogisticReference",
    "Manifolds",
    "Pair",
    "PairedGain",
    "Recognition",
    "ReportCard",
    "Scores",
    "Spearman",
    "check_rows",
    "check_speakers",
    "closeness",
    "corrected_t_test",
    "frechet_distance",
    "manifolds",
    "paired_gain",
    "report_card",
    "scores",
    "spearman",
    "two_sample_auc",
]
