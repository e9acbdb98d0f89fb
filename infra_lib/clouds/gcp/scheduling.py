"""How a machine is provisioned, how its runs end, and what maintenance of its host does to it.

The rules are Compute Engine's:
https://docs.cloud.google.com/compute/docs/instances/provisioning-models,
https://docs.cloud.google.com/compute/docs/instances/spot,
https://docs.cloud.google.com/compute/docs/instances/limit-vm-runtime and
https://docs.cloud.google.com/compute/docs/instances/setting-vm-host-options#limitations; of
Flex-start VMs also https://docs.cloud.google.com/ai-hypercomputer/docs/consumption-models.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from attrs import NOTHING

from infra_lib.model.errors import field_error

if TYPE_CHECKING:
    from infra_lib.clouds.gcp.catalog import MachineType
    from infra_lib.clouds.gcp.catalog.series import Confidential, ProvisioningModel, Series

HostMaintenance = Literal["MIGRATE", "TERMINATE"]

# How long a Flex-start VM may run, in seconds: ten minutes to seven days.
_LEAST_FLEXIBLE, _MOST_FLEXIBLE = 10 * 60, 7 * 24 * 60 * 60


def provisioning_model(
    where: str, series: Series, *, spot: object, model: ProvisioningModel | None
) -> ProvisioningModel:
    """Return how a machine is provisioned, by what is said of it.

    Args:
        where: What to call the machine.
        series: The series of its type.
        spot: Whether it is said to be a Spot VM; attrs' NOTHING where nobody says it.
        model: The provisioning model that is said; None where nobody says it.

    Raises:
        FleetError: When the two contradict each other.
    """
    if model is None:
        only = series.provisioning_models or ()
        standard: ProvisioningModel = only[0] if len(only) == 1 else "STANDARD"
        return "SPOT" if spot is True else standard
    if spot is not NOTHING and spot != (model == "SPOT"):
        accepted = f'contradicts provisioning_model="{model}": leave one of the two out'
        raise field_error(where, "spot", spot, accepted)
    return model


def check_provisioning(
    where: str,
    machine_type: MachineType,
    model: ProvisioningModel,
    *,
    enabled: bool,
    gpu: bool,
    reservation: str | None,
    max_run_duration: int | None,
    action: str | None,
) -> None:
    """Check that a machine may be provisioned as it is said.

    Args:
        where: What to call the machine.
        machine_type: Its machine type.
        model: How it is provisioned.
        enabled: Whether it exists: one that does not need have no reservation yet.
        gpu: Whether it has GPUs.
        reservation: The reservation that it consumes; None for whatever matches it.
        max_run_duration: After how many seconds its runs end; None for never.
        action: What is said that the end of a run does; None where nobody says it.

    Raises:
        FleetError: When it may not.
    """
    without_gpus = machine_type.accelerators == "attached" and not gpu
    known = machine_type.series.provisioning_models
    taken = [each for each in known or () if each != "FLEX_START" or not without_gpus]
    if known is not None and model not in taken:
        accepted = f"{machine_type.name} is to be had as {', '.join(taken)}"
        if without_gpus and model == "FLEX_START":
            accepted += ", and with GPUs as FLEX_START"
        raise field_error(where, "provisioning_model", model, accepted)
    if model == "RESERVATION_BOUND" and reservation is None and enabled:
        accepted = "RESERVATION_BOUND wants the name of the reservation that it is bound to"
        raise field_error(where, "reservation", reservation, accepted)
    if reservation is not None and model in {"SPOT", "FLEX_START"}:
        accepted = "no reservation is for a Spot VM or a Flex-start VM: leave it out"
        raise field_error(where, "reservation", reservation, accepted)
    if model != "FLEX_START":
        return
    if max_run_duration is None or not _LEAST_FLEXIBLE <= max_run_duration <= _MOST_FLEXIBLE:
        accepted = (
            f"a Flex-start VM runs for {_LEAST_FLEXIBLE} to {_MOST_FLEXIBLE} seconds (7 days)"
        )
        raise field_error(where, "max_run_duration", max_run_duration, accepted)
    if action == "STOP":
        accepted = "Compute Engine deletes a Flex-start VM at the end of its run: take DELETE"
        raise field_error(where, "instance_termination_action", action, accepted)


def ends(model: ProvisioningModel, max_run_duration: int | None) -> bool:
    """Return whether a machine's runs end by themselves, as those of a Spot VM do."""
    return model != "STANDARD" or max_run_duration is not None


