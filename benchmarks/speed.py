"""How much faster the benchmark trains than a plain loop over the same networks, and how long a whole one will take.

``python -m benchmarks.speed CORPUS`` reads an embedded corpus from ``MIRAGE_HOME`` and trains, in turns, for the first
folds and seeds an aligner and a generator each:

* plain: ``AlignmentStage`` and ``GenerationStage``, one network after the other, as ``mirage train`` does;
* stacked: the same networks side by side as stacked tensors, in as many processes as there are cores.

The processes have begun and read their data before the clock starts; the time that this takes is given by itself. So
that it takes minutes, not hours, every network takes ``--steps`` steps instead of its 500 and 1,600; a step costs the
same whichever it is. Both ways' networks are compared by the recognition that comes of them (UA of the last layer on
the test speakers, all folds): the difference beside the spread over seeds.

Times by the clock count only where nothing else runs. CPU time is given beside them: ``times_less_cpu_time`` is what
stacking alone saves on a core, and ``on_idle_cores`` that times the number of processes. The estimate is for ``none``
and noise, mixup, SMOTE, cgan and MIRAGE, ten seeds, all folds, with idle cores: networks by the CPU time of
their steps, last layers by that of one validation group.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

import numpy as np

Place = tuple[int, int]
"""A fold and a seed."""

METHODS = ("none", "noise", "mixup", "smote", "cgan", "mirage")
_state: dict[str, Any] = {}


def begin(corpus: str, settings: list[str], steps: int) -> None:
    """Reads the data, once for each process."""
    import torch

    from core.benchmarks.source import Options, load_source
    from core.config import resolve_config
    from core.workspace import Workspace

    torch.set_num_threads(1)
    config = resolve_config(settings=settings)
    material = load_source(Options(corpus), config, Workspace()).material
    short = config.changed(alignment={"steps": steps}, generation={"steps": steps})
    _state.update(material=material, config=short, full=config)
    # The first step of all sets libraries up.
    stacked([(0, 0)], 2)


def ready(number: int) -> int:
    """That a process has begun; slow enough that the other one begins too."""
    time.sleep(0.5)
    return number


def problem_at(place: Place) -> Any:
    """What is learnt in a fold with a seed."""
    from core.benchmarks.problems import Problem

    part = _state["material"].parts[place[0]]
    return Problem(part, part.train, part.test, place[1])


def stacked(places: list[Place], steps: int | None = None) -> tuple[list[np.ndarray], float, float]:
    """Predictions of each test part, and the CPU seconds of aligners and of generators."""
    from core.benchmarks.methods import METHODS as ALL
    from core.benchmarks.problems import learn_features

    config = _state["config"]
    if steps is not None:
        config = config.changed(alignment={"steps": steps}, generation={"steps": steps})
    start = time.process_time()
    features = learn_features([problem_at(place) for place in places], config.alignment)
    middle = time.process_time()
    networks = ALL["mirage"].networks(config, features[0].t is not None)
    assert networks is not None
    networks.train(features, lambda: None)
    end = time.process_time()
    return [recognised(own) for own in features], middle - start, end - middle


def plain(places: list[Place]) -> list[np.ndarray]:
    """The same by the stages, one network after the other."""
    import torch

    from core.alignment import AlignmentStage
    from core.benchmarks.methods.generated import mode_of
    from core.benchmarks.problems import Features
    from core.generation import GenerationData, GenerationStage

    config, cpu, predictions = _state["config"], torch.device("cpu"), []
    for place in places:
        problem = problem_at(place)
        data, part, seed = problem.data(), problem.part, place[1]
        torch.manual_seed(seed)
        aligning = AlignmentStage(data, None, part.classes, config.alignment, seed=seed, device=cpu)
        while aligning.state.done < aligning.total:
            aligning.step()
        aligner = aligning.finished()
        t = None
        with torch.no_grad():
            h = aligner.audio(data.audio)
            unseen = aligner.audio(torch.from_numpy(part.audio[problem.unseen]))
            if data.text is not None:
                t = aligner.text(data.text) * data.has_text[:, None]
        torch.manual_seed(seed + 1)
        generation = GenerationData(h, data.labels, t, data.groups)
        mode, classes = mode_of(config, t is not None), len(part.classes)
        stage = GenerationStage(generation, classes, mode, config.generation, config.information, seed=seed, device=cpu)
        while stage.state.done < stage.total:
            stage.step()
        predictions.append(
            recognised(
                Features(
                    h=h.numpy(),
                    labels=data.labels.numpy(),
                    t=None,
                    has_text=data.has_text.numpy(),
                    groups=data.groups.numpy(),
                    classes=classes,
                    h_unseen=unseen.numpy(),
                    t_unseen=None,
                    seed=seed,
                )
            )
        )
    return predictions


def recognised(features: Any) -> np.ndarray:
    """Classes of the unseen rows by a last layer on the real rows, its penalty not tuned."""
    from core.benchmarks.recogniser import balanced, fit_path

    X, Y = features.real(False)
    (recogniser,) = fit_path(X, Y, balanced(Y), [0.03])
    return recogniser.predict(features.unseen(False))


def uas(places: list[Place], predictions: list[np.ndarray]) -> np.ndarray:
    """(seeds,) UA, mean over folds."""
    from core.benchmarks.tuning import unweighted

    material = _state["material"]
    by_seed: dict[int, list[float]] = {}
    for place, predicted in zip(places, predictions, strict=True):
        part = material.parts[place[0]]
        by_seed.setdefault(place[1], []).append(unweighted(material.truth[part.test], predicted))
    return np.array([np.mean(own) for own in by_seed.values()])


def tuning_seconds() -> float:
    """Seconds of choosing settings and penalties for all methods in one validation group."""
    from core.benchmarks.methods import METHODS as ALL
    from core.benchmarks.problems import learn_features, validation_problems
    from core.benchmarks.tuning import KINDS, Validation, choose

    config, part = _state["config"], _state["material"].parts[0]
    problem = validation_problems(part, 0)[0]
    (features,) = learn_features([problem], config.alignment)
    truth, said = part.labels[problem.unseen], part.has_text[problem.unseen]
    total = 0.0
    for name in METHODS:
        networks = ALL[name].networks(config, features.t is not None)
        made = None if networks is None else networks.train([features], lambda: None)[0]
        start = time.process_time()
        for kind in KINDS[: 1 if features.t is None else 2]:
            choose(ALL[name], [Validation(features, made, truth, said)], kind)
        total += time.process_time() - start
    return total


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", help="an embedded corpus of the workspace, for example ravdess")
    parser.add_argument("--folds", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=6)
    parser.add_argument("--steps", type=int, default=60, help="of every network")
    parser.add_argument("--turns", type=int, default=5)
    parser.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)))
    parser.add_argument("--set", dest="settings", action="append", default=[], metavar="SECTION.KEY=VALUE")
    arguments = parser.parse_args()
    settings = ["data.folds=speaker", *arguments.settings]
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    begin(arguments.corpus, settings, arguments.steps)
    places = [(fold, seed) for fold in range(arguments.folds) for seed in range(arguments.seeds)]
    share = -(-len(places) // arguments.workers)
    blocks = [places[start : start + share] for start in range(0, len(places), share)]
    report: dict[str, Any] = {"networks": 2 * len(places), "steps_each": arguments.steps, "workers": arguments.workers}
    seconds: dict[str, list[float]] = {"plain": [], "stacked": []}
    work: dict[str, list[float]] = {"plain": [], "stacked": []}
    steps: dict[str, list[float]] = {"alignment": [], "generation": []}
    start = time.perf_counter()
    with ProcessPoolExecutor(
        arguments.workers,
        mp_context=get_context("spawn"),
        initializer=begin,
        initargs=(arguments.corpus, settings, arguments.steps),
    ) as pool:
        list(pool.map(ready, range(2 * arguments.workers)))
        report["seconds_to_begin"] = round(time.perf_counter() - start, 1)
        for _ in range(arguments.turns):
            start, begun = time.perf_counter(), time.process_time()
            by_plain = plain(places)
            seconds["plain"].append(time.perf_counter() - start)
            work["plain"].append(time.process_time() - begun)
            start = time.perf_counter()
            found = list(pool.map(stacked, blocks))
            seconds["stacked"].append(time.perf_counter() - start)
            work["stacked"].append(sum(aligners + generators for _, aligners, generators in found))
            by_stack = [one for predictions, _, _ in found for one in predictions]
            for name, column in (("alignment", 1), ("generation", 2)):
                steps[name].append(sum(block[column] for block in found) / (len(places) * arguments.steps))
    plain_ua, stack_ua = uas(places, by_plain), uas(places, by_stack)
    saved = ratios(work["plain"], work["stacked"])
    report |= {
        "seconds": {name: [round(value, 2) for value in values] for name, values in seconds.items()},
        "asked": "at least 3 times faster",
        "times_faster": ratios(seconds["plain"], seconds["stacked"]),
        "cpu_seconds": {name: [round(value, 2) for value in values] for name, values in work.items()},
        "times_less_cpu_time": saved,
        "on_idle_cores": round(saved["median"] * arguments.workers, 2),
        "ua": {
            "plain": round(float(plain_ua.mean()), 5),
            "stacked": round(float(stack_ua.mean()), 5),
            "greatest_difference_of_a_seed": round(float(np.abs(plain_ua - stack_ua).max()), 5),
            "spread_over_seeds": round(float(plain_ua.std()), 5),
        },
        "cpu_milliseconds_a_step": {name: round(1000 * float(np.median(each)), 2) for name, each in steps.items()},
        "estimate": estimate({name: float(np.median(each)) for name, each in steps.items()}, arguments.workers),
    }
    sys.stdout.write(json.dumps(report, indent=2) + "\n")


def ratios(slow: list[float], fast: list[float]) -> dict[str, Any]:
    """How many times faster, turn by turn."""
    each = [one / other for one, other in zip(slow, fast, strict=True)]
    return {"median": round(float(np.median(each)), 2), "each": [round(ratio, 2) for ratio in each]}


def estimate(step: dict[str, float], workers: int, seeds: int = 10) -> dict[str, Any]:
    """Minutes of ``METHODS`` with that many seeds, from the CPU seconds of a step of one network."""
    from core.benchmarks.problems import GROUPS

    full, folds = _state["full"], len(_state["material"].parts)
    networks = folds * (GROUPS + seeds)
    start = time.process_time()
    _state["material"].parts[0].reference()
    reference = time.process_time() - start
    minutes = {
        "aligners": networks * full.alignment.steps * step["alignment"] / workers / 60,
        "generators": 2 * networks * full.generation.steps * step["generation"] / workers / 60,
        "tuned_last_layers": folds * GROUPS * tuning_seconds() / workers / 60,
        "regressions": folds * reference / workers / 60,
    }
    return {
        "of": f"{', '.join(METHODS)}; {seeds} seeds x {folds} folds",
        "minutes": {name: round(value, 1) for name, value in minutes.items()},
        "minutes_in_all": round(sum(minutes.values()), 1),
        "asked": "at most 20 minutes on 2 cores",
    }


if __name__ == "__main__":
    main()
