"""The Nix language as Python values.

An expression is plain Python data or one of the classes here, freely mixed. Plain data stand for
what they look like: a mapping is an attribute set, a list or tuple is a list, `None` is `null`, a
`pathlib.PurePath` is a path literal; `str`, `int`, `float` and `bool` are themselves.

The key of a mapping names an attribute. A `str` is one name, whatever its characters (`"foo.bar"`
is one name with a dot in it); a tuple is an attribute path; an expression inside a path is a
dynamic attribute.

What Nix could not hold is refused when it is built, with a `NixError`. The insides of plain
mappings and lists are checked when they are rendered, and the message then starts with the way to
the place.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from math import isfinite
from pathlib import PurePath, PureWindowsPath
from typing import Any, Final, TypeAlias

from attrs import field

from nixgen.errors import NixgenError
from nixgen.exact import exact
from nixgen.frozen import frozen

__all__ = [
    "MISSING",
    "Apply",
    "Assert",
    "AttrSet",
    "BinaryOp",
    "Binding",
    "BlankLine",
    "Comment",
    "Commented",
    "Expr",
    "HasAttr",
    "Ident",
    "If",
    "IndentedStr",
    "Inherit",
    "Item",
    "Lambda",
    "Let",
    "List",
    "Name",
    "Neg",
    "NixError",
    "Not",
    "Param",
    "PathLiteral",
    "Pattern",
    "Raw",
    "SearchPath",
    "Select",
    "Str",
    "Value",
    "With",
    "ref",
]

_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_'-]*").fullmatch
# Nix takes `or` for an attribute name, but `a or b` for a call of `a` with a variable of that name.
_KEYWORDS: Final = frozenset(
    {"if", "then", "else", "assert", "with", "let", "in", "rec", "inherit", "or"}
)
_SEARCH_PATH = r"[A-Za-z0-9._+-]+(/[A-Za-z0-9._+-]+)*"
_LITERAL_PATH = r"(\.\.?)?(/[A-Za-z0-9._+\0-]+)+"
_LANGUAGE = r"[A-Za-z0-9+._-]{1,30}"
_UNENCODABLE = "[\0\ud800-\udfff]"
LEAST: Final = -(2**63)
"""The least integer that Nix can hold."""

OPERATORS: Final = (
    "?",
    "++",
    "*",
    "/",
    "+",
    "-",
    "//",
    "<",
    "<=",
    ">",
    ">=",
    "==",
    "!=",
    "&&",
    "||",
    "->",
    "|>",
    "<|",
)
"""Every operator between two operands, tightest first; `?` is written with `HasAttr`."""


class NixError(NixgenError):
    """A value that Nix cannot hold, or that would not mean what it says."""


class Expr:
    """What every expression class derives from."""

    __slots__ = ()


Value: TypeAlias = Any
"""An expression: an `Expr`, or plain Python data (`Mapping`, `list`, `tuple`, `str`, `int`,
`float`, `bool`, `None`, `PurePath`) with expressions anywhere inside. Python's types cannot tell a
mapping with such keys from others, so this is `Any` to a type checker and is checked when built."""

Name: TypeAlias = "str | Expr"
"""One step of an attribute path: a fixed name, or an expression that gives the name (`${…}`)."""


class _Missing:
    """The absence of a default, since `None` is Nix's `null`."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"

    def __reduce__(self) -> str:
        return "MISSING"  # a copy is the same: it is told by identity


MISSING: Final = _Missing()
"""No default was given (`None` would be `null`)."""


# Checks, each raising NixError --------------------------------------------------------------------


def is_identifier(text: str) -> bool:
    """Whether `text` is a variable's name, and an attribute's that needs no quotes."""
    return _IDENTIFIER(text) is not None and text not in _KEYWORDS


def _surely_holds(text: str) -> bool:
    """Whether a Nix file can hold a text for sure; what is not ASCII has to be looked at."""
    return str.isascii(text) and str.find(text, "\0") < 0  # whatever a subclass says


def check_text(text: str, what: str) -> None:
    """Refuse text that no Nix file can hold.

    Args:
        text: The text.
        what: What the text is, for the message.

    Raises:
        NixError: It holds NUL, which ends a Nix string, or half of a surrogate pair, which UTF-8
            has no bytes for.
    """
    if _surely_holds(text):
        return
    if found := re.search(_UNENCODABLE, text):
        kind = (
            "a NUL character" if found[0] == "\0" else f"a lone surrogate (U+{ord(found[0]):04X})"
        )
        raise NixError(f"{what} holds {kind} at index {found.start()}, which Nix cannot hold")


