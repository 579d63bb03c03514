"""Whose turn it is: jobs of one workspace wait until cores and GPU memory are free, first come first served.

There is no process that hands out turns: every job asks for its own. A job's ticket is a file in ``jobs/`` of the
workspace, locked by the process that holds it. A process that dies, however it dies, loses its lock, and with it what
it claimed; nobody has to notice. Several servers and terminals on one workspace see the same queue.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from core.errors import BadInputError
from core.files import clear_disk_errors, read_json, write_json
from core.workspace import Workspace

FOLDER = "jobs"
HELD = "MIRAGE_TICKET"
"""Set in a process that holds a ticket, and in its children: what it starts is counted already."""

TRAINING, BENCHMARK, CARD = "training", "benchmark", "report card"
"""The kinds of jobs that wait for their turn."""

GPU_BYTES = 1_500_000_000
"""What a training is taken to need of a GPU: its context and small networks. Our default, an upper guess."""

_LIMITS = "limits.json"
_KEYS = ("cores", "gpu_memory")
_TICKET = re.compile(r"(\d{8})\.json")


@dataclass(frozen=True, kw_only=True)
class Claim:
    """What a job is, and what it takes: ``cores``, and ``gpu_memory`` bytes of ``gpu`` (an index)."""

    kind: str
    name: str
    cores: int = 1
    gpu: int = 0
    gpu_memory: int = 0


@dataclass(frozen=True)
class Entry:
    """A job in the queue; ``number`` grows in the order of asking."""

    number: int
    running: bool
    claim: Claim


@dataclass(frozen=True)
class Limits:
    """What all jobs of a workspace may take together.

    Attributes:
        cores: by default those of the machine. gpu_memory: bytes on each GPU; by default all of it.
        None: not limited.
    """

    cores: int
    gpu_memory: int | None = None


def usable_cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def read_limits(workspace: Workspace) -> Limits:
    """The limits of a workspace.

    Raises:
        BadInputError: ``jobs/limits.json`` is damaged.
    """
    path = workspace.root / FOLDER / _LIMITS
    content: Any = read_json(path) if path.is_file() else {}
    if not isinstance(content, dict) or not all(_is_limit(content.get(key)) for key in _KEYS):
        raise BadInputError(f"{path}: not the limits of jobs; set them again with `mirage jobs --cores N`")
    return Limits(content.get("cores") or usable_cores(), content.get("gpu_memory") or _gpu_bytes())


def limits_of(workspace: Workspace) -> Limits:
    """The limits that hold: damaged ones are told on the page and by the doctor, and no job fails for them."""
    try:
        return read_limits(workspace)
    except BadInputError:
        return Limits(usable_cores(), _gpu_bytes())


def write_limits(workspace: Workspace, *, cores: int | None = None, gpu_memory: int | None = None) -> Limits:
    """Sets one limit or both, for all jobs that begin from now on; what runs goes on.

    Args:
        cores: at least 1. gpu_memory: bytes on each GPU.

    Raises:
        BadInputError: a limit below 1. FailureError: the workspace cannot be written.
    """
    path = workspace.root / FOLDER / _LIMITS
    for name, value in (("cores", cores), ("GPU memory", gpu_memory)):
        if value is not None and value < 1:
            raise BadInputError(f"{name}: {value}; at least 1 is needed for a job to begin")
    before: Any = {}
    # Whoever sets limits anew is rid of a damaged file, or of the damaged one of the two.
    with suppress(BadInputError):
        before = read_json(path)
    content = {key: value for key, value in before.items() if _is_limit(value)} if isinstance(before, dict) else {}
    content |= {key: value for key, value in (("cores", cores), ("gpu_memory", gpu_memory)) if value is not None}
    write_json(path, content)
    return read_limits(workspace)


def _is_limit(value: Any) -> bool:
    return value is None or (type(value) is int and value >= 1)


def queue(workspace: Workspace) -> list[Entry]:
    """Jobs that run or wait now, in the order in which they asked. A workspace that cannot be written has none."""
    folder = workspace.root / FOLDER
    if not folder.is_dir():
        return []
    try:
        with _alone(folder):
            return _living(folder)
    except OSError:
        return []


class Ticket:
    """A place in the queue, held by this process until ``close`` or its end. Made by :func:`take`."""

    def __init__(self, workspace: Workspace, number: int, claim: Claim, handle: int, *, running: bool) -> None:
        self.workspace, self.number, self.claim, self.running = workspace, number, claim, running
        self._folder, self._handle = workspace.root / FOLDER, handle

    def begin(self) -> list[Entry]:
        """Begins if its turn has come; returns whom it waits for, nobody where it runs now.

        It waits for those who asked before, and until what it claims fits beside what runs. What fits nowhere begins
        when it is alone.

        Raises:
            OSError: the workspace is gone.
        """
        if self.running:
            return []
        limits = limits_of(self.workspace)
        with _alone(self._folder):
            others = _living(self._folder, but=self.number)
            before = [entry for entry in others if entry.running or entry.number < self.number]
            running = [entry for entry in others if entry.running]
            free = len(running) == len(before) and (not running or _fits(self.claim, running, limits))
            if not free:
                return before
            self.running = True
            _write(self._handle, self.claim, running=True)
        return []

    def close(self) -> None:
        """Gives the place back."""
        if self._handle < 0:
            return
        with suppress(OSError), _alone(self._folder):
            (self._folder / _file(self.number)).unlink(missing_ok=True)
        os.close(self._handle)
        self._handle = -1


def take(workspace: Workspace, claim: Claim, *, waiting: bool = True) -> Ticket:
    """A ticket for a job; with ``waiting=False`` it runs at once and only counts against the others.

    Raises:
        FailureError: the workspace cannot be written.
    """
    folder = workspace.root / FOLDER
    with clear_disk_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with _alone(folder):
            number = max((int(match[1]) for path in folder.iterdir() if (match := _match(path))), default=0) + 1
            handle = os.open(folder / _file(number), os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX)
                _write(handle, claim, running=not waiting)
            except BaseException:
                (folder / _file(number)).unlink(missing_ok=True)
                os.close(handle)
                raise
    return Ticket(workspace, number, claim, handle, running=not waiting)


@contextmanager
def counted(workspace: Workspace, claim: Claim) -> Iterator[None]:
    """Work in the foreground: it does not wait, whoever started it is looking on, but jobs that wait see it run."""
    if os.environ.get(HELD):
        yield
        return
    ticket = take(workspace, claim, waiting=False)
    os.environ[HELD] = str(ticket.number)
    try:
        yield
    finally:
        os.environ.pop(HELD, None)
        ticket.close()


def waits_for(before: list[Entry], limits: Limits) -> str:
    """One line for people."""
    if not before:
        return "starting"
    names = ", ".join(f"{entry.claim.kind} {entry.claim.name}" for entry in before[:3])
    more = f" and {len(before) - 3} more" if len(before) > 3 else ""
    cores = f"{limits.cores} core{'s' if limits.cores > 1 else ''}"
    return f"waiting for {names}{more} (jobs may use {cores})"


def _fits(claim: Claim, running: list[Entry], limits: Limits) -> bool:
    cores = sum(entry.claim.cores for entry in running)
    memory = sum(entry.claim.gpu_memory for entry in running if entry.claim.gpu == claim.gpu)
    return cores + claim.cores <= limits.cores and (
        not claim.gpu_memory or limits.gpu_memory is None or memory + claim.gpu_memory <= limits.gpu_memory
    )


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """One process at a time looks at the tickets and changes them."""
    handle = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _living(folder: Path, but: int | None = None) -> list[Entry]:
    """The tickets whose holder lives; the others are removed. ``but``: the own one, which is not asked for its lock."""
    found = []
    for path in folder.iterdir():
        match = _match(path)
        if match is None or int(match[1]) == but:
            continue
        try:
            handle = os.open(path, os.O_RDONLY)
        except FileNotFoundError:
            continue
        try:
            with suppress(BlockingIOError):
                fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
                # Nobody holds it any more.
                path.unlink(missing_ok=True)
                continue
            if entry := _entry(int(match[1]), os.read(handle, 65_536)):
                found.append(entry)
        finally:
            os.close(handle)
    return sorted(found, key=lambda entry: entry.number)


def _entry(number: int, content: bytes) -> Entry | None:
    try:
        values: dict[str, Any] = json.loads(content)
        running = values.pop("running") is True
        claim = Claim(**values)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        # Held by a process of another version: it is there, and what it takes is not known.
        return Entry(number, True, Claim(kind="job", name=str(number)))
    counts = (claim.cores, claim.gpu, claim.gpu_memory)
    if not all(isinstance(value, int) and value >= 0 for value in counts):
        claim = replace(claim, cores=1, gpu=0, gpu_memory=0)
    return Entry(number, running, replace(claim, kind=str(claim.kind), name=str(claim.name)))


def _write(handle: int, claim: Claim, *, running: bool) -> None:
    # In place: a file that took its place would not be the one that is locked. Readers are kept out meanwhile.
    content = json.dumps({**asdict(claim), "running": running}).encode()
    os.ftruncate(handle, 0)
    os.pwrite(handle, content, 0)


def _file(number: int) -> str:
    return f"{number:08d}.json"


def _match(path: Path) -> re.Match[str] | None:
    return _TICKET.fullmatch(path.name)


@cache
def _gpu_bytes() -> int | None:
    """Memory of the smallest GPU in bytes; None where there is none, or none can be asked."""
    command = ["nvidia-smi", "--query-gpu=memory.total", "--format=csv,noheader,nounits"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
        return min((int(line) * 2**20 for line in done.stdout.split()), default=None)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None
