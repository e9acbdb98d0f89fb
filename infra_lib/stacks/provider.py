"""Loads the Google provider's bindings fast.

The package is far larger than what any app uses of it: importing it imports 1,470 Python modules,
and hands Node.js an assembly of 19,517 types with as many modules' code. That takes nine seconds
and half a gigabyte for a stack of two machines
(https://github.com/hashicorp/terraform-cdk/issues/3753). So:

- the package imports a submodule when it is asked for, not before;
- its assembly is held back until something is asked of jsii (`gate.py`). By then the app's imports
  tell which submodules it uses, and an assembly of only those is loaded (`assembly.py`), which is
  kept in the user's cache folder (`assembly_cache.py`). An import after that loads a larger one;
- with it, the framework no longer notes where in Node.js each value was made.

What is synthesized is the same to the byte. Anything unexpected leads back to the whole assembly.
INFRA_PLAIN_PROVIDER=1 turns all of it off.
"""

from __future__ import annotations

import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from typing import TYPE_CHECKING, Any

from infra_lib.stacks.bindings import Bindings, loads_whole_provider, warn

if TYPE_CHECKING:
    from types import ModuleType


def load_framework(bindings: Bindings) -> None:
    """Load a framework alone, for stacks that use no bindings.

    Raises:
        ModuleNotFoundError: When it is not installed.
    """
    try:
        import_module(bindings.cdk)
    except ModuleNotFoundError as error:
        if error.name != bindings.cdk:
            raise
        raise ModuleNotFoundError(bindings.absent, name=error.name) from None


def load(bindings: Bindings) -> None:
    """Load a framework, and arrange that its bindings load fast, unless it is told not to.

    What goes wrong with that is said in one line, and they load as they always did.

    Raises:
        ModuleNotFoundError: When the framework or the bindings are not installed.
    """
    load_framework(bindings)
    if find_spec(bindings.package) is None:
        raise ModuleNotFoundError(bindings.absent, name=bindings.package)
    if loads_whole_provider() or bindings.package in sys.modules:
        return
    try:
        package = _lazy_package(bindings.package)
        # It imports parts of jsii that another release may lack.
        from infra_lib.stacks.gate import install

        install(bindings, package)
    except Exception as error:
        warn(error)
    else:
        sys.modules[bindings.package] = package


def _lazy_package(name: str) -> ModuleType:
    """Return a package without its content run: submodules are imported when asked for."""
    spec = find_spec(name)
    if spec is None:
        raise ModuleNotFoundError(name, name=name)
    package = module_from_spec(spec)

    def submodule(attribute: str) -> Any:
        if attribute == "__all__":
            from pkgutil import iter_modules

            return sorted(module.name for module in iter_modules(package.__path__))
        full_name = f"{name}.{attribute}"
        try:
            return import_module(full_name)
        except ModuleNotFoundError as error:
            if error.name != full_name:
                raise
            msg = f"module {name!r} has no attribute {attribute!r}"
            raise AttributeError(msg) from None

    vars(package)["__getattr__"] = submodule
    return package
