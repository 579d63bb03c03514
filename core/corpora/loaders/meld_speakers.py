"""Who speaks in MELD: names as the subtitles give them, which are not always one person."""

from __future__ import annotations

import re

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

    >>> speaker_of("Ross", "4", "7"), speaker_of("Waiter", "4", "7"), speaker_of("All", "4", "7")
    ('Ross', 'Waiter (s04e07)', None)
    """
    name = " ".join(name.split())
    if not name or _SEVERAL.search(name):
        return None
    if _is_role(name):
        return f"{name} (s{season:0>2}e{episode:0>2})"
    return name.title() if name.casefold() in CAST else name


def gender_of(name: str) -> str | None:
    """Known of the six main characters."""
    return CAST.get(name.strip().casefold())


def _is_role(name: str) -> bool:
    """ "The Casting Director", "Guy #1", "2nd Man"; "Dr. Green" and "Mrs. Geller" are names."""
    words = name.casefold().replace("'s", "").replace(".", "").split()
    return words[0] in ("the", "a", "an") or any(char.isdigit() for char in name) or any(w in _ROLES for w in words)
