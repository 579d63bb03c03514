"""What a picture of each page shows: its address, how high it is, and what is done before it is taken."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from core.files import read_json
from core.workspace import Workspace

RESTED = '[data-testid="stApp"][data-test-script-state="notRunning"]'


@dataclass(frozen=True)
class Scene:
    """A page without one is opened on the demo's run and taken as it is."""

    query: Callable[[Workspace], str] = lambda _: "run=demo"
    height: int = 900
    act: Callable[[Any], None] = lambda _: None


def _few_labels(workspace: Workspace) -> str:
    """The benchmark of the README's claim."""
    for folder in sorted(workspace.benchmarks.iterdir()):
        said = read_json(folder / "benchmark.json") if (folder / "benchmark.json").is_file() else {}
        if (said.get("corpus"), said.get("condition"), said.get("unlabelled")) == ("emodb", "10", True):
            return f"run=demo&benchmark={folder.name}"
    return "run=demo"


def _with_generated(page: Any) -> None:
    page.get_by_role("button", name="generated", exact=True).click()
    page.wait_for_selector(RESTED)
    page.wait_for_timeout(1500)


def _a_code_moved(page: Any) -> None:
    page.locator(".lab[data-ready]").wait_for()
    box = page.locator("canvas.pad:visible").first.bounding_box()
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.move(*middle)
    page.mouse.down()
    page.mouse.move(middle[0] + 0.3 * box["width"], middle[1] - 0.22 * box["height"], steps=12)
    page.mouse.up()
    page.mouse.move(5, 5)
    page.wait_for_selector(RESTED)
    page.wait_for_timeout(800)


SCENES: dict[str, Scene] = {
    # Without the folder of the workspace, which is another each time.
    "overview": Scene(height=850),
    "corpora": Scene(height=960),
    "train": Scene(height=1000),
    "aligned_space": Scene(height=1000, act=_with_generated),
    "latent_lab": Scene(height=1120, act=_a_code_moved),
    "information": Scene(height=1100),
    "benchmark": Scene(query=_few_labels, height=1000),
    "present": Scene(query=lambda _: "run=demo&step=rivals", height=860),
}


def scene(name: str) -> Scene:
    """How the page of that name is taken."""
    return SCENES.get(name, Scene())
