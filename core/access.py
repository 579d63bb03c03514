"""Who is let into a dashboard that several people reach: the settings for sign-in and the allow-list.

Both stand in one TOML file, named by ``mirage dashboard --auth FILE`` or ``MIRAGE_AUTH``. It is read anew whenever
somebody is judged, so a person who was taken off the list is out at the next thing they do.
"""

from __future__ import annotations

import ipaddress
import stat
import time
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from core.errors import BadInputError

VARIABLE = "MIRAGE_AUTH"
CALLBACK = "/oauth2callback"
HELP = "docs/server.md shows one"

_NEEDED = ("redirect_uri", "cookie_secret", "client_id", "client_secret", "server_metadata_url")
_OPTIONAL = ("client_kwargs",)
_OWN = ("allow", "contact", "hours")
_SECRET_LENGTH = 32
_WEEK = 168.0

Standing = Literal["admitted", "signed-out", "not-listed", "unverified", "expired"]


@dataclass(frozen=True)
class Verdict:
    """How somebody stands; ``address`` is the e-mail address they signed in with, empty where there is none."""

    standing: Standing
    address: str = ""

    @property
    def admitted(self) -> bool:
        return self.standing == "admitted"


@dataclass(frozen=True)
class Access:
    """The file's content, checked.

    ``allow`` holds addresses (``ada@lab.org``) and whole domains (``@lab.org``) in lower case; ``hours`` is how long
    one sign-in lasts; ``contact`` is whom those who are not on the list may ask. ``cookie_secret`` signs the cookies.
    """

    redirect_uri: str
    client_id: str
    allow: frozenset[str]
    hours: float = _WEEK
    contact: str = ""
    cookie_secret: str = field(default="", repr=False)

    @property
    def origin(self) -> str:
        """Scheme, host and port under which browsers reach the dashboard."""
        parts = urlsplit(self.redirect_uri)
        return f"{parts.scheme}://{parts.netloc}"

    @property
    def host(self) -> str:
        """The host name of ``origin``, without a port."""
        return urlsplit(self.redirect_uri).hostname or ""

    @property
    def base_path(self) -> str:
        """The path under which the dashboard lies, without slashes around it; mostly empty."""
        return urlsplit(self.redirect_uri).path.removesuffix(CALLBACK).strip("/")

    def judge(self, claims: Mapping[str, Any], now: float | None = None) -> Verdict:
        """Whether the person with these claims of an identity token is let in.

        Args:
            claims: of a token whose signature, issuer, nonce and time were checked before; empty for a stranger.
            now: seconds since the epoch; by default the time it is.
        """
        if claims.get("is_logged_in") is not True:
            return Verdict("signed-out")
        # A token with several audiences may pass the libraries when it was made for another application.
        audience = claims.get("aud")
        if self.client_id not in (audience if isinstance(audience, list) else [audience]):
            return Verdict("signed-out")
        issued = claims.get("iat")
        if isinstance(issued, bool) or not isinstance(issued, int | float):
            return Verdict("expired")
        if (time.time() if now is None else now) - issued > self.hours * 3600:
            return Verdict("expired")
        address = normal(claims.get("email"))
        if not address:
            return Verdict("not-listed")
        # Not every provider says it; one that says no is believed. Some write it as text.
        if claims.get("email_verified", True) not in (True, "true"):
            return Verdict("unverified", address)
        domain = address[address.index("@") :]
        return Verdict("admitted" if address in self.allow or domain in self.allow else "not-listed", address)


