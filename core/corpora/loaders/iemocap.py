"""IEMOCAP (Busso et al., Language Resources and Evaluation 42, 2008): the consensus of the evaluation files.

Line formats after the release itself and the public readers of it (Strong-AI-Lab/emotion, s3prl, EmoBox).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from core.corpora.drafts import Draft, Loader, Row
from core.corpora.loaders.annotations import Scale, child, clips_by_stem, scale_remark, settle_votes, unlabelled, vote
from core.corpora.loaders.textfile import read_text
from core.corpora.problems import Problem
from core.errors import BadInputError

EMOTION_CODES: dict[str, str | None] = {
    "ang": "angry",
    "hap": "happy",
    "sad": "sad",
    "neu": "neutral",
    "exc": "excited",
    "fru": "frustrated",
    "fea": "fear",
    "sur": "surprise",
    "dis": "disgust",
    "oth": "other",
    "xxx": None,
}
_SESSION = re.compile(r"Session[1-5]", re.IGNORECASE)
_NUMBER = r"([-+.\w]+)"
_CONSENSUS = re.compile(rf"\[[^\]]*\]\s+(\w+)\s+(\w+)\s+\[{_NUMBER},\s*{_NUMBER},\s*{_NUMBER}\]\s*")
_TRANSCRIPT = re.compile(r"(\w+)\s+\[[\d.]+-[\d.]+\]:(.*)")
# The letter after the last underscore speaks; the one in front says who wore the motion sensors.
_ID = re.compile(r"(?P<dialog>Ses0(?P<session>[1-5])[MF]_\w+)_(?P<speaker>[MF])\d+")
_GENDERS = {"F": "female", "M": "male"}


def read(root: Path) -> Draft:
    """Reads ``IEMOCAP_full_release`` with any of its five sessions.

    Only the files directly in ``dialog/EmoEvaluation`` are read, not those of single annotators below it. Their times
    are those of the dialogue; the clips are cut already, so ``start`` and ``end`` stay empty.

    Raises:
        BadInputError: there is no session, or no evaluation file.
    """
    if not _sessions(root):
        inner = child(root, "IEMOCAP_full_release")
        if inner is None or not _sessions(inner):
            raise BadInputError(f"{root}: there is no Session1 to Session5 (expected: {LOADER.layout})")
        root = inner
    draft = Draft(root, [], scales={name: [1.0, 5.0] for name in ("valence", "arousal", "dominance")})
    scale = Scale(1, 5)
    files = 0
    for session in _sessions(root):
        clips, copies = clips_by_stem(root, session / "sentences" / "wav", depth=1)
        draft.problems.extend(copies)
        texts = _transcripts(session / "dialog" / "transcriptions")
        begin = len(draft.rows)
        for file in _text_files(session / "dialog" / "EmoEvaluation"):
            files += 1
            _read_evaluation(file, root, draft, clips, texts, scale)
        labelled = [row.values["utterance_id"] for row in draft.rows[begin:]]
        draft.problems.extend(unlabelled(clips, labelled, f"{session.name}/dialog/EmoEvaluation"))
    if not files:
        raise BadInputError(f"{root}: there is no SessionN/dialog/EmoEvaluation/*.txt (expected: {LOADER.layout})")
    settle_votes(draft.rows)
    draft.remarks.extend(scale_remark([scale]))
    return draft


def _sessions(root: Path) -> list[Path]:
    return sorted(path for path in root.iterdir() if _SESSION.fullmatch(path.name) and path.is_dir())


def _text_files(folder: Path) -> list[Path]:
    """Files in the folder itself; hidden ones are what a Mac leaves behind."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.suffix == ".txt" and path.name[0] != "." and path.is_file())


def _transcripts(folder: Path) -> dict[str, str]:
    """What is said in each utterance; lines that are none, and files that are missing, do no harm."""
    texts: dict[str, str] = {}
    for file in _text_files(folder):
        for line in read_text(file).split("\n"):
            match = _TRANSCRIPT.match(line.strip())
            if match is not None and match[2].strip():
                texts[match[1]] = " ".join(match[2].split())
    return texts


def _read_evaluation(
    file: Path, root: Path, draft: Draft, clips: dict[str, str], texts: dict[str, str], scale: Scale
) -> None:
    name = file.relative_to(root).as_posix()
    votes: dict[str, float] = {}
    for number, line in enumerate(read_text(file).split("\n"), start=1):
        line = line.strip()
        # Raters C-E...; C-F... and C-M... are what the speakers said of themselves.
        if line.startswith("C-E"):
            for word in line.partition(":")[2].partition("(")[0].split(";"):
                emotion = vote(word)
                if emotion is not None:
                    votes[emotion] = votes.get(emotion, 0.0) + 1.0
            continue
        if not line.startswith("["):
            continue
        match = _CONSENSUS.fullmatch(line)
        if match is None:
            # The first line says how the others are made: [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D].
            if "TURN_NAME" not in line:
                reason = "is not '[start - end] utterance label [V, A, D]'"
                draft.problems.append(Problem(name, number, reason, "compare it with the release"))
            votes = {}
            continue
        votes = {}
        result = _values(match, clips, texts, scale, votes)
        if isinstance(result, str):
            draft.problems.append(Problem(name, number, result, "compare it with the release"))
        else:
            draft.rows.append(Row(result, name, number))


def _values(
    match: re.Match[str], clips: dict[str, str], texts: dict[str, str], scale: Scale, votes: dict[str, float]
) -> dict[str, Any] | str:
    """The columns of an utterance, or what is wrong with its line; ``votes`` are filled by the lines below."""
    utterance, label = match[1], match[2]
    identity = _ID.fullmatch(utterance)
    if identity is None:
        return f"{utterance!r} is not named like an utterance of IEMOCAP (Ses01F_impro01_F000)"
    if label not in EMOTION_CODES:
        return f"the label {label!r} is not one of {', '.join(EMOTION_CODES)}"
    session, speaker = identity["session"], identity["speaker"]
    return {
        "utterance_id": utterance,
        "audio": clips.get(utterance, f"Session{session}/sentences/wav/{identity['dialog']}/{utterance}.wav"),
        "text": texts.get(utterance),
        "emotion": EMOTION_CODES[label],
        "speaker": f"Ses0{session}{speaker}",
        "session": session,
        "gender": _GENDERS[speaker],
        "language": "en",
        "valence": scale(match[3]),
        "arousal": scale(match[4]),
        "dominance": scale(match[5]),
        "emotion_votes": votes,
    }


LOADER = Loader(
    name="iemocap",
    title="IEMOCAP - Interactive Emotional Dyadic Motion Capture Database",
    description="10,039 utterances of 10 actors in 5 sessions, scripted and improvised, 10 emotions, English.",
    licence="by agreement with USC SAIL, research only",
    layout="Session1/sentences/wav/..., Session1/dialog/EmoEvaluation/*.txt, Session1/dialog/transcriptions/*.txt",
    read=read,
)
