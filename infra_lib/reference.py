"""Strings that Terraform evaluates."""

from __future__ import annotations

from nixgen.exact import kept


@kept
class Reference(str):
    """A template that Terraform is to evaluate: `Reference("${google_compute_network.vpc.id}")`.

    Every other string reaches Terraform as the text it is, with `${` and `%{` escaped. See
    https://developer.hashicorp.com/terraform/language/syntax/json#expression-mapping.
    """

    __slots__ = ()
