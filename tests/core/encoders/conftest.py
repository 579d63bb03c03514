"""Tiny encoders with random weights, in the form in which the hub gives real ones, and a small synthetic corpus."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
import torch
import transformers

from core.corpora import Corpus, build_table, save_corpus
from core.workspace import Workspace

RATE = 16_000

_WAV2VEC: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 4,
    "num_attention_heads": 2,
    "intermediate_size": 48,
    "conv_dim": (16, 16, 16),
    "conv_stride": (5, 4, 4),
    "conv_kernel": (10, 8, 4),
    "num_feat_extract_layers": 3,
    "num_conv_pos_embeddings": 16,
    "num_conv_pos_embedding_groups": 2,
    "num_buckets": 32,
    "max_bucket_distance": 64,
    "vocab_size": 8,
}
FAMILIES: dict[str, tuple[str, str, dict[str, Any]]] = {
    "wav2vec2-layer": ("Wav2Vec2", "Wav2Vec2", {"feat_extract_norm": "layer", "do_stable_layer_norm": True}),
    "wav2vec2-group": ("Wav2Vec2", "Wav2Vec2", {"feat_extract_norm": "group"}),
    "hubert-layer": ("Hubert", "Hubert", {"feat_extract_norm": "layer", "do_stable_layer_norm": True}),
    "hubert-group": ("Hubert", "Hubert", {"feat_extract_norm": "group"}),
    "wavlm-layer": ("WavLM", "WavLM", {"feat_extract_norm": "layer", "do_stable_layer_norm": True}),
    "wavlm-group": ("WavLM", "WavLM", {"feat_extract_norm": "group"}),
    "data2vec": ("Data2VecAudio", "Data2VecAudio", {"conv_pos_kernel_size": 5, "num_conv_pos_embeddings": 3}),
    "unispeech": ("UniSpeech", "UniSpeech", {"feat_extract_norm": "layer", "do_stable_layer_norm": True}),
    "unispeech-sat": ("UniSpeechSat", "UniSpeechSat", {"feat_extract_norm": "group"}),
    "hubert-batch-norm": ("Hubert", "Hubert", {"feat_extract_norm": "group", "conv_pos_batch_norm": True}),
    "w2v-bert-key": ("Wav2Vec2Bert", "Wav2Vec2Bert", {"position_embeddings_type": "relative_key"}),
    "w2v-bert-relative": ("Wav2Vec2Bert", "Wav2Vec2Bert", {"position_embeddings_type": "relative"}),
    "w2v-bert-rotary": ("Wav2Vec2Bert", "Wav2Vec2Bert", {"position_embeddings_type": "rotary"}),
    "ast": ("AST", "AST", {}),
}
_KINDS: dict[str, dict[str, Any]] = {
    "AST": {
        "hidden_size": 32,
        "num_hidden_layers": 4,
        "num_attention_heads": 2,
        "intermediate_size": 48,
        "num_mel_bins": 36,
        "max_length": 128,
    },
    "Wav2Vec2Bert": {
        "hidden_size": 32,
        "num_hidden_layers": 4,
        "num_attention_heads": 2,
        "intermediate_size": 48,
        "feature_projection_input_dim": 160,
        "conv_depthwise_kernel_size": 7,
        "left_max_position_embeddings": 8,
        "right_max_position_embeddings": 4,
        "add_adapter": True,
        "num_adapter_layers": 1,
        "use_intermediate_ffn_before_adapter": True,
    },
}


def speech(seconds: float, seed: int) -> np.ndarray:
    """Noise with a moving pitch and pauses, (samples,) float32 at 16 kHz: a stand-in for a clip."""
    generator = np.random.default_rng(seed)
    time = np.arange(round(seconds * RATE)) / RATE
    pitch = 120 + 60 * generator.random() + 30 * np.sin(2 * np.pi * generator.uniform(0.5, 3) * time)
    voice = np.sin(2 * np.pi * np.cumsum(pitch) / RATE) * (np.sin(2 * np.pi * 3 * time) > -0.3)
    return (0.3 * voice + 0.02 * generator.standard_normal(len(time))).astype(np.float32)


@pytest.fixture(scope="session")
def clips() -> list[np.ndarray]:
    """Clips of very different lengths."""
    return [speech(seconds, seed) for seed, seconds in enumerate((1.3, 0.2, 3.1, 2.0, 0.7, 1.3))]


@pytest.fixture(scope="session")
def tiny_whisper(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Whisper checkpoint with random weights: 4 blocks, 16 dimensions."""
    folder = tmp_path_factory.mktemp("models") / "tiny-whisper"
    torch.manual_seed(0)
    config = transformers.WhisperConfig(
        vocab_size=8,
        d_model=16,
        encoder_layers=4,
        encoder_attention_heads=2,
        encoder_ffn_dim=32,
        decoder_layers=1,
        decoder_attention_heads=2,
        decoder_ffn_dim=16,
        max_target_positions=4,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=1,
        decoder_start_token_id=1,
    )
    model = transformers.WhisperModel(config)
    _shake(model)
    model.save_pretrained(folder)
    transformers.WhisperFeatureExtractor().save_pretrained(folder)
    return folder


@pytest.fixture(scope="session")
def tiny_wav2vec(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Makes a checkpoint of one of ``FAMILIES`` with random weights: 4 blocks, 32 dimensions."""
    parent = tmp_path_factory.mktemp("models")

    def make(family: str) -> Path:
        folder = parent / family
        if not folder.exists():
            torch.manual_seed(0)
            config_name, model_name, extra = FAMILIES[family]
            config = getattr(transformers, f"{config_name}Config")(**_KINDS.get(config_name, _WAV2VEC) | extra)
            model = getattr(transformers, f"{model_name}Model")(config)
            _shake(model)
            model.save_pretrained(folder)
            _extractor(config_name).save_pretrained(folder)
        return folder

    return make


def _extractor(kind: str) -> Any:
    if kind == "AST":
        return transformers.ASTFeatureExtractor(num_mel_bins=36, max_length=128)
    if kind == "Wav2Vec2Bert":
        return transformers.SeamlessM4TFeatureExtractor()
    return transformers.Wav2Vec2FeatureExtractor(do_normalize=True, return_attention_mask=True)


def _shake(model: torch.nn.Module) -> None:
    # Fresh biases are zero, and zero biases hide what leaks out of the padding.
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if "embed_positions" not in name and parameter.requires_grad:
                parameter.add_(0.1 * torch.randn_like(parameter))


@pytest.fixture(scope="session")
def make_corpus() -> Callable[..., Corpus]:
    """Writes ``n`` short clips and their utterance table into a workspace."""

    def make(workspace: Workspace, n: int = 12, name: str = "toy", **columns: list[Any]) -> Corpus:
        root = workspace.root / "audio" / name
        root.mkdir(parents=True, exist_ok=True)
        rows = []
        for index in range(n):
            soundfile.write(root / f"{index:03d}.wav", speech(0.3 + 0.1 * (index * 7 % 11), index), RATE)
            row = {
                "utterance_id": f"u{index:03d}",
                "audio": f"{index:03d}.wav",
                "text": ("kids are talking by the door", "dogs are sitting by the door")[index % 2],
                "emotion": ("angry", "sad", "happy")[index % 3],
                "speaker": f"s{index % 4}",
            }
            rows.append(row | {key: values[index] for key, values in columns.items()})
        corpus = Corpus(name=name, root=root, table=build_table(rows), metadata={"loader": "folder"})
        save_corpus(corpus, workspace)
        return corpus

    return make
