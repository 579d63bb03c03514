"""Stage 1: audio and text in one space."""

from core.alignment.networks import Aligner
from core.alignment.stage import AlignmentData, AlignmentStage

__all__ = ["Aligner", "AlignmentData", "AlignmentStage"]
