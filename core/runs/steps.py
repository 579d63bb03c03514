"""Where the steps of each stage lie on the one axis of a run."""

from __future__ import annotations

from core.config import Config


def total_steps(config: Config) -> int:
    """The steps of all stages of a run: it aligns twice where it learns from unlabelled utterances."""
    return config.alignment.steps * (2 if config.data.unlabelled else 1) + config.generation.steps


def steps_before(config: Config) -> dict[str, int]:
    """The steps of the run that lie before each stage's own first one.

    What is measured in the stage ``information`` counts the generator's steps.
    """
    generation = total_steps(config) - config.generation.steps
    return {
        "alignment": 0,
        "realignment": config.alignment.steps,
        "generation": generation,
        "information": generation,
    }
