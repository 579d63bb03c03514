"""Where the tour stops, and when it may begin by itself."""

from __future__ import annotations

import pytest

from dashboard import navigation, tour


def test_stops_are_pages_in_the_order_of_the_navigation() -> None:
    names = [stop["name"] for stop in tour.stops(has_runs=True)]
    assert names[:2] == ["navigation", "run"]
    pages = [page.name for page in navigation.PAGES if page.name in tour.PAGES]
    assert names[2:] == pages
    assert set(pages) == set(tour.PAGES)
    assert 6 <= len(names) <= 8
    assert all(stop["title"] and len(stop["text"]) < 200 for stop in tour.stops(has_runs=True))


def test_without_a_run_there_is_no_selector_to_stop_at() -> None:
    assert "run" not in [stop["name"] for stop in tour.stops(has_runs=False)]


@pytest.mark.parametrize(("value", "off"), [("off", True), (" OFF ", True), ("0", True), ("", False), ("on", False)])
def test_it_can_be_switched_off(monkeypatch: pytest.MonkeyPatch, value: str, off: bool) -> None:
    monkeypatch.setenv(tour.VARIABLE, value)
    assert tour.is_off() is off
