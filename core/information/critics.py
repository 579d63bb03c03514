"""The small networks that estimators fit, and the one loop that fits them.

Held-out figures are measured while a run trains, so nothing here may touch PyTorch's global random state: weights are
drawn and batches are shuffled from an explicit generator.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import ClassVar

import torch
from torch import Tensor, nn

from core.errors import FailureError

Objective = Callable[[Tensor, Tensor], Tensor]
"""From a batch of x (b, d) and y to a scalar to be maximised."""

FAST = 5.0
"""Learning rate of parameters whose name begins with ``fast``, relative to the others."""

VALIDATION = 0.2
"""Share of the fitting part that only chooses when to stop."""


def linear(inputs: int, outputs: int, generator: torch.Generator, gain: float = 1.0) -> nn.Linear:
    """A linear layer with normal weights of deviation ``gain / sqrt(inputs)`` and no bias to begin with."""
    # skip_init: the usual constructor would draw from the global generator.
    layer = nn.utils.skip_init(nn.Linear, inputs, outputs)
    with torch.no_grad():
        layer.weight.normal_(0.0, gain / math.sqrt(inputs), generator=generator)
        layer.bias.zero_()
    return layer


class Perceptron(nn.Module):
    """Two hidden layers beside a direct linear path: (n, inputs) to (n, outputs).

    The linear path learns the simple part in a few steps and leaves the rest to the hidden layers. With ``zero`` the
    output is 0 at the start, so that an estimator begins, and where there is nothing to learn stays, at zero nats.
    """

    def __init__(
        self, inputs: int, outputs: int, *, hidden: int = 128, zero: bool = False, generator: torch.Generator
    ) -> None:
        super().__init__()
        last = 0.0 if zero else 1.0
        self.direct = linear(inputs, outputs, generator, 0.7 * last)
        self.hidden = nn.Sequential(
            linear(inputs, hidden, generator, math.sqrt(2.0)),
            nn.SiLU(),
            linear(hidden, hidden, generator, math.sqrt(2.0)),
            nn.SiLU(),
            linear(hidden, outputs, generator, 0.7 * last),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.direct(x) + self.hidden(x)


class SeparableCritic(nn.Module):
    """f(x, y) = <g(x), k(y)> / sqrt(width): a whole (b, b) table for the price of one matrix product."""

    block: ClassVar[int] = 4096
    """Rows of a table that a reading asks for at once."""

    def __init__(self, dim_x: int, dim_y: int, *, width: int = 32, hidden: int = 128, generator: torch.Generator):
        super().__init__()
        self.of_x = Perceptron(dim_x, width, hidden=hidden, zero=True, generator=generator)
        self.of_y = Perceptron(dim_y, width, hidden=hidden, generator=generator)
        self.scale = 1.0 / math.sqrt(width)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """(a, dim_x), (b, dim_y) to (a, b) scores."""
        return self.scale * self.of_x(x) @ self.of_y(y).T


class QuadraticCritic(SeparableCritic):
    """f(x, y) = scale (<g, k> / sqrt(width) + <alpha, g^2> + <beta, k^2> + constant); all but g and k learnt fast.

    A log density ratio has a part of x alone and one of y alone; InfoNCE can nearly do without them, bounds with a
    mean of exp f over all pairs cannot. For Gaussians all of f is quadratic in the canonical coordinates, which the
    linear paths of g and k then learn in a few steps. The ratio of two nearly equal variables is steep, which a scale
    reaches sooner than the weights do.
    """

    def __init__(self, dim_x: int, dim_y: int, *, width: int = 32, hidden: int = 128, generator: torch.Generator):
        super().__init__(dim_x, dim_y, width=width, hidden=hidden, generator=generator)
        self.fast_x, self.fast_y = nn.Parameter(torch.zeros(width)), nn.Parameter(torch.zeros(width))
        self.fast_constant, self.fast_scale = nn.Parameter(torch.zeros(())), nn.Parameter(torch.zeros(()))

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        of_x, of_y = self.of_x(x), self.of_y(y)
        alone_x, alone_y = of_x.square() @ self.fast_x, of_y.square() @ self.fast_y
        scores = self.scale * of_x @ of_y.T + alone_x[:, None] + (alone_y + self.fast_constant)[None]
        return self.fast_scale.exp() * scores


class JointCritic(nn.Module):
    """f(x, y) from one network of both: any function of the pair, at the price of a pass for every pair."""

    block: ClassVar[int] = 128

    def __init__(self, dim_x: int, dim_y: int, *, width: int = 32, hidden: int = 128, generator: torch.Generator):
        super().__init__()
        self.network = Perceptron(dim_x + dim_y, 1, hidden=hidden, zero=True, generator=generator)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        """(a, dim_x), (b, dim_y) to (a, b) scores."""
        left = x[:, None].expand(-1, len(y), -1)
        right = y[None].expand(len(x), -1, -1)
        return self.network(torch.cat([left, right], dim=2)).squeeze(2)


PairCritic = QuadraticCritic | JointCritic
CRITICS: dict[str, type[QuadraticCritic] | type[JointCritic]] = {"separable": QuadraticCritic, "joint": JointCritic}
"""The critics of the density-ratio estimators, by key."""


def fit(
    critic: nn.Module,
    objective: Objective,
    validate: Objective,
    x: Tensor,
    y: Tensor,
    *,
    steps: int,
    batch: int,
    generator: torch.Generator,
    learning_rate: float = 2e-3,
    weight_decay: float = 3.0,
    checks: int = 25,
    patience: float = 1.0 / 3.0,
) -> float:
    """Maximises ``objective`` with AdamW, and leaves in ``critic`` the weights that ``validate`` liked best.

    A fifth of the rows is kept for validation. The weights at the start take part in the choice: a critic that finds
    nothing which holds outside its fitting rows stays where it was.

    Args:
        critic: changed in place.
        objective: what a batch of rows is worth; gradients flow through it.
        validate: what the validation rows are worth.
        x: (n, d). y: (n,) or (n, m).
        steps, batch: length of the fit.
        generator: CPU generator of splits and batches.
        weight_decay: of the weights whose name holds ``hidden``.
        checks: how many times validation is looked at.
        patience: share of the checks that may bring nothing in a row before the fit ends.

    Returns:
        What the kept weights are worth on the validation rows.

    Raises:
        FailureError: the objective is no longer finite.
    """
    order = torch.randperm(len(x), generator=generator).to(x.device)
    held = max(2, int(VALIDATION * len(x)))
    x_held, y_held, x_fit, y_fit = x[order[:held]], y[order[:held]], x[order[held:]], y[order[held:]]
    batch = min(batch, len(x_fit))
    parameters = list(critic.parameters())
    # Strong decay on the hidden layers alone: on 4,000 samples of 64 columns it is worth a tenth of the figure, while
    # the direct path may grow as far as a nearly noiseless code asks.
    named = list(critic.named_parameters())
    decayed = [value for name, value in named if "hidden" in name and value.ndim > 1]
    fast = [value for name, value in named if name.startswith("fast")]
    plain = [value for name, value in named if not (("hidden" in name and value.ndim > 1) or name.startswith("fast"))]
    groups = [
        {"params": decayed, "weight_decay": weight_decay, "pace": 1.0},
        {"params": plain, "weight_decay": 0.0, "pace": 1.0},
        {"params": fast, "weight_decay": 0.0, "pace": FAST},
    ]
    optimiser = torch.optim.AdamW([group for group in groups if group["params"]], lr=learning_rate)
    every, patient = max(1, steps // checks), max(3, int(patience * checks))

    # A figure is also asked for from inside torch.no_grad() blocks of a training loop.
    with torch.enable_grad():
        best, best_value, unimproved = _copy(parameters), _value(validate, x_held, y_held), 0
        queue = torch.empty(0, dtype=torch.long)
        for step in range(1, steps + 1):
            if len(queue) < batch:
                queue = torch.randperm(len(x_fit), generator=generator)
            rows, queue = queue[:batch].to(x.device), queue[batch:]
            for group in optimiser.param_groups:
                group["lr"] = group["pace"] * learning_rate * _schedule(step / steps)
            optimiser.zero_grad(set_to_none=True)
            loss = -objective(x_fit[rows], y_fit[rows])
            loss.backward()
            nn.utils.clip_grad_norm_(parameters, 5.0)
            optimiser.step()
            if step % every and step != steps:
                continue
            value = _value(validate, x_held, y_held)
            if not (math.isfinite(value) and math.isfinite(float(loss.detach()))):
                raise FailureError(f"a held-out critic diverged at step {step} of {steps}: {value} nats")
            if value > best_value:
                best, best_value, unimproved = _copy(parameters), value, 0
            else:
                unimproved += 1
                if unimproved >= patient:
                    break
    with torch.no_grad():
        for parameter, kept in zip(parameters, best, strict=True):
            parameter.copy_(kept)
    return best_value


def _schedule(progress: float) -> float:
    """Warm-up over a twentieth, then cosine down to a twentieth."""
    return min(1.0, 20.0 * progress) * (0.525 + 0.475 * math.cos(math.pi * progress))


@torch.no_grad()
def _value(validate: Objective, x: Tensor, y: Tensor) -> float:
    return float(validate(x, y))


def _copy(parameters: list[nn.Parameter]) -> list[Tensor]:
    return [parameter.detach().clone() for parameter in parameters]
