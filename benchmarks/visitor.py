"""A browser session without the browser: what Streamlit's web client says and hears on the websocket.

Twenty real browsers that draw with the processor would be what is measured on a small machine, not the server. A
``Visitor`` speaks the same protocol (``BackMsg`` and ``ForwardMsg``): it reads the first page's files over HTTP, opens
the websocket, goes from page to page by the menu's hashes, keeps the states of its widgets and sends them with every
message, names the large messages that it holds so that they are not sent twice, repeats a fragment that asks for it,
and fetches the clips that a page plays. It draws nothing and runs no component.
"""

from __future__ import annotations

import asyncio
import re
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from urllib.parse import urlencode

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

AGE = 2
"""Runs of the script for which a browser keeps a message that is not shown any more (``maxCachedMessageAge``)."""
_FILES = re.compile(r'(?:src|href)="\./((?:static/js|static/css)/[^"]+)"')


@dataclass(frozen=True)
class Answer:
    """How a page answered: seconds until its script had ended, and what it showed that it should not."""

    seconds: float
    exceptions: tuple[str, ...] = ()


@dataclass
class _Widget:
    identity: str
    fragment: str


@dataclass
class _Asked:
    """A message that waits for the end of the script it started."""

    fragment: str
    ended: asyncio.Future[None]
    begun: bool = False
    exceptions: list[str] = field(default_factory=list)