def check_scalar(value: str | float | PurePath | None) -> None:
    """Refuse a plain value that Nix has no literal for.

    Args:
        value: A string, number (or Boolean), path or `None`.

    Raises:
        NixError: A number outside of Nix's (64-bit integers, finite floats), or text it cannot
            hold.
    """
    if isinstance(value, str):
        check_text(value, "the string")
    elif isinstance(value, float):
        if not isfinite(value):
            raise NixError(f"{value!r} is not finite; Nix has no literal for it")
    elif isinstance(value, int):
        if not LEAST <= value < -LEAST:
            raise NixError(
                f"{value} does not fit Nix's 64-bit integers; write it as a string or a float"
            )
    elif isinstance(value, PurePath):
        if isinstance(value, PureWindowsPath) and value.drive:
            raise NixError(f"the path {value} has a drive, which Nix paths do not")
        check_text(value.as_posix(), f"the path {value!r}")


def check_value(value: Value, what: str = "") -> None:
    """Refuse what is not an expression; look at scalars, not into mappings and lists.

    Args:
        value: What is to stand as an expression.
        what: Where it is to stand, for the message; empty where that is told already.

    Raises:
        NixError: It is neither plain data nor an expression, or a scalar that Nix cannot hold.
    """
    where = f"{what}: " if what else ""
    if isinstance(value, (str, int, float, PurePath)):
        try:
            check_scalar(value)
        except NixError as error:
            raise NixError(f"{where}{error}") from None
    elif not (value is None or isinstance(value, (Expr, dict, list, tuple, Mapping))):
        raise NixError(f"{where}{describe(value)} is no Nix expression")
    elif isinstance(value, Commented):
        raise NixError(f"{where}a comment cannot stand here; see Commented for where it can")


def describe(value: object) -> str:
    """Name a value that was refused, and what could be given instead."""
    if isinstance(value, set | frozenset):
        return "a set (it has no order; give a sorted list)"
    if isinstance(value, bytes):
        return "bytes (decode them to a str)"
    text = repr(value)
    return f"{text if len(text) < 60 else text[:59] + '…'} ({type(value).__name__})"


def _check_identifier(name: object, what: str) -> None:
    if not isinstance(name, str) or not is_identifier(name):
        reason = (
            "it is a keyword" if name in _KEYWORDS else "it must match [A-Za-z_][A-Za-z0-9_'-]*"
        )
        raise NixError(f"{what}: {name!r} is no Nix identifier: {reason}")


def _check_name(name: object, what: str) -> None:
    if isinstance(name, str):
        if not _surely_holds(name):  # the text for the message takes long
            check_text(name, f"{what}: the attribute name {name!r}")
    elif not isinstance(name, Expr) or isinstance(name, Commented):
        raise NixError(
            f"{what}: {describe(name)} is no attribute name; give str, or an expression for ${{…}}"
        )
    elif isinstance(name, Str | IndentedStr) and name.language:
        raise NixError(f"{what}: the name of an attribute has no language; got {name.language!r}")


def _check_parts(parts: tuple[Value, ...], what: str) -> None:
    for index, part in enumerate(parts):
        check_value(part, f"{what} part {index}")


def _check_language(language: object, what: str) -> None:
    if language == "" or (isinstance(language, str) and re.fullmatch(_LANGUAGE, language)):
        return
    raise NixError(
        f"{what}: {language!r} is no language such as 'bash': give up to 30 letters, digits "
        "and characters of + . _ -"
    )


def static_name(name: Name) -> str | None:
    """The attribute name that can be told without evaluating, or `None`."""
    if isinstance(name, str):
        return name
    if isinstance(name, Str | IndentedStr) and all(isinstance(part, str) for part in name.parts):
        return "".join(name.parts)
    return None


def as_path(key: object, what: str = "attribute path") -> tuple[Name, ...]:
    """The attribute path that a key stands for.

    Args:
        key: A name, an expression that gives one, or a tuple of these.
        what: Where the key stands, for the message.

    Raises:
        NixError: The key, or a step of it, is of another type, or the tuple is empty.
    """
    key = exact(key)
    path = key if isinstance(key, tuple) else (key,)
    if not path:
        raise NixError(f"{what}: an attribute path needs at least one name")
    for name in path:
        _check_name(name, what)
    return path


def show_path(path: Iterable[Name]) -> str:
    """An attribute path as a message shows it."""
    names = (static_name(name) for name in path)
    return ".".join("${…}" if n is None else n if is_identifier(n) else f'"{n}"' for n in names)


# Names and literals -------------------------------------------------------------------------------


@frozen
class Ident(Expr):
    """A variable.

    ```python
    Ident("pkgs")
    ```
    ```nix
    pkgs
    ```

    Attributes:
        name: A Nix identifier that is not a keyword.

    Raises:
        NixError: The name is not an identifier.
    """

    name: str = field()

    @name.validator
    def _check(self, _: object, name: str) -> None:
        _check_identifier(name, "Ident")


