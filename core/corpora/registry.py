"""Finds corpus loaders: MIRAGE's own, and those of any installed package that offers some.

A package offers a loader by an entry point of the group ``mirage.corpora`` that leads to a ``core.corpora.Loader``::

    [project.entry-points."mirage.corpora"]
    my-corpus = "my_package.my_corpus:LOADER"
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from threading import RLock

from core.corpora.drafts import Loader
from core.corpora.problems import printable

GROUP = "mirage.corpora"


class Registry(Mapping[str, Loader]):
    """Loaders by name. Nothing of another package is imported before somebody asks for more than the built-in ones.

    A package that cannot be used is passed over and named in ``faults``; the others stay available.
    """

    def __init__(self, built_in: Iterable[Loader]) -> None:
        self._built_in = {loader.name: loader for loader in built_in}
        self._found: dict[str, Loader] = {}
        self._faults: dict[str, str] = {}
        self._searched = False
        # A package that asks for the loaders while it is imported is answered with those found so far.
        self._lock = RLock()

    def __getitem__(self, name: str) -> Loader:
        if name in self._built_in:
            return self._built_in[name]
        self._search()
        return self._found[name]

    def __iter__(self) -> Iterator[str]:
        self._search()
        yield from [*self._built_in, *self._found]

    def __len__(self) -> int:
        self._search()
        return len(self._built_in) + len(self._found)

    def faults(self) -> dict[str, str]:
        """One clear line for each entry point that cannot be used, by its name."""
        self._search()
        return dict(self._faults)

    def _search(self) -> None:
        with self._lock:
            if self._searched:
                return
            self._searched = True
            try:
                for point in sorted(entry_points(group=GROUP), key=lambda point: (point.name, point.value)):
                    self._take(point)
            except BaseException:
                self._searched = False
                raise

    def _take(self, point: EntryPoint) -> None:
        package = point.dist.name if point.dist is not None else "an unnamed package"
        try:
            loader = point.load()
        except (Exception, SystemExit) as error:
            reason = f"cannot be imported ({type(error).__name__}: {error})"
        else:
            reason = self._fault_of(loader)
            if not reason:
                self._found[loader.name] = loader
                return
        line = f"the corpus loader {point.name} ({point.value}) of the package {package} {reason}; "
        self._faults[point.name] = printable(" ".join((line + "repair or uninstall that package").split()))

    def _fault_of(self, loader: object) -> str:
        if not isinstance(loader, Loader):
            return f"is a {type(loader).__name__}, not a core.corpora.Loader"
        texts = (loader.name, loader.title, loader.description, loader.licence, loader.layout)
        if not all(isinstance(text, str) and text and text.isprintable() for text in texts):
            return "lacks a name, title, description, licence or layout of one printable line"
        if not callable(loader.read):
            return "has no function to read a corpus"
        if not isinstance(loader.options, tuple) or not all(isinstance(option, str) for option in loader.options):
            return "has options that are no tuple of names"
        if loader.home is not None and not callable(loader.home):
            return "has a home that is no function"
        if loader.name in self._built_in or loader.name in self._found:
            return f"calls itself {loader.name!r}, a name that is already taken"
        return ""
