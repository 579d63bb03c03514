"""The sentences of a story. They are made from its facts alone, good news and bad alike, for readers of any trade."""

from __future__ import annotations

from collections.abc import Sequence

from core.benchmarks import p_words
from core.story.facts import Answer, Benchmark, Data, Effect, Gain, Information, Scores, Training

UA = "the unweighted average recall (UA: the mean, over the emotions, of the share that is recognised)"
MEANINGS = {
    "I(c;h_hat)": ("I(c; ĥ)", "How much a generated feature tells of the emotion that was asked for."),
    "I(u;h_hat)": ("I(u; ĥ)", "How much it tells of the latent codes, the dials that change how an emotion is shown."),
    "I(t;h_hat)": ("I(t; ĥ)", "How much it tells of the words it was made for."),
    "I(h_hat;t_hat)": ("I(ĥ; t̂)", "How much a generated pair of speech and text features share."),
}
NATS = (
    "Mutual information is in nats: 0 means that one thing says nothing of the other. The ceiling is what is reached "
    "when nothing is left to guess; an interval says how exactly the value is known."
)


def many(count: int, noun: str) -> str:
    """A number with its noun.

    >>> many(1, "fold"), many(1200, "seed")
    ('1 fold', '1,200 seeds')
    """
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def listed(names: Sequence[str], most: int = 8) -> str:
    """Names in a sentence; of a long list the first ones and how many more.

    >>> listed(["a", "b", "c"]), listed(list("abcd"), 2)
    ('a, b and c', 'a, b and 2 more')
    """
    if len(names) > most:
        return f"{', '.join(names[:most])} and {len(names) - most} more"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def source(data: Data) -> str:
    """What the speech is; synthetic speech is called so."""
    return f"{data.corpus} ({'synthetic speech: no person speaks' if data.synthetic else 'recorded speech'})"


def points(gain: Gain) -> str:
    """A gain with its interval.

    >>> points(Gain("nothing added", 10.74, 8.7, 13.0, 0.001, "better"))
    '+10.7 points (95 % interval +8.7 to +13.0)'
    """
    return f"{gain.mean:+.1f} points (95 % interval {gain.low:+.1f} to {gain.high:+.1f})"


def headline(data: Data, best: Benchmark | None) -> str:
    """The one sentence, with what it holds for."""
    if best is None:
        return f"MIRAGE was trained on {source(data)}; whether it helps recognition has not been measured yet."
    gain = best.gain
    start = f"With {amount(best)}, from {best.features}, MIRAGE"
    figures = f"{best.ours.ua:.1f} % of emotions recognised with it, {best.plain.ua:.1f} % without"
    if gain is None:
        return f"{start} on {source(data)}: {figures}."
    verdict = {
        "better": "improved the recognition of emotion",
        "worse": "made the recognition of emotion worse",
    }.get(gain.says, "made no difference to recognition that can be told from chance")
    told = f"{start} {verdict} on {source(data)}: {figures}, {points(gain)}."
    return f"{told} {credit}" if (credit := credited(best)) else told


def credited(one: Benchmark) -> str:
    """Whose a gain is, where MIRAGE without its generator comes as far; empty otherwise."""
    if not one.without_generator:
        return ""
    if one.without_generator == "worse":
        return "The gain is that of the unlabelled speech: generated features take a little away from it."
    return "The gain is that of the unlabelled speech: that generated features add to it cannot be told from chance."


def answers(
    data: Data,
    training: Training,
    recognition: dict[str, Scores],
    best: Benchmark | None,
    more: Sequence[Benchmark],
    limits: list[str],
    commands: list[str],
) -> list[Answer]:
    """What people ask who were not there.

    Args:
        best: the benchmark that fits the run best. more: those on the same corpus and features, in other conditions.
    """
    return [
        Answer("done", "What was done?", _done(data, training)),
        Answer("helped", "How much did it help?", _helped(data, recognition, best, more)),
        Answer("sure", "How sure are we?", _sure(best)),
        Answer("voices", "On whose voices was it tested?", _voices(data, best)),
        Answer("emotions", "Which emotions gained and which lost?", _emotions(best)),
        Answer("not", "What may not be concluded?", " ".join(limits)),
        Answer("again", "How is it repeated?", f"With these commands: {'; '.join(commands)}."),
    ]


