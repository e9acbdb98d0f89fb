"""Whatever cannot be is refused when it is described, in words that help."""

import warnings
from typing import Any

import attrs
import pytest

from infra_lib import FleetError, Machine
from infra_lib.clouds.gcp.project import check_machine_in_project

from .bad import PRELUDE, REFUSED, WRONG_KIND
from .bad_at_hetzner import REFUSED_AT_HETZNER

BAD = REFUSED | WRONG_KIND | REFUSED_AT_HETZNER


def evaluated(expression: str) -> Any:
    names: dict[str, Any] = {}
    exec(PRELUDE, names)  # noqa: S102 - our own text
    return eval(expression, names)  # noqa: S307 - our own text


@pytest.mark.parametrize(
    ("expression", "named"),
    [pytest.param(*bad, id=name) for name, bad in BAD.items()],
)
def test_message_names_the_thing_the_field_what_was_given_and_what_would_do(
    expression: str, named: tuple[str, ...]
) -> None:
    with pytest.raises(FleetError) as caught:
        evaluated(expression)
    message = str(caught.value)
    for words in named:
        assert words in message
    assert "\n" not in message
    assert message.isprintable() or "nix-store" in message
    assert len(message) < 1200


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ("BootDisk(size_gb=-1)", "boot disk: size_gb=-1: a whole number of GB from 10 to"),
        ('DataDisk("ore", size_gb=0)', "data disk 'ore': size_gb=0: a whole number of GB from 1"),
        ('DataDisk("Ore", size_gb=1)', "data disk 'Ore': name='Ore': a name has 1 to 63"),
        ('Gpu("nvidia-l4", 0)', "gpu 'nvidia-l4': count=0: a whole number of GPUs from 1"),
        ('ShieldedVm(vtpm="no")', "Shielded VM: vtpm='no': True or False is accepted"),
        ('ServiceAccount("a b")', "service account: email='a b': an address such as"),
        ('Volume("ore", size_gb=9)', "volume 'ore': size_gb=9: a whole number of GB from 10 to"),
        ('PrivateNetwork("a_b")', "network 'a_b': name='a_b': a name at Hetzner Cloud has"),
        ('FirewallRule("tcp")', "firewall rule: port=None: tcp and udp have a port"),
    ],
)
def test_a_part_of_a_machine_is_refused_before_there_is_a_machine(part: str, message: str) -> None:
    with pytest.raises(FleetError) as caught:
        evaluated(part)
    assert str(caught.value).startswith(message)


@pytest.mark.parametrize(
    "part",
    [
        "DataDisk(10**9999, size_gb=1)",
        'DataDisk("D" * 9999, size_gb=1)',
        "Volume(10**9999, size_gb=10)",
        'PrivateNetwork("D" * 9999)',
        "Gpu(10**9999, 0)",
        'Gpu("D" * 9999, 0)',
    ],
)
def test_a_part_of_an_endless_name_is_refused_in_a_message_to_read(part: str) -> None:
    with pytest.raises(FleetError) as caught:
        evaluated(part)
    assert len(str(caught.value)) < 600


def test_the_key_of_a_project_is_for_disks_that_have_none_of_their_own() -> None:
    project = evaluated('project(kms_key=KMS_KEY.replace("central1", "east1"))')
    with pytest.raises(FleetError, match=r"project 'example-project': kms_key=.*us-central1"):
        check_machine_in_project(evaluated("gcp()"), project)
    check_machine_in_project(evaluated("gcp(boot_disk=BootDisk(kms_key=KMS_KEY))"), project)
    check_machine_in_project(evaluated('gcp(zone="us-east1-b")'), project)


def test_what_attrs_takes_for_nothing_is_no_name() -> None:
    with pytest.raises(FleetError, match="name=NOTHING"):
        Machine(attrs.NOTHING)  # type: ignore[arg-type]


def test_a_private_key_is_not_repeated() -> None:
    with pytest.raises(FleetError) as caught:
        evaluated('project(ssh_keys=("-----BEGIN OPENSSH PRIVATE KEY-----\\nhush",))')
    assert "hush" not in str(caught.value)


def test_an_abandoned_cache_is_warned_of() -> None:
    with pytest.warns(UserWarning, match=r"cuda-maintainers\.cachix\.org.*cache\.nixos-cuda\.org"):
        evaluated('BinaryCache("https://cuda-maintainers.cachix.org", public_key=CACHE_KEY)')


def test_a_parameter_that_nix_would_leave_out_is_warned_of() -> None:
    with pytest.warns(UserWarning, match=r"'priorty' of https stores.*\(nearest: priority\)"):
        evaluated('BinaryCache("https://a.example?priorty=5", public_key=CACHE_KEY)')
    with pytest.warns(UserWarning, match="'region' of https stores"):
        evaluated('BinaryCache("https://a.example?region=b", public_key=CACHE_KEY)')


