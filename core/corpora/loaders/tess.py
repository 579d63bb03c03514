"""The Toronto Emotional Speech Set (Dupuis and Pichora-Fuller, University of Toronto, 2010).

File names: actress_word_emotion; OAF is the older actress, YAF the younger, ``ps`` a pleasant surprise.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from core.corpora.drafts import Draft, Loader, Row, audio_files
from core.corpora.loaders.copies import copies_remark, without_copies
from core.corpora.problems import Problem, printable
from core.errors import BadInputError

EMOTION_WORDS = {
    "angry": "angry",
    "disgust": "disgust",
    "fear": "fear",
    "happy": "happy",
    "neutral": "neutral",
    "ps": "surprise",
    "sad": "sad",
}
# One clip of the release is called OA_bite_neutral.
_NAME = re.compile(rf"(?P<speaker>OAF?|YAF)_(?P<word>[a-z'-]+)_(?P<emotion>{'|'.join(EMOTION_WORDS)})", re.IGNORECASE)


def read(root: Path) -> Draft:
    """Reads clips in any folder below ``root``; what is there twice is read once.

    Raises:
        BadInputError: there is no audio.
    """
    files, passed = without_copies(root, audio_files(root, depth=5), lambda file: PurePosixPath(file).stem.casefold())
    if not files:
        raise BadInputError(f"{printable(str(root))}: there is no audio in this folder (expected: {LOADER.layout})")
    rows: list[Row] = []
    problems: list[Problem] = []
    for audio in files:
        match = _NAME.fullmatch(PurePosixPath(audio).stem)
        if match is None:
            problems.append(Problem(audio, None, "is not named like a clip of TESS (for example OAF_back_angry)"))
            continue
        speaker = "YAF" if match["speaker"].upper() == "YAF" else "OAF"
        word, emotion = match["word"].lower(), match["emotion"].lower()
        values = {
            "utterance_id": f"{speaker}_{word}_{emotion}",
            "audio": audio,
            "text": f"Say the word {word}.",
            "emotion": EMOTION_WORDS[emotion],
            "speaker": speaker,
            "gender": "female",
            "language": "en",
        }
        rows.append(Row(values, audio))
    return Draft(root, rows, problems, copies_remark(passed))


LOADER = Loader(
    name="tess",
    title="TESS - Toronto Emotional Speech Set",
    description="2,800 acted utterances, 2 actresses, 7 emotions, English; 200 words said in every emotion.",
    licence="CC BY-NC-ND 4.0",
    layout="OAF_back_angry.wav, in any folders below PATH",
    read=read,
)
