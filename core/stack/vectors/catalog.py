"""The collections of one folder and their aliases. One process at a time; each change is one atomic file replace."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import threading
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TextIO

import orjson

from core.stack.vectors.collection import Collection, vectors_of
from core.stack.vectors.errors import VectorError, bad_format, name_taken, no_collection


class Catalog:
    """Thread-safe. Raises BlockingIOError when another process has the folder open."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._lock_file = _locked(folder / ".lock")
        self._lock = threading.RLock()
        self._index = folder / "catalog.json"
        kept = orjson.loads(self._index.read_bytes()) if self._index.exists() else {"collections": {}, "aliases": {}}
        self._aliases: dict[str, str] = kept["aliases"]
        self._collections = {
            name: Collection.load(folder / entry["folder"], entry["conf"])
            for name, entry in kept["collections"].items()
        }
        self._sweep()

    def names(self) -> list[str]:
        return list(self._collections)

    def aliases(self, of: str | None = None) -> list[dict[str, str]]:
        """List the aliases, of one collection or of all."""
        pairs = sorted(self._aliases.items())
        return [{"alias_name": alias, "collection_name": name} for alias, name in pairs if of in (None, name)]

    def exists(self, name: str) -> bool:
        return name in self._collections or name in self._aliases

    def get(self, name: str) -> Collection:
        """Find a collection by its name or an alias."""
        collection = self._collections.get(self._aliases.get(name, name))
        if collection is None:
            raise no_collection(name)
        return collection

    def create(self, name: str, body: Mapping[str, Any]) -> None:
        conf = {"vectors": vectors_of(body.get("vectors")), "metadata": body.get("metadata")}
        with self._lock:
            if self.exists(name):
                raise name_taken(name)
            made = Collection.create(self._folder / f"shard-{uuid.uuid4().hex}", conf)
            self._replace({**self._collections, name: made}, self._aliases)

    def amend(self, name: str, body: Mapping[str, Any]) -> None:
        """Change a collection's metadata: the given keys, null removes one. The rest is fixed here."""
        with self._lock:
            collection = self.get(name)
            metadata = {**(collection.conf["metadata"] or {}), **(body.get("metadata") or {})}
            collection.conf["metadata"] = {key: value for key, value in metadata.items() if value is not None} or None
            self._replace(self._collections, self._aliases)

    def drop(self, name: str) -> bool:
        """Remove a collection and its aliases; say whether it was there."""
        with self._lock:
            gone = self._collections.get(name)
            if gone is None:
                return False
            others = {other: kept for other, kept in self._collections.items() if other != name}
            self._replace(others, {alias: of for alias, of in self._aliases.items() if of != name})
        gone.close()
        shutil.rmtree(gone.folder, ignore_errors=True)
        return True

    def change_aliases(self, actions: list[Mapping[str, Any]]) -> None:
        """Do all the actions in one step that readers see at once, or none of them."""
        with self._lock:
            aliases = dict(self._aliases)
            for action in actions:
                self._act(aliases, action)
            self._replace(self._collections, aliases)

    def flush(self) -> None:
        for collection in list(self._collections.values()):
            collection.flush()

    def close(self) -> None:
        with self._lock:
            for collection in self._collections.values():
                collection.close()
            self._lock_file.close()

    def _act(self, aliases: dict[str, str], action: Mapping[str, Any]) -> None:
        match dict(action):
            case {"create_alias": {"collection_name": str(name), "alias_name": str(alias)}}:
                if name not in self._collections:
                    raise no_collection(name)
                if alias in self._collections:
                    raise name_taken(alias)
                aliases[alias] = name
            case {"delete_alias": {"alias_name": str(alias)}}:
                aliases.pop(alias, None)
            case {"rename_alias": {"old_alias_name": str(old), "new_alias_name": str(new)}}:
                if old not in aliases:
                    raise VectorError(404, f"Not found: Alias {old} does not exists!")
                if new in self._collections:
                    raise name_taken(new)
                aliases[new] = aliases.pop(old)
            case _:
                raise bad_format("unknown alias action")

    def _replace(self, collections: dict[str, Collection], aliases: dict[str, str]) -> None:
        """Write the new state to disk and only then show it."""
        entries = {name: {"folder": kept.folder.name, "conf": kept.conf} for name, kept in collections.items()}
        scratch = self._index.with_suffix(".tmp")
        with scratch.open("wb") as file:
            file.write(orjson.dumps({"collections": entries, "aliases": aliases}))
            file.flush()
            os.fsync(file.fileno())
        scratch.replace(self._index)
        self._collections, self._aliases = collections, aliases

    def _sweep(self) -> None:
        """Remove the folders of collections that a crash left half made or half dropped."""
        kept = {collection.folder for collection in self._collections.values()}
        for folder in self._folder.glob("shard-*"):
            if folder not in kept:
                with contextlib.suppress(OSError):
                    shutil.rmtree(folder)


def _locked(path: Path) -> TextIO:
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise
    return file
