"""The networks of a run as ONNX files, checked against PyTorch, with what a program needs to chain them."""

from __future__ import annotations

import json
import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from core.errors import BadInputError
from core.export.agreement import BATCHES, TOLERANCE, Rows, agreement
from core.export.files import refuse_other_content
from core.export.networks import Exported, exported_networks
from core.files import atomic_directory, read_json, write_json, write_text
from core.progress import Progress, silent
from core.workspace import is_name

if TYPE_CHECKING:
    from core.runs.loaded import LoadedRun

OPSET = 20
MANIFEST = "networks.json"
_MOST = 1 << 20
_NEEDED = ("onnx", "onnxscript", "onnxruntime")


def write_onnx(run: LoadedRun, folder: str | Path, *, progress: Progress = silent) -> dict[str, Any]:
    """Writes an ONNX file for each network, ``networks.json`` and a ``README.md``; all of them or nothing.

    Inputs and outputs are named, the first axis of each is a batch of any size. Every file was run in onnxruntime
    beside PyTorch, in batches of 1, 7 and 64 and in one of up to 512 real rows.

    Returns:
        The content of ``networks.json``: the run, the networks with shapes and differences found.

    Raises:
        BadInputError: a package is missing, or another folder is in the way.
        FailureError: a file differs from PyTorch by more than is allowed, or the disk is full.
    """
    folder = onnx_folder(folder)
    networks, rows = exported_networks(run), Rows(run)
    with atomic_directory(folder) as temporary:
        found = []
        for done, network in enumerate(networks):
            progress(done, len(networks), network.name)
            file = temporary / f"{network.name}.onnx"
            inputs, source = rows.inputs(network)
            _write(file, network, run, [torch.from_numpy(values[:3]) for values in inputs])
            found.append(_entry(network, agreement(file, network, inputs, source).to_dict()))
        progress(len(networks), len(networks), "checked")
        content = _manifest(run, found)
        write_json(temporary / MANIFEST, content)
        write_text(temporary / "README.md", _readme(run, content))
    return content


def onnx_folder(folder: str | Path) -> Path:
    """The absolute path of a folder that may be written.

    Raises:
        BadInputError: a package that makes or runs ONNX files is missing, or something else lies in that place.
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        raise BadInputError(f"ONNX files need {', '.join(missing)}: pip install 'mirage-affect[onnx]'")
    folder = Path(folder).expanduser().absolute()
    refuse_other_content(folder, ("*.onnx", MANIFEST, "README.md"), "a folder of networks")
    return folder


def _write(file: Path, network: Exported, run: LoadedRun, example: list[torch.Tensor]) -> None:
    import onnx

    batch = torch.export.Dim("n", min=1)
    with _quiet(), torch.no_grad():
        program = torch.onnx.export(
            network.module,
            tuple(example),
            dynamo=True,
            opset_version=OPSET,
            input_names=list(network.inputs),
            output_names=list(network.outputs),
            dynamic_shapes=_shapes(network, batch),
            verbose=False,
        )
    assert program is not None
    model = program.model_proto
    _forget_machine(model)
    said = {
        "mirage_run": run.id,
        "mirage_network": network.name,
        "mirage_mode": run.mode,
        "mirage_classes": json.dumps(run.classes),
        "mirage_code_names": json.dumps(run.code_names),
    }
    onnx.helper.set_model_props(model, said)
    model.doc_string = network.says
    onnx.checker.check_model(model, full_check=True)
    file.write_bytes(model.SerializeToString())


def _shapes(network: Exported, batch: Any) -> Any:
    """The first axis of every input is a batch; inputs of a module that takes any number of them come as one tuple."""
    axes = tuple({0: batch} for _ in network.inputs)
    return (axes,) if network.module.__class__.__module__ == Exported.__module__ else axes


def _forget_machine(model: Any) -> None:
    """Takes out what the exporter notes of the program that called it: names of modules, paths of files."""
    for part in (model.graph, *model.graph.node, *model.graph.value_info, *model.graph.initializer):
        del part.metadata_props[:]
        part.doc_string = ""
    for part in (*model.graph.input, *model.graph.output):
        del part.metadata_props[:]


@contextmanager
def _quiet() -> Iterator[None]:
    """What the exporter says of itself and of packages that are not needed is nothing to tell."""
    logger = logging.getLogger("torch.onnx")
    before = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(before)


def _entry(network: Exported, found: dict[str, Any]) -> dict[str, Any]:
    return {
        "file": f"{network.name}.onnx",
        "says": network.says,
        "inputs": {name: ["n", width] for name, width in network.inputs.items()},
        "outputs": {name: ["n", width] for name, width in network.outputs.items()},
        "against_torch": found,
    }


def _manifest(run: LoadedRun, networks: list[dict[str, Any]]) -> dict[str, Any]:
    import onnx
    import onnxruntime

    from core import __version__

    return {
        "run": run.id,
        "corpus": run.corpus,
        "embeddings": _stores(run),
        "mode": run.mode,
        "classes": run.classes,
        "code_names": run.code_names,
        "noise": run.noise_size,
        "dimension": run.dim,
        "opset": OPSET,
        "made_with": {
            "mirage": __version__,
            "torch": torch.__version__,
            "onnx": onnx.__version__,
            "onnxruntime": onnxruntime.__version__,
        },
        "check": {"tolerance": TOLERANCE, "batches": list(BATCHES)},
        "networks": networks,
    }


def _stores(run: LoadedRun) -> list[str]:
    """The stores that the embeddings were in, audio first: encoder, layer and pooling as their names say them."""
    try:
        names = [str(entry["name"]) for entry in read_json(run.path / "environment.json", _MOST)["embeddings"]]
    except (BadInputError, KeyError, TypeError):
        return []
    return [name for name in names if is_name(name)]


def _readme(run: LoadedRun, content: dict[str, Any]) -> str:
    lines = [
        f"# Networks of run {run.id}",
        "",
        f"ONNX, opset {OPSET}; float32; n rows, any n. Mode {run.mode}; emotions, in the order of c, logits and "
        f"posterior: {', '.join(run.classes)}. Embeddings: {', '.join(content['embeddings']) or 'not named'}.",
        "",
        "| file | inputs | outputs | against PyTorch, relative |",
        "| --- | --- | --- | --- |",
    ]
    for entry in content["networks"]:
        taken, given = (
            ", ".join(f"{name} (n, {size[1]})" for name, size in entry[key].items()) for key in ("inputs", "outputs")
        )
        lines.append(f"| {entry['file']} | {taken} | {given} | {entry['against_torch']['max_relative']:.1e} |")
    lines += ["", *(f"- `{entry['file']}`: {entry['says']}" for entry in content["networks"])]
    lines += ["", "Outputs named h or t are inputs of that name. Shapes and differences as data: `networks.json`.", ""]
    return "\n".join(lines)
