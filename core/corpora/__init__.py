"""Corpora: from files on disk to one table of utterances, their audio, classes and folds."""

from __future__ import annotations

from core.corpora.audio import AudioInfo, probe_audio, read_audio
from core.corpora.classes import class_view
from core.corpora.drafts import Loader
from core.corpora.folds import Fold, make_folds
from core.corpora.ingest import Ingested, find_loader, ingest
from core.corpora.loaders import LOADERS
from core.corpora.problems import Problem, write_problems
from core.corpora.store import Corpus, load_corpus, save_corpus
from core.corpora.table import SCHEMA, build_table, validate_table
from core.corpora.transcripts import transcript_groups
from core.corpora.vocabulary import EMOTIONS, read_emotion

__all__ = [
    "EMOTIONS",
    "LOADERS",
    "SCHEMA",
    "AudioInfo",
    "Corpus",
    "Fold",
    "Ingested",
    "Loader",
    "Problem",
    "build_table",
    "class_view",
    "find_loader",
    "ingest",
    "load_corpus",
    "make_folds",
    "probe_audio",
    "read_audio",
    "read_emotion",
    "save_corpus",
    "transcript_groups",
    "validate_table",
    "write_problems",
]
