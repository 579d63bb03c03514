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
        ``cross_entropy`` (mean over audio, text and fusion); where at least two rows have text also ``infonce``
        (nats), ``mi_objective`` (the Jensen-Shannon bound, whose best critic is the log density ratio) and ``mi``
        (what SMILE reads from that critic, in nats, without gradient). Rows off the diagonal are draws from the
        product of the margins, those with the same transcript included: leaving them out would bias the density ratio.
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
    return terms


def total(terms: dict[str, Tensor], config: AlignmentConfig) -> Tensor:
    """cross_entropy - w_con * infonce - w_mi * mi_objective: both bounds are maximised."""
    loss = terms["cross_entropy"]
    if "infonce" in terms:
        loss = loss - config.w_con * terms["infonce"] - config.w_mi * terms["mi_objective"]
    return loss
