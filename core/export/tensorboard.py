"""Measured values as a TensorBoard event file."""

from __future__ import annotations

import os
import struct
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from core.errors import BadInputError
from core.export.record import Measured
from core.export.sent import Sent
from core.files import clear_disk_errors

FILE = "events.out.tfevents.mirage"
"""TensorBoard reads what has ``tfevents`` in its name. The usual name would have that of the machine in it."""

METRICS = ("final/recognition/audio/ua", "final/information/I(c;h_hat)/value")
"""What the page of hyperparameters compares runs by."""


class TensorBoard:
    """Appends to one file, ``LOGDIR/RUN/events.out.tfevents.mirage``.

    What a process that was killed has written and not taken note of is cut off: nothing is there twice.

    Args:
        folder: of the run's own events. sent: what was told before; its ``extra`` keeps the length of the file.

    Raises:
        BadInputError: the package tensorboardX is not installed.
    """

    def __init__(self, folder: Path, sent: Sent) -> None:
        require_tensorboard()
        from tensorboardX.proto.event_pb2 import Event
        from tensorboardX.proto.summary_pb2 import Summary
        from tensorboardX.record_writer import masked_crc32c

        self._event, self._summary, self._checksum = Event, Summary, masked_crc32c
        self._sent, self.place = sent, folder
        with clear_disk_errors(folder):
            folder.mkdir(parents=True, exist_ok=True)
            self._file = (folder / FILE).open("ab", buffering=0)
            kept = sent.extra.get("bytes", 0)
            if not isinstance(kept, int) or not 0 <= kept <= self._file.tell():
                self._file.close()
                raise BadInputError(
                    f"{folder / FILE}: was changed by others; remove {folder} and run the command again"
                )
            self._file.truncate(kept)
            if not kept:
                self._append([Event(wall_time=time.time(), file_version="brain.Event:2")])

    def settings(self, values: Mapping[str, Any]) -> None:
        """The configuration, for the page of hyperparameters."""
        from tensorboardX.summary import hparams

        experiment, begin, _ = hparams(dict(values), dict.fromkeys(METRICS, 0.0))
        self._append([self._event(wall_time=time.time(), summary=part) for part in (experiment, begin)])

    def write(self, rows: Sequence[Measured]) -> None:
        """One value each, at the time when it was measured."""
        self._append([self._value(row) for row in rows])

    def figures(self, values: Mapping[str, float], step: int) -> None:
        """Final figures, at the run's last step."""
        now = time.time()
        self._append([self._value(Measured(now, step, name, value)) for name, value in values.items()])

    def close(self) -> None:
        """Nothing is written after this."""
        self._file.close()

    def _value(self, row: Measured) -> Any:
        value = self._summary.Value(tag=row.name, simple_value=row.value)
        return self._event(wall_time=row.time, step=row.step, summary=self._summary(value=[value]))

    def _append(self, events: Sequence[Any]) -> None:
        content = bytearray()
        for event in events:
            data = event.SerializeToString()
            header = struct.pack("<Q", len(data))
            content += header + struct.pack("<I", self._checksum(header))
            content += data + struct.pack("<I", self._checksum(data))
        with clear_disk_errors(self.place / FILE):
            rest = memoryview(content)
            while rest:
                rest = rest[self._file.write(rest) :]
            os.fsync(self._file.fileno())
        self._sent.extra["bytes"] = self._file.tell()


def require_tensorboard() -> None:
    """Raises BadInputError where the package that knows TensorBoard's messages is not installed."""
    from importlib.util import find_spec

    if find_spec("tensorboardX") is None:
        raise BadInputError("--to tensorboard needs tensorboardX: pip install 'mirage-affect[tensorboard]'")
