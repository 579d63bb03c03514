"""What the stand-in of the hub keeps: users, repositories, commits, large files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

LARGE = (".safetensors", ".parquet", ".bin", ".pkl", ".arrow")
_REGULAR_BYTES = 10 << 20


@dataclass(frozen=True)
class User:
    """Somebody with a token."""

    name: str
    may_write: bool = True


@dataclass(frozen=True)
class File:
    """A file of a commit. ``served`` is what a hub gone wrong gives in place of the content."""

    content: bytes
    large: bool
    served: bytes | None = None
    xet: str | None = None

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()

    @property
    def git(self) -> str:
        """The git object: of the content, or of the pointer that git keeps of a large file."""
        kept = self.content
        if self.large:
            pointer = f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {len(kept)}\n"
            kept = pointer.encode()
        return hashlib.sha1(b"blob %d\0" % len(kept) + kept).hexdigest()

    @property
    def etag(self) -> str:
        return self.sha256 if self.large else self.git


@dataclass(frozen=True)
class Commit:
    """A state of a repository."""

    oid: str
    message: str
    files: dict[str, File]
    parent: str | None


@dataclass
class Repository:
    """A model or a dataset."""

    kind: str
    name: str
    private: bool
    gated: bool = False
    commits: dict[str, Commit] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)

    def at(self, revision: str) -> Commit | None:
        oid = self.branches.get(revision) or self.tags.get(revision) or revision
        return self.commits.get(oid)

    def commit(self, branch: str, message: str, files: dict[str, File]) -> Commit:
        parent = self.branches.get(branch)
        names = "".join(f"{name}{file.etag}" for name, file in sorted(files.items()))
        oid = hashlib.sha1(f"{parent}{message}{names}".encode()).hexdigest()
        self.commits[oid] = made = Commit(oid, message, files, parent)
        self.branches[branch] = oid
        return made

    def described(self, commit: Commit, *, sizes: bool) -> dict[str, Any]:
        """What the API says of it."""
        siblings = []
        for name, file in sorted(commit.files.items()):
            one: dict[str, Any] = {"rfilename": name}
            if sizes:
                one |= {"size": len(file.content), "blobId": file.git}
                if file.large:
                    one["lfs"] = {"sha256": file.sha256, "size": len(file.content), "pointerSize": 134}
            siblings.append(one)
        return {
            "_id": hashlib.md5(self.name.encode()).hexdigest()[:24],
            "id": self.name,
            "author": self.name.partition("/")[0],
            "sha": commit.oid,
            "private": self.private,
            "gated": "manual" if self.gated else False,
            "disabled": False,
            "tags": [],
            "siblings": siblings,
        }

    def tree(self, commit: Commit) -> list[dict[str, Any]]:
        """The files as ``/tree`` lists them."""
        found = []
        for name, file in sorted(commit.files.items()):
            one: dict[str, Any] = {"type": "file", "path": name, "oid": file.git, "size": len(file.content)}
            if file.large:
                one["lfs"] = {"oid": file.sha256, "size": len(file.content), "pointerSize": 134}
            if file.xet is not None:
                one["xetHash"] = file.xet
            found.append(one)
        return found


@dataclass
class Store:
    """Everything."""

    users: dict[str, User] = field(default_factory=dict)
    repositories: dict[tuple[str, str], Repository] = field(default_factory=dict)
    large: dict[str, bytes] = field(default_factory=dict)

    def make(self, kind: str, name: str, *, private: bool) -> Repository:
        made = Repository(kind, name, private)
        rules = "".join(f"*{ending} filter=lfs diff=lfs merge=lfs -text\n" for ending in LARGE)
        made.commit("main", "initial commit", {".gitattributes": File(rules.encode(), large=False)})
        self.repositories[kind, name] = made
        return made

    def put(self, name: str, files: dict[str, bytes], *, kind: str = "model", private: bool = False) -> Repository:
        """Makes a repository that holds these files, as somebody else might have."""
        made = self.make(kind, name, private=private)
        kept = {path: File(content, large=is_large(path, len(content))) for path, content in files.items()}
        made.commit("main", "files", {**made.commits[made.branches["main"]].files, **kept})
        return made


def is_large(name: str, size: int) -> bool:
    """Whether git keeps a pointer to it only."""
    return name.endswith(LARGE) or size > _REGULAR_BYTES
