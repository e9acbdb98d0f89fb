"""The encryption of state and plans, which OpenTofu has and Terraform has not.

See https://opentofu.org/docs/language/state/encryption/.
"""

from __future__ import annotations

import re
import subprocess
from functools import cache
from typing import TYPE_CHECKING, Any, Final

from infra_lib.model.state_encryption import LEAST_PASSPHRASE

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from infra_lib.model.state_encryption import StateEncryption

# What the key, the method and so on are called in a stack. A state names the key that encrypts it
# so: with another name nobody could read it.
_KEY: Final = "state"
_PLAIN: Final = "not_encrypted"

# The first release that encrypts, 1.7, and how a binary says what it is: "OpenTofu v1.10.6".
_FIRST: Final = (1, 7)
_VERSION = re.compile(r"(\w+) v(\d+)\.(\d+)\.\S+")


def overrides(encryption: StateEncryption) -> dict[str, Any]:
    """Return what a stack has beside its resources, by its path in Terraform's JSON.

    Args:
        encryption: How the state is to be encrypted.
    """
    key, method = encryption.gcp_kms_key, {"method": f"method.aes_gcm.{_KEY}"}
    plain = {"fallback": {"method": f"method.unencrypted.{_PLAIN}"}}
    if key is None:
        kind = "pbkdf2"
        given: dict[str, Any] = {"passphrase": f"${{var.{encryption.passphrase_variable}}}"}
    else:
        kind, given = "gcp_kms", {"kms_encryption_key": key, "key_length": 32}
    own = {**method, **(plain if encryption.migrate else {"enforced": True})}
    found: dict[str, Any] = {
        "terraform.encryption": {
            "key_provider": {kind: {_KEY: given}},
            "method": {
                "aes_gcm": {_KEY: {"keys": f"${{key_provider.{kind}.{_KEY}}}"}},
                "unencrypted": {_PLAIN: {}},
            },
            "state": own,
            "plan": own,
            # Of other stacks of the app, which need not be encrypted.
            "remote_state_data_sources": {"default": {**method, **plain}},
        }
    }
    if encryption.variable is not None:
        found[f"variable.{encryption.variable}"] = {
            "type": "string",
            "description": "What the key that encrypts the state is derived from",
            "sensitive": True,
        }
    return found


def refusal(
    documents: Iterable[Mapping[str, Any]], binary: str, environment: Mapping[str, str]
) -> str | None:
    """Return why encrypted stacks cannot be worked with; None where they can, or none is encrypted.

    Args:
        documents: What a framework wrote as cdk.tf.json of each stack.
        binary: What Terraform or OpenTofu is called.
        environment: The environment that it would run in.
    """
    blocks = [block for block in map(_encryption, documents) if block]
    if not blocks:
        return None
    reason = _cannot_encrypt(binary)
    if reason is not None:
        return (
            f"{reason}. The state is encrypted, as Fleet(state_encryption=…) says, which OpenTofu "
            f"does from {'.'.join(map(str, _FIRST))} on and Terraform does not: install it "
            "(https://opentofu.org/docs/intro/install), and set TERRAFORM_BINARY_NAME=tofu"
        )
    problems = (_lacking(block, environment) for block in blocks)
    return next((problem for problem in problems if problem is not None), None)


def _encryption(document: Mapping[str, Any]) -> Mapping[str, Any]:
    terraform = document.get("terraform")
    block = terraform.get("encryption") if isinstance(terraform, dict) else None
    return block if isinstance(block, dict) else {}


@cache
def _cannot_encrypt(binary: str) -> str | None:
    """Return what is known of a binary that cannot encrypt; None of one that can."""
    try:
        done = subprocess.run(
            [binary, "version"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            check=False,
        )
    except OSError:
        return None  # Whoever runs it says why that cannot be.
    found = _VERSION.search(done.stdout)
    if found is None:
        return None
    name, major, minor = found.groups()
    able = name == "OpenTofu" and (int(major), int(minor)) >= _FIRST
    return None if able else f"{binary} is {found[0]}"


def _lacking(block: Mapping[str, Any], environment: Mapping[str, str]) -> str | None:
    """Return why the passphrase of an encrypted stack will not do; None where there is none."""
    try:
        passphrase = block["key_provider"]["pbkdf2"][_KEY]["passphrase"]
        found = re.fullmatch(r"\$\{var\.(\w+)\}", passphrase)
    except (LookupError, TypeError):
        return None
    if found is None:
        return None
    name = f"TF_VAR_{found[1]}"
    given = environment.get(name, "")
    if len(given.encode()) >= LEAST_PASSPHRASE:
        return None
    said = (
        f"{name} holds fewer than {LEAST_PASSPHRASE} characters" if given else f"{name} is not set"
    )
    return (
        f"{said}: it is the passphrase that the state is encrypted with, at least "
        f"{LEAST_PASSPHRASE} characters. Take it from where you keep such things; without it the "
        "state cannot be read any more"
    )
