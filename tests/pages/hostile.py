"""The demo with every text replaced by one that tries to be more than text, and what must not come of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from core import Workspace
from core.demo import install_demo
from core.shipped import install_results

MARK = (
    "<img src=x onerror=window.__pwned=1><script>window.__pwned=2</script>**pwnbold**"
    " [pwnlink](javascript:window.__pwned=3) https://evil.example/auto www.evil.example"
    " ![pwnimage](https://evil.example/a.png) :material/bug_report: :smile:"
    " :red[pwnred] $$\\frac{1}{2}$$ &lt;i&gt;pwnentity `pwncode`"
    " <a href='https://evil.example'>pwna</a> <b>pwntag</b> <br> \u202epwnbidi {b} {c} %{x} 😀"
)
"""HTML, Markdown, directives, formulas, entities, templates of ECharts and Plotly, an override of direction."""

JAVASCRIPT = """() => {
  const seen = [];
  const look = (root) => {
    for (const node of root.querySelectorAll('*')) {
      if (node.shadowRoot) look(node.shadowRoot);
      const own = [...node.childNodes].filter((one) => one.nodeType === 3).map((one) => one.data).join('');
      const name = node.tagName.toLowerCase();
      if (name === 'img' && /(^x$|evil)/.test(node.getAttribute('src') || '')) seen.push('img ' + node.src);
      if (name === 'a' && /^javascript:|evil/.test(node.getAttribute('href') || '')) seen.push('a ' + node.href);
      if (name === 'script' && /__pwned/.test(node.textContent)) seen.push('script');
      if (/^pwn(bold|link|a|tag|red|code)$/.test(own.trim())) seen.push(`<${name}> of its own for ${own}`);
      if (own.trim() === 'bug_report') seen.push(`icon in <${name}>`);
      if (node.classList && node.classList.contains('katex')) seen.push('formula');
      if (/\\u{1F604}/u.test(own)) seen.push('shortcode of an emoji');
    }
  };
  look(document);
  if (window.__pwned !== undefined) seen.push('script ran: ' + window.__pwned);
  return [...new Set(seen)];
}"""
"""Everything on the page, also inside shadow roots, that a text has become beside being text."""


def hostile(kind: object) -> str:
    """A text that is told from others by how it begins."""
    return f"{kind} {MARK}"


def make_hostile(workspace: Workspace) -> str:
    """Installs the demo and makes its texts hostile; gives the name of a class as its benchmarks call it.

    A run whose classes have such names is not opened (tests/security)."""
    install_demo(workspace)
    install_results(workspace)
    _corpus(workspace.corpus_file("demo"))
    run = workspace.run_folder("demo")
    _run(run)
    name = hostile("happy")
    for file in run.rglob("*.json"):
        content = json.loads(file.read_text(encoding="utf-8"))
        if file.name == "state.json":
            content["message"] = content["stage"] = hostile("message")
        file.write_text(json.dumps(content), encoding="utf-8")
    lines = []
    for line in (run / "events.jsonl").read_text(encoding="utf-8").splitlines():
        event = json.loads(line)
        lines.append(json.dumps(_renamed(event, {"cross_entropy": hostile("cross_entropy")})))
    lines.append(json.dumps({**json.loads(lines[-1]), "stage": hostile("stage"), "name": hostile("name")}))
    (run / "events.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for file in workspace.benchmarks.glob("*/results.json"):
        content = json.loads(file.read_text(encoding="utf-8"))
        titles = [own["title"] for own in content["methods"].values() if "title" in own]
        names = {**{title: hostile(title) for title in titles}, "happy": name}
        content["embeddings"] = [hostile("embeddings")]
        file.write_text(json.dumps(_renamed(content, names)), encoding="utf-8")
    # Folders with such names are no runs, corpora and benchmarks, and must not keep the others from being shown.
    for place in (workspace.runs, workspace.benchmarks):
        folder = place / "<img src=x onerror=window.__pwned=4>"
        folder.mkdir()
        (folder / "state.json").write_text((run / "state.json").read_text())
        (folder / "benchmark.json").write_text("{}")
        (folder / "results.json").write_text("{}")
    other = workspace.corpora / "**pwnbold**:material.parquet"
    other.write_bytes(workspace.corpus_file("demo").read_bytes())
    return name


def _corpus(file: Path) -> None:
    with pq.ParquetFile(file) as opened:
        table = opened.read()
    for column in ("speaker", "session", "gender", "language", "split"):
        table = _mapped(table, column, lambda value, column=column: hostile(value or column))  # type: ignore[misc]
    table = _mapped(table, "utterance_id", hostile)
    rows = iter(range(len(table)))
    table = _mapped(table, "text", lambda value: _text(value, next(rows)))
    metadata = json.loads(table.schema.metadata[b"mirage"])
    for key in ("title", "licence"):
        metadata[key] = hostile(key)
    metadata["problems"] = [
        {"file": hostile("file"), "row": 3, "reason": hostile("=reason"), "remedy": hostile("remedy")}
    ]
    metadata["problems_total"] = 1
    kept = {**table.schema.metadata, b"mirage": json.dumps(metadata).encode("ascii")}
    pq.write_table(table.replace_schema_metadata(kept), file)


def _run(run: Path) -> None:
    file = run / "features" / "utterances.parquet"
    with pq.ParquetFile(file) as opened:
        table = opened.read()
    kept = table.schema.metadata
    for column in ("speaker", "session", "gender", "language"):
        table = _mapped(table, column, hostile)
    table = _mapped(table, "utterance_id", hostile)
    rows = iter(range(len(table)))
    table = _mapped(table, "text", lambda value: _text(value, next(rows)))
    pq.write_table(table.replace_schema_metadata(kept), file)


def _text(value: str, row: int) -> str:
    """A transcript; now and then one of 10 kB, one with characters that cannot be seen, and one of emoji."""
    more = {0: " x" * 5000, 1: " \x00\x07\x1b[31m\u200b\u202e", 2: " 👩‍👩‍👧‍👦" * 20}.get(row % 50, "")
    return hostile(value) + more


def _mapped(table: pa.Table, column: str, change: Any) -> pa.Table:
    values = [change(value) if value is not None or column == "split" else None for value in table[column].to_pylist()]
    return table.set_column(table.column_names.index(column), column, pa.array(values, pa.string()))


def _renamed(content: Any, names: dict[str, str]) -> Any:
    if isinstance(content, dict):
        return {_renamed(key, names): _renamed(value, names) for key, value in content.items()}
    if isinstance(content, list):
        return [_renamed(value, names) for value in content]
    return names.get(content, content) if isinstance(content, str) else content
