"""One collection: an engine shard, its lock and what it was made for."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import qdrant_edge as engine

from core.stack.vectors.errors import bad_format, wrong_input

DISTANCES = {name: getattr(engine.Distance, name) for name in ("Cosine", "Euclid", "Dot", "Manhattan")}
LARGEST_DIMENSION = 65536
# Beside each vector a copy of four bits a number, made as it is written: a search goes through these, an eighth of the
# bytes, and through the vectors of the nearest alone. A collection made before this is searched through its vectors.
COPIES = engine.TurboQuantQuantizationConfig(bits=engine.TurboQuantBitSize.Bits4)


class Collection:
    """Thread-safe. `conf` is `{vectors: {size, distance}, metadata}`, as the catalog keeps it."""

    def __init__(self, shard: engine.EdgeShard, folder: Path, conf: dict[str, Any]) -> None:
        self.folder = folder
        self.conf = conf
        self.lock = threading.RLock()  # the engine is no place for two threads at once
        self.shard = shard
        self._dirty = False
        self._operations = 0

    @classmethod
    def create(cls, folder: Path, conf: dict[str, Any]) -> Collection:
        config = engine.EdgeConfig(
            vectors=_vector_params(conf["vectors"]),
            quantization_config=COPIES,
            # No graph: to build one takes minutes with the interpreter's lock held.
            optimizers=engine.EdgeOptimizersConfig(indexing_threshold=0),
        )
        return cls(engine.EdgeShard.create(str(folder), config), folder, conf)

    @classmethod
    def load(cls, folder: Path, conf: dict[str, Any]) -> Collection:
        """Open it again; the engine replays what was acknowledged and not yet flushed."""
        return cls(engine.EdgeShard.load(str(folder)), folder, conf)

    @property
    def dimension(self) -> int:
        return int(self.conf["vectors"]["size"])

    def update(self, operations: Iterable[engine.UpdateOperation]) -> int:
        """Apply the operations in their order; return the number of the last one."""
        with self.lock:
            for operation in operations:
                self._dirty = True
                self.shard.update(operation)
                self._operations += 1
            return self._operations

    def existing(self, ids: list[Any]) -> set[Any]:
        """Say which of these points are there."""
        with self.lock:
            return {found.id for found in self.shard.retrieve(ids, False, False)}

    def flush(self) -> None:
        """Write to disk what is only in the log; without it the log grows and a start takes longer."""
        with self.lock:
            if self._dirty:
                self._dirty = False
                self.shard.flush()

    def close(self) -> None:
        with self.lock:
            self.flush()
            self.shard.close()

    def info(self) -> dict[str, Any]:
        """Describe it in the server's words."""
        with self.lock:
            info = self.shard.info()
        schema = {
            name: {"data_type": str(index.data_type).rpartition(".")[2].lower(), "points": index.points}
            for name, index in info.payload_schema.items()
        }
        return {
            "status": "green",
            "optimizer_status": "ok",
            "points_count": info.points_count,
            "indexed_vectors_count": info.indexed_vectors_count,
            "segments_count": info.segments_count,
            "payload_schema": schema,
            "config": _config(self.conf),
        }


def vectors_of(raw: Any) -> dict[str, Any]:
    """Check the vectors that a new collection asks for."""
    if not isinstance(raw, dict) or "size" not in raw or "distance" not in raw:
        raise bad_format("the embedded server keeps one unnamed dense vector a point: give its size and distance")
    if not isinstance(raw["size"], int) or not 1 <= raw["size"] <= LARGEST_DIMENSION:
        raise wrong_input(f"vectors.size: value {raw['size']} invalid, must be from 1 to {LARGEST_DIMENSION}")
    if raw["distance"] not in DISTANCES:
        raise bad_format(f"unknown distance `{raw['distance']}`")
    return raw


def _vector_params(vectors: dict[str, Any]) -> engine.EdgeVectorParams:
    return engine.EdgeVectorParams(size=vectors["size"], distance=DISTANCES[vectors["distance"]])


def _config(conf: dict[str, Any]) -> dict[str, Any]:
    return {
        "params": {
            "vectors": conf["vectors"],
            "shard_number": 1,
            "replication_factor": 1,
            "write_consistency_factor": 1,
            "on_disk_payload": True,
        },
        "hnsw_config": {"m": 16, "ef_construct": 100, "full_scan_threshold": 10000},
        "optimizer_config": {"default_segment_number": 0, "flush_interval_sec": 15, "indexing_threshold": 0},
        "metadata": conf["metadata"],
    }