def termination_action(
    model: ProvisioningModel, max_run_duration: int | None, said: Literal["STOP", "DELETE"] | None
) -> Literal["STOP", "DELETE"] | None:
    """Return what the end of a machine's run does; None where its runs do not end."""
    if said is None and ends(model, max_run_duration):
        return "DELETE" if model == "FLEX_START" else "STOP"
    return said


def check_run(
    where: str,
    *,
    enabled: bool,
    stopped: bool,
    deletion_protection: bool,
    ends: bool,
    action: str | None,
) -> None:
    """Check what is said of how a machine runs, and how its runs end.

    Args:
        where: What to call the machine.
        enabled: Whether it exists.
        stopped: Whether it is stopped.
        deletion_protection: Whether Compute Engine refuses to delete it.
        ends: Whether its runs end by themselves, as those of a Spot VM do.
        action: What the end of a run does; None where runs do not end.

    Raises:
        FleetError: When it contradicts itself.
    """
    if stopped and not enabled:
        raise field_error(
            where,
            "stopped",
            stopped,
            "only an enabled machine can be stopped: give enabled=True to keep it and its boot "
            "disk, or leave stopped out",
        )
    if action is not None and not ends:
        accepted = (
            "only with spot=True or max_run_duration, or a provisioning_model other than STANDARD"
        )
        raise field_error(where, "instance_termination_action", action, accepted)
    if action == "DELETE" and deletion_protection:
        accepted = "deletion_protection=True forbids it; take STOP"
        raise field_error(where, "instance_termination_action", action, accepted)


def check_local_ssds(
    where: str,
    machine_type: MachineType,
    *,
    stopped: bool,
    stop_schedule: object,
    max_run_duration: int | None,
    action: str | None,
    idle_stop: bool,
    discard: bool,
) -> None:
    """Check that what is to stop a machine with Local SSDs can say that they are discarded.

    Compute Engine refuses to stop one without that. Google's provider does not say it when it stops
    one (https://github.com/hashicorp/terraform-provider-google/issues/26173), nor does a schedule,
    which has no field for it. The end of a run needs it, and takes it for nothing else
    (https://cloud.google.com/sdk/gcloud/reference/compute/instances/create#--discard-local-ssds-at-termination-timestamp);
    a Spot VM that is preempted loses what is on them
    (https://cloud.google.com/compute/docs/disks/local-ssd#data_persistence).

    Args:
        where: What to call the machine.
        machine_type: Its machine type.
        stopped: Whether it is stopped.
        stop_schedule: When Compute Engine stops it; None for never.
        max_run_duration: After how many seconds its runs end; None for never.
        action: What the end of a run does.
        idle_stop: Whether it says that it turns itself off when nobody uses it.
        discard: Whether what is on the Local SSDs may be lost then.

    Raises:
        FleetError: When it cannot.
    """
    stops_at_limit = max_run_duration is not None and action != "DELETE"
    if discard and not (machine_type.local_ssds and (stops_at_limit or idle_stop)):
        raise field_error(
            where,
            "discard_local_ssd",
            discard,
            "only for a machine type that comes with Local SSDs, with a max_run_duration that "
            "stops it, or an idle_stop",
        )
    if not machine_type.local_ssds:
        return
    comes = f"{machine_type.name} comes with Local SSDs"
    if stopped:
        raise field_error(
            where,
            "stopped",
            stopped,
            f"{comes}, and Google's provider cannot stop such a machine: it would run, and be "
            "billed; take enabled=False, which keeps data disks",
        )
    if stop_schedule is not None:
        raise field_error(
            where,
            "stop_schedule",
            stop_schedule,
            f"{comes}, and a schedule cannot stop such a machine: it would run on, and be billed; "
            "take max_run_duration",
        )
    if stops_at_limit and not discard:
        raise field_error(
            where,
            "max_run_duration",
            max_run_duration,
            f"{comes}, and what is on them is lost when it is stopped: agree with "
            'discard_local_ssd=True, or take instance_termination_action="DELETE"',
        )


