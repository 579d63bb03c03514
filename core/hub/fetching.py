"""A run fetched from the hub: its own files and no others, no more than fits, or what was fetched earlier."""

from __future__ import annotations

import shutil
from contextlib import suppress
from pathlib import Path
from typing import Any

from core.errors import BadInputError, FailureError, MirageError
from core.files import write_text
from core.hub.client import SECONDS, asked, fetching_fault, final, line, quiet
from core.hub.names import RUN_PARTS, HubId
from core.progress import Progress, silent

_MOST = {".safetensors": 4_000_000_000, ".parquet": 4_000_000_000, ".json": 64 << 20, ".yaml": 1 << 20}
"""Bytes of the largest file of each kind: none that MIRAGE would read is larger."""

_NEEDED = ("config.yaml", "model/generator/model.safetensors", "features/utterances.parquet")
_ROOM = 100_000_000


def fetch_run(place: HubId, progress: Progress = silent) -> Path:
    """The folder of a run in the hub's cache on this machine, fetched as far as it is not there.

    Where the hub does not answer, what was fetched earlier serves; where it answers no, it does not.

    Args:
        progress: told of bytes.

    Raises:
        BadInputError: the hub has no such run, nobody may have it, what is there is none, or nothing can be reached.
        FailureError: the download broke off, or the disk has no room for it.
    """
    from huggingface_hub import HfApi, snapshot_download

    with quiet():
        try:
            info = asked(
                lambda: HfApi().model_info(
                    place.name, revision=place.revision, files_metadata=True, timeout=SECONDS - 1
                )
            )
        except Exception as error:
            if final(error):
                raise fetching_fault(str(place), place.revision, error) from None
            # No name service, refused, timed out, a failing hub: what was fetched earlier still serves.
            return _fetched_earlier(place, error)
        sizes = _sizes(place, info)
        try:
            folder = snapshot_download(
                place.name,
                # The very commit whose sizes were looked at: a branch may move on meanwhile.
                revision=info.sha,
                allow_patterns=list(sizes),
                etag_timeout=SECONDS,
                max_workers=4,
                tqdm_class=_bar(progress, sum(sizes.values()), f"fetching {place}"),
            )
        except Exception as error:
            if final(error):
                raise fetching_fault(str(place), place.revision, error) from None
            raise FailureError(
                f"{place}: the download broke off ({line(error)}); run the same command again, it goes on where it was"
            ) from None
    _remember(place, Path(folder))
    return Path(folder)


def _remember(place: HubId, folder: Path) -> None:
    """Notes in the client's cache which commit a branch or a tag was, so that its name serves offline too."""
    if place.revision == folder.name:
        return
    note = folder.parent.parent / "refs" / place.revision
    # As the client does: a cache that takes no note still holds what was fetched.
    with suppress(OSError, MirageError):
        if not note.is_file() or note.read_text(encoding="utf-8") != folder.name:
            write_text(note, folder.name)


def _fetched_earlier(place: HubId, reason: Exception) -> Path:
    from huggingface_hub import snapshot_download

    try:
        return Path(
            snapshot_download(
                place.name, revision=place.revision, allow_patterns=list(RUN_PARTS), local_files_only=True
            )
        )
    except Exception:
        kind = type(reason).__name__
        raise BadInputError(
            f"{place}: no such folder, and it cannot be fetched from the Hugging Face hub ({kind}); check the name and "
            "the network, or copy the run here and give its path"
        ) from None


def _sizes(place: HubId, info: Any) -> dict[str, int]:
    """Bytes of each file of the run, by its name in the repository.

    Raises:
        BadInputError: it is no run, or one with a file that is too large. FailureError: the disk has no room.
    """
    from huggingface_hub import constants

    there = {one.rfilename: one.size for one in info.siblings or []}
    missing = [name for name in _NEEDED if name not in there]
    if missing:
        raise BadInputError(f"{place}: is on the hub, but no run of MIRAGE ({missing[0]} is missing)")
    sizes = {}
    for name in RUN_PARTS:
        if name not in there:
            continue
        most, size = _MOST[Path(name).suffix], there[name]
        if not isinstance(size, int) or not 0 <= size <= most:
            raise BadInputError(
                f"{place}: {name} has more than {most:,} bytes, which no such file of MIRAGE has; it is not fetched"
            )
        sizes[name] = size
    cache = Path(constants.HF_HUB_CACHE)
    disk = next((folder for folder in (cache, *cache.parents) if folder.is_dir()), Path("/"))
    if shutil.disk_usage(disk).free < sum(sizes.values()) + _ROOM:
        raise FailureError(
            f"{place}: needs {sum(sizes.values()) / 1e6:,.0f} MB in {cache}, which the disk does not have; free some "
            "space, or set HF_HOME to a folder on another disk"
        )
    return sizes


def _bar(progress: Progress, total: int, message: str) -> type[Any]:
    """A class of bars for the client that draw nothing and count the bytes that are written."""
    from huggingface_hub.utils import tqdm

    done = 0

    class Counting(tqdm):
        def __init__(self, *arguments: Any, **options: Any) -> None:
            # Two bars count bytes: what comes over the network, and what lies on the disk in the end.
            self._bytes = options.get("unit") == "B" and not str(options.get("name", "")).endswith(".transfer")
            super().__init__(*arguments, **{**options, "disable": True})

        def update(self, n: float | None = 1) -> None:
            nonlocal done
            if self._bytes:
                done = min(done + int(n or 0), total)
                progress(done, total, message)

    return Counting
