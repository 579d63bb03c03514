"""The emotions of speech that nobody has labelled, told by the Gaussians at which generation begins.

What few labels are too few to say, how features vary within an emotion, unlabelled features say as well. Audio and
text are told apart each by itself and their shares multiplied: given the emotion, how something is said and what is
said are taken as independent (Blum and Mitchell 1998; Nigam and Ghani 2000).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from core.generation.mixture import Mixture, shares_of

_SHARPNESS = 0.5
_ROUNDS = 16
_PERMUTATIONS = 99
_FEWEST_TRANSCRIPTS = 10
_SHARPNESSES = (0.05, 0.1, 0.2, 0.3, 0.5, 0.7, 1.0)


@dataclass(frozen=True, eq=False)
class Aligned:
    """Aligned features of m utterances.

    Attributes:
        h: (m, d). t: (m, d), zero where there is no text, or None. has_text: (m,) bool.
        groups: (m,) transcript groups, -1 where there is none.
    """

    h: np.ndarray
    t: np.ndarray | None
    has_text: np.ndarray
    groups: np.ndarray


def tell_apart(labelled: Aligned, labels: np.ndarray, classes: int, unlabelled: Aligned, seed: int) -> np.ndarray:
    """(m, classes) shares of the emotions for unlabelled rows, learnt together with labelled ones.

    Text has a say where what it says of the emotion agrees with what audio says, more than by chance
    (``speaks_of_emotion``): in acted corpora it often says nothing, and what is read from it is noise.

    Args:
        labels: (n,) class indices of the labelled rows, every class at least once. seed: of the permutations.
    """
    shares = told_by_features(labelled.h, labels, classes, unlabelled.h)
    known, said = labelled.has_text, unlabelled.has_text & (unlabelled.groups >= 0)
    if labelled.t is None or unlabelled.t is None or not said.any():
        return shares
    if len(np.unique(labels[known])) < classes:
        return shares
    by_text = told_by_features(labelled.t[known], labels[known], classes, unlabelled.t[said])
    if not speaks_of_emotion(shares[said], by_text, unlabelled.groups[said], seed):
        return shares
    # Texts are few and aligned features of them far apart: their shares are surer than they are right.
    both = shares[said] * np.sqrt(by_text)
    shares[said] = both / both.sum(axis=1, keepdims=True)
    return shares


def told_by_features(x: np.ndarray, labels: np.ndarray, classes: int, unlabelled: np.ndarray) -> np.ndarray:
    """(m, classes) shares of the emotions for unlabelled features (m, d).

    Expectation maximisation with the labels held fast (Nigam et al. 2000): the unlabelled rows are dealt out by the
    Gaussians, these are fitted anew to all rows, and so on. It begins with the distances to the labelled centres.
    Likelihoods are flattened to the power 1/2, as the dimensions are not as independent as the Gaussians make them.

    Args:
        x: (n, d). labels: (n,) class indices, every class at least once.
    """
    x, more = np.asarray(x, dtype=np.float64), np.asarray(unlabelled, dtype=np.float64)
    told = np.eye(classes)[labels]
    centres = (told.T @ x) / told.sum(axis=0)[:, None]
    distances = np.stack([((more - centre) ** 2).mean(axis=1) for centre in centres], axis=1)
    scale = max(float(distances.min(axis=1).mean()), 1e-12)
    shares = shares_of(-0.5 * _SHARPNESS * x.shape[1] * distances / scale)
    both = np.concatenate([x, more])
    for _ in range(_ROUNDS):
        shares = Mixture.fit(both, np.concatenate([told, shares])).posterior(more, _SHARPNESS)
    return shares


def speaks_of_emotion(by_audio: np.ndarray, by_text: np.ndarray, groups: np.ndarray, seed: int) -> bool:
    """Whether text and audio agree on the emotion more than they would if transcripts were dealt out anew.

    With independence given the emotion c and equally likely emotions p(h, t) / (p(h) p(t)) = k sum_c p(c|h) p(c|t):
    the mean of its logarithm is what h and t share through c, in nats, and falls below zero where shares are surer
    than they are right; the best of several sharpnesses of both counts. It must be greater than with every one of 99
    permutations of whole transcripts, whose utterances stand and fall together.

    Args:
        by_audio, by_text: (m, k) shares. groups: (m,) transcripts; of fewer than ten the
            permutations repeat one another, and nothing can be said.
    """
    transcripts, of = np.unique(groups, return_inverse=True)
    if len(transcripts) < _FEWEST_TRANSCRIPTS:
        return False
    rng = np.random.default_rng([seed, 5501])
    # One row of each transcript is enough: equal words have equal features.
    first = np.unique(of, return_index=True)[1]
    audio = [_sharpened(by_audio, power) for power in _SHARPNESSES]
    text = [_sharpened(by_text[first], power) for power in _SHARPNESSES]
    k = by_audio.shape[1]

    def shared(order: np.ndarray) -> float:
        dealt = order[of]
        return max(
            float(np.log(np.maximum(k * (own * other[dealt]).sum(axis=1), 1e-12)).mean())
            for own in audio
            for other in text
        )

    found = shared(np.arange(len(transcripts)))
    if found <= 0:
        return False
    return all(shared(rng.permutation(len(transcripts))) < found for _ in range(_PERMUTATIONS))


def _sharpened(shares: np.ndarray, power: float) -> np.ndarray:
    raised = np.maximum(shares, 1e-12) ** power
    return raised / raised.sum(axis=1, keepdims=True)
