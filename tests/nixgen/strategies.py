"""Random expressions of the whole language.

They are drawn from a `random.Random`, so that the same code serves a fixed seed and, through
`hypothesis.strategies.randoms`, a search that shrinks what it finds.
"""

from pathlib import PurePosixPath
from random import Random
from typing import TYPE_CHECKING, Any

from nixgen import (
    Apply,
    Assert,
    AttrSet,
    BinaryOp,
    Binding,
    BlankLine,
    Comment,
    Commented,
    Expr,
    HasAttr,
    Ident,
    If,
    IndentedStr,
    Inherit,
    Lambda,
    Let,
    List,
    Neg,
    Not,
    Param,
    PathLiteral,
    Pattern,
    SearchPath,
    Select,
    Str,
    With,
    ref,
)
from nixgen.expr import OPERATORS

if TYPE_CHECKING:
    from collections.abc import Callable

WORDS = (
    "a",
    "b",
    "x",
    "lib",
    "pkgs",
    "config",
    "services",
    "enable",
    "hostName",
    "boot",
    "kernelPackages",
    "true",
)
NAMES = (
    *WORDS,
    "or",
    "if",
    "rec",
    "a b",
    "vm.swappiness",
    "",
    "ü",
    "1a",
    "a'b",
    "_",
    "x-y",
    "${x}",
    'quo"te',
    "a\\b",
    "$",
)
TEXTS = (
    "",
    "a",
    "hello world",
    "${x}",
    "$${x}",
    "$",
    "$$",
    "''",
    "'",
    "'''",
    "\\",
    '"',
    "\\n",
    "a\nb",
    "\n",
    "\t",
    "\r\n",
    " ",
    "  lead",
    "trail  ",
    "\x7f",
    "é",
    "日本",
    "\U0001f980",
    "#no comment",
    "/*",
    "*/",
    "${",
    "}",
    "''${",
    "'$",
    "'${",
    "echo hi\n  indented\n\nlast\n",
    " \n",
    "\n\n",
    "a" * 60,
    "two words " * 6,
    "$'",
    "''\\",
    "'\r",
    "\u00a0x",
)
COMMENTS = (
    "one",
    "two\nlines",
    "",
    "gap\n\nbetween",
    "  indented",
    "# hash",
    "long " * 30,
    "*/ '' ${ \"",
)


