"""CDKTF stacks of a fleet. This package alone needs cdktf, and loads it with Node.js."""

try:
    from importlib.util import find_spec as _find_spec

    import cdktf as _cdktf  # noqa: F401 - asked for here, so that its absence is said clearly

    if _find_spec("cdktf_cdktf_provider_google") is None:
        raise ModuleNotFoundError("", name="cdktf_cdktf_provider_google")
except ModuleNotFoundError as error:
    if error.name not in {"cdktf", "cdktf_cdktf_provider_google"}:
        raise
    from infra_lib.model.errors import WITHOUT_CDKTF

    raise ModuleNotFoundError(WITHOUT_CDKTF, name=error.name) from None

from infra_lib.stacks.provider import prepare as _prepare

_prepare()

from infra_lib.stacks.gcp import GcpStack  # noqa: E402 - imports the provider

__all__ = ["GcpStack"]
