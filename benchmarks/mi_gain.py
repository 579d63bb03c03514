"""Does more mutual information go with more gain? Configurations of the generator, good and poor, measured for both.

``python -m benchmarks.mi_gain CORPUS`` reads an embedded corpus from ``MIRAGE_HOME``. In each fold and with each seed
the training speakers are divided into training and validation; an aligner is trained once, and on its features the
generator of each configuration of ``GRID``, which was written down before anything was measured. Of each:

* information, on no test row: "transferred", H(c) + E log q(c | h) of *real* rows of the validation speakers by a
  critic q fitted on generated rows alone (below zero where it is sure of what is wrong), and I(c;h_hat) of the
  generated rows, the same critic on generated rows that it has not seen. The first is the main one, chosen
  beforehand: the second comes to its ceiling wherever generated emotions are told apart;
* gain in UA on the test speakers by the last layer, over real rows alone: with generated rows added, and with generated
  rows in place of the real ones (trained on synthetic, tested on real). The amount is one for all, nothing is tuned
  for any.

It prints Spearman's rank correlation over the configurations, whatever it is, and writes ``mi_gain.json`` into the
workspace's ``benchmarks/``: the dashboard's page Information shows it. Each configuration is kept as soon as it is
done; after a stop the same command goes on. Configurations that a ``--set`` has made equal are one.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from core.errors import MirageError

if TYPE_CHECKING:
    from core.benchmarks.mi_study import Study

Changes = dict[str, Any]
_CONDITION, _SEEDS, _SHARE = "all", 3, 2.0


def _at(steps: int, **changes: Any) -> Changes:
    return {"steps": steps, **changes}


_SHARED: dict[str, Changes] = {
    "as configured": {},
    "untrained": _at(0),
    "50 steps": _at(50),
    "200 steps": _at(200),
    "400 steps": _at(400),
    "400 steps, non-saturating": _at(400, adversarial="non-saturating"),
    "100 steps, wgan-gp": _at(100, adversarial="wgan-gp"),
    "400 steps, w_c=0": _at(400, w_c=0.0),
    "400 steps, w_c=10": _at(400, w_c=10.0),
    "400 steps, w_u=3": _at(400, w_u=3.0),
    "400 steps, w_adv=0": _at(400, w_adv=0.0),
    "400 steps, noise=4": _at(400, noise=4),
    "400 steps, fast": _at(400, learning_rate=5e-3, critic_learning_rate=1e-2),
}
_BASE: dict[str, Changes] = {
    "400 steps, no MI": _at(400, w_c=0.0, w_u=0.0, w_t=0.0),
    "400 steps, w_u=0": _at(400, w_u=0.0),
    "400 steps, w_adv=10": _at(400, w_adv=10.0),
}
_NO_BASE: dict[str, Changes] = {"10 steps": _at(10), "25 steps": _at(25), "100 steps": _at(100)}
GRID: dict[str, Changes] = {
    **{f"base, {name}": {"base": True, **own} for name, own in (_SHARED | _BASE).items()},
    **{f"no base, {name}": {"base": False, **own} for name, own in (_SHARED | _NO_BASE).items()},
}
"""Keys of ``generation`` by the name of the configuration: with and without the Gaussians to begin at, hardly trained
and fully, each loss and weight, little noise, rates that are too fast."""
TEXT_GRID: dict[str, Changes] = {
    f"base, 400 steps, w_t={weight:g}": {"base": True, **_at(400, w_t=weight)} for weight in (0.0, 3.0)
}
"""More of them, where the generator is given text."""


def main(arguments: Sequence[str] | None = None, grid: dict[str, Changes] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", help="an embedded corpus of the workspace, for example emodb")
    parser.add_argument("--condition", default=_CONDITION, help="training utterances: all, 50, 25, 10 (per cent)")
    parser.add_argument("--seeds", type=int, default=_SEEDS)
    parser.add_argument(
        "--share", type=float, default=_SHARE, help="generated rows of each real one, default %(default)g"
    )
    parser.add_argument("--config", help="YAML file with some or all keys")
    parser.add_argument("--set", dest="settings", action="append", default=[], metavar="SECTION.KEY=VALUE")
    parser.add_argument("--permute-labels", action="store_true", help="random emotions: a check, MI must be about 0")
    asked = parser.parse_args(arguments)
    try:
        return run(asked, grid)
    except MirageError as error:
        sys.stderr.write(f"mi_gain: {error}\n")
        return error.exit_code
    except KeyboardInterrupt:
        sys.stderr.write("mi_gain: stopped; what is done is kept - run the same command again to go on\n")
        return 130


def run(asked: argparse.Namespace, grid: dict[str, Changes] | None) -> int:
    """The whole study; the tables go to stdout."""
    import torch

    from core.benchmarks.mi_study import FILE, Configuration, Study, run_study
    from core.benchmarks.source import Options
    from core.config import resolve_config

    torch.set_num_threads(1)
    config = resolve_config(asked.config, asked.settings)
    chosen, of_text = (GRID, TEXT_GRID) if grid is None else (grid, {})
    study = Study.of(
        Options(asked.corpus, asked.condition, permute=asked.permute_labels),
        [Configuration(name, changes) for name, changes in chosen.items()],
        text_grid=[Configuration(name, changes) for name, changes in of_text.items()],
        seeds=asked.seeds,
        share=asked.share,
        config=config,
    )
    for left_out, same in study.merged.items():
        sys.stderr.write(f"left out: {left_out} is the same as {same}\n")
    count, folds = len(study.grid), len(study.source.material.parts)
    sys.stderr.write(
        f"{count} configuration{'' if count == 1 else 's'}, {folds} folds by {study.source.split}, "
        f"{len(study.seeds)} seeds: {study.folder}\n"
    )
    results = run_study(study, told=_tell, command=command(study))
    report(results)
    sys.stdout.write(f"\nall figures: {study.folder / FILE}\n")
    return 0


def command(study: Study) -> str:
    """The command line of a study: what differs from the defaults, a configuration file as the keys that it sets."""
    from core.config import Config

    words = ["python", "-m", "benchmarks.mi_gain", study.options.corpus]
    if study.options.condition != _CONDITION:
        words += ["--condition", study.options.condition]
    if len(study.seeds) != _SEEDS:
        words += ["--seeds", str(len(study.seeds))]
    if study.share != _SHARE:
        words += ["--share", str(study.share)]
    for section, default in Config().model_dump().items():
        for key, value in study.config.model_dump()[section].items():
            # The corpus is named, all folds are gone through, and validation speakers are divided off anew.
            if value != default[key] and (section, key) not in _OF_RUNS:
                words += ["--set", f"{section}.{key}={'null' if value is None else value}"]
    if study.options.permute:
        words.append("--permute-labels")
    return shlex.join(words)


_OF_RUNS = {("data", "corpus"), ("data", "fold"), ("data", "validation")}


def _tell(done: int, total: int, name: str, seconds: float, left: float | None) -> None:
    more = "" if not left else f", about {max(1, round(left / 60))} min left"
    sys.stderr.write(f"{done} of {total}: {name}, {seconds:.0f} s{more}\n")
    sys.stderr.flush()


def report(results: dict[str, Any]) -> None:
    """Prints what was measured."""
    from core.benchmarks.mi_summary import verdict_of
    from core.cli.output import print_table

    lines = [
        f"{results['corpus']}: {len(results['classes'])} classes, {len(results['folds'])} folds by {results['split']}, "
        f"{len(results['seeds'])} seeds; {results['condition_title']}; embeddings {', '.join(results['embeddings'])}",
        results["protocol"],
    ]
    if results["permuted"]:
        lines.append("emotions dealt out at random: the transferred information must be about 0 or below")
    sys.stdout.write("\n".join(lines) + "\n")
    measures = results["measures"]
    measured = sorted(results["rows"], key=lambda row: -row["mi"])
    rows = [
        [
            row["name"],
            *(f"{row[key]:.2f} ({row[f'{key}_low']:.2f} to {row[f'{key}_high']:.2f})" for key in measures["mi"]),
            *(_points(*(row[f"{key}{end}"] for end in ("", "_low", "_high", "_p_value"))) for key in measures["gain"]),
        ]
        for row in measured
    ]
    print_table(
        [
            "configuration",
            *(f"{title}, nats" for title in measures["mi"].values()),
            *(f"gain, {title}" for title in measures["gain"].values()),
        ],
        rows,
        title="Information, and gain in points of UA over nothing added (95 % intervals: bootstrap over folds; p: "
        "corrected resampled t-test)",
    )
    for key, title in measures["gain"].items():
        verdicts = [verdict_of(row, key) for row in measured]
        sys.stdout.write(
            f"generated rows {title}: by interval and test together {verdicts.count('better')} of {len(measured)} "
            f"gain, {verdicts.count('worse')} lose\n"
        )
    for one in results["failed"]:
        sys.stdout.write(f"failed, left out: {one['name']}: {one['reason']}\n")
    print_table(
        ["", "information", "generated rows", "Spearman", "95 %, configurations", "95 %, folds", "of"],
        [
            [
                "main" if one["main"] else "",
                measures["mi"][one["mi"]],
                measures["gain"][one["gain"]],
                "not defined" if one["spearman"] is None else f"{one['spearman']:+.2f}",
                _range(one["low"], one["high"]),
                _range(one["low_over_folds"], one["high_over_folds"]),
                str(one["n"]),
            ]
            for one in results["associations"]
        ],
        title="Rank correlation with the gain (main: the one that was chosen beforehand)",
    )


def _points(value: float, low: float, high: float, p_value: float) -> str:
    return f"{100 * value:+.1f} ({100 * low:+.1f} to {100 * high:+.1f}), p {p_value:.3f}"


def _range(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low:+.2f} to {high:+.2f}"


if __name__ == "__main__":
    sys.exit(main())
