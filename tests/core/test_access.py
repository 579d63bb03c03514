"""Who is let in, and which files for sign-in are refused before the server starts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from core.access import Access, is_loopback, read_access, readable_by_others
from core.errors import BadInputError

SECRET = "0123456789abcdef" * 4
GOOD = f"""
[auth]
redirect_uri = "https://lab.org/mirage/oauth2callback"
cookie_secret = "{SECRET}"
client_id = "mirage"
client_secret = "x"
server_metadata_url = "https://id.lab.org/.well-known/openid-configuration"

[mirage]
allow = ["Ada@Lab.org", "@uni.edu"]
"""
NOW = 1_000_000.0
ACCESS = Access("https://lab.org/oauth2callback", "mirage", frozenset({"ada@lab.org", "@uni.edu"}), hours=2)


def claims(**changed: Any) -> dict[str, Any]:
    return {"is_logged_in": True, "aud": "mirage", "iat": NOW, "email": "ada@lab.org", "email_verified": True} | changed


def written(folder: Path, text: str) -> Path:
    file = folder / "auth.toml"
    file.write_text(text, encoding="utf-8")
    return file


@pytest.mark.parametrize("email", ["ada@lab.org", "ADA@LAB.ORG", "bob@uni.edu", "Bob@Uni.EDU"])
def test_listed_addresses_and_domains_are_let_in(email: str) -> None:
    verdict = ACCESS.judge(claims(email=email), NOW)
    assert verdict.admitted
    assert verdict.address == email.lower()


@pytest.mark.parametrize(
    "email",
    [
        "eve@lab.org",
        "ada@evil-lab.org",
        "eve@evil-uni.edu",
        "eve@uni.edu.evil.com",
        "eve@sub.uni.edu",
        "eve@uni.edu@evil.com",
        "eve@evil.com@uni.edu",
        "@uni.edu",
        "eve @uni.edu",
        "eve@uni.edu\n",
        "eve@uni.ed\N{CYRILLIC SMALL LETTER U}",
        "ad\N{LATIN SMALL LETTER A WITH RING ABOVE}@lab.org",
        "",
        "uni.edu",
        None,
        ["ada@lab.org"],
        {"ada@lab.org": 1},
    ],
)
def test_all_others_are_not(email: object) -> None:
    assert ACCESS.judge(claims(email=email), NOW).standing == "not-listed"


def test_letters_that_only_become_ascii_in_lower_case_are_others() -> None:
    access = Access("https://lab.org/oauth2callback", "mirage", frozenset({"kate@lab.org"}))
    assert access.judge(claims(email="Kate@lab.org"), NOW).admitted
    assert not access.judge(claims(email="\N{KELVIN SIGN}ate@lab.org"), NOW).admitted


@pytest.mark.parametrize("said", [False, "false", None, 0, "", "no"])
def test_address_that_the_provider_calls_unverified_is_refused(said: object) -> None:
    assert ACCESS.judge(claims(email_verified=said), NOW).standing == "unverified"


def test_provider_that_says_nothing_or_says_it_as_text_is_believed() -> None:
    silent = claims()
    del silent["email_verified"]
    assert ACCESS.judge(silent, NOW).admitted
    assert ACCESS.judge(claims(email_verified="true"), NOW).admitted


@pytest.mark.parametrize("aud", [None, "other", ["other"], [], "", {"mirage": 1}])
def test_token_for_another_application_is_refused(aud: object) -> None:
    assert ACCESS.judge(claims(aud=aud), NOW).standing == "signed-out"


def test_audience_may_be_a_list() -> None:
    assert ACCESS.judge(claims(aud=["mirage"]), NOW).admitted


def test_sign_in_ends_after_its_hours() -> None:
    assert ACCESS.judge(claims(), NOW + 7199).admitted
    assert ACCESS.judge(claims(), NOW + 7201).standing == "expired"
    assert ACCESS.judge(claims(iat=None), NOW).standing == "expired"
    assert ACCESS.judge(claims(iat=True), NOW).standing == "expired"


@pytest.mark.parametrize("said", [None, False, "true", 1])
def test_stranger_is_signed_out(said: object) -> None:
    assert ACCESS.judge(claims(is_logged_in=said), NOW).standing == "signed-out"
    assert ACCESS.judge({}, NOW).standing == "signed-out"


def test_good_file(tmp_path: Path) -> None:
    access = read_access(written(tmp_path, GOOD))
    assert access.allow == {"ada@lab.org", "@uni.edu"}
    assert (access.origin, access.host, access.base_path) == ("https://lab.org", "lab.org", "mirage")
    assert (access.hours, access.contact) == (168.0, "")


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ("[auth]", "[other]", r"section \[auth\] is missing"),
        ("[mirage]", "[other]", r"section \[mirage\] is missing"),
        ('client_id = "mirage"', "", "lacks client_id"),
        ('client_secret = "x"', 'client_secret = ""', "lacks client_secret"),
        ('client_secret = "x"', "client_secret = 3", "lacks client_secret"),
        (SECRET, "short", "cookie_secret is shorter than 32 signs"),
        ("/oauth2callback", "/", "followed by /oauth2callback"),
        ("/oauth2callback", "/oauth2callback?x=1", "followed by /oauth2callback"),
        ("https://lab.org", "http://lab.org", "must begin with https://"),
        ("https://lab.org", "lab.org", "is no address"),
        ("https://lab.org", "https://lab.org:99999", "is no address"),
        ("https://lab.org", "https://lab.org:{port}", "is no address"),
        ("https://lab.org", "https://Lab.org", "as browsers do"),
        ("https://lab.org", "https://lab.org:443", "as browsers do"),
        ("https://lab.org", "https://ada@lab.org", "as browsers do"),
        ("https://id.lab.org", "http://id.lab.org", "must begin with https://"),
        ('allow = ["Ada@Lab.org", "@uni.edu"]', "", "lacks allow, so nobody would be let in"),
        ('["Ada@Lab.org", "@uni.edu"]', "[]", "lacks allow, so nobody would be let in"),
        ('["Ada@Lab.org", "@uni.edu"]', '"ada@lab.org"', "lacks allow, so nobody would be let in"),
        ('"@uni.edu"', '"uni.edu"', "'uni.edu', which is neither"),
        ('"@uni.edu"', '"@"', "'@', which is neither"),
        ('"@uni.edu"', '"*"', "which is neither"),
        ('"@uni.edu"', "3", "which is neither"),
        ("allow =", "allows =", "no key 'allows'"),
        ("[mirage]", "[auth.google]\n[mirage]", "no key 'google'"),
        ("[mirage]", "[mirage]\nhours = 0", "hours must be"),
        ("[mirage]", "[mirage]\nhours = true", "hours must be"),
        ("[auth]", "[auth", "no TOML"),
    ],
)
def test_file_that_cannot_serve_is_named_in_one_line(old: str, new: str, says: str, tmp_path: Path) -> None:
    assert old in GOOD
    with pytest.raises(BadInputError, match=says) as caught:
        read_access(written(tmp_path, GOOD.replace(old, new)))
    assert str(tmp_path / "auth.toml") in str(caught.value)
    assert SECRET not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("origin", ["https://lab.org:8443", "http://localhost:8501", "http://[::1]:8501"])
def test_addresses_with_a_port(origin: str, tmp_path: Path) -> None:
    access = read_access(written(tmp_path, GOOD.replace("https://lab.org/mirage", origin)))
    assert (access.origin, access.base_path) == (origin, "")


def test_file_that_is_not_there_or_no_toml(tmp_path: Path) -> None:
    with pytest.raises(BadInputError, match="no such file"):
        read_access(tmp_path / "auth.toml")
    with pytest.raises(BadInputError, match=r"must be a \.toml file"):
        read_access(tmp_path / "auth.txt")
    (tmp_path / "folder.toml").mkdir()
    with pytest.raises(BadInputError, match="cannot be read"):
        read_access(tmp_path / "folder.toml")


def test_who_may_read_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, GOOD)
    for mode, others in ((0o600, False), (0o640, False), (0o644, True), (0o602, True)):
        file.chmod(mode)
        assert readable_by_others(file) is others


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "[::1]", "localhost", "LOCALHOST."])
def test_loopback(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.4", "lab.org", "localhost.evil.com", ""])
def test_not_loopback(host: str) -> None:
    assert not is_loopback(host)
