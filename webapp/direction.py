"""Words that run from right to left, or say so, and what stands beside them. portal.css isolates elements."""

from __future__ import annotations

import re
import unicodedata

from markupsafe import Markup, escape

TURNING = frozenset({"R", "AL", "LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
ISOLATES, PDI = "\u2066\u2067\u2068", "\u2069"
CONTROLS = re.compile("[\u202a-\u202e\u2066-\u2069]")


def isolated(value: object) -> object:
    """Keep a value from turning round the sentence that it is put into."""
    if not isinstance(value, str) or isinstance(value, Markup) or value.isascii():
        return value
    if TURNING.isdisjoint(map(unicodedata.bidirectional, value)):
        return value
    return f"\N{FIRST STRONG ISOLATE}{CONTROLS.sub('', value)}\N{POP DIRECTIONAL ISOLATE}"


def balanced(value: object) -> object:
    """Drop each end of an isolation that the value has not begun: in Chromium it ends that of its element too."""
    if not isinstance(value, str) or PDI not in value:
        return value
    depth, kept = 0, []
    for one in value:
        depth += (one in ISOLATES) - (one == PDI)
        kept += [one] if depth >= 0 else []
        depth = max(depth, 0)
    return type(value)("".join(kept))


def whole(value: object) -> Markup:
    """Write the text of a field so that `balanced` drops nothing: a field isolates it, and sends it back."""
    return escape(value).replace(PDI, Markup("&#8297;"))
