"""What Terraform leaves as it is of an instance and of a data disk that are there.

For each of these Google's provider would make a new one, a disk without what is on it, and for
nothing that the fleet asks for. None of them is what a fleet says of a machine that is there.
Terraform leaves them alone only as long as that is: one that is made, also anew, is made by what
the fleet says, and without what it does not say.

Paths that lead into a block are of blocks that each resource has; Terraform does not take one that
is elsewhere for an error, and does not heed it either.
"""

from __future__ import annotations

# The image is what the boot disk was made from, before NixOS was installed over it. Google's
# provider takes the image of a family for another one where the family's name is no part of its
# name (https://github.com/hashicorp/terraform-provider-google/blob/v7.45.0/google/services/compute/resource_compute_disk.go,
# DiskImageDiffSuppress), and would make the machine anew at every deployment; another image in
# the fleet would do it once.
#
# Compute Engine attaches the Local SSDs that come with a machine type (a2-ultragpu, a3) unasked,
# and the provider would make a machine without them: at every deployment. See
# https://github.com/hashicorp/terraform-provider-google/issues/19648.
#
# The rest is of instances that somebody else made: with gcloud, with the console, which chooses the
# kind of network card and what becomes of the machine when a key is revoked, or with a Terraform of
# their own. The provider takes each away that is not said, by making the instance anew.
INSTANCE = (
    "boot_disk[0].initialize_params[0].image",
    "boot_disk[0].initialize_params[0].enable_confidential_compute",
    "boot_disk[0].initialize_params[0].storage_pool",
    "hostname",
    "instance_encryption_key",
    "key_revocation_action_type",
    "network_interface[0].nic_type",
    "network_interface[0].queue_count",
    "network_performance_config",
    "scheduling[0].local_ssd_recovery_timeout",
    "scratch_disk",
)
"""Of a google_compute_instance."""

# What a disk was made of, where somebody else made it, or somebody has put one that was made of a
# snapshot in its place; and what only its making can say.
MADE_OF = (
    "image",
    "snapshot",
    "source_disk",
    "source_instant_snapshot",
    "source_image_encryption_key",
    "source_snapshot_encryption_key",
)
"""What says of a google_compute_disk what it was made of."""

DATA_DISK = (*MADE_OF, "description", "storage_pool")
"""Of a google_compute_disk."""