@frozen(init=False)
class Str(Expr):
    r"""A string with interpolation. A plain `str` needs no class.

    ```python
    Str("${literal} is not an interpolation; ", ref("config.networking.hostName"), " is.")
    ```
    ```nix
    "\${literal} is not an interpolation; ${config.networking.hostName} is."
    ```

    Attributes:
        parts: In order; a `str` is literal text, anything else is interpolated.
        language: What an editor is to take it for, as in `/* bash */ "ls"`; empty for nothing.

    Raises:
        NixError: A part that Nix cannot hold, or a language that `nixfmt` takes for a comment.
    """

    parts: tuple[Value, ...]
    language: str = ""

    def __init__(self, *parts: Value, language: str = "") -> None:
        self.__attrs_init__(parts, language)

    def __attrs_post_init__(self) -> None:
        _check_parts(self.parts, "Str")
        _check_language(self.language, "Str")


@frozen(init=False)
class IndentedStr(Expr):
    r"""An indented string, for text of several lines.

    ```python
    IndentedStr("if true; then\n  echo ", ref("pkgs.hello"), "\nfi\n", language="bash")
    ```
    ```nix
    /* bash */ ''
      if true; then
        echo ${pkgs.hello}
      fi
    ''
    ```

    Text that this syntax would change (a first line that starts with spaces, a last line of spaces)
    is kept as it is by interpolating the spaces. Text of one line is written as `Str` writes it.

    Attributes:
        parts: In order; a `str` is literal text, anything else is interpolated.
        language: What an editor is to take it for, as in `/* bash */ "ls"`; empty for nothing.

    Raises:
        NixError: A part that Nix cannot hold, or a language that `nixfmt` takes for a comment.
    """

    parts: tuple[Value, ...]
    language: str = ""

    def __init__(self, *parts: Value, language: str = "") -> None:
        self.__attrs_init__(parts, language)

    def __attrs_post_init__(self) -> None:
        _check_parts(self.parts, "IndentedStr")
        _check_language(self.language, "IndentedStr")


@frozen(init=False)
class PathLiteral(Expr):
    """A path with interpolation. A `pathlib.PurePath` needs no class.

    ```python
    PathLiteral("./machines/", ref("name"), "/disko.nix")
    ```
    ```nix
    ./machines/${name}/disko.nix
    ```

    Attributes:
        parts: In order; a `str` is literal text, anything else is interpolated. The first part is
            text that starts with `/`, `./` or `../`.

    Raises:
        NixError: A part that Nix cannot hold, or text that makes no path: it has an empty step,
            ends in `/`, or holds a character other than letters, digits and `. _ - + /`.
    """

    parts: tuple[Value, ...]

    def __init__(self, *parts: Value) -> None:
        self.__attrs_init__(parts)

    def __attrs_post_init__(self) -> None:
        parts = self.parts
        _check_parts(parts, "PathLiteral")
        shown = "".join(part if isinstance(part, str) else "${…}" for part in parts)
        fixed = "".join(part if isinstance(part, str) else "\0" for part in parts)
        if not re.fullmatch(_LITERAL_PATH, fixed):
            raise NixError(
                f"PathLiteral: {shown!r} is no path: it must start with /, ./ or ../, have no "
                "empty step, and hold only letters, digits and . _ - + / (interpolate the rest)"
            )


@frozen
class SearchPath(Expr):
    """A path looked up in `NIX_PATH`.

    ```python
    SearchPath("nixpkgs/nixos")
    ```
    ```nix
    <nixpkgs/nixos>
    ```

    Attributes:
        path: Steps of letters, digits and `. _ - +`, parted by `/`.

    Raises:
        NixError: The path has another shape.
    """

    path: str = field()

    @path.validator
    def _check(self, _: object, path: str) -> None:
        if not isinstance(path, str) or not re.fullmatch(_SEARCH_PATH, path):
            raise NixError(
                f"SearchPath: {path!r} is no search path such as 'nixpkgs' or 'nixpkgs/nixos'"
            )


@frozen
class Raw(Expr):
    """Nix source text, for what the other classes cannot say. What it holds is not looked at.

    It is put in parentheses where Nix would otherwise need one term and the text is more than a
    name. Whether `nixfmt` keeps it is up to the text.

    ```python
    AttrSet({"version": Raw("lib.versions.major version")})
    ```
    ```nix
    { version = lib.versions.major version; }
    ```

    Attributes:
        text: One whole expression. Common indentation and blank lines around it are dropped.

    Raises:
        NixError: The text is empty or holds what no Nix file can.
    """

    text: str = field()

    @text.validator
    def _check(self, _: object, text: str) -> None:
        if not isinstance(text, str) or not text.strip():
            raise NixError(f"Raw: {text!r} is no source text of an expression")
        check_text(text, "Raw: the text")


# Attribute sets and lists -------------------------------------------------------------------------


