"""Sources that are broken, or hold secrets: what is written loads, or nothing is written."""

import copy
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from infra_lib.commands.cli import main
from tests.adopt import documents
from tests.helpers.adoption import load

SOURCES: dict[str, tuple[str, Any]] = {
    "inventory": ("--inventory", documents.inventory()),
    "shown": ("--terraform", documents.shown(documents.resources())),
    "kept": ("--terraform", documents.kept(documents.resources())),
    "written": ("--terraform", documents.written()),
    "gcloud": ("--gcloud", documents.gcloud()),
    "hcloud": ("--hcloud", documents.hcloud()),
}
OTHERS: st.SearchStrategy[Any] = st.sampled_from(
    [
        *(None, True, False, 0, -1, 7, 1.5, 10**30, "", "x", "ä\u202e\x1b[31m", "${var.x}"),
        *("\ud800", [], {}, [None], [{}], {"": None}, ["x", 1], [[[]]], {"a": {"b": []}}),
    ]
)
WAYS = st.lists(
    st.tuples(st.integers(min_value=0, max_value=10**6), st.booleans(), OTHERS),
    min_size=1,
    max_size=3,
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of everything in a document."""
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in pairs:
        yield (*path, key)
        if isinstance(each, dict | list):
            yield from places(each, (*path, key))


def changed(document: Any, ways: list[tuple[int, bool, Any]]) -> Any:
    """Return a document with some of what is in it gone, or another value."""
    document = copy.deepcopy(document)
    for number, goes, other in ways:
        all_ = [*places(document)]
        if not all_:
            break
        *path, last = all_[number % len(all_)]
        holder = document
        for key in path:
            holder = holder[key]
        if goes:
            del holder[last]
        else:
            holder[last] = copy.deepcopy(other)
    return document


def adopted(folder: Path, *sources: tuple[str, bytes]) -> int:
    """Run the command in a folder of its own; check that its files are all there or none is."""
    words = []
    for index, (option, data) in enumerate(sources):
        (folder / f"{index}.json").write_bytes(data)
        words += [option, str(folder / f"{index}.json")]
    (folder / "out").mkdir()
    status = main(["adopt", *words, "-o", str(folder / "out" / "fleet.py")])
    if status == 0:
        assert load(folder / "out" / "fleet.py").machines
    else:
        assert status == 2
        assert not any((folder / "out").iterdir())
    return status


@pytest.mark.parametrize("name", SOURCES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(ways=WAYS)
def test_a_document_that_is_not_as_it_should_be(
    name: str, ways: list[tuple[int, bool, Any]]
) -> None:
    option, document = SOURCES[name]
    data = json.dumps(changed(document, ways)).encode()
    with tempfile.TemporaryDirectory() as folder:
        adopted(Path(folder), (option, data))


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    names=st.lists(st.sampled_from([*SOURCES]), min_size=2, max_size=3),
    ways=WAYS,
)
def test_several_of_which_one_is_not_as_it_should_be(
    names: list[str], ways: list[tuple[int, bool, Any]]
) -> None:
    option, document = SOURCES[names[0]]
    first = (option, json.dumps(changed(document, ways)).encode())
    others = [(SOURCES[name][0], json.dumps(SOURCES[name][1]).encode()) for name in names[1:]]
    with tempfile.TemporaryDirectory() as folder:
        adopted(Path(folder), first, *others)


@pytest.mark.parametrize("name", SOURCES)
@settings(max_examples=15, deadline=None)
@given(part=st.floats(min_value=0, max_value=0.999))
def test_a_document_that_was_cut_off(name: str, part: float) -> None:
    option, document = SOURCES[name]
    data = json.dumps(document, indent=1).encode()
    with tempfile.TemporaryDirectory() as folder:
        assert adopted(Path(folder), (option, data[: int(len(data) * part)])) == 2


def printed_and_written(
    folder: Path, capsys: pytest.CaptureFixture[str], *sources: tuple[str, Any]
) -> tuple[int, str]:
    """Run the command; return its status, and all that it printed and wrote."""
    folder.mkdir(exist_ok=True)
    data = [(option, json.dumps(document).encode()) for option, document in sources]
    status = adopted(folder, *data)
    said = capsys.readouterr()
    files = "".join(path.read_text() for path in sorted((folder / "out").iterdir()))
    return status, said.out + said.err + files


# Nothing tells that this is one, but where it stands, or who calls it so.
SECRET = "Kq7zXv9Lm2rT"  # noqa: S105 - of nothing
PEM = f"-----BEGIN RSA PRIVATE KEY-----\n{SECRET}{SECRET}\n-----END RSA PRIVATE KEY-----\n"
IN_TEXTS = [
    f"export DB_PASS={SECRET}\n",
    f"curl -u admin:{SECRET} https://example.org\n",
    f"curl -H 'Authorization: Bearer {SECRET}'\n",
    f"echo 'root:{SECRET}' | chpasswd\n",
    f"#cloud-config\nchpasswd:\n  list: |\n    root:{SECRET}\n",
    f"mysql -u root -p{SECRET} ore\n",
    f"tailscale up --authkey {SECRET}\n",
    f"KUBELET_KEY: {SECRET}\n",
    f"psql postgres://ore:{SECRET}@db.example.org/ore\n",
    json.dumps({"type": "service_account", "private_key": PEM}),
    PEM,
]


@pytest.mark.parametrize("text", IN_TEXTS)
@pytest.mark.parametrize("where", ["startup", "metadata", "listed", "user_data", "setting", "meta"])
def test_a_secret_in_a_text_is_neither_written_nor_printed(
    where: str, text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    inventory, listed = documents.inventory(), documents.gcloud()
    listed[0]["metadata"]["items"].append({"key": "user-data", "value": text})
    inventory["instances"]["borg"]["roles"]["server"]["settings"] = {"before": [{"run": text}]}
    described = documents.inventory()
    described["meta"]["description"] = described["machines"]["galena"]["description"] = text
    galena = documents.instance
    source = {
        "startup": ("--terraform", state(galena("galena", metadata_startup_script=text))),
        "metadata": ("--terraform", state(galena("galena", metadata={"user-data": text}))),
        "listed": ("--gcloud", listed),
        "user_data": (
            "--terraform",
            documents.shown(
                [
                    ("hcloud_server", "a", documents.server("cinnabar", 100, user_data=text)),
                    *documents.addresses("cinnabar", 100),
                ]
            ),
        ),
        "setting": ("--inventory", inventory),
        "meta": ("--inventory", described),
    }[where]

    status, told = printed_and_written(tmp_path, capsys, source)

    assert status == 0
    assert SECRET not in told
    assert "secret" in told


def state(*instances: dict[str, Any]) -> dict[str, Any]:
    """A state that has instances, and what people keep beside them."""
    return documents.shown([("google_compute_instance", each["name"], each) for each in instances])


def test_a_secret_by_its_name_is_neither_written_nor_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    names = ("password", "db_password", "api-key", "authToken", "k3s_token", "client_secret")
    named = {name: SECRET + str(number) for number, name in enumerate(names)}
    inventory = documents.inventory()
    inventory["instances"]["borg"]["roles"]["client"]["settings"] = {"a": {"b": [named]}}
    inventory["instances"]["borg"]["roles"]["client"]["machines"]["galena"]["settings"] = named
    inventory["machines"]["cinnabar"]["deploy"]["targetHost"] = f"root:{SECRET}@example.org"
    galena = documents.instance("galena", metadata=named, labels={"token": SECRET.lower()})
    cinnabar = documents.server("cinnabar", 100, labels=named)
    shown = documents.shown(
        [
            ("google_compute_instance", "galena", galena),
            ("hcloud_server", "cinnabar", cinnabar),
            *documents.addresses("cinnabar", 100),
        ]
    )

    status, told = printed_and_written(
        tmp_path, capsys, ("--inventory", inventory), ("--terraform", shown)
    )

    assert status == 0
    assert SECRET not in told
    assert SECRET.lower() not in told
    for place in (
        "roles.client.settings.a.b[0].password: ",
        "roles.client.machines.galena.settings.authToken: ",
        "machines.cinnabar.deploy.targetHost: ",
    ):
        assert f"- {tmp_path}/0.json: " in told
        assert place.removesuffix(": ") in told
    assert "metadata.db_password: may be secret" in told
    assert "labels.client_secret is secret, or looks so" in told


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize(
    "keeper",
    [
        ("random_password", {"result": SECRET}),
        ("tls_private_key", {"private_key_openssh": SECRET}),
        ("google_sql_user", {"name": "u", "password": SECRET}),
        ("google_secret_manager_secret_version", {"secret_data": SECRET}),
        ("aws_iam_access_key", {"secret": SECRET}),
    ],
)
def test_a_secret_of_another_resource_is_one_wherever_it_stands(
    keeper: tuple[str, dict[str, Any]],
    kept: bool,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """By any name, and within a longer text."""
    text = f"#!/bin/sh\nmount-it '{SECRET}' \\\n  now\n"
    metadata = {"first": SECRET, "second": f"x {SECRET} y", "third": "plain"}
    galena = documents.instance("galena", metadata=metadata, metadata_startup_script=text)
    cinnabar = documents.server("cinnabar", 100, user_data=text, labels={"a": SECRET})
    found = [
        ("google_compute_instance", "galena", galena),
        ("hcloud_server", "cinnabar", cinnabar),
        *documents.addresses("cinnabar", 100),
        (keeper[0], "kept", keeper[1]),
    ]
    document = documents.kept(found) if kept else documents.shown(found)

    status, told = printed_and_written(tmp_path, capsys, ("--terraform", document))

    assert status == 0
    assert SECRET not in told
    assert '"third": "plain"' in told


def test_a_secret_beside_the_resources_is_one_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Outputs, variables of a plan, data sources, providers and backends hold secrets."""
    state_of = documents.shown(
        [
            (
                "google_compute_instance",
                "galena",
                documents.instance("galena", metadata={"a": SECRET}),
            )
        ]
    )
    root = state_of["values"]
    output = {"outputs": {"x": {"sensitive": True, "type": "string", "value": SECRET}}}
    data: dict[str, Any] = {
        "mode": "data",
        "type": "google_secret_manager_secret_version",
        "name": "x",
    }
    data |= {"address": "data.x.x", "values": {"secret_data": SECRET}}
    modules = {"root_module": {"resources": [*root["root_module"]["resources"], data]}}
    written = documents.written()
    written["provider"]["hcloud"]["token"] = SECRET
    written["provider"]["google"][0]["credentials"] = SECRET
    written["terraform"]["backend"] = {"s3": {"bucket": "b", "secret_key": SECRET}}
    galena = written["resource"]["google_compute_instance"]["galena"]
    galena["metadata"] = {"a": SECRET}
    galena["provisioner"] = [{"remote-exec": {"connection": {"password": SECRET}}}]
    plan = {
        "format_version": "1.2",
        "variables": {"token": {"value": SECRET}},
        "planned_values": root,
        "prior_state": {"values": root},
    }
    for number, document in enumerate(
        [
            {**state_of, "values": {**root, **output}},
            {**state_of, "values": modules},
            plan,
            written,
        ]
    ):
        folder = tmp_path / str(number)
        status, told = printed_and_written(folder, capsys, ("--terraform", document))

        assert status == 0
        assert SECRET not in told
        assert "may be secret" in told


def test_what_terraform_calls_secret_and_nobody_can_leave_out(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Nothing is written then, and it is said where the secret is."""
    document = documents.shown(documents.resources())
    first = document["values"]["root_module"]["resources"][0]
    first["sensitive_values"] = {"project": True}

    status, told = printed_and_written(tmp_path, capsys, ("--terraform", document))

    assert status == 2
    assert "acme-prod" not in told
    assert "0.json: google_compute_instance.galena: project" in told


def test_a_secret_in_an_ssh_configuration_is_neither_written_nor_printed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = ("Host galena", f"ProxyCommand sshpass -p {SECRET} ssh x", f"SetEnv TOKEN={SECRET}")
    (tmp_path / "config").write_text("\n".join((*lines, "ServerAliveInterval 30")))
    inventory = tmp_path / "inv.json"
    inventory.write_text(json.dumps(documents.inventory()))
    words = ["--inventory", str(inventory), "--ssh-config", str(tmp_path / "config")]

    assert main(["adopt", *words, "-o", str(tmp_path / "fleet.py")]) == 0

    said = capsys.readouterr()
    text = (tmp_path / "fleet.py").read_text()
    assert SECRET not in text + said.out + said.err
    assert "ServerAliveInterval" in text
    assert "ProxyCommand, SetEnv.TOKEN may be secret" in said.out
