"""What the sessions of ``benchmarks.load`` do: every page in an order of their own, on each what people do there."""

from __future__ import annotations

import asyncio
import base64
import json
import random
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from streamlit.proto.WidgetStates_pb2 import WidgetState

from benchmarks.visitor import Answer, Visitor

OPENED = "opened by address"
FILES = "Streamlit's files before that"


@dataclass
class Measured:
    """Seconds of what was answered, by page or act, and what went wrong."""

    pages: dict[str, list[float]] = field(default_factory=dict)
    acts: dict[str, list[float]] = field(default_factory=dict)
    exceptions: list[str] = field(default_factory=list)

    def page(self, name: str, answer: Answer) -> None:
        """Notes how a page answered."""
        self.pages.setdefault(name, []).append(answer.seconds)
        self.exceptions += [f"{name}: {said}" for said in answer.exceptions]

    def act(self, name: str, answer: Answer) -> None:
        """Notes how a moved widget was answered."""
        self.acts.setdefault(name, []).append(answer.seconds)
        self.exceptions += [f"{name}: {said}" for said in answer.exceptions]


class Visit:
    """One person: visits every page ``rounds`` times and does something on each, with time to think between.

    Args:
        run: the run that is looked at, with ``rows`` utterances. live: a run that trains meanwhile.
        think: mean seconds between an answer and the next thing that is done; half to one and a half of it.
        limit: seconds after which a missing answer counts as a fault. acts: the share of what people do on pages that
            is done.
    """

    def __init__(
        self,
        visitor: Visitor,
        measured: Measured,
        *,
        run: str,
        rows: int,
        live: str,
        think: float,
        limit: float,
        seed: int,
        acts: float = 1.0,
    ) -> None:
        self._visitor, self._measured, self._run, self._rows, self._live = visitor, measured, run, rows, live
        self._think, self._limit, self._acts = think, limit, acts
        self._random = random.Random(seed)
        self._sequence = 0

    async def all_pages(self, pages: list[str], rounds: int, start_after: float = 0.0) -> None:
        """Opens the first page of its order by address, and goes through the others by the menu."""
        await asyncio.sleep(start_after)
        for turn in range(rounds):
            order = self._random.sample(pages, len(pages))
            for page in order:
                if turn == 0 and page is order[0]:
                    self._measured.act(OPENED, await self._visitor.open(page, {"run": self._run}, limit=self._limit))
                    self._measured.act(FILES, Answer(self._visitor.files))
                else:
                    self._measured.page(page or "overview", await self._visitor.go(page, limit=self._limit))
                await self._wait()
                for act in getattr(self, f"_on_{page or 'overview'}")(turn):
                    if self._random.random() < self._acts:
                        await self._do(page, *act)

    async def _wait(self) -> None:
        await asyncio.sleep(self._think * self._random.uniform(0.5, 1.5))

    async def _do(self, page: str, name: str, key: str, value: dict[str, Any]) -> None:
        if not self._visitor.has(key):
            self._measured.exceptions.append(f"{page}: there is no widget {key}")
            return
        answer = await self._visitor.move(key, lambda state: _set(state, value), limit=self._limit)
        self._measured.act(f"{page}: {name}", answer)
        await self._wait()

    # --- what is done on each page: name, key of the widget, its value ---------------------------------------------

    def _on_overview(self, turn: int) -> list[Any]:
        return []

    def _on_corpora(self, turn: int) -> list[Any]:
        return [] if turn else [_act("utterances", "corpus_view", string_array_value=["Utterances"])]

    def _on_train(self, turn: int) -> list[Any]:
        view = "Jobs" if turn else "New training"
        return [_act(view.lower(), "train_view", string_array_value=[view])]

    def _on_jobs(self, turn: int) -> list[Any]:
        return [_act("active ones", "jobs_shown", string_array_value=["active"])]

    def _on_aligned_space(self, turn: int) -> list[Any]:
        colour = self._random.choice(["Speaker", "Pointwise MI", "Right or wrong"])
        return [
            _act("lasso", "space_map", json_value={"chosen": self._lasso()}),
            _act("colour", "colour", string_value=colour),
            _act("lasso", "space_map", json_value={"chosen": self._lasso()}),
        ]

    def _on_latent_lab(self, turn: int) -> list[Any]:
        return [_act("let go", "lab_component", json_value={"events": [self._let_go()]}) for _ in range(3)]

    def _on_information(self, turn: int) -> list[Any]:
        return [_act("compare with live run", "compare", string_array_value=[self._live])]

    def _on_benchmark(self, turn: int) -> list[Any]:
        return [_act("report card", "benchmark_view", string_array_value=["Report card"])]

    def _on_present(self, turn: int) -> list[Any]:
        return [_act("next step", "present_deck", json_value={"moved": self._step(name)}) for name in ("data", "space")]

    def _step(self, name: str) -> dict[str, Any]:
        """What the talk says when a key was pressed."""
        return {"step": name, "seq": self._next(), "run": self._run}

    def _lasso(self) -> dict[str, Any]:
        """What the map says when a line was drawn around a tenth to all of the points."""
        generator = np.random.default_rng(self._random.getrandbits(32))
        marks = generator.random(self._rows) < self._random.uniform(0.1, 1.0)
        picked = int(generator.integers(self._rows))
        selected = base64.b64encode(np.packbits(marks).tobytes()).decode()
        return {"selected": selected, "picked": picked, "seq": self._next(), "run": self._run}

    def _let_go(self) -> dict[str, Any]:
        """What the lab says when a code is let go."""
        codes = [round(self._random.uniform(-3, 3), 2) for _ in range(4)]
        said = {"what": "asked", "emotion": self._random.randrange(4), "mixture": None, "codes": codes}
        return {**said, "truncation": 1, "sample": 0, "strip": 0, "seq": self._next(), "run": self._run}

    def _next(self) -> int:
        # The number of an event only has to grow, as in the browser.
        self._sequence += 1
        return self._sequence


def _act(name: str, key: str, **value: Any) -> Any:
    return (name, key, value)


def _set(state: WidgetState, value: dict[str, Any]) -> None:
    for name, content in value.items():
        if name == "string_array_value":
            state.string_array_value.data.extend(content)
        elif name == "json_value":
            state.json_value = json.dumps(content)
        else:
            setattr(state, name, content)