@frozen
class Comment:
    r"""Comment lines that belong to no binding or element.

    ```python
    AttrSet(Comment("Nothing\nto see here."))
    ```
    ```nix
    {
      # Nothing
      # to see here.
    }
    ```

    Attributes:
        text: One line or several, without `#`.

    Raises:
        NixError: The text holds what no Nix file can.
    """

    text: str = field()

    @text.validator
    def _check(self, _: object, text: str) -> None:
        if not isinstance(text, str):
            raise NixError(f"Comment: the text must be a str, not {describe(text)}")
        check_text(text, "Comment: the text")


@frozen
class BlankLine:
    """An empty line between bindings or elements. Two in a row are one; none stands first or last.

    ```python
    List("nixos", BlankLine(), "gcp")
    ```
    ```nix
    [
      "nixos"

      "gcp"
    ]
    ```
    """


@frozen
class Commented(Expr):
    """A value with comments, or with an empty line above it.

    It can stand as the value in a mapping or binding, as an element of a list, as a parameter of a
    `Pattern` or its default, as a part of an `If`, as an argument of an `Apply`, as an operand of a
    `BinaryOp` (where it is put above the operator), as the body of a `Let`, `With`, `Assert` or
    `Lambda`, and as a whole file.

    ```python
    {"open": Commented(True, before="Turing and later.", after="T4")}
    ```
    ```nix
    {
      # Turing and later.
      open = true; # T4
    }
    ```

    Attributes:
        value: What is commented: an expression, or the `Param` or `str` of a pattern.
        before: Lines above it, without `#`; empty for none.
        after: One line after it, without `#`; empty for none. What ends another expression, such
            as a body, the last argument or the right operand, has none.
        blank_before: Whether an empty line stands above it.

    Raises:
        NixError: `after` has several lines, or a text holds what no Nix file can.
    """

    value: Value = field()
    before: str = field(default="", kw_only=True)
    after: str = field(default="", kw_only=True)
    blank_before: bool = field(default=False, kw_only=True)

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.value, Param):
            check_value(self.value, "Commented")
        for name, text in (("before", self.before), ("after", self.after)):
            if not isinstance(text, str):
                raise NixError(f"Commented: {name} must be a str, not {describe(text)}")
            check_text(text, f"Commented: {name}")
        if len(self.after.strip().splitlines()) > 1:
            raise NixError(
                "Commented: after stands on the line of the value, so it is one line; "
                f"got {self.after!r}"
            )


def _binding_path(key: object) -> tuple[Name, ...]:
    return as_path(key, "Binding")


@frozen
class Binding:
    """One binding of an `AttrSet` or `Let`.

    ```python
    AttrSet(Binding(("boot", "kernel", "sysctl", "vm.swappiness"), 10))
    ```
    ```nix
    { boot.kernel.sysctl."vm.swappiness" = 10; }
    ```

    Attributes:
        path: An attribute path: a name, an expression that gives one, or a tuple of these. Kept as
            a tuple.
        value: What is bound.

    Raises:
        NixError: The path is not an attribute path, or the value is not an expression.
    """

    path: tuple[Name, ...] = field(converter=_binding_path)
    value: Value = field()

    @value.validator
    def _check(self, _: object, value: Value) -> None:
        _check_bound(value, "Binding", self.path)


@frozen(init=False)
class Inherit:
    """Names taken from the scope, or from a set.

    ```python
    AttrSet(Inherit("lib", "pkgs"), Inherit("hostName", source=ref("config.networking")))
    ```
    ```nix
    {
      inherit lib pkgs;
      inherit (config.networking) hostName;
    }
    ```

    Attributes:
        names: Identifiers; with a source, any attribute names.
        source: The set that they come from; `MISSING` is the scope.

    Raises:
        NixError: No name, a name twice, or something that is not a name.
    """

    names: tuple[str, ...]
    source: Value = MISSING

    def __init__(self, *names: str, source: Value = MISSING) -> None:
        self.__attrs_init__(names, source)

    def __attrs_post_init__(self) -> None:
        names, source = self.names, self.source
        if not names:
            raise NixError("Inherit: give at least one name")
        for name in names:
            if source is MISSING:
                _check_identifier(name, "Inherit")
            elif not isinstance(name, str):
                raise NixError(f"Inherit: {describe(name)} is no attribute name")
            else:
                check_text(name, f"Inherit: the attribute name {name!r}")
        if source is not MISSING:
            check_value(source, "Inherit source")
        if len(set(names)) < len(names):
            twice = next(name for index, name in enumerate(names) if name in names[:index])
            raise NixError(f"Inherit: {twice!r} is inherited twice")


Item: TypeAlias = "Binding | Inherit | Comment | BlankLine | Mapping[Any, Value]"
"""What an `AttrSet` or `Let` is made of; a mapping stands for its bindings."""


