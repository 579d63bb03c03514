"""The side of the server: starts a fresh interpreter for one upload, waits a bounded time, believes little."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.errors import BadInputError, FailureError
from core.files import clear_disk_errors
from core.limits import Limits, read_limits

if TYPE_CHECKING:
    import numpy as np

_ROOT = Path(__file__).resolve().parents[2]
# What an interpreter needs to start; keys and addresses of the server are none of the child's business.
_KEPT = (
    "PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "PYTHONPATH", "PYTHONHOME",
    "SYSTEMROOT",
)  # fmt: skip
_HEAD = 1 << 16
# Seconds that the interpreter has for itself, beside the decoding.
_START = 5.0
_gate = threading.Condition()
_busy = 0


@dataclass(frozen=True, eq=False)
class Answer:
    """What a task found out, and the bytes it made."""

    facts: dict[str, Any]
    content: bytes


def read_sound(content: bytes, what: str, *, rate: int, limits: Limits | None = None) -> np.ndarray:
    """The sound file ``content`` as float32 (samples,) at ``rate`` Hz, mono, of long ones the first ``clip_seconds``.

    Args:
        what: what faults call it.

    Raises:
        BadInputError: it is too large, no sound, or takes more time or memory to decode than ``limits`` (by default
            those of the environment) allow; or too many others are being read.
    """
    import numpy as np

    limits = limits or read_limits()
    _refuse_large(content, what, limits.upload_mb, "a shorter recording, or FLAC")
    answer = run_limited(
        "sound",
        content,
        what,
        limits=limits,
        most=4 * rate * limits.clip_seconds,
        remedy="convert it to 16-bit mono WAV and try again",
        rate=rate,
        seconds=limits.clip_seconds,
    )
    samples = np.frombuffer(answer.content[: len(answer.content) // 4 * 4], dtype="<f4").copy()
    if not len(samples) or not np.isfinite(samples).all():
        raise BadInputError(f"{what}: holds nothing that can be heard; record it again")
    return samples


def refuse_bad_table(content: bytes, what: str, *, limits: Limits | None = None) -> None:
    """Reads a CSV or TSV to its end, apart from the server, which may then read it too.

    Raises:
        BadInputError: it is too large, no table, or takes too much time or memory to read.
    """
    limits = limits or read_limits()
    _refuse_large(content, what, limits.table_mb, "`mirage ingest` for larger ones")
    run_limited("table", content, what, limits=limits, most=0, remedy="split it, or use `mirage ingest`")


def run_limited(
    task: str, content: bytes, what: str, *, limits: Limits, most: int, remedy: str, **arguments: Any
) -> Answer:
    """Runs one of ``core.sandbox.child.TASKS`` on ``content`` in a fresh interpreter.

    Nothing is pickled: the request is one line of JSON, the answer one line of JSON and bytes. A decoder that crashes
    takes its own process with it.

    Args:
        most: bytes that the answer may have beside its line of JSON.
        remedy: what a person can do about content that takes too much.
        arguments: of the task; plain values.

    Raises:
        BadInputError: the content cannot be used, or takes too much.
        FailureError: no process could be started.
    """
    place = Path(tempfile.gettempdir())
    with (
        clear_disk_errors(place),
        tempfile.TemporaryDirectory(prefix="mirage-upload-", dir=place) as folder,
        _Turn(limits, what),
    ):
        file = Path(folder) / "upload"
        file.write_bytes(content)
        request = {
            "task": task,
            "file": str(file),
            "seconds": limits.decode_seconds,
            "memory": limits.decode_mb << 20,
            "arguments": arguments,
        }
        exit_code, answer, late = _converse(folder, request, limits.decode_seconds + _START, _HEAD + most)
    head, _, body = answer.partition(b"\n")
    facts = _facts(head) if len(body) <= most else None
    if late or exit_code == -getattr(signal, "SIGXCPU", 0) or (facts or {}).get("limit") == "time":
        raise BadInputError(f"{what}: takes more than {limits.decode_seconds} s to decode; {remedy}")
    if exit_code == -getattr(signal, "SIGKILL", 0) or (facts or {}).get("limit") == "memory":
        raise BadInputError(f"{what}: takes more memory than {limits.decode_mb} MB to decode; {remedy}")
    if exit_code != 0 or facts is None:
        raise BadInputError(f"{what}: it makes its decoder fail (exit {exit_code}), so it is not read; {remedy}")
    if "fault" in facts:
        raise BadInputError(f"{what}: {facts['fault']}")
    return Answer(facts, body)


def _refuse_large(content: bytes, what: str, mb: int, instead: str) -> None:
    if len(content) > mb << 20:
        raise BadInputError(f"{what}: has {len(content) / (1 << 20):.1f} MB, at most {mb} MB are taken; use {instead}")


def _converse(folder: str, request: dict[str, Any], seconds: float, most: int) -> tuple[int, bytes, bool]:
    """Exit code, answer, and whether the process had to be ended for its time."""
    # -P: a folder named core where the server was started is not MIRAGE's. -B: the child may write no files.
    command = [sys.executable, "-P", "-B", "-m", "core.sandbox.child"]
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(_ROOT), environment.get("PYTHONPATH")]))
    # Each thread of a numerical library would take address space.
    environment.update(OPENBLAS_NUM_THREADS="1", OMP_NUM_THREADS="1", MKL_NUM_THREADS="1")
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            cwd=folder,
        )
    except OSError as error:
        raise FailureError(f"no process for decoding could be started ({error.strerror}); try again later") from None
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        try:
            process.stdin.write(json.dumps(request).encode("ascii") + b"\n")
            process.stdin.close()
        except BrokenPipeError:
            # It ended before it listened; its exit code says why.
            pass
        answer = process.stdout.read(most + 1)
        if len(answer) > most:
            process.kill()
        return process.wait(), answer, late.is_set()
    finally:
        timer.cancel()
        process.kill()
        process.wait()
        process.stdout.close()


def _facts(line: bytes) -> dict[str, Any] | None:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return found if isinstance(found, dict) else None


class _Turn:
    """Waits until fewer than ``decode_at_once`` uploads are being decoded, as long as one may take."""

    def __init__(self, limits: Limits, what: str) -> None:
        self._limits, self._what = limits, what

    def __enter__(self) -> None:
        global _busy
        with _gate:
            if not _gate.wait_for(lambda: _busy < self._limits.decode_at_once, self._limits.decode_seconds):
                raise BadInputError(f"{self._what}: others are being read; try again in a moment")
            _busy += 1

    def __exit__(self, *_: object) -> None:
        global _busy
        with _gate:
            _busy -= 1
            _gate.notify_all()
