"""Nix from Python: `dumps`, what plain data cannot say, and what else files hold.

`nixgen.files` is the half that generates files. The other half is the language:
    expr: What people write: Nix expressions as Python values.
    literals: Names, strings, numbers and paths as Nix spells them.
    tree: The syntax tree of what is printed, with comments in place.
    comments: From the comments in an expression to where the tree has them.
    conversion: From expressions to the tree: parentheses, escapes, comments.
    document: Documents, and how they are laid out in lines.
    rules: One rule per kind of expression: its document from those of its parts.
    outline: What of an expression decides its layout, so that equal ones are laid out once.
    render: From expressions to the text of a file: `dumps`.
    scope: Which variables an expression refers to and does not bind itself: `free_names`.
    scan: Nix text that people wrote, as far as its bindings go; for regions.

Both halves and `infra_lib` share:
    redact: Keeping secrets out of messages.
    errors: The one error that people see.
    exact: Text, numbers and switches as exactly `str`, `int`, `float` and `bool`.
    frozen: attrs' `frozen`, for classes that hold what is exact.
    terminal: Text for a terminal, which acts on some characters instead of showing them.
    command: Running a command: its messages and its exit status.
    regular_file: Reading a file that may be something else, such as a FIFO.
"""

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
    from nixgen.scope import free_names

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
    "free_names",
    "ref",
]


if not TYPE_CHECKING:
    # Loaded when a name is first asked for: whoever imports one module of this package loads it
    # alone. `import infra_lib` would take a fifth longer otherwise.

    def __getattr__(name: str) -> object:
        if name not in __all__:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        if name == "free_names":  # which few ask for
            from nixgen.scope import free_names

            return free_names
        from nixgen import errors, expr, render
        from nixgen.files import values

        for module in (errors, expr, render, values):
            public = vars(module).keys() & set(__all__)
            globals().update({each: getattr(module, each) for each in public})
        return globals()[name]

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
