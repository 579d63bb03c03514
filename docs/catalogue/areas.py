"""Where a message belongs on the page: what the person was doing, and with what."""

from __future__ import annotations

AREAS = {
    "any": ("Any command", "Files, folders, names and settings, whatever was being done."),
    "setup": ("Setting up", "`make demo` and `make test`, before there is any MIRAGE to say it."),
    "ingest": (
        "Reading a corpus",
        "`mirage ingest` and *Add a corpus*. One line for each row or file that cannot be used; the others are taken.",
    ),
    "embed": ("Embedding", "`mirage embed`: encoders, their layers and pooling, the store, a cluster."),
    "train": ("Training", "`mirage train`, `mirage resume` and the page Train: configuration, classes, folds, stages."),
    "jobs": ("Jobs", "Starting, stopping and going on with what runs in a process of its own."),
    "load": ("Loading a run", "Opening a run by its name, folder or hub id, on this machine or copied from another."),
    "generate": ("Generating and augmenting", "`mirage generate`, the latent lab's server, `MirageSampler`."),
    "information": ("Mutual information", "`mirage mi` and the estimators of `core.information`."),
    "benchmark": ("Benchmarks and report cards", "`mirage benchmark`, `mirage quality`, `mirage codes`, the studies."),
    "dashboard": ("The dashboard", "Starting it, and what its pages and its components in the browser say."),
}
"""What a person does: title and one line."""

# The longest beginning of the module's path decides.
_PLACES = {
    "Makefile": "setup",
    "core/": "any",
    "core/config.py": "train",
    "core/stages.py": "train",
    "core/alignment/": "train",
    "core/generation/": "train",
    "core/corpora/": "ingest",
    "core/corpora/classes.py": "train",
    "core/corpora/folds.py": "train",
    "core/cli/ingest.py": "ingest",
    "core/encoders/": "embed",
    "core/cli/embed.py": "embed",
    "core/runs/": "load",
    "core/networks.py": "load",
    "core/runs/data.py": "train",
    "core/runs/creation.py": "train",
    "core/runs/training.py": "jobs",
    "core/runs/execution.py": "jobs",
    "core/runs/state.py": "jobs",
    "core/runs/jobs.py": "jobs",
    "core/runs/guards.py": "jobs",
    "core/runs/processes.py": "jobs",
    "core/runs/checkpoint.py": "jobs",
    "core/runs/quality_job.py": "jobs",
    "core/benchmarks/jobs.py": "jobs",
    "core/benchmarks/reporting.py": "jobs",
    "core/cli/training.py": "jobs",
    "core/runs/requests.py": "generate",
    "core/runs/neighbours.py": "generate",
    "core/runs/export.py": "generate",
    "core/augmentation/": "generate",
    "core/cli/generate.py": "generate",
    "core/information/": "information",
    "core/runs/information.py": "information",
    "core/benchmarks/": "benchmark",
    "core/evaluation/": "benchmark",
    "core/runs/quality.py": "benchmark",
    "core/runs/effects.py": "benchmark",
    "core/cli/benchmark.py": "benchmark",
    "core/shipped.py": "benchmark",
    "core/cli/dashboard.py": "dashboard",
    "dashboard/": "dashboard",
    "pages/": "dashboard",
}

