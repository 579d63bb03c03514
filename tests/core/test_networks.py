"""The form in which networks are kept: what is written is what is read, and nothing else is ever run or loaded."""

from __future__ import annotations

import json
import pickle
import struct
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import nn

from core.alignment import Aligner
from core.errors import BadInputError
from core.generation import Discriminator, Generator
from core.networks import Network, Sphere, WeightAverage, parameter_count, read_tensors, write_tensors
from core.projection import Projector

SHAPE = {"dim": 6, "classes": 3, "codes": 2, "hidden": 8}
MAKERS: dict[str, Callable[[], Network]] = {
    "generator": lambda: Generator(noise=4, text=True, paired=False, **SHAPE),
    "paired generator": lambda: Generator(noise=4, text=False, paired=True, **SHAPE),
    "discriminator": lambda: Discriminator(text=True, paired=False, **SHAPE),
    "discriminator of emotions alone": lambda: Discriminator(text=True, paired=False, judge_text=False, **SHAPE),
    "paired discriminator": lambda: Discriminator(text=False, paired=True, **SHAPE),
    "projector": lambda: Projector(dim=6),
    "aligner": lambda: Aligner(
        audio=5, text=7, classes=["angry", "sad"], dim=6, hidden=8, dropout=0.1, temperature=0.1
    ),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A projector on disk."""
    torch.manual_seed(0)
    Projector(dim=6).save_pretrained(tmp_path / "p")
    return tmp_path / "p"


def one_line(folder: Path, *words: str, kind: type[Network] = Projector) -> None:
    with pytest.raises(BadInputError) as caught:
        kind.from_pretrained(folder)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(folder)), message
    for word in words:
        assert word in message


@pytest.mark.parametrize("name", MAKERS)
def test_round_trip(name: str, tmp_path: Path) -> None:
    torch.manual_seed(1)
    network = MAKERS[name]()
    network.save_pretrained(tmp_path / "n")
    again = type(network).from_pretrained(tmp_path / "n")
    assert again.config == network.config
    assert not again.training
    assert sorted(path.name for path in (tmp_path / "n").iterdir()) == ["config.json", "model.safetensors"]
    for (key, mine), (other, theirs) in zip(network.state_dict().items(), again.state_dict().items(), strict=True):
        assert key == other
        torch.testing.assert_close(mine, theirs, rtol=0, atol=0)
    assert parameter_count(again) == parameter_count(network)
    # What is read can be trained on.
    sum(parameter.sum() for parameter in again.parameters()).backward()


def test_the_configuration_names_its_kind(folder: Path) -> None:
    assert json.loads((folder / "config.json").read_text()) == {
        "model_type": "mirage-projector",
        "dim": 6,
        "hidden": 128,
    }
    one_line(folder, "not the configuration of a mirage-generator", kind=Generator)


class _Bomb:
    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return (Path.touch, (self.trace,))


@pytest.mark.parametrize("save", ["pickle", "torch"])
def test_a_pickle_is_never_loaded(folder: Path, tmp_path: Path, save: str) -> None:
    trace = tmp_path / "it ran"
    with (folder / "model.safetensors").open("wb") as file:
        if save == "pickle":
            pickle.dump(_Bomb(trace), file)
        else:
            torch.save({"body.0.weight": _Bomb(trace)}, file)
    one_line(folder, "model.safetensors", "pickle", "which MIRAGE never loads")
    assert not trace.exists()


@pytest.mark.parametrize("name", ["config.json", "model.safetensors"])
def test_a_missing_file(folder: Path, name: str) -> None:
    (folder / name).unlink()
    one_line(folder, name, "missing")


@settings(max_examples=25, deadline=None)
@given(share=st.floats(0, 1, exclude_max=True))
def test_a_truncated_file(tmp_path_factory: pytest.TempPathFactory, share: float) -> None:
    folder = tmp_path_factory.mktemp("t") / "p"
    Projector(dim=3, hidden=4).save_pretrained(folder)
    content = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(content[: int(share * len(content))])
    one_line(folder, "model.safetensors", "truncated")


@settings(max_examples=40, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), change=st.integers(1, 255))
def test_an_altered_header(tmp_path_factory: pytest.TempPathFactory, place: float, change: int) -> None:
    folder = tmp_path_factory.mktemp("t") / "p"
    Projector(dim=3, hidden=4).save_pretrained(folder)
    content = bytearray((folder / "model.safetensors").read_bytes())
    length = 8 + int.from_bytes(content[:8], "little")
    content[int(place * length)] ^= change
    (folder / "model.safetensors").write_bytes(content)
    try:
        network = Projector.from_pretrained(folder)
    except BadInputError:
        one_line(folder)
        return
    # Only a changed place of two tensors of one shape, or changed metadata, can pass.
    assert network(torch.zeros(2, 3)).shape == (2, 2)


def test_a_header_that_claims_much(folder: Path) -> None:
    file = folder / "model.safetensors"
    content = file.read_bytes()
    file.write_bytes(struct.pack("<Q", 2**60) + content[8:])
    one_line(folder, "model.safetensors", "not a readable safetensors file")
    header = json.dumps(
        {"body.0.weight": {"dtype": "F32", "shape": [2**40, 6], "data_offsets": [0, 24 * 2**40]}}
    ).encode()
    file.write_bytes(struct.pack("<Q", len(header)) + header + bytes(100))
    one_line(folder, "model.safetensors", "not a readable safetensors file")


def test_a_sparse_giant_is_not_read(folder: Path) -> None:
    size = 24 * 2**34
    header = json.dumps({"body.0.weight": {"dtype": "F32", "shape": [2**34, 6], "data_offsets": [0, size]}}).encode()
    with (folder / "model.safetensors").open("wb") as file:
        file.write(struct.pack("<Q", len(header)) + header)
        file.truncate(8 + len(header) + size)
    one_line(folder, "more than 4,000,000,000 bytes")


def test_other_shapes_types_and_names(folder: Path) -> None:
    file = folder / "model.safetensors"
    good = read_tensors(file)
    Projector(dim=7).save_pretrained(folder.parent / "other")
    (folder / "config.json").write_bytes((folder.parent / "other" / "config.json").read_bytes())
    one_line(folder, "does not fit config.json", "body.0.weight", "(128, 6) instead of float32 (128, 7)")
    Projector(dim=6).save_pretrained(folder)
    write_tensors(file, {name: tensor.half() for name, tensor in good.items()})
    one_line(folder, "does not fit config.json", "float16")
    write_tensors(file, {name: tensor for name, tensor in good.items() if name != "centre"})
    one_line(folder, "centre", "missing")
    write_tensors(file, {**good, "more": torch.zeros(1)})
    one_line(folder, "more", "instead of nothing")
    write_tensors(file, {**good, "centre": torch.tensor([0.0, float("nan")])})
    one_line(folder, "centre holds NaN or infinity")


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", "{}", '{"model_type": "mirage-projector"}', '{"model_type": "mirage-projector", "dim": "six"}']
    + [f'{{"model_type": "mirage-projector", "dim": {dim}}}' for dim in (-1, 10**30, 1.5, "null", "[6]", 2**62)]
    + ['{"model_type": "mirage-projector", "dim": 6, "surprise": 1}'],
)
def test_a_configuration_that_cannot_be(folder: Path, content: str) -> None:
    (folder / "config.json").write_text(content)
    one_line(folder)


def test_a_size_that_no_memory_holds_is_refused_or_only_compared(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "mirage-projector", "dim": 6, "hidden": 100000000}')
    one_line(folder, "config.json", "'hidden' is not what a network of MIRAGE can have")
    (folder / "config.json").write_text('{"model_type": "mirage-projector", "dim": 65536, "hidden": 65536}')
    one_line(folder, "does not fit config.json")


def test_a_file_that_is_written_over_while_it_is_in_use(folder: Path) -> None:
    tensors = read_tensors(folder / "model.safetensors")
    before = {name: tensor.clone() for name, tensor in tensors.items()}
    (folder / "model.safetensors").write_bytes(b"short")
    assert all(torch.equal(before[name], tensor) for name, tensor in tensors.items())


def test_tensors_that_share_memory(tmp_path: Path) -> None:
    base = torch.arange(6.0)
    write_tensors(tmp_path / "t", {"a": base[:4], "b": base[2:], "c": base.reshape(2, 3).T})
    read = read_tensors(tmp_path / "t")
    torch.testing.assert_close(read["b"], base[2:])
    torch.testing.assert_close(read["c"], base.reshape(2, 3).T)
    save_file({"plain": base}, tmp_path / "u")
    torch.testing.assert_close(read_tensors(tmp_path / "u")["plain"], base)


def test_sphere() -> None:
    x = torch.randn(5, 8, generator=torch.Generator().manual_seed(0))
    y = Sphere()(3 * x + 2)
    torch.testing.assert_close(y.mean(dim=1), torch.zeros(5), atol=1e-6, rtol=0)
    torch.testing.assert_close(y.norm(dim=1), torch.full((5,), 8**0.5), atol=1e-3, rtol=0)


def test_weight_average_is_the_moving_average() -> None:
    network = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    average = WeightAverage(network, 0.9)
    expected = {name: tensor.clone() for name, tensor in network.state_dict().items() if tensor.is_floating_point()}
    generator = torch.Generator().manual_seed(0)
    for turn in range(1, 200):
        with torch.no_grad():
            for parameter in network.parameters():
                parameter.copy_(torch.randn(parameter.shape, generator=generator))
        average.update(network)
        decay = min(0.9, (1 + turn) / (10 + turn))
        for name, value in expected.items():
            expected[name] = decay * value + (1 - decay) * network.state_dict()[name]
    copy = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
    average.copy_to(copy)
    for name, value in expected.items():
        torch.testing.assert_close(copy.state_dict()[name], value, atol=1e-5, rtol=1e-5)
    # What was copied out does not move with later updates, nor the average with the network it was made of.
    before = copy[0].weight.detach().clone()
    average.update(network)
    torch.testing.assert_close(copy[0].weight.detach(), before)


def test_weight_average_forgets_the_start() -> None:
    network = nn.Linear(1, 1, bias=False)
    with torch.no_grad():
        network.weight.fill_(1000.0)
    average = WeightAverage(network, 0.999)
    with torch.no_grad():
        network.weight.fill_(1.0)
    for _ in range(100):
        average.update(network)
    assert abs(float(average.values["weight"]) - 1.0) < 1.0
