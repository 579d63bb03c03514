"""The small learnt projector: from the aligned space to the map, for points that UMAP has not seen."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from core.networks import Network


class Projector(Network):
    """A two-layer network, (n, dim) to (n, 2), in the units of the map."""

    kind: ClassVar[str] = "mirage-projector"
    centre: Tensor
    scale: Tensor

    def __init__(self, *, dim: int, hidden: int = 128) -> None:
        super().__init__()
        self.config = {"dim": dim, "hidden": hidden}
        self.body = nn.Sequential(
            nn.Linear(dim, hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(hidden, hidden),
            nn.LeakyReLU(0.2),
            nn.Linear(hidden, 2),
        )
        # The map's own centre and scale: the body works on standardised coordinates.
        self.register_buffer("centre", torch.zeros(2))
        self.register_buffer("scale", torch.ones(2))

    def place(self, coordinates: Tensor) -> None:
        """Takes centre and scale from the map's points (n, 2)."""
        self.centre.copy_(coordinates.mean(dim=0))
        self.scale.copy_(coordinates.std(dim=0).clamp_min(1e-6))

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x) * self.scale + self.centre
