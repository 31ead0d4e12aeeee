"""The part of Qdrant's REST API that we use, over Qdrant's own engine: one process, no installation.

    python -m core.stack.vectors FOLDER PORT

http -> routes -> writes|reads -> collection (one engine shard, one lock) and catalog (names and aliases). The answers
and errors are the server's, so that the official client and our adapter cannot tell the difference. One unnamed dense
vector a point. The engine never releases the interpreter's lock, and building its graph would freeze the process for
minutes: a search goes through small copies of all vectors instead. Beyond a million points set QDRANT_URL to a Qdrant
server (docs/scale.md).
"""