class Draw:
    """Draws expressions.

    Attributes:
        random: Where chance comes from.
        marks: A mark that each comment drawn has and no other.
    """

    def __init__(self, random: Random) -> None:
        self.random = random
        self.marks: list[str] = []

    def chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def count(self, most: int) -> int:
        return self.random.randrange(most + 1)

    def name(self) -> str:
        word = self.random.choice(WORDS)
        return word if self.chance(85) else word + "Long" * self.count(9)

    def names(self, most: int) -> list[str]:
        return list(dict.fromkeys(self.name() for _ in range(self.count(most))))

    def attribute(self, size: int) -> Any:
        if self.chance(75):
            return self.name()
        if self.chance(60):
            return self.random.choice(NAMES)
        if self.chance(50):
            return Str(*self.parts(size))
        marks = len(self.marks)
        drawn = self.expression(size)
        if isinstance(drawn, Expr) and not getattr(drawn, "language", ""):
            return drawn
        del self.marks[marks:]
        return self.variable()

    def path(self, size: int) -> tuple[Any, ...]:
        """Draw a path of up to eight steps; those of more than four are laid out differently."""
        return tuple(
            self.attribute(size) for _ in range(1 + self.count(2 if self.chance(70) else 7))
        )

    def text(self) -> str:
        return "".join(self.random.choice(TEXTS) for _ in range(self.count(3)))

    def comment(self) -> str:
        """Draw the text of a comment, which ends in a mark of its own."""
        return self.mark(self.random.choice(COMMENTS))

    def mark(self, text: str) -> str:
        self.marks.append(f"<{len(self.marks)}>")
        return text + self.marks[-1]

    def parts(self, size: int) -> list[Any]:
        return [
            self.text() if self.chance(60) else self.expression(size) for _ in range(self.count(3))
        ]

    def language(self) -> str:
        return self.random.choice(("bash", "c++", "x" * 30)) if self.chance(15) else ""

    def number(self) -> int | float:
        return self.random.choice(
            (
                0,
                1,
                -1,
                42,
                2**63 - 1,
                -(2**63),
                0.5,
                -1.5,
                1e22,
                1e-7,
                123456.75,
                self.random.randrange(10**9),
            )
        )

    def plain_path(self) -> PurePosixPath:
        return PurePosixPath(
            self.random.choice(
                (
                    "/",
                    ".",
                    "..",
                    "a",
                    "./b/c.nix",
                    "../x",
                    "/etc/nixos",
                    "a b/ü",
                    "~/x",
                    "a/../b",
                    "/a@b",
                    "./one/two/three/four/five.nix",
                    "/nix/var/nix/profiles/per-user/root/channels",
                )
            )
        )

    def scalar(self) -> Any:
        kind = self.random.randrange(7)
        if kind < 2:
            return self.text()
        if kind == 2:
            return self.number()
        if kind == 3:
            return self.chance(50)
        if kind == 4:
            return None if self.chance(50) else self.plain_path()
        return self.variable()

    def variable(self) -> Any:
        if self.chance(60):
            return ref(".".join([self.name() for _ in range(1 + self.count(3))]))
        return Ident(self.name()) if self.chance(80) else SearchPath("nixpkgs/nixos")

    def commented(self, value: Any, *, after: bool = True) -> Any:
        if self.chance(85):
            return value
        return Commented(
            value,
            before=self.comment() if self.chance(60) else "",
            after=self.mark("long " * self.count(20)) if after and self.chance(60) else "",
            blank_before=self.chance(30),
        )

    def free(self, taken: set[str], path: tuple[Any, ...]) -> bool:
        """Whether no other path starts with the same name."""
        head = path[0]
        head = (
            "".join(head.parts)
            if isinstance(head, Str | IndentedStr) and all(isinstance(p, str) for p in head.parts)
            else head
        )
        if not isinstance(head, str):
            return True
        if head in taken:
            return False
        taken.add(head)
        return True

    def items(self, size: int, *, dynamic: bool = True) -> list[Any]:
        taken: set[str] = set()
        items: list[Any] = []
        for _ in range(self.count(4)):
            kind = self.random.randrange(12)
            if kind == 0:
                items.append(Comment(self.comment()))
            elif kind == 1:
                items.append(BlankLine())
            elif kind < 4:
                names = [name for name in self.names(5) if self.free(taken, (name,))]
                if names:
                    items.append(
                        Inherit(*names, source=self.expression(size))
                        if self.chance(50)
                        else Inherit(*names)
                    )
            else:
                marks = len(self.marks)
                path = self.path(size // 2)
                if (dynamic or isinstance(path[0], str)) and self.free(taken, path):
                    value = self.commented(self.expression(size))
                    plain = all(isinstance(name, str) for name in path)
                    items.append(
                        {path: value} if plain and self.chance(50) else Binding(path, value)
                    )
                else:
                    del self.marks[marks:]
        if self.chance(20) and self.free(taken, path := (self.name(),)):
            for item in self.merged(size // 2, path):
                items.insert(self.count(len(items)), item)
        return items

    def merged(self, size: int, path: tuple[Any, ...]) -> list[Any]:
        """Bindings of one attribute that Nix merges: sets, and paths that lead into them."""
        items: list[Any] = []
        for name in self.names(4):
            if self.chance(30):
                items += self.merged(size // 2, (*path, name))
                continue
            value = self.commented(self.expression(size))
            apart = self.chance(50)
            items.append(Binding((*path, name), value) if apart else {path: {name: value}})
        return items

    def elements(self, size: int) -> list[Any]:
        return [
            (Comment(self.comment()) if self.chance(50) else BlankLine())
            if self.chance(8)
            else self.commented(self.expression(size))
            for _ in range(self.count(4))
        ]

    def pattern(self, size: int) -> Pattern:
        names = self.names(4)
        params = [
            self.commented(name if self.chance(70) else Param(name, self.body(size // 2)))
            for name in names
        ]
        alias = "args" if self.chance(25) else None
        return Pattern(*params, ellipsis=self.chance(50), alias=alias)

    def body(self, size: int) -> Any:
        return self.commented(self.expression(size), after=False)

    def expression(self, size: int) -> Any:
        """An expression of about so many nodes."""
        if size < 1 or self.chance(12):
            return self.scalar()
        inner = size // 2 if self.chance(60) else size - 1
        made: Callable[[], Any] = self.random.choice(
            (
                lambda: AttrSet(*self.items(inner), rec=self.chance(15)),
                lambda: AttrSet(*self.items(inner), rec=self.chance(15)),
                lambda: {name: self.expression(inner) for name in self.names(4)},
                lambda: List(*self.elements(inner)),
                lambda: [self.expression(inner) for _ in range(self.count(3))],
                lambda: Str(*self.parts(inner), language=self.language()),
                lambda: IndentedStr(*self.parts(inner), language=self.language()),
                lambda: PathLiteral("./x/", self.target(inner), "/y.nix"),
                lambda: Select(self.target(inner), *self.path(inner // 2), **self.default(inner)),
                lambda: Select(self.name(), *self.path(inner // 2), **self.default(inner)),
                lambda: HasAttr(self.target(inner), *self.path(inner // 2)),
                lambda: Apply(self.variable(), *self.arguments(inner // 2, 3)),
                lambda: Apply(self.variable(), self.variable(), self.expression(inner)),
                lambda: Apply(self.target(inner), *self.arguments(inner, 2)),
                lambda: Lambda(self.name(), self.body(inner)),
                lambda: Lambda(self.pattern(inner), self.body(inner)),
                lambda: Let(self.items(inner, dynamic=False), self.body(inner)),
                lambda: With(self.expression(inner // 2), self.body(inner)),
                lambda: If(
                    self.commented(self.expression(inner // 2)),
                    self.commented(self.expression(inner)),
                    self.body(inner),
                ),
                lambda: Assert(self.expression(inner // 2), self.body(inner)),
                lambda: self.operation(inner),
                lambda: self.operation(inner),
                lambda: Not(self.expression(inner)),
                lambda: Neg(self.expression(inner)),
            )
        )
        return made()

    def target(self, size: int) -> Any:
        """An expression where a `str` would name a variable."""
        drawn = self.expression(size)
        return Str(drawn, language=self.language()) if isinstance(drawn, str) else drawn

    def default(self, size: int) -> dict[str, Any]:
        return {"default": self.expression(size)} if self.chance(35) else {}

    def operation(self, size: int) -> BinaryOp:
        op = self.random.choice([op for op in OPERATORS if op != "?"])
        made = BinaryOp(op, self.commented(self.expression(size)), self.body(size))
        while self.chance(30):
            if self.chance(50):
                made = BinaryOp(op, self.commented(made), self.body(size // 2))
            else:
                made = BinaryOp(op, self.commented(self.expression(size // 2)), made)
        return made

    def arguments(self, size: int, more: int) -> list[Any]:
        return [
            *(self.commented(self.expression(size)) for _ in range(self.count(more))),
            self.body(size),
        ]

    def file(self, size: int) -> Any:
        return self.commented(self.expression(size))
