"""How much faster ``AudioEncoder`` is than the plain loops that people write, and whether it gives the same vectors.

``python -m benchmarks.encoders FOLDER --whisper FOLDER_OR_ID`` takes clips of a folder of speech in file order (runs of
16 neighbours from all over the folder), reads them once, and in one process compares, in turns:

* Whisper: against the feature extractor's default, 30 s of padding, clip by clip;
* the wav2vec 2.0 base architecture, weights drawn at random: against padded batches of 16 in file order.

The plain loops run the whole model, as they must, and pool the same layer over each clip's own frames. For wav2vec 2.0
the run is made twice: with the layer that MIRAGE takes by default, where the blocks above it need not run, and with
the last, where all work is the same. Vectors are compared by cosine, also with those of each clip alone in the plain
model: a batch that is padded without a mask, as this architecture was trained, alters its clips. CPU time is given
beside the time by the clock: it says more where the machine is shared.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

BATCH = 16
RATE = 16_000

Clips = list[np.ndarray]


def read_clips(folder: Path, count: int) -> Clips:
    """Runs of 16 neighbours in file order, from all over the folder; (samples,) each at 16 kHz."""
    from core.corpora import read_audio
    from core.corpora.audio import EXTENSIONS

    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in EXTENSIONS)
    runs = max(1, round(count / BATCH))
    starts = np.linspace(0, max(0, len(files) - BATCH), runs).round().astype(int)
    chosen = sorted({index for start in starts for index in range(start, min(start + BATCH, len(files)))})
    return [read_audio(files[index]) for index in chosen]


def plain_whisper(folder: str, layer: int) -> Callable[[Clips], np.ndarray]:
    """The loop: one clip at a time, padded to 30 s."""
    import torch
    from transformers import AutoFeatureExtractor, AutoModel

    model = (
        AutoModel.from_pretrained(
            folder, dtype=torch.float32, use_safetensors=True, local_files_only=True, trust_remote_code=False
        )
        .get_encoder()
        .eval()
    )
    extractor = AutoFeatureExtractor.from_pretrained(folder, local_files_only=True, trust_remote_code=False)

    def run(clips: Clips) -> np.ndarray:
        vectors = []
        for clip in clips:
            features = extractor(clip, sampling_rate=RATE, return_tensors="pt")
            with torch.inference_mode():
                states = model(features["input_features"], output_hidden_states=True).hidden_states
            vectors.append(states[layer][0, : -(-len(clip) // 320)].mean(dim=0).numpy())
        return np.stack(vectors)

    return run


def plain_wav2vec(folder: str, layer: int, batch: int) -> Callable[[Clips], np.ndarray]:
    """The loop: batches in the order given, padded to their longest clip, no attention mask."""
    import torch
    from transformers import AutoFeatureExtractor, AutoModel

    model = AutoModel.from_pretrained(
        folder, dtype=torch.float32, use_safetensors=True, local_files_only=True, trust_remote_code=False
    ).eval()
    extractor = AutoFeatureExtractor.from_pretrained(folder, local_files_only=True, trust_remote_code=False)

    def run(clips: Clips) -> np.ndarray:
        vectors = []
        for start in range(0, len(clips), batch):
            group = clips[start : start + batch]
            values = extractor(group, sampling_rate=RATE, padding=True, return_tensors="pt")
            with torch.inference_mode():
                states = model(values["input_values"], output_hidden_states=True).hidden_states
            for row, clip in enumerate(group):
                frames = int(model._get_feat_extract_output_lengths(len(clip)))
                vectors.append(states[layer][row, :frames].mean(dim=0).numpy())
        return np.stack(vectors)

    return run


def make_wav2vec_base(folder: Path) -> None:
    """A checkpoint of the base architecture, 95 million weights drawn at random."""
    import torch
    from transformers import Wav2Vec2Config, Wav2Vec2FeatureExtractor, Wav2Vec2Model

    torch.manual_seed(0)
    Wav2Vec2Model(Wav2Vec2Config()).save_pretrained(folder)
    Wav2Vec2FeatureExtractor(do_normalize=True, return_attention_mask=False).save_pretrained(folder)


def cosines(a: np.ndarray, b: np.ndarray) -> dict[str, float]:
    """Median and worst over the rows."""
    each = (a * b).sum(axis=1) / np.linalg.norm(a, axis=1) / np.linalg.norm(b, axis=1)
    return {"median": round(float(np.median(each)), 6), "worst": round(float(each.min()), 6)}


def race(ours: Callable[[Clips], np.ndarray], plain: Callable[[Clips], np.ndarray], clips: Clips, turns: int) -> Any:
    """Both in turns on the same clips: their vectors, and seconds of each turn."""
    for function in (ours, plain):
        function(clips[:2])
    seconds: dict[str, list[float]] = {"mirage": [], "plain": []}
    work: dict[str, list[float]] = {"mirage": [], "plain": []}
    vectors = {}
    for _ in range(turns):
        for name, function in (("mirage", ours), ("plain", plain)):
            start, begin = time.perf_counter(), time.process_time()
            vectors[name] = function(clips)
            seconds[name].append(time.perf_counter() - start)
            work[name].append(time.process_time() - begin)
    report = {
        "seconds": {name: [round(value, 2) for value in values] for name, values in seconds.items()},
        "times_faster": _ratios(seconds),
        "times_less_cpu_time": _ratios(work),
        "cosine_to_plain": cosines(vectors["mirage"], vectors["plain"]),
    }
    return vectors, report


def _ratios(seconds: dict[str, list[float]]) -> dict[str, Any]:
    each = [plain / ours for ours, plain in zip(seconds["mirage"], seconds["plain"], strict=True)]
    return {"median": round(float(np.median(each)), 2), "each": [round(ratio, 2) for ratio in each]}


def compare_whisper(source: str, clips: Clips, turns: int) -> dict[str, Any]:
    """The first race."""
    from core.encoders import AudioEncoder

    encoder = AudioEncoder.load(source, device="cpu", precision="float32")
    plain = plain_whisper(str(encoder.checkpoint.folder), encoder.layers.top)
    _, report = race(lambda clips: encoder.encode(clips, BATCH), plain, clips, turns)
    return {"encoder": encoder.name, "asked": "8 times faster", **report}


def compare_wav2vec(folder: Path, layer: int | str, clips: Clips, turns: int) -> dict[str, Any]:
    """The second race."""
    from core.encoders import AudioEncoder

    encoder = AudioEncoder.load(folder, layer=layer, device="cpu", precision="float32")
    top = encoder.layers.top
    vectors, report = race(
        lambda clips: encoder.encode(clips, BATCH), plain_wav2vec(str(folder), top, BATCH), clips, turns
    )
    alone = plain_wav2vec(str(folder), top, 1)(clips[:BATCH])
    report["cosine_to_each_clip_alone"] = cosines(vectors["mirage"][:BATCH], alone)
    report["cosine_of_plain_to_each_clip_alone"] = cosines(vectors["plain"][:BATCH], alone)
    return {"encoder": encoder.name, "asked": "1.5 times faster, cosine at least 0.999", **report}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="folder of speech, for example RAVDESS")
    parser.add_argument("--whisper", default="openai/whisper-tiny.en", help="checkpoint's folder or hub id")
    parser.add_argument("--clips", type=int, default=64)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--threads", type=int, help="of PyTorch; by default as many as it takes")
    arguments = parser.parse_args()
    import torch

    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    clips = read_clips(arguments.folder, arguments.clips)
    seconds = [len(clip) / RATE for clip in clips]
    report: dict[str, Any] = {
        "clips": len(clips),
        "seconds": {"mean": round(float(np.mean(seconds)), 2), "longest": round(max(seconds), 2)},
        "threads": torch.get_num_threads(),
        "whisper": compare_whisper(arguments.whisper, clips, arguments.turns),
    }
    with tempfile.TemporaryDirectory() as parent:
        folder = Path(parent) / "wav2vec2-base"
        make_wav2vec_base(folder)
        report["wav2vec2, default layer"] = compare_wav2vec(folder, "auto", clips, arguments.turns)
        report["wav2vec2, last layer"] = compare_wav2vec(folder, 12, clips, arguments.turns)
    sys.stdout.write(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
