"""The work of a benchmark in units that are kept: references, tuned choices, and cells (method, fold, seed)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from core.benchmarks.conditions import Condition
from core.benchmarks.guessing import guessed_problem
from core.benchmarks.methods import METHODS, Method
from core.benchmarks.parts import Part, Tested
from core.benchmarks.problems import Features, Problem, learn_features, validation_problems
from core.benchmarks.recogniser import fit_path
from core.benchmarks.shelf import Cell, Shelf
from core.benchmarks.tuning import KINDS, Choice, Validation, choose
from core.config import Config
from core.evaluation import scores

Unit = tuple[int, int | None]
"""Number of the part and the seed; None where all seeds have the same training rows."""


@dataclass(frozen=True, eq=False)
class Material:
    """Everything that the units are made of.

    Attributes:
        parts: the training parts. truth: (n,) class indices of all rows, for scoring alone.
        folder: where units are kept. config: ``training.seed`` counts for what all seeds share.
    """

    parts: list[Part]
    truth: np.ndarray
    condition: Condition
    config: Config
    folder: Path

    def unit(self, part: int, seed: int) -> Unit:
        """The unit that a cell's tuning and reference belong to."""
        return part, (None if self.condition.whole else seed)

    def part(self, unit: Unit) -> Part:
        """The part with the training rows that the condition leaves."""
        number, seed = unit
        part = self.parts[number]
        if seed is None:
            return part
        return part.reduced(self.condition.subset(part.train, part.labels, part.speakers, part.classes, seed))

    def cell_file(self, name: str, fold: int, seed: int | None) -> Path:
        return self.folder / f"{name}-fold{fold:03d}{'' if seed is None else f'-seed{seed}'}.json"

    def choice_file(self, method: str, unit: Unit) -> Path:
        return self.folder / f"tuned-{method}-part{unit[0]:03d}{'' if unit[1] is None else f'-seed{unit[1]}'}.json"


