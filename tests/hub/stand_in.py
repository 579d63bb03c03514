"""A stand-in of the Hugging Face hub on the loopback, that the real client speaks to over HTTP.

It answers what ``huggingface_hub`` asks where a run is pushed and fetched, as the hub does: repositories, revisions,
trees, pre-upload, large files in one piece or in parts, commits in one go, downloads with ETags and ranges from another
host, tokens, and refusals with the hub's own headers. Xet is not spoken: HF_HUB_DISABLE_XET=1.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
import threading
from collections.abc import Callable
from http.server import ThreadingHTTPServer
from typing import Any

from .answering import Answering, Fault
from .cards import card_faults
from .store import File, Repository, Store, User, is_large

__all__ = ["Fault", "StandIn"]


class StandIn:
    """The server. ``url`` is what HF_ENDPOINT is set to; ``asked`` holds method and path of all that was asked."""

    def __init__(self) -> None:
        self.store = Store(users={"hf_owner": User("owner"), "hf_reader": User("reader", may_write=False)})
        self.faults: list[Fault] = []
        self.asked: list[tuple[str, str]] = []
        self.given_away: list[str] = []
        self.page, self.part = 1000, 0
        self.before: Callable[[str, str], None] = lambda method, path: None
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (_Handler,), {"hub": self}))
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        # As on the hub: large files come from another host, which must not be given the token.
        self.files_url = f"http://localhost:{self.port}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def repository(self, name: str, kind: str = "model") -> Repository:
        return self.store.repositories[kind, name]

    def files(self, name: str, revision: str = "main", kind: str = "model") -> dict[str, bytes]:
        """The content of a repository, without what the hub itself puts there."""
        commit = self.repository(name, kind).at(revision)
        assert commit is not None
        return {path: file.content for path, file in commit.files.items() if path != ".gitattributes"}

    def count(self, method: str, pattern: str) -> int:
        """How often something was asked."""
        return sum(asked == method and re.search(pattern, path) is not None for asked, path in self.asked)


class _Handler(Answering):
    """What is asked of the hub, one after the other."""

    hub: StandIn

    def who(self) -> None:
        if self._known_token():
            user = self._user()
            if user is None:
                self._send(401, {"error": "Invalid username or password."})
            else:
                role = "write" if user.may_write else "read"
                self._send(200, {"name": user.name, "orgs": [], "auth": {"accessToken": {"role": role}}})

    def check_card(self) -> None:
        asked = json.loads(self.body)
        errors = card_faults(asked["content"])
        self._send(400 if errors else 200, {"errors": [{"message": one} for one in errors], "warnings": []})

    def create(self) -> None:
        if not self._known_token():
            return
        user, asked = self._user(), json.loads(self.body)
        kind, name = asked.get("type") or "model", f"{asked['organization'] or (user and user.name)}/{asked['name']}"
        if user is None:
            self._send(401, {"error": "Invalid username or password."})
        elif user.name != name.partition("/")[0] or not user.may_write:
            message = f'You don\'t have the rights to create a {kind} under the namespace "{name.partition("/")[0]}"'
            self._send(403, {"error": message}, {"X-Error-Message": message})
        else:
            prefix = {"dataset": "datasets/"}.get(kind, "")
            there = {"url": f"{self.hub.url}/{prefix}{name}", "name": name, "id": name}
            if (kind, name) in self.hub.store.repositories:
                message = f"You already created this {kind} repo"
                self._send(409, {"error": message, **there}, {"X-Error-Message": message})
            else:
                self.hub.store.make(kind, name, private=asked.get("visibility") == "private")
                self._send(200, there)

    def info(self, kind: str, name: str, revision: str | None = None) -> None:
        found = self._found(kind, name)
        if found is not None and (commit := self._commit(found, revision)) is not None:
            self._send(200, found.described(commit, sizes="blobs" in self.query))

    def _commit(self, found: Repository, revision: str | None) -> Any:
        commit = found.at(revision or "main")
        if commit is None:
            message = f"Invalid rev id: {revision}"
            self._send(404, {"error": message}, {"X-Error-Code": "RevisionNotFound", "X-Error-Message": message})
        return commit

    def tree(self, kind: str, name: str, revision: str) -> None:
        found = self._found(kind, name)
        if found is not None and (commit := self._commit(found, revision)) is not None:
            entries = found.tree(commit)
            start = int(self.query.get("cursor", ["0"])[0])
            headers = {}
            if start + self.hub.page < len(entries):
                following = f"{self.hub.url}{self.path_only}?recursive=True&cursor={start + self.hub.page}"
                headers["Link"] = f'<{following}>; rel="next"'
            self._send(200, entries[start : start + self.hub.page], headers)

    def refs(self, kind: str, name: str) -> None:
        if (found := self._found(kind, name)) is not None:
            branches = [
                {"name": key, "ref": f"refs/heads/{key}", "targetCommit": o} for key, o in found.branches.items()
            ]
            self._send(200, {"branches": branches, "tags": [], "converts": []})

    def branch(self, kind: str, name: str, branch: str) -> None:
        if (found := self._found(kind, name, write=True)) is not None:
            if branch in found.branches:
                self._send(409, {"error": "Reference already exists"})
            else:
                found.branches[branch] = found.branches["main"]
                self._send(200, {})

    def preupload(self, kind: str, name: str, revision: str) -> None:
        found = self._found(kind, name, write=True)
        if found is None or (commit := self._commit(found, revision)) is None:
            return
        answers = []
        for one in json.loads(self.body)["files"]:
            there = commit.files.get(one["path"])
            mode = "lfs" if is_large(one["path"], one["size"]) else "regular"
            answer = {"path": one["path"], "uploadMode": mode, "shouldIgnore": False}
            answers.append(answer | ({"oid": there.etag} if there else {}))
        self._send(200, {"files": answers})

    def batch(self, kind: str | None, name: str) -> None:
        if self._found(kind, name, write=True) is None:
            return
        objects = []
        for one in json.loads(self.body)["objects"]:
            answer = {"oid": one["oid"], "size": one["size"]}
            if one["oid"] not in self.hub.store.large:
                href, header = f"{self.hub.files_url}/put/{one['oid']}", {}
                if self.hub.part and one["size"] > self.hub.part:
                    parts = range(1, -(-one["size"] // self.hub.part) + 1)
                    header = {f"{number:05d}": f"{href}/{number}" for number in parts}
                    header |= {"chunk_size": str(self.hub.part)}
                    href = f"{self.hub.url}/complete/{one['oid']}"
                verify = {"href": f"{self.hub.url}/verify/{one['oid']}"}
                answer["actions"] = {"upload": {"href": href, "header": header}, "verify": verify}
            objects.append(answer)
        self._send(200, {"transfer": "basic", "objects": objects})

    def put(self, oid: str, part: str | None = None) -> None:
        self._note_token()
        if part is None and hashlib.sha256(self.body).hexdigest() != oid:
            self._send(400, {"error": "the content is not that of the oid"})
            return
        self.hub.store.large[oid if part is None else f"{oid}/{part}"] = self.body
        self._send(200, b"", {"ETag": f'"{hashlib.md5(self.body).hexdigest()}"'})

    def complete(self, oid: str) -> None:
        kept = self.hub.store.large
        parts = [kept.pop(f"{oid}/{one['partNumber']}") for one in json.loads(self.body)["parts"]]
        kept[oid] = b"".join(parts)
        self._send(200 if hashlib.sha256(kept[oid]).hexdigest() == oid else 400, {})

    def verify(self, oid: str) -> None:
        asked = json.loads(self.body)
        whole = len(self.hub.store.large.get(oid, b"")) == asked["size"]
        self._send(200 if whole else 404, {})

    def commit(self, kind: str, name: str, revision: str) -> None:
        found = self._found(kind, name, write=True)
        if found is None or (last := self._commit(found, revision)) is None:
            return
        header, files = {}, dict(last.files)
        for line in self.body.splitlines():
            entry = json.loads(line)
            value = entry["value"]
            if entry["key"] == "header":
                header = value
            elif entry["key"] == "file":
                files[value["path"]] = File(base64.b64decode(value["content"]), large=False)
            elif entry["key"] == "lfsFile":
                if value["oid"] not in self.hub.store.large:
                    self._send(400, {"error": "LFS pointer pointed to a file that does not exist"})
                    return
                files[value["path"]] = File(self.hub.store.large[value["oid"]], large=True)
            else:
                gone = value["path"].rstrip("/")
                files = {path: one for path, one in files.items() if path != gone and not path.startswith(f"{gone}/")}
        if header.get("parentCommit") and header["parentCommit"] != last.oid:
            message = "A commit has happened since. Please refresh and try again."
            self._send(412, {"error": message}, {"X-Error-Message": message})
            return
        made = found.commit(revision, header["summary"], files)
        prefix = {"datasets": "datasets/"}.get(kind, "")
        address = f"{self.hub.url}/{prefix}{name}/commit/{made.oid}"
        self._send(200, {"success": True, "commitOid": made.oid, "commitUrl": address, "hookOutput": ""})

    def resolve(self, kind: str | None, name: str, revision: str, file: str) -> None:
        found = self._found(kind, name, files=True)
        if found is None or (commit := self._commit(found, revision)) is None:
            return
        one = commit.files.get(file)
        if one is None:
            self._send(
                404, {"error": "Entry not found"}, {"X-Error-Code": "EntryNotFound", "X-Repo-Commit": commit.oid}
            )
            return
        headers = {"X-Repo-Commit": commit.oid, "ETag": f'"{one.etag}"'}
        if one.large:
            self.hub.store.large[one.sha256] = one.content if one.served is None else one.served
            headers |= {"X-Linked-Etag": f'"{one.sha256}"', "X-Linked-Size": str(len(one.content))}
            self._send(302, b"", {**headers, "Location": f"{self.hub.files_url}/get/{one.sha256}"})
        else:
            self._content(one.content if one.served is None else one.served, headers)

    def get(self, oid: str) -> None:
        self._note_token()
        self._content(self.hub.store.large[oid], {"ETag": f'"{oid}"'})


_KIND, _NAME, _REVISION = r"(?P<kind>models|datasets)", r"(?P<name>[^/]+/[^/]+)", r"(?P<revision>[^/]+)"
_Handler.routes = [
    ("GET", r"/api/whoami-v2", _Handler.who),
    ("POST", r"/api/validate-yaml", _Handler.check_card),
    ("POST", r"/api/repos/create", _Handler.create),
    ("GET", rf"/api/{_KIND}/{_NAME}", _Handler.info),
    ("GET", rf"/api/{_KIND}/{_NAME}/revision/{_REVISION}", _Handler.info),
    ("GET", rf"/api/{_KIND}/{_NAME}/tree/{_REVISION}", _Handler.tree),
    ("GET", rf"/api/{_KIND}/{_NAME}/refs", _Handler.refs),
    ("POST", rf"/api/{_KIND}/{_NAME}/branch/(?P<branch>[^/]+)", _Handler.branch),
    ("POST", rf"/api/{_KIND}/{_NAME}/preupload/{_REVISION}", _Handler.preupload),
    ("POST", rf"/api/{_KIND}/{_NAME}/commit/{_REVISION}", _Handler.commit),
    ("POST", rf"/(?:(?P<kind>datasets)/)?{_NAME}\.git/info/lfs/objects/batch", _Handler.batch),
    ("PUT", r"/put/(?P<oid>[0-9a-f]{64})(?:/(?P<part>\d+))?", _Handler.put),
    ("POST", r"/complete/(?P<oid>[0-9a-f]{64})", _Handler.complete),
    ("POST", r"/verify/(?P<oid>[0-9a-f]{64})", _Handler.verify),
    ("GET HEAD", rf"/(?:(?P<kind>datasets)/)?{_NAME}/resolve/{_REVISION}/(?P<file>.+)", _Handler.resolve),
    ("GET HEAD", r"/get/(?P<oid>[0-9a-f]{64})", _Handler.get),
]
