"""Nix from Python: `dumps`, what plain data cannot say, and what else files hold."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from nixgen.errors import NixgenError
    from nixgen.expr import (
        MISSING,
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
        Item,
        Lambda,
        Let,
        List,
        Name,
        Neg,
        NixError,
        Not,
        Param,
        PathLiteral,
        Pattern,
        Raw,
        SearchPath,
        Select,
        Str,
        Value,
        With,
        ref,
    )
    from nixgen.files.values import FileValue, Region, TextFile
    from nixgen.render import dumps

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
    "FileValue",
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
    "NixgenError",
    "Not",
    "Param",
    "PathLiteral",
    "Pattern",
    "Raw",
    "Region",
    "SearchPath",
    "Select",
    "Str",
    "TextFile",
    "Value",
    "With",
    "dumps",
    "ref",
]


if not TYPE_CHECKING:
    # Loaded when a name is first asked for: whoever imports one module of this package loads it
    # alone. `import infra_lib` would take a fifth longer otherwise.

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from nixgen import errors, expr, render
        from nixgen.files import values

        for module in (errors, expr, render, values):
            public = vars(module).keys() & set(__all__)
            globals().update({each: getattr(module, each) for each in public})
        return globals()[name]

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
