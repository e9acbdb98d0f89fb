"""A source, `module:attribute`: importing what it names, and saying why that failed."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from nixgen.errors import NixgenError
from nixgen.files.isolation import forbid_exit, put_python_first, redirect_stdout_to_stderr

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

T = TypeVar("T")


class SourceNotFoundError(NixgenError):
    """A source names a module, or an attribute of one, that there is not."""


def split_source(source: str) -> tuple[str, list[str]]:
    """Return the module that a source names, and the attributes on the way to what it names.

    Raises:
        NixgenError: When it is not `module:attribute`.
    """
    module, _, attribute = source.partition(":")
    names = attribute.split(".")
    if not all(name.isidentifier() for name in (*module.split("."), *names)):
        raise NixgenError(f"source {source!r}: expected module:attribute, such as main:fleet")
    return module, names


def load_as(source: str, project: Path, convert: Callable[[Any], T], *, debug: str) -> T:
    """Import a source and return what a function makes of it.

    What it prints meanwhile goes to stderr. It does not end the process by `os._exit`, nor make it
    another program.

    Args:
        source: `module:attribute`.
        project: The folder that modules are looked for in, before those that are installed.
        convert: Makes what is wanted of the attribute; what it raises is reported like what the
            import raises: a ValueError by its place and message alone.
        debug: The environment variable that shows tracebacks, for the message.

    Raises:
        SourceNotFoundError: When there is no such thing.
        NixgenError: When it fails.
    """
    module, names = split_source(source)
    put_python_first(project)
    try:
        with redirect_stdout_to_stderr(), forbid_exit():
            return convert(_import_attribute(module, names, source, project))
    except SourceNotFoundError:
        raise
    except (Exception, SystemExit) as error:
        raise NixgenError(failure(error, f"source {source}", project, debug)) from error


def _import_attribute(module: str, names: list[str], source: str, project: Path) -> Any:
    top = module.partition(".")[0]
    if top in sys.stdlib_module_names:
        raise NixgenError(f"source {source}: {_name_taken(top)}; give yours another name")
    try:
        value: Any = import_module(module)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module}.".startswith(f"{error.name}."):
            raise
        raise SourceNotFoundError(
            f"source {source}: there is no module '{error.name}' in {project}"
        ) from error
    for name in names:
        if not hasattr(value, name):
            holder = "module" if value is sys.modules[module] else type(value).__name__
            raise SourceNotFoundError(
                f"source {source}: {holder} '{module}' has no attribute '{name}'"
            )
        value = getattr(value, name)
    return value


def failure(error: BaseException, where: str, project: Path, debug: str) -> str:
    """Return what a person needs to know of an exception in their own code.

    Args:
        error: The exception.
        where: What was run, for the message.
        project: The folder of their code.
        debug: The environment variable that shows tracebacks, for the message.
    """
    if isinstance(error, SyntaxError):
        return f"{error.filename}:{error.lineno}: {error.msg}"
    place = _place(error, project)
    if isinstance(error, ValueError):
        message = str(error) or type(error).__name__
        return f"{place}: {message}" if place else message
    # From 3.13 on, Python itself says so of some.
    said = str(error).strip().replace(". Did you mean '", "; did you mean '")
    if top := _hidden_module(error, project):
        said += f"; {_name_taken(top)}; give the one in {project} another name"
    problem = f"{type(error).__name__}{place and f' at {place}'}: {said}{_suggestion(error)}"
    return f"{where}: {problem} ({debug}=1 shows the traceback)"


def _name_taken(module: str) -> str:
    return f"'{module}' is a module of Python itself, which is found before any other"


def _hidden_module(error: BaseException, project: Path) -> str:
    """Return the module of the project that was meant where Python's own was found."""
    meant = getattr(error, "name", None) if isinstance(error, ImportError) else None
    if isinstance(error, AttributeError) and isinstance(error.obj, type(sys)):
        meant = error.obj.__name__
    top = (meant or "").partition(".")[0]
    there = top in sys.stdlib_module_names and (
        (project / f"{top}.py").exists() or (project / top).is_dir()
    )
    return top if there else ""


def _place(error: BaseException, project: Path) -> str:
    """Return the innermost line of the project that an exception passed through.

    The package that the exception belongs to knows better than to be its cause.
    """
    package = type(error).__module__.partition(".")[0]
    place = ""
    traceback = error.__traceback__
    while traceback is not None:
        frame = traceback.tb_frame
        filename = frame.f_code.co_filename
        module = str(frame.f_globals.get("__name__"))
        own = filename.startswith(f"{project}/") and "/site-packages/" not in filename
        if own and module.partition(".")[0] != package:
            place = f"{filename.removeprefix(f'{project}/')}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return place


def _suggestion(error: BaseException) -> str:
    """Return which argument was meant, where a call names one that there is not."""
    if not isinstance(error, TypeError):
        return ""
    import re
    from difflib import get_close_matches
    from inspect import signature

    found = re.fullmatch(r"(\w+).*\(\) got an unexpected keyword argument '(\w+)'", str(error))
    traceback = error.__traceback__
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if found is None or traceback is None:
        return ""
    here = {**traceback.tb_frame.f_globals, **traceback.tb_frame.f_locals}
    modules = (vars(value) for value in here.values() if isinstance(value, type(sys)))
    called: Any = next((scope[found[1]] for scope in (here, *modules) if found[1] in scope), None)
    try:
        accepted = signature(called).parameters
    except (TypeError, ValueError, NameError):  # not found, or not saying
        return ""
    meant = get_close_matches(found[2], accepted, 1)
    return f"; did you mean '{meant[0]}'?" if meant else ""