def _check_element(value: Value, what: str) -> None:
    """Check a value that may carry comments."""
    check_value(value.value if isinstance(value, Commented) else value, what)


def _check_end(value: Value, what: str) -> None:
    """Check a value that ends another, so that a comment after it would be one after the other."""
    _check_element(value, what)
    if isinstance(value, Commented) and value.after:
        raise NixError(
            f"{what}: what ends an expression has comments above it only (before), not after it; "
            "put the one after it on the whole"
        )


def _check_bound(value: Value, what: str, path: tuple[Name, ...]) -> None:
    """Check a value that is bound to a path."""
    try:
        _check_element(value, "")
    except NixError as error:
        raise NixError(f"{what} {show_path(path)}: {error}") from None


def _check_items(items: tuple[Item, ...], what: str, *, dynamic: bool) -> None:
    """Check the items of a set and that no two define the same attribute."""
    defined = _Attributes()
    for item in items:
        if isinstance(item, Mapping):
            for key, value in item.items():
                path = as_path(key, what)
                _define(defined, path, value, what, dynamic=dynamic)
                _check_bound(value, what, path)
        elif isinstance(item, (Binding, Inherit)):
            for path, value in _paths((item,)):
                _define(defined, path, value, what, dynamic=dynamic)
        elif not isinstance(item, (Comment, BlankLine)):
            raise NixError(
                f"{what}: {describe(item)} is no item; "
                "give mappings, Binding, Inherit, Comment or BlankLine"
            )


def _paths(items: Iterable[Item]) -> Iterator[tuple[tuple[Name, ...], Value]]:
    """Each attribute path that items define, with what is bound to it; `MISSING` if inherited."""
    for item in items:
        if isinstance(item, Inherit):
            yield from (((name,), MISSING) for name in item.names)
        elif isinstance(item, Binding):
            yield item.path, item.value
        elif isinstance(item, Mapping):
            yield from ((as_path(key), value) for key, value in item.items())


class _Attributes(dict[str, Any]):
    """The attributes that were defined: what is bound to each, or its own attributes."""


def _inside(defined: _Attributes, name: str) -> _Attributes | None:
    """The attributes of a set that more can be merged with; `None` of anything else.

    A set that is written out is opened when more is merged with it.
    """
    value = defined[name]
    if isinstance(value, _Attributes):
        return value
    items = _mergeable(value)
    if items is None:
        return None
    inner = defined[name] = _Attributes()
    for path, bound in _paths(items):
        _define(inner, path, bound, "attribute set", dynamic=True)
    return inner


def _mergeable(value: Value) -> Iterable[Item] | None:
    """The items of a set that Nix merges with others; `None` of anything else."""
    if isinstance(value, Commented):
        value = value.value
    if isinstance(value, Mapping):
        return (value,)
    return value.items if isinstance(value, AttrSet) and not value.rec else None


def _define(
    defined: _Attributes, path: tuple[Name, ...], value: Value, what: str, *, dynamic: bool
) -> None:
    """Enter a path among the attributes that are defined.

    Nix merges sets that are written out: any with a path that goes into it, and two of them that
    have no name in common (newer than 2.18 merge these too). It would merge a `rec` set as well,
    and change what its variables mean or those of the other, so this is refused.
    https://github.com/NixOS/nix/blob/2.8.0/src/libexpr/parser.y (addAttr)
    https://github.com/NixOS/nix/issues/9020

    A dynamic name ends what can be told before evaluation; Nix itself reports a clash there.
    """
    if not dynamic and static_name(path[0]) is None:
        raise NixError(
            f"{what}: {show_path(path)} is a dynamic attribute, which Nix does not take in let"
        )
    *parents, last = path
    for depth, parent in enumerate(parents, start=1):
        name = static_name(parent)
        if name is None:
            return
        defined.setdefault(name, _Attributes())
        inner = _inside(defined, name)
        if inner is None:
            kind = "is a rec set" if _is_rec(defined[name]) else "already has a value"
            raise NixError(
                f"{what}: {show_path(path)} goes into {show_path(path[:depth])}, which {kind}"
            )
        defined = inner
    name = static_name(last)
    if name is None:
        return
    if name not in defined:
        defined[name] = value
        return
    items = _mergeable(value)
    inner = None if items is None else _inside(defined, name)
    if items is None or inner is None:
        own = isinstance(defined[name], _Attributes)
        other = "already has attributes of its own" if own else "is defined twice"
        raise NixError(f"{what}: {show_path(path)} {other}")
    known = frozenset(inner)
    for more, bound in _paths(items):
        if static_name(more[0]) in known:
            raise NixError(f"{what}: {show_path((*path, more[0]))} is defined twice")
        _define(inner, more, bound, f"{what}: {show_path(path)}", dynamic=True)


