"""Stage 2: the generator of emotion-aware features."""

from core.generation.mixture import Mixture
from core.generation.networks import Discriminator, Generator
from core.generation.quantities import PAIR, C, T, U, held_out_figures
from core.generation.stage import Conditions, GenerationData, GenerationStage
from core.generation.unlabelled import Aligned, tell_apart

__all__ = [
    "PAIR",
    "Aligned",
    "C",
    "Conditions",
    "Discriminator",
    "GenerationData",
    "GenerationStage",
    "Generator",
    "Mixture",
    "T",
    "U",
    "held_out_figures",
    "tell_apart",
]