def limits(
    data: Data,
    best: Benchmark | None,
    more: Sequence[Benchmark],
    information: Sequence[Information],
    copying: bool | None,
) -> list[str]:
    """What must not be concluded, one sentence each; see ``answers`` for ``best`` and ``more``."""
    found = []
    if data.synthetic:
        found.append("The speech is synthetic, made by rule: the figures say nothing about human emotion.")
    found.append(
        ("Labels" if data.synthetic else "Labels are what listeners heard or actors were asked for, and they")
        + " hold in the corpus's own setting; another language, another microphone or spontaneous speech may come out "
        "otherwise."
    )
    if not data.parts.get("test"):
        found.append("No speaker was held out in this run: its own figures of recognition say nothing of new voices.")
    if best is None:
        found.append("No benchmark on its own speakers was measured: whether MIRAGE helps there cannot be said.")
    elif best.gain is None or best.gain.says == "not told apart":
        found.append(f"With {amount(best)}, it may not be concluded that MIRAGE helps recognition.")
    if best is not None and best.gain is not None and best.folds < 10:
        found.append(
            f"The interval rests on {many(best.folds, 'group')} of held-out speakers, which is few: it may be narrower "
            "than the truth."
        )
    if best is not None and not best.own_embeddings:
        named = listed(best.embeddings) if best.embeddings else "which are not named"
        found.append(f"The benchmark was measured with other embeddings than this run's: {named}.")
    for one in (best, *more):
        if one is None:
            continue
        if one.test_on is not None and one.gain is not None:
            found.append(f"Tested on {one.test_on}, MIRAGE is {_verdict(one.gain)} nothing added: {points(one.gain)}.")
        found += [
            f"With {amount(one)}, MIRAGE is {_verdict(gain)} {gain.over}: {points(gain)}."
            for gain in one.over_rivals.values()
            if gain.says != "better" and one.test_on is None
        ]
        if credit := credited(one):
            found.append(f"With {amount(one)}, {credit[0].lower()}{credit[1:]}")
    if any(one.saturated for one in information):
        found.append(
            "Of a mutual information near its ceiling nobody can say how near: all that is up to it looks alike."
        )
    if copying:
        found.append("Generated features lie nearer to training speech than new speech does: they may copy it.")
    found.append("Generated features are numbers in the model's space, not sound: nobody can listen to them.")
    return found


def effects(found: Sequence[Effect]) -> str:
    """Per-class effects in a sentence."""
    known = [(one.emotion, one.change) for one in found if one.change is not None]
    up = [f"{emotion} ({change:+.1f})" for emotion, change in known if change >= 0.05]
    down = [f"{emotion} ({change:+.1f})" for emotion, change in known if change <= -0.05]
    same = [emotion for emotion, change in known if abs(change) < 0.05]
    parts = [
        f"{word}: {listed(names, 20)}" for word, names in (("higher", up), ("lower", down), ("the same", same)) if names
    ]
    return "; ".join(parts)


def _done(data: Data, training: Training) -> str:
    heard = listed([f"{count:,} {name}" for name, count in data.emotions.items()], 14)
    if data.withheld:
        heard = f"{heard} in training; the run was published without its utterances"
    kind = {
        "text": "features of speech for given words",
        "paired": "pairs of speech and text features",
        "free": "features of speech",
    }[training.mode]
    text = (
        f"Pre-trained networks turned {many(data.utterances, 'utterance')} of {source(data)} into numbers ({heard})"
        f"{_transcripts(data)}. "
        f"MIRAGE brought {'speech and text' if data.with_text else 'them'} into one space of {training.dim} "
        f"dimensions in which emotions lie apart, and trained a generator that makes new {kind} for an emotion, with "
        f"{many(len(training.codes), 'latent code')} for how it is shown."
    )
    if training.informed:
        text += " Mutual information held the generator to what it was asked for."
    if training.unlabelled:
        text += f" It learnt from {many(data.parts.get('unlabelled', 0), 'utterance')} without a label too."
    return text


def _transcripts(data: Data) -> str:
    if not data.with_text or data.withheld:
        return ""
    return f", {'all' if data.with_text == data.utterances else f'{data.with_text:,}'} of them with their transcript"


