"""Loads the Google provider's bindings fast.

The package is far larger than what any app uses of it: importing it imports 1,470 Python modules,
and hands Node.js an assembly of 19,517 types with as many modules' code. That takes nine seconds
and half a gigabyte for a stack of two machines
(https://github.com/hashicorp/terraform-cdk/issues/3753). So:

- the package imports a submodule when it is asked for, not before;
- its assembly is held back until something is asked of jsii (`gate.py`). By then the app's imports
  tell which submodules it uses, and an assembly of only those is loaded (`assembly.py`), which is
  kept in the user's cache folder (`assembly_cache.py`). An import after that loads a larger one.

What is synthesized is the same to the byte. Anything unexpected leads back to the whole assembly.
INFRA_PLAIN_PROVIDER=1 turns all of it off.
"""

from __future__ import annotations

import os
import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec
from typing import TYPE_CHECKING, Any, Final

from nixgen.terminal import visible

if TYPE_CHECKING:
    from types import ModuleType

PACKAGE: Final = "cdktf_cdktf_provider_google"
SWITCH: Final = "INFRA_PLAIN_PROVIDER"


def prepare() -> None:
    """Arrange that the provider loads fast, unless it has been loaded or is told not to.

    Never raises: what goes wrong is said in one line, and the provider loads as it always did.
    """
    if os.environ.get(SWITCH, "0") not in {"", "0"} or PACKAGE in sys.modules:
        return
    try:
        package = _lazy_package()
        from infra_lib.stacks.gate import (
            install,  # imports parts of jsii that another release may lack
        )

        install(package)
    except Exception as error:
        warn(error)
    else:
        sys.modules[PACKAGE] = package


def warn(error: Exception) -> None:
    """Say in one line why the provider loads the slow way."""
    reason = f"{type(error).__name__}: {error}".splitlines()[0]
    print(
        f"infra_lib: the Google provider is loaded whole, which is slow ({visible(reason)}); "
        f"{SWITCH}=1 if that is wanted",
        file=sys.stderr,
    )


def _lazy_package() -> ModuleType:
    """Return the package without its content run: submodules are imported when asked for."""
    spec = find_spec(PACKAGE)
    if spec is None:
        raise ModuleNotFoundError(PACKAGE, name=PACKAGE)
    package = module_from_spec(spec)

    def attribute(name: str) -> Any:
        if name == "__all__":
            from pkgutil import iter_modules

            return sorted(module.name for module in iter_modules(package.__path__))
        full_name = f"{PACKAGE}.{name}"
        try:
            return import_module(full_name)
        except ModuleNotFoundError as error:
            if error.name != full_name:
                raise
            msg = f"module {PACKAGE!r} has no attribute {name!r}"
            raise AttributeError(msg) from None

    vars(package)["__getattr__"] = attribute
    return package
