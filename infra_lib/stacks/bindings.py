"""The frameworks' packages, and the switch that leaves them as they are."""

from __future__ import annotations

import os
import sys
from typing import Final

from infra_lib.terraform.frameworks import WITHOUT_CDKTF, WITHOUT_CDKTN
from nixgen.frozen import frozen
from nixgen.terminal import visible

SWITCH: Final = "INFRA_PLAIN_PROVIDER"


@frozen(kw_only=True)
class Bindings:
    """A framework's Python package, and that of its bindings of Google's provider.

    Attributes:
        cdk: The framework's package.
        package: The package of the bindings.
        assembly: The npm package that they stand for.
        absent: What to say where one is not installed.
    """

    cdk: str
    package: str
    assembly: str
    absent: str


CDKTF: Final = Bindings(
    cdk="cdktf",
    package="cdktf_cdktf_provider_google",
    assembly="@cdktf/provider-google",
    absent=WITHOUT_CDKTF,
)
CDKTN: Final = Bindings(
    cdk="cdktn",
    package="cdktn_provider_google",
    assembly="@cdktn/provider-google",
    absent=WITHOUT_CDKTN,
)


def loads_whole_provider() -> bool:
    """Return whether the provider is loaded whole, and all is as without this library."""
    return os.environ.get(SWITCH, "0") not in {"", "0"}


def warn(error: Exception) -> None:
    """Say in one line why the provider loads the slow way."""
    reason = f"{type(error).__name__}: {error}".splitlines()[0]
    print(
        f"infra_lib: the Google provider is loaded whole, which is slow ({visible(reason)}); "
        f"{SWITCH}=1 if that is wanted",
        file=sys.stderr,
    )
