"""A Firefox as Debian ships it, driven by WebDriver BiDi, which it speaks itself.

The protocol: https://w3c.github.io/webdriver-bidi/. Playwright drives only a Firefox of its own making, which has to be
downloaded.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from websockets.sync.client import connect

PROGRAMS = ("firefox-esr", "firefox")
_STARTS = 60.0


def program() -> str | None:
    """Where Firefox is, or None."""
    return next(filter(None, map(shutil.which, PROGRAMS)), None)


class Firefox:
    """One window without a screen.

    Args:
        found: the program. profile: a new folder for it.
    """

    def __init__(self, found: str, profile: Path, *, width: int = 1280, height: int = 1000) -> None:
        profile.mkdir(parents=True)
        (profile / "user.js").write_text('user_pref("datareporting.policy.dataSubmissionEnabled", false);\n')
        command = [found, "--headless", "--no-remote", "--profile", str(profile), "--remote-debugging-port", "0"]
        self.log = profile.with_suffix(".log")
        with self.log.open("w") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
        self.socket = connect(f"{self._address()}/session", max_size=None, open_timeout=30)
        self._number = 0
        self.call("session.new", capabilities={})
        self.context = self.call("browsingContext.getTree")["contexts"][0]["context"]
        self.call("browsingContext.setViewport", context=self.context, viewport={"width": width, "height": height})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.socket.close()
        self.process.terminate()
        self.process.wait(20)

    def _address(self) -> str:
        until = time.monotonic() + _STARTS
        while time.monotonic() < until:
            found = re.search(r"BiDi listening on (ws://\S+)", self.log.read_text())
            if found:
                return found[1]
            assert self.process.poll() is None, f"Firefox ended:\n{self.log.read_text()}"
            time.sleep(0.2)
        raise AssertionError(f"Firefox did not start:\n{self.log.read_text()}")

    def call(self, method: str, **parameters: Any) -> Any:
        """One command and its answer."""
        self._number += 1
        self.socket.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        while True:
            answer = json.loads(self.socket.recv(timeout=120))
            if answer.get("id") == self._number:
                assert answer["type"] == "success", answer
                return answer["result"]

    def open(self, address: str) -> None:
        """Goes to an address."""
        self.call("browsingContext.navigate", context=self.context, url=address, wait="complete")

    def evaluate(self, expression: str) -> Any:
        """The value of a JavaScript expression that gives JSON."""
        made = self.call(
            "script.evaluate",
            expression=f"(async () => JSON.stringify((await ({expression})) ?? null))()",
            target={"context": self.context},
            awaitPromise=True,
        )
        assert made["type"] == "success", made
        return json.loads(made["result"]["value"])

    def wait(self, expression: str, seconds: float = 60.0) -> Any:
        """Waits until an expression is true, and gives its value."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if value := self.evaluate(f"({expression}) ?? false"):
                return value
            time.sleep(0.1)
        raise AssertionError(f"not true within {seconds:g} s: {expression}")

    def drag(self, path: list[tuple[float, float]], *, pointer: str = "mouse", pause: int = 20) -> None:
        """Presses at the first place, goes along the others and lets go. ``pointer``: mouse, touch or pen."""
        moves: list[dict[str, Any]] = []
        for number, (x, y) in enumerate(path):
            moves.append({"type": "pointerMove", "x": round(x), "y": round(y), "duration": pause if number else 0})
            if number == 0:
                moves.append({"type": "pointerDown", "button": 0})
        moves.append({"type": "pointerUp", "button": 0})
        source = {"type": "pointer", "id": pointer, "parameters": {"pointerType": pointer}, "actions": moves}
        self.call("input.performActions", context=self.context, actions=[source])
        self.call("input.releaseActions", context=self.context)
