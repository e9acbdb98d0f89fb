"""Every limit of the model at its edge: the last that is taken, and the first that is not."""

import pytest

from infra_lib import FleetError

from .test_bad_input import evaluated


def keys(count: int, value: str = '"x"') -> str:
    """A mapping of that many keys, as Python."""
    return "{" + ", ".join(f'"key{each}": {value}' for each in range(count)) + "}"


def tags(count: int) -> str:
    return "(" + ", ".join(f'"tag{each}"' for each in range(count)) + ",)"


# What is taken, what is not, and the field that the message names.
EDGES = {
    # gcp_rules.py
    "the longest run": (
        "gcp(max_run_duration=120 * 24 * 60 * 60)",
        "gcp(max_run_duration=120 * 24 * 60 * 60 + 1)",
        "max_run_duration=10368001: a whole number of seconds (up to 120 days",
    ),
    "the shortest run": (
        "gcp(max_run_duration=30)",
        "gcp(max_run_duration=29)",
        "max_run_duration=29: a whole number of seconds (up to 120 days",
    ),
    "the smallest boot disk": (
        "gcp(boot_disk=BootDisk(size_gb=10))",
        "gcp(boot_disk=BootDisk(size_gb=9))",
        "boot disk: size_gb=9: a whole number of GB from 10 to 65536",
    ),
    "the largest boot disk": (
        "gcp(boot_disk=BootDisk(size_gb=65536))",
        "gcp(boot_disk=BootDisk(size_gb=65537))",
        "boot disk: size_gb=65537: a whole number of GB from 10 to 65536",
    ),
    "the smallest data disk": (
        'gcp(data_disks=(DataDisk("tank", size_gb=1),))',
        'gcp(data_disks=(DataDisk("tank", size_gb=0),))',
        "size_gb=0: a whole number of GB from 1 to 65536",
    ),
    "the largest data disk": (
        'gcp(data_disks=(DataDisk("tank", size_gb=65536),))',
        'gcp(data_disks=(DataDisk("tank", size_gb=65537),))',
        "size_gb=65537: a whole number of GB from 1 to 65536",
    ),
    # 64, without the stack's own two.
    "the most network tags": (
        f"gcp(network_tags={tags(62)})",
        f"gcp(network_tags={tags(63)})",
        "network_tags='63 tags': at most 62",
    ),
    "network tags given twice": (
        f"gcp(network_tags={tags(62)} * 2)",
        f"gcp(network_tags={tags(63)} * 2)",
        "network_tags='63 tags': at most 62",
    ),
    # 64, without the stack's four and the provider's one.
    "the most labels": (
        f"gcp(labels={keys(59)})",
        f"gcp(labels={keys(60)})",
        "labels='60 labels': at most 59",
    ),
    "a GPU's least count": (
        'n1(Gpu("nvidia-tesla-t4", 1))',
        'n1(Gpu("nvidia-tesla-t4", 0))',
        "gpu 'nvidia-tesla-t4': count=0: a whole number of GPUs from 1",
    ),
    "a state version": (
        'gcp(state_version="25.05")',
        'gcp(state_version="25.5")',
        "state_version='25.5': a NixOS release",
    ),
    "a longer state version": (
        'gcp(state_version="25.05")',
        'gcp(state_version="125.05")',
        "state_version='125.05': a NixOS release",
    ),
    "nix-darwin's first state version": (
        'Machine("a", machine_class="darwin", state_version=1)',
        'Machine("a", machine_class="darwin", state_version=0)',
        "state_version=0: a whole number of nix-darwin's own count",
    ),
    "the longest host name": (
        'Machine("7" * 63)',
        'Machine("7" * 64)',
        "a host name has 1 to 63 characters",
    ),
    # check.py
    "the longest name": ('gcp("g" * 63)', 'gcp("g" * 64)', "a name has 1 to 63 characters"),
    "the shortest name": ('gcp("g")', 'gcp("")', "a name has 1 to 63 characters"),
    "the longest network tag": (
        'gcp(network_tags=("t" * 63,))',
        'gcp(network_tags=("t" * 64,))',
        "a name has 1 to 63 characters",
    ),
    "the longest label of a domain": (
        'fleet(domain="d" * 63)',
        'fleet(domain="d" * 64)',
        "a domain is lower-case DNS labels",
    ),
    "the longest domain": (
        'fleet(domain=".".join(["d" * 49] * 5) + ".abc")',
        'fleet(domain=".".join(["d" * 49] * 5) + ".abcd")',
        "a domain is lower-case DNS labels",
    ),
    "the longest key of a label": (
        'gcp(labels={"k" * 63: "x"})',
        'gcp(labels={"k" * 64: "x"})',
        "a label's key has 1 to 63",
    ),
    "the shortest key of a label": (
        'gcp(labels={"k": "x"})',
        'gcp(labels={"": "x"})',
        "a label's key has 1 to 63",
    ),
    "the first letter of a label's key": (
        'gcp(labels={"k1": "x"})',
        'gcp(labels={"1k": "x"})',
        "a label's key has 1 to 63",
    ),
    "the longest value of a label": (
        'gcp(labels={"k": "v" * 63})',
        'gcp(labels={"k": "v" * 64})',
        "a label's value has 1 to 63",
    ),
    "the shortest value of a label": (
        'gcp(labels={"k": "v"})',
        'gcp(labels={"k": ""})',
        "a label's value has 1 to 63",
    ),
    "the longest key of metadata": (
        'gcp(metadata={"K" * 128: "x"})',
        'gcp(metadata={"K" * 129: "x"})',
        "a metadata key has 1 to 128",
    ),
    "the shortest key of metadata": (
        'gcp(metadata={"K": "x"})',
        'gcp(metadata={"": "x"})',
        "a metadata key has 1 to 128",
    ),
    "the characters of a metadata key": (
        'gcp(metadata={"aZ9-_": "x"})',
        'gcp(metadata={"a.b": "x"})',
        "a metadata key has 1 to 128",
    ),
    "the largest number that all tools hold": (
        'MachineType("n9-a", 2**31 - 1, 1)',
        'MachineType("n9-a", 2**31, 1)',
        "vcpus=2147483648: a whole number of vCPUs from 1 to 2147483647",
    ),
    "text with a tab and line ends": (
        'Machine("a", description="a\\tb\\r\\nc")',
        'Machine("a", description="a\\x0bc")',
        "text without control characters",
    ),
    "text above the control characters": (
        'Machine("a", description="\\x20~")',
        'Machine("a", description="\\x1f")',
        "text without control characters",
    ),
    "text without DEL": (
        'Machine("a", description="~")',
        'Machine("a", description="\\x7f")',
        "text without control characters",
    ),
    "text around the surrogates": (
        'Machine("a", description="\\ud7ff\\ue000")',
        'Machine("a", description="\\ud800")',
        "text without control characters",
    ),
    "the last surrogate": (
        'Machine("a", description="\\ue000")',
        'Machine("a", description="\\udfff")',
        "text without control characters",
    ),
    # gcp_project.py
    "the shortest project": (
        'GcpProject("abcde1", region="us-central1")',
        'GcpProject("abcd1", region="us-central1")',
        "project='abcd1': a project ID",
    ),
    "the longest project": (
        'GcpProject("p" * 30, region="us-central1")',
        'GcpProject("p" * 31, region="us-central1")',
        "a project ID such as",
    ),
    "the end of a project": (
        'GcpProject("example-1", region="us-central1")',
        'GcpProject("example-", region="us-central1")',
        "project='example-': a project ID",
    ),
    "the beginning of a project": (
        'GcpProject("e1-example", region="us-central1")',
        'GcpProject("1e-example", region="us-central1")',
        "project='1e-example': a project ID",
    ),
    "the project of a domain": (
        'GcpProject("example.com:ab", region="us-central1")',
        'GcpProject("example.com:a", region="us-central1")',
        "project='example.com:a': a project ID",
    ),
    "the shortest bucket": (
        'GcsBackend("abc")',
        'GcsBackend("ab")',
        "bucket='ab': a Cloud Storage bucket's name",
    ),
    "the longest bucket": (
        'GcsBackend("b" * 222)',
        'GcsBackend("b" * 223)',
        "a Cloud Storage bucket's name",
    ),
    "the end of a bucket": (
        'GcsBackend("ab_c")',
        'GcsBackend("ab_")',
        "a Cloud Storage bucket's name",
    ),
    "the beginning of a bucket": (
        'GcsBackend("1.b")',
        'GcsBackend("-1b")',
        "a Cloud Storage bucket's name",
    ),
    "the shortest prefix": (
        'GcsBackend("abc", prefix="")',
        'GcsBackend("abc", prefix=" ")',
        "letters, digits and - _ . / are accepted",
    ),
    # catalog
    "the least memory": (
        'MachineType("n9-a", 1, 0.1)',
        'MachineType("n9-a", 1, 0)',
        "memory_gib=0: a number of GiB",
    ),
    "the most memory": (
        'MachineType("n9-a", 1, 1e9)',
        'MachineType("n9-a", 1, 1.1e9)',
        "memory_gib=1100000000.0: a number of GiB",
    ),
    "the least vCPUs": (
        'MachineType("n9-a", 1, 1)',
        'MachineType("n9-a", 0, 1)',
        "vcpus=0: a whole number of vCPUs from 1",
    ),
    "the least Local SSD": (
        'MachineType("n9-a", 1, 1, local_ssd_gib=0)',
        'MachineType("n9-a", 1, 1, local_ssd_gib=-1)',
        "local_ssd_gib=-1: a whole number of GiB from 0",
    ),
    "no GPUs of no kind": (
        'MachineType("n9-a", 1, 1, accelerator_count=0)',
        'MachineType("n9-a", 1, 1, accelerator_count=1)',
        "accelerator_count=1: a whole number of GPUs from 0 to 0",
    ),
    "one GPU of a kind": (
        'MachineType("n9-a", 1, 1, accelerator="x", accelerator_count=1)',
        'MachineType("n9-a", 1, 1, accelerator="x", accelerator_count=0)',
        "accelerator_count=0: a whole number of GPUs from 1",
    ),
    "the least price": (
        'Price("a", "*", 0, 0.0)',
        'Price("a", "*", -0.01)',
        "usd_per_hour=-0.01: USD per hour",
    ),
    "the least price of a Spot VM": (
        'Price("a", "*", 1, 0)',
        'Price("a", "*", 1, -1)',
        "usd_per_hour_spot=-1: USD per hour",
    ),
    "the highest price": (
        'Price("a", "*", 1e9)',
        'Price("a", "*", 1.1e9)',
        "usd_per_hour=1100000000.0: USD per hour",
    ),
    "the least memory of a GPU": (
        'AcceleratorType("a", "A", "turing", 1)',
        'AcceleratorType("a", "A", "turing", 0)',
        "memory_gb=0: a whole number of GB from 1",
    ),
    "the least count that attaches": (
        'AcceleratorType("a", "A", "turing", 1, {1: 1})',
        'AcceleratorType("a", "A", "turing", 1, {0: 1})',
        "max_vcpus=0: a whole number of GPUs from 1",
    ),
    "the least vCPUs with a GPU": (
        'AcceleratorType("a", "A", "turing", 1, {1: 1})',
        'AcceleratorType("a", "A", "turing", 1, {1: 0})',
        "max_vcpus[1]=0: a whole number of vCPUs from 1",
    ),
    # nvidia.py
    "the least power": (
        "NvidiaTuning(power_limit=1)",
        "NvidiaTuning(power_limit=0)",
        "power_limit=0: a whole number of watts from 1",
    ),
    "the least clock": (
        "NvidiaTuning(application_clocks=(1, 1))",
        "NvidiaTuning(application_clocks=(1, 0))",
        "application_clocks=0: a whole number of MHz from 1",
    ),
    "two clocks": (
        "NvidiaTuning(application_clocks=(1, 1))",
        "NvidiaTuning(application_clocks=(1, 1, 1))",
        "application_clocks=(1, 1, 1)",
    ),
    "one clock": (
        "NvidiaTuning(application_clocks=(1, 1))",
        "NvidiaTuning(application_clocks=(1,))",
        "application_clocks=(1,)",
    ),
    "no hours at no price": (
        "fleet(gcp(), budget_usd_per_hour=0)",
        "fleet(gcp(), budget_usd_per_hour=-0.01)",
        "budget_usd_per_hour=-0.01",
    ),
    # clouds/hetzner
    "the longest name of a server": (
        'hetzner("g" * 63)',
        'hetzner("g" * 64)',
        "a name at Hetzner Cloud has 1 to 63 letters",
    ),
    "the longest value of a label at Hetzner": (
        'hetzner(labels={"a": "b" * 63})',
        'hetzner(labels={"a": "b" * 64})',
        "a label's value is empty, or has 1 to 63",
    ),
    "the longest key of a label at Hetzner": (
        'hetzner(labels={"a" * 63: ""})',
        'hetzner(labels={"a" * 64: ""})',
        "a label's key has 1 to 63",
    ),
    "the smallest volume": (
        'Volume("ore", size_gb=10)',
        'Volume("ore", size_gb=9)',
        "size_gb=9: a whole number of GB from 10 to 10240",
    ),
    "the largest volume": (
        'Volume("ore", size_gb=10240)',
        'Volume("ore", size_gb=10241)',
        "size_gb=10241: a whole number of GB from 10 to 10240",
    ),
    "the most user data": (
        'hetzner(user_data="a" * 32768)',
        'hetzner(user_data="a" * 32769)',
        "user_data='32769 bytes': at most 32768",
    ),
    "the first port": (
        'FirewallRule("tcp", port="1")',
        'FirewallRule("tcp", port="0")',
        "port='0': a port as text",
    ),
    "the last port": (
        'FirewallRule("udp", port="1-65535")',
        'FirewallRule("udp", port="1-65536")',
        "port='1-65536': a port as text",
    ),
    "ports that are a range": (
        'FirewallRule("tcp", port="8000-8001")',
        'FirewallRule("tcp", port="8000-8000")',
        "port='8000-8000': a port as text",
    ),
    "the largest private network": (
        'PrivateNetwork("a", ip_range="10.0.0.0/8", subnet=None)',
        'PrivateNetwork("a", ip_range="10.0.0.0/7", subnet=None)',
        "ip_range='10.0.0.0/7'",
    ),
    "the smallest private network": (
        'PrivateNetwork("a", ip_range="192.168.0.0/30")',
        'PrivateNetwork("a", ip_range="192.168.0.0/31")',
        "ip_range='192.168.0.0/31': a prefix of 8 to 30 bits",
    ),
    "the most servers in a placement group": (
        'fleet(*(hetzner(f"n{n}", "cpx22", placement_group="a") for n in range(10)), gcp=None,'
        " hetzner=HetznerProject(ssh_keys=(KEY,), server_limit=20, ssh_source_ranges=WORLD))",
        'fleet(*(hetzner(f"n{n}", "cpx22", placement_group="a") for n in range(11)), gcp=None,'
        " hetzner=HetznerProject(ssh_keys=(KEY,), server_limit=20, ssh_source_ranges=WORLD))",
        "placement_group='a': 11 servers are in it, and at most 10",
    ),
    "the most firewalls of a server": (
        "at_hetzner(hetzner(firewall_ids=(1, 2, 3, 4), enabled=False))",
        "at_hetzner(hetzner(firewall_ids=(1, 2, 3, 4, 5), enabled=False))",
        "firewall_ids=(1, 2, 3, 4, 5): at most 4",
    ),
    "the fewest servers of a project": (
        "HetznerProject(server_limit=1)",
        "HetznerProject(server_limit=0)",
        "server_limit=0: a whole number of servers",
    ),
}


