"""The form knows every key of the schema, with its explanation and bounds."""

from __future__ import annotations

import shlex

import pytest

from core import Config
from core.config import resolve_config
from dashboard import train_form


def test_every_key_is_there_and_explained() -> None:
    keys = [spec.key for spec in train_form.specs()]
    assert keys == [f"{section}.{name}" for section, values in Config().model_dump().items() for name in values]
    assert all(spec.description for spec in train_form.specs())
    assert set(train_form.FIRST) <= set(keys)
    assert all(train_form.section_says(section) for section in Config.model_fields)


@pytest.mark.parametrize("spec", train_form.specs(), ids=lambda spec: spec.key)
def test_default_lies_within_the_bounds(spec: train_form.Spec) -> None:
    if spec.kind == "choice":
        assert spec.default in spec.choices
    if spec.kind in ("integer", "number") and spec.default is not None:
        assert spec.low is None or spec.default >= spec.low
        assert spec.high is None or spec.default <= spec.high


def test_bounds_and_choices_come_from_the_schema() -> None:
    specs = train_form.by_key()
    assert (specs["generation.critic_steps"].low, specs["generation.critic_steps"].high) == (1, 20)
    assert specs["data.fold"].optional
    assert specs["data.fold"].kind == "integer"
    assert specs["generation.mode"].choices == ("auto", "text", "free", "paired")
    assert specs["generation.w_c"].high == 100.0
    assert specs["training.seed"].exclusive_high


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"training": {"seed": 5}, "data": {"corpus": "emodb", "fold": 3}},
        {"data": {"fold": None, "classes": "angry,happy,excited>happy"}, "generation": {"w_u": 0.0}},
        {"data": {"corpus": "emodb", "fold": 2, "unlabelled": True}, "training": {"seed": 1}},
    ],
)
def test_command_means_the_same_configuration(changes: dict[str, dict[str, object]]) -> None:
    config = Config().changed(**changes)
    words = shlex.split(train_form.command(config, "my-run"))
    assert words[:2] == ["mirage", "train"]
    assert words[-2:] == ["--run-id", "my-run"]
    sections: dict[str, dict[str, object]] = {"data": {"corpus": words[2]}}
    if "--unlabelled" in words:
        words.remove("--unlabelled")
        sections["data"]["unlabelled"] = True
    settings = []
    for flag, value in zip(words[3:-2:2], words[4:-2:2], strict=True):
        if flag == "--set":
            settings.append(value)
        elif flag == "--seed":
            sections["training"] = {"seed": int(value)}
        else:
            assert flag == "--fold"
            sections["data"]["fold"] = int(value)
    assert resolve_config(settings=settings, **sections) == config
