"""Estimators of mutual information against what is known in closed form.

``python -m benchmarks.information`` prints a table for each kind of task - true figure, estimate, 95 % interval, and
``ok`` or ``FAILS`` where something must hold - and writes all of it as JSON. ``--quick`` takes fewer cells and fewer
repetitions. Tasks: correlated Gaussians; independent variables; their half-cube, spiral and Student-t versions as in
the BMI benchmark (Czyz et al. 2023, "Beyond Normal: On the Evaluation of Mutual Information Estimators"); labels read
through a known confusion matrix; and how often the 95 % interval holds the mean over repetitions.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from scipy.special import digamma, gammaln

from core.information import ESTIMATORS, Estimate, measured_mi

Samples = tuple[np.ndarray, np.ndarray]

SAMPLES = 10_000
RATIO = ("smile", "nwj", "mine")
CONFUSION = np.array([[0.7, 0.1, 0.1, 0.1], [0.0, 0.9, 0.1, 0.0], [0.25, 0.25, 0.25, 0.25], [0.05, 0.05, 0.3, 0.6]])
COVERAGE_SAMPLES = 1000


@dataclass(frozen=True)
class Row:
    """One line of a table. ``verdict``: ok, FAILS, told (nothing must hold, the error is shown) or unsuited."""

    task: str
    estimator: str
    true: float
    value: float | None
    low: float | None
    high: float | None
    verdict: str
    note: str
    seconds: float


def gaussian(d: int, nats: float, seed: int, samples: int = SAMPLES) -> Samples:
    """d correlated pairs of standard normal components, I = -d/2 log(1 - rho^2) = nats in all."""
    rng = np.random.default_rng(seed)
    rho = math.sqrt(1.0 - math.exp(-2.0 * nats / d))
    x = rng.normal(size=(samples, d))
    return x, rho * x + math.sqrt(1.0 - rho**2) * rng.normal(size=(samples, d))


def half_cube(x: np.ndarray) -> np.ndarray:
    """x sqrt|x| column by column: one to one, so I stays as it is, with longer tails."""
    return x * np.sqrt(np.abs(x))


def spiral(x: np.ndarray, speed: float = 1.0 / 3.0) -> np.ndarray:
    """The first two columns turned by the angle speed |x|^2: one to one, so I stays as it is."""
    angle = speed * np.square(x).sum(axis=1)
    turned = x.copy()
    turned[:, 0] = np.cos(angle) * x[:, 0] + np.sin(angle) * x[:, 1]
    turned[:, 1] = -np.sin(angle) * x[:, 0] + np.cos(angle) * x[:, 1]
    return turned


def student(d: int, nats: float, freedom: int, seed: int) -> Samples:
    """The Gaussian pair over one chi-square for all: a multivariate Student-t, with ``student_nats`` in all."""
    x, y = gaussian(d, nats, seed)
    radius = np.sqrt(np.random.default_rng([seed, 1]).chisquare(freedom, size=(len(x), 1)) / freedom)
    return x / radius, y / radius


def student_nats(d: int, nats: float, freedom: int) -> float:
    """I of ``student``: that of the Gaussian, and what the common radius adds (Arellano-Valle et al. 2013, section 2).

    Entropy of a t in m dimensions less that of its Gaussian shape:
    log Gamma(f/2) - log Gamma((f+m)/2) + m/2 log(f pi) + (f+m)/2 (psi((f+m)/2) - psi(f/2)).
    """

    def entropy(m: int) -> float:
        half, whole = freedom / 2.0, (freedom + m) / 2.0
        shape = gammaln(half) - gammaln(whole) + 0.5 * m * math.log(freedom * math.pi)
        return float(shape + whole * (digamma(whole) - digamma(half)))

    return nats + 2.0 * entropy(d) - entropy(2 * d)


def channel(confusion: np.ndarray, seed: int, samples: int = SAMPLES) -> tuple[np.ndarray, np.ndarray, float]:
    """Features that show a label read through a confusion matrix, the label, and I in closed form."""
    rng = np.random.default_rng(seed)
    k = len(confusion)
    label = rng.integers(k, size=samples)
    read = (confusion.cumsum(axis=1)[label] < rng.random(samples)[:, None]).sum(axis=1).clip(max=k - 1)
    joint = confusion / k
    margin = joint.sum(axis=0, keepdims=True) * joint.sum(axis=1, keepdims=True)
    truth = float((joint[joint > 0] * np.log(joint[joint > 0] / margin[joint > 0])).sum())
    return 4.0 * np.eye(k)[read] + 0.3 * rng.normal(size=(samples, k)), label, truth


def requirement(name: str, d: int, true: float, estimate: Estimate) -> bool | None:
    """Whether what must hold on Gaussians holds; None where nothing is asked."""
    if true == 0.0:
        return estimate.value <= 0.03
    if name in RATIO:
        return abs(estimate.value - true) <= max(0.15, 0.08 * true) if true <= 2.0 else None
    if name == "infonce":
        return estimate.ceiling is not None and estimate.value <= estimate.ceiling
    if name == "club":
        return estimate.value >= true - 0.1
    if name == "ksg" and d == 1:
        return abs(estimate.value - true) <= 0.05
    return None


def row(
    task: str,
    name: str,
    data: Samples,
    true: float,
    holds: Callable[[Estimate], bool | None],
    kind: Literal["discrete", "continuous"] = "continuous",
    batch: int = 256,
) -> Row:
    """Measures, and judges by ``holds``."""
    start = time.perf_counter()
    estimate = measured_mi(*data, kind=kind, estimator=name, seed=1, batch=batch)
    seconds = time.perf_counter() - start
    if estimate.status != "measured":
        verdict = "unsuited" if estimate.status == "unsuited" else "FAILS"
        return Row(task, name, true, None, None, None, verdict, estimate.reason, seconds)
    verdict = {True: "ok", False: "FAILS", None: "told"}[holds(estimate)]
    note = f"{estimate.kind}, {estimate.value - true:+.3f}"
    if estimate.ceiling is not None:
        note += f", ceiling {estimate.ceiling:.3f}" + (", saturated" if estimate.saturated else "")
    return Row(task, name, true, estimate.value, estimate.low, estimate.high, verdict, note, seconds)


def gaussians(quick: bool, chosen: Sequence[str]) -> Iterator[Row]:
    """Correlated Gaussians, and InfoNCE with batches so small that it saturates."""
    for d in (1, 5, 20):
        for nats in (2.0,) if quick else (0.5, 1.0, 2.0, 4.0):
            data = gaussian(d, nats, seed=d)
            for name in chosen:
                yield row(f"Gaussian d={d}", name, data, nats, partial(requirement, name, d, nats))
    if "infonce" not in chosen:
        return
    data = gaussian(5, 4.0, seed=5)
    yield row(
        "Gaussian d=5, batch 32",
        "infonce",
        data,
        4.0,
        lambda e: e.saturated and e.value <= math.log(32),
        batch=32,
    )


def independent(quick: bool, chosen: Sequence[str]) -> Iterator[Row]:
    """Variables that share nothing."""
    for d in (5,) if quick else (1, 5, 20):
        data = gaussian(d, 0.0, seed=100 + d)
        for name in chosen:
            yield row(f"independent d={d}", name, data, 0.0, partial(requirement, name, d, 0.0))


def invariance(quick: bool, chosen: Sequence[str]) -> Iterator[Row]:
    """One-to-one transformations and long tails: what fails is named, as Gaussians' requirement read here."""
    tasks: list[tuple[str, int, float, Samples]] = []
    for d in (5,) if quick else (1, 5, 20):
        x, y = gaussian(d, 1.0, seed=200 + d)
        tasks.append((f"half-cube d={d}", d, 1.0, (half_cube(x), half_cube(y))))
    for d in (3,) if quick else (2, 5):
        x, y = gaussian(d, 1.0, seed=300 + d)
        tasks.append((f"spiral d={d}", d, 1.0, (spiral(x), spiral(y))))
    for d, freedom in ((5, 3),) if quick else ((1, 1), (1, 3), (5, 2), (5, 5)):
        true = student_nats(d, 1.0, freedom)
        tasks.append((f"Student-t d={d} df={freedom}", d, true, student(d, 1.0, freedom, seed=400 + d)))
    for task, d, true, data in tasks:
        for name in chosen:
            yield row(task, name, data, true, partial(requirement, name, d, true))


