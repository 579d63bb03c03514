"""The Berlin Database of Emotional Speech (Burkhardt et al., Interspeech 2005).

File names, speakers and sentences after the database's own documentation (http://emodb.bilderbar.info/index-1280.html).
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from core.corpora.drafts import Draft, Loader, Row, audio_files
from core.corpora.loaders.copies import copies_remark, without_copies
from core.corpora.problems import Problem, printable
from core.errors import BadInputError

SENTENCES = {
    "a01": "Der Lappen liegt auf dem Eisschrank.",
    "a02": "Das will sie am Mittwoch abgeben.",
    "a04": "Heute abend könnte ich es ihm sagen.",
    "a05": "Das schwarze Stück Papier befindet sich da oben neben dem Holzstück.",
    "a07": "In sieben Stunden wird es soweit sein.",
    "b01": "Was sind denn das für Tüten, die da unter dem Tisch stehen?",
    "b02": "Sie haben es gerade hochgetragen und jetzt gehen sie wieder runter.",
    "b03": "An den Wochenenden bin ich jetzt immer nach Hause gefahren und habe Agnes besucht.",
    "b09": "Ich will das eben wegbringen und dann mit Karl was trinken gehen.",
    "b10": "Die wird auf dem Platz sein, wo wir sie immer hinlegen.",
}
GENDERS = {
    "03": "male",
    "08": "female",
    "09": "female",
    "10": "male",
    "11": "male",
    "12": "male",
    "13": "female",
    "14": "female",
    "15": "male",
    "16": "female",
}
EMOTION_LETTERS = {
    "W": "angry",
    "L": "boredom",
    "E": "disgust",
    "A": "fear",
    "F": "happy",
    "T": "sad",
    "N": "neutral",
}
_NAME = re.compile(r"(?P<speaker>\d\d)(?P<sentence>[ab]\d\d)(?P<emotion>[WLEAFTN])[a-z]?")


def read(root: Path) -> Draft:
    """Reads the folder that holds ``wav/``, or the clips themselves; what is there twice is read once.

    Raises:
        BadInputError: there is no audio.
    """
    files, passed = without_copies(root, audio_files(root, depth=3), lambda file: PurePosixPath(file).stem)
    if not files:
        raise BadInputError(f"{printable(str(root))}: there is no audio in this folder (expected: {LOADER.layout})")
    rows: list[Row] = []
    problems: list[Problem] = []
    for audio in files:
        stem = PurePosixPath(audio).stem
        match = _NAME.fullmatch(stem)
        if match is None or match["speaker"] not in GENDERS or match["sentence"] not in SENTENCES:
            problems.append(Problem(audio, None, "is not named like a clip of EmoDB (for example 03a01Fa)"))
            continue
        values = {
            "utterance_id": stem,
            "audio": audio,
            "text": SENTENCES[match["sentence"]],
            "emotion": EMOTION_LETTERS[match["emotion"]],
            "speaker": match["speaker"],
            "gender": GENDERS[match["speaker"]],
            "language": "de",
        }
        rows.append(Row(values, audio))
    return Draft(root, rows, problems, copies_remark(passed))


LOADER = Loader(
    name="emodb",
    title="EmoDB - Berlin Database of Emotional Speech",
    description="535 acted utterances, 10 speakers, 7 emotions, German; 10 sentences said in every emotion.",
    licence="free for research (Burkhardt et al. 2005)",
    layout="wav/03a01Fa.wav, or the clips directly in PATH; WAV or FLAC",
    read=read,
)