def _is_rec(value: Value) -> bool:
    if isinstance(value, Commented):
        value = value.value
    return isinstance(value, AttrSet) and value.rec


def check_mapping(mapping: Mapping[Any, Value], what: str = "attribute set") -> None:
    """Refuse keys that are not attribute paths, and paths that collide.

    Args:
        mapping: What is to be an attribute set. Its values are looked at where others go into them.
        what: Where it stands, for the message.

    Raises:
        NixError: A key is not a path, or defines what another defines.
    """
    starts = [key[0] if type(key) is tuple and key else key for key in mapping]
    if set(map(type, starts)) == {str} and len(set(starts)) == len(starts):
        for key in mapping:  # no two of which can collide
            as_path(key, what)
        return
    defined = _Attributes()
    for key, value in mapping.items():
        _define(defined, as_path(key, what), value, what, dynamic=True)


@frozen(init=False)
class AttrSet(Expr):
    """An attribute set with more than a mapping can say: comments, `inherit`, `rec`.

    ```python
    AttrSet({"x": 1}, BlankLine(), Comment("Twice as much."), {"y": Select("self", "x")}, rec=True)
    ```
    ```nix
    rec {
      x = 1;

      # Twice as much.
      y = self.x;
    }
    ```

    Attributes:
        items: In order: `Binding`, `Inherit`, `Comment`, `BlankLine`, and mappings for their
            bindings.
        rec: Whether bindings see each other.

    Raises:
        NixError: Two items define the same attribute, or a key or value that Nix cannot hold.
    """

    items: tuple[Item, ...]
    rec: bool = False

    def __init__(self, *items: Item, rec: bool = False) -> None:
        self.__attrs_init__(items, rec)

    def __attrs_post_init__(self) -> None:
        _check_items(self.items, "AttrSet", dynamic=True)


@frozen(init=False)
class List(Expr):
    """A list with comments. A plain `list` or `tuple` needs no class.

    ```python
    List(Commented("nvidia-tesla-t4", after="16 GiB"), Comment("End of the list."))
    ```
    ```nix
    [
      "nvidia-tesla-t4" # 16 GiB
      # End of the list.
    ]
    ```

    Attributes:
        items: In order: elements, `Comment` and `BlankLine`.

    Raises:
        NixError: An element that is not an expression.
    """

    items: tuple[Value | Comment | BlankLine, ...]

    def __init__(self, *items: Value | Comment | BlankLine) -> None:
        self.__attrs_init__(items)

    def __attrs_post_init__(self) -> None:
        for index, item in enumerate(self.items):
            if not isinstance(item, Comment | BlankLine):
                _check_element(item, f"List element {index}")


# What is done with values -------------------------------------------------------------------------


@frozen(init=False)
class Select(Expr):
    """An attribute of a set. `ref` is shorter for plain names; a `Select` of it continues its path.

    ```python
    Select("inputs.nixpkgs.legacyPackages", ref("system"), default={})
    ```
    ```nix
    inputs.nixpkgs.legacyPackages.${system} or { }
    ```

    Attributes:
        target: The set; a `str` is a dotted name, as for `ref`.
        path: Names, and expressions that give one. At least one.
        default: What it is when there is no such attribute; `MISSING` is an error then.

    Raises:
        NixError: No path, or a part that is not a name or an expression.
    """

    target: Value
    path: tuple[Name, ...]
    default: Value = MISSING

    def __init__(self, target: Value, *path: Name, default: Value = MISSING) -> None:
        target = ref(target) if isinstance(target, str) else target
        check_value(target, "Select target")
        path = as_path(path, "Select")
        if isinstance(target, Select) and target.default is MISSING:
            target, path = target.target, (*target.path, *path)
        self.__attrs_init__(target, path, default)

    def __attrs_post_init__(self) -> None:
        if self.default is not MISSING:
            check_value(self.default, "Select default")


@frozen(init=False)
class HasAttr(Expr):
    """Whether a set has an attribute.

    ```python
    HasAttr("config.services", "openssh", "enable")
    ```
    ```nix
    config.services ? openssh.enable
    ```

    Attributes:
        target: The set; a `str` is a dotted name, as for `ref`.
        path: Names, and expressions that give one. At least one.

    Raises:
        NixError: No path, or a part that is not a name or an expression.
    """

    target: Value
    path: tuple[Name, ...]

    def __init__(self, target: Value, *path: Name) -> None:
        target = ref(target) if isinstance(target, str) else target
        check_value(target, "HasAttr target")
        path = as_path(path, "HasAttr")
        self.__attrs_init__(target, path)


