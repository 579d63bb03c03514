"""Sign-in: what strangers and people who are not on the list see instead of the dashboard.

Nothing of this is there where ``MIRAGE_AUTH`` names no file. ``admit`` comes before anything is read or drawn; whoever
is not let in gets one of the small pages below, and the script ends.
"""

from __future__ import annotations

import os
from urllib.parse import urlsplit

import streamlit as st

from core import logs
from core.access import VARIABLE, Access, Verdict, read_access
from dashboard.navigation import PAGES
from dashboard.theme import ICON, LOGO

_ASK = "whoever runs this server"


def is_on() -> bool:
    """Whether people sign in here, so that several use this dashboard."""
    return bool(os.environ.get(VARIABLE))


def admit() -> None:
    """Lets the script go on where people need not sign in, or where this one is let in; ends it otherwise."""
    if not is_on():
        return
    try:
        access = read_access(os.environ[VARIABLE])
        verdict = access.judge(st.user.to_dict())
    except Exception as error:
        # Whatever is wrong, nobody comes in; what it is concerns the administrator only.
        logs.fault(error)
        _page(None, Verdict("signed-out"))
        st.stop()
    if not verdict.admitted:
        _page(access, verdict)
        st.stop()


def show_person() -> None:
    """In the sidebar: who is signed in, and the way out."""
    if not is_on():
        return
    with st.container(gap=None, key="person"):
        st.text(str(st.user.get("email", "")), width="stretch")
        st.button("Sign out", icon=":material/logout:", type="tertiary", on_click=st.logout, key="sign_out")


def _page(access: Access | None, verdict: Verdict) -> None:
    st.set_page_config(page_title="MIRAGE", page_icon=str(ICON), layout="centered", initial_sidebar_state="collapsed")

    def drawn() -> None:
        _card(access, verdict)

    pages = [st.Page(drawn, title="Sign in", default=True)]
    asked = urlsplit(st.context.url or "").path.rstrip("/").rpartition("/")[2]
    if any(asked == page.name for page in PAGES if page.name != "overview"):
        # Without this, a link to a page of the dashboard would be called "not found".
        pages.append(st.Page(drawn, title="Sign in", url_path=asked))
    st.navigation(pages, position="hidden").run()


def _card(access: Access | None, verdict: Verdict) -> None:
    st.space(88)
    middle = st.container(horizontal_alignment="center")
    with middle.container(border=True, width=420, gap="small", key="gate"):
        st.image(str(LOGO), width=150)
        if access is None:
            st.subheader("Closed for now", anchor=False)
            st.text(
                "Nobody can be let in: the settings for sign-in are not in order. The server's log says what it is."
            )
        elif verdict.standing in ("signed-out", "expired"):
            _sign_in(verdict)
        else:
            _refused(access, verdict)


def _sign_in(verdict: Verdict) -> None:
    st.subheader("Sign in", anchor=False)
    ended = verdict.standing == "expired"
    st.text(
        "Your sign-in has ended. Please sign in again." if ended else "This dashboard is open to people on its list."
    )
    st.button("Sign in", type="primary", icon=":material/login:", width="stretch", on_click=st.login, key="sign_in")


def _refused(access: Access, verdict: Verdict) -> None:
    who = access.contact or _ASK
    if verdict.standing == "unverified":
        st.subheader("Address not verified", anchor=False)
        st.text(f"The sign-in service has not verified {verdict.address}. Verify it there, then sign in again.")
    elif verdict.address:
        st.subheader("Not on the list", anchor=False)
        st.text(f"You are signed in as {verdict.address}, which is not on this dashboard's list. Ask {who}.")
    else:
        st.subheader("Not on the list", anchor=False)
        st.text(f"The sign-in service gave no e-mail address, and the list goes by addresses. Ask {who}.")
    st.button("Sign out", icon=":material/logout:", width="stretch", on_click=st.logout, key="sign_out")
