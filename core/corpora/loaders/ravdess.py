"""RAVDESS, the speech part (Livingstone and Russo, PLoS ONE 13(5), 2018).

File names: modality-channel-emotion-intensity-statement-repetition-actor.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from core.corpora.drafts import Draft, Loader, Row, audio_files
from core.corpora.loaders.copies import copies_remark, without_copies
from core.corpora.problems import Problem, printable
from core.errors import BadInputError

STATEMENTS = {"01": "Kids are talking by the door.", "02": "Dogs are sitting by the door."}
EMOTION_CODES = {
    "01": "neutral",
    "02": "calm",
    "03": "happy",
    "04": "sad",
    "05": "angry",
    "06": "fear",
    "07": "disgust",
    "08": "surprise",
}
_NAME = re.compile(
    r"(?P<modality>0[1-3])-(?P<channel>0[12])-(?P<emotion>0[1-8])-0[12]-(?P<statement>0[12])-0[12]-"
    r"(?P<actor>0[1-9]|1\d|2[0-4])"
)


def read(root: Path) -> Draft:
    """Reads the folder that holds ``Actor_01`` to ``Actor_24``, or the clips themselves; songs are passed over,
    and what is there twice is read once.

    Raises:
        BadInputError: there is no audio.
    """
    files, passed = without_copies(root, audio_files(root), lambda file: PurePosixPath(file).stem)
    if not files:
        raise BadInputError(f"{printable(str(root))}: there is no audio in this folder (expected: {LOADER.layout})")
    rows: list[Row] = []
    problems: list[Problem] = []
    songs = 0
    for audio in files:
        stem = PurePosixPath(audio).stem
        match = _NAME.fullmatch(stem)
        if match is None:
            problems.append(Problem(audio, None, "is not named like a clip of RAVDESS (03-01-06-01-02-01-12)"))
            continue
        if match["channel"] == "02":
            songs += 1
            continue
        values = {
            "utterance_id": stem,
            "audio": audio,
            "text": STATEMENTS[match["statement"]],
            "emotion": EMOTION_CODES[match["emotion"]],
            "speaker": match["actor"],
            "gender": "male" if int(match["actor"]) % 2 else "female",
            "language": "en",
        }
        rows.append(Row(values, audio))
    remarks = [f"{songs} songs were passed over: only speech is read"] if songs else []
    return Draft(root, rows, problems, remarks + copies_remark(passed))


LOADER = Loader(
    name="ravdess",
    title="RAVDESS - Ryerson Audio-Visual Database of Emotional Speech and Song (speech)",
    description="1,440 acted utterances, 24 actors, 8 emotions, English; 2 sentences said in every emotion.",
    licence="CC BY-NC-SA 4.0",
    layout="Actor_01/03-01-06-01-02-01-01.wav ..., or the clips directly in PATH; WAV or FLAC",
    read=read,
)
