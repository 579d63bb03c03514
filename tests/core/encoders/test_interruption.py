"""Killed at any point, however often: the same store in the end. And memory that does not grow with the corpus."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import soundfile

from core.corpora import Corpus, build_table, save_corpus
from core.encoders import Embeddings, embed_corpus
from core.encoders.shards import read_shard
from core.encoders.store import shard_files
from core.workspace import Workspace
from tests.core.encoders.conftest import speech

# One process that has everything loaded forks a child for each try: thirty of them in the time of one start. Half of
# them are killed when so much is done, half inside one of the things that they do to the disk.
_KILLS = """
import os, random, signal, sys, time
import torch
from core.corpora import load_corpus
from core.encoders import AudioEncoder, embed_corpus, joining, writer
from core.workspace import Workspace
from tests.core.jobs.kills import die_in_write

torch.set_num_threads(1)
writer.ROWS, joining.MANY, joining.SHARD_BYTES = 4, 4, 16 * 4 * 16
workspace = Workspace(sys.argv[1])
corpus = load_corpus("toy", workspace)
encoder = AudioEncoder.load(sys.argv[2], device="cpu")
chance = random.Random(int(sys.argv[3]))
kills, rows = 0, []
folder = workspace.embeddings_folder("toy", encoder.name)
while True:
    told, tell = os.pipe()
    inside, after = chance.random() < 0.5, chance.randrange(1, 25)
    child = os.fork()
    if child == 0:
        if inside and kills < 30:
            die_in_write(after)
        # After a fork torch renews its pool at the first use; two threads that do so at once can trip over each other.
        torch.set_num_threads(1)
        embed_corpus(corpus, audio_encoder=encoder, workspace=workspace, batch=2,
                     progress=lambda *_: (os.write(tell, b"."), time.sleep(0.01)))
        os._exit(0)
    os.close(tell)
    if kills < 30 and not inside:
        # By its own progress: on a busy machine it would not get far in a given time.
        for _ in range(chance.randrange(20)):
            os.read(told, 1)
        time.sleep(chance.uniform(0.0, 0.05))
        os.kill(child, signal.SIGKILL)
    os.close(told)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        kills += 1
        rows.append(len(list(folder.glob("shard-*"))))
    elif kills >= 30:
        break
    else:
        assert status == 0, status
        # Done before it was killed: a part is made anew, so that all kills meet work.
        for path in sorted(folder.glob("shard-*"))[::2]:
            path.write_bytes(path.read_bytes()[:100])
print(kills, status, *rows)
"""


def test_killed_thirty_times(workspace: Workspace, make_corpus, tiny_whisper: Path, tmp_path: Path) -> None:
    corpus = make_corpus(workspace, 60)
    command = [sys.executable, "-c", _KILLS, str(workspace.root), str(tiny_whisper), "7"]
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, cwd=root)
    assert done.returncode == 0, done.stderr
    kills, status, *shards = (int(word) for word in done.stdout.split())
    assert (kills, status) == (30, 0)
    assert len(set(shards)) > 1  # they were killed at different points; how different is the machine's affair
    store = Embeddings.open(workspace.embeddings_folder("toy", "tiny-whisper@3-mean"))
    assert store.complete
    rows: Counter[str] = Counter()
    for path in shard_files(store.folder):
        rows.update(read_shard(path, store.dim, "float32").ids)
    assert rows == Counter(list(corpus.table["utterance_id"]))
    assert not list(store.folder.glob(".*.tmp"))
    other = Workspace(tmp_path / "other")
    (unbroken,) = embed_corpus(corpus, audio_encoder=str(tiny_whisper), device="cpu", workspace=other, batch=2)
    assert store.fingerprint() == unbroken.fingerprint()


_MEMORY = """
import sys
import psutil, torch
from core.corpora import load_corpus
from core.encoders import embed_corpus
from core.workspace import Workspace

torch.set_num_threads(1)
process, seen = psutil.Process(), []
workspace = Workspace(sys.argv[1])

def watch(done, total, message=""):
    seen.append((done, process.memory_info().rss / 2**20))

embed_corpus(load_corpus("many", workspace), audio_encoder=sys.argv[2], workspace=workspace, device="cpu",
             progress=watch, pooling="mean+std")
early = max(rss for done, rss in seen if done <= 640)
print(early, max(rss for done, rss in seen), seen[-1][0])
"""


def test_memory_does_not_grow_with_the_corpus(workspace: Workspace, tiny_whisper: Path) -> None:
    # 1,500 segments of one file, half a second each: 48 MB of samples, as much of features.
    root = workspace.root / "audio"
    root.mkdir()
    soundfile.write(root / "one.flac", speech(21.0, 1), 16_000)
    starts = np.linspace(0, 20.4, 1500).round(4)
    rows = [
        {"utterance_id": f"u{index:05d}", "audio": "one.flac", "start": float(start), "end": float(start) + 0.5}
        for index, start in enumerate(starts)
    ]
    save_corpus(Corpus("many", root, build_table(rows), {"loader": "folder"}), workspace)
    command = [sys.executable, "-c", _MEMORY, str(workspace.root), str(tiny_whisper)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=True)
    early, most, rows_done = (float(word) for word in done.stdout.split())
    assert rows_done == 1500
    assert most - early < 20, (early, most)
