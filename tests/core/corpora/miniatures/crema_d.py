"""CREMA-D as its repository has it: AudioWAV, AudioMP3, the votes."""

from __future__ import annotations

from pathlib import Path

from .sound import write_clip, write_silence

CLIPS = (
    "1001_DFA_ANG_XX",
    "1001_IEO_HAP_LO",
    "1002_IEO_SAD_HI",
    "1002_TIE_NEU_XX",
    "1040_ITH_SAD_X",  # as the release has it, one letter short
    "1091_WSI_DIS_MD",
    "1091_MTI_FEA_XX",
)
SILENT = "1076_MTI_SAD_XX"
VOTES = (
    '"","FileName","VoiceVote","VoiceLevel","FaceVote","FaceLevel","MultiModalVote","MultiModalLevel"',
    '"1","1001_IEO_HAP_LO","N","71.67","H","57","H","57.38"',
    '"2","1002_IEO_SAD_HI","A:F","30.67:51.00","N","60.14","N","63.5"',
    '"3","1001_DFA_ANG_XX","A","65.3","A","72","A","70"',
    '"4","1091_WSI_DIS_MD","Q","65.3","D","72","D","70"',
)


def build(root: Path, *, votes: bool = True, mp3: bool = True) -> Path:
    """Writes the folder and gives it."""
    for seed, name in enumerate(CLIPS):
        write_clip(root / "AudioWAV" / f"{name}.wav", seed=seed)
        if mp3:
            write_clip(root / "AudioMP3" / f"{name}.mp3", rate=44_100, seed=seed)
    write_silence(root / "AudioWAV" / f"{SILENT}.wav")
    if votes:
        folder = root / "processedResults"
        folder.mkdir()
        (folder / "summaryTable.csv").write_text("\n".join(VOTES) + "\n", encoding="utf-8")
    return root
