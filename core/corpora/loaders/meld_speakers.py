"""Who speaks in MELD: names as the subtitles give them, which are not always one person."""

from __future__ import annotations

import re
from string import capwords

CAST = {
    "chandler": "male",
    "joey": "male",
    "monica": "female",
    "phoebe": "female",
    "rachel": "female",
    "ross": "male",
}

# Several people at once.
_SEVERAL = re.compile(
    r"\b(?:all|both|everyone|everybody|others|crowd|group|guys|girls|boys|kids|women|men|people|parents|students|"
    r"friends|twins|triplets|ladies|gentlemen|audience)\b|\band\b|[/&,+]",
    re.IGNORECASE,
)
_ARTICLES = ("the", "a", "an")
# What somebody is, not what somebody is called: another person in another episode.
_ROLES = frozenset(
    """
    actor actress agent announcer assistant attendant boss boy bride building cashier casting clerk coach
    conductor cook cop customer dancer date dealer director doctor driver employee fan father fireman girl
    girlfriend groom guard guest guy host hostess husband instructor intern interviewer judge kid lady lawyer
    lecturer machine man manager minister mother neighbor nurse officer operator passenger patient person
    photographer player policeman policewoman priest producer professor realtor receptionist reporter robber
    salesman saleslady saleswoman secretary singer somebody someone speaker stranger student supervisor
    teacher tv voice waiter waitress wife woman worker
    """.split()  # noqa: SIM905
)


def speaker_of(name: str, season: str, episode: str) -> str | None:
    """The speaker's id; None where several people speak or nobody is named.

    A role is kept apart by episode; a name is one person in all of them, so that nobody is on both sides of a fold.
    Case, articles and dots make no other person.

    >>> speaker_of("Ross", "4", "7"), speaker_of("A waiter", "4", "7"), speaker_of("All", "4", "7")
    ('Ross', 'Waiter (s04e07)', None)
    """
    words = name.replace(".", " ").replace("\u2019", "'").split()
    if not words or _SEVERAL.search(name):
        return None
    role = _is_role(words)
    if len(words) > 1 and words[0].casefold() in _ARTICLES:
        words = words[1:]
    # Not str.title, which makes Ross'S of Ross's.
    clean = capwords(" ".join(words))
    return f"{clean} (s{season:0>2}e{episode:0>2})" if role else clean


def gender_of(name: str) -> str | None:
    """Known of the six main characters."""
    return CAST.get(name.strip().casefold())


def _is_role(words: list[str]) -> bool:
    """ "The Casting Director", "Guy #1", "2nd Man"; "Dr. Green" and "Mrs. Geller" are names."""
    plain = [word.casefold().removesuffix("'s") for word in words]
    return plain[0] in _ARTICLES or any(word in _ROLES or any(map(str.isdigit, word)) for word in plain)
