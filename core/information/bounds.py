"""Differentiable bounds on mutual information, as training uses them. Everything is in nats.

Each function returns a bound to be *maximised*; none of them clips at zero, so that a bad critic is seen as such.
``scores`` is always the square table ``scores[i, j] = f(x_i, y_j)`` of a critic over a batch of pairs: the diagonal
holds the pairs, everything else is drawn from the product of the margins.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor
from torch.nn import functional

from core.errors import BadInputError

_LOG_2PI = math.log(2.0 * math.pi)
GAUSSIAN_ENTROPY = 0.5 * (_LOG_2PI + 1.0)
"""Entropy of one standard normal code: 0.5 log(2 pi e) = 1.4189 nats."""


def infonce(scores: Tensor, positives: Tensor | None = None) -> Tensor:
    """Symmetric InfoNCE: a lower bound on I(x; y), the mean of both directions.

    Without ``positives`` (van den Oord, Li and Vinyals 2018, eq. 4 and 5)::

        I(x; y) >= log b + mean_i log( exp f(x_i, y_i) / sum_j exp f(x_i, y_j) ),  at most log b

    With ``positives``, the pairs that belong together (one transcript said many times) form groups, and the bound is
    on the mutual information with the group, of ``|P_i|`` members in the batch::

        I(x; y) >= mean_i [ log(b / |P_i|) + log( sum_{p in P_i} exp f(x_i, y_p) / sum_j exp f(x_i, y_j) ) ]

    This is the form of Khosla et al. 2020, eq. 3 ("in"), with the share of the group put back. Its gradient with
    respect to a positive's score is never negative: a positive is never pushed away. Dropping the other positives
    from the denominator would do that too, but is no bound on I(x; y): ten sentences in a batch of 128 would allow
    log 116 = 4.8 nats where the truth cannot exceed log 10 = 2.3. Here the ceiling is the entropy of the groups in
    the batch, ``infonce_ceiling``; where a group's members have the same y both forms are equal.

    Args:
        scores: (b, b) critic values.
        positives: (b, b) bool, true where i and j belong to one group (symmetric, transitive; the diagonal counts
            as true in any case).

    Returns:
        The bound, a scalar in nats.

    Raises:
        BadInputError: a shape is wrong.

    >>> round(float(infonce(100.0 * torch.eye(8))), 4) == round(math.log(8), 4)
    True
    """
    mask = _mask(_square(scores), positives)
    rows = functional.log_softmax(scores, dim=1)
    columns = functional.log_softmax(scores, dim=0)
    if mask is None:
        return math.log(len(scores)) + 0.5 * (rows.diagonal().mean() + columns.diagonal().mean())
    outside = ~mask
    rows = rows.masked_fill(outside, -math.inf).logsumexp(dim=1)
    columns = columns.masked_fill(outside, -math.inf).logsumexp(dim=0)
    return _group_entropy(mask).to(scores.dtype) + 0.5 * (rows.mean() + columns.mean())


def infonce_ceiling(batch: int, positives: Tensor | None = None) -> float:
    """The greatest value ``infonce`` can take: log b, or the entropy of the groups, mean log(b / |P_i|), in nats.

    >>> round(infonce_ceiling(256), 3)
    5.545
    """
    if positives is None:
        return math.log(batch)
    if positives.shape != (batch, batch):
        raise BadInputError(f"positives must be ({batch}, {batch}) for a batch of {batch}: {tuple(positives.shape)}")
    return float(_group_entropy(positives | torch.eye(batch, dtype=torch.bool, device=positives.device)))


def variational_discrete(logits: Tensor, labels: Tensor, entropy: float | Tensor) -> Tensor:
    """Lower bound on I(c; x) for a discrete code: H(c) + mean log q(c | x).

    Barber and Agakov 2003, eq. 3; Chen et al. 2016 (InfoGAN), eq. 5. At most H(c).

    Args:
        logits: (b, k) unnormalised log q(c | x).
        labels: (b,) class indices, or (b, k) probabilities for soft mixtures.
        entropy: H(c) in nats.

    Returns:
        The bound, a scalar in nats.
    """
    return entropy - functional.cross_entropy(logits, labels)


def variational_gaussian(mean: Tensor, log_variance: Tensor, codes: Tensor) -> Tensor:
    """Lower bound on I(u_k; x) for each independent code u_k ~ N(0, 1), with q(u | x) a factored Gaussian.

    H(u_k) + mean log N(u_k; mean_k, exp(log_variance_k)), which is
    0.5 * mean(1 - log_variance - (u - mean)^2 / exp(log_variance)). Same sources as ``variational_discrete``.
    For independent codes the sum over k is a lower bound on I(u; x).

    Args:
        mean, log_variance, codes: (b, m). Bound the log variance in the head: exp(-log_variance) must not overflow.

    Returns:
        (m,) bounds in nats.

    Raises:
        BadInputError: the shapes differ.
    """
    if not mean.shape == log_variance.shape == codes.shape:
        raise BadInputError(
            f"mean, log_variance and codes must have one shape: {tuple(mean.shape)}, {tuple(log_variance.shape)}, "
            f"{tuple(codes.shape)}"
        )
    return gaussian_gain(mean, log_variance, codes).mean(dim=0)


def gaussian_gain(mean: Tensor, log_variance: Tensor, codes: Tensor) -> Tensor:
    """log q(u | x) + H(u) element by element, u ~ N(0, 1): what ``variational_gaussian`` averages; nats."""
    return 0.5 * (1.0 - log_variance - (codes - mean).square() * torch.exp(-log_variance))


def nwj(scores: Tensor) -> Tensor:
    """Lower bound of Nguyen, Wainwright and Jordan 2010 (f-MINE): mean_p f - e^-1 mean_q exp f; no ceiling, in nats.

    The margins are the pairs off the diagonal of ``scores`` (b, b), b >= 2. Its variance grows like exp(I).
    """
    size = len(_square(scores, least=2))
    # In logarithms, so that one great score does not overflow before the mean is taken.
    log_mean = off_diagonal(scores).logsumexp(dim=0) - math.log(size * (size - 1))
    return scores.diagonal().mean() - torch.exp(log_mean - 1.0)


def smile(scores: Tensor, clip: float = 5.0) -> Tensor:
    """SMILE (Song and Ermon 2020, eq. 15): mean_p f - log mean_q clip(exp f, e^-clip, e^clip); biased, in nats.

    The margins are the pairs off the diagonal of ``scores`` (b, b), b >= 2. The clipping trades variance for bias:
    the value is no bound in either direction. The authors train with ``jensen_shannon`` and read with this.
    """
    size = len(_square(scores, least=2))
    clipped = off_diagonal(scores).clamp(-clip, clip)
    return scores.diagonal().mean() - (clipped.logsumexp(dim=0) - math.log(size * (size - 1)))


def jensen_shannon(scores: Tensor) -> Tensor:
    """The f-GAN bound on the Jensen-Shannon divergence (Nowozin et al. 2016; Hjelm et al. 2019, eq. 4).

    mean_p -softplus(-f) - mean_q softplus(f). Not in nats of mutual information: its best f is the log density ratio,
    so it is a steady objective to *train* a critic that ``smile`` or ``nwj`` then reads.
    """
    _square(scores, least=2)
    return -functional.softplus(-scores.diagonal()).mean() - functional.softplus(off_diagonal(scores)).mean()


def _square(scores: Tensor, least: int = 1) -> Tensor:
    if scores.ndim != 2 or scores.shape[0] != scores.shape[1] or len(scores) < least:
        raise BadInputError(f"scores must be square, at least ({least}, {least}): {tuple(scores.shape)}")
    return scores


def _mask(scores: Tensor, positives: Tensor | None) -> Tensor | None:
    if positives is None:
        return None
    if positives.shape != scores.shape or positives.dtype != torch.bool:
        raise BadInputError(
            f"positives must be bool of the scores' shape {tuple(scores.shape)}: "
            f"{positives.dtype} {tuple(positives.shape)}"
        )
    return positives | torch.eye(len(scores), dtype=torch.bool, device=scores.device)


def _group_entropy(mask: Tensor) -> Tensor:
    return math.log(len(mask)) - mask.sum(dim=1).double().log().mean()


def off_diagonal(scores: Tensor) -> Tensor:
    """(b, b) to (b (b - 1),): every entry but those of the diagonal."""
    size = len(scores)
    return scores.flatten()[1:].view(size - 1, size + 1)[:, :-1].reshape(-1)
