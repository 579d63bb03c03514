"""Pushing to the hub: private unless said otherwise, in one commit, so that nobody ever fetches half a run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from core.errors import BadInputError, MirageError
from core.hub.client import SECONDS, address, asked, pushing_fault, quiet
from core.hub.contents import CARD, Parcel, run_parcel
from core.hub.names import MAIN, HubId, checked_hub_id
from core.progress import Progress, silent
from core.runs.loaded import LoadedRun, load_run
from core.workspace import Workspace

_HARMLESS = (".gitattributes", ".gitignore", CARD, "LICENSE", "LICENSE.md", "LICENSE.txt")


@dataclass(frozen=True)
class Pushed:
    """What was pushed.

    Attributes:
        place: ``owner/name``, with ``@branch`` where it is not main. kind: model or dataset. address: of the commit.
        commit: 40 digits. private: whether only its owner sees it. files: bytes by name. changed: False where the hub
            had all of it already.
    """

    place: str
    kind: str
    address: str
    commit: str
    private: bool
    files: dict[str, int]
    changed: bool

    def to_dict(self) -> dict[str, Any]:
        """All fields, ready for JSON."""
        return asdict(self)


def push_run(
    run: LoadedRun | str | Path,
    name: str,
    *,
    private: bool = True,
    message: str | None = None,
    features: bool = True,
    transcripts: bool = False,
    names: bool = False,
    card: bool = True,
    workspace: Workspace | None = None,
    progress: Progress = silent,
) -> Pushed:
    """Pushes a finished run to the Hugging Face hub, where ``load_run("owner/name")`` opens it.

    Args:
        run: a run, or what ``load_run`` takes. name: ``owner/name``, or ``owner/name@branch``.
        private: whether only the owner sees it; a repository that is there keeps what it has.
        message: of the commit. features, transcripts, names: see ``core.hub.run_parcel``. card: write the model card
            anew.
        progress: told of the bytes that have arrived.

    Raises:
        BadInputError: no token, one that may not write there, a place that holds something else, or is public while
            ``private`` was asked for. FailureError: the hub cannot be reached, has no room, or somebody else changed
            the repository meanwhile; nothing of it is changed then.
    """
    place = checked_hub_id(name)
    opened = run if isinstance(run, LoadedRun) else load_run(run, workspace)
    with run_parcel(opened, place, features=features, transcripts=transcripts, names=names, card=card) as parcel:
        return send(parcel, private=private, message=message, progress=progress)


def send(parcel: Parcel, *, private: bool = True, message: str | None = None, progress: Progress = silent) -> Pushed:
    """Pushes what was made ready; see ``push_run``."""
    from huggingface_hub import CommitOperationAdd, CommitOperationDelete, HfApi

    api, place = HfApi(), parcel.place
    with quiet(), _told(str(place)):
        _refuse_without_right(api, place)
        there = _there(api, parcel, private)
        head = _branch(api, parcel)
        additions = [CommitOperationAdd(name, parcel.folder / name) for name in parcel.files]
        done = 0
        for addition in additions:
            # One after the other: what has arrived is counted, and is not sent again after an interruption.
            progress(done, parcel.size, f"sending {addition.path_in_repo}")
            api.preupload_lfs_files(
                place.name, [addition], repo_type=parcel.kind, revision=place.revision, free_memory=False
            )
            done += parcel.files[addition.path_in_repo]
        progress(done, parcel.size, "making the commit")
        gone = [CommitOperationDelete(name) for name in head.files if parcel.owns(name) and name not in parcel.files]
        made = api.create_commit(
            place.name,
            [*additions, *gone],
            commit_message=message or f"{'A run' if parcel.kind == 'model' else 'Generated features'} of MIRAGE",
            repo_type=parcel.kind,
            revision=place.revision,
            parent_commit=head.commit,
        )
    return Pushed(
        place=str(place),
        kind=parcel.kind,
        address=made.commit_url,
        commit=made.oid,
        private=there,
        files=parcel.files,
        changed=made.oid != head.commit,
    )


@dataclass(frozen=True)
class _Head:
    commit: str
    files: list[str]


@contextmanager
def _told(name: str) -> Iterator[None]:
    try:
        yield
    except MirageError:
        raise
    except Exception as error:
        raise pushing_fault(name, error) from None


def _refuse_without_right(api: Any, place: HubId) -> None:
    """Asks who the token is of, before anything is made.

    Raises:
        BadInputError: there is no token, or one that may only read.
    """
    user = asked(api.whoami)
    token = (user.get("auth") or {}).get("accessToken") or {}
    if token.get("role") == "read":
        raise BadInputError(
            f"{place}: the token of {user.get('name')} may only read; make one that may write at "
            f"{address()}/settings/tokens, then hf auth login"
        )


def _there(api: Any, parcel: Parcel, private: bool) -> bool:
    """Makes the repository where there is none; gives whether it is private.

    Raises:
        BadInputError: it is public while a private one was asked for, or holds something else.
    """
    from huggingface_hub.errors import RepositoryNotFoundError

    place = parcel.place
    try:
        info = api.repo_info(place.name, repo_type=parcel.kind, timeout=SECONDS)
    except RepositoryNotFoundError:
        api.create_repo(place.name, repo_type=parcel.kind, private=private)
        return private
    if private and not info.private:
        raise BadInputError(
            f"{place}: is there already and everybody can see it; say --public, or make it private on its page"
        )
    names = [one.rfilename for one in info.siblings or []]
    others = [name for name in names if name not in _HARMLESS and not parcel.owns(name)]
    if others and not any(parcel.owns(name) for name in names):
        what = "run" if parcel.kind == "model" else "set of generated features"
        raise BadInputError(f"{place}: holds something else than a {what} of MIRAGE ({others[0]}); take another name")
    return bool(info.private)


def _branch(api: Any, parcel: Parcel) -> _Head:
    """The last commit of the branch that is pushed to; the branch is made where there is none."""
    from huggingface_hub.errors import RevisionNotFoundError

    place = parcel.place
    try:
        info = api.repo_info(place.name, repo_type=parcel.kind, revision=place.revision)
    except RevisionNotFoundError:
        if place.revision == MAIN:
            raise
        api.create_branch(place.name, branch=place.revision, repo_type=parcel.kind)
        info = api.repo_info(place.name, repo_type=parcel.kind, revision=place.revision)
    return _Head(info.sha, [one.rfilename for one in info.siblings or []])