# Headings below an area, again by the longest beginning; a module without one stands under its own name in words.
_TOPICS = {
    "Makefile": "make",
    "core/cli/app.py": "A fault nobody foresaw",
    "core/files.py": "Files and disks",
    "core/workspace.py": "Names",
    "core/pairs.py": "Options of pairs",
    "core/demo.py": "The demo",
    "core/config.py": "Configuration",
    "core/stages.py": "Devices and losses",
    "core/corpora/": "The corpus as a whole",
    "core/corpora/audio.py": "Sound files",
    "core/corpora/video.py": "Video files",
    "core/corpora/checking.py": "Rows of a table",
    "core/corpora/paths.py": "Paths of clips",
    "core/corpora/store.py": "Utterance tables of the workspace",
    "core/corpora/table.py": "Utterance tables of the workspace",
    "core/corpora/classes.py": "Classes",
    "core/corpora/folds.py": "Folds",
    "core/cli/ingest.py": "The corpus as a whole",
    "core/corpora/loaders/": "Corpora as released",
    "core/corpora/loaders/columns.py": "A folder with a table",
    "core/corpora/loaders/csvfile.py": "A folder with a table",
    "core/corpora/loaders/dimensions.py": "A folder with a table",
    "core/corpora/loaders/folder.py": "A folder with a table",
    "core/corpora/loaders/textfile.py": "Corpora as released",
    "core/corpora/loaders/annotations.py": "IEMOCAP and MSP-IMPROV",
    "core/corpora/loaders/iemocap.py": "IEMOCAP and MSP-IMPROV",
    "core/corpora/loaders/msp_improv.py": "IEMOCAP and MSP-IMPROV",
    "core/corpora/loaders/msp_podcast.py": "MSP-Podcast",
    "core/corpora/loaders/podcast_labels.py": "MSP-Podcast",
    "core/corpora/loaders/meld.py": "MELD",
    "core/corpora/loaders/crema_d.py": "CREMA-D",
    "core/corpora/loaders/audformat": "Databases in the audformat form",
    "core/encoders/": "Encoders and what they are asked",
    "core/cli/embed.py": "Encoders and what they are asked",
    "core/encoders/checkpoint.py": "Checkpoints and the model hub",
    "core/encoders/layers.py": "Layers and pooling",
    "core/encoders/pooling.py": "Layers and pooling",
    "core/encoders/sentence.py": "Sentence encoders",
    "core/encoders/text.py": "Text encoders",
    "core/encoders/device.py": "Devices and precision",
    "core/encoders/cluster.py": "Clusters (Ray)",
    "core/encoders/workers.py": "Clusters (Ray)",
    "core/encoders/store.py": "The embedding store",
    "core/encoders/shards.py": "The embedding store",
    "core/encoders/writer.py": "The embedding store",
    "core/encoders/current.py": "The embedding store",
    "core/runs/data.py": "Corpus, embeddings and folds of a run",
    "core/runs/creation.py": "Making a run",
    "core/runs/": "Files of a run",
    "core/networks.py": "Networks",
    "core/runs/loaded.py": "What a run can be asked",
    "core/runs/training.py": "How a run ends",
    "core/runs/state.py": "State of a job",
    "core/runs/jobs.py": "Starting and going on",
    "core/runs/guards.py": "Starting and going on",
    "core/cli/training.py": "Starting and going on",
    "core/runs/checkpoint.py": "Checkpoints of a run",
    "core/runs/quality_job.py": "Report card in the background",
    "core/benchmarks/jobs.py": "Benchmarks in the background",
    "core/benchmarks/reporting.py": "Benchmarks in the background",
    "core/runs/requests.py": "What is to be generated",
    "core/cli/generate.py": "What is to be generated",
    "core/runs/neighbours.py": "Neighbours",
    "core/runs/export.py": "Files of features",
    "core/augmentation/": "MirageSampler",
    "core/information/": "Estimators",
    "core/runs/information.py": "mirage mi",
    "core/benchmarks/": "Benchmarks",
    "core/cli/benchmark.py": "Benchmarks",
    "core/shipped.py": "Benchmarks",
    "core/benchmarks/mi_": "Studies",
    "core/benchmarks/spread.py": "Benchmarks on a cluster",
    "core/evaluation/": "Figures of recognition and quality",
    "core/runs/quality.py": "Report cards",
    "core/runs/effects.py": "Report cards",
    "core/cli/dashboard.py": "Starting the dashboard",
    "dashboard/": "Pages",
    "dashboard/mi_gain.py": "Files of a study",
    "dashboard/frontend/": "Map and lab in the browser",
}


def area_of(module: str) -> str:
    """A key of ``AREAS``."""
    return _PLACES.get(_longest(_PLACES, module), "any")


def topic_of(module: str) -> str:
    """A heading below the area.

    >>> topic_of("core/corpora/loaders/audformat_db.py")
    'Databases in the audformat form'
    """
    found = _longest(_TOPICS, module)
    words = module.rsplit("/", 1)[-1].rsplit(".", 1)[0].replace("_", " ")
    return _TOPICS.get(found) or words.capitalize()


def _longest(table: dict[str, str], module: str) -> str:
    return max((place for place in table if module.startswith(place)), key=len, default="")
