"""CREMA-D (Cao et al., IEEE Transactions on Affective Computing 5(4), 2014).

File names: actor_sentence_emotion_level; the emotion is the one that was acted. What raters heard is in
``processedResults/summaryTable.csv``, whose column VoiceVote names the emotion (or several, in a tie) that most raters
chose from the voice alone. One clip of the release, 1076_MTI_SAD_XX, is digital silence and is left out for it.
"""

from __future__ import annotations

import re
from pathlib import Path, PurePosixPath

from core.corpora.drafts import Draft, Loader, Row, audio_files
from core.corpora.loaders.copies import copies_remark, without_copies
from core.corpora.loaders.csvfile import read_sheet
from core.corpora.problems import Problem, printable
from core.errors import BadInputError

SENTENCES = {
    "IEO": "It's eleven o'clock.",
    "TIE": "That is exactly what happened.",
    "IOM": "I'm on my way to the meeting.",
    "IWW": "I wonder what this is about.",
    "TAI": "The airplane is almost full.",
    "MTI": "Maybe tomorrow it will be cold.",
    "IWL": "I would like a new alarm clock.",
    "ITH": "I think I have a doctor's appointment.",
    "DFA": "Don't forget a jacket.",
    "ITS": "I think I've seen this before.",
    "TSI": "The surface is slick.",
    "WSI": "We'll stop in a couple of minutes.",
}
EMOTION_CODES = {
    "ANG": "angry",
    "DIS": "disgust",
    "FEA": "fear",
    "HAP": "happy",
    "NEU": "neutral",
    "SAD": "sad",
}
_LETTERS = {code[0]: emotion for code, emotion in EMOTION_CODES.items()}
# VideoDemographics.csv; the actors are 1001 to 1091.
_WOMEN = frozenset(
    """
    1002 1003 1004 1006 1007 1008 1009 1010 1012 1013 1018 1020 1021 1024 1025 1028 1029 1030 1037 1043
    1046 1047 1049 1052 1053 1054 1055 1056 1058 1060 1061 1063 1072 1073 1074 1075 1076 1078 1079 1082
    1084 1089 1091
    """.split()  # noqa: SIM905
)
# Levels: unspecified, low, medium, high; one clip of the release ends on a single X.
_NAME = re.compile(
    rf"(?P<actor>10[0-8]\d|109[01])_(?P<sentence>{'|'.join(SENTENCES)})_(?P<emotion>{'|'.join(EMOTION_CODES)})_"
    r"(?P<level>XX?|LO|MD|HI)"
)
_VOTES = "summaryTable.csv"
_LFS = b"version https://git-lfs"


def read(root: Path) -> Draft:
    """Reads ``AudioWAV`` (or ``AudioMP3`` where that is all there is), or the clips themselves, and the votes if there.

    Raises:
        BadInputError: there is no audio, or only what Git LFS left in its place.
    """
    files, passed = without_copies(root, audio_files(root), lambda file: PurePosixPath(file).stem)
    if not files:
        raise BadInputError(f"{printable(str(root))}: there is no audio in this folder (expected: {LOADER.layout})")
    _refuse_pointers(root, files[0])
    votes, problems = _votes(root)
    rows: list[Row] = []
    for audio in files:
        stem = PurePosixPath(audio).stem
        match = _NAME.fullmatch(stem)
        if match is None or match["actor"] == "1000":
            reason = "is not named like a clip of CREMA-D (for example 1001_DFA_ANG_XX)"
            problems.append(Problem(audio, None, reason))
            continue
        values = {
            "utterance_id": stem,
            "audio": audio,
            "text": SENTENCES[match["sentence"]],
            "emotion": EMOTION_CODES[match["emotion"]],
            "speaker": match["actor"],
            "gender": "female" if match["actor"] in _WOMEN else "male",
            "language": "en",
            "emotion_votes": votes.get(stem),
        }
        rows.append(Row(values, audio))
    remarks = copies_remark(passed)
    if not votes:
        remarks.append(f"there is no processedResults/{_VOTES}: the raters' votes are left out")
    return Draft(root, rows, problems, remarks)


def _votes(root: Path) -> tuple[dict[str, dict[str, float]], list[Problem]]:
    """Clip -> share of each emotion in the raters' choice: 1, or equal parts in a tie."""
    # Beside the clips' folder as in the release; also where AudioWAV itself was given.
    places = [root / "processedResults", root]
    if root.name in ("AudioWAV", "AudioMP3"):
        places.append(root.parent / "processedResults")
    path = next((place / _VOTES for place in places if (place / _VOTES).is_file()), None)
    if path is None:
        return {}, []
    sheet = read_sheet(path)
    names = [name.strip().casefold() for name in sheet.header]
    if "filename" not in names or "voicevote" not in names:
        raise BadInputError(f"{printable(str(path))}: has no columns FileName and VoiceVote; copy it again")
    at_name, at_vote = names.index("filename"), names.index("voicevote")
    votes: dict[str, dict[str, float]] = {}
    problems: list[Problem] = []
    for number, cells in sheet.rows:
        letters = cells[at_vote].strip().split(":") if len(cells) > max(at_name, at_vote) else [""]
        if not set(letters) <= set(_LETTERS):
            reason = f"the vote {':'.join(letters)!r} is not made of {' '.join(_LETTERS)}"
            problems.append(Problem(sheet.name, number, reason, "the clip stays, without votes"))
            continue
        votes[cells[at_name].strip()] = {_LETTERS[letter]: 1.0 / len(letters) for letter in letters}
    return votes, problems


def _refuse_pointers(root: Path, audio: str) -> None:
    try:
        with (root / audio).open("rb") as file:
            pointer = file.read(len(_LFS)) == _LFS
    except OSError:  # ingest says it of each clip
        return
    if pointer:
        raise BadInputError(
            f"{printable(str(root))}: {audio} is what Git LFS leaves in a clip's place; run `git lfs pull` there"
        )


LOADER = Loader(
    name="crema-d",
    title="CREMA-D - Crowd-sourced Emotional Multimodal Actors Dataset",
    description="7,442 acted utterances, 91 actors, 6 emotions, English; 12 sentences, the text carries no emotion.",
    licence="ODbL 1.0",
    layout="AudioWAV/1001_DFA_ANG_XX.wav ..., processedResults/summaryTable.csv where there are votes",
    read=read,
)
