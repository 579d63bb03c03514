"""How long a large embedding store takes to open, and how much memory.

``python -m benchmarks.store`` writes a store as a long run leaves it (250,000 rows of 1,024 float32 in shards of 512,
joined at the end), then opens it in a process of its own and says seconds until the first row and resident memory
above the baseline, which is that process with all of MIRAGE's reading code imported.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np

from core.encoders.store import shard_files
from core.encoders.writer import ROWS, StoreWriter

MOST_SECONDS = 0.2
MOST_MIB = 200.0

_OPEN = """
import gc, json, sys, time
import pandas, psutil, pyarrow.parquet
from core.encoders import Embeddings
gc.collect()
process = psutil.Process()
baseline = process.memory_info().rss
start = time.perf_counter()
store = Embeddings.open(sys.argv[1])
first = store.for_ids(store.ids[:1])[0][0]
seconds = time.perf_counter() - start
resident = process.memory_info().rss - baseline
start = time.perf_counter()
total = float(sum(store.for_ids([name])[0][0, 0] for name in store.ids[:: len(store) // 100]))
print(json.dumps({
    "seconds": seconds, "mib": resident / 2**20, "rows": len(store), "first": float(first[0]),
    "hundred_rows_seconds": time.perf_counter() - start,
}))
"""


def write_store(folder: Path, rows: int, width: int) -> float:
    """Writes the store through the writer that ``mirage embed`` uses; gives the seconds."""
    meta: dict[str, Any] = {
        "modality": "audio",
        "encoder": "benchmark",
        "revision": None,
        "weights_sha256": "0" * 64,
        "model_type": "none",
        "layer": 1,
        "pooling": "mean",
        "dimension": width,
        "sampling_rate": 16_000,
        "dtype": "float32",
    }
    random = np.random.default_rng(0)
    start = time.perf_counter()
    with StoreWriter(folder, meta) as writer:
        for first in range(0, rows, ROWS):
            vectors = random.standard_normal((min(ROWS, rows - first), width), dtype=np.float32)
            for row, vector in enumerate(vectors, first):
                writer.append(f"MSP-PODCAST_{row // 200:04d}_{row % 200:04d}", row.to_bytes(8, "little"), vector)
            writer.flush()
        writer.finish(complete=True, problems=[])
    return time.perf_counter() - start


def open_store(folder: Path) -> dict[str, Any]:
    """Opens the store in a fresh process; seconds, MiB above the baseline, rows."""
    done = subprocess.run([sys.executable, "-c", _OPEN, str(folder)], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=250_000)
    parser.add_argument("--width", type=int, default=1024)
    parser.add_argument("--repeats", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="for the temporary store (1 GB)")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=arguments.folder) as parent:
        folder = Path(parent) / "store"
        written = write_store(folder, arguments.rows, arguments.width)
        opened = [open_store(folder) for _ in range(arguments.repeats)]
        shards = len(shard_files(folder))
    seconds, mib = sorted(run["seconds"] for run in opened), max(run["mib"] for run in opened)
    median = seconds[len(seconds) // 2]
    result = {
        "rows": opened[0]["rows"],
        "width": arguments.width,
        "shards": shards,
        "write_seconds": round(written, 1),
        "open_and_first_row_seconds": {"median": round(median, 3), "worst": round(seconds[-1], 3)},
        "hundred_more_rows_seconds": round(opened[-1]["hundred_rows_seconds"], 3),
        "resident_mib_above_baseline": round(mib, 1),
        "limits": {"seconds": MOST_SECONDS, "mib": MOST_MIB},
        "within": median <= MOST_SECONDS and mib <= MOST_MIB,
    }
    sys.stdout.write(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