def test_programs_that_anybody_on_the_way_could_replace_are_warned_of() -> None:
    with pytest.warns(UserWarning, match="'http://a.example.trusted=true': whoever is on the way"):
        evaluated('BinaryCache("http://a.example?trusted=true", public_key=())')
    # Any warning fails the tests.
    assert (
        evaluated('BinaryCache("https://a.example?trusted=true", public_key=())').public_keys == ()
    )
    assert evaluated('BinaryCache("http://a.example", public_key=CACHE_KEY)').public_keys


def test_the_order_of_parameters_makes_no_other_store() -> None:
    urls = ("s3://a?region=b&endpoint=c", "s3://a?endpoint=c&region=b")
    caches = ", ".join(f'BinaryCache("{url}", public_key=CACHE_KEY)' for url in urls)
    with pytest.raises(FleetError, match=r"caches=.s3://a.*twice"):
        evaluated(f"fleet(caches=({caches}))")


@pytest.mark.parametrize("yes", ["trusted=1", "trusted=yes", "trusted=%74rue"])
def test_a_cache_is_trusted_in_every_way_in_which_nix_reads_it(yes: str) -> None:
    assert evaluated(f'BinaryCache("https://a.example?{yes}", public_key=())').public_keys == ()


def test_two_stores_at_one_address_are_two_caches() -> None:
    stores = (
        *("s3://a?region=b", "s3://a?region=c", "s3://a?endpoint=d&region=c", "s3://a"),
        *(
            "local?root=/a",
            "local?root=/b",
            "ssh-ng://a",
            "ssh-ng://a?remote-store=local%3Froot=/b",
        ),
    )
    caches = ", ".join(f'BinaryCache("{url}", public_key=CACHE_KEY)' for url in stores)
    assert len(evaluated(f"fleet(caches=({caches}))").caches) == len(stores)


def test_an_installation_that_the_firewall_keeps_out_is_warned_of() -> None:
    with pytest.warns(UserWarning, match="install=True") as caught:
        project = evaluated("project(install=True)")
    (warning,) = caught
    message = str(warning.message)
    for words in ("'example-project'", "ssh_source_ranges", "infra runbook"):
        assert words in message
    assert "\n" not in message
    assert project.install
    # With a range of one's own there is nothing to say: any warning fails the tests.
    assert evaluated('project(install=True, ssh_source_ranges=("203.0.113.7/32",))').install
    both = 'project(install=True, ssh_source_ranges=("35.235.240.0/20", "203.0.113.7/32"))'
    assert evaluated(both).install


def test_a_machine_that_nobody_can_log_in_to_is_warned_of() -> None:
    with pytest.warns(UserWarning, match=r"ssh_keys=\(\)") as caught:
        evaluated("fleet(gcp(), gcp('halite', enabled=False))")
    (warning,) = caught
    for words in ("'example-project'", "'galena' is enabled", "NixOS", "ssh_keys=("):
        assert words in str(warning.message)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        evaluated("fleet(gcp(enabled=False))")
        evaluated("fleet(gcp(), gcp=project(ssh_keys=(KEY,)))")


def test_lists_and_iterators_do_where_tuples_do() -> None:
    machine = evaluated(
        'gcp(tags=["peer"], data_disks=[DataDisk("a", size_gb=1)], modules=iter("ab"))'
    )
    assert machine.tags == ("peer",)
    assert [disk.name for disk in machine.data_disks] == ["a"]
    assert machine.modules == ("a", "b")
    assert evaluated("fleet(machines=[gcp()])") == evaluated("fleet(gcp())")
    tuning = evaluated("NvidiaTuning(application_clocks=[5001, 1590])")
    assert tuning.application_clocks == (5001, 1590)


def test_names_further_in_a_configuration_may_hold_dots() -> None:
    config = """{"environment": {"etc": {"app.conf": {"text": "x"}}}}"""
    assert evaluated(f"fleet(gcp(config={config}), config={config})").config == eval(config)  # noqa: S307


def test_sources_of_mappings_may_change_afterwards() -> None:
    labels = {"team": "ml"}
    names: dict[str, Any] = {}
    exec(PRELUDE, names)  # noqa: S102 - our own text
    machine = names["gcp"](labels=labels)
    labels["team"] = "other"
    assert machine.labels == {"team": "ml"}


def test_an_enabled_machine_may_be_stopped() -> None:
    assert evaluated("gcp(enabled=True, stopped=True)").state == "stopped"


def test_the_whole_world_may_be_let_in_when_asked_for() -> None:
    assert evaluated('project(ssh_source_ranges=("0.0.0.0/0", "::/0"))').ssh_source_ranges
    assert evaluated("project()").ssh_source_ranges == ("35.235.240.0/20",)
    assert evaluated("project(ssh_source_ranges=())").ssh_source_ranges == ()
