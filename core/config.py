"""The configuration of a run: frozen, validated where it is built, each key explained.

The paper does not give sizes, weights or estimators: every default here is MIRAGE's own. The Train page builds its
form from this schema, so a key's ``description`` is what a person reads there.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from core.errors import BadInputError
from core.settings_file import parse_yaml, read_yaml

Adversarial = Literal["hinge", "non-saturating", "wgan-gp"]
Weight = Annotated[float, Field(ge=0.0, le=100.0)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


class DataConfig(_Section):
    """Which utterances, which embeddings, which speakers are held out."""

    corpus: str = Field("demo", description="Name of the ingested corpus.")
    audio: str = Field("auto", description="Audio embedding store; 'auto' takes the only one there is.")
    text: str = Field("auto", description="Text embedding store; 'auto' takes the only one there is, 'none' none.")
    classes: str = Field(
        "auto",
        description="Emotions to use, separated by commas; 'excited>happy' merges one into another; "
        "'four-class' to 'nine-class' are the sets of the field; 'auto' takes every emotion of the corpus.",
    )
    folds: Literal["auto", "session", "speaker", "split"] = Field(
        "auto",
        description="What a fold holds out: whole sessions, whole speakers, or the corpus's own split.",
    )
    n_folds: int = Field(5, ge=2, le=100, description="Number of speaker folds (where folds are by speaker).")
    fold: int | None = Field(
        0, ge=0, description="The fold whose speakers are held out for testing; empty trains on all speakers."
    )
    validation: float = Field(
        0.15, ge=0.0, lt=0.6, description="Share of the training speakers kept for validation; 0 keeps none."
    )
    unlabelled: bool = Field(
        False,
        description="Learn from utterances of training speakers that have no emotion, too: what is learnt from the "
        "labelled ones guesses theirs, then alignment begins anew on both. Worth it where labels are few.",
    )


class AlignmentConfig(_Section):
    """Stage 1: audio and text in one space."""

    dim: int = Field(64, ge=2, le=1024, description="Dimension of the aligned space.")
    shrinkage: float = Field(
        0.8,
        ge=0.01,
        le=1.0,
        description="How the audio embeddings are whitened by their covariance within the emotions: its share that is "
        "replaced by equal variances. Small whitens fully, 1 only standardises each dimension.",
    )
    hidden: int = Field(
        0,
        ge=0,
        le=4096,
        description="Width of the hidden layer of each branch; 0 keeps the branches linear, which recognises best "
        "with a few thousand utterances or fewer.",
    )
    dropout: float = Field(0.3, ge=0.0, lt=1.0, description="Dropout around the hidden layer; none where hidden is 0.")
    noise: float = Field(
        1.5,
        ge=0.0,
        le=10.0,
        description="Deviation of Gaussian noise on the audio inputs (whitened, unit variance) while training: the "
        "main regulariser.",
    )
    text_noise: float = Field(
        3.0,
        ge=0.0,
        le=10.0,
        description="Deviation of Gaussian noise on the standardised text inputs while training: transcripts are fewer "
        "than utterances, and without much noise they are learnt by heart.",
    )
    steps: int = Field(500, ge=0, le=1_000_000, description="Training steps.")
    batch: int = Field(128, ge=8, le=65_536, description="Utterances in a batch.")
    learning_rate: float = Field(1e-3, gt=0.0, le=1.0, description="Peak learning rate of AdamW (cosine decay).")
    weight_decay: float = Field(0.05, ge=0.0, le=10.0, description="Weight decay of AdamW.")
    label_smoothing: float = Field(0.1, ge=0.0, lt=1.0, description="Label smoothing of the emotion cross-entropy.")
    w_sup: Weight = Field(
        1.0,
        description="Weight of the supervised contrastive loss on the audio features: utterances of one emotion "
        "attract one another.",
    )
    sup_temperature: float = Field(
        0.1, gt=0.005, le=10.0, description="Temperature of the supervised contrastive loss."
    )
    speaker_swap: float = Field(
        0.5,
        ge=0.0,
        le=2.0,
        description="How much of a speaker's own offset is swapped for another training speaker's while training, at "
        "most: a share drawn anew for each utterance.",
    )
    w_con: Weight = Field(0.1, description="Weight of the symmetric InfoNCE between audio and text features.")
    w_mi: Weight = Field(
        0.05, description="Weight of the estimated mutual information I(h; t) (added to, not aligned)."
    )
    temperature: float = Field(0.1, gt=0.005, le=10.0, description="Initial temperature of InfoNCE; it is learnt.")


class GenerationConfig(_Section):
    """Stage 2: the InfoGAN-style generator."""

    mode: Literal["auto", "text", "free", "paired"] = Field(
        "auto",
        description="'text' conditions on an aligned text feature, 'free' uses none, 'paired' generates audio and "
        "text features together; 'auto' is 'text' where the corpus has text, else 'free'.",
    )
    steps: int = Field(1600, ge=0, le=10_000_000, description="Generator steps.")
    batch: int = Field(128, ge=8, le=65_536, description="Generated features in a batch.")
    noise: int = Field(64, ge=1, le=1024, description="Dimension of the noise z.")
    base: bool = Field(
        True,
        description="Begin at the Gaussians of the emotions, from which the generator learns to depart; without them "
        "it soon ignores the noise.",
    )
    codes: int = Field(4, ge=1, le=32, description="Number of continuous latent codes u.")
    code_share: float = Field(
        0.25,
        ge=0.0,
        le=1.0,
        description="With base: the codes begin with this share of the variance of the widest directions that tell no "
        "emotions apart, one direction each, the noise with the rest. With 0 they begin with nothing, and some may "
        "never come to mean anything.",
    )
    hidden: int = Field(256, ge=8, le=4096, description="Width of the hidden layers.")
    adversarial: Adversarial = Field("hinge", description="Adversarial loss.")
    critic_steps: int = Field(1, ge=1, le=20, description="Discriminator steps for each generator step.")
    learning_rate: float = Field(2e-4, gt=0.0, le=1.0, description="Learning rate of the generator (Adam).")
    critic_learning_rate: float = Field(4e-4, gt=0.0, le=1.0, description="Learning rate of the discriminator (Adam).")
    judge_text: bool = Field(
        False,
        description="Whether the discriminator is given the text too. Features are more varied where it is not and "
        "text is held by its mutual information alone.",
    )
    w_adv: Weight = Field(1.0, description="Weight of the adversarial loss.")
    w_c: Weight = Field(1.0, description="Weight of the bound on I(c; h_hat): emotion.")
    w_u: Weight = Field(0.3, description="Weight of the bound on I(u; h_hat): continuous codes.")
    w_t: Weight = Field(0.2, description="Weight of the bound on I(t; h_hat): text.")
    w_pair: Weight = Field(0.2, description="Weight of the bound on I(h_hat; t_hat) in paired mode.")
    gradient_penalty: Weight = Field(10.0, description="Weight of the gradient penalty (wgan-gp only).")
    average: float = Field(0.99, ge=0.0, lt=1.0, description="Decay of the averaged generator that is kept.")


class InformationConfig(_Section):
    """The held-out mutual information of what is generated."""

    samples: int = Field(4000, ge=200, le=10_000_000, description="Fresh samples; half fit the critic, half measure.")
    steps: int = Field(400, ge=10, le=1_000_000, description="Training steps of a held-out critic.")
    batch: int = Field(256, ge=8, le=65_536, description="Batch of a held-out critic; its log is InfoNCE's ceiling.")
    bootstrap: int = Field(500, ge=50, le=100_000, description="Bootstrap repetitions for the interval.")


class ProjectionConfig(_Section):
    """The two-dimensional map."""

    neighbours: int = Field(40, ge=2, le=500, description="UMAP's n_neighbors.")
    min_dist: float = Field(0.5, ge=0.0, le=1.0, description="UMAP's min_dist.")
    metric: Literal["euclidean", "cosine"] = Field("euclidean", description="Distance in the aligned space.")
    projector_steps: int = Field(
        1500, ge=10, le=1_000_000, description="Training steps of the projector for new points."
    )


class TrainingConfig(_Section):
    """What holds for the whole run."""

    seed: int = Field(0, ge=0, lt=2**31, description="Seed of every random choice of the run.")
    device: str = Field("auto", pattern=r"^(auto|cpu|mps|cuda(:\d+)?)$", description="auto, cpu, cuda, cuda:N or mps.")
    threads: int = Field(
        1,
        ge=0,
        le=1024,
        description="CPU threads; small networks train fastest on one. 0 leaves the choice to PyTorch.",
    )
    checkpoint_every: int = Field(250, ge=1, le=1_000_000, description="Steps between checkpoints.")
    keep_checkpoints: int = Field(2, ge=1, le=1000, description="How many checkpoints are kept.")
    log_every: int = Field(10, ge=1, le=100_000, description="Steps between logged values.")


class Config(_Section):
    """The whole configuration of a run (``config.yaml``)."""

    data: DataConfig = DataConfig()
    alignment: AlignmentConfig = AlignmentConfig()
    generation: GenerationConfig = GenerationConfig()
    information: InformationConfig = InformationConfig()
    projection: ProjectionConfig = ProjectionConfig()
    training: TrainingConfig = TrainingConfig()

    def to_yaml(self) -> str:
        """The configuration as YAML, keys in the order of the schema."""
        import yaml

        return yaml.safe_dump(self.model_dump(), sort_keys=False, allow_unicode=True)

    def changed(self, **sections: dict[str, Any]) -> Config:
        """A validated copy with some keys changed.

        >>> Config().changed(training={"seed": 7}).training.seed
        7
        """
        content = self.model_dump()
        for section, values in sections.items():
            content.setdefault(section, {})
            content[section] = {**content[section], **values}
        return build_config(content, "configuration")


def build_config(content: Any, where: str) -> Config:
    """Validates a nested dict.

    Raises:
        BadInputError: names the key, the value and what is allowed.
    """
    if content is None:
        content = {}
    if not isinstance(content, dict):
        raise BadInputError(f"{where}: a mapping of sections is expected, found {type(content).__name__}")
    try:
        return Config.model_validate(content)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            raise BadInputError(f"{where}: there is no key {key[:80]!r}{_suggestion(key[:80])}") from None
        raise BadInputError(f"{where}: {key[:80]} = {repr(first.get('input'))[:200]}: {first['msg'][:300]}") from None


def load_config(path: str | Path) -> Config:
    """Reads a YAML configuration; keys that are left out have their defaults.

    Raises:
        BadInputError: the file is missing, is not YAML or holds a wrong key or value.
    """
    return build_config(read_yaml(Path(path)), str(path))


def resolve_config(file: str | Path | None = None, settings: Iterable[str] = (), **sections: dict[str, Any]) -> Config:
    """The configuration of defaults, then a file, then ``sections``, then ``KEY=VALUE`` settings.

    >>> resolve_config(settings=["alignment.dim=32"]).alignment.dim
    32

    Raises:
        BadInputError: a key or value that the schema refuses.
    """
    content: dict[str, Any] = {}
    if file is not None:
        loaded = read_yaml(Path(file))
        build_config(loaded, str(file))
        content = {section: dict(values or {}) for section, values in (loaded or {}).items()}
    for section, values in sections.items():
        content.setdefault(section, {}).update(values)
    for setting in settings:
        key, equals, value = setting.partition("=")
        section, dot, name = key.strip().partition(".")
        if not equals or not dot:
            raise BadInputError(f"--set {setting}: expected SECTION.KEY=VALUE, for example generation.w_u=0.5")
        if section not in Config.model_fields:
            raise BadInputError(
                f"--set {setting}: there is no section {section!r}; sections: {', '.join(Config.model_fields)}"
            )
        try:
            content.setdefault(section, {})[name] = parse_yaml(value)
        except ValueError:
            raise BadInputError(f"--set {setting}: the value cannot be read; write it as YAML would") from None
    return build_config(content, "--set" if settings else "configuration")


def _suggestion(key: str) -> str:
    from difflib import get_close_matches

    known = [
        f"{section}.{name}"
        for section, field in Config.model_fields.items()
        for name in field.annotation.model_fields  # type: ignore[union-attr]
    ]
    close = get_close_matches(key, known, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""
