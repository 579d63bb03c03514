"""MSP-IMPROV (Busso et al., IEEE Transactions on Affective Computing 8(1), 2017): the perceived consensus.

Line formats after the release itself and the public readers of it (Strong-AI-Lab/emotion, MMIN).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from core.corpora.drafts import Draft, Loader, Row
from core.corpora.loaders.annotations import (
    Scale,
    Transcripts,
    attributes,
    child,
    clips_by_stem,
    scale_remark,
    settle_votes,
    unlabelled,
    vote,
)
from core.corpora.loaders.textfile import read_text
from core.corpora.problems import Problem
from core.errors import BadInputError

LETTERS: dict[str, str | None] = {
    "A": "angry",
    "H": "happy",
    "S": "sad",
    "N": "neutral",
    "O": "other",
    "X": None,
}
# The release's own spelling first.
LABEL_FILES = ("Evalution.txt", "Evaluation.txt")
_CONSENSUS = re.compile(r"(?:UTD|MSP)-IMPROV-([A-Z0-9-]+)\.\w+\s*;\s*(\w+)\s*;(.*)")
# A, H, S or N in a name is what the scene aimed at, not what was heard: it is no label.
_ID = re.compile(r"S\d\d[AHSN]-(?P<speaker>(?P<gender>[FM])0(?P<session>[1-6]))-(?P<part>[PRST])-[FM]{2}\d+")
_GENDERS = {"F": "female", "M": "male"}


def read(root: Path) -> Draft:
    """Reads the folder that holds ``Evalution.txt`` and the sessions, with or without ``Audio/`` above them.

    Activation is turned over: in the release 1 is active and 5 is calm.

    Raises:
        BadInputError: there is no label file, or no audio.
    """
    labels = child(root, *LABEL_FILES)
    if labels is None or not labels.is_file():
        raise BadInputError(f"{root}: there is no {' or '.join(LABEL_FILES)} (expected: {LOADER.layout})")
    clips, problems = clips_by_stem(root, child(root, "Audio") or root, depth=5)
    if not clips:
        raise BadInputError(f"{root}: there is no audio in this folder (expected: {LOADER.layout})")
    scales = {"arousal": Scale(5, 1), "valence": Scale(1, 5), "dominance": Scale(1, 5)}
    draft = Draft(root, [], problems, scales={name: [scale.low, scale.high] for name, scale in scales.items()})
    _read_labels(labels, draft, clips, _transcripts(root), scales)
    draft.problems.extend(unlabelled(clips, [row.values["utterance_id"] for row in draft.rows], labels.name))
    settle_votes(draft.rows)
    draft.remarks.extend(scale_remark(scales.values()))
    return draft


def _transcripts(root: Path) -> Transcripts:
    above = child(root, "Human_transcriptions") or root
    return Transcripts(child(above, "All_human_transcriptions"))


def _read_labels(file: Path, draft: Draft, clips: dict[str, str], texts: Transcripts, scales: dict[str, Scale]) -> None:
    votes: dict[str, float] = {}
    raters: set[str] = set()
    for number, line in enumerate(read_text(file).split("\n"), start=1):
        line = line.strip()
        match = _CONSENSUS.fullmatch(line)
        if match is not None:
            votes, raters = {}, set()
            result = _values(match, clips, texts, scales, votes)
            if isinstance(result, str):
                draft.problems.append(Problem(file.name, number, result, "compare it with the release"))
            else:
                draft.rows.append(Row(result, file.name, number))
        elif re.match(r"(?:UTD|MSP)-IMPROV-", line):
            votes, raters = {}, set()
            reason = "is not 'UTD-IMPROV-...avi; label; A:..; V:..; D:..; N:..;'"
            draft.problems.append(Problem(file.name, number, reason, "compare it with the release"))
        elif ";" in line:
            rater, word = (cell.strip() for cell in line.split(";")[:2])
            emotion = vote(word)
            # Some rated a turn twice: one person, one vote.
            if rater not in raters and emotion is not None:
                raters.add(rater)
                votes[emotion] = votes.get(emotion, 0.0) + 1.0


def _values(
    match: re.Match[str], clips: dict[str, str], texts: Transcripts, scales: dict[str, Scale], votes: dict[str, float]
) -> dict[str, Any] | str:
    """The columns of a turn, or what is wrong with its line; ``votes`` are filled by the lines below."""
    name, label, rest = match.groups()
    identity = _ID.fullmatch(name)
    if identity is None:
        return f"{name!r} is not named like a turn of MSP-IMPROV (S01A-F01-P-FM01)"
    if label not in LETTERS:
        return f"the label {label!r} is not one of {', '.join(LETTERS)}"
    utterance = f"MSP-IMPROV-{name}"
    session, scene = identity["session"], name.partition("-")[0]
    numbers = attributes(rest)
    return {
        "utterance_id": utterance,
        "audio": clips.get(utterance, f"session{session}/{scene}/{identity['part']}/{utterance}.wav"),
        "text": texts(utterance),
        "emotion": LETTERS[label],
        "speaker": identity["speaker"],
        "session": session,
        "gender": _GENDERS[identity["gender"]],
        "language": "en",
        "arousal": scales["arousal"](numbers.get("A")),
        "valence": scales["valence"](numbers.get("V")),
        "dominance": scales["dominance"](numbers.get("D")),
        "emotion_votes": votes,
    }


LOADER = Loader(
    name="msp-improv",
    title="MSP-IMPROV - acted corpus of dyadic interactions",
    description="8,438 turns of 12 actors in 6 sessions, read, improvised and natural, 4 emotions, English.",
    licence="by agreement with UT Dallas, academic or commercial",
    layout="Evalution.txt, Audio/session1/S01A/P/MSP-IMPROV-S01A-F01-P-FM01.wav ..., All_human_transcriptions/",
    read=read,
)
