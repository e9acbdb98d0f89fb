"""`infra catalog update`: from files that clouds gave into one that a fleet loads."""

import fcntl
import json
import os
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from infra_lib import Catalog
from infra_lib.clouds.age import age_note, last_day, today
from infra_lib.clouds.all_clouds import CLOUDS
from infra_lib.clouds.answers import Source
from infra_lib.clouds.gcp.catalog.renewal import renew
from infra_lib.clouds.hetzner.catalog import HetznerCatalog
from infra_lib.clouds.hetzner.catalog import renewal as hetzner
from infra_lib.commands.cli import main
from tests.helpers import CHECKOUT, hetzner_api
from tests.helpers.google_lists import SERVICE, accelerator_type, machine_type, pair
from tests.helpers.markdown import code
from tests.helpers.process import run

ZONE = "us-central1-a"
N2 = pair("N2 Instance", "0.031611", "0.004237")
LISTS = {
    "machine-types.json": [machine_type("n2-standard-8", ZONE, 8, 32)],
    "accelerators.json": [accelerator_type("nvidia-tesla-t4", ZONE)],
    "prices-1.json": {"skus": N2[:1], "nextPageToken": "AB=="},
    "prices-2.json": {"skus": N2[1:], "nextPageToken": ""},
    "hetzner-server_types.json": hetzner_api.page(
        "server_types", [hetzner_api.server_type("cx99", cores=4, memory=8)]
    ),
    "hetzner-pricing.json": hetzner_api.pricing(
        {"cx99": [hetzner_api.server_price("fsn1", 0.0123, 7.68)]}
    ),
}
EVERYTHING = (
    *("--machine-types", "machine-types.json"),
    *("--accelerators", "accelerators.json"),
    *("--prices", "prices-1.json", "prices-2.json"),
)
HETZNER = (
    *("--hetzner-server-types", "hetzner-server_types.json"),
    *("--hetzner-pricing", "hetzner-pricing.json"),
)


@pytest.fixture(autouse=True)
def _two_clouds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Both clouds have a catalogue, whatever else is known of them."""
    cloud: Any = SimpleNamespace(
        renewal=lambda: hetzner, KINDS=SimpleNamespace(service="Hetzner Cloud")
    )
    monkeypatch.setitem(CLOUDS, "hetzner", cloud)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of the lists, where the command runs."""
    monkeypatch.chdir(tmp_path)
    for name, document in LISTS.items():
        (tmp_path / name).write_text(json.dumps(document))
    return tmp_path


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if path.name not in LISTS)


def refused(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(["catalog", "update", *arguments]) == 2
    output = capsys.readouterr()
    assert output.out == ""
    *_, message = output.err.splitlines()
    assert message.startswith("infra: ")
    return message


def test_a_fleet_loads_what_was_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["catalog", "update", *EVERYTHING]) == 0
    output = capsys.readouterr()
    assert output.out == "catalog.json: written\n"
    assert output.err.splitlines()[:2] == [
        "infra: SKUs: 2, with prices of what a catalogue holds 2, of other things 0, "
        "not understood 0",
        "infra: no SKU of these, which stay as they are: accelerator_prices, address_prices, "
        "disk_prices",
    ]
    catalog = Catalog.load(folder / "catalog.json")
    price = catalog.machine_price("n2-standard-8", "us-central1")
    assert price.usd_per_hour == pytest.approx(8 * 0.031611 + 32 * 0.004237)
    assert catalog.zones_offering("nvidia-tesla-t4") == (ZONE,)
    assert names(folder) == ["catalog.json"]


