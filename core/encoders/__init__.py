"""Encoders of speech and text, and the store of what they give.

``embed_corpus`` runs frozen Hugging Face encoders over a corpus; ``Embeddings`` reads the result, memory-mapped;
``require_current`` refuses one that is not finished or not of the corpus as it is now.
"""

from __future__ import annotations

from core.encoders.audio import AudioEncoder
from core.encoders.current import require_current
from core.encoders.embedding import embed_corpus
from core.encoders.store import Embeddings
from core.encoders.text import TextEncoder

__all__ = ["AudioEncoder", "Embeddings", "TextEncoder", "embed_corpus", "require_current"]
