"""Weights and configurations of networks that claim more than there is, or than any network has."""

from __future__ import annotations

import json
import pickle
import struct
from pathlib import Path
from typing import Any

import pytest

from core.networks import read_tensors, write_tensors
from core.runs import load_run
from core.tensors import TensorFile
from core.workspace import Workspace

from .conftest import Refused

NETWORK = "model/generator"
PLAIN = {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}


def header(content: Any, data: bytes = bytes(8)) -> bytes:
    text = content if isinstance(content, bytes) else json.dumps(content).encode()
    return struct.pack("<Q", len(text)) + text + data


HEADERS: dict[str, bytes] = {
    "nothing": b"",
    "half a length": b"\0\0\0",
    "a header of 2**60": struct.pack("<Q", 2**60) + bytes(100),
    "a header longer than the file": struct.pack("<Q", 200) + bytes(100),
    "no JSON": header(b"\xff\xfe\x00"),
    "not UTF-8": header(b'{"\xff": 1}'),
    "a list": header([1, 2]),
    "deep": header(b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}"),
    "a key twice": header(b'{"a": %s, "a": %s}' % ((json.dumps(PLAIN).encode(),) * 2)),
    "a tera of values": header({"a": {**PLAIN, "shape": [10**12], "data_offsets": [0, 4 * 10**12]}}),
    "a product that wraps": header({"a": {**PLAIN, "shape": [2**32, 2**32, 2], "data_offsets": [0, 8]}}),
    "overlap": header({"a": PLAIN, "b": {**PLAIN, "data_offsets": [4, 12]}}, bytes(12)),
    "a gap": header({"a": PLAIN, "b": {**PLAIN, "data_offsets": [12, 20]}}, bytes(20)),
    "backwards": header({"a": {**PLAIN, "data_offsets": [8, 0]}}),
    "out of the file": header({"a": {**PLAIN, "data_offsets": [2**40, 2**40 + 8]}}),
    "negative": header({"a": {**PLAIN, "shape": [-2], "data_offsets": [0, 8]}}),
    "true for a size": header({"a": {**PLAIN, "shape": [True, 2]}}),
    "a fraction": header({"a": {**PLAIN, "shape": [2.0]}}),
    "infinity": header(b'{"a": {"dtype": "F32", "shape": [Infinity], "data_offsets": [0, 8]}}'),
    "10**400": header(b'{"a": {"dtype": "F32", "shape": [1%s], "data_offsets": [0, 8]}}' % (b"0" * 400)),
    "an unknown dtype": header({"a": {**PLAIN, "dtype": "F4096"}}),
    "a dtype that is no word": header({"a": {**PLAIN, "dtype": ["F32"]}}),
    "bytes left over": header({"a": PLAIN}, bytes(800)),
    "ninety thousand dimensions": header({"a": {**PLAIN, "shape": [1] * 90_000 + [2]}}),
    "a pickle": pickle.dumps({"a": 1}),
    "a zip": b"PK\x03\x04" + bytes(100),
}


@pytest.mark.parametrize("kind", HEADERS)
@pytest.mark.parametrize("name", [f"{NETWORK}/model.safetensors", "features/aligned.safetensors"])
def test_headers(place: Workspace, run: Path, refused: Refused, name: str, kind: str) -> None:
    (run / name).write_bytes(HEADERS[kind])
    refused(lambda: TensorFile(run / name), Path(name).name, "not a readable safetensors file")
    refused(lambda: load_run(run, place), Path(name).name)


def test_the_header_is_compared_before_a_value_is_read(place: Workspace, run: Path, refused: Refused) -> None:
    # A sparse file: its values are as large as it says, and none of them is looked at.
    size = 4 * 900_000_000
    text = json.dumps({"body.0.weight": {"dtype": "F32", "shape": [900_000_000], "data_offsets": [0, size]}}).encode()
    for name in (f"{NETWORK}/model.safetensors", "features/aligned.safetensors"):
        kept = (run / name).read_bytes()
        with (run / name).open("wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            file.truncate(8 + len(text) + size)
        refused(lambda: load_run(run, place), Path(name).name)
        (run / name).write_bytes(kept)


def test_sizes_of_zero_and_values_that_are_none(place: Workspace, run: Path, refused: Refused) -> None:
    file = run / "features" / "aligned.safetensors"
    tensors = read_tensors(file)
    write_tensors(file, {name: tensor[:0] for name, tensor in tensors.items()})
    refused(lambda: load_run(run, place), "aligned.safetensors", "(0, 64)")
    for value in (float("nan"), float("inf")):
        write_tensors(file, {**tensors, "h": tensors["h"].clone().fill_(value)})
        refused(lambda: load_run(run, place), "h holds NaN or infinity")
    write_tensors(file, {**tensors, "t\x1b[31m": tensors["h"]})
    refused(lambda: load_run(run, place), "aligned.safetensors")


ABSURD: dict[str, list[tuple[str, Any]]] = {
    "model/aligner": [
        ("dim", 10**12),
        ("audio", 10**12),
        ("hidden", 10**9),
        ("classes", [f"c{index}" for index in range(50_000)]),
        ("classes", []),
        ("classes", ["angry", "angry", "sad", "happy"]),
        ("classes", ["<script>alert(1)</script>", "b", "c", "d"]),
        ("classes", ["\u202eangry", "b", "c", "d"]),
        ("classes", ["a\x1b[2J", "b", "c", "d"]),
        ("classes", ["../../x", "b", "c", "d"]),
        ("classes", ["x" * 300, "b", "c", "d"]),
        ("classes", "angry"),
        ("classes", 4),
        ("temperature", 1e308),
        ("dropout", "0.3"),
        ("dropout", 1e9),
        ("shrinkage", None),
        ("layers", 10**9),
    ],
    "model/generator": [
        ("classes", 10**6),
        ("codes", 2**63),
        ("noise", -1),
        ("noise", True),
        ("hidden", 0),
        ("text", 1),
        ("dim", [64]),
        ("dim", {"a": 1}),
    ],
    "projection/projector": [("dim", 10**12), ("hidden", 10**30), ("__class__", 1), ("self", 1)],
}


@pytest.mark.parametrize(
    ("network", "key", "value"),
    [(network, key, value) for network, changes in ABSURD.items() for key, value in changes],
    ids=lambda part: str(part)[:24].encode("unicode_escape").decode(),
)
def test_configurations(place: Workspace, run: Path, refused: Refused, network: str, key: str, value: Any) -> None:
    file = run / network / "config.json"
    content = json.loads(file.read_text())
    file.write_text(json.dumps({**content, key: value}))
    refused(lambda: load_run(run, place), network.rpartition("/")[0])


def test_a_configuration_of_many_megabytes(place: Workspace, run: Path, refused: Refused) -> None:
    file = run / NETWORK / "config.json"
    file.write_text('{"a": [' + "1," * 2_000_000 + "1]}")
    refused(lambda: load_run(run, place), "more than 1,048,576 bytes")