def why_no_idle_stop(machine_type: MachineType, *, reservation: bool, discard: bool) -> str:
    """Return why a machine is not to power itself off; empty where it may.

    Compute Engine stops an instance whose guest powers off, keeps its disks, and bills it as any
    that is stopped (https://docs.cloud.google.com/compute/docs/instances/stop-start-instance);
    Local SSDs are lost then (https://cloud.google.com/compute/docs/disks/local-ssd#data_persistence).
    It is no preemption and no end of a run, so that neither `instance_termination_action` nor
    `automatic_restart` says anything of it. A machine with TPUs cannot be started again.

    Args:
        machine_type: Its machine type.
        reservation: Whether it consumes a reservation.
        discard: Whether what is on its Local SSDs may be lost.
    """
    if reservation:
        return "a reservation is paid for also while the machine is off"
    if machine_type.accelerators == "TPUs":
        return (
            f"{machine_type.name} comes with TPUs: nothing tells whether they are used, and a "
            "machine with TPUs that is off cannot be started again"
        )
    if machine_type.local_ssds and not discard:
        return (
            f"{machine_type.name} comes with Local SSDs, and what is on them is lost when it turns "
            "itself off: agree with idle_stop=IdleStop(…) and discard_local_ssd=True of the machine"
        )
    return ""


def migrates_confidential(series: Series, technology: Confidential) -> bool:
    """Return whether a Confidential VM can be moved to another host.

    https://docs.cloud.google.com/confidential-computing/confidential-vm/docs/troubleshoot-live-migration
    """
    return technology == "SEV" and series.confidential_platform is not None


def on_host_maintenance(
    where: str,
    machine_type: MachineType,
    *,
    said: HostMaintenance | None,
    model: ProvisioningModel,
    gpu: bool,
    confidential: Confidential | None,
) -> HostMaintenance:
    """Return what becomes of a machine when its host needs maintenance.

    Args:
        where: What to call the machine.
        machine_type: Its machine type.
        said: What is said of it; None where nobody says it.
        model: How it is provisioned.
        gpu: Whether it has GPUs.
        confidential: Its technology of Confidential VM; None for none.

    Raises:
        FleetError: When that is said which cannot be.
    """
    series = machine_type.series
    fixed = _why_terminated(machine_type, model, gpu=gpu, confidential=confidential)
    if fixed:
        if said == "MIGRATE":
            accepted = f"{fixed} is not moved to another host: take TERMINATE, or leave it out"
            raise field_error(where, "on_host_maintenance", said, accepted)
        return "TERMINATE"
    if said == "TERMINATE" and not series.terminates:
        accepted = (
            f"a machine of {machine_type.family} is always moved to another host, unless it is a "
            "Spot VM: take MIGRATE, or leave it out"
        )
        raise field_error(where, "on_host_maintenance", said, accepted)
    if said is not None:
        return said
    bound = model == "RESERVATION_BOUND" and series.terminates
    return "TERMINATE" if bound or confidential is not None else "MIGRATE"


def _why_terminated(
    machine_type: MachineType,
    model: ProvisioningModel,
    *,
    gpu: bool,
    confidential: Confidential | None,
) -> str:
    """Return what it is of a machine that keeps it from being moved; empty where nothing does."""
    if gpu or machine_type.accelerated:
        return "a machine with accelerators"
    if not machine_type.migrates:
        return machine_type.name
    if model in {"SPOT", "FLEX_START"}:
        return "a Spot VM" if model == "SPOT" else "a Flex-start VM"
    if confidential is not None and not migrates_confidential(machine_type.series, confidential):
        return f"a Confidential VM with {confidential}"
    return ""