@pytest.mark.filterwarnings("ignore:.*ssh_keys")
@pytest.mark.parametrize(("taken", "refused", "message"), EDGES.values(), ids=EDGES)
def test_the_last_is_taken_and_the_next_is_refused(taken: str, refused: str, message: str) -> None:
    evaluated(taken)
    with pytest.raises(FleetError) as caught:
        evaluated(refused)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("driver", "gpu", "taken"),
    [
        ("legacy_535", "nvidia-h100-80gb", True),
        ("legacy_535", "nvidia-b200", False),
        ("legacy_580", "nvidia-b200", True),
        ("legacy_580", "nvidia-r100", False),
        ("production", "nvidia-r100", True),
    ],
)
def test_the_newest_gpu_that_a_driver_drives(driver: str, gpu: str, taken: bool) -> None:
    described = (
        f'fleet(gcp(machine_type="a9-x", catalog=Catalog(machine_types=(MachineType("a9-x", 8, 32, '
        f'accelerator="{gpu}", accelerator_count=1),), accelerator_types=('
        'AcceleratorType("nvidia-b200", "B200", "blackwell", 180), '
        'AcceleratorType("nvidia-r100", "R100", "rubin", 288)), '
        f'zones=(Zone("us-central1-b", "us-central1", ("{gpu}",)),))), '
        f'nvidia=Nvidia(driver="{driver}"))'
    )
    if taken:
        assert evaluated(described).nvidia.driver == driver
    else:
        with pytest.raises(FleetError, match=f"driver='{driver}': drives nothing newer than"):
            evaluated(described)