@frozen(init=False)
class Apply(Expr):
    """A function applied to arguments.

    ```python
    Apply(ref("lib.mkIf"), ref("config.services.openssh.enable"), {"enable": True})
    ```
    ```nix
    lib.mkIf config.services.openssh.enable { enable = true; }
    ```

    Attributes:
        function: What is applied; a `str` is a dotted name, as for `ref`.
        args: The arguments, in order. At least one.

    Raises:
        NixError: No argument, or something that is not an expression.
    """

    function: Value
    args: tuple[Value, ...]

    def __init__(self, function: Value, *args: Value) -> None:
        function = ref(function) if isinstance(function, str) else function
        self.__attrs_init__(function, args)

    def __attrs_post_init__(self) -> None:
        check_value(self.function, "Apply function")
        if not self.args:
            raise NixError("Apply: give at least one argument")
        *args, last = self.args
        for index, arg in enumerate(args):
            _check_element(arg, f"Apply argument {index}")
        _check_end(last, f"Apply argument {len(args)}")


@frozen
class Param:
    """One attribute of a `Pattern`.

    ```python
    Lambda(Pattern(Param("pkgs", Apply("import", SearchPath("nixpkgs"), {}))), ref("pkgs.hello"))
    ```
    ```nix
    {
      pkgs ? import <nixpkgs> { },
    }:
    pkgs.hello
    ```

    Attributes:
        name: The attribute, and the variable that it becomes.
        default: What it is when not given; `MISSING` if it must be.

    Raises:
        NixError: The name is not an identifier, or the default is not an expression.
    """

    name: str = field()
    default: Value = field(default=MISSING)

    def __attrs_post_init__(self) -> None:
        _check_identifier(self.name, "Param")
        if self.default is not MISSING:
            _check_end(self.default, f"Param {self.name}: default")


@frozen(init=False)
class Pattern:
    """The parameter of a function that takes a set apart.

    ```python
    Lambda(Pattern("lib", ellipsis=True, alias="args"), Apply("lib.attrNames", ref("args")))
    ```
    ```nix
    { lib, ... }@args: lib.attrNames args
    ```

    Attributes:
        params: In order, as `Param` or, with comments, `Commented`. A `str` given is a `Param`
            without default.
        ellipsis: Whether other attributes may be given (`...`).
        alias: The name of the whole set (`@`), or `None`.

    Raises:
        NixError: A name that is not an identifier, or is there twice.
    """

    params: tuple[Param | Commented, ...]
    ellipsis: bool = False
    alias: str | None = None

    def __init__(
        self, *params: str | Param | Commented, ellipsis: bool = False, alias: str | None = None
    ) -> None:
        alias = exact(alias)
        kept = tuple(_as_param(param) for param in params)
        names = [] if alias is None else [alias]
        if alias is not None:
            _check_identifier(alias, "Pattern alias")
        for param in kept:
            name = param.value.name if isinstance(param, Commented) else param.name
            if name in names:
                raise NixError(f"Pattern: {name!r} is there twice")
            names.append(name)
        self.__attrs_init__(kept, ellipsis, alias)


def _as_param(param: str | Param | Commented) -> Param | Commented:
    if isinstance(param, str):
        return Param(param)
    if isinstance(param, Commented):
        if isinstance(param.value, Param):
            return param
        if isinstance(param.value, str):
            return Commented(
                Param(param.value),
                before=param.before,
                after=param.after,
                blank_before=param.blank_before,
            )
    elif isinstance(param, Param):
        return param
    raise NixError(f"Pattern: {describe(param)} is no parameter; give a str, Param or Commented")


@frozen
class Lambda(Expr):
    """A function of one parameter.

    ```python
    Lambda("final", Lambda("prev", {"hello": Apply("prev.hello.override", ref("final.args"))}))
    ```
    ```nix
    final: prev: { hello = prev.hello.override final.args; }
    ```

    Attributes:
        param: A variable, or a `Pattern`.
        body: What the function gives.

    Raises:
        NixError: The parameter is not an identifier, or the body is not an expression.
    """

    param: str | Pattern = field()
    body: Value = field()

    def __attrs_post_init__(self) -> None:
        if not isinstance(self.param, Pattern):
            _check_identifier(self.param, "Lambda")
        _check_end(self.body, "Lambda body")


def _as_items(given: "Item | Iterable[Item]") -> tuple[Item, ...]:
    if isinstance(given, Mapping | Binding | Inherit | Comment | BlankLine):
        return (given,)
    return tuple(given)


@frozen
class Let(Expr):
    """Local variables.

    ```python
    Let({"cfg": ref("config.services.openssh")}, ref("cfg.enable"))
    ```
    ```nix
    let
      cfg = config.services.openssh;
    in
    cfg.enable
    ```

    Attributes:
        bindings: A mapping, or items as `AttrSet` takes them. Kept as a tuple of items.
        body: What they are for.

    Raises:
        NixError: Two bindings of the same name, a dynamic one, or a part that is not an expression.
    """

    bindings: tuple[Item, ...] = field(converter=_as_items)
    body: Value = field()

    def __attrs_post_init__(self) -> None:
        _check_items(self.bindings, "Let", dynamic=False)
        _check_end(self.body, "Let body")


