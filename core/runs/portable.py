"""The networks that a lab needs, for programs without PyTorch: weights as arrays and layer lists as JSON.

They are made from networks that were checked when they were loaded, so they can neither be stale nor somebody else's.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from torch import Tensor, nn

from core.generation import Discriminator, Generator
from core.networks import Network, Sphere

if TYPE_CHECKING:
    from core.alignment import Aligner
    from core.projection import Projector

FORMAT = 1


def portable_networks(networks: Mapping[str, Network]) -> tuple[dict[str, np.ndarray], str]:
    """Generator, Q heads, classifier and projector as arrays by name, and the layer lists that use them.

    The lists are JSON: ``{"format": 1, "networks": {name: {"inputs": n, "outputs": m, "layers": [...]}}}``. A layer is
    applied to the rows (n, width) that the one before gave:

    ======== ============================================================================
    linear   y = x weight^T + bias; weight (outputs, inputs)
    leaky    y = x where x >= 0, slope x elsewhere
    add      y = x + input weight^T, ``input`` being what went into the network
    sphere   each ``width`` values to zero mean and unit variance, eps added to the variance
    affine   y = x scale + shift
    ======== ============================================================================

    Networks and their inputs: ``generator`` (z, c, u and, where text is an input, t, side by side) gives h, in paired
    mode (h, t); ``trunk`` (h or (h, t)) gives what the Q heads ``emotion`` (logits) and ``codes`` (means) read;
    ``classifier`` (h) gives logits; ``projector`` (h) gives places on the map.

    Args:
        networks: as ``LoadedRun.networks`` gives them.
    """
    made = _Layers()
    generator, discriminator = networks["generator"], networks["discriminator"]
    aligner: Aligner = networks["aligner"]  # type: ignore[assignment]
    projector: Projector = networks["projector"]  # type: ignore[assignment]
    assert isinstance(generator, Generator)
    assert isinstance(discriminator, Discriminator)
    _generator(made, generator)
    made.network("trunk", made.sequence(discriminator.trunk))
    made.network("emotion", [made.linear(discriminator.q_class)])
    codes = discriminator.config["codes"]
    made.network("codes", [made.matrix(discriminator.q_codes.weight[:codes], discriminator.q_codes.bias[:codes])])
    made.network("classifier", [made.linear(aligner.head_audio)])
    placed = {"op": "affine", "scale": made.tensor(projector.scale), "shift": made.tensor(projector.centre)}
    made.network("projector", [*made.sequence(projector.body), placed])
    return made.tensors, json.dumps({"format": FORMAT, "networks": made.networks}, separators=(",", ":"))


def _generator(made: _Layers, generator: Generator) -> None:
    shape = generator.config
    body = made.sequence(generator.body)
    # The emotions come in times sqrt(k) (Generator.forward): the first weights take that over.
    first = generator.body[0]
    assert isinstance(first, nn.Linear)
    emotions = slice(shape["noise"], shape["noise"] + shape["classes"])
    weight = first.weight.detach().clone()
    weight[:, emotions] *= shape["classes"] ** 0.5
    made.tensors[body[0]["weight"]] = _array(weight)
    heads = [generator.audio, generator.text] if shape["paired"] else [generator.audio]
    weights = np.concatenate([_array(head.weight) for head in heads])
    biases = np.concatenate([_array(head.bias) for head in heads])
    layers = [*body, made.matrix(weights, biases)]
    if shape["base"]:
        begun = np.zeros((len(weights), first.in_features), dtype=np.float32)
        begun[:, : shape["noise"]] = _array(generator.spread).T
        begun[:, emotions] = _array(generator.centres).T
        if shape["coded"]:
            begun[:, emotions.stop : emotions.stop + shape["codes"]] = _array(generator.code_spread).T
        layers.append({"op": "add", "weight": made.tensor(begun)})
    assert isinstance(generator.sphere, Sphere)
    layers.append({"op": "sphere", "width": shape["dim"], "eps": 1e-5})
    made.network("generator", layers)


class _Layers:
    """Tensors by name, and the networks that use them."""

    def __init__(self) -> None:
        self.tensors: dict[str, np.ndarray] = {}
        self.networks: dict[str, dict[str, Any]] = {}

    def tensor(self, values: Tensor | np.ndarray) -> str:
        name = f"t{len(self.tensors)}"
        self.tensors[name] = _array(values)
        return name

    def matrix(self, weight: Tensor | np.ndarray, bias: Tensor | np.ndarray) -> dict[str, Any]:
        return {"op": "linear", "weight": self.tensor(weight), "bias": self.tensor(bias)}

    def linear(self, layer: nn.Linear) -> dict[str, Any]:
        return self.matrix(layer.weight, layer.bias)

    def sequence(self, layers: Iterable[nn.Module]) -> list[dict[str, Any]]:
        made = []
        for layer in layers:
            if isinstance(layer, nn.Linear):
                made.append(self.linear(layer))
            elif isinstance(layer, nn.LeakyReLU):
                made.append({"op": "leaky", "slope": layer.negative_slope})
            else:
                raise TypeError(f"no portable form of {type(layer).__name__}")
        return made

    def network(self, name: str, layers: list[dict[str, Any]]) -> None:
        weights = [self.tensors[layer["weight"]] for layer in layers if layer["op"] == "linear"]
        self.networks[name] = {"inputs": weights[0].shape[1], "outputs": weights[-1].shape[0], "layers": layers}


def _array(values: Tensor | np.ndarray) -> np.ndarray:
    array = values.detach().numpy() if isinstance(values, Tensor) else values
    return np.ascontiguousarray(array, dtype=np.float32)
