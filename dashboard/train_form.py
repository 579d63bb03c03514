"""The training form, made from the configuration's own schema: a new key appears here by itself.

Descriptions become help, bounds become the widgets' bounds, a choice becomes a segmented control or a select box. What
the widgets return is validated again by the schema before anything starts.
"""

from __future__ import annotations

import types
from dataclasses import dataclass
from typing import Any, Literal, Union, get_args, get_origin

import streamlit as st
from pydantic.fields import FieldInfo

from core import Config, load_config
from core.config import build_config
from dashboard import theme

Kind = Literal["integer", "number", "text", "choice", "switch"]

FIRST = (
    "data.corpus",
    "data.audio",
    "data.text",
    "data.classes",
    "data.folds",
    "data.fold",
    "data.unlabelled",
    "generation.mode",
    "alignment.steps",
    "generation.steps",
    "training.seed",
)
"""The keys people change most; the others are under "All keys"."""

TITLES = {
    "data": "Data",
    "alignment": "Stage 1: alignment",
    "generation": "Stage 2: generation",
    "information": "Held-out information",
    "projection": "Map",
    "training": "Run",
}
# The alignment and the generation have keys of the same name: the first section names the stage.
LABELS = {"alignment.steps": "alignment steps", "generation.steps": "generation steps"}


@dataclass(frozen=True)
class Spec:
    """One key of the configuration as a form needs it.

    ``exclusive_low`` / ``exclusive_high``: the bound itself is not allowed.
    """

    section: str
    name: str
    kind: Kind
    description: str
    default: Any
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    exclusive_low: bool = False
    exclusive_high: bool = False
    optional: bool = False

    @property
    def key(self) -> str:
        return f"{self.section}.{self.name}"

    @property
    def widget(self) -> str:
        return f"cfg.{self.key}"

    @property
    def label(self) -> str:
        if self.name.startswith("w_"):
            return self.name
        return LABELS.get(self.key, self.name.replace("_", " ")).capitalize()


def specs() -> list[Spec]:
    """Every key of the schema, in its order."""
    found = []
    for section, field in Config.model_fields.items():
        model = field.annotation
        for name, info in model.model_fields.items():  # type: ignore[union-attr]
            found.append(_spec(section, name, info))
    return found


def by_key() -> dict[str, Spec]:
    """Every key of the schema by its full name."""
    return {spec.key: spec for spec in specs()}


def section_says(section: str) -> str:
    """The first line of the section's own documentation."""
    model = Config.model_fields[section].annotation
    return (model.__doc__ or "").strip().splitlines()[0] if model is not None else ""


def fill(content: dict[str, Any]) -> None:
    """Sets the widgets' values; to be called before they are drawn, or in a callback."""
    for spec in specs():
        st.session_state[spec.widget] = _shown(spec, content.get(spec.section, {}).get(spec.name, spec.default))


def ensure_filled() -> None:
    """Gives every widget its default at the first visit."""
    for spec in specs():
        if spec.widget not in st.session_state:
            st.session_state[spec.widget] = _shown(spec, spec.default)


def draw(spec: Spec, *, options: list[str] | None = None, label: str | None = None) -> Any:
    """The widget of one key; ``options`` offers known values of a text key (corpora, embedding stores)."""
    common: dict[str, Any] = {
        "label": label or spec.label,
        "key": spec.widget,
        "help": theme.plain(f"{spec.description} ({spec.key}; default {_shown_default(spec)})"),
        "persist_state": "session",
    }
    if options is not None:
        if st.session_state.get(spec.widget) not in options:
            st.session_state[spec.widget] = options[0]
        return st.selectbox(options=options, **common)
    if spec.kind == "choice":
        if len(spec.choices) <= 4:
            return st.segmented_control(options=spec.choices, required=True, **common)
        return st.selectbox(options=spec.choices, **common)
    if spec.kind == "text":
        return st.text_input(**common)
    if spec.kind == "switch":
        return st.checkbox(**common)
    if spec.kind == "integer":
        return st.number_input(
            min_value=_int_bound(spec.low, 1 if spec.exclusive_low else 0),
            max_value=_int_bound(spec.high, -1 if spec.exclusive_high else 0),
            value=None if spec.optional else "min",
            step=_int_step(spec.default),
            placeholder="empty" if spec.optional else None,
            **common,
        )
    return st.number_input(
        min_value=spec.low, max_value=spec.high, step=_step(spec.default), format=_format(spec.default), **common
    )


