"""Corpora: from files on disk to one table of utterances, their audio, classes and folds."""

from __future__ import annotations

from core.corpora.audio import AudioInfo, probe_audio, read_audio
from core.corpora.classes import CLASS_SETS, class_view
from core.corpora.drafts import Draft, Loader, Row, audio_files
from core.corpora.folds import Fold, make_folds
from core.corpora.ingest import Ingested, find_loader, ingest
from core.corpora.loaders import LOADERS
from core.corpora.permissions import (
    Permissions,
    change_permissions,
    for_people,
    require_audio,
)
from core.corpora.problems import NothingUsableError, Problem, write_problems
from core.corpora.published import Comparison, compare
from core.corpora.store import Corpus, is_synthetic, load_corpus, save_corpus
from core.corpora.table import SCHEMA, build_table, validate_table
from core.corpora.transcripts import transcript_groups
from core.corpora.vocabulary import EMOTIONS, read_emotion

__all__ = [
    "CLASS_SETS",
    "EMOTIONS",
    "LOADERS",
    "SCHEMA",
    "AudioInfo",
    "Comparison",
    "Corpus",
    "Draft",
    "Fold",
    "Ingested",
    "Loader",
    "NothingUsableError",
    "Permissions",
    "Problem",
    "Row",
    "audio_files",
    "build_table",
    "change_permissions",
    "class_view",
    "compare",
    "find_loader",
    "for_people",
    "ingest",
    "is_synthetic",
    "load_corpus",
    "make_folds",
    "probe_audio",
    "read_audio",
    "read_emotion",
    "require_audio",
    "save_corpus",
    "transcript_groups",
    "validate_table",
    "write_problems",
]