@frozen
class With(Expr):
    """An expression with the attributes of a set in scope.

    ```python
    With(ref("pkgs"), [ref("git"), ref("htop")])
    ```
    ```nix
    with pkgs;
    [
      git
      htop
    ]
    ```

    Attributes:
        scope: The set.
        body: What it is in scope for.

    Raises:
        NixError: A part is not an expression.
    """

    scope: Value = field()
    body: Value = field()

    def __attrs_post_init__(self) -> None:
        check_value(self.scope, "With scope")
        _check_end(self.body, "With body")


@frozen
class If(Expr):
    """A choice.

    ```python
    If(ref("stdenv.isLinux"), "linux", "darwin")
    ```
    ```nix
    if stdenv.isLinux then "linux" else "darwin"
    ```

    Attributes:
        condition: What decides.
        then: What it is when true.
        otherwise: What it is when false.

    Raises:
        NixError: A part is not an expression.
    """

    condition: Value = field()
    then: Value = field()
    otherwise: Value = field()

    def __attrs_post_init__(self) -> None:
        _check_element(self.condition, "If condition")
        _check_element(self.then, "If then")
        _check_end(self.otherwise, "If otherwise")


@frozen
class Assert(Expr):
    """An expression that needs a condition to hold.

    ```python
    Assert(BinaryOp(">", ref("count"), 0), ref("count"))
    ```
    ```nix
    assert count > 0;
    count
    ```

    Attributes:
        condition: What must be true.
        body: What it is then.

    Raises:
        NixError: A part is not an expression.
    """

    condition: Value = field()
    body: Value = field()

    def __attrs_post_init__(self) -> None:
        check_value(self.condition, "Assert condition")
        _check_end(self.body, "Assert body")


@frozen
class BinaryOp(Expr):
    """Two operands and the operator between them; parentheses come by themselves.

    ```python
    BinaryOp("*", BinaryOp("+", 1, 2), 3)
    ```
    ```nix
    (1 + 2) * 3
    ```

    Attributes:
        op: One of `++ * / + - // < <= > >= == != && || -> |> <|`. The pipes `x |> f` and `f <| x`
            are calls of `f`; Nix reads them where the experimental feature `pipe-operators` is on.
        left: The left operand.
        right: The right operand.

    Raises:
        NixError: Another operator, or an operand that is not an expression.
    """

    op: str = field()
    left: Value = field()
    right: Value = field()

    def __attrs_post_init__(self) -> None:
        if self.op not in OPERATORS or self.op == "?":
            raise NixError(
                f"BinaryOp: {self.op!r} is no operator; give one of {' '.join(OPERATORS[1:])}"
            )
        _check_element(self.left, f"BinaryOp {self.op} left")
        _check_end(self.right, f"BinaryOp {self.op} right")


@frozen
class Not(Expr):
    """The opposite of a truth value.

    ```python
    Not(ref("config.boot.isContainer"))
    ```
    ```nix
    !config.boot.isContainer
    ```

    Attributes:
        operand: A truth value.

    Raises:
        NixError: The operand is not an expression.
    """

    operand: Value = field()

    @operand.validator
    def _check(self, _: object, operand: Value) -> None:
        check_value(operand, "Not")


@frozen
class Neg(Expr):
    """A number's negative. A plain negative number needs no class.

    ```python
    Neg(ref("offset"))
    ```
    ```nix
    -offset
    ```

    Attributes:
        operand: A number.

    Raises:
        NixError: The operand is not an expression.
    """

    operand: Value = field()

    @operand.validator
    def _check(self, _: object, operand: Value) -> None:
        check_value(operand, "Neg")


def ref(dotted: str) -> Ident | Select:
    """A variable, or an attribute of one, by its dotted name.

    ```python
    ref("config.boot.kernelPackages")
    ```
    ```nix
    config.boot.kernelPackages
    ```

    Args:
        dotted: Identifiers parted by dots. A name that needs quotes is written with `Select`.

    Raises:
        NixError: A part is not an identifier.
    """
    dotted = exact(dotted)
    if not isinstance(dotted, str):
        raise NixError(f"ref: {describe(dotted)} is no dotted name")
    return _ref(dotted)


@lru_cache(1000)
def _ref(dotted: str) -> Ident | Select:
    first, *path = dotted.split(".")
    for name in path:
        if not is_identifier(name) and name != "or":
            raise NixError(
                f"ref: {name!r} in {dotted!r} is no Nix identifier; "
                "write Select(…) for a quoted name"
            )
    _check_identifier(first, f"ref {dotted!r}")
    return Select(Ident(first), *path) if path else Ident(first)
