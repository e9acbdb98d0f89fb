"""Fleets that Hetzner Cloud cannot have: how each is written, and what its message has to name."""

REFUSED_AT_HETZNER = {
    # A server.
    "server that is powered off": (
        "hetzner(stopped=True)",
        ("'cinnabar'", "stopped=True", "full price", "enabled=False deletes it", "is lost"),
    ),
    "server with an underscore in its name": (
        'hetzner("gam_ma")',
        ("machine 'gam_ma'", "name='gam_ma'", "1 to 63 letters, digits and hyphens", "RFC 1123"),
    ),
    "server whose name ends in a hyphen": (
        'hetzner("gamma-")',
        ("name='gamma-'", "no hyphen last"),
    ),
    "server whose name begins with a digit": ('hetzner("5gamma")', ("name='5gamma'", "a letter")),
    "server with a name of 64 characters": ('hetzner("g" * 64)', ("1 to 63 letters",)),
    "two servers of one name": (
        "at_hetzner(hetzner(), hetzner())",
        ("'metals'", "machines='cinnabar'", "twice"),
    ),
    "server of one name in two clouds": (
        'fleet(gcp("cinnabar"), hetzner(), hetzner=HetznerProject())',
        ("'metals'", "machines='cinnabar'", "twice"),
    ),
    "type that its location does not sell": (
        'hetzner(location="sin")',
        ("'cinnabar'", "cx43", "sin", "fsn1"),
    ),
    "cx outside Europe": ('hetzner(location="ash")', ("'cinnabar'", "cx43", "ash", "ccx")),
    "type that can no longer be ordered": (
        'hetzner(server_type="cpx31")',
        ("'cinnabar'", "cpx31", "fsn1", "existing=True"),
    ),
    "type that its fallback location does not sell": (
        'hetzner(fallback_locations=("hil",))',
        ("'cinnabar'", "fallback_locations", "hil"),
    ),
    "unknown server type": (
        'hetzner(server_type="cx44")',
        ("'cinnabar'", "server_type='cx44'", "cx43", "HetznerCatalog("),
    ),
    "server type of Google's": (
        'hetzner(server_type="e2-standard-8")',
        ("'cinnabar'", "server_type='e2-standard-8'"),
    ),
    "unknown location": (
        'hetzner(location="fsn2")',
        ("'cinnabar'", "location='fsn2'", "fsn1", "HetznerCatalog("),
    ),
    "zone of Google's for a location": (
        'hetzner(location="us-central1-b")',
        ("'cinnabar'", "location='us-central1-b'"),
    ),
    "data center for a location": ('hetzner(location="fsn1-dc14")', ("location='fsn1-dc14'",)),
    "location to fall back to that is its own": (
        'hetzner(fallback_locations=("fsn1",))',
        ("'cinnabar'", "fallback_locations='fsn1'", "twice"),
    ),
    "locations to fall back to, with a volume": (
        'hetzner(fallback_locations=("nbg1",), volumes=(Volume("ore", size_gb=10),))',
        ("'cinnabar'", "fallback_locations=('nbg1',)", "its volumes stay in fsn1"),
    ),
    "location to fall back to that its network does not reach": (
        'hetzner(server_type="ccx13", fallback_locations=("ash",), networks=("internal",))',
        ("'cinnabar'", "fallback_locations=('ash',)", "is in eu-central only"),
    ),
    "image for x86 on Arm": (
        'hetzner(server_type="cax21", image="debian-12-amd64")',
        ("'cinnabar'", "image='debian-12-amd64'", "it is for x86, and cax21 is arm"),
    ),
    "image for Arm on x86": (
        'hetzner(image="debian-12-arm64")',
        ("'cinnabar'", "image='debian-12-arm64'", "it is for arm, and cx43 is x86"),
    ),
    "snapshot for x86 on Arm": (
        'hetzner(server_type="cax21", image="114690387", image_architecture="x86")',
        ("'cinnabar'", "image='114690387'", "it is for x86"),
    ),
    "architecture as others call it": (
        'hetzner(image_architecture="amd64")',
        ("'cinnabar'", "image_architecture='amd64'", "x86", "arm"),
    ),
    "image of Google's": (
        'hetzner(image="debian-cloud/debian-12")',
        ("'cinnabar'", "image='debian-cloud/debian-12'", '"debian-12"'),
    ),
    "image of no name": ('hetzner(image="")', ("'cinnabar'", "image=''", "a snapshot")),
    "user data of more than 32 KiB": (
        'hetzner(user_data="é" * 20000)',
        ("'cinnabar'", "user_data='40000 bytes'", "at most 32768 bytes"),
    ),
    "server in no network at all": (
        "hetzner(ipv4=False, ipv6=False)",
        ("'cinnabar'", "networks={}", "a private network"),
    ),
    # Labels: what the provider finds at validate, and what it finds at apply.
    "label with a space": (
        'hetzner(labels={"owner": "Ada Lovelace"})',
        ("'cinnabar'", "labels['owner']='Ada Lovelace'", "1 to 63 letters, digits and . _ -"),
    ),
    "label that is an address": (
        'hetzner(labels={"owner": "ada@example.org"})',
        ("labels['owner']='ada@example.org'",),
    ),
    "label that ends in a hyphen": ('hetzner(labels={"team": "ml-"})', ("labels['team']='ml-'",)),
    "label of 64 characters": ('hetzner(labels={"team": "a" * 64})', ("labels['team']=",)),
    "label with a slash in its value": ('hetzner(labels={"a": "b/c"})', ("labels['a']='b/c'",)),
    "label key with a space": (
        'hetzner(labels={"my team": "ml"})',
        ("'cinnabar'", "labels='my team'", "a label's key"),
    ),
    "label key that begins with a hyphen": (
        'hetzner(labels={"-owner": "ada"})',
        ("labels='-owner'", "a letter or a digit first"),
    ),
    "label key with two slashes": ('hetzner(labels={"a/b/c": "d"})', ("labels='a/b/c'",)),
    "label that the stack writes": (
        'hetzner(labels={"machine": "a"})',
        ("'cinnabar'", "labels='machine'", "written by the stack itself"),
    ),
    "label of the project with a space": (
        'HetznerProject(labels={"team": "a b"})',
        ("Hetzner project", "labels['team']='a b'"),
    ),
    # Volumes.
    "volume elsewhere than its server": (
        'hetzner(volumes=(Volume("ore", size_gb=10, location="nbg1"),))',
        ("'cinnabar'", "volumes['ore'].location='nbg1'", "the server is in fsn1"),
    ),
    "volume that is too small": (
        'Volume("ore", size_gb=9)',
        ("volume 'ore'", "size_gb=9", "from 10"),
    ),
    "volume that is too large": (
        'Volume("ore", size_gb=10241)',
        ("volume 'ore'", "size_gb=10241", "10240"),
    ),
    "volume of a fraction": ('Volume("ore", size_gb=10.5)', ("size_gb=10.5", "a whole number")),
    "volume with a space in its name": ('Volume("my ore", size_gb=10)', ("name='my ore'",)),
    "volume with a filesystem that Hetzner does not make": (
        'Volume("ore", size_gb=10, format="zfs")',
        ("volume 'ore'", "format='zfs'", "ext4", "xfs"),
    ),
    "volume in a location of no name": (
        'Volume("ore", size_gb=10, location="")',
        ("volume 'ore'", "location=''", '"fsn1"'),
    ),
    "two volumes of one name": (
        'hetzner(volumes=(Volume("ore", size_gb=10), Volume("ore", size_gb=20)))',
        ("'cinnabar'", "volumes.name='ore'", "twice"),
    ),
    "volume of one name on two servers": (
        'at_hetzner(*(hetzner(name, volumes=(Volume("ore", size_gb=10),)) for name in "ab"))',
        ("machine 'b'", "volumes.name='ore'", "taken by a volume of 'a'"),
    ),
    # Private networks.
    "network range with host bits": (
        'PrivateNetwork("internal", ip_range="10.0.0.5/16")',
        ("'internal'", "ip_range='10.0.0.5/16'", 'host bits set; write it as "10.0.0.0/16"'),
    ),
    "subnet with host bits": (
        'PrivateNetwork("internal", subnet="10.0.1.1/24")',
        ("'internal'", "subnet='10.0.1.1/24'", '"10.0.1.0/24"'),
    ),
    "subnet outside its network": (
        'PrivateNetwork("internal", subnet="10.1.0.0/24")',
        ("'internal'", "subnet='10.1.0.0/24'", "within ip_range, 10.0.0.0/16"),
    ),
    "network of public addresses": (
        'PrivateNetwork("internal", ip_range="203.0.113.0/24")',
        ("'internal'", "ip_range='203.0.113.0/24'", "10.0.0.0/8", "192.168.0.0/16"),
    ),
    "network of IPv6": (
        'PrivateNetwork("internal", ip_range="fd00::/64")',
        ("'internal'", "ip_range='fd00::/64'", "a private IPv4 range"),
    ),
    "network of one address": (
        'PrivateNetwork("internal", ip_range="10.0.0.1")',
        ("'internal'", "ip_range='10.0.0.1'", '"10.0.0.0/16"'),
    ),
    "network that is too small": (
        'PrivateNetwork("internal", ip_range="10.0.0.0/31")',
        ("'internal'", "ip_range='10.0.0.0/31'", "30 bits"),
    ),
    "network in a zone of no name": (
        'PrivateNetwork("internal", network_zone="")',
        ("'internal'", "network_zone=''", '"eu-central"'),
    ),
    "network that the project has not": (
        'at_hetzner(hetzner(networks=("internal",)))',
        ("'cinnabar'", "networks='internal'", "no private network of that name", "it has none"),
    ),
    "network of another name": (
        'at_hetzner(hetzner(networks=("intern",)), networks=(PrivateNetwork("internal"),))',
        ("'cinnabar'", "networks='intern'", "it has internal"),
    ),
    "network in another zone": (
        'at_hetzner(hetzner(networks=("internal",)),'
        ' networks=(PrivateNetwork("internal", network_zone="us-east"),))',
        ("'cinnabar'", "networks='internal'", "it is in us-east, and fsn1 in eu-central"),
    ),
    "address outside its network": (
        'at_hetzner(hetzner(networks={"internal": "10.0.2.5"}),'
        ' networks=(PrivateNetwork("internal", subnet="10.0.1.0/24"),))',
        ("'cinnabar'", "networks['internal']='10.0.2.5'", "an address in 10.0.1.0/24"),
    ),
    "address of the gateway": (
        'at_hetzner(hetzner(networks={"internal": "10.0.0.1"}),'
        ' networks=(PrivateNetwork("internal"),))',
        ("'cinnabar'", "networks['internal']='10.0.0.1'", "its gateway's"),
    ),
    "address of all": (
        'at_hetzner(hetzner(networks={"internal": "10.0.255.255"}),'
        ' networks=(PrivateNetwork("internal"),))',
        ("networks['internal']='10.0.255.255'",),
    ),
    "address that is none": (
        'at_hetzner(hetzner(networks={"internal": "10.0.1"}),'
        ' networks=(PrivateNetwork("internal"),))',
        ("networks['internal']='10.0.1'", '"10.0.0.2"'),
    ),
    "address of two servers": (
        'at_hetzner(*(hetzner(name, networks={"internal": "10.0.1.5"}) for name in "ab"),'
        ' networks=(PrivateNetwork("internal"),))',
        ("machine 'b'", "networks['internal']='10.0.1.5'", "'a' has that address"),
    ),
    "two networks of one name": (
        'HetznerProject(networks=(PrivateNetwork("internal"), PrivateNetwork("internal")))',
        ("Hetzner project", "networks='internal'", "twice"),
    ),
    # Firewalls.
    "firewall rule of a protocol that is none": (
        'FirewallRule("http", port="80")',
        ("firewall rule", "protocol='http'", "tcp"),
    ),
    "firewall rule without a port": (
        'FirewallRule("udp")',
        ("firewall rule", "port=None", '"443" or "60000-61000"'),
    ),
    "firewall rule of ICMP with a port": (
        'FirewallRule("icmp", port="8")',
        ("firewall rule", "port='8'", "no other has"),
    ),
    "firewall rule of a port with a zero before": (
        'FirewallRule("tcp", port="080")',
        ("port='080'", "as text"),
    ),
    "more rules than a firewall has": (
        'hetzner(firewall_rules=[FirewallRule("tcp", port=f"{n}") for n in range(1, 52)])',
        ("'cinnabar'", "firewall_rules='51 rules'", "at most 50"),
    ),
    "more volumes than a server takes": (
        'hetzner(volumes=[Volume(f"ore-{n}", size_gb=10) for n in range(17)])',
        ("'cinnabar'", "volumes='17 volumes'", "at most 16"),
    ),
    "more networks than a server is in": (
        'hetzner(networks=tuple("abcd"))',
        ("'cinnabar'", "networks='4 networks'", "at most 3"),
    ),
    "firewall rule of port 0": ('FirewallRule("tcp", port="0")', ("port='0'", "as text")),
    "firewall rule of a port that is none": (
        'FirewallRule("tcp", port="65536")',
        ("port='65536'", "as text"),
    ),
    "firewall rule of a name for a port": (
        'FirewallRule("tcp", port="https")',
        ("port='https'", '"443"'),
    ),
    "firewall rule of ports from last to first": (
        'FirewallRule("tcp", port="61000-60000")',
        ("port='61000-60000'", '"60000-61000"'),
    ),
    "firewall rule of a range with host bits": (
        'FirewallRule("tcp", port="443", source_ranges=("10.0.0.1/8",))',
        ("firewall rule", "source_ranges='10.0.0.1/8'", "10.0.0.0/8"),
    ),
    "firewall rule for nobody": (
        'FirewallRule("tcp", port="443", source_ranges=())',
        ("firewall rule", "source_ranges=()", "leave the rule out"),
    ),
    "firewall of no number": (
        'hetzner(firewall_ids=("web",))',
        ("'cinnabar'", "firewall_ids='web'", "Reference("),
    ),
    "more firewalls than a server takes": (
        "at_hetzner(hetzner(firewall_ids=(1, 2, 3, 4, 5)))",
        ("'cinnabar'", "firewall_ids=(1, 2, 3, 4, 5)", "at most 4", "has 1 of the fleet"),
    ),
    "SSH from a range with host bits": (
        'HetznerProject(ssh_source_ranges=("198.51.100.7/24",))',
        ("Hetzner project", "ssh_source_ranges='198.51.100.7/24'", "198.51.100.0/24"),
    ),
    # Placement groups.
    "placement group with a space": (
        'hetzner(placement_group="my group")',
        ("'cinnabar'", "placement_group='my group'"),
    ),
    "placement group of eleven": (
        'at_hetzner(*(hetzner(f"node-{n}", placement_group="web") for n in range(11)),'
        " server_limit=20)",
        ("'metals'", "placement_group='web'", "11 servers", "at most 10"),
    ),
    # The fleet.
    "fleet whose name is no label": (
        'fleet(hetzner(), name="metals-", gcp=None, hetzner=HetznerProject())',
        ("'metals-'", "name='metals-'", "labels at Hetzner Cloud"),
    ),
    "facts of a zone of Google's": (
        "fleet(hetzner(), hetzner=HetznerProject(),"
        ' facts=Facts(machines=(MachineFacts("cinnabar", zone="us-central1-a"),)))',
        ("facts of machine 'cinnabar'", "zone='us-central1-a'", "a location"),
    ),
    # The project.
    "server of no project": (
        "Fleet(name='metals', domain='zt', machines=(hetzner(),))",
        ("'metals'", "hetzner=None", "HetznerProject(…)", "'cinnabar'"),
    ),
    "key that a project has twice": (
        'HetznerProject(ssh_keys=(KEY, KEY.replace("admin", "other")))',
        ("Hetzner project", "ssh_keys=", "twice"),
    ),
    "key that is private": (
        'HetznerProject(ssh_keys=("-----BEGIN OPENSSH PRIVATE KEY-----",))',
        ("Hetzner project", "ssh_keys=", "a PRIVATE key"),
    ),
    "key of no name": (
        'HetznerProject(ssh_key_names=(" ",))',
        ("Hetzner project", "ssh_key_names=' '", '"laptop"'),
    ),
    "limit of no server": (
        "HetznerProject(server_limit=0)",
        ("Hetzner project", "server_limit=0", "from 1"),
    ),
    "installation of a server without IPv4": (
        "at_hetzner(hetzner(ipv4=False), install=True, ssh_source_ranges=('203.0.113.7/32',))",
        ("'cinnabar'", "ipv4=False", "install=True", "no IPv6"),
    ),
    # What is none of the kind that a field takes.
    "None for a server type": ("hetzner(server_type=None)", ("'cinnabar'", "server_type=None")),
    "a number for a location": ("hetzner(location=5)", ("'cinnabar'", "location=5")),
    "a string for fallback locations": (
        'hetzner(fallback_locations="nbg1")',
        ("'cinnabar'", "fallback_locations='nbg1'", '("nbg1",)'),
    ),
    "a number for existing": ("hetzner(existing=1)", ("existing=1", "True or False")),
    "an address for IPv4": (
        'hetzner(ipv4="203.0.113.7")',
        ("'cinnabar'", "ipv4='203.0.113.7'", "True or False"),
    ),
    "None for IPv6": ("hetzner(ipv6=None)", ("ipv6=None", "True or False")),
    "a string for backups": ('hetzner(backups="daily")', ("backups='daily'", "True or False")),
    "a string for keep_disk": ('hetzner(keep_disk="yes")', ("keep_disk='yes'", "True or False")),
    "a number for protection": (
        "hetzner(deletion_protection=1)",
        ("deletion_protection=1", "True or False"),
    ),
    "None for user data": ("hetzner(user_data=None)", ("user_data=None", "text")),
    "a list for labels at Hetzner": ('hetzner(labels=["team"])', ("labels=['team']", "a mapping")),
    "a number for a label at Hetzner": ('hetzner(labels={"team": 5})', ("labels['team']=5",)),
    "a string for volumes": ('hetzner(volumes="ore")', ("volumes='ore'", "a tuple or a list")),
    "a disk of Google's for a volume": (
        'hetzner(volumes=(DataDisk("ore", size_gb=10),))',
        ("'cinnabar'", "volumes=DataDisk(", 'Volume("data", size_gb=100)'),
    ),
    "a string for a size of a volume": ('Volume("ore", size_gb="10")', ("size_gb='10'",)),
    "a string for the guard of a volume": (
        'Volume("ore", size_gb=10, prevent_destroy="no")',
        ("volume 'ore'", "prevent_destroy='no'", "True or False"),
    ),
    "a string for networks": (
        'hetzner(networks="internal")',
        ("'cinnabar'", "networks='internal'", '{"internal": "10.0.1.5"}'),
    ),
    "a number for an address in a network": (
        'hetzner(networks={"internal": 5})',
        ("'cinnabar'", "networks={'internal': 5}"),
    ),
    "a number for a network": ("hetzner(networks=(5,))", ("'cinnabar'", "networks=")),
    "None for the range of a network": (
        'PrivateNetwork("internal", ip_range=None)',
        ("'internal'", "ip_range=None", '"10.0.0.0/16"'),
    ),
    "a number for a port": (
        'FirewallRule("tcp", port=443)',
        ("firewall rule", "port=443", "a port as text"),
    ),
    "a string for the ranges of a rule": (
        'FirewallRule("tcp", port="443", source_ranges="0.0.0.0/0")',
        ("source_ranges='0.0.0.0/0'", "a tuple or a list"),
    ),
    "a port for a firewall rule": (
        'hetzner(firewall_rules=("443",))',
        ("'cinnabar'", "firewall_rules='443'", 'FirewallRule("tcp", port="443")'),
    ),
    "True for a firewall": ("hetzner(firewall_ids=(True,))", ("firewall_ids=True", "Reference(")),
    "a number for a placement group": ("hetzner(placement_group=5)", ("placement_group=5",)),
    "a catalogue of Google's": (
        "hetzner(catalog=Catalog())",
        ("'cinnabar'", "catalog=", "HetznerCatalog(…)"),
    ),
    "a string for a project at Hetzner": (
        'Fleet(name="metals", domain="zt", machines=(hetzner(),), hetzner="example")',
        ("hetzner='example'", "HetznerProject(…)"),
    ),
    "a project of Google's at Hetzner": (
        'Fleet(name="metals", domain="zt", machines=(hetzner(),), hetzner=project())',
        ("hetzner=GcpProject(", "HetznerProject(…)"),
    ),
    "a name for the networks of a project": (
        'HetznerProject(networks=("internal",))',
        ("Hetzner project", "networks='internal'", 'PrivateNetwork("internal")'),
    ),
    "a number for the name of a project": (
        "HetznerProject(name=5)",
        ("Hetzner project", "name=5", "text"),
    ),
    "a string for the installation": (
        'HetznerProject(install="yes")',
        ("Hetzner project", "install='yes'", "True or False"),
    ),
}
