"""The last layer: a softmax regression with an L2 penalty, whose best weights are unique and found without chance."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from scipy.optimize import minimize

FINE, COARSE = 20, 5
"""How many penalties are tried where nothing is added, and with each setting of a method."""


def penalties(count: int, with_text: bool) -> tuple[float, ...]:
    """``count`` penalties, strongest first.

    Audio and text begin ten times as strong: few rows tell 2 d dimensions apart too well, and the last layer is best
    where it hardly does more than compare with the centres of the emotions.
    """
    return tuple(float(value) for value in np.logspace(1.0 if with_text else 0.0, -3.0, count))


class Recogniser:
    """argmin_W sum_i w_i CE(y_i, softmax(W x_i + b)) / sum_i w_i + strength / 2 |W|^2; the bias is not penalised.

    The problem is strictly convex in W. It is solved in double precision by L-BFGS (Liu and Nocedal 1989).

    Attributes:
        weight: (d, k). bias: (k,).
    """

    def __init__(self, weight: np.ndarray, bias: np.ndarray) -> None:
        self.weight, self.bias = weight, bias

    def logits(self, X: np.ndarray) -> np.ndarray:
        """(n, d) to (n, k)."""
        return np.asarray(X, dtype=np.float64) @ self.weight + self.bias

    def predict(self, X: np.ndarray) -> np.ndarray:
        """(n, d) to (n,) class indices."""
        return self.logits(X).argmax(axis=1)


def fit_path(X: np.ndarray, Y: np.ndarray, weights: np.ndarray, strengths: Sequence[float]) -> Iterator[Recogniser]:
    """One recogniser for each strength, each begun where the one before ended: give the strongest first.

    Args:
        X: (n, d). Y: (n, k) shares of the classes, rows summing to 1. weights: (n,) not negative.
    """
    X, Y = np.asarray(X, dtype=np.float64), np.asarray(Y, dtype=np.float64)
    share = np.asarray(weights, dtype=np.float64) / np.sum(weights)
    d, k = X.shape[1], Y.shape[1]
    start = np.zeros((d + 1) * k)

    def objective(flat: np.ndarray, strength: float) -> tuple[float, np.ndarray]:
        W, b = flat[: d * k].reshape(d, k), flat[d * k :]
        scores = X @ W + b
        scores -= scores.max(axis=1, keepdims=True)
        P = np.exp(scores)
        total = P.sum(axis=1, keepdims=True)
        value = share @ (np.log(total[:, 0]) - (Y * scores).sum(axis=1)) + 0.5 * strength * (W * W).sum()
        G = (P / total - Y) * share[:, None]
        return value, np.concatenate([(X.T @ G + strength * W).ravel(), G.sum(axis=0)])

    for strength in strengths:
        found = minimize(
            objective, start, args=(strength,), jac=True, method="L-BFGS-B", options={"maxiter": 500, "gtol": 2e-5}
        )
        start = found.x
        yield Recogniser(start[: d * k].reshape(d, k).copy(), start[d * k :].copy())


def balanced(Y: np.ndarray, power: float = 1.0) -> np.ndarray:
    """(n,) weights by which every class counts alike: 1 over its size, to ``power``; for shares the mean of them.

    >>> balanced(np.array([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]])).tolist()
    [0.5, 0.5, 1.0]
    """
    sizes = Y.sum(axis=0)
    return Y @ np.where(sizes > 0, 1.0 / np.maximum(sizes, 1e-9), 0.0) ** power
