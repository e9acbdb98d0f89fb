"""Stands between Python and jsii's process, and loads of the Google provider what is in use."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from jsii._kernel.types import InvokeResponse, LoadRequest, LoadResponse, StaticInvokeRequest
from jsii._runtime import kernel

from infra_lib.stacks.assembly import HELPER
from infra_lib.stacks.assembly_cache import keep_trimmed
from infra_lib.stacks.bindings import warn

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from infra_lib.stacks.bindings import Bindings


def install(bindings: Bindings, package: ModuleType) -> None:
    """Let every request to jsii's process pass a gate.

    Args:
        bindings: The bindings of Google's provider.
        package: Their Python package; an import of a submodule binds its name there.
    """
    process = kernel.provider._process  # type: ignore[attr-defined]
    process.send = _Gate(process.send, bindings, package)


class _Gate:
    """Holds back the request to load the assembly, and loads what other requests need first."""

    def __init__(
        self, send: Callable[[Any, Any], Any], bindings: Bindings, package: ModuleType
    ) -> None:
        self._send = send
        self._bindings = bindings
        self._package = package
        self._names = 0
        self._whole: LoadRequest | None = None
        self._loaded: frozenset[str] = frozenset()

    def __call__(self, request: Any, response_type: Any) -> Any:
        if isinstance(request, LoadRequest) and request.name == self._bindings.assembly:
            self._whole = request
            return LoadResponse(assembly=request.name, types=0)
        if self._whole is not None and len(vars(self._package)) != self._names:
            self._names = len(vars(self._package))
            self._load(self._whole, _submodules_in_use(self._bindings))
        return self._send(request, response_type)

    def _load(self, whole: LoadRequest, submodules: frozenset[str]) -> None:
        if submodules <= self._loaded:
            return
        try:
            with keep_trimmed(whole, submodules, self._bindings.cdk) as tarball:
                if self._loaded:
                    self._send(
                        StaticInvokeRequest(fqn=f"{whole.name}.{HELPER}", method="makeWay"),
                        InvokeResponse,
                    )
                self._send(LoadRequest(whole.name, whole.version, tarball), LoadResponse)
            self._loaded = submodules
        except Exception as error:
            warn(error)
            self._send(whole, LoadResponse)
            self._whole = None


def _submodules_in_use(bindings: Bindings) -> frozenset[str]:
    """Return the submodules whose types Python knows, as jsii names them: "computeInstance"."""
    package = f"{bindings.package}."
    modules = [module for name, module in sys.modules.items() if name.startswith(package)]
    types = (
        getattr(value, "__jsii_type__", None)
        for module in modules
        for value in list(vars(module).values())
        if isinstance(value, type)
    )
    return frozenset(
        fqn.split(".")[1]
        for fqn in types
        if isinstance(fqn, str) and fqn.startswith(f"{bindings.assembly}.")
    )
