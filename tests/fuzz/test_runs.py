"""Every file of a finished run, spoilt: it opens and answers, or one line says what is wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from core.cli.figures import print_information
from core.cli.quality import print_card
from core.runs import LoadedRun, load_run, read_events, read_state
from core.runs.checkpoint import last_checkpoint
from core.workspace import Workspace
from tests.fuzz.mutations import PLACES, STEPS, WEIRD, spoil, spoil_header, spoil_tree
from tests.fuzz.property import tries, works_or_says

NETWORKS = ("model/aligner", "model/generator", "model/discriminator", "projection/projector")
JSON = ["information.json", "evaluation.json", "quality.json", "projection/quality.json", "state.json"]
JSON += ["environment.json", *(f"{network}/config.json" for network in NETWORKS)]
TENSORS = ["features/aligned.safetensors", *(f"{network}/model.safetensors" for network in NETWORKS)]
TABLES = ["features/utterances.parquet", "projection/coordinates.parquet"]


def use(folder: Path, name: str, content: bytes) -> None:
    """Opens the run with another content of one file, asks it everything, and mends it."""
    file = folder / name
    kept = file.read_bytes()
    file.write_bytes(content)
    opened: list[LoadedRun] = []
    workspace = Workspace(folder.parents[1])

    def answers(*questions: Callable[[LoadedRun], Any]) -> list[Callable[[], Any]]:
        return [lambda question=question: question(opened[0]) for question in questions]  # type: ignore[misc]

    try:
        works_or_says(lambda: read_state(folder), lambda: read_events(folder), lambda: last_checkpoint(folder))
        if works_or_says(lambda: opened.append(load_run(folder, workspace))):
            works_or_says(
                *answers(
                    repr,
                    lambda run: run.generate(run.classes[0], 3),
                    lambda run: run.generate(mixture=dict.fromkeys(run.classes, 1.0), n=3),
                    lambda run: run.pointwise_mi(run.h, run.classes[-1]),
                    lambda run: run.neighbours(run.h[:2]),
                    lambda run: run.novelty(run.h[:2]),
                    lambda run: (run.map(), run.project(run.h)),
                    lambda run: run.map_quality(),
                    lambda run: print_information(run.information()),
                    lambda run: run.evaluation(),
                    lambda run: (card := run.quality()) and print_card(card),
                    lambda run: run.waveform(0),
                    lambda run: run._encoders._named(0),
                    lambda run: run._encoders._named(1),
                )
            )
    finally:
        file.write_bytes(kept)


def all_files(folder: Path) -> list[str]:
    return sorted(
        str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file() and path.name != ".lock"
    )


@tries(60)
@given(share=st.floats(0, 1, exclude_max=True), steps=STEPS)
def test_bytes_of_any_file(whole: Path, share: float, steps: list[Any]) -> None:
    names = all_files(whole)
    name = names[int(share * len(names))]
    use(whole, name, spoil((whole / name).read_bytes(), steps))


@tries(60)
@given(name=st.sampled_from(JSON), places=PLACES)
def test_values_of_json(whole: Path, name: str, places: list[Any]) -> None:
    changed = spoil_tree(json.loads((whole / name).read_bytes()), places)
    use(whole, name, json.dumps(changed).encode())


@tries(40)
@given(places=PLACES)
def test_values_of_the_configuration(whole: Path, places: list[Any]) -> None:
    changed = spoil_tree(yaml.safe_load((whole / "config.yaml").read_bytes()), places)
    use(whole, "config.yaml", yaml.safe_dump(changed, allow_unicode=True).encode())


@tries(50)
@given(name=st.sampled_from(TENSORS), places=PLACES)
def test_headers_of_tensors(whole: Path, name: str, places: list[Any]) -> None:
    use(whole, name, spoil_header((whole / name).read_bytes(), places))


@tries(60)
@given(lines=st.lists(WEIRD, max_size=4), places=PLACES)
@example(lines=[], places=[(0.0, "replace", 10**400), (0.9, "replace", "\ud800")])
def test_lines_of_events(whole: Path, lines: list[Any], places: list[Any]) -> None:
    first = json.loads((whole / "events.jsonl").read_bytes().split(b"\n")[0])
    content = b"".join(json.dumps(value).encode() + b"\n" for value in [spoil_tree(first, places), *lines, first])
    (whole.parent / "events.jsonl").write_bytes(content)
    works_or_says(lambda: read_events(whole.parent))


_TYPES = (pa.string(), pa.large_string(), pa.int64(), pa.float32(), pa.bool_(), pa.null(), pa.binary())
_TYPES += (pa.list_(pa.string()), pa.struct([("a", pa.int8())]), pa.timestamp("ns"), pa.decimal128(10, 2))


@tries(50)
@given(
    name=st.sampled_from(TABLES),
    column=st.floats(0, 1, exclude_max=True),
    change=st.sampled_from(["type", "values", "drop", "rename", "nulls", "rows", "dictionary"]),
    kind=st.sampled_from(_TYPES),
    value=WEIRD,
    metadata=st.dictionaries(st.sampled_from(["corpus", "pandas", "ARROW:schema"]), st.text(max_size=20), max_size=2),
)
def test_columns_of_tables(
    whole: Path, name: str, column: float, change: str, kind: pa.DataType, value: Any, metadata: dict[str, str]
) -> None:
    table = pq.read_table(whole / name)
    place = int(column * table.num_columns)
    title, old = table.schema.names[place], table.column(place)
    try:
        if change == "type":
            table = table.set_column(place, title, old.cast(kind))
        elif change == "values":
            table = table.set_column(place, title, pa.array([value] * len(table), old.type))
        elif change == "nulls":
            table = table.set_column(place, title, pa.nulls(len(table), kind))
        elif change == "dictionary":
            table = table.set_column(place, title, old.dictionary_encode())
        elif change == "rows":
            table = table.slice(place, 7)
        elif change == "drop":
            table = table.drop_columns([title])
        else:
            table = table.rename_columns(
                [str(value) if at == place else own for at, own in enumerate(table.schema.names)]
            )
        target = whole.parent / "changed.parquet"
        pq.write_table(table.replace_schema_metadata(metadata), target)
    except (pa.ArrowException, UnicodeError, OverflowError, TypeError, ValueError):
        return
    use(whole, name, target.read_bytes())