def discrete(quick: bool, chosen: Sequence[str]) -> Iterator[Row]:
    """Labels through a known confusion matrix."""
    tables = {"mixed": CONFUSION, "clean": np.eye(4), "useless": np.full((4, 4), 0.25)}
    for which, confusion in tables.items():
        x, label, true = channel(confusion, seed=2)
        for name in ("variational",) if quick else chosen:

            def holds(e: Estimate, name: str = name, true: float = true) -> bool | None:
                if name == "variational":
                    return abs(e.value - true) <= 0.03
                return e.value >= true - 0.1 if name == "club" else None

            yield row(f"confusion, {which}", name, (x, label), true, holds, kind="discrete")


def coverage(quick: bool, chosen: Sequence[str]) -> Iterator[Row]:
    """Of 50 repetitions, in how many the 95 % interval holds the mean of all."""
    repetitions = 20 if quick else 50
    for kind in ("discrete", "continuous"):
        names = ("variational",) if quick and kind == "discrete" else ("smile",) if quick else tuple(chosen)
        for name in names:
            start, estimates, true = time.perf_counter(), [], 1.0
            for seed in range(repetitions):
                if kind == "discrete":
                    x, y, true = channel(CONFUSION, 500 + seed, COVERAGE_SAMPLES)
                else:
                    x, y = gaussian(2, 1.0, 500 + seed, COVERAGE_SAMPLES)
                estimates.append(measured_mi(x, y, kind=kind, estimator=name, seed=seed, steps=150, bootstrap=500))
            mean = float(np.mean([estimate.value for estimate in estimates]))
            held = sum(estimate.low <= mean <= estimate.high for estimate in estimates)
            yield Row(
                f"coverage, {kind}, {COVERAGE_SAMPLES} samples",
                name,
                true,
                mean,
                float(np.mean([estimate.low for estimate in estimates])),
                float(np.mean([estimate.high for estimate in estimates])),
                "ok" if held >= 0.9 * repetitions else "FAILS",
                f"{held} of {repetitions} intervals hold the mean {mean:.3f}",
                time.perf_counter() - start,
            )


