"""Errors as Qdrant's server words them."""

from __future__ import annotations


class VectorError(Exception):
    """What the client is told: an HTTP status and a sentence."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


def wrong_input(message: str) -> VectorError:
    return VectorError(400, f"Wrong input: {message}")


def bad_format(message: str) -> VectorError:
    return VectorError(400, f"Format error in JSON body: {message}")


def no_collection(name: str) -> VectorError:
    return VectorError(404, f"Not found: Collection `{name}` doesn't exist!")


def name_taken(name: str) -> VectorError:
    return VectorError(409, f"Wrong input: Collection `{name}` already exists!")


def from_engine(error: Exception) -> VectorError:
    """Translate what the engine raises: it has one exception type, only the text tells."""
    text = str(error)
    if isinstance(error, (KeyError, TypeError, ValueError, AttributeError, OverflowError)):
        return bad_format(f"missing field {text}" if isinstance(error, KeyError) else text)
    if text.startswith("No point with id"):
        return VectorError(404, f"Not found: {text} found")
    if text.startswith(("Vector dimension error", "No range index", "No appropriate index", "Wrong input")):
        return wrong_input(text.removeprefix("Wrong input: "))
    return VectorError(500, f"Service internal error: {text}")
