"""Stage 1: audio and text in one space."""

from core.alignment.data import AlignmentData
from core.alignment.networks import Aligner
from core.alignment.stage import AlignmentStage

__all__ = ["Aligner", "AlignmentData", "AlignmentStage"]
