"""The facts of a run, as plain frozen values: whoever tells of it (report, page, card) tells the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

FOLDER = "a folder of weights"
"""What stands for an encoder that is no model of the hub: where it lies is not told."""


@dataclass(frozen=True)
class Scores:
    """Recognition on held-out speakers, shares from 0 to 1; ``recall`` by emotion, None where it was not tested."""

    ua: float
    wa: float
    macro_f1: float
    recall: dict[str, float | None]


@dataclass(frozen=True)
class Data:
    """What a run was trained and tested on.

    Attributes:
        title, licence: of the corpus, in its loader's words; None where they are not known here.
        synthetic: no person speaks.
        emotions: utterances by emotion, of those that the run uses; where it is ``withheld``, in training.
        parts: utterances by part: train, validation, test, unlabelled, unused; those that are not empty.
        speakers: names by part. fold: what is held out, None where nothing is. folds: what a fold holds out.
        with_text: utterances with a transcript that was learnt from; where it is ``withheld``, at most so many.
        languages: as the corpus names them.
        audio_allowed, transcripts_allowed: what people may hear and read of it, here and now.
        withheld: the run was published without its utterances: counts and parts are what it says of them.
    """

    corpus: str
    title: str | None
    licence: str | None
    synthetic: bool
    utterances: int
    emotions: dict[str, int]
    parts: dict[str, int]
    speakers: dict[str, list[str]]
    fold: str | None
    folds: str
    with_text: int
    languages: list[str]
    audio_allowed: bool
    transcripts_allowed: bool
    withheld: bool = False

    @property
    def held_out(self) -> list[str]:
        """The speakers that training never heard."""
        return self.speakers.get("test", [])


@dataclass(frozen=True)
class Training:
    """How the networks were made.

    Attributes:
        mode: of generation: text, free or paired. dim: of the aligned space. codes: names of the latent codes.
        encoders: name of each embedding store to the hub id of the encoder it came from, or ``FOLDER``.
        steps: by stage. unlabelled: whether guessed emotions were learnt from.
        informed: whether mutual information had any weight.
        mirage, device, git_revision: what it was made with; None where the run does not say.
    """

    mode: str
    dim: int
    codes: list[str]
    encoders: dict[str, str]
    steps: dict[str, int]
    unlabelled: bool
    informed: bool
    seed: int
    mirage: str | None
    device: str | None
    git_revision: str | None


@dataclass(frozen=True)
class Information:
    """A held-out mutual information in nats with its 95 % interval; ``value`` is None where it was not measured.

    ``shown`` is its symbol, ``meaning`` a sentence for anybody; ``ceiling`` what it cannot exceed, None without one.
    """

    quantity: str
    shown: str
    meaning: str
    value: float | None
    low: float | None
    high: float | None
    ceiling: float | None
    estimator: str
    saturated: bool
    reason: str


@dataclass(frozen=True)
class Gain:
    """A paired difference of UA in points (per cent), with its 95 % interval over folds.

    ``says`` is better, worse or not told apart: interval and corrected resampled t-test must agree.
    """

    over: str
    mean: float
    low: float
    high: float
    p_value: float
    says: str


@dataclass(frozen=True)
class Effect:
    """Recall of an emotion in per cent, with nothing added and with MIRAGE; None where it was not tested."""

    emotion: str
    without: float | None
    with_mirage: float | None

    @property
    def change(self) -> float | None:
        """In points."""
        return None if self.without is None or self.with_mirage is None else self.with_mirage - self.without


@dataclass(frozen=True)
class Method:
    """A way of augmenting and its UA in per cent with the 95 % interval over folds, ``gain`` over nothing added."""

    name: str
    title: str
    ua: float
    low: float | None
    high: float | None
    gain: Gain | None


@dataclass(frozen=True)
class Benchmark:
    """A finished benchmark on the run's corpus, from one kind of features.

    Attributes:
        name: its folder. features: "audio" or "audio and text". condition: which training utterances were used.
        unlabelled: whether the others were learnt from without their label. test_on: another corpus, or None.
        folds, seeds, split, utterances, classes: what every figure must be read with.
        embeddings: the stores it was measured with. own_embeddings: whether they are the run's.
        reference: the tuned regression. plain: nothing added. ours: MIRAGE. methods: all, in the benchmark's order.
        gain: of MIRAGE over nothing added. over_reference, over_rivals: of MIRAGE over the regression and over
            methods that share something with it, by name.
        effects: by emotion.
    """

    name: str
    features: str
    condition: str
    unlabelled: bool
    test_on: str | None
    folds: int
    seeds: int
    split: str
    utterances: int
    classes: list[str]
    reference: Method
    plain: Method
    ours: Method
    methods: list[Method]
    gain: Gain | None
    over_reference: Gain | None
    over_rivals: dict[str, Gain]
    effects: list[Effect]
    embeddings: list[str] = field(default_factory=list)
    own_embeddings: bool = True

    @property
    def without_generator(self) -> str:
        """Where MIRAGE gains and comes no further than without its generator: the verdict on that; else empty."""
        alone = self.over_rivals.get("mirage-no-generator")
        if self.gain is None or self.gain.says != "better" or alone is None or alone.says == "better":
            return ""
        return alone.says


def best_of(benchmarks: Sequence[Benchmark]) -> Benchmark | None:
    """The first that was not tested on another corpus."""
    return next((one for one in benchmarks if one.test_on is None), None)


@dataclass(frozen=True)
class Answer:
    """A question that somebody who was not there asks, and the answer in sentences."""

    key: str
    question: str
    text: str


@dataclass(frozen=True)
class Story:
    """Everything that is told of a run.

    Attributes:
        run: its id. headline: one sentence. answers: what was done, how much it helped, how sure we are ...
        recognition: by ``audio``, ``audio_and_text`` and ``reference``; empty where nothing was held out.
        benchmarks: on the run's corpus, that which answers "how much did it help" first.
        quality: the report card as ``mirage quality`` keeps it, None without one.
        map_quality: trustworthiness and the projector's error.
        limits: what must not be concluded. commands: they make the run and its figures again.
        configuration: the whole of it, as YAML. left_out: what could not be read, and why.
    """

    run: str
    headline: str
    answers: list[Answer]
    data: Data
    training: Training
    recognition: dict[str, Scores]
    information: list[Information]
    benchmarks: list[Benchmark]
    quality: dict[str, Any] | None
    map_quality: dict[str, Any]
    limits: list[str]
    commands: list[str]
    configuration: str
    left_out: list[str]

    @property
    def best(self) -> Benchmark | None:
        """The benchmark that answers how much it helped; never one that was tested on another corpus."""
        return best_of(self.benchmarks)

    def answer(self, key: str) -> str:
        """The text of one of ``answers``."""
        return next(answer.text for answer in self.answers if answer.key == key)

    def to_dict(self) -> dict[str, Any]:
        """All of it, ready for JSON."""
        return asdict(self)
