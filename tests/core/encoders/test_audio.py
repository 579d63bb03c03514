"""One vector for a clip, whatever else is in the batch."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import soundfile
import torch
from transformers import AutoFeatureExtractor, AutoModel

from core import BadInputError
from core.encoders import AudioEncoder, packing
from core.encoders.layers import choose_layers
from core.workspace import check_name

_FAMILIES = (
    "wav2vec2-layer",
    "wav2vec2-group",
    "hubert-layer",
    "hubert-group",
    "hubert-batch-norm",
    "wavlm-layer",
    "wavlm-group",
    "data2vec",
    "unispeech",
    "unispeech-sat",
    "w2v-bert-key",
    "w2v-bert-relative",
    "w2v-bert-rotary",
    "ast",
)


def cosines(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)


def assert_batch_does_not_matter(encoder: AudioEncoder, clips: list[np.ndarray]) -> None:
    together = encoder.encode(clips, batch=len(clips))
    alone = np.concatenate([encoder.encode([clip]) for clip in clips])
    assert together.shape == (len(clips), encoder.dim)
    assert together.dtype == np.float32
    assert cosines(together, alone).min() > 0.999999
    np.testing.assert_allclose(together, alone, atol=2e-4 * float(np.abs(alone).max()))
    backwards = encoder.encode(clips[::-1], batch=2)[::-1]
    assert cosines(together, backwards).min() > 0.999999


@pytest.mark.parametrize("pooling", ["mean", "mean+std"])
def test_whisper_vector_does_not_depend_on_the_batch(tiny_whisper: Path, clips, pooling: str) -> None:
    assert_batch_does_not_matter(AudioEncoder.load(str(tiny_whisper), pooling=pooling, device="cpu"), clips)


@pytest.mark.parametrize("family", _FAMILIES)
def test_wav2vec_vector_does_not_depend_on_the_batch(tiny_wav2vec: Callable[[str], Path], clips, family: str) -> None:
    encoder = AudioEncoder.load(str(tiny_wav2vec(family)), pooling="mean+std", device="cpu")
    assert_batch_does_not_matter(encoder, clips)


@pytest.mark.parametrize("layer", [1, 3, 4])
@pytest.mark.parametrize(
    "family", ["wav2vec2-layer", "wav2vec2-group", "hubert-layer", "wavlm-layer", "data2vec", "w2v-bert-key"]
)
def test_wav2vec_layer_is_that_of_the_whole_model(
    tiny_wav2vec: Callable[[str], Path], clips, family: str, layer: int
) -> None:
    folder = tiny_wav2vec(family)
    encoder = AudioEncoder.load(str(folder), layer=layer, device="cpu")
    whole = AutoModel.from_pretrained(folder).eval()
    values = AutoFeatureExtractor.from_pretrained(folder)(clips[0], sampling_rate=16_000, return_tensors="pt")
    if family == "w2v-bert-key":
        whole.intermediate_ffn = whole.adapter = None  # they come after the last block
    with torch.inference_mode():
        output = whole(**values, output_hidden_states=True)
    hidden = output.last_hidden_state if layer == 4 else output.hidden_states[layer]
    np.testing.assert_allclose(encoder.encode([clips[0]])[0], hidden[0].mean(dim=0).numpy(), atol=1e-5)


@pytest.mark.parametrize("layer", [1, 3, 4])
def test_spectrogram_layer_is_that_of_the_whole_model(tiny_wav2vec: Callable[[str], Path], layer: int) -> None:
    # 126 frames of the spectrogram are the twelve patches in time that the model has positions for.
    clip = np.random.default_rng(0).standard_normal(400 + 125 * 160).astype(np.float32) * 0.1
    folder = tiny_wav2vec("ast")
    encoder = AudioEncoder.load(str(folder), layer=layer, device="cpu")
    whole = AutoModel.from_pretrained(folder).eval()
    values = AutoFeatureExtractor.from_pretrained(folder)(clip, sampling_rate=16_000, return_tensors="pt")
    with torch.inference_mode():
        output = whole(**values, output_hidden_states=True)
    hidden = output.last_hidden_state if layer == 4 else output.hidden_states[layer]
    assert hidden.shape[1] == 2 + 3 * 12
    np.testing.assert_allclose(encoder.encode([clip])[0], hidden[0, 2:].mean(dim=0).numpy(), atol=1e-5)


@pytest.mark.parametrize("layer", [1, 3, 4])
def test_whisper_layer_is_that_of_the_whole_model(tiny_whisper: Path, layer: int) -> None:
    # 29.75 s and the tail are the 30 s for which the original forward pass is made.
    clip = np.tile(np.random.default_rng(0).standard_normal(16_000).astype(np.float32) * 0.1, 30)[: 119 * 4000]
    encoder = AudioEncoder.load(str(tiny_whisper), layer=layer, device="cpu")
    whole = AutoModel.from_pretrained(tiny_whisper).eval().get_encoder()
    mel = AutoFeatureExtractor.from_pretrained(tiny_whisper)(clip, sampling_rate=16_000, return_tensors="pt")
    with torch.inference_mode():
        output = whole(mel["input_features"], output_hidden_states=True)
    hidden = output.last_hidden_state if layer == 4 else output.hidden_states[layer]
    own = len(clip) // 320 + (len(clip) % 320 > 0)
    np.testing.assert_allclose(encoder.encode([clip])[0], hidden[0, :own].mean(dim=0).numpy(), atol=1e-5)


def test_long_clip_is_pooled_over_all_its_windows(tiny_whisper: Path) -> None:
    encoder = AudioEncoder.load(str(tiny_whisper), pooling="mean+std", device="cpu")
    clip = np.random.default_rng(1).standard_normal(70 * 16_000).astype(np.float32) * 0.1
    parts = encoder.encode(np.array_split(clip, 3))
    whole = encoder.encode([clip], batch=2)[0]
    mean, deviation = parts[:, :16], parts[:, 16:]
    np.testing.assert_allclose(whole[:16], mean.mean(axis=0), atol=1e-4)
    np.testing.assert_allclose(whole[16:], np.sqrt((deviation**2 + mean**2).mean(axis=0) - whole[:16] ** 2), atol=1e-3)


def test_packed_layers_give_the_same_numbers() -> None:
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(24, 48), torch.nn.GELU(), torch.nn.Linear(48, 8, bias=False)).eval()
    values = torch.randn(2, 70, 24)
    with torch.inference_mode():
        expected = model(values)
        if not packing.pack_linears(model):
            pytest.skip("this build of PyTorch cannot pack linear layers")
        assert isinstance(model[0], packing.PackedLinear)
        torch.testing.assert_close(model(values), expected)
        torch.testing.assert_close(model(values[:, :3]), expected[:, :3])


def test_without_packing_it_runs_as_well(tiny_wav2vec: Callable[[str], Path], clips, monkeypatch) -> None:
    packed = AudioEncoder.load(str(tiny_wav2vec("wav2vec2-group")), device="cpu").encode(clips)
    monkeypatch.setattr(torch.backends.mkldnn, "is_available", lambda: False)
    plain = AudioEncoder.load(str(tiny_wav2vec("wav2vec2-group")), device="cpu")
    assert not any(isinstance(module, packing.PackedLinear) for module in plain.model.modules())
    np.testing.assert_allclose(plain.encode(clips), packed, atol=1e-4)


def test_names_say_what_was_done(tiny_whisper: Path, tiny_wav2vec: Callable[[str], Path]) -> None:
    assert AudioEncoder.load(str(tiny_whisper), device="cpu").name == "tiny-whisper@3-mean"
    encoder = AudioEncoder.load(str(tiny_wav2vec("wavlm-layer")), layer="2", pooling="mean+std", device="cpu")
    assert encoder.name == "wavlm-layer@2-mean+std"
    assert encoder.meta()["dimension"] == 64 == encoder.dim
    assert encoder.meta()["model_type"] == "wavlm"


@pytest.mark.parametrize("family", ["wav2vec2-layer", "wavlm-group", "w2v-bert-key", "ast", "whisper"])
def test_several_layers_are_the_sum_of_each(
    tiny_wav2vec: Callable[[str], Path], tiny_whisper: Path, clips, family: str
) -> None:
    folder = str(tiny_whisper if family == "whisper" else tiny_wav2vec(family))

    def vectors(layer: int | str) -> np.ndarray:
        return AudioEncoder.load(folder, layer=layer, device="cpu").encode(clips)

    single = {layer: vectors(layer) for layer in (1, 2, 3, 4)}
    np.testing.assert_allclose(vectors("2-4"), (single[2] + single[3] + single[4]) / 3, atol=1e-4)
    np.testing.assert_allclose(vectors("1:1,3:3"), 0.25 * single[1] + 0.75 * single[3], atol=1e-4)
    np.testing.assert_allclose(vectors("all"), sum(single.values()) / 4, atol=1e-4)


def test_choices_of_layers() -> None:
    assert choose_layers(" 4 - 8 ", 12, "m").value == "4-8"
    assert choose_layers("4-4", 12, "m").value == 4
    assert choose_layers("3:1,1:1,2:0", 12, "m").weights == ((1, 0.5), (3, 0.5))
    assert choose_layers("1:0.2,2:0.8", 12, "m").value == "1:0.2,2:0.8"
    many = ",".join(f"{block}:{block}" for block in range(1, 25))
    assert check_name("x" * 90 + f"@{choose_layers(many, 24, 'm').label}-attention", "store")
    assert choose_layers(many, 24, "m").label != choose_layers(many.replace("24:24", "24:25"), 24, "m").label


@pytest.mark.parametrize(
    "layer", ["3-2", "0-2", "2-5", "1:x", "1:1,1:2", "1:0", "1:-1", "1:inf", "5:1", "0:1", "1:", "1.5"]
)
def test_choices_of_layers_that_are_none(layer: str) -> None:
    with pytest.raises(BadInputError, match="layer") as caught:
        choose_layers(layer, 4, "m")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("layer", [0, 5, -1, "last"])
def test_layer_that_is_not_there(layer: int | str) -> None:
    with pytest.raises(BadInputError, match="layer"):
        choose_layers(layer, 4, "m")


@pytest.mark.parametrize(
    ("clip", "reason"),
    [
        (np.zeros(100, dtype=np.float32), "too short"),
        (np.zeros((2, 16_000), dtype=np.float32), "one channel"),
        (np.full(16_000, np.nan, dtype=np.float32), "NaN"),
    ],
)
def test_waveform_that_cannot_be_encoded(tiny_whisper: Path, clip: np.ndarray, reason: str) -> None:
    encoder = AudioEncoder.load(str(tiny_whisper), device="cpu")
    with pytest.raises(BadInputError, match=reason):
        encoder.encode([clip])


def test_silence_has_a_finite_vector(tiny_whisper: Path, tiny_wav2vec: Callable[[str], Path]) -> None:
    for folder in (tiny_whisper, tiny_wav2vec("wav2vec2-group")):
        assert np.isfinite(AudioEncoder.load(str(folder), device="cpu").encode([np.zeros(3200, np.float32)])).all()


def test_no_clips(tiny_whisper: Path) -> None:
    assert AudioEncoder.load(str(tiny_whisper), device="cpu").encode([]).shape == (0, 16)


@pytest.mark.speech
def test_real_clips_by_the_real_encoder(shared: Path) -> None:
    # The sixth character of EmoDB's file names is the emotion: W is anger, T is sadness.
    files = sorted((shared / "data" / "emodb").rglob("*.flac"))
    angry, sad = ([file for file in files if file.stem[5] == letter][::7][:9] for letter in "WT")
    clips = [soundfile.read(file, dtype="float32")[0] for file in angry + sad]
    encoder = AudioEncoder.load(str(shared / "models" / "whisper-tiny-encoder"), device="cpu")
    assert (encoder.name, encoder.dim) == ("whisper-tiny-encoder@3-mean", 384)
    vectors = encoder.encode(clips)
    assert cosines(vectors[::5], np.concatenate([encoder.encode([clip]) for clip in clips[::5]])).min() > 0.9999
    centred = vectors - vectors.mean(axis=0)
    near = centred @ centred.T
    assert near[:9, :9].mean() > 0 > near[:9, 9:].mean()