@pytest.mark.parametrize(
    ("driver", "generation", "taken"),
    [
        ("production", "turing", True),
        ("production", "volta", False),
        ("latest", "pascal", False),
        ("stable", "volta", False),
        ("beta", "volta", False),
        ("dc", "maxwell", True),
        ("dc", "kepler", False),
        ("legacy_580", "maxwell", True),
        ("legacy_580", "kepler", False),
        ("legacy_535", "maxwell", True),
        ("legacy_535", "kepler", False),
    ],
)
def test_the_oldest_gpu_that_a_driver_drives(driver: str, generation: str, taken: bool) -> None:
    described = (
        'fleet(gcp(machine_type="a9-x", catalog=Catalog(machine_types=(MachineType("a9-x", 8, 32, '
        'accelerator="nvidia-x", accelerator_count=1),), accelerator_types=('
        f'AcceleratorType("nvidia-x", "X", "{generation}", 8, compute_capability="5.2"),))), '
        f'nvidia=Nvidia(driver="{driver}"))'
    )
    if taken:
        assert evaluated(described).nvidia.driver == driver
    else:
        with pytest.raises(FleetError, match=f"driver='{driver}': drives nothing older than"):
            evaluated(described)


CAPABILITIES = {
    "the oldest that CUDA 12 builds for": ("5.0", "3.7"),
    "the newest that is known, and one before it": ("12.1", "11.0"),
    "one that is newer": ("12.2", "12.22"),
    "one of two digits": ("13.0", "013.0"),
    "the first that has code for it alone": ("9.0a", "8.9a"),
    "the first that has a family": ("10.0f", "9.0f"),
    "one that is newer, with a letter": ("12.2f", "11.9f"),
}


