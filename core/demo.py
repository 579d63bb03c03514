"""The embedded demo: a synthetic corpus, its embeddings and a small trained run, put into a workspace.

``python -m core.demo --audio-encoder ID_OR_PATH`` builds the embeddings and the run anew (see the Makefile).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from core.errors import FailureError
from core.files import atomic_directory, read_json, write_json
from core.workspace import Workspace

ASSETS = Path(__file__).resolve().parents[1] / "assets" / "demo"
NAME = "demo"
RUN = "demo"
SPEECH_ENCODER = "openai/whisper-tiny.en"


def install_demo(workspace: Workspace) -> None:
    """Puts corpus, embeddings and run of the demo into ``workspace`` where they are not there yet.

    The clips stay where they are installed. What a person made of the demo meanwhile is left alone.

    Raises:
        FailureError: this installation came without the demo's files, or the disk is full.
    """
    built = Workspace(ASSETS / "workspace")
    if not (ASSETS / "utterances.csv").is_file() or not built.run_folder(RUN).is_dir():
        raise FailureError(f"{ASSETS}: the demo's files are missing; install MIRAGE again, or clone its repository")
    _install_corpus(workspace)
    for source, target in (
        *((folder, workspace.embeddings_folder(NAME, folder.name)) for folder in _stores(built)),
        (built.run_folder(RUN), workspace.run_folder(RUN)),
    ):
        if not target.exists():
            _copy(source, target)


def _install_corpus(workspace: Workspace) -> None:
    from core.corpora import load_corpus, save_corpus

    shipped = load_corpus(Workspace(ASSETS / "workspace").corpus_file(NAME))
    target = workspace.corpus_file(NAME)
    if target.exists():
        there = load_corpus(NAME, workspace)
        # The same corpus at another place: the checkout was moved. Another one of that name is not ours to touch.
        if there.metadata.get("loader") != "demo" or there.root == shipped.root:
            return
    save_corpus(shipped, workspace)


def _stores(workspace: Workspace) -> list[Path]:
    return [workspace.embeddings_folder(NAME, store) for store in workspace.encoder_names(NAME)]


def _copy(source: Path, target: Path, ignore: Callable[..., set[str]] | None = None) -> None:
    with atomic_directory(target) as temporary:
        shutil.copytree(source, temporary, dirs_exist_ok=True, ignore=ignore)


def build_demo(audio_encoder: str, text_encoder: str = "minilm") -> None:
    """Makes ``assets/demo/workspace`` anew from ``assets/demo/speech``: ingest, embed, train, pack.

    Args:
        audio_encoder: folder or hub id of whisper-tiny.en.
    """
    import tempfile

    from core.config import Config
    from core.corpora import ingest, load_corpus, save_corpus
    from core.encoders import embed_corpus
    from core.runs import load_run, train
    from core.runs.quality import measure_quality, write_quality

    with tempfile.TemporaryDirectory() as scratch:
        workspace = Workspace(scratch)
        corpus = ingest("demo", None, name=NAME, workspace=workspace).corpus
        embed_corpus(corpus, audio_encoder=audio_encoder, text_encoder=text_encoder, workspace=workspace)
        for folder in _stores(workspace):
            _rename_store(folder)
        train(NAME, config=Config(), workspace=workspace, run_id=RUN)
        run = load_run(RUN, workspace)
        write_quality(run, measure_quality(run))
        packed = Workspace(ASSETS / "workspace")
        shutil.rmtree(packed.root, ignore_errors=True)
        save_corpus(load_corpus(NAME, workspace), packed.corpus_file(NAME), portable=True)
        for folder in _stores(workspace):
            _copy(folder, packed.embeddings_folder(NAME, folder.name), shutil.ignore_patterns(".*"))
        target = packed.run_folder(RUN)
        _copy(workspace.run_folder(RUN), target, shutil.ignore_patterns("checkpoints", ".*", "job.log"))
        _forget_machine(target)


def _rename_store(folder: Path) -> None:
    """Names the speech encoder by its hub id, whichever folder it was read from."""
    meta = read_json(folder / "meta.json")
    if meta["modality"] != "audio":
        return
    layer_and_pooling = folder.name.rpartition("@")[2]
    write_json(folder / "meta.json", {**meta, "encoder": SPEECH_ENCODER})
    folder.rename(folder.with_name(f"{SPEECH_ENCODER.rpartition('/')[2]}@{layer_and_pooling}"))


def _forget_machine(run: Path) -> None:
    """Takes out what only means something on the machine that built it."""
    state = read_json(run / "state.json")
    write_json(run / "state.json", {**state, "pid": None, "host": None, "process_started": None})


if __name__ == "__main__":
    import argparse

    parser = argparse.ArgumentParser(description="Builds the demo's embeddings and run from its speech.")
    parser.add_argument("--audio-encoder", default=SPEECH_ENCODER, help="folder or hub id of whisper-tiny.en")
    build_demo(parser.parse_args().audio_encoder)