def test_the_same_files_make_the_same_catalogue(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["catalog", "update", *EVERYTHING, "--as-of", "2026-11-20", "-o", "mine.json"]
    assert main(arguments) == 0
    first = (folder / "mine.json").stat()
    capsys.readouterr()
    assert main(arguments) == 0
    assert capsys.readouterr().out == "mine.json: up to date\n"
    assert (folder / "mine.json").stat() == first
    for section in json.loads((folder / "mine.json").read_text()).values():
        assert section["as_of"] == "2026-11-20"


def test_what_no_file_is_given_for_stays(folder: Path) -> None:
    assert main(["catalog", "update", *EVERYTHING]) == 0
    before = json.loads((folder / "catalog.json").read_text())
    cheaper = pair("N2 Instance", "0.03", "0.004")
    (folder / "prices-1.json").write_text(json.dumps(cheaper))
    assert main(["catalog", "update", "--prices", "prices-1.json"]) == 0
    after = json.loads((folder / "catalog.json").read_text())
    assert after["machine_prices"]["rates"]["n2"] == {"us-central1": [0.03, 0.004]}
    assert {**after, "machine_prices": None} == {**before, "machine_prices": None}


def test_whoever_comes_while_another_renews_waits_and_keeps_what_that_wrote(folder: Path) -> None:
    command = [sys.executable, "-m", "infra_lib", "catalog", "update", *EVERYTHING[:2]]
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        with subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
        ) as waiting:
            assert waiting.stderr is not None
            said = waiting.stderr.readline()
            assert said == "infra: waiting for another command to finish with catalog.json\n"
            day = '{"as_of": "2026-01-01", "source": "mine", "disks": {}}'
            (folder / "catalog.json").write_text(f'{{"disk_prices": {day}}}')
            fcntl.flock(handle, fcntl.LOCK_UN)
            waiting.stderr.read()
        assert waiting.returncode == 0
    finally:
        os.close(handle)
    content = json.loads((folder / "catalog.json").read_text())
    assert content.keys() == {"machine_types", "disk_prices"}


@pytest.mark.parametrize("name", [name for name in LISTS if not name.startswith("hetzner")])
@pytest.mark.parametrize("held", ['{"error": {"message": "no"}}', "[", "[{}]"])
def test_what_is_wrong_in_one_file_has_nothing_written(
    folder: Path, capsys: pytest.CaptureFixture[str], name: str, held: str
) -> None:
    assert main(["catalog", "update", *EVERYTHING]) == 0
    before = (folder / "catalog.json").read_bytes()
    capsys.readouterr()
    (folder / name).write_text(held)
    message = refused(capsys, *EVERYTHING)
    assert name in message
    assert message.endswith("; nothing was written")
    assert (folder / "catalog.json").read_bytes() == before
    assert names(folder) == ["catalog.json"]


@pytest.mark.parametrize("held", [b"", b"{}", b'{"name": "mine"}', b"# Notes\n", b"\xff\xfe"])
def test_a_file_that_is_no_catalogue_is_never_overwritten(
    folder: Path, capsys: pytest.CaptureFixture[str], held: bytes
) -> None:
    (folder / "notes.json").write_bytes(held)
    assert "notes.json" in refused(capsys, *EVERYTHING, "-o", "notes.json")
    assert (folder / "notes.json").read_bytes() == held
    assert names(folder) == ["notes.json"]