def collect() -> dict[str, dict[str, Any]]:
    """What the widgets hold, by section."""
    content: dict[str, dict[str, Any]] = {}
    for spec in specs():
        value = st.session_state.get(spec.widget, _shown(spec, spec.default))
        content.setdefault(spec.section, {})[spec.name] = value.strip() if isinstance(value, str) else value
    return content


def build() -> Config:
    """The validated configuration.

    Raises:
        BadInputError: names the key, the value and what is allowed.
    """
    return build_config(collect(), "configuration")


def read_file(path: str) -> dict[str, Any]:
    """A configuration file as nested dict.

    Raises:
        BadInputError: missing, not YAML, or a wrong key or value.
    """
    return load_config(path).model_dump()


def changed_keys(config: Config) -> dict[str, Any]:
    """The keys that are not at their default.

    >>> changed_keys(Config().changed(training={"seed": 7}))
    {'training.seed': 7}
    """
    default = Config().model_dump()
    return {
        f"{section}.{name}": value
        for section, keys in config.model_dump().items()
        for name, value in keys.items()
        if value != default[section][name]
    }


def command(config: Config, run_id: str | None = None) -> str:
    """The same training as a command line.

    >>> command(Config().changed(training={"seed": 7}, data={"corpus": "emodb"}))
    'mirage train emodb --seed 7'
    """
    import shlex

    parts = ["mirage", "train", config.data.corpus]
    for key, value in changed_keys(config).items():
        if key == "data.corpus":
            continue
        if key == "training.seed":
            parts += ["--seed", str(value)]
        elif key == "data.fold" and value is not None:
            parts += ["--fold", str(value)]
        elif key == "data.unlabelled":
            parts.append("--unlabelled")
        else:
            parts += ["--set", f"{key}={'null' if value is None else value}"]
    if run_id:
        parts += ["--run-id", run_id]
    return shlex.join(parts)


def _spec(section: str, name: str, info: FieldInfo) -> Spec:
    annotation, optional = _without_none(info.annotation)
    low = high = None
    exclusive_low = exclusive_high = False
    for limit in info.metadata:
        for attribute in ("ge", "gt", "le", "lt"):
            value = getattr(limit, attribute, None)
            if value is None:
                continue
            if attribute in ("ge", "gt"):
                low, exclusive_low = value, attribute == "gt"
            else:
                high, exclusive_high = value, attribute == "lt"
    choices: tuple[str, ...] = ()
    kind: Kind = "text"
    if get_origin(annotation) is Literal:
        kind, choices = "choice", tuple(get_args(annotation))
    elif annotation is bool:
        kind = "switch"
    elif annotation is int:
        kind = "integer"
    elif annotation is float:
        kind = "number"
        low = None if low is None else float(low)
        high = None if high is None else float(high)
    return Spec(
        section=section,
        name=name,
        kind=kind,
        description=info.description or "",
        default=info.default,
        choices=choices,
        low=low,
        high=high,
        exclusive_low=exclusive_low,
        exclusive_high=exclusive_high,
        optional=optional,
    )


def _without_none(annotation: Any) -> tuple[Any, bool]:
    if get_origin(annotation) in (Union, types.UnionType):
        others = [part for part in get_args(annotation) if part is not type(None)]
        if len(others) == 1:
            return others[0], len(others) < len(get_args(annotation))
    return annotation, False


def _shown(spec: Spec, value: Any) -> Any:
    if spec.kind == "number" and value is not None:
        return float(value)
    return value


def _shown_default(spec: Spec) -> str:
    return "empty" if spec.default is None else str(spec.default)


def _int_bound(bound: float | None, inside: int) -> int | None:
    return None if bound is None else int(bound) + inside


def _int_step(default: Any) -> int:
    """Steps that fit the size of the number: 1 below 20, then 10, 100 ..."""
    size = abs(int(default)) if isinstance(default, int) else 0
    step = 1
    while step * 50 <= size:
        step *= 10
    return step


def _step(default: Any) -> float:
    size = abs(float(default or 0.1))
    step = 1e-6
    while step * 100 <= size:
        step *= 10
    return step * 10 if size >= step * 10 else step


def _format(default: Any) -> str:
    return "%.6f" if 0 < abs(float(default or 0)) < 0.001 else "%.4g"
