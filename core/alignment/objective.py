"""The loss of stage 1 as a dict of named terms: what is plotted is what is minimised."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from core.alignment.networks import Aligner
from core.config import AlignmentConfig
from core.information import infonce, jensen_shannon, smile


def same_transcript(groups: Tensor) -> Tensor:
    """(b,) transcript groups to the (b, b) mask of pairs that say the same words.

    Acted corpora say the same few sentences in every emotion; such pairs are positives of one another.
    """
    return groups[:, None] == groups[None, :]


def supervised_contrastive(h: Tensor, labels: Tensor, temperature: float) -> Tensor:
    """The supervised contrastive loss in nats (Khosla et al. 2020, equation 2, L_out).

    Every utterance picks those of its own emotion out of the batch by cosine similarity. Rows that are alone in their
    emotion have nobody to pick and are left out; a batch of such rows gives zero.

    Args:
        h: (b, d). labels: (b,).
    """
    u = nn.functional.normalize(h, dim=-1)
    itself = torch.eye(len(u), dtype=torch.bool, device=u.device)
    scores = (u @ u.T / temperature).masked_fill(itself, -torch.inf)
    # The row itself has score -inf and no weight below; 0 * -inf would be NaN, hence the second filling.
    log_share = (scores - scores.logsumexp(dim=1, keepdim=True)).masked_fill(itself, 0.0)
    positives = (labels[:, None] == labels[None, :]) & ~itself
    count = positives.sum(dim=1)
    losses = -(log_share * positives).sum(dim=1) / count.clamp_min(1)
    return losses.sum() / (count > 0).sum().clamp_min(1)


def alignment_terms(
    aligner: Aligner,
    h: Tensor,
    labels: Tensor,
    t: Tensor | None,
    has_text: Tensor,
    groups: Tensor,
    config: AlignmentConfig,
) -> dict[str, Tensor]:
    """The terms of one batch, each to be minimised once weighted (:func:`total`).

    Args:
        h: (b, d) aligned audio features. labels: (b,) class indices.
        t: (b, d) aligned text features, or None. has_text: (b,) which rows have a transcript.
        groups: (b,) transcript groups.

    Returns:
        ``cross_entropy`` (mean over audio, text and fusion); ``supervised`` (nats) where its weight is not zero;
        where at least two rows have text also ``infonce`` (nats), ``mi_objective`` (the Jensen-Shannon bound, whose
        best critic is the log density ratio) and ``mi`` (what SMILE reads from that critic, in nats, without
        gradient). Rows off the diagonal are draws from the product of the margins, those with the same transcript
        included: leaving them out would bias the density ratio.
    """

    def entropy(logits: Tensor, target: Tensor) -> Tensor:
        return nn.functional.cross_entropy(logits, target, label_smoothing=config.label_smoothing)

    parts = [entropy(aligner.head_audio(h), labels)]
    terms: dict[str, Tensor] = {}
    if t is not None and int(has_text.sum()) >= 2:
        ha, tt, ya = h[has_text], t[has_text], labels[has_text]
        parts += [entropy(aligner.head_text(tt), ya), entropy(aligner.classify_both(ha, tt), ya)]
        positives = same_transcript(groups[has_text])
        terms["infonce"] = infonce(aligner.similarity(ha, tt), positives)
        scores = aligner.critic(ha, tt)
        terms["mi_objective"] = jensen_shannon(scores)
        terms["mi"] = smile(scores.detach())
    terms["cross_entropy"] = torch.stack(parts).mean()
    if config.w_sup:
        terms["supervised"] = supervised_contrastive(h, labels, config.sup_temperature)
    return terms


def total(terms: dict[str, Tensor], config: AlignmentConfig) -> Tensor:
    """cross_entropy + w_sup * supervised - w_con * infonce - w_mi * mi_objective: both bounds are maximised."""
    loss = terms["cross_entropy"]
    if "supervised" in terms:
        loss = loss + config.w_sup * terms["supervised"]
    if "infonce" in terms:
        loss = loss - config.w_con * terms["infonce"] - config.w_mi * terms["mi_objective"]
    return loss