@pytest.mark.parametrize(("taken", "refused"), CAPABILITIES.values(), ids=CAPABILITIES)
def test_a_capability_that_is_known_or_newer_is_taken(taken: str, refused: str) -> None:
    evaluated(f'Nvidia(cuda_capabilities=("{taken}",))')
    with pytest.raises(FleetError, match=f"cuda_capabilities='{refused}'"):
        evaluated(f'Nvidia(cuda_capabilities=("{refused}",))')


@pytest.mark.parametrize("label", ["cost", "fleet", "machine", "state"])
def test_a_label_that_the_stack_writes_is_nobody_elses(label: str) -> None:
    google = ("gcp(labels={})", "project(labels={})")
    for described in (*google, "hetzner(labels={})", "HetznerProject(labels={})"):
        with pytest.raises(FleetError, match=f"labels='{label}': this label is written by the"):
            evaluated(described.replace("{}", f'{{"{label}": "x"}}'))
        evaluated(described.replace("{}", f'{{"{label}s": "x"}}'))


@pytest.mark.parametrize(
    ("key", "says"),
    [
        ("block-project-ssh-keys", "GcpProject(project_ssh_keys=…)"),
        ("enable-guest-attributes", "GcpProject(guest_attributes=…)"),
        ("enable-oslogin", "GcpProject(os_login=…)"),
        ("serial-port-enable", "serial_port"),
        ("ssh-keys", "GcpProject(ssh_keys=…)"),
        ("startup-script", "startup_script"),
    ],
)
def test_metadata_that_the_stack_writes_is_nobody_elses(key: str, says: str) -> None:
    with pytest.raises(FleetError) as caught:
        evaluated(f'gcp(metadata={{"{key}": "x"}})')
    by_the_stack = f"this key is written by the stack itself: {says} says it"
    assert str(caught.value) == f"machine 'galena': metadata='{key}': {by_the_stack}"
    evaluated(f'gcp(metadata={{"{key}s": "x"}})')
