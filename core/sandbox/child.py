"""The side of the upload: ``python -P -m core.sandbox.child`` reads one request, limits itself, answers and ends.

Only what decoding needs is imported: a fresh process is there in a tenth of a second.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

Task = Callable[..., tuple[dict[str, Any], bytes]]
_CORE = Path(__file__).resolve().parents[1]
_FILES = 32
# Processor seconds that starting took, which are not the upload's.
_SPARE = 2


def _bare(name: str, folder: Path) -> None:
    """Makes a package whose modules can be imported without its ``__init__``, which would import pandas and Arrow."""
    if name not in sys.modules:
        package = ModuleType(name)
        package.__path__ = [str(folder)]
        sys.modules[name] = package


def sound(file: Path, *, rate: int, seconds: float) -> tuple[dict[str, Any], bytes]:
    """A sound file as float32 samples at ``rate`` Hz, of a longer one the first ``seconds``."""
    from core.corpora.audio import AudioError, probe_audio, read_audio

    try:
        info = probe_audio(file)
        samples = read_audio(file, end=seconds if info.seconds > seconds else None, rate=rate)
    except AudioError as error:
        return {"fault": error.reason}, b""
    most = int(rate * seconds)
    return {"seconds": info.seconds, "rate": info.rate}, samples[:most].astype("<f4").tobytes()


def table(file: Path) -> tuple[dict[str, Any], bytes]:
    """How many rows and columns a CSV or TSV has; it is read to its end."""
    from core.corpora.loaders.csvfile import read_sheet
    from core.errors import BadInputError

    try:
        sheet = read_sheet(file)
    except BadInputError as error:
        # Every fault begins with the name of the file, which is ours.
        line = str(error)
        for name in (str(file), file.name):
            line = line.removeprefix(name)
        return {"fault": line.lstrip(",: ")}, b""
    return {"rows": len(sheet.rows), "columns": len(sheet.header)}, b""


TASKS: dict[str, Task] = {"sound": sound, "table": table}
"""What can be asked for: name to function (file, arguments) -> facts and bytes."""
NEEDED = {"sound": "core.corpora.audio", "table": "core.corpora.loaders.csvfile"}
"""The module that does the work of each."""


def limit(seconds: int, memory: int) -> None:
    """Takes away what decoding does not need: memory above what is there now, time, files to write, files to open."""
    try:
        import resource
    except ImportError:  # not a Unix: the clock of the parent alone
        return
    for kind, value in (
        ("RLIMIT_AS", _address_space() + memory),
        ("RLIMIT_CPU", int(sum(os.times()[:2])) + seconds + _SPARE),
        ("RLIMIT_FSIZE", 0),
        ("RLIMIT_NOFILE", _FILES),
        ("RLIMIT_CORE", 0),
    ):
        number = getattr(resource, kind, None)
        if number is not None:
            # A kind that the system does not know, or a stricter limit that is set already.
            with suppress(ValueError, OSError):
                # Above the processor time there is room: the first signal says what it was.
                resource.setrlimit(number, (value, value + 2 if kind == "RLIMIT_CPU" else value))


def _address_space() -> int:
    """Bytes of address space that this process has; 1 GiB where the system does not say."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return 1 << 30


def main() -> None:
    """Reads the request, answers on what was standard output; what libraries print goes nowhere."""
    out = os.dup(1)
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    request = json.loads(sys.stdin.buffer.readline())
    _bare("core.corpora", _CORE / "corpora")
    _bare("core.corpora.loaders", _CORE / "corpora" / "loaders")
    # Before the limits, which are for the upload.
    import_module(NEEDED[request["task"]])
    limit(request["seconds"], request["memory"])
    try:
        facts, content = TASKS[request["task"]](Path(request["file"]), **request["arguments"])
    except MemoryError:
        facts, content = {"limit": "memory"}, b""
    with os.fdopen(out, "wb") as stream:
        stream.write(json.dumps(facts).encode("ascii") + b"\n" + content)


if __name__ == "__main__":
    main()
