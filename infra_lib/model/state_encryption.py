"""How OpenTofu encrypts the state and the plans of a fleet's stacks."""

from __future__ import annotations

from typing import Final

from attrs import field

from infra_lib.model.errors import field_error
from infra_lib.model.frozen import frozen
from infra_lib.model.validators import check_boolean, check_matching, valid

# What it derives a key from is at least so long:
# https://opentofu.org/docs/language/state/encryption/#pbkdf2
LEAST_PASSPHRASE: Final = 16

# https://opentofu.org/docs/language/values/variables/#declaring-an-input-variable
_VARIABLE = r"[a-z_][a-z0-9_]*"
_VARIABLE_ACCEPTED = (
    "the name of a variable of Terraform: lower-case letters, digits and _, no digit first"
)
_TAKEN = frozenset(
    {"count", "depends_on", "for_each", "lifecycle", "locals", "providers", "source", "version"}
)
# https://cloud.google.com/kms/docs/getting-resource-ids
_KMS_KEY = (
    r"projects/[-.:a-z0-9]+/locations/[-a-z0-9]+"
    r"/keyRings/[-_A-Za-z0-9]{1,63}/cryptoKeys/[-_A-Za-z0-9]{1,63}"
)
_KMS_KEY_ACCEPTED = (
    "a key of Cloud KMS by its full name, without a version: "
    '"projects/example-project/locations/global/keyRings/fleet/cryptoKeys/state"'
)


def _check_variable(where: str, field: str, value: object) -> None:
    check_matching(where, field, value, _VARIABLE, _VARIABLE_ACCEPTED)
    if value in _TAKEN:
        raise field_error(where, field, value, "Terraform has that name for something else")


@frozen(kw_only=True)
class StateEncryption:
    """State and plans that are encrypted before they are written, wherever the state is kept.

    OpenTofu does it, from 1.7 on; Terraform cannot. The key is derived from a passphrase, or Google
    Cloud's Key Management Service keeps it. Neither the passphrase nor credentials stand in a
    fleet: they are in the environment of whoever deploys.

    Attributes:
        passphrase_variable: The variable of the stacks that holds the passphrase, of at least 16
            characters. `TF_VAR_<that name>` in the environment sets it: TF_VAR_state_passphrase.
        gcp_kms_key: The key of Cloud KMS that encrypts instead of a passphrase; None for none.
            Google's usual credentials reach it: https://cloud.google.com/docs/authentication.
        migrate: Whether a state that is not encrypted is read, too. The next deployment writes it
            encrypted; then say False again, with which only an encrypted state is accepted.

    Raises:
        FleetError: When a field cannot be.
    """

    _where = "state_encryption"

    passphrase_variable: str = field(default="state_passphrase", validator=valid(_check_variable))
    gcp_kms_key: str | None = field(
        default=None, validator=valid(check_matching, _KMS_KEY, _KMS_KEY_ACCEPTED)
    )
    migrate: bool = field(default=False, validator=valid(check_boolean))

    @property
    def variable(self) -> str | None:
        """The variable that holds the passphrase; None where a key of Cloud KMS encrypts."""
        return None if self.gcp_kms_key else self.passphrase_variable
