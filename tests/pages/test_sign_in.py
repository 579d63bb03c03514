"""Sign-in with a real browser and a real provider: who comes in, who does not, and how somebody gets out again."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from core import Workspace
from tests.dashboard.oidc_provider import Provider
from tests.pages.conftest import Server, free_port, make_corpus

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.browser
ADA = {"email": "Ada@Lab.org", "email_verified": True, "name": "Ada"}
EVE = {"email": "eve@evil-lab.org", "email_verified": True, "name": "Eve"}


class Lab:
    """A dashboard with sign-in, its provider and its list."""

    def __init__(self, folder: Path) -> None:
        workspace = Workspace(folder / "workspace")
        make_corpus(folder / "clips", workspace)
        self.provider, self.file, port = Provider(), folder / "auth.toml", free_port()
        self.settings = self.provider.settings(f"http://127.0.0.1:{port}/oauth2callback")
        self.allow(["ada@lab.org"])
        self.server = Server(workspace, folder / "log.txt", "--auth", str(self.file), port=port)
        self.address = self.server.address

    def allow(self, entries: list[str]) -> None:
        self.file.write_text(f'{self.settings}[mirage]\nallow = {json.dumps(entries)}\ncontact = "Grace, room 7"\n')
        self.file.chmod(0o600)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    lab = Lab(tmp_path_factory.mktemp("lab"))
    yield lab
    lab.server.stop()
    lab.provider.stop()


@pytest.fixture
def lab(running: Lab) -> Lab:
    running.allow(["ada@lab.org"])
    running.provider.tamper = {}
    return running


def sign_in(page: Page, lab: Lab, person: dict[str, Any], path: str = "/") -> None:
    lab.provider.person = person
    page.goto(f"{lab.address}{path}")
    with page.expect_response(lambda answer: "/oauth2callback" in answer.url):
        page.get_by_role("button", name="Sign in").click()


def is_closed(page: Page) -> bool:
    """Nothing of the dashboard is on the page: no navigation, no corpus, no page's title."""
    return page.get_by_test_id("stSidebarNav").count() == 0 and "tones" not in page.content()


def test_in_and_out(page: Page, lab: Lab) -> None:
    page.goto(lab.address)
    button = page.get_by_role("button", name="Sign in")
    button.wait_for()
    assert is_closed(page)
    sign_in(page, lab, ADA)
    page.get_by_role("heading", name="Overview").wait_for()
    assert page.get_by_test_id("stSidebar").get_by_text("Ada@Lab.org").count() == 1
    page.reload()
    page.get_by_role("heading", name="Overview").wait_for()
    page.get_by_role("button", name="Sign out").click()
    button.wait_for()
    assert "/end" in lab.provider.asked
    assert is_closed(page)
    page.goto(f"{lab.address}/corpora")
    button.wait_for()
    assert is_closed(page)


def test_not_on_the_list(page: Page, lab: Lab) -> None:
    sign_in(page, lab, EVE)
    page.get_by_text("You are signed in as eve@evil-lab.org, which is not on").wait_for()
    assert page.get_by_text("Ask Grace, room 7").count() == 1
    assert is_closed(page)
    lab.allow(["ada@lab.org", "@evil-lab.org"])
    page.reload()
    page.get_by_role("heading", name="Overview").wait_for()
    lab.allow(["ada@lab.org"])
    page.reload()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in").wait_for()


def test_unverified_address(page: Page, lab: Lab) -> None:
    sign_in(page, lab, ADA | {"email_verified": False})
    page.get_by_text("has not verified ada@lab.org").wait_for()
    assert is_closed(page)


@pytest.mark.parametrize(
    "tamper",
    [
        {"key": "foreign"},
        {"nonce": "another"},
        {"iss": "http://127.0.0.1:1"},
        {"aud": "another"},
        # The libraries take a token that was made for another application when it names us as its party.
        {"aud": "another", "azp": Provider.client_id},
        {"exp": 1000},
    ],
    ids=["signature", "nonce", "issuer", "audience", "audience-azp", "time"],
)
def test_dishonest_token(tamper: dict[str, Any], page: Page, lab: Lab) -> None:
    lab.provider.tamper = tamper
    before = lab.provider.asked.count("/token")
    sign_in(page, lab, ADA)
    page.wait_for_url(f"{lab.address}/")
    page.get_by_role("button", name="Sign in").wait_for()
    assert lab.provider.asked.count("/token") == before + 1
    assert is_closed(page)


def test_taken_off_the_list_with_the_page_open(page: Page, lab: Lab) -> None:
    sign_in(page, lab, ADA)
    page.get_by_role("heading", name="Overview").wait_for()
    lab.allow(["grace@lab.org"])
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Corpora").click()
    page.get_by_text("which is not on").wait_for()
    assert is_closed(page)
    lab.allow(["ada@lab.org"])
    page.reload()
    page.get_by_role("heading", name=re.compile("Overview|Corpora")).first.wait_for()


def test_sound_is_for_who_is_let_in(page: Page, lab: Lab) -> None:
    sign_in(page, lab, ADA)
    page.get_by_role("heading", name="Overview").wait_for()
    page.get_by_test_id("stSidebarNav").get_by_role("link", name="Corpora").click()
    page.get_by_role("heading", name="Corpora").wait_for()
    page.get_by_test_id("stMain").get_by_role("radio", name="Utterances").click()
    source = page.locator("audio").first.get_attribute("src")
    assert source is not None
    assert not (lab.server.workspace.root / "dashboard.json").exists(), "where one person was, the next would be told"
    address = source if source.startswith("http") else f"{lab.address}{source}"
    assert "/media/" in address
    assert page.request.get(address).status == 200
    with pytest.raises(urllib.error.HTTPError, match="403"):
        urllib.request.urlopen(address)
    lab.allow(["grace@lab.org"])
    assert page.request.get(address).status == 403


def test_long_address_fits(browser: Browser, lab: Lab) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 844})
    page = context.new_page()
    sign_in(page, lab, EVE | {"email": f"{'a-very-long-name.' * 4}of-somebody@another-university.example.org"})
    page.get_by_text("which is not on").wait_for()
    main = page.get_by_test_id("stMain")
    assert main.evaluate("e => e.scrollWidth - e.clientWidth") <= 1
    context.close()