def _helped(data: Data, recognition: dict[str, Scores], best: Benchmark | None, more: Sequence[Benchmark]) -> str:
    if best is None:
        return (
            f"That has not been measured: this workspace holds no finished benchmark of {data.corpus} with these "
            f"emotions, on its own speakers. `mirage benchmark {data.corpus}` measures it, with `--set "
            "data.classes=...` where the run has not all emotions." + _single(recognition)
        )
    plain, ours = best.plain, best.ours
    parts = [
        f"From {best.features}, with {amount(best)}, {UA} is {plain.ua:.1f} % without MIRAGE and "
        f"{ours.ua:.1f} % with it{f': {points(best.gain)}' if best.gain else ''}. Guessing would reach "
        f"{100 / len(best.classes):.1f} %."
    ]
    if best.over_reference:
        parts.append(
            f"A simple rival, {best.reference.title}, reaches {best.reference.ua:.1f} %; MIRAGE is "
            f"{_verdict(best.over_reference)} it, {points(best.over_reference)}."
        )
    for one in more:
        if one.gain and one.test_on is None:
            parts.append(
                f"With {amount(one)}, it is {one.plain.ua:.1f} % without and {one.ours.ua:.1f} % with it: "
                f"{points(one.gain)}, {one.gain.says}."
            )
            # Whoever reads of the gain reads at once whose it is.
            parts += [credit] if (credit := credited(one)) else []
    if data.synthetic:
        parts.append("The speech is synthetic.")
    return " ".join(parts)


def amount(one: Benchmark) -> str:
    """Which training utterances a benchmark used."""
    return one.condition + (", the others without labels" if one.unlabelled and "label" not in one.condition else "")


def _single(recognition: dict[str, Scores]) -> str:
    scores = recognition.get("audio_and_text") or recognition.get("audio")
    if scores is None:
        return ""
    text = f" Before anything is added, the aligned network recognises {100 * scores.ua:.1f} % (UA) on one fold"
    reference = recognition.get("reference")
    return text + (f"; a tuned logistic regression from speech alone {100 * reference.ua:.1f} %." if reference else ".")


def _verdict(gain: Gain) -> str:
    return {"better": "better than", "worse": "worse than"}.get(gain.says, "not told apart from")


def _sure(best: Benchmark | None) -> str:
    if best is None or best.gain is None:
        return "Not at all yet: there is no comparison over several groups of speakers."
    gain = best.gain
    seen = (
        "both had the same labels, and only MIRAGE the speech without labels as well"
        if best.unlabelled
        else "both sides saw the same data"
    )
    tested = "test sets of the corpus" if best.split == "split" else f"groups of speakers (folds by {best.split})"
    design = (
        f"The comparison was repeated over {best.folds:,} {tested}, each held out in turn and never heard in training, "
        f"and over {many(best.seeds, 'random start')} (seeds); {seen}."
    )
    if gain.says == "better":
        verdict = "The interval leaves zero out and the test agrees: the gain is not chance at the usual level."
    elif gain.says == "worse":
        verdict = "The interval leaves zero out and the test agrees: the loss is not chance at the usual level."
    elif gain.low <= 0 <= gain.high:
        verdict = "The interval holds zero: no gain and no loss can be told from chance."
    else:
        verdict = "The interval leaves zero out, but the stricter test does not agree: it counts as not told apart."
    return (
        f"{design} The gain lies between {gain.low:+.1f} and {gain.high:+.1f} points with 95 % confidence "
        f"(p = {p_words(gain.p_value)}, corrected resampled t-test). {verdict}".replace("p = <", "p <")
    )


def _voices(data: Data, best: Benchmark | None) -> str:
    validation = data.parts.get("validation", 0)
    names, kind = data.held_out, "synthetic voice" if data.synthetic else "speaker"
    run = (
        f"This run was tested on {many(len(names), kind)} that its training never heard ({listed(names)}), "
        f"{many(data.parts.get('test', 0), 'utterance')}."
        if names
        else f"This run was tested on {many(data.parts['test'], 'utterance')} kept from its training."
        if data.parts.get("test")
        else "In this run nobody was held out for testing"
        + (f"; {many(validation, 'utterance')} chose the settings." if validation else ".")
    )
    if best is None:
        return run
    everybody = len({name for names in data.speakers.values() for name in names})
    who = (
        "the speakers of the corpus's own test sets were"
        if best.split == "split"
        else f"each of the {many(everybody, kind)} was"
        if everybody > 1
        else "every speaker was"
    )
    return (
        f"{run} In the benchmark {who} tested, by networks that had never heard that voice: "
        f"{many(best.utterances, 'utterance')} in {many(best.folds, 'group')}."
    )


def _emotions(best: Benchmark | None) -> str:
    said = effects(best.effects) if best is not None else ""
    if best is None or not said:
        return "That has not been measured yet."
    return (
        f"Recall in points, with MIRAGE over nothing added, with {amount(best)}, from {best.features}: {said}. All "
        "folds are counted together, the seeds averaged, and there are no intervals: small differences mean nothing."
    )
