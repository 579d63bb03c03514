"""Reports of the demo, read as a browser reads them."""

from __future__ import annotations

import base64
import json
import re
import shutil
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load

from core import Workspace, load_run
from core.demo import install_demo
from core.runs.withheld import withhold
from core.shipped import install_results
from dashboard.report import report_html

_EMPTY = {"meta", "link", "img", "br", "hr", "input", "path", "circle"}


@dataclass(repr=False)
class Element:
    """An element of the page with the elements around it, outermost first, and the text inside it."""

    tag: str
    attributes: dict[str, str]
    around: list[Element]
    parts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return "".join(self.parts)


@dataclass(repr=False)
class Read(HTMLParser):
    """The elements of a page in order; text of styles and scripts is no text of the page."""

    elements: list[Element] = field(default_factory=list)
    blocks: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self._open: list[Element] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        made = Element(tag, {name: value or "" for name, value in attrs}, list(self._open))
        self.elements.append(made)
        if tag not in _EMPTY:
            self._open.append(made)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append(Element(tag, {name: value or "" for name, value in attrs}, list(self._open)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open, f"</{tag}> closes nothing"
        assert self._open[-1].tag == tag, f"</{tag}> closes <{self._open[-1].tag}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        inner = self._open[-1].tag if self._open else ""
        if inner in ("script", "style"):
            self.blocks[self._open[-1].attributes.get("id", inner)] = data
            return
        for element in self._open:
            element.parts.append(data)

    @classmethod
    def of(cls, html: str) -> Read:
        page = cls()
        page.feed(html)
        page.close()
        assert page._open == [], "elements were not closed"
        return page

    def all(self, tag: str, **attributes: str) -> list[Element]:
        """Elements of a tag whose attributes hold what is asked for."""
        return [
            one
            for one in self.elements
            if one.tag == tag and all(one.attributes.get(name) == value for name, value in attributes.items())
        ]

    def text(self, key: str = "") -> str:
        """What a person reads, of the section ``key`` or of all; runs of spaces are one."""
        found = [one for one in self.elements if (one.attributes.get("id") == key if key else one.tag == "body")]
        return re.sub(r"\s+", " ", found[0].text)

    def data(self) -> dict[str, Any]:
        """What the script reads."""
        return json.loads(self.blocks["report-data"])

    def pack(self, key: str) -> tuple[dict[str, np.ndarray], dict[str, str]]:
        """Tensors and metadata of a block."""
        content = base64.b64decode(self.blocks[key])
        length = int.from_bytes(content[:8], "little")
        return load(content), json.loads(content[8 : 8 + length])["__metadata__"]


def read_report(workspace: Workspace, run: str = "demo", **options: bool) -> Read:
    """The report of a run, made anew."""
    return Read.of(report_html(load_run(run, workspace), workspace, **options))


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """The demo with the measured benchmarks; not to be changed."""
    workspace = Workspace(tmp_path_factory.mktemp("told"))
    install_demo(workspace)
    install_results(workspace)
    return workspace


@pytest.fixture(scope="session")
def html(told: Workspace) -> str:
    return report_html(load_run("demo", told), told)


@pytest.fixture(scope="session")
def page(html: str) -> Read:
    return Read.of(html)


@pytest.fixture
def own(tmp_path: Path) -> Workspace:
    """The demo without benchmarks, which may be changed."""
    workspace = Workspace(tmp_path / "own")
    install_demo(workspace)
    return workspace


@pytest.fixture
def withheld(own: Workspace) -> Workspace:
    """``own`` with the run ``withheld``: the demo as it is published without its utterances."""
    folder = own.run_folder("withheld")
    shutil.copytree(own.run_folder("demo"), folder)
    withhold(folder, load_run("demo", own))
    return own