class Visitor:
    """One session. Open it, go to pages, move widgets, close it.

    ``received`` counts bytes of the websocket, ``repeats`` how often a fragment refreshed by itself, and ``missing``
    the references to messages that a browser would not hold any more, which must not happen.
    """

    def __init__(self, address: str) -> None:
        self.address = address
        self.received = self.repeats = self.missing = 0
        self.exceptions: list[str] = []
        self.query = ""
        self.files = 0.0
        self._pages: dict[str, str] = {}
        self._page = self._path = ""
        self._widgets: dict[str, _Widget] = {}
        self._states: dict[str, WidgetState] = {}
        self._held: dict[str, tuple[ForwardMsg, int]] = {}
        self._begun = self._finished = 0
        self._asked: _Asked | None = None
        self._running: tuple[str, ...] = ()
        self._timers: dict[str, tuple[float, asyncio.Task[None]]] = {}
        self._fetches: set[asyncio.Task[None]] = set()
        self._socket: ClientConnection | None = None
        self._listening: asyncio.Task[None] | None = None

    # --- what a person does -------------------------------------------------------------------------------------

    async def open(self, page: str, query: dict[str, str] | None = None, *, limit: float = 60.0) -> Answer:
        """Opens the address of a page in a new tab. ``page`` is its name in the address, empty for the first.

        The answer counts from the websocket's opening; ``files`` has the seconds of what came before.
        """
        start = time.perf_counter()
        await asyncio.to_thread(self._first_files)
        self.files = time.perf_counter() - start
        start = time.perf_counter()
        self.query = urlencode(query or {})
        self._socket = await connect(
            f"{self.address.replace('http', 'ws', 1)}/_stcore/stream",
            origin=self.address,  # type: ignore[arg-type]
            subprotocols=["streamlit"],  # type: ignore[list-item]
            max_size=None,
            ping_interval=None,
        )
        self._listening = asyncio.create_task(self._listen(self._socket))
        self._path = page
        return await self._ask(self._message(page_name=page), "", start, limit)

    async def go(self, page: str, *, limit: float = 60.0) -> Answer:
        """Goes to a page by the menu. Widgets of the page that is left are forgotten, the sidebar's are kept."""
        kept = {"run"}
        self._widgets = {key: widget for key, widget in self._widgets.items() if key in kept}
        known = {widget.identity for widget in self._widgets.values()}
        self._states = {identity: state for identity, state in self._states.items() if identity in known}
        self._page, self._path, self.query = self._pages[page], page, ""
        return await self._ask(self._message(), "", time.perf_counter(), limit)

    async def move(self, key: str, change: Callable[[WidgetState], None], *, limit: float = 60.0) -> Answer:
        """Moves the widget that the application calls ``key``: ``change`` sets the value in its state."""
        widget = self._widgets[key]
        state = WidgetState(id=widget.identity)
        change(state)
        self._states[widget.identity] = state
        return await self._ask(self._message(widget.fragment), widget.fragment, time.perf_counter(), limit)

    def has(self, key: str) -> bool:
        """Whether the page shows such a widget."""
        return key in self._widgets

    async def close(self) -> None:
        """Closes the tab."""
        self._stop_timers()
        for task in self._fetches:
            task.cancel()
        if self._socket is not None:
            await self._socket.close()
        if self._listening is not None:
            with suppress(asyncio.CancelledError):
                await self._listening

    # --- what is sent -------------------------------------------------------------------------------------------

    def _message(self, fragment: str = "", *, page_name: str = "", by_itself: bool = False) -> BackMsg:
        message = BackMsg()
        asked = message.rerun_script
        asked.query_string = self.query
        asked.widget_states.widgets.extend(self._states.values())
        asked.page_script_hash, asked.page_name = self._page, page_name
        asked.fragment_id, asked.is_auto_rerun = fragment, by_itself
        asked.cached_message_hashes.extend(self._held)
        asked.context_info.url = f"{self.address}/{self._path}"
        asked.context_info.timezone, asked.context_info.locale = "UTC", "en-GB"
        asked.context_info.color_scheme = "light"
        return message

    async def _ask(self, message: BackMsg, fragment: str, start: float, limit: float) -> Answer:
        assert self._socket is not None
        assert self._asked is None, "a person does one thing after the other"
        asked = self._asked = _Asked(fragment, asyncio.get_running_loop().create_future())
        try:
            await self._socket.send(message.SerializeToString())
            await asyncio.wait_for(asked.ended, limit)
        except TimeoutError:
            asked.exceptions.append(f"no answer within {limit:g} s")
        finally:
            self._asked = None
        # What a button's press was is over with its run; all other widgets keep their value.
        self._states = {key: one for key, one in self._states.items() if one.WhichOneof("value") != "trigger_value"}
        return Answer(time.perf_counter() - start, tuple(asked.exceptions))

    def _first_files(self) -> None:
        """The page itself and the scripts that it names, as a browser that has never been here fetches them."""
        for path in ("_stcore/health", "_stcore/host-config"):
            _fetch(f"{self.address}/{path}")
        for path in _FILES.findall(_fetch(f"{self.address}/").decode()):
            _fetch(f"{self.address}/{path}")

    # --- what is heard ------------------------------------------------------------------------------------------

    async def _listen(self, socket: ClientConnection) -> None:
        async for content in socket:
            assert isinstance(content, bytes)
            self.received += len(content)
            message = ForwardMsg.FromString(content)
            if message.WhichOneof("type") == "ref_hash":
                found = self._held.get(message.ref_hash)
                if found is None:
                    self.missing += 1
                    continue
                self._held[message.ref_hash] = (found[0], self._finished)
                metadata, message = message.metadata, found[0]
                message.metadata.run.CopyFrom(metadata.run)
            elif message.metadata.cacheable:
                self._held[message.hash] = (message, self._finished)
            self._hear(message)
        if self._asked is not None and not self._asked.ended.done():
            self._asked.exceptions.append("the server closed the connection")
            self._asked.ended.set_result(None)

    def _hear(self, message: ForwardMsg) -> None:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._begin(message)
        elif kind == "navigation":
            self._pages = {page.url_pathname: page.page_script_hash for page in message.navigation.app_pages}
        elif kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        elif kind == "auto_rerun":
            self._repeat(message.auto_rerun.fragment_id, message.auto_rerun.interval)
        elif kind == "stop_auto_rerun":
            self._stop_timers(*message.stop_auto_rerun.fragment_ids)
        elif kind == "delta":
            if message.delta.WhichOneof("type") == "new_element":
                self._see(message.delta.new_element, message.delta.fragment_id)
        elif kind == "script_finished":
            self._end(message.script_finished)

    def _begin(self, message: ForwardMsg) -> None:
        self._begun += 1
        self._running = tuple(message.metadata.run.fragment_ids)
        if not self._running:
            self._page = message.new_session.page_script_hash
            self._stop_timers()
        asked = self._asked
        if asked is not None and ((asked.fragment in self._running) if asked.fragment else not self._running):
            asked.begun = True
        elif asked is not None and asked.fragment and not self._running:
            asked.begun = True  # a run of the whole page answers for its fragments

    def _see(self, element: Element, fragment: str) -> None:
        kind = element.WhichOneof("type")
        assert kind is not None
        content = getattr(element, kind)
        if kind == "exception":
            said = f"{content.type}: {content.message}"
            self.exceptions.append(said)
            if self._asked is not None:
                self._asked.exceptions.append(said)
        elif kind == "audio" and content.url:
            self._fetch_later(content.url)
        # "$$ID-<hash>-<key>": widgets without a key of their own end in None.
        identity = getattr(content, "id", "")
        if identity.startswith("$$ID-"):
            key = identity.split("-", 2)[2]
            if key != "None":
                self._widgets[key] = _Widget(identity, fragment)

    def _end(self, how: int) -> None:
        if how in (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY):
            self._finished += how == ForwardMsg.FINISHED_SUCCESSFULLY
            self._held = {name: one for name, one in self._held.items() if self._finished - one[1] <= AGE}
        elif how == ForwardMsg.FINISHED_EARLY_FOR_RERUN:
            return  # the next run answers
        asked = self._asked
        if asked is not None and asked.begun and not asked.ended.done():
            if how == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
                asked.exceptions.append("the script does not compile")
            asked.ended.set_result(None)

    # --- what goes on by itself ---------------------------------------------------------------------------------

    def _repeat(self, fragment: str, seconds: float) -> None:
        held = self._timers.get(fragment)
        if held is not None and held[0] == seconds:
            return
        self._stop_timers(fragment)
        self._timers[fragment] = (seconds, asyncio.create_task(self._repeating(fragment, seconds)))

    async def _repeating(self, fragment: str, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            assert self._socket is not None
            self.repeats += 1
            with suppress(Exception):  # a connection that ends is noticed by who listens
                await self._socket.send(self._message(fragment, by_itself=True).SerializeToString())

    def _stop_timers(self, *fragments: str) -> None:
        for name in fragments or tuple(self._timers):
            held = self._timers.pop(name, None)
            if held is not None:
                held[1].cancel()

    def _fetch_later(self, path: str) -> None:
        begun = self._begun

        def fetch() -> None:
            try:
                _fetch(f"{self.address}{path}")
            except OSError as error:
                # A clip that the page plays no more may be gone from the server, too.
                if begun == self._begun:
                    self.exceptions.append(f"{path}: {error}")

        task = asyncio.create_task(asyncio.to_thread(fetch))
        self._fetches.add(task)
        task.add_done_callback(self._fetches.discard)


def _fetch(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=30) as answer:
        content: bytes = answer.read()
    return content
