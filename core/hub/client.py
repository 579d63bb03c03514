"""The hub's own client, kept quiet, and its faults as one clear line each."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from core.errors import BadInputError, FailureError, MirageError

SECONDS = 6.0
"""How long the hub may take to say anything at all."""

T = TypeVar("T")
_ROOM = ("quota", "storage limit", "storage space", "exceeded", "payment required")
_AGAIN = "run the same command again, what has arrived is not sent twice"


def address() -> str:
    """Where the hub is: HF_ENDPOINT, as the client read it."""
    from huggingface_hub import constants

    return constants.ENDPOINT


@contextmanager
def quiet() -> Iterator[None]:
    """Neither bars nor warnings of the client: what it does is told by our own progress, what fails in one line.

    Several threads may be in it at a time: it is as before when the last is out.
    """
    _silence.enter()
    try:
        yield
    finally:
        _silence.leave()


class _Silence:
    """What holds for the whole process: the first in saves it, the last out puts it back."""

    def __init__(self) -> None:
        self._lock, self._inside = threading.Lock(), 0
        self._verbosity, self._bars = 0, False
        self._filters: list[Any] = []
        self._ours: Any = None

    def enter(self) -> None:
        from huggingface_hub.utils import are_progress_bars_disabled, disable_progress_bars, logging

        with self._lock:
            self._inside += 1
            if self._inside > 1:
                return
            self._verbosity, self._bars = logging.get_verbosity(), not are_progress_bars_disabled()
            logging.set_verbosity_error()
            disable_progress_bars()
            # A filter that nobody else has: that of somebody else is not taken away with it.
            warnings.filterwarnings("ignore", message="(?#of MIRAGE, while it speaks to the hub)")
            self._filters = cast("list[Any]", warnings.filters)
            self._ours = self._filters[0]

    def leave(self) -> None:
        from huggingface_hub.utils import enable_progress_bars, logging

        with self._lock:
            self._inside -= 1
            if self._inside:
                return
            logging.set_verbosity(self._verbosity)
            if self._bars:
                enable_progress_bars()
            # Another list stands there where somebody has begun warnings.catch_warnings meanwhile, or ended one.
            for filters in (self._filters, cast("list[Any]", warnings.filters)):
                while self._ours in filters:
                    filters.remove(self._ours)


_silence = _Silence()


def asked(work: Callable[[], T]) -> T:
    """``work()``, a question that the hub answers within ``SECONDS``, or TimeoutError."""
    from core.encoders.checkpoint import within

    return within(SECONDS, work)


def status_of(error: BaseException) -> int | None:
    """The status that the hub answered with; None where it did not answer. Causes count: uploads wrap their faults."""
    seen: BaseException | None = error
    while seen is not None:
        status = getattr(getattr(seen, "response", None), "status_code", None)
        if isinstance(status, int):
            return status
        seen = seen.__cause__ or seen.__context__
    return None


def final(error: BaseException) -> bool:
    """Whether the hub has answered and will say the same again: what the cache holds does not stand in for that."""
    from huggingface_hub.errors import GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError

    known = (GatedRepoError, RepositoryNotFoundError, RevisionNotFoundError)
    return isinstance(error, known) or status_of(error) in (401, 403)


def fetching_fault(name: str, revision: str, error: BaseException) -> MirageError:
    """What is told where a run cannot be fetched because the hub says no."""
    from huggingface_hub.errors import GatedRepoError, RevisionNotFoundError

    if isinstance(error, GatedRepoError):
        return BadInputError(f"{name}: access must be asked for on its page of the hub (then: hf auth login)")
    if isinstance(error, RevisionNotFoundError):
        return BadInputError(f"{name}: the hub has no revision {revision!r} of it")
    if _bad_token(error):
        return BadInputError(f"{name}: the hub does not know the token that it was sent; hf auth login, or HF_TOKEN")
    return BadInputError(
        f"{name}: no such folder, and no such run on the hub, or a private one that this account may not read "
        "(hf auth login)"
    )


def pushing_fault(name: str, error: BaseException) -> MirageError:
    """What is told where a push does not get through; nothing of it can be seen on the hub then."""
    from huggingface_hub.errors import HFValidationError, LocalTokenNotFoundError, OfflineModeIsEnabled

    if isinstance(error, MirageError):
        return error
    status, said = status_of(error), line(error)
    if isinstance(error, LocalTokenNotFoundError):
        return BadInputError(
            f"{name}: the hub takes nothing without a token that may write; hf auth login, or set HF_TOKEN"
        )
    if isinstance(error, HFValidationError):
        return BadInputError(f"{name}: the hub does not take this name ({said})")
    if isinstance(error, OfflineModeIsEnabled):
        return BadInputError(f"{name}: HF_HUB_OFFLINE is set, so nothing can be pushed; unset it")
    if _bad_token(error) or status == 401:
        return BadInputError(f"{name}: the hub does not know the token that it was sent; hf auth login, or HF_TOKEN")
    if status in (402, 413, 507) or any(word in said.lower() for word in _ROOM):
        return FailureError(f"{name}: the hub has no room for it ({said}); make some there, or ask for more")
    if status == 403:
        return BadInputError(
            f"{name}: this account may not write there ({said}); take a name of your own, or a token that may write"
        )
    if status in (409, 412):
        return FailureError(f"{name}: somebody else changed it meanwhile, so nothing was changed; look, and push again")
    if "xet-write-token" in str(error):
        return FailureError(
            f"{name}: the hub at {address()} does not speak Xet; set HF_HUB_DISABLE_XET=1 and push again"
        )
    if status == 400 or (isinstance(error, ValueError) and "metadata in README.md" in str(error)):
        return FailureError(f"{name}: the hub does not take this ({said}); push with --no-card, or write the card anew")
    if status is not None:
        return FailureError(f"{name}: the hub answered {status} ({said}); nothing was changed; {_AGAIN}")
    return FailureError(f"{name}: the hub at {address()} cannot be reached ({said}); nothing was changed; {_AGAIN}")


def line(error: BaseException) -> str:
    """What the hub said, on one line: its own words where it has some, never an address with a signature in it."""
    seen: BaseException | None = error
    while seen is not None:
        response = getattr(seen, "response", None)
        said = getattr(seen, "server_message", None)
        if said or response is not None:
            break
        seen = seen.__cause__ or seen.__context__
    else:
        said = None
    own = [part.strip() for part in str(said or error).splitlines() if part.strip() and "://" not in part]
    return (own[0] if own else type(error).__name__)[:200]


def _bad_token(error: BaseException) -> bool:
    response = getattr(error, "response", None)
    said = str(getattr(response, "headers", {}).get("X-Error-Message", "")) if response is not None else ""
    return said.startswith("Invalid credentials") or "Invalid user token" in str(error)
