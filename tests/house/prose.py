"""What the sources say in words, found without running them: every string, put together as the code does it."""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

MOST = 200  # ways to write one sentence
TRANSLATED = frozenset({"_", "gettext", "ngettext", "pgettext"})
FOR_ENGINES = r"\b(SELECT|INSERT|UPDATE|ANALYZE|CREATE|SET LOCAL|DESC|AT TIME ZONE|IS (NOT )?NULL|status (=|IN))\b"


@dataclass(frozen=True, slots=True)
class Place:
    """Something that varies: the expression, and how it is written."""

    source: str
    how: str = ""


Way = tuple[str | Place, ...]


@dataclass(frozen=True, slots=True)
class Said:
    """One string of the sources, in every way that its conditions allow."""

    path: str
    line: int
    ways: tuple[Way, ...]

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {' | '.join(map(shown, self.ways))}"


def shown(way: Way) -> str:
    return "".join(piece if isinstance(piece, str) else f"{{{piece.source}}}" for piece in way)


def in_words(way: Way) -> bool:
    """Say whether it is a sentence for people: two words, or one with a stop."""
    fixed = " ".join(piece for piece in way if isinstance(piece, str))
    if "\n" in fixed or re.search(FOR_ENGINES, fixed):
        return False
    if re.fullmatch(r"[A-Z][a-z]+\.", fixed):
        return True
    return bool(re.search(r"[^\W\d_]{2,}[,;:]? +[^\W\d_]{2,}|[^\W\d_]{4,} +$|^ +[^\W\d_]{4,}", fixed))


@dataclass
class Reader:
    """Reads one module. What was put into a longer string is not given again by itself."""

    path: str
    calls: frozenset[str] = frozenset()  # what is given to these alone; without any, everything
    constants: dict[str, list[ast.expr]] = field(default_factory=dict)
    within: set[ast.AST] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)

    def read(self, tree: ast.Module) -> Iterator[Said]:
        self._forget_docstrings(tree)
        self.constants = _assigned(tree.body)
        found = [one for root in self._roots(tree) for one in self._scope(root, self.constants)]
        yield from (Said(self.path, node.lineno, ways) for node, ways in found if node not in self.within)

    def _roots(self, tree: ast.Module) -> list[ast.AST]:
        if not self.calls:
            return [tree]
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        return [call for call in calls if isinstance(call.func, ast.Name) and call.func.id in self.calls]

    def _forget_docstrings(self, tree: ast.AST) -> None:
        for node in ast.walk(tree):
            if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
                self.within.add(node.value)

    def _scope(self, node: ast.AST, names: dict[str, list[ast.expr]]) -> Iterator[tuple[ast.expr, tuple[Way, ...]]]:
        for child in ast.iter_child_nodes(node):
            inner = names | _assigned(child.body) if isinstance(child, ast.FunctionDef) else names
            if isinstance(child, ast.Name) or _is_translated(
                child
            ):  # what a name stands for is read where it is written
                continue
            if isinstance(child, ast.expr) and (ways := self._ways(child, names)) is not None:
                yield child, ways
            else:
                yield from self._scope(child, inner)

    def _ways(self, node: ast.expr, names: dict[str, list[ast.expr]]) -> tuple[Way, ...] | None:
        """Give the ways to write an expression; None for one that is no string as far as we can see."""
        match node:
            case ast.Constant(value=str() as text):
                return (tuple(_braced(text)),)
            case ast.JoinedStr(values=values):
                return _product([self._part(value, names) for value in values])
            case ast.BinOp(left=left, op=ast.Add(), right=right):
                sides = [self._ways(left, names), self._ways(right, names)]
                if all(side is None for side in sides):
                    return None
                return _product([side or _place(end) for side, end in zip(sides, (left, right), strict=True)])
            case ast.IfExp(body=body, orelse=orelse):
                sides = [self._ways(body, names), self._ways(orelse, names)]
                if all(side is None for side in sides):
                    return None
                return tuple(
                    way for side, end in zip(sides, (body, orelse), strict=True) for way in side or _place(end)
                )
            case ast.Call(func=ast.Attribute(value=value, attr="format" | "strip" | "capitalize" | "lower")):
                return self._ways(value, names)
            case ast.Name(id=name) if name in names and name not in self.asked:
                return self._named(name, names)
        return None

    def _named(self, name: str, names: dict[str, list[ast.expr]]) -> tuple[Way, ...] | None:
        """Give what a name may stand for: its values, and what is added to them later."""
        self.asked.add(name)
        found = [(value, self._ways(value, names)) for value in names[name]]
        self.asked.remove(name)
        if any(ways is None for _, ways in found):
            return None
        if name not in self.constants:
            self.within.update(value for value, _ in found)
            self.within.update(value.right for value, _ in found if isinstance(value, ast.BinOp))
        return tuple(way for _, ways in found for way in ways or ())

    def _part(self, node: ast.expr, names: dict[str, list[ast.expr]]) -> tuple[Way, ...]:
        match node:
            case ast.Constant(value=str() as text):
                return ((text,),)
            case ast.FormattedValue(value=value, format_spec=how):
                return self._ways(value, names) or _place(value, ast.unparse(how)[2:-1] if how else "")
        return _place(node)


def _is_translated(node: ast.AST) -> bool:
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TRANSLATED


def _product(sides: list[tuple[Way, ...]]) -> tuple[Way, ...]:
    joined = (tuple(itertools.chain.from_iterable(ways)) for ways in itertools.product(*sides))
    return tuple(itertools.islice(joined, MOST))


def _place(node: ast.expr, how: str = "") -> tuple[Way, ...]:
    return ((Place(ast.unparse(node), how),),)


def _braced(text: str) -> Iterator[str | Place]:
    """Find the places of a string that `format` fills later."""
    for n, piece in enumerate(re.split(r"\{(\w+)\}", text)):
        if piece:
            yield Place(piece) if n % 2 else piece


def _assigned(body: list[ast.stmt]) -> dict[str, list[ast.expr]]:
    """Name what is assigned in a body; what is added later gives one more value, the old one with it behind."""
    found: dict[str, list[ast.expr]] = {}
    own = [stmt for stmt in body if not isinstance(stmt, ast.ClassDef | ast.FunctionDef)]
    for node in itertools.chain.from_iterable(map(ast.walk, own)):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=value):
                found.setdefault(name, []).append(value)
            case ast.AugAssign(target=ast.Name(id=name), op=ast.Add(), value=value) if name in found:
                found[name] += [ast.copy_location(ast.BinOp(old, ast.Add(), value), value) for old in found[name]]
    return found


def prose(root: Path, *folders: str, calls: frozenset[str] = frozenset()) -> Iterator[Said]:
    """Give every sentence of the modules in these folders, or only those that these functions are called with."""
    for path in sorted(path for folder in folders for path in (root / folder).rglob("*.py")):
        name = path.relative_to(root).as_posix()
        for said in Reader(name, calls).read(ast.parse(path.read_text())):
            if any(map(in_words, said.ways)):
                yield said
