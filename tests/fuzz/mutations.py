"""Ways to spoil a file: its bytes, the values of its JSON or YAML, the header of its tensors."""

from __future__ import annotations

import copy
import json
from typing import Any

from hypothesis import strategies as st

_PLACE = st.floats(0, 1, exclude_max=True)
_LENGTH = st.sampled_from([1, 2, 4, 8, 16, 64, 300])
_PIECE = st.one_of(
    st.binary(min_size=1, max_size=12),
    st.sampled_from(
        [
            b"\0" * 8,
            b"\xff" * 8,
            b"\xff\xff\xff\x7f",
            b"\x80\x80\x80\x80\x80\x01",
            b"PAR1",
            b"ARROW1",
            b'"',
            b"{",
            b"[[",
        ]
        + [b"\n", b"\r\n", b",", b"\t", b"../", b"\xef\xbb\xbf", b"\xe2\x80\xae", b"NaN", b"1e999", b"-1", b"9" * 30]
    ),
)
_STEP = st.one_of(
    st.tuples(st.just("flip"), _PLACE, st.integers(1, 255)),
    st.tuples(st.just("cut"), _PLACE, st.none()),
    st.tuples(st.just("insert"), _PLACE, _PIECE),
    st.tuples(st.just("overwrite"), _PLACE, _PIECE),
    st.tuples(st.just("delete"), _PLACE, _LENGTH),
    st.tuples(st.just("splice"), _PLACE, st.tuples(_PLACE, _LENGTH)),
)

STEPS = st.lists(_STEP, min_size=1, max_size=4)
"""What is done to bytes, one after another."""

WEIRD = st.one_of(
    st.none(),
    st.booleans(),
    st.sampled_from([0, -1, 1, 2**31, 2**63, 2**64, 10**30, 10**12, -(2**63), 0.5, 1e308, -1e308, 5e-324]),
    st.text(max_size=8),
    st.sampled_from(["", "..", "../../etc/passwd", "/etc/passwd", "\u202eabc", "a\0b", "<b>x</b>", "x" * 300, "nan"]),
    st.sampled_from([[], {}, [[]], {"": {}}, [None], [1, "2"], {"a": 1}]),
)
"""Values that nobody expects."""

PLACES = st.lists(
    st.tuples(_PLACE, st.sampled_from(["replace", "delete", "add", "rename", "twice"]), WEIRD), min_size=1
)
"""What is done to the values of a tree, one after another."""


def spoil(content: bytes, steps: list[Any]) -> bytes:
    """``content`` after the steps."""
    spoilt = bytearray(content)
    for kind, share, more in steps:
        at = int(share * len(spoilt))
        if kind == "flip" and spoilt:
            spoilt[at] ^= more
        elif kind == "cut":
            del spoilt[at:]
        elif kind == "insert":
            spoilt[at:at] = more
        elif kind == "overwrite":
            spoilt[at : at + len(more)] = more
        elif kind == "delete":
            del spoilt[at : at + more]
        elif kind == "splice":
            start = int(more[0] * len(spoilt))
            spoilt[at:at] = spoilt[start : start + more[1]]
    return bytes(spoilt)


def spoil_tree(content: Any, places: list[Any]) -> Any:
    """A tree of JSON values after the changes."""
    content = copy.deepcopy(content)
    for share, kind, drawn in places:
        value = copy.deepcopy(drawn)
        holders = _holders(content)
        if not holders:
            return value
        holder, key = holders[int(share * len(holders))]
        if kind == "replace":
            holder[key] = value
        elif kind == "delete":
            del holder[key]
        elif kind == "twice":
            holder[key] = [holder[key], copy.deepcopy(holder[key])]
        elif isinstance(holder, dict):
            holder[str(value)] = holder.pop(key) if kind == "rename" else value
        else:
            holder.insert(key, value)
    return content


def spoil_header(content: bytes, places: list[Any]) -> bytes:
    """A safetensors file with changes in its header, whose length is right."""
    length = int.from_bytes(content[:8], "little")
    header = json.dumps(spoil_tree(json.loads(content[8 : 8 + length]), places)).encode()
    return len(header).to_bytes(8, "little") + header + content[8 + length :]


def _holders(content: Any) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    if isinstance(content, dict | list):
        for key, value in list(content.items()) if isinstance(content, dict) else list(enumerate(content)):
            found.append((content, key))
            found += _holders(value)
    return found
