"""Surrey Audio-Visual Expressed Emotion (Haq and Jackson, AVSP 2009; University of Surrey).

Names: ``AudioData/DC/a01.wav`` as released, ``DC_a01.wav`` in flat copies. The clips do not say which of the TIMIT
sentences they hold, so there is no text.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from core.corpora.drafts import Draft, Loader, Row, audio_files
from core.corpora.loaders.copies import copies_remark, without_copies
from core.corpora.problems import Problem, printable
from core.errors import BadInputError

SPEAKERS = ("DC", "JE", "JK", "KL")
EMOTION_CODES = {
    "a": "angry",
    "d": "disgust",
    "f": "fear",
    "h": "happy",
    "n": "neutral",
    "sa": "sad",
    "su": "surprise",
}
_NAME = re.compile(rf"(?:(?P<speaker>{'|'.join(SPEAKERS)})_)?(?P<emotion>sa|su|[adfhn])(?P<number>\d\d)")


def read(root: Path) -> Draft:
    """Reads either layout; the folder of a single speaker is read as well.

    Raises:
        BadInputError: there is no audio.
    """
    identities = {file: _identity(root, file) for file in audio_files(root, depth=4)}
    if not identities:
        raise BadInputError(f"{printable(str(root))}: there is no audio in this folder (expected: {LOADER.layout})")
    files, passed = without_copies(root, identities, lambda file: "_".join(identities[file] or (file,)))
    rows: list[Row] = []
    problems: list[Problem] = []
    for audio in files:
        identity = identities[audio]
        if identity is None:
            reason = "is not named like a clip of SAVEE (for example DC/a01 or DC_a01)"
            problems.append(Problem(audio, None, reason))
            continue
        speaker, code, number = identity
        values = {
            "utterance_id": f"{speaker}_{code}{number}",
            "audio": audio,
            "emotion": EMOTION_CODES[code],
            "speaker": speaker,
            "gender": "male",
            "language": "en",
        }
        rows.append(Row(values, audio))
    return Draft(root, rows, problems, copies_remark(passed))


def _identity(root: Path, audio: str) -> tuple[str, str, str] | None:
    """Speaker, emotion code and number."""
    path = PurePosixPath(audio)
    match = _NAME.fullmatch(path.stem)
    if match is None:
        return None
    folder = path.parent.name or root.name
    speaker = match["speaker"] or (folder if folder in SPEAKERS else None)
    return None if speaker is None else (speaker, match["emotion"], match["number"])


LOADER = Loader(
    name="savee",
    title="SAVEE - Surrey Audio-Visual Expressed Emotion",
    description="480 acted utterances, 4 male speakers, 7 emotions, English; the release has no transcripts.",
    licence="free for research on request (University of Surrey)",
    layout="AudioData/DC/a01.wav ..., or DC_a01.wav ... in one folder",
    read=read,
)