def test_a_file_that_is_not_there_is_named(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    message = refused(capsys, "--prices", "prices-3.json")
    assert message == "infra: --prices prices-3.json: cannot be read: No such file or directory"
    assert "no/catalog.json" in refused(capsys, *EVERYTHING, "-o", "no/catalog.json")
    assert "not a regular file" in refused(capsys, *EVERYTHING, "-o", ".")
    assert names(folder) == []


def test_files_are_asked_for(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    message = refused(capsys)
    assert "--machine-types FILE, --accelerators FILE, --prices FILE" in message
    assert "--hetzner-server-types FILE, --hetzner-locations FILE, --hetzner-pricing" in message
    assert names(folder) == []


def test_each_cloud_has_a_catalogue_of_its_own(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["catalog", "update", *HETZNER]) == 0
    output = capsys.readouterr()
    assert output.out == "hetzner-catalog.json: written\n"
    assert "infra: new: cx99\n" in output.err
    found = HetznerCatalog.load(folder / "hetzner-catalog.json")
    price = found.server_price("cx99", "fsn1")
    assert price is not None
    assert price.eur_per_month == 7.68
    assert main(["catalog", "update", *HETZNER]) == 0
    assert capsys.readouterr().out == "hetzner-catalog.json: up to date\n"
    assert names(folder) == ["hetzner-catalog.json"]


def test_files_of_two_clouds_are_refused(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, *EVERYTHING, *HETZNER[2:]) == (
        "infra: --machine-types, --accelerators, --prices and --hetzner-pricing are of different "
        "clouds, each with a catalogue of its own: renew one after the other"
    )
    assert names(folder) == []


def test_the_catalogue_of_another_cloud_is_never_overwritten(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["catalog", "update", *EVERYTHING]) == 0
    before = (folder / "catalog.json").read_bytes()
    capsys.readouterr()
    message = refused(capsys, *HETZNER, "-o", "catalog.json")
    assert "catalog.json: " in message
    assert "It stays as it is" in message
    assert (folder / "catalog.json").read_bytes() == before


@pytest.mark.parametrize("day", ["2026-13-01", "2026-11-31", "20261120", "today", "2026"])
def test_a_day_is_one(folder: Path, capsys: pytest.CaptureFixture[str], day: str) -> None:
    with pytest.raises(SystemExit) as end:
        main(["catalog", "update", *EVERYTHING, "--as-of", day])
    assert end.value.code == 2
    assert f"{day!r}: a day such as 2026-07-30 is wanted" in capsys.readouterr().err
    assert names(folder) == []


def test_help_says_how_to_fetch_each_file(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["catalog", "update", "--help"])
    said = capsys.readouterr().out
    for command in (
        "gcloud compute machine-types list --format=json",
        "gcloud compute accelerator-types list --format=json",
        "services/6F81-5844-456A/skus",
        "pageToken",
        "https://api.hetzner.cloud/v1/$of?per_page=50",
        "Bearer $HCLOUD_TOKEN",
        "next_page",
        '  HetznerCatalog.load(Path(__file__).with_name("hetzner-catalog.json"))',
    ):
        assert command in said


def test_maintainers_renew_what_is_built_in(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    package = folder / "package"
    package.mkdir()
    (package / "zones.json").write_text("{}")
    (package / "tables.py").write_text("")
    monkeypatch.setattr(renew, "BUILT_IN", package)
    arguments = ["catalog", "update", "--built-in", *EVERYTHING[:4]]
    assert main(arguments) == 0
    assert capsys.readouterr().out.splitlines() == [
        f"{package}/machine_types.json: written",
        f"{package}/zones.json: written",
    ]
    for section in ("machine_types", "zones"):
        assert json.loads((package / f"{section}.json").read_text()).keys() == {section}
    assert len([*package.iterdir()]) == 3
    assert main(arguments) == 0
    assert capsys.readouterr().out == ""


def test_the_built_in_catalogue_is_where_it_is_renewed() -> None:
    built_in = Catalog().sources
    assert len(built_in) == len([*renew.BUILT_IN.glob("*.json")])


# How the lists are fetched.

CURL = """\
#!{python}
import sys
pages = {{"": "prices-1.json", "AB==": "prices-2.json"}}
said = [word for word in sys.argv if word.startswith("pageToken=")]
assert "X-Goog-Api-Key: of-mine" in sys.argv
assert any(word.endswith("{service}/skus") for word in sys.argv)
print(open(pages[said[0].removeprefix("pageToken=")]).read())
"""


def test_the_loop_of_the_documentation_fetches_every_page(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    curl = folder / "bin/curl"
    curl.parent.mkdir()
    curl.write_text(CURL.format(python=sys.executable, service=SERVICE))
    curl.chmod(0o755)
    monkeypatch.setenv("PATH", f"{curl.parent}:{os.environ['PATH']}")
    monkeypatch.setenv("KEY", "of-mine")
    (loop,) = code((CHECKOUT / "docs/costs.md").read_text(), "sh")
    run(["sh", "-c", loop], cwd=folder)
    assert main(["catalog", "update", "--prices", "prices.json"]) == 0
    assert "SKUs: 2, with prices of what a catalogue holds 2" in capsys.readouterr().err


# How old a catalogue is.

SOURCES = (
    Source("Machine types", "gcloud", "2026-07-01"),
    Source("Prices of machine types", "Google", "2026-07-30"),
    Source("Zones", "others", "2026"),
)


LATE = date(2027, 1, 1)


@pytest.mark.parametrize(
    ("day", "named"),
    [
        (date(2026, 12, 28), None),
        (date(2026, 12, 29), "Machine types: as of 2026-07-01, "),
        (date(2027, 1, 26), "Machine types: as of 2026-07-01, "),
        (
            date(2027, 1, 27),
            "Machine types: as of 2026-07-01; Prices of machine types: as of 2026-07-30, ",
        ),
        (date(2020, 1, 1), None),
    ],
)
def test_a_catalogue_is_old_after_180_days(day: date, named: str | None) -> None:
    note = age_note(SOURCES, day)
    if named is None:
        assert note is None
    else:
        assert note is not None
        assert note.startswith(f"{named}more than 180 days ago; infra catalog update")
        assert "\n" not in note


def test_the_day_may_be_said(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("INFRA_TODAY", "2026-09-09")
    assert main(["catalog", "update", *EVERYTHING[:4]]) == 0
    content = json.loads((folder / "catalog.json").read_text())
    assert {section["as_of"] for section in content.values()} == {"2026-09-09"}
    capsys.readouterr()
    for said in ("", "2026", "2026-02-30", "tomorrow!!"):
        monkeypatch.setenv("INFRA_TODAY", said)
        assert f"INFRA_TODAY={said!r}: a day" in refused(capsys, *EVERYTHING)
    monkeypatch.delenv("INFRA_TODAY")
    assert abs(today() - datetime.now(tz=UTC).date()) <= timedelta(days=1)


def test_a_year_is_old_when_its_last_day_is() -> None:
    (source,) = SOURCES[2:]
    assert age_note([source], date(2027, 6, 29)) is None
    assert age_note([source], date(2027, 6, 30)) is not None


def test_what_is_of_one_day_is_said_in_one_breath() -> None:
    of_a_day = [Source(of, "x", "2026-01-01") for of in ("Zones", "Prices of disks", "Addresses")]
    note = age_note(of_a_day, date(2026, 11, 26))
    assert note is not None
    assert note.startswith("Zones, prices of disks and addresses: as of 2026-01-01, more than 180")


def test_catalogues_of_several_machines_are_said_once() -> None:
    mine = Source("Zones", "mine", "2026-02-01")
    note = age_note([SOURCES[0], mine, SOURCES[0], Source("Zones", "x", "2026-07-01")], LATE)
    assert note is not None
    assert note.startswith("Machine types and zones: as of 2026-07-01; Zones: as of 2026-02-01, ")


@pytest.mark.parametrize(
    ("as_of", "day"),
    [
        ("2026-07-30", date(2026, 7, 30)),
        ("2026-02", date(2026, 2, 28)),
        ("2026-12", date(2026, 12, 31)),
        ("2026", date(2026, 12, 31)),
        ("2026-02-30", None),
        ("2026-13", None),
        ("0000", None),
        ("9999", None),
        ("of late", None),
        ("", None),
    ],
)
def test_a_date_may_be_a_month_or_a_year(as_of: str, day: Any) -> None:
    assert last_day(as_of) == day


def test_a_date_that_is_none_is_not_old() -> None:
    assert age_note([Source("Zones", "x", "of late")], date(2099, 1, 1)) is None
