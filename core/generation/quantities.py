"""The names of the mutual informations of stage 2, and their held-out figures."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torch import Tensor

from core.config import InformationConfig
from core.information import Estimate, held_out_mi

if TYPE_CHECKING:
    from core.generation.stage import Conditions

C = "I(c;h_hat)"
U = "I(u;h_hat)"
T = "I(t;h_hat)"
PAIR = "I(h_hat;t_hat)"


def held_out_figures(
    conditions: Conditions, h_hat: Tensor, t_hat: Tensor | None, config: InformationConfig, *, seed: int
) -> list[Estimate]:
    """Held-out lower bounds on the information that generated features carry about what they were made from.

    Args:
        conditions: of n samples. h_hat: (n, d). t_hat: (n, d) in paired mode.

    Returns:
        I(c; h_hat) and I(u; h_hat) by variational critics; I(t; h_hat) or I(h_hat; t_hat) by InfoNCE where they exist.
    """

    def figure(x: Tensor, y: Tensor, kind: str, estimator: str, quantity: str) -> Estimate:
        return held_out_mi(
            x.cpu(),
            y.cpu(),
            kind=kind,  # type: ignore[arg-type]
            estimator=estimator,
            seed=seed,
            steps=config.steps,
            batch=config.batch,
            bootstrap=config.bootstrap,
            quantity=quantity,
        )

    figures = [
        figure(h_hat, conditions.c.argmax(dim=1), "discrete", "variational", C),
        figure(h_hat, conditions.u, "continuous", "variational", U),
    ]
    if conditions.t is not None:
        figures.append(figure(h_hat, conditions.t, "continuous", "infonce", T))
    if t_hat is not None:
        figures.append(figure(h_hat, t_hat, "continuous", "infonce", PAIR))
    return figures
