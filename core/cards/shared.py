"""What both cards say: licence, language, who must be named, and that synthetic speech is synthetic."""

from __future__ import annotations

import re
from typing import Any

from core.cards.text import plain
from core.story import Data, Story

TAGS = ["mirage", "speech-emotion-recognition", "affective-computing", "data-augmentation"]
LIBRARY = "mirage"
_KNOWN = {
    *("mit", "apache-2.0", "odbl", "cc0-1.0"),
    *(
        f"cc-{kind}-{version}"
        for kind in ("by", "by-sa", "by-nd", "by-nc", "by-nc-sa", "by-nc-nd")
        for version in ("3.0", "4.0")
    ),
}
_ALIASES = {"odbl-1.0": "odbl", "open-database-1.0": "odbl", "cc0": "cc0-1.0", "cc-zero": "cc0-1.0"}
# In this order: "non commercial" has a gap of its own, and a word that says nothing is no part of what is left.
_SPELT = (
    (r"creative[\s_-]+commons", "cc"),
    (r"attribution", "by"),
    (r"non[\s_-]?commercial", "nc"),
    (r"share[\s_-]?alike", "sa"),
    (r"no[\s_-]?deriv(?:ative)?s?", "nd"),
    (r"\b(?:the|licen[cs]e|version|international|unported|universal)\b", " "),
    (r"\bv(?:\.\s*)?(?=\d)", ""),
    (r"[\s,_-]+", "-"),
    (r"(?<=-)(\d)$", r"\1.0"),
)
_LANGUAGES = {"english": "en", "german": "de", "chinese": "zh", "mandarin": "zh", "french": "fr", "italian": "it"}

CITATION = """\
@article{ahn_mirage,
  title  = {Improving Speech Emotion Recognition with Mutual Information Regularized Generative Model},
  author = {Ahn and Rana and Sivadas and Busso and Rajapakse},
}"""


def licence(data: Data) -> dict[str, str]:
    """``license`` in the hub's words; that of the corpus binds what was learnt from it."""
    said = (data.licence or "").strip()
    name = said.lower()
    for pattern, word in _SPELT:
        name = re.sub(pattern, word, name)
    name = name.strip("-")
    name = _ALIASES.get(name, name)
    if name in _KNOWN:
        return {"license": name}
    return {"license": "other", "license_name": slug(said) or "that-of-the-corpus"}


def languages(data: Data) -> list[str]:
    """ISO 639 codes of the corpus's languages, as far as it names them so."""
    found = []
    for name in data.languages:
        word = name.strip().lower()
        code = _LANGUAGES.get(word, re.split(r"[-_]", word)[0])
        if re.fullmatch(r"[a-z]{2,3}", code) and code not in found:
            found.append(code)
    return found


def metadata(story: Story, **more: Any) -> dict[str, Any]:
    """The beginning of both cards' metadata."""
    language = languages(story.data)
    informed = story.training.informed or any(one.value is not None for one in story.information)
    tags = [*TAGS, *(["mutual-information"] if informed else []), *(["synthetic"] if story.data.synthetic else [])]
    return {**licence(story.data), **({"language": language} if language else {}), "tags": tags, **more}


def slug(text: str) -> str:
    """``text`` as a short word of small letters, digits and dashes.

    >>> slug("CC BY-NC 2.0 (<b>!)")
    'cc-by-nc-2.0-b'
    """
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.")[:60].strip("-.")


def corpus_words(data: Data) -> str:
    """The corpus as a phrase; synthetic speech is called so wherever figures stand."""
    title = f", {data.title}" if data.title and data.title != data.corpus else ""
    kind = "synthetic speech: no person speaks" if data.synthetic else "recorded speech"
    return plain(f"{data.corpus}{title} ({kind})")


def synthetic_note(data: Data) -> str:
    """A line that stands above figures of synthetic speech."""
    if not data.synthetic:
        return ""
    return (
        "> **Synthetic.** The corpus is synthetic speech, made by rule. Every figure here shows what the tool does and "
        "says nothing about human emotion."
    )


def licence_words(data: Data, what: str) -> str:
    """What binds whoever uses it."""
    said = f"its licence, as far as it is known here: {plain(data.licence)}" if data.licence else "its licence"
    return (
        f"{what} learnt from {corpus_words(data)}. They are bound by {said}. Whoever publishes or uses them sees to it "
        "that it allows that. The program MIRAGE itself is under the MIT licence."
    )


def citation() -> str:
    """Whom to name."""
    return "MIRAGE follows the idea of this paper; sizes, weights, estimators and training recipes are MIRAGE's own."
