"""IEMOCAP in small: folders, names and lines as in IEMOCAP_full_release."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from .links import Clips

LABELS = ("ang", "hap", "sad", "neu", "exc", "fru", "fea", "sur", "dis", "oth", "xxx")
_WORDS = {
    "ang": "Anger",
    "hap": "Happiness",
    "sad": "Sadness",
    "neu": "Neutral",
    "exc": "Excited",
    "fru": "Frustration",
    "fea": "Fear",
    "sur": "Surprise",
    "dis": "Disgust",
    "oth": "Other",
    "xxx": "Other",
}
_PER_DIALOG = 80
# Utterances of a dialogue in which each label occurs twice, once from each speaker.
EACH_TWICE = dict.fromkeys(LABELS, 2)


def write(root: Path, sessions: Mapping[int, Mapping[str, int]] | None = None) -> Path:
    """Writes the corpus: for each session so many utterances of each label. Gives ``root``.

    The speaker alternates, whatever letter the dialogue begins with. Half of the utterances have a second rater's
    vote; the speakers' own opinions (C-F1, A-M1) are always another emotion.
    """
    clips = Clips(root)
    sessions = dict.fromkeys(range(1, 6), EACH_TWICE) if sessions is None else sessions
    for session, numbers in sessions.items():
        labels = [label for label, number in numbers.items() for _ in range(number)]
        for at in range(0, len(labels), _PER_DIALOG):
            kind = "impro" if at // _PER_DIALOG % 2 == 0 else "script"
            dialog = f"Ses0{session}{'FM'[at // _PER_DIALOG % 2]}_{kind}{at // _PER_DIALOG + 1:02d}"
            _dialog(root / f"Session{session}", dialog, labels[at : at + _PER_DIALOG], clips)
    return root


def _dialog(folder: Path, dialog: str, labels: list[str], clips: Clips) -> None:
    evaluation, transcript = ["% [START_TIME - END_TIME] TURN_NAME EMOTION [V, A, D]", ""], []
    seconds = 6.0
    for number, label in enumerate(labels):
        utterance = f"{dialog}_{'MF'[number % 2]}{number:03d}"
        clips.put(folder / "sentences" / "wav" / dialog / f"{utterance}.wav")
        evaluation += [
            f"[{seconds:.4f} - {seconds + 1.5:.4f}]\t{utterance}\t{label}\t[2.0000, 3.5000, 5.0000]",
            f"C-E2:\t{_WORDS[label]};\t()",
            f"C-E3:\t{_WORDS[label]}; Neutral;\t(maybe)",
            "C-E4:\tOther;\t(annoyed)",
            "C-F1:\tDisgust;\t()",
            "A-E3:\tval 3; act 2; dom  2;\t()",
            "A-M1:\tval 3; act 2; dom  ;\t()",
            "",
        ]
        transcript.append(f"{utterance} [{seconds:08.4f}-{seconds + 1.5:08.4f}]: Line {number} of it.")
        seconds += 2.0
    # Breaths and laughter have no label, and people talked without being recorded well.
    transcript += [f"{dialog}_MXX0 [{seconds:08.4f}-{seconds + 1:08.4f}]: Hm.", "M: (inaudible)"]
    _lines(folder / "dialog" / "EmoEvaluation" / f"{dialog}.txt", evaluation)
    _lines(folder / "dialog" / "transcriptions" / f"{dialog}.txt", transcript)
    # What single annotators said lies in folders below; it is not the consensus.
    alone = [f"{dialog}_F000 :Anger; ()"]
    _lines(folder / "dialog" / "EmoEvaluation" / "Categorical" / f"{dialog}_e2_cat.txt", alone)
    wrong = [f"[6.0000 - 7.5000]\t{dialog}_F000\tang\t[1.0000, 1.0000, 1.0000]"]
    _lines(folder / "dialog" / "EmoEvaluation" / "Self-evaluation" / f"{dialog}_f1.txt", wrong)
    (folder / "dialog" / "EmoEvaluation" / f"._{dialog}.txt").write_bytes(b"\0\5\x16\7")


def _lines(path: Path, lines: list[str]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