def normal(address: object) -> str:
    """An e-mail address in lower case; empty where it is none.

    Only ASCII letters are folded: there are other letters whose lower case is an ASCII one.

    >>> normal("Ada@Lab.org"), normal("a@lab.org@evil.org"), normal("\\u212aate@lab.org") == "kate@lab.org"
    ('ada@lab.org', '', False)
    """
    if not isinstance(address, str) or address.count("@") != 1 or any(sign.isspace() for sign in address):
        return ""
    name, _, domain = address.partition("@")
    if not name or not domain or not address.isprintable():
        return ""
    return address.encode("utf-8", "replace").lower().decode("utf-8")


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches that address.

    >>> is_loopback("localhost"), is_loopback("127.0.0.2"), is_loopback("0.0.0.0"), is_loopback("lab.org")
    (True, True, False, False)
    """
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def read_access(path: str | Path) -> Access:
    """Reads and checks a file.

    Raises:
        BadInputError: it cannot be read, lacks something, or would let nobody in.
    """
    file = Path(path).expanduser()
    if file.suffix != ".toml":
        raise BadInputError(f"{file}: the file for sign-in must be a .toml file; {HELP}")
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadInputError(f"{file}: no such file; {HELP}") from None
    except OSError as error:
        raise BadInputError(f"{file}: cannot be read ({error.strerror or error})") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadInputError(f"{file}: no TOML: {error}") from None
    provider, own = (_table(content, name, file) for name in ("auth", "mirage"))
    _check_provider(provider, file)
    _check_uri(provider["redirect_uri"], file)
    unknown = sorted(set(own) - set(_OWN))
    if unknown:
        raise BadInputError(f"{file}: [mirage] has no key {unknown[0]!r}; there are {', '.join(_OWN)}")
    return Access(
        redirect_uri=provider["redirect_uri"],
        client_id=provider["client_id"],
        allow=_allowed(own.get("allow"), file),
        hours=_hours(own.get("hours", _WEEK), file),
        contact=str(own.get("contact", "")),
        cookie_secret=provider["cookie_secret"],
    )


def readable_by_others(path: str | Path) -> bool:
    """Whether every user of the machine may read or change the file (always False on Windows)."""
    return bool(Path(path).expanduser().stat().st_mode & (stat.S_IROTH | stat.S_IWOTH))


def _table(content: Mapping[str, Any], name: str, file: Path) -> Mapping[str, Any]:
    table = content.get(name)
    if not isinstance(table, dict):
        raise BadInputError(f"{file}: section [{name}] is missing; {HELP}")
    return table


def _check_provider(provider: Mapping[str, Any], file: Path) -> None:
    for name in _NEEDED:
        value = provider.get(name)
        if not isinstance(value, str) or not value.strip():
            raise BadInputError(f"{file}: [auth] lacks {name}; {HELP}")
    unknown = sorted(set(provider) - set(_NEEDED) - set(_OPTIONAL))
    if unknown:
        # Two providers could vouch for the same address, and the weaker of them would decide.
        raise BadInputError(f"{file}: [auth] has no key {unknown[0]!r}; one provider is described, in [auth] itself")
    if len(provider["cookie_secret"]) < _SECRET_LENGTH:
        raise BadInputError(
            f"{file}: cookie_secret is shorter than {_SECRET_LENGTH} signs; "
            'make one: python3 -c "import secrets; print(secrets.token_hex(32))"'
        )
    _check_scheme(provider["server_metadata_url"], "server_metadata_url", file)


def _check_uri(uri: str, file: Path) -> None:
    _check_scheme(uri, "redirect_uri", file)
    parts = urlsplit(uri)
    if not parts.path.endswith(CALLBACK) or parts.query or parts.fragment:
        raise BadInputError(
            f"{file}: redirect_uri {uri!r} must be the dashboard's address followed by {CALLBACK} and nothing else"
        )
    host = (parts.hostname or "") if ":" not in (parts.hostname or "") else f"[{parts.hostname}]"
    usual = parts.port in (None, {"http": 80, "https": 443}[parts.scheme])
    if parts.netloc != (host if usual else f"{host}:{parts.port}"):
        # A sign-in belongs to the address exactly as browsers say it.
        raise BadInputError(
            f"{file}: redirect_uri {uri!r} must be written as browsers do: small letters, no usual port, no user"
        )


def _check_scheme(address: str, name: str, file: Path) -> None:
    try:
        parts = urlsplit(address)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        good = False
    if not good:
        raise BadInputError(f"{file}: {name} {address!r} is no address; it begins with https://")
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise BadInputError(
            f"{file}: {name} {address!r} must begin with https://: over http others can take over a sign-in"
        )


def _allowed(entries: Any, file: Path) -> frozenset[str]:
    if not isinstance(entries, list) or not entries:
        raise BadInputError(
            f'{file}: [mirage] lacks allow, so nobody would be let in; say allow = ["ada@lab.org", "@lab.org"]'
        )
    allowed = set()
    for entry in entries:
        whole = isinstance(entry, str) and entry.startswith("@")
        address = normal(f"anybody{entry}" if whole else entry)
        if not address:
            raise BadInputError(
                f"{file}: allow has {entry!r}, which is neither an address (ada@lab.org) nor a domain (@lab.org)"
            )
        allowed.add(address.removeprefix("anybody") if whole else address)
    return frozenset(allowed)


def _hours(value: Any, file: Path) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 720:
        raise BadInputError(f"{file}: hours must be a number above 0 and at most 720")
    return float(value)
