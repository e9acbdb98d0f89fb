"""Fleets whose page is hard to draw: names that are long or hostile, and very many machines."""

from attrs import evolve

from infra_lib import (
    Device,
    Facts,
    Fleet,
    GcpMachine,
    Gpu,
    HetznerMachine,
    Machine,
    MachineFacts,
    User,
    ZeroTier,
)
from main import fleet as example

LONG = f"{'a' * 30}-{'b' * 31}"
ZONES = ("us-central1-a", "europe-west4-a", "europe-west9-b", "asia-northeast1-a", "us-east4-a")
TEXTS = (
    "</title></style><script>document.title = 'gone'</script>",
    "<img src=x onerror=\"document.title = 'gone'\">",
    "javascript:alert(1) \u202etxt.exe\u2066 \u05e9\u05dc\u05d5\u05dd",
    f"{{{{ 7 * 7 }}}} {{% raw %}} {'w' * 300}",
)
TAGS = ("peer", "<script>", "javascript:alert(1)", "onmouseover=alert(1)", "a/b~c", "x\u202ey")

hostile = evolve(
    example,
    description=TEXTS[0],
    machines=(
        HetznerMachine(
            LONG, server_type="cx43", location="fsn1", tags=("controller",), description=TEXTS[1]
        ),
        GcpMachine(
            "b" * 63,
            machine_type="n1-standard-8",
            zone="us-central1-c",
            gpu=Gpu("nvidia-tesla-t4"),
            enabled=True,
            spot=True,
            tags=TAGS,
            description=TEXTS[2],
        ),
        GcpMachine(
            "c",
            machine_type="e2-standard-8",
            zone="europe-west4-a",
            stopped=True,
            tags=("peer",),
            description=TEXTS[3],
        ),
        Machine("moon", tags=("peer",), description="\u05e2\u05d5\u05dc\u05dd"),
    ),
    users=(User("cameron", groups=("<b>",), tags=("peer",)),),
    devices=(Device("phone", zerotier_member_id="1234567890"),),
    zerotier=ZeroTier(moons={"moon": ("203.0.113.9",)}),
    facts=Facts(
        machines=(MachineFacts("c", zerotier_member_id="abcdef1200"),),
        zerotier_network_id="0123456789abcdef",
    ),
    usd_per_eur=1.08,
    budget_usd_per_hour=0.5,
)

large = evolve(
    example,
    machines=(
        HetznerMachine("cinnabar", server_type="cx43", location="fsn1", tags=("controller",)),
        *(
            GcpMachine(
                f"node-{number:04}",
                machine_type="e2-standard-8",
                zone=ZONES[number % len(ZONES)],
                tags=("peer", f"rack-{number % 40}"),
                stopped=number % 7 == 0,
            )
            for number in range(999)
        ),
    ),
    users=(User("cameron", tags=("peer",)),),
    facts=Facts(),
)

elsewhere = Fleet(
    name="desk", domain="example.org", machines=(Machine("stibnite", machine_class="darwin"),)
)
