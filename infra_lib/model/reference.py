"""Strings that Terraform evaluates."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nixgen.exact import counts_as_exact, exact

if TYPE_CHECKING:
    from typing import Self


@counts_as_exact
class Reference(str):
    """A template that Terraform is to evaluate: `Reference("${google_compute_network.vpc.id}")`.

    Every other string reaches Terraform as the text it is, with `${` and `%{` escaped. See
    https://developer.hashicorp.com/terraform/language/syntax/json#expression-mapping.
    """

    __slots__ = ()

    def __new__(cls, template: str) -> Self:
        """Take a template as plain text, also where it is of a subclass of `str`."""
        return super().__new__(cls, exact(template))
