"""Generator, discriminator and Q heads of stage 2."""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import Tensor, nn

from core.networks import Network, Sphere

# A head surer than this gains little more mutual information and makes the bound jump: a deviation of
# exp(-2) is 2 nats for each code.
_LOG_VARIANCE = (-4.0, 1.0)


def _mlp(inputs: int, hidden: int, layers: int) -> nn.Sequential:
    parts: list[nn.Module] = []
    for index in range(layers):
        parts += [nn.Linear(inputs if index == 0 else hidden, hidden), nn.LeakyReLU(0.2)]
    return nn.Sequential(*parts)


class Generator(Network):
    """h_hat = G(z, c, u, t), in paired mode (h_hat, t_hat) = G(z, c, u).

    Args:
        dim: dimension d of the aligned space. noise: of z. classes: k. codes: m, of u.
        text: whether t is an input. paired: whether t_hat is an output.
        base: whether generation begins at the Gaussians of the emotions (``begin_at``), from which the network learns
            to depart. Without it z is soon ignored, and features of one emotion are hardly more than one.
        coded: whether these Gaussians vary with u too, not with z alone.
    """

    kind: ClassVar[str] = "mirage-generator"
    centres: Tensor
    spread: Tensor
    code_spread: Tensor

    def __init__(
        self,
        *,
        dim: int,
        noise: int,
        classes: int,
        codes: int,
        hidden: int,
        text: bool,
        paired: bool,
        base: bool = False,
        coded: bool = False,
    ) -> None:
        super().__init__()
        self.config = {
            "dim": dim,
            "noise": noise,
            "classes": classes,
            "codes": codes,
            "hidden": hidden,
            "text": text,
            "paired": paired,
            "base": base,
            "coded": coded,
        }
        self.body = _mlp(noise + classes + codes + (dim if text else 0), hidden, 3)
        self.audio = nn.Linear(hidden, dim)
        if paired:
            self.text = nn.Linear(hidden, dim)
        if base:
            width = 2 * dim if paired else dim
            self.register_buffer("centres", torch.zeros(classes, width))
            self.register_buffer("spread", torch.zeros(noise, width))
            if coded:
                self.register_buffer("code_spread", torch.zeros(codes, width))
        self.sphere = Sphere()

    def begin_at(self, centres: Tensor, spread: Tensor, code_spread: Tensor) -> None:
        """The Gaussians of ``base``: c @ centres + z @ spread, with ``coded`` + u @ code_spread.

        Args:
            centres: (k, d). spread: (noise, d). code_spread: (m, d). In paired mode (.., 2 d), audio first.
        """
        self.centres.copy_(centres)
        self.spread.copy_(spread)
        if self.config["coded"]:
            self.code_spread.copy_(code_spread)

    def forward(self, z: Tensor, c: Tensor, u: Tensor, t: Tensor | None = None) -> tuple[Tensor, Tensor | None]:
        """z (n, noise), c (n, k) on the simplex (soft mixtures are allowed), u (n, m), t (n, d) where text is an input.

        Returns:
            h_hat (n, d), and t_hat (n, d) or None.
        """
        # c is scaled to the size of the other inputs: one-hot rows are small beside z.
        parts = [z, c * c.shape[-1] ** 0.5, u]
        if self.config["text"]:
            assert t is not None
            parts.append(t)
        x = self.body(torch.cat(parts, dim=-1))
        h, t_hat = self.audio(x), self.text(x) if self.config["paired"] else None
        if self.config["base"]:
            begun = c @ self.centres + z @ self.spread
            if self.config["coded"]:
                begun = begun + u @ self.code_spread
            h = h + begun[..., : self.config["dim"]]
            t_hat = None if t_hat is None else t_hat + begun[..., self.config["dim"] :]
        return self.sphere(h), None if t_hat is None else self.sphere(t_hat)


class Discriminator(Network):
    """D and the Q heads on its trunk.

    D judges with a projection term (Miyato and Koyama 2018, eq. 3), D(x, c) = w.phi(x) + (E c).phi(x), where x is h
    or, in paired mode, (h, t). With ``judge_text`` the term is (E c + V t).phi(x): there are few real features for each
    text, and asked for these alone the generator leaves its noise aside. Without, text is held by the Q head's
    information alone. The Q heads read phi: a softmax for c, a factored Gaussian for u and, for t,
    the critic of an InfoNCE bound; in paired mode there is a separable critic on (h_hat, t_hat).
    """

    kind: ClassVar[str] = "mirage-discriminator"

    def __init__(
        self, *, dim: int, classes: int, codes: int, hidden: int, text: bool, paired: bool, judge_text: bool = True
    ) -> None:
        super().__init__()
        self.config = {
            "dim": dim,
            "classes": classes,
            "codes": codes,
            "hidden": hidden,
            "text": text,
            "paired": paired,
            "judge_text": judge_text,
        }
        self.trunk = _mlp(dim * (2 if paired else 1), hidden, 2)
        self.judge = nn.Linear(hidden, 1)
        self.judge_class = nn.Linear(classes, hidden, bias=False)
        self.q_class = nn.Linear(hidden, classes)
        self.q_codes = nn.Linear(hidden, 2 * codes)
        if text:
            if judge_text:
                self.judge_text = nn.Linear(dim, hidden, bias=False)
            self.q_text = nn.Linear(hidden, dim)
        if paired:
            self.q_pair_audio = _mlp(dim, dim, 2)
            self.q_pair_text = _mlp(dim, dim, 2)

    def features(self, h: Tensor, t: Tensor | None = None) -> Tensor:
        """phi: h (n, d), in paired mode with t (n, d), to (n, hidden)."""
        if self.config["paired"]:
            assert t is not None
            return self.trunk(torch.cat([h, t], dim=-1))
        return self.trunk(h)

    def judgement(self, phi: Tensor, c: Tensor, t: Tensor | None = None) -> Tensor:
        """(n,) scores: high for real."""
        condition = self.judge_class(c)
        if self.config["text"] and self.config["judge_text"]:
            assert t is not None
            condition = condition + self.judge_text(t)
        return self.judge(phi).squeeze(-1) + (condition * phi).sum(dim=-1) / phi.shape[-1] ** 0.5

    def class_logits(self, phi: Tensor) -> Tensor:
        """(n, k) unnormalised log q(c | x)."""
        return self.q_class(phi)

    def code_moments(self, phi: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and log variance of q(u | x), each (n, m)."""
        mean, log_variance = self.q_codes(phi).chunk(2, dim=-1)
        low, high = _LOG_VARIANCE
        # A sigmoid keeps a gradient at both ends, where clamping has none.
        return mean, low + (high - low) * torch.sigmoid(log_variance)

    def text_scores(self, phi: Tensor, t: Tensor) -> Tensor:
        """(n, n) critic of I(t; h_hat): rows are generated features, columns their texts."""
        return self.q_text(phi) @ t.T / t.shape[-1] ** 0.5

    def pair_scores(self, h: Tensor, t: Tensor) -> Tensor:
        """(n, n) critic of I(h_hat; t_hat)."""
        return self.q_pair_audio(h) @ self.q_pair_text(t).T / h.shape[-1] ** 0.5
