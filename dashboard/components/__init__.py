"""The browser components: small mounts for Streamlit, and the one script that all of them share.

Streamlit sends a message anew when anything in it changed, so what is large and stays - the script, positions,
weights - is mounted apart from what is small and moves. A message of 10 kB or more is kept by the browser and not
sent twice. The script, ``mirage.js``, is built from ``dashboard/frontend`` (``npm ci && npm run build`` there).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import streamlit as st
from safetensors.numpy import save

SCRIPT = Path(__file__).with_name("mirage.js")

_code = SCRIPT.read_text(encoding="utf-8")
_version = hashlib.blake2b(_code.encode(), digest_size=8).hexdigest()
# Mounts may come before the script that does their work, so each waits for this version of it.
_SMALL = """
const held = globalThis.mirageLibrary;
const waiting = (globalThis.mirageParts ??= {});
const own = (waiting["VERSION"] ??= (() => {
  const made = {};
  made.promise = new Promise((resolve) => (made.resolve = resolve));
  if (held?.version === "VERSION") made.resolve(held.parts);
  return made;
})());
export default async (mount) => (await own.promise).PART(mount);
""".replace("VERSION", _version)

_library = st.components.v2.component("mirage_library", js=_code)
_pack = st.components.v2.component("mirage_pack", js=_SMALL.replace("PART", "pack"))
lab = st.components.v2.component("mirage_lab", js=_SMALL.replace("PART", "lab"))
"""The latent lab; see ``dashboard.lab.component``."""
space = st.components.v2.component("mirage_space", js=_SMALL.replace("PART", "space"))
"""The map of the aligned space; see ``dashboard.space.component``."""


def whole_script(name: str) -> str:
    """A script of its own, built beside ``mirage.js``, for what only few pages or people need."""
    return SCRIPT.with_name(f"{name}.js").read_text(encoding="utf-8")


def mount_script(**packs: bytes) -> None:
    """Sends the script and what never changes on a page; once, after the component, outside of fragments.

    Args:
        packs: what ``pack_bytes`` made, by a name that tells the packs of a page apart.
    """
    with st.container(gap=None):
        _library(key="mirage_library", data={"version": _version})
        for name, content in packs.items():
            mount_pack(name, content)


def pack_bytes(tensors: Mapping[str, np.ndarray], metadata: Mapping[str, str] | None = None) -> tuple[str, bytes]:
    """Arrays as one safetensors file, and the key by which a component finds it in the browser.

    Args:
        tensors: arrays of float32, uint32, int32, uint16 or uint8, by name.
        metadata: text that goes with them.
    """
    arrays = {name: np.ascontiguousarray(values) for name, values in tensors.items()}
    digest = hashlib.blake2b(digest_size=12)
    for name in sorted(arrays):
        digest.update(f"{name} {arrays[name].dtype} {arrays[name].shape}\\n".encode())
        digest.update(arrays[name].tobytes())
    for name, text in sorted((metadata or {}).items()):
        digest.update(f"{name} {text}\\n".encode())
    key = digest.hexdigest()
    return key, save(arrays, metadata={**(metadata or {}), "key": key})


def mount_pack(name: str, content: bytes) -> None:
    """Sends what ``pack_bytes`` made. ``name`` tells the packs of a page apart."""
    _pack(key=f"mirage_pack_{name}", data=content)


def quantised(places: np.ndarray, frame: tuple[float, float, float, float]) -> np.ndarray:
    """Places on a map as two bytes a coordinate: shares of ``frame`` times 65,534, and 65,535 where there is none.

    A step is 1.5e-5 of the map's width. Args: places (n, 2) with NaN rows; frame (x from, x to, y from, y to).

    >>> quantised(np.array([[0.0, 1.0], [np.nan, np.nan]]), (0.0, 1.0, 0.0, 1.0)).tolist()
    [[0, 65534], [65535, 65535]]
    """
    low = np.array([frame[0], frame[2]])
    size = np.array([frame[1] - frame[0], frame[3] - frame[2]])
    known = np.isfinite(places).all(axis=1)
    steps = np.full(places.shape, 65535, dtype=np.uint16)
    steps[known] = np.clip((places[known] - low) / size * 65534, 0, 65534).round().astype(np.uint16)
    return steps


def sent(key: str, name: str) -> Any:
    """What the component ``key`` last said under ``name``; in its callback. A browser may say anything."""
    held = st.session_state.get(key)
    return held.get(name) if isinstance(held, Mapping) else None


def as_event(value: Any) -> dict[str, Any]:
    """An event that a component sent, empty where it is none."""
    return dict(value) if isinstance(value, Mapping) else {}


def is_new(event: Mapping[str, Any], run_id: str, seen: int) -> bool:
    """Whether an event is about this run and was not heard before: its number is above ``seen``."""
    number = event.get("seq")
    return event.get("run") == run_id and isinstance(number, int) and number > seen


def numbers(values: Any) -> list[float] | None:
    """A list of finite numbers, or None for anything else.

    >>> numbers([1, 2.5]), numbers([1, "x"]), numbers([float("nan")]), numbers(3), numbers([10**400])
    ([1.0, 2.5], None, None, None, None)
    """
    if not isinstance(values, list) or not all(isinstance(value, int | float) for value in values):
        return None
    try:
        made = [float(value) for value in values]
    except OverflowError:
        return None
    return made if all(map(math.isfinite, made)) else None
