"""The Google Cloud project of the fleet, and where Terraform keeps its state."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import TYPE_CHECKING

from attrs import field

from infra_lib.clouds.gcp.fields import (
    check_kms_key,
    check_labels,
    check_link,
    check_number_of_labels,
)
from infra_lib.clouds.gcp.rules import check_key_location
from infra_lib.model.errors import field_error
from infra_lib.model.frozen import frozen
from infra_lib.model.validators import (
    check_boolean,
    check_cidrs,
    check_instance,
    check_matching,
    check_name,
    check_public_keys,
    string_mapping,
    strings,
    valid,
)

if TYPE_CHECKING:
    from infra_lib.clouds.gcp.machine import GcpMachine

# Identity-Aware Proxy's TCP forwarding: https://cloud.google.com/iap/docs/using-tcp-forwarding
IAP_RANGE = "35.235.240.0/20"

# https://cloud.google.com/resource-manager/docs/creating-managing-projects; some that are older
# have a domain before them.
_PROJECT = r"(?:[a-z0-9.-]+:[a-z][-a-z0-9]*|[a-z][-a-z0-9]{4,28})[a-z0-9]"
_PROJECT_ACCEPTED = (
    'a project ID such as "example-project": 6 to 30 lower-case letters, digits and hyphens, a '
    "letter first and no hyphen last"
)
_BUCKET = r"[a-z0-9][-_.a-z0-9]{1,220}[a-z0-9]"
_PREFIX = r"[-_./A-Za-z0-9]*"

_BOOLEAN = valid(check_boolean)


@frozen
class GcsBackend:
    """Terraform state in a Cloud Storage bucket: shared, and locked while in use.

    Attributes:
        bucket: The bucket's name; it must exist.
        prefix: The folder in it; the stack's name comes after.

    Raises:
        FleetError: When a field cannot be.
    """

    _where = "backend"

    bucket: str = field(validator=valid(check_matching, _BUCKET, "a Cloud Storage bucket's name"))
    prefix: str = field(
        default="terraform/state",
        validator=valid(check_matching, _PREFIX, "letters, digits and - _ . / are accepted"),
    )


@frozen
class GcpProject:
    """A Google Cloud project.

    Attributes:
        project: The project ID.
        region: The region that the provider works in when nothing says otherwise.
        ssh_keys: OpenSSH public keys of those who install machines: they log in as root.
        ssh_source_ranges: Address ranges (CIDR) that SSH is open to. Identity-Aware Proxy's by
            default; ("0.0.0.0/0",) opens it to the world, () closes it. Google's network
            "default" comes with a rule that opens it to the world, default-allow-ssh
            (https://cloud.google.com/firewall/docs/firewalls#more_rules_default_vpc): there, a
            rule of the stack closes it to all but these ranges and the network's own machines.
            Rules of your own stand beside these, at the priority that you give them.
        project_ssh_keys: Whether the keys in the project's own metadata let people in as well,
            as long as a machine runs its image. NixOS takes none from there.
        os_login: Whether people log in by their Google accounts, as IAM lets them (OS Login): True
            has each image and each NixOS ask Google, beside root's `ssh_keys`, which clan comes in
            by. False has neither, None leaves images to what the project's own metadata says.
        guest_attributes: Whether a machine may publish facts about itself through Google: images
            publish their SSH host keys so, and the installation of NixOS checks them.
        firewall_logging: Whether each connection that the firewall rules let in is logged in Cloud
            Logging, which bills for it.
        kms_key: The key of Cloud KMS that encrypts every disk which names none of its own,
            `projects/…/locations/…/keyRings/…/cryptoKeys/…`; None for Google's own keys. A disk
            that exists is made anew, empty, for another one: name a key before there are any.
        network: The VPC network machines are in unless they say otherwise: its name or whole link.
        labels: Labels of every machine.
        install: Whether the creation of a machine also runs `clan machines install` on it, over
            SSH to its address: `ssh_source_ranges` has to let in whoever deploys.
        backend: Where Terraform keeps its state; None for a file beside the stack.

    Raises:
        FleetError: When a field cannot be.
    """

    project: str = field(validator=valid(check_matching, _PROJECT, _PROJECT_ACCEPTED))
    region: str = field(validator=valid(check_name), kw_only=True)
    ssh_keys: tuple[str, ...] = field(
        default=(), converter=strings, validator=valid(check_public_keys), kw_only=True
    )
    ssh_source_ranges: tuple[str, ...] = field(
        default=(IAP_RANGE,), converter=strings, validator=valid(check_cidrs), kw_only=True
    )
    project_ssh_keys: bool = field(default=False, validator=_BOOLEAN, kw_only=True)
    os_login: bool | None = field(default=None, validator=_BOOLEAN, kw_only=True)
    guest_attributes: bool = field(default=True, validator=_BOOLEAN, kw_only=True)
    firewall_logging: bool = field(default=False, validator=_BOOLEAN, kw_only=True)
    kms_key: str | None = field(default=None, validator=valid(check_kms_key), kw_only=True)
    network: str = field(
        default="default", validator=valid(check_link, "global/networks"), kw_only=True
    )
    labels: Mapping[str, str] = field(
        factory=dict,
        converter=string_mapping,
        validator=valid(check_labels),
        kw_only=True,
        hash=False,
    )
    install: bool = field(default=False, validator=_BOOLEAN, kw_only=True)
    backend: GcsBackend | None = field(
        default=None, validator=valid(check_instance, GcsBackend), kw_only=True
    )

    @property
    def _where(self) -> str:
        return f"project {self.project!r}"

    def __attrs_post_init__(self) -> None:
        where = self._where
        if self.os_login and self.project_ssh_keys:
            accepted = "OS Login takes no keys from metadata: leave one of the two out"
            raise field_error(where, "project_ssh_keys", self.project_ssh_keys, accepted)
        if self.install and set(self.ssh_source_ranges) == {IAP_RANGE}:
            warnings.warn(
                f"{where}: install=True: the installation dials each machine's own address, and "
                "ssh_source_ranges lets in Identity-Aware Proxy alone; add the range you deploy "
                'from, such as "203.0.113.7/32", or leave install out: infra runbook installs '
                "through the proxy",
                stacklevel=3,
            )


def check_machine_in_project(machine: GcpMachine, project: GcpProject) -> None:
    """Check that a machine goes with the project of its stack, which may not be the fleet's.

    Raises:
        FleetError: When it has more labels with those of the project than an instance may have, or
            the project's key is for its disks, and in another region.
    """
    where = f"machine {machine.name!r}"
    check_number_of_labels(where, "labels", machine.labels.keys() | project.labels.keys())
    if None in {machine.boot_disk.kms_key, *(disk.kms_key for disk in machine.data_disks)}:
        where = f"project {project.project!r}"
        regions, known = machine.regions, machine.catalog.regions()
        check_key_location(where, "kms_key", project.kms_key, machine.name, regions, known)