class Worker:
    """Does units; each is written as soon as it is done.

    Args:
        step: called all along; what it raises ends the work. done: told after each unit what it was.
        shelf: where units are kept, by default in the material's folder.
    """

    def __init__(
        self,
        material: Material,
        step: Callable[[], None] = lambda: None,
        done: Callable[[str], None] = lambda what: None,
        shelf: Shelf | None = None,
    ) -> None:
        self.material, self.step, self.done, self.shelf = material, step, done, shelf or Shelf()

    def refer(self, units: Sequence[Unit]) -> None:
        """The tuned regression in each unit."""
        for unit in units:
            part = self.material.part(unit)
            if not self.missing(part, "reference", unit[1]):
                continue
            self.step()
            start = time.perf_counter()
            audio = part.reference()
            self.step()
            both = None if part.text is None else part.reference(with_text=True)
            seconds = time.perf_counter() - start
            for fold in part.tested:
                self._write(part, fold, "reference", unit[1], audio, both, seconds=seconds)
            self.done("reference")

    def tune(self, units: Sequence[Unit], names: Sequence[str]) -> None:
        """The choices of the methods in each unit, on its training part alone."""
        material = self.material
        problems: list[Problem] = []
        of: list[int] = []
        for number, unit in enumerate(units):
            seed = material.config.training.seed if unit[1] is None else unit[1]
            inner = validation_problems(material.part(unit), seed)
            problems += inner
            of += [number] * len(inner)
        for method, features, made in self._learn(problems, names):
            found: list[list[Validation]] = [[] for _ in units]
            for number, problem, own, networks in zip(of, problems, features, made, strict=True):
                part = problem.part
                truth, said = part.labels[problem.unseen], part.has_text[problem.unseen]
                found[number].append(Validation(own, networks, truth, said))
            for unit, groups in zip(units, found, strict=True):
                path = material.choice_file(method.name, unit)
                if self.shelf.read(path) is not None:
                    continue
                content: dict[str, Any] = {}
                for kind in self._kinds():
                    self.step()
                    content[kind] = choose(method, groups, kind).to_dict()
                self.shelf.write(path, {**content, "groups": len(groups)})
                self.done(f"tuned {method.name}")

    def fill(self, cells: Sequence[tuple[int, int]], names: Sequence[str]) -> None:
        """The cells (part, seed) of the methods; their choices are there."""
        material = self.material
        problems = []
        for number, seed in cells:
            part = material.part(material.unit(number, seed))
            problems.append(Problem(part, part.train, part.test, seed))
        for method, features, made in self._learn(problems, names):
            for (number, seed), problem, own, networks in zip(cells, problems, features, made, strict=True):
                if self.missing(problem.part, method.name, seed):
                    self.step()
                    choice = self.shelf.read(material.choice_file(method.name, material.unit(number, seed)))
                    assert choice is not None
                    self._recognise(problem.part, method, own, networks, choice, seed)
                    self.done(f"{method.name}, seed {seed}")

    def missing(self, part: Part, name: str, seed: int | None) -> bool:
        """Whether a cell of this part is not there yet."""
        return any(self.shelf.read(self.material.cell_file(name, fold.index, seed)) is None for fold in part.tested)

    def _learn(
        self, problems: Sequence[Problem], names: Sequence[str]
    ) -> Iterator[tuple[Method, list[Features], list[Any]]]:
        """Each method with the features and networks of all problems; what methods share is trained once."""
        config = self.material.config
        methods = [method for name, method in METHODS.items() if name in names]
        with_text = "audio_and_text" in self._kinds()
        more = any(problem.unlabelled.any() for problem in problems)
        while methods and problems:
            # Without text the terms between audio and text are not there, and their weights make no difference.
            alignment = _effective(methods[0], config, with_text)
            aligned = [method for method in methods if _effective(method, config, with_text) == alignment]
            methods = [method for method in methods if method not in aligned]
            plain = learn_features(problems, alignment, self.step)
            for teacher in dict.fromkeys(method.teacher if more else None for method in aligned):
                features = plain
                if teacher is not None:
                    pairs = zip(problems, plain, strict=True)
                    guessed = [guessed_problem(problem, own, teacher) for problem, own in pairs]
                    features = learn_features(guessed, alignment, self.step)
                same = [method for method in aligned if not more or method.teacher == teacher]
                yield from self._with_networks(same, features, with_text)

    def _with_networks(
        self, methods: Sequence[Method], features: list[Features], with_text: bool
    ) -> Iterator[tuple[Method, list[Features], list[Any]]]:
        trained: dict[Any, list[Any]] = {None: [None] * len(features)}
        for method in methods:
            networks = method.networks(self.material.config, with_text)
            if networks not in trained:
                assert networks is not None
                trained[networks] = networks.train(features, self.step)
            yield method, features, trained[networks]

    def _kinds(self) -> tuple[str, ...]:
        return KINDS if self.material.parts[0].text is not None else KINDS[:1]

    def _recognise(
        self, part: Part, method: Method, features: Features, made: Any, choices: dict[str, Any], seed: int
    ) -> None:
        start = time.perf_counter()
        predicted: dict[str, np.ndarray] = {}
        content: dict[str, Any] = {}
        for kind in self._kinds():
            choice = Choice(**choices[kind])
            with_text = kind == "audio_and_text"
            setting = method.settings_for(with_text)[choice.setting]
            if with_text and not features.has_text.any():
                continue
            rows = method.training_set(features, made, setting, with_text)
            (recogniser,) = fit_path(rows.X, rows.Y, rows.weights, [choice.strength])
            predicted[kind] = recogniser.predict(features.unseen(with_text))
            content[kind] = {"setting": setting.label, "strength": choice.strength, "added": rows.added}
        seconds = time.perf_counter() - start
        for fold in part.tested:
            self._write(
                part,
                fold,
                method.name,
                seed,
                predicted["audio"],
                predicted.get("audio_and_text"),
                seconds=seconds,
                chosen=content,
            )

    def _write(
        self,
        part: Part,
        fold: Tested,
        name: str,
        seed: int | None,
        audio: np.ndarray,
        both: np.ndarray | None,
        **more: Any,
    ) -> None:
        own = fold.rows[part.test]
        truth, said = self.material.truth[part.test][own], part.has_text[part.test][own]
        cell: Cell = {
            "method": name,
            "fold": fold.index,
            "fold_name": fold.name,
            "seed": seed,
            "n_train": int(part.train.sum()),
            "n_test": int(own.sum()),
            "n_unlabelled": 0 if part.unlabelled is None else int(part.unlabelled.sum()),
            **more,
            "audio": _scored(truth, audio[own], part.classes),
        }
        if both is not None and said.any():
            cell["audio_and_text"] = _scored(truth[said], both[own][said], part.classes)
        self.shelf.write(self.material.cell_file(name, fold.index, seed), cell)


def _effective(method: Method, config: Config, with_text: bool) -> Any:
    alignment = method.align(config.alignment)
    return alignment if with_text else alignment.model_copy(update={"w_con": 0.0, "w_mi": 0.0})


def _scored(truth: np.ndarray, predicted: np.ndarray, classes: list[str]) -> dict[str, Any]:
    names = np.asarray(classes, dtype=object)
    return scores(names[truth], names[predicted], classes).to_dict()
