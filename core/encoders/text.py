"""Transcripts to vectors: the last hidden state of a frozen text encoder, pooled over the tokens."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import torch

from core.encoders.checkpoint import Checkpoint, find_checkpoint, load_model, loading
from core.encoders.device import choose_device, choose_precision
from core.encoders.families import main_input
from core.encoders.sentence import pool_tokens, token_pooling
from core.errors import BadInputError, FailureError
from core.files import read_json

_AFTER_PADDING = ("roberta", "camembert", "mpnet", "longformer", "data2vec-text", "xmod", "esm")


class TextEncoder:
    """A frozen text encoder (BERT-like; sentence-transformers folders too). Build it with ``TextEncoder.load``.

    The mean over the tokens, special ones included, or what a sentence-transformers folder says of its pooling; what
    such a folder puts after that (a projection, unit length) is left out.
    """

    modality: ClassVar[str] = "text"

    def __init__(self, checkpoint: Checkpoint, device: torch.device, dtype: torch.dtype = torch.float32) -> None:
        from transformers import AutoTokenizer

        config = checkpoint.config()
        self._refuse_others(checkpoint, config)
        with loading(checkpoint.name):
            self.tokenizer = AutoTokenizer.from_pretrained(
                checkpoint.folder, local_files_only=True, trust_remote_code=False
            )
        if self.tokenizer.pad_token is None:
            self.tokenizer.pad_token = self.tokenizer.eos_token or self.tokenizer.unk_token
        if self.tokenizer.pad_token is None:
            raise BadInputError(f"{checkpoint.name}: the tokenizer has no padding token")
        self.tokenizer.padding_side = "right"
        self.checkpoint = checkpoint
        self.model_type = str(config.model_type)
        self.pooling = token_pooling(checkpoint.folder, checkpoint.name)
        self.model = load_model(checkpoint, config, may_miss=("*pooler*",)).to(device=device, dtype=dtype)
        self.device = device
        self.dtype = dtype
        self.longest = self._longest(config)

    @staticmethod
    def load(id_or_path: str | Path | Checkpoint, device: str = "auto", precision: str = "auto") -> TextEncoder:
        """The encoder of a hub id or a checkpoint's folder; ``minilm`` is all-MiniLM-L6-v2.

        ``device`` and ``precision`` are as those of ``AudioEncoder.load``.

        Raises:
            BadInputError: no such checkpoint, pickle weights, no text encoder, or one with a pooling not known here.
            FailureError: a hub id that is not on this machine while the hub cannot be reached.
        """
        target = choose_device(device)
        dtype = choose_precision(precision, target)
        return TextEncoder(find_checkpoint(id_or_path), target, dtype)

    @staticmethod
    def _refuse_others(checkpoint: Checkpoint, config: Any) -> None:
        kind = f"{checkpoint.name}: a model of type {config.model_type!r}"
        reads = main_input(config)
        if reads in ("input_values", "input_features"):
            raise BadInputError(
                f"{kind} is no text encoder: it reads speech; give it as the speech encoder (--audio-encoder)"
            )
        # Models of two modalities (CLIP) keep their vocabulary in a part of their own.
        if reads != "input_ids" or getattr(config, "is_encoder_decoder", False) or not hasattr(config, "vocab_size"):
            raise BadInputError(f"{kind} is no text encoder; use a BERT-like one, for example minilm")

    @property
    def precision(self) -> str:
        """``float32``, ``bfloat16`` or ``float16``; vectors are always pooled in float32."""
        return str(self.dtype).removeprefix("torch.")

    @property
    def dim(self) -> int:
        """Length of a vector."""
        return int(self.model.config.hidden_size)

    @property
    def name(self) -> str:
        """The name of the store's folder, for example ``all-MiniLM-L6-v2@mean``."""
        return f"{self.checkpoint.short_name}@{self.pooling}"

    def meta(self) -> dict[str, Any]:
        """What makes these vectors what they are, for the store's meta.json."""
        return {
            "modality": self.modality,
            "encoder": self.checkpoint.name,
            "revision": self.checkpoint.revision,
            "weights_sha256": self.checkpoint.sha256,
            "model_type": self.model_type,
            "layer": int(self.model.config.num_hidden_layers),
            "pooling": self.pooling,
            "precision": self.precision,
            "dimension": self.dim,
            "sampling_rate": None,
        }

    def encode(self, texts: Sequence[str], batch: int = 32) -> np.ndarray:
        """One vector per text, (n, dim) float32, in the order given; long texts are cut to what the model can read.

        Raises:
            BadInputError: a text is empty or no string.
            FailureError: out of memory.
        """
        for position, text in enumerate(texts):
            try:
                self.prepare(text)
            except BadInputError as error:
                raise BadInputError(f"text {position}: {error}") from None
        return self.encode_prepared(texts, batch)

    def prepare(self, text: str) -> str:
        """The text, if there is one.

        Raises:
            BadInputError: empty or no string.
        """
        if not isinstance(text, str) or not text.strip():
            raise BadInputError("empty; there is nothing to encode")
        return text

    def encode_prepared(self, texts: Sequence[str], batch: int = 32) -> np.ndarray:
        """As ``encode``, from what ``prepare`` gave."""
        vectors = np.zeros((len(texts), self.dim), dtype=np.float32)
        order = sorted(range(len(texts)), key=lambda index: len(texts[index]))
        for start in range(0, len(order), max(1, batch)):
            chosen = order[start : start + max(1, batch)]
            try:
                tokens = self.tokenizer(
                    [texts[index] for index in chosen],
                    padding=True,
                    truncation=True,
                    max_length=self.longest,
                    return_tensors="pt",
                ).to(self.device)
                with torch.inference_mode():
                    hidden = self.model(**tokens).last_hidden_state.float()
                    pooled = pool_tokens(hidden, tokens["attention_mask"], self.pooling)
            except torch.OutOfMemoryError:
                raise FailureError(f"{self.device}: out of memory; use a smaller batch") from None
            except (IndexError, KeyError, TypeError, ValueError, AttributeError) as error:
                # Such as words that the model has no vector for.
                line = (str(error).splitlines() or [type(error).__name__])[0][:200]
                raise BadInputError(
                    f"{self.checkpoint.name}: tokenizer and weights do not fit ({line}); fetch the checkpoint again"
                ) from None
            vectors[chosen] = pooled.cpu().numpy()
        return vectors

    def _longest(self, config: Any) -> int:
        limits = [512]
        said = self.tokenizer.model_max_length
        # Taken from the checkpoint's files as it stands there, which may be a word.
        if isinstance(said, int | float) and 0 < said < 1_000_000:
            limits.append(int(said))
        positions = getattr(config, "max_position_embeddings", None)
        if isinstance(positions, int) and positions > 8:
            # The positions of RoBERTa and its kin begin after the padding index.
            limits.append(positions - 2 if any(kin in self.model_type for kin in _AFTER_PADDING) else positions)
        settings = self.checkpoint.folder / "sentence_bert_config.json"
        if settings.is_file():
            content = read_json(settings)
            length = content.get("max_seq_length") if isinstance(content, dict) else None
            if isinstance(length, int) and length > 8:
                limits.append(length)
        return min(limits)
