"""What trackers keep, read back: TensorBoard by its own reader, wandb's file by wandb's own messages."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

_BLOCK = 32768
_FIRST, _LAST, _WHOLE = 2, 4, 1


def tensorboard_values(folder: Path) -> dict[str, list[tuple[float, int, float]]]:
    """Every value of a folder of logs, none thinned out: name to (time, step, value)."""
    accumulator = tensorboard(folder)
    return {
        tag: [(event.wall_time, event.step, event.value) for event in accumulator.Scalars(tag)]
        for tag in accumulator.Tags()["scalars"]
    }


def tensorboard(folder: Path) -> Any:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    accumulator = EventAccumulator(str(folder), size_guidance={"scalars": 0, "tensors": 0})
    accumulator.Reload()
    return accumulator


def wandb_records(file: Path) -> Iterator[Any]:
    """The messages of an offline run: a header of 7 bytes, then LevelDB's log of records."""
    from wandb.proto.wandb_internal_pb2 import Record

    data, place, whole = file.read_bytes(), 7, b""
    while place + 7 <= len(data):
        if (left := _BLOCK - place % _BLOCK) < 7:
            place += left
            continue
        _, length, kind = struct.unpack("<IHB", data[place : place + 7])
        if kind == 0:
            return
        place += 7
        whole = (b"" if kind in (_WHOLE, _FIRST) else whole) + data[place : place + length]
        place += length
        if kind in (_WHOLE, _LAST):
            record = Record()
            record.ParseFromString(whole)
            yield record


def entries(items: Any) -> dict[str, Any]:
    return {item.key or "/".join(item.nested_key): json.loads(item.value_json) for item in items}
