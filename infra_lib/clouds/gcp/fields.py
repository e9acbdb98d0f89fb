"""What Compute Engine takes in a single field: links, labels, metadata, tags, keys, addresses."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from infra_lib.model.errors import field_error
from infra_lib.model.reference import Reference
from infra_lib.model.validators import (
    NAME,
    check_each,
    check_matching,
    check_name,
    check_referable,
    check_text,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

STACK_LABELS = ("cost", "fleet", "machine", "state")
# https://cloud.google.com/compute/docs/labeling-resources#requirements; Google's provider adds one
# of its own, goog-terraform-provisioned.
_MOST_LABELS = 64 - len(STACK_LABELS) - 1
# What metadata the stack writes, and what says it.
STACK_METADATA = {
    "block-project-ssh-keys": "GcpProject(project_ssh_keys=…)",
    "enable-guest-attributes": "GcpProject(guest_attributes=…)",
    "enable-oslogin": "GcpProject(os_login=…)",
    "serial-port-enable": "serial_port",
    "ssh-keys": "GcpProject(ssh_keys=…)",
    "startup-script": "startup_script",
}
# https://cloud.google.com/vpc/docs/add-remove-network-tags#restrictions; two are the stack's.
_MOST_TAGS = 64 - 2

# A link from the project on, by its ID, also as a URL: what a network's own link is made of.
_PROJECT_LINK = (
    r"(?:https://[-.a-z0-9]+/compute/[a-z0-9]+/)?projects/(?:[-.a-z0-9]+:)?[a-z][-a-z0-9]*/"
)
_LABEL_KEY = r"[a-z][-_a-z0-9]{0,62}"
_LABEL_VALUE = r"[-_a-z0-9]{1,63}"
_METADATA_KEY = r"[-_A-Za-z0-9]{1,128}"
# https://cloud.google.com/kms/docs/getting-resource-ids; a version may not stand after it: Google
# uses the newest, and the provider, which leaves it out, would see a change at every plan.
_KMS_KEY = (
    r"projects/[-.:a-z0-9]+/locations/(?P<location>[-a-z0-9]+)"
    r"/keyRings/[-_A-Za-z0-9]{1,63}/cryptoKeys/[-_A-Za-z0-9]{1,63}"
)
_RESERVATION = (
    rf"(?:projects/(?:[-.a-z0-9]+:)?[a-z][-a-z0-9]*/reservations/)?{NAME}"
    rf"(?:/reservationBlocks/{NAME}(?:/reservationSubBlocks/{NAME})?)?"
)
_EMAIL = r"[^@]+@[^@]+"


def check_link(where: str, field: str, value: object, kind: str) -> None:
    """Check what names a network or the like: a name, a whole link, or a `Reference`.

    Compute Engine takes a part of a link as well, and a project's number for its ID, and answers
    with the whole link. Google's provider takes that for another network, and stops and starts the
    machine at every deployment to change it. See CompareSelfLinkOrResourceName in
    https://github.com/hashicorp/terraform-provider-google/blob/v7.45.0/google/tpgresource/self_link_helpers.go
    and https://github.com/hashicorp/terraform-provider-google/issues/11454.

    Args:
        where: What holds the field.
        field: The field.
        value: What was given.
        kind: What stands between project and name: "global/networks".

    Raises:
        FleetError: When it is neither a name, nor a link, nor a reference.
    """
    if isinstance(value, Reference) or (isinstance(value, str) and re.fullmatch(NAME, value)):
        return
    whole = rf"{_PROJECT_LINK}{re.escape(kind)}/{NAME}"
    if not isinstance(value, str) or not re.fullmatch(whole, value):
        accepted = (
            f'a name is accepted ("default"), "projects/<project ID>/{kind}/<name>", or that as a '
            "URL; of another form Google's provider makes a change at every deployment"
        )
        raise field_error(where, field, value, accepted)


def check_labels(where: str, field: str, value: object) -> None:
    """Check Compute Engine labels.

    The rule: https://cloud.google.com/compute/docs/labeling-resources#requirements. It allows an
    empty value, which Google's provider never sends, and so plans again at every deployment:
    https://github.com/hashicorp/terraform-provider-google/issues/16750.

    Raises:
        FleetError: When Compute Engine does not take a key or a value, or a key is one of
            `STACK_LABELS`.
    """
    for key, item in _items(where, field, value):
        if not isinstance(key, str) or not re.fullmatch(_LABEL_KEY, key):
            raise field_error(
                where,
                field,
                key,
                "a label's key has 1 to 63 lower-case letters, digits, _ and -, a letter first",
            )
        if key in STACK_LABELS:
            raise field_error(where, field, key, "this label is written by the stack itself")
        if isinstance(item, Reference):
            continue
        if not isinstance(item, str) or not re.fullmatch(_LABEL_VALUE, item):
            raise field_error(
                where,
                f"{field}[{key!r}]",
                item,
                "a label's value has 1 to 63 lower-case letters, digits, _ and -",
            )


def check_number_of_labels(where: str, field: str, labels: Collection[str]) -> None:
    """Check that there are no more labels than an instance may have.

    Raises:
        FleetError: When there are.
    """
    if len(labels) > _MOST_LABELS:
        accepted = (
            f"at most {_MOST_LABELS}, with those of the project, beside the stack's own and one of "
            "Google's provider"
        )
        raise field_error(where, field, f"{len(labels)} labels", accepted)


def check_metadata(where: str, field: str, value: object) -> None:
    """Check instance metadata; the values are free text.

    The rule: https://cloud.google.com/compute/docs/metadata/setting-custom-metadata#limitations

    Raises:
        FleetError: When Compute Engine does not take a key, or it is one of `STACK_METADATA`.
    """
    for key, item in _items(where, field, value):
        if not isinstance(key, str) or not re.fullmatch(_METADATA_KEY, key):
            raise field_error(
                where, field, key, "a metadata key has 1 to 128 letters, digits, _ and -"
            )
        if key in STACK_METADATA:
            accepted = f"this key is written by the stack itself: {STACK_METADATA[key]} says it"
            raise field_error(where, field, key, accepted)
        check_text(where, f"{field}[{key!r}]", item)


def _items(where: str, field: str, value: object) -> Iterable[tuple[object, object]]:
    if not isinstance(value, Mapping):
        raise field_error(where, field, value, 'a mapping is accepted: {"key": "value"}')
    return value.items()


def check_kms_key(where: str, field: str, key: object) -> None:
    """Check the name of a key in Cloud KMS, where there is one; a `Reference` may stand for it.

    Raises:
        FleetError: When it is not one.
    """
    if key is None or isinstance(key, Reference):
        return
    if not isinstance(key, str) or not re.fullmatch(_KMS_KEY, key):
        accepted = (
            "a key of Cloud KMS by its full name, without a version: "
            '"projects/example-project/locations/us-central1/keyRings/fleet/cryptoKeys/disks"'
        )
        raise field_error(where, field, key, accepted)


def check_reservation(where: str, field: str, value: object) -> None:
    """Check what names a reservation.

    The rule: https://docs.cloud.google.com/compute/docs/instances/reservations-consume

    Raises:
        FleetError: When it does not name one.
    """
    accepted = (
        'the name of a reservation, or "projects/<project ID>/reservations/<name>" where another '
        'project shares it; a block of one is "<name>/reservationBlocks/<block>"'
    )
    check_matching(where, field, value, _RESERVATION, accepted)


def kms_location(key: str | None) -> str | None:
    """Return where a key is: a region, several, or "global"; None where its name does not say."""
    found = None if key is None else re.fullmatch(_KMS_KEY, key)
    return None if found is None else found["location"]


def check_network_tags(where: str, field: str, values: tuple[str, ...]) -> None:
    """Check network tags.

    Raises:
        FleetError: When Compute Engine does not take one, or there are too many.
    """
    check_each(where, field, values, str, '"web"')
    for tag in values:
        check_name(where, field, tag)
    number = len(set(values))
    if number > _MOST_TAGS:
        accepted = f"at most {_MOST_TAGS}, beside the stack's own"
        raise field_error(where, field, f"{number} tags", accepted)


def check_external_ip(where: str, field: str, value: object) -> None:
    """Check the external address of a machine, or whether it has one.

    Raises:
        FleetError: When it is neither a switch, nor an address, nor a reference.
    """
    if isinstance(value, bool | Reference):
        return
    from ipaddress import IPv4Address

    try:
        IPv4Address(value if isinstance(value, str) else "")
    except ValueError:
        accepted = (
            "True (an address that may change), False (none), a reserved IPv4 address or a "
            "Reference to one"
        )
        raise field_error(where, field, value, accepted) from None


def check_email(where: str, field: str, value: object) -> None:
    """Check the address of a service account.

    Raises:
        FleetError: When it is not one.
    """
    accepted = 'an address such as "name@project.iam.gserviceaccount.com"'
    check_referable(where, field, value, accepted)
    if (
        isinstance(value, str)
        and not isinstance(value, Reference)
        and not re.fullmatch(_EMAIL, value)
    ):
        raise field_error(where, field, value, f"{accepted} is accepted")