SECTIONS: dict[str, Callable[[bool, Sequence[str]], Iterator[Row]]] = {
    "gaussians": gaussians,
    "independent": independent,
    "invariance": invariance,
    "discrete": discrete,
    "coverage": coverage,
}


def say(line: str) -> None:
    """One line on stdout, at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def main() -> None:
    """Prints the tables and writes them as JSON."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--quick", action="store_true", help="fewer cells and repetitions")
    parser.add_argument("--only", choices=SECTIONS, action="append", help="one section; repeatable")
    parser.add_argument("--estimator", choices=ESTIMATORS, action="append", help="one estimator; repeatable")
    parser.add_argument("--threads", type=int, default=1, help="threads of PyTorch (1)")
    parser.add_argument("-o", "--output", type=Path, default=Path("information.json"), help="JSON file to write")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    chosen = arguments.estimator or list(ESTIMATORS)
    start, rows = time.perf_counter(), []
    for section in arguments.only or SECTIONS:
        say(f"\n{section}\n{'task':34} {'estimator':12} {'true':>6} {'nats':>8}  {'95 % interval':18} verdict")
        for item in SECTIONS[section](arguments.quick, chosen):
            rows.append({"section": section, **asdict(item)})
            shown = "" if item.value is None else f"{item.value:8.3f}"
            interval = "" if item.low is None else f"{item.low:.3f} to {item.high:.3f}"
            say(
                f"{item.task:34} {item.estimator:12} {item.true:6.3f} {shown:>8}  {interval:18} {item.verdict:8} "
                f"{item.note}"
            )
    failing = [
        f"{item['task']} ({item['true']:.2f} nats): {item['estimator']}" for item in rows if item["verdict"] == "FAILS"
    ]
    seconds = time.perf_counter() - start
    say(f"\n{len(rows)} rows in {seconds:.0f} s; failing: {'; '.join(failing) or 'none'}")
    arguments.output.write_text(json.dumps({"seconds": seconds, "python": sys.version, "rows": rows}, indent=1))


if __name__ == "__main__":
    main()
