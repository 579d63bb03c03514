"""``mirage jobs``, ``delete``, ``restore`` and ``trash``."""

from __future__ import annotations

import time
from typing import Annotated, Any

import typer

from core.cli.app import app
from core.cli.output import JsonOption, print_json, print_table
from core.errors import BadInputError
from core.progress import duration


@app.command()
def jobs(
    cores: Annotated[
        int | None, typer.Option("--cores", min=1, help="Set how many cores all jobs together may use.")
    ] = None,
    gpu_memory: Annotated[
        float | None, typer.Option("--gpu-memory", help="Set how many GB of each GPU all jobs together may use.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """List trainings, benchmarks and report cards: queued, running and ended; set what they may use."""
    from core.jobs import list_jobs, read_limits, write_limits
    from core.runs.state import state_summary
    from core.workspace import Workspace

    workspace = Workspace()
    if gpu_memory is not None and not 0 < gpu_memory < 1e6:
        raise BadInputError(f"--gpu-memory {gpu_memory:g}: give GB above 0")
    if cores is not None or gpu_memory is not None:
        limits = write_limits(workspace, cores=cores, gpu_memory=None if gpu_memory is None else int(gpu_memory * 1e9))
    else:
        limits = read_limits(workspace)
    found = list_jobs(workspace)
    if as_json:
        print_json(
            {
                "limits": {"cores": limits.cores, "gpu_memory": limits.gpu_memory},
                "jobs": [
                    {"kind": job.kind, "name": job.name, "fault": job.fault or None}
                    | (state_summary(job.state) if job.state else {"status": job.status})
                    for job in found
                ],
            }
        )
        return
    if found:
        rows = [
            [
                job.kind,
                job.name,
                job.status,
                f"{job.state.step}/{job.state.total}" if job.state and job.state.total else "",
                duration(job.state.eta) if job.state and job.state.eta is not None else "",
                job.state.message if job.state else job.fault,
            ]
            for job in found
        ]
        print_table(["kind", "name", "status", "done", "left", "message"], rows)
    else:
        typer.echo("no jobs yet; start one with `mirage train NAME` or on the dashboard")
    memory = "" if limits.gpu_memory is None else f" and {limits.gpu_memory / 1e9:.1f} GB of each GPU"
    typer.echo(f"jobs may use {limits.cores} core{'s' if limits.cores > 1 else ''}{memory} together")


@app.command()
def delete(
    name: Annotated[str, typer.Argument(help="Name of a run or a benchmark.")], as_json: JsonOption = False
) -> None:
    """Move a run or a benchmark into the trash; `mirage restore` brings it back."""
    from core.jobs import delete_job
    from core.workspace import Workspace

    workspace = Workspace()
    found = delete_job(workspace, _kind(workspace, name), name)
    if as_json:
        print_json({"token": found.token, "kind": found.kind, "name": found.name})
    else:
        typer.echo(f"{found.kind} {name}: in the trash; `mirage restore {name}` brings it back")


@app.command()
def restore(
    name: Annotated[str, typer.Argument(help="Name of what was deleted; of several the last one.")],
    as_json: JsonOption = False,
) -> None:
    """Bring a deleted run or benchmark back."""
    from core.jobs import deleted
    from core.jobs import restore as bring_back
    from core.workspace import Workspace

    workspace = Workspace()
    item = next((item for item in deleted(workspace, sizes=False) if name in (item.name, item.token)), None)
    if item is None:
        raise BadInputError(f"{name}: not in the trash; `mirage trash` lists what is there")
    bring_back(workspace, item.token)
    if as_json:
        print_json({"kind": item.kind, "name": item.name})
    else:
        typer.echo(f"{item.kind} {item.name}: is back")


@app.command()
def trash(
    empty: Annotated[bool, typer.Option("--empty", help="Remove for good what is in the trash.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List what was deleted, or remove it for good."""
    from core.jobs import deleted, empty_trash
    from core.workspace import Workspace

    workspace = Workspace()
    found = deleted(workspace)
    if empty:
        empty_trash(workspace)
    if as_json:
        print_json({"emptied": empty, "trash": [_summary(item) for item in found]})
        return
    if not found:
        typer.echo("the trash is empty")
        return
    rows = [
        [item.kind, item.name, time.strftime("%Y-%m-%d %H:%M", time.localtime(item.when)), f"{item.size / 1e6:.1f} MB"]
        for item in found
    ]
    print_table(["kind", "name", "deleted", "size"], rows)
    typer.echo(
        "removed for good" if empty else "`mirage restore NAME` brings one back, `mirage trash --empty` ends them"
    )


def _summary(item: Any) -> dict[str, Any]:
    return {"token": item.token, "kind": item.kind, "name": item.name, "when": item.when, "size": item.size}


def _kind(workspace: Any, name: str) -> str:
    """``training`` or ``benchmark``, whichever has that name."""
    from core.jobs.listing import BENCHMARK, TRAINING
    from core.workspace import check_name

    check_name(name, "run or benchmark")
    if workspace.run_folder(name).is_dir():
        return TRAINING
    if (workspace.benchmarks / name).is_dir():
        return BENCHMARK
    raise BadInputError(f"there is no run and no benchmark {name!r}; `mirage jobs` lists what is there")
