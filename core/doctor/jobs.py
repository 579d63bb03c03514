"""Jobs that died, checkpoints that are damaged, a queue that does not move, a clock that was set, the trash."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable

from core.doctor.check import Check, count
from core.errors import MirageError
from core.workspace import Workspace

_SHOWN = 5
_AHEAD_SECONDS = 60.0
_MUCH_TRASH = 5e9
_CODE = (".pkl", ".pickle", ".pt", ".pth", ".bin", ".ckpt", ".joblib", ".npy", ".py", ".so")


def check_jobs(workspace: Workspace) -> Check:
    """Trainings and benchmarks that died, failed, or whose state is damaged."""
    from core.jobs import CARD, list_jobs

    # A report card that could not be measured is told where it is looked at; its run is well.
    jobs = [job for job in list_jobs(workspace) if job.kind != CARD]
    broken = [job for job in jobs if job.status in ("lost", "failed", "damaged")]
    if not broken:
        active = sum(job.active for job in jobs)
        return Check("jobs", "ok", f"{count(len(jobs), 'job')}, {active} active")
    shown = _some(f"{job.name} ({job.status})" for job in broken)
    first = broken[0]
    why = f": {first.state.message if first.state else first.fault}"
    return Check(
        "jobs",
        "warning",
        f"{shown}; {first.name}{why}",
        "`mirage jobs` says why of each; `mirage resume NAME` goes on with a training, the same command with a "
        "benchmark, `mirage delete NAME` puts one away",
    )


def check_checkpoints(workspace: Workspace) -> Check:
    """Checkpoints of unfinished trainings whose checksums do not hold."""
    from core.jobs import TRAINING, list_jobs
    from core.runs.checkpoint import damaged_checkpoints, last_checkpoint

    damaged, without = [], []
    for job in list_jobs(workspace):
        if job.kind != TRAINING or job.active or job.status == "finished":
            continue
        if found := damaged_checkpoints(job.folder):
            damaged += [f"{job.name}/{path.name}" for path in found]
            if last_checkpoint(job.folder) is None:
                without.append(job.name)
    if without:
        remedy = "resume begins these anew; a copy of the run's folder may hold a whole one"
        return Check("checkpoints", "warning", f"damaged, with none before: {_some(without)}", remedy)
    if damaged:
        remedy = "resume goes on from the one before; look after the disk"
        return Check("checkpoints", "warning", f"damaged: {_some(damaged)}", remedy)
    return Check("checkpoints", "ok", "all that may be needed are whole")


def check_queue(workspace: Workspace) -> Check:
    """Who runs, who waits, and whether the queue can move."""
    from core.jobs import queue, read_limits

    try:
        limits = read_limits(workspace)
    except MirageError as error:
        return Check("queue", "problem", str(error), "`mirage jobs --cores N` writes the limits anew")
    entries = queue(workspace)
    running = [entry for entry in entries if entry.running]
    found = f"{len(running)} running, {len(entries) - len(running)} waiting; jobs may use {count(limits.cores, 'core')}"
    if len(entries) > len(running) and not running:
        return Check(
            "queue", "warning", f"{found}; nothing runs", "look again in some seconds; then see the log of the first"
        )
    return Check("queue", "ok", found)


def check_clock(workspace: Workspace) -> Check:
    """Files that were written in the future: the clock was set back, or another machine's clock is ahead."""
    now = time.time()
    ahead = []
    for pattern in ("runs/*/state.json", "benchmarks/*/state.json"):
        for path in workspace.root.glob(pattern):
            try:
                if path.stat().st_mtime > now + _AHEAD_SECONDS:
                    ahead.append(path.parent.name)
            except OSError:
                continue
    if ahead:
        return Check(
            "clock",
            "warning",
            f"states from the future: {_some(ahead)}",
            "set the clocks of all machines that share the workspace (NTP); jobs go on, times shown are off",
        )
    return Check("clock", "ok", time.strftime("%Y-%m-%d %H:%M:%S %Z"))


def check_leftovers(workspace: Workspace) -> Check:
    """The trash, and who else may write into the workspace."""
    from core.jobs import deleted

    found = deleted(workspace)
    size = sum(item.size for item in found)
    try:
        open_to_all = bool(workspace.root.stat().st_mode & 0o002)
    except OSError:
        open_to_all = False
    said = f"{count(len(found), 'thing')} in the trash ({size / 1e6:,.0f} MB)" if found else "the trash is empty"
    if open_to_all and os.name == "posix":
        return Check(
            "upkeep", "warning", f"{said}; everybody on this machine may write here", "chmod o-w the workspace"
        )
    if size > _MUCH_TRASH:
        return Check("upkeep", "warning", said, "`mirage trash --empty` frees the space")
    return Check("upkeep", "ok", said)


def check_strangers(workspace: Workspace) -> Check:
    """Runs with links that lead out of them, and files of kinds that can hold code, which MIRAGE never reads."""
    from core.runs.links import refuse_links_out

    leading, code = [], []
    for run in workspace.run_ids():
        folder = workspace.run_folder(run)
        try:
            refuse_links_out(folder)
        except MirageError:
            leading.append(run)
            continue
        code += [f"{run}/{path.relative_to(folder)}" for path in folder.rglob("*") if path.suffix in _CODE]
    if leading:
        remedy = "they are not opened; put copies of the files in the links' place, or `mirage delete` the run"
        return Check("strangers", "warning", f"links that lead out of: {_some(leading)}", remedy)
    if code:
        remedy = "MIRAGE writes and reads none of these; ask who gave you the run, and remove them"
        return Check("strangers", "warning", f"may hold code: {_some(code)}", remedy)
    return Check("strangers", "ok", "no links out of runs, no pickles in them")


def _some(names: Iterable[str]) -> str:
    shown = list(names)
    more = f" and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else ""
    return ", ".join(shown[:_SHOWN]) + more
