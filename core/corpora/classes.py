"""Which emotions a run tells apart."""

from __future__ import annotations

import pandas as pd

from core.corpora.vocabulary import EMOTIONS, read_emotion
from core.errors import BadInputError

CLASS_SETS: dict[str, str] = {
    "four-class": "angry,happy,sad,neutral,excited>happy",
    "five-class": "angry,happy,sad,neutral,surprise",
    "six-class": "angry,happy,sad,neutral,fear,disgust",
    "seven-class": "angry,happy,sad,neutral,fear,disgust,surprise",
    "eight-class": "angry,happy,sad,neutral,fear,disgust,surprise,contempt",
    "nine-class": "angry,happy,sad,neutral,excited,frustrated,fear,surprise,disgust",
}
"""Sets that the field compares on, by name: four of IEMOCAP and MSP-IMPROV (excited counts as happy), five of ESD,
six of CREMA-D, seven of MELD, eight of MSP-Podcast, nine of IEMOCAP. ``4-class`` is the same as ``four-class``."""

_DIGITS = {"4": "four", "5": "five", "6": "six", "7": "seven", "8": "eight", "9": "nine"}


def class_view(emotions: pd.Series, classes: str = "auto") -> tuple[pd.Series, list[str]]:
    """Labels of the classes asked for.

    Args:
        emotions: the column ``emotion``, n values or None.
        classes: ``auto`` (every emotion that occurs), one of ``CLASS_SETS``, or a list such as
            ``angry,happy,sad,neutral``, in which ``excited>happy`` merges one emotion into a listed one.

    Returns:
        The labels (n, None where the row belongs to no class) and the class names in the order asked for.

    Raises:
        BadInputError: a name is unknown or repeated, a class has no utterance, or there are fewer than two classes.

    >>> labels, names = class_view(pd.Series(["excited", "sad", None]), "happy,sad,excited>happy")
    >>> list(labels), names
    (['happy', 'sad', None], ['happy', 'sad'])
    """
    present = set(emotions.dropna())
    if classes.strip().casefold() == "auto":
        names = [name for name in EMOTIONS if name in present]
        target = {name: name for name in names}
    else:
        names, target = _parse(_named(classes))
    values = [target.get(value) if isinstance(value, str) else None for value in emotions]
    labels = pd.Series(values, index=emotions.index, dtype=object, name=emotions.name)
    found = set(labels.dropna())
    empty = [name for name in names if name not in found]
    if empty:
        have = ", ".join(name for name in EMOTIONS if name in present) or "none"
        raise BadInputError(f"classes {classes!r}: the corpus has no {', '.join(empty)}; its emotions: {have}")
    if len(names) < 2:
        have = names[0] if names else "none"
        raise BadInputError(f"classes {classes!r}: training needs at least two emotions, there is {have}")
    return labels, names


def _named(classes: str) -> str:
    """The list that a name of ``CLASS_SETS`` stands for; anything else as it is."""
    key = classes.strip().casefold().replace("_", "-").replace(" ", "-")
    for digit, word in _DIGITS.items():
        key = key.replace(f"{digit}-", f"{word}-")
    return CLASS_SETS.get(key, classes)


def _parse(classes: str) -> tuple[list[str], dict[str, str]]:
    names: list[str] = []
    merges: list[tuple[str, str]] = []
    for part in classes.split(","):
        source, arrow, goal = part.partition(">")
        if arrow:
            merges.append((_name(source, classes), _name(goal, classes)))
        else:
            names.append(_name(source, classes))
    target = {name: name for name in names}
    if len(target) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise BadInputError(f"classes {classes!r}: {twice} is listed twice")
    for source, goal in merges:
        if source in target:
            raise BadInputError(f"classes {classes!r}: {source} is used twice")
        if goal not in names:
            raise BadInputError(f"classes {classes!r}: {source}>{goal} needs {goal} in the list as well")
        target[source] = goal
    return names, target


def _name(text: str, classes: str) -> str:
    try:
        name = read_emotion(text)
    except ValueError:
        name = None
    if name is None:
        sets = "" if "," in classes else f", nor one of the sets {', '.join(CLASS_SETS)}"
        raise BadInputError(f"classes {classes!r}: {text.strip()!r} is not one of {', '.join(EMOTIONS)}{sets}")
    return name
