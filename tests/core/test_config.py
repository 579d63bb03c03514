"""The configuration: every key explained, every wrong one named."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from core.config import Config, build_config, load_config, resolve_config
from core.errors import BadInputError

KEYS = [
    (section, name)
    for section, field in Config.model_fields.items()
    for name in field.annotation.model_fields  # type: ignore[union-attr]
]


def field(section: str, name: str) -> Any:
    return Config.model_fields[section].annotation.model_fields[name]  # type: ignore[union-attr]


@pytest.mark.parametrize(("section", "name"), KEYS)
def test_every_key_is_explained(section: str, name: str) -> None:
    text = field(section, name).description
    assert text
    assert text.endswith(".")
    assert len(text) > 12


def test_is_frozen() -> None:
    with pytest.raises(ValidationError, match="frozen"):
        Config().training.seed = 3  # type: ignore[misc]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"alignment": {"dimm": 3}}, "there is no key 'alignment.dimm'; did you mean 'alignment.dim'?"),
        ({"generation": {"w_mi": 1}}, "there is no key 'generation.w_mi'; did you mean"),
        ({"trainings": {"seed": 1}}, "there is no key 'trainings'"),
        ({"alignment": {"dim": 1}}, "alignment.dim = 1: Input should be greater than or equal to 2"),
        ({"alignment": {"dim": 5000}}, "alignment.dim = 5000: Input should be less than or equal to 1024"),
        ({"alignment": {"dim": 2.5}}, "alignment.dim = 2.5: Input should be a valid integer"),
        ({"alignment": {"dropout": 1.0}}, "alignment.dropout = 1.0: Input should be less than 1"),
        ({"alignment": {"learning_rate": 0}}, "alignment.learning_rate = 0: Input should be greater than 0"),
        ({"alignment": {"w_con": -0.1}}, "alignment.w_con = -0.1"),
        ({"alignment": {"w_con": float("nan")}}, "alignment.w_con = nan"),
        ({"alignment": {"w_con": float("inf")}}, "alignment.w_con = inf"),
        ({"generation": {"adversarial": "lsgan"}}, "generation.adversarial = 'lsgan': Input should be 'hinge'"),
        ({"generation": {"codes": 0}}, "generation.codes = 0"),
        ({"training": {"seed": -1}}, "training.seed = -1"),
        ({"training": {"seed": 2**31}}, "training.seed = 2147483648"),
        ({"training": {"device": "tpu"}}, "training.device = 'tpu'"),
        ({"data": {"fold": "first"}}, "data.fold = 'first'"),
        ({"data": None}, "data = None"),
        ({"data": [1]}, "data = [1]"),
        ([], "a mapping of sections is expected, found list"),
        ("text", "a mapping of sections is expected, found str"),
    ],
)
def test_what_is_wrong_is_named(content: Any, message: str) -> None:
    with pytest.raises(BadInputError) as caught:
        build_config(content, "here")
    assert str(caught.value).startswith("here: ")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_nothing_is_everything_by_default() -> None:
    assert build_config(None, "here") == build_config({}, "here") == Config()


@pytest.mark.parametrize(
    ("setting", "found"),
    [
        ("alignment.dim=32", 32),
        ("alignment.learning_rate=1e-4", 1e-4),
        ("alignment.learning_rate=0.5", 0.5),
        ("data.fold=", None),
        ("data.fold=null", None),
        ("data.fold=2", 2),
        ("data.classes=angry,sad,excited>happy", "angry,sad,excited>happy"),
        ("data.text=none", "none"),
        (" generation.mode =free", "free"),
        ("training.device=cuda:1", "cuda:1"),
    ],
)
def test_set(setting: str, found: Any) -> None:
    section, _, name = setting.partition("=")[0].strip().partition(".")
    assert getattr(getattr(resolve_config(settings=[setting]), section), name) == found


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("alignment.dim", "expected SECTION.KEY=VALUE"),
        ("dim=3", "expected SECTION.KEY=VALUE"),
        ("", "expected SECTION.KEY=VALUE"),
        ("alignment=3", "expected SECTION.KEY=VALUE"),
        ("aligment.dim=3", "there is no section 'aligment'; sections: data, alignment"),
        ("alignment.dimension=3", "there is no key 'alignment.dimension'; did you mean"),
        ("alignment.dim=[3", "the value cannot be read"),
        ("alignment.dim={a: 1}", "alignment.dim"),
        ("data.corpus=no", "data.corpus = False: Input should be a valid string"),
    ],
)
def test_wrong_set(setting: str, message: str) -> None:
    with pytest.raises(BadInputError) as caught:
        resolve_config(settings=[setting])
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_order_is_file_then_sections_then_settings(tmp_path: Path) -> None:
    file = tmp_path / "c.yaml"
    file.write_text("alignment:\n  dim: 16\n  hidden: 32\n  steps: 7\n")
    config = resolve_config(file, ["alignment.dim=18"], alignment={"dim": 17, "hidden": 33})
    assert (config.alignment.dim, config.alignment.hidden, config.alignment.steps) == (18, 33, 7)
    assert config.training == Config().training


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("alignment: [", "not readable as YAML"),
        ("a: b: c", "not readable as YAML"),
        ("- 1\n", "a mapping of sections is expected, found list"),
        ("alignment:\n  dmi: 3\n", "there is no key 'alignment.dmi'; did you mean 'alignment.dim'?"),
        ("alignment: 3\n", "alignment = 3"),
        ("!!python/object/apply:os.system ['true']", "not readable as YAML"),
    ],
)
@pytest.mark.parametrize("read", [load_config, resolve_config])
def test_a_wrong_file_is_named(tmp_path: Path, content: str, message: str, read: Any) -> None:
    file = tmp_path / "c.yaml"
    file.write_text(content)
    with pytest.raises(BadInputError) as caught:
        read(file)
    assert str(caught.value).startswith(str(file))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no such configuration file"):
        load_config(tmp_path / "c.yaml")
    with pytest.raises(BadInputError, match="not readable"):
        load_config(tmp_path)
    (tmp_path / "b.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadInputError, match="not readable as YAML"):
        load_config(tmp_path / "b.yaml")


@settings(max_examples=50, deadline=None)
@given(
    rate=st.floats(1e-9, 1.0),
    weight=st.floats(0.0, 100.0),
    dim=st.integers(2, 1024),
    fold=st.none() | st.integers(0, 99),
    corpus=st.text(min_size=1, max_size=20),
)
def test_yaml_round_trip(rate: float, weight: float, dim: int, fold: int | None, corpus: str) -> None:
    config = Config().changed(
        data={"fold": fold, "corpus": corpus},
        alignment={"learning_rate": rate, "dim": dim},
        generation={"w_u": weight},
    )
    text = config.to_yaml()
    assert build_config(yaml.safe_load(text), "text") == config
    assert text.endswith("\n")


def test_yaml_names_every_key_in_order() -> None:
    content = yaml.safe_load(Config().to_yaml())
    assert [(section, name) for section, values in content.items() for name in values] == KEYS


def test_changed_is_checked() -> None:
    assert Config().changed(training={"seed": 7}).alignment == Config().alignment
    with pytest.raises(BadInputError, match=r"training\.seed = -7"):
        Config().changed(training={"seed": -7})
    with pytest.raises(BadInputError, match="no key"):
        Config().changed(train={"seed": 7})
