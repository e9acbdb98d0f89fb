"""The provider loads fast, and never otherwise than it would have loaded."""

import grp
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from attrs import frozen

from infra_lib.stacks import assembly_cache
from tests.helpers import CHECKOUT
from tests.helpers.tools import require

OTHER = 54321  # a user and a group that are nobody's
WARNING = "infra_lib: the Google provider is loaded whole"

# An app with resources of its own; where it imports their modules is what the tests vary.
APP = """
{first}
from cdktf import App
from infra_lib.stacks import GcpStack
{second}
from main import fleet
app = App(outdir="out")
stack = GcpStack(app, "gcp", fleet=fleet)
{late}
app.synth()
"""
IMPORTS = """
from cdktf_cdktf_provider_google.storage_bucket import StorageBucket, StorageBucketVersioning
from cdktf_cdktf_provider_google.compute_address import ComputeAddress
"""
RESOURCES = """
versioning = StorageBucketVersioning(enabled=True)
StorageBucket(stack, "bucket", name="bucket", location="US", versioning=versioning)
ComputeAddress(stack, "address", name=stack.instances["galena"].name)
"""


@frozen
class Run:
    """What came of an app."""

    status: int
    warnings: list[str]
    stack: bytes
    printed: str


def environment(cache: Path, **variables: str) -> dict[str, str]:
    plain = {key: value for key, value in os.environ.items() if key != "INFRA_PLAIN_PROVIDER"}
    return {
        **plain,
        "PYTHONPATH": str(CHECKOUT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "XDG_CACHE_HOME": str(cache),
        **variables,
    }


def run(
    folder: Path,
    cache: Path,
    *,
    first: str = "",
    second: str = "",
    late: str = "",
    wrap: Sequence[str] = (),
    **variables: str,
) -> Run:
    folder.mkdir(exist_ok=True)
    done = subprocess.run(
        [*wrap, sys.executable, "-c", APP.format(first=first, second=second, late=late)],
        cwd=folder,
        env=environment(cache, **variables),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return Run(
        done.returncode,
        [line for line in done.stderr.splitlines() if line.startswith("infra_lib:")],
        (folder / "out/stacks/gcp/cdk.tf.json").read_bytes(),
        done.stdout,
    )


@pytest.fixture(scope="session")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache folder that a run has filled."""
    cache = tmp_path_factory.mktemp("cache")
    assert run(tmp_path_factory.mktemp("warm"), cache).warnings == []
    return cache


@pytest.fixture
def cache(warm: Path, tmp_path: Path) -> Path:
    """A cache folder of the test's own, filled."""
    shutil.copytree(warm, tmp_path / "cache")
    return tmp_path / "cache"


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The app with resources of its own, the plain way."""
    folder = tmp_path_factory.mktemp("plain")
    made = run(folder, folder, second=IMPORTS, late=RESOURCES, INFRA_PLAIN_PROVIDER="1")
    assert made.warnings == []
    assert [path.name for path in folder.iterdir()] == ["out"]  # the switch leaves no cache
    return made


@pytest.fixture(scope="session")
def example(tmp_path_factory: pytest.TempPathFactory, warm: Path) -> bytes:
    """The stack of the example, which other ways of getting it must equal."""
    return run(tmp_path_factory.mktemp("example"), warm).stack


def node(folder: Path, otherwise: str) -> str:
    """A Node.js that starts once, and after that does something else."""
    wrapper = folder / "node"
    once = f"mkdir '{folder}/once' 2>/dev/null || {{ {otherwise}; }}"
    wrapper.write_text(f"#!/bin/sh\n{once}\nexec '{require('node')}' \"$@\"\n")
    wrapper.chmod(0o755)
    return str(wrapper)


def kept(cache: Path) -> list[Path]:
    return sorted((cache / "infra_lib").iterdir())


SYNTHESIZE_ALL = """
from cdktf import App
from infra_lib.stacks import GcpStack
from tests.helpers.stack_fleets import FLEETS
app = App(outdir="out")
for name, fleet in FLEETS.items():
    GcpStack(app, name, fleet=fleet)
app.synth()
"""


def test_every_stack_is_the_same_to_the_byte(tmp_path: Path, warm: Path) -> None:
    trees = []
    for switch in ("0", "1"):
        folder = tmp_path / switch
        folder.mkdir()
        subprocess.run(
            [sys.executable, "-c", SYNTHESIZE_ALL],
            cwd=folder,
            env=environment(warm, INFRA_PLAIN_PROVIDER=switch),
            check=True,
            capture_output=True,
        )
        files = sorted(path for path in (folder / "out").rglob("*") if path.is_file())
        trees.append({str(path.relative_to(folder)): path.read_bytes() for path in files})
    assert len(trees[0]) > 10
    assert trees[0] == trees[1]


class TestOtherModules:
    @pytest.mark.parametrize("where", ["first", "second", "late"])
    def test_they_may_be_imported_at_any_time(
        self, tmp_path: Path, cache: Path, plain: Run, where: str
    ) -> None:
        parts = {"late": RESOURCES}
        parts[where] = IMPORTS + parts.get(where, "")
        made = run(tmp_path / "app", cache, **parts)
        assert (made.warnings, made.stack) == ([], plain.stack)

    def test_they_may_be_imported_late_without_jsiis_own_cache(
        self, tmp_path: Path, cache: Path, plain: Run
    ) -> None:
        variables = {"JSII_RUNTIME_PACKAGE_CACHE": "disabled"}
        made = run(tmp_path / "app", cache, late=IMPORTS + RESOURCES, **variables)
        assert (made.warnings, made.stack) == ([], plain.stack)

    def test_they_may_be_imported_one_by_one(self, tmp_path: Path, cache: Path, plain: Run) -> None:
        bucket, address = IMPORTS.strip().splitlines()
        versioning, make_bucket, make_address = RESOURCES.strip().splitlines()
        late = [bucket, versioning, make_bucket, address, make_address]
        made = run(tmp_path / "app", cache, late="\n".join(late))
        assert (made.warnings, made.stack) == ([], plain.stack)

    def test_they_may_be_attributes_of_the_package(
        self, tmp_path: Path, cache: Path, plain: Run
    ) -> None:
        late = RESOURCES.replace("StorageBucket", "google.storage_bucket.StorageBucket")
        late = late.replace("ComputeAddress", "compute_address.ComputeAddress")
        second = (
            "import cdktf_cdktf_provider_google as google\n"
            "from cdktf_cdktf_provider_google import compute_address"
        )
        made = run(tmp_path / "app", cache, second=second, late=late)
        assert (made.warnings, made.stack) == ([], plain.stack)

    def test_what_the_package_lacks_is_said_as_python_says_it(
        self, tmp_path: Path, cache: Path
    ) -> None:
        (tmp_path / "broken.py").write_text("import nothing_of_that_name")
        second = f"""
import cdktf_cdktf_provider_google as google
print(hasattr(google, "no_such"), len(google.__all__) > 1000)
try:
    from cdktf_cdktf_provider_google import no_such
except ImportError as error:
    print(type(error).__name__)
google.__path__.append({str(tmp_path)!r})
try:
    google.broken
except ImportError as error:
    print(error.name)
"""
        printed = "False True\nImportError\nnothing_of_that_name\n"
        assert run(tmp_path / "app", cache, second=second).printed == printed


@pytest.mark.parametrize("switch", ["", "0"])
def test_only_what_is_in_use_is_imported(tmp_path: Path, cache: Path, switch: str) -> None:
    late = "import sys\nprint(sum('provider_google' in name for name in sys.modules))"
    made = run(tmp_path / "app", cache, late=late, INFRA_PLAIN_PROVIDER=switch)
    assert int(made.printed) < 20


class TestCache:
    def test_an_absent_folder_is_made_for_its_owner_only(
        self, tmp_path: Path, example: bytes
    ) -> None:
        made = run(tmp_path / "app", tmp_path / "some/where")
        assert (made.warnings, made.stack) == ([], example)
        assert [path.suffix for path in kept(tmp_path / "some/where")] == [".tgz"]
        assert (tmp_path / "some/where/infra_lib").stat().st_mode & 0o777 == 0o700

    def test_what_is_made_is_the_same_each_time(self, tmp_path: Path, warm: Path) -> None:
        run(tmp_path / "app", tmp_path / "cache")
        first, second = kept(warm)[0], kept(tmp_path / "cache")[0]
        assert (first.name, first.read_bytes()) == (second.name, second.read_bytes())

    @pytest.mark.parametrize(
        "damage",
        [
            lambda _: b"",
            lambda _: b"no tarball",
            lambda content: content[: len(content) // 2],
            lambda content: content[:-4],
            lambda content: content[:5000] + b"\xff\xff\xff\xff" + content[5004:],
        ],
        ids=["empty", "other", "half", "cut", "flipped"],
    )
    def test_a_damaged_file_is_said_and_not_kept(
        self, tmp_path: Path, cache: Path, example: bytes, damage: Callable[[bytes], bytes]
    ) -> None:
        (file,) = kept(cache)
        file.write_bytes(damage(file.read_bytes()))
        made = run(tmp_path / "app", cache)
        assert made.stack == example
        assert len(made.warnings) == 1
        assert made.warnings[0].startswith(WARNING)
        assert kept(cache) == []

    def test_a_folder_that_cannot_be_made(self, tmp_path: Path, example: bytes) -> None:
        (tmp_path / "cache").write_text("")
        made = run(tmp_path / "app", tmp_path / "cache")
        assert made.stack == example
        assert len(made.warnings) == 1
        assert "NotADirectoryError" in made.warnings[0]

    def test_a_folder_that_is_read_only(self, tmp_path: Path, example: bytes) -> None:
        folder = tmp_path / "cache/infra_lib"
        folder.mkdir(parents=True)
        folder.chmod(0o500)
        # Root writes there by a capability, and here without.
        bare = (require("setpriv"), "--bounding-set=-all", "--inh-caps=-all")
        wrap = bare if os.geteuid() == 0 else ()
        made = run(tmp_path / "app", tmp_path / "cache", wrap=wrap)
        assert (len(made.warnings), made.stack) == (1, example)
        assert "PermissionError" in made.warnings[0]
        assert list(folder.iterdir()) == []

    def test_a_folder_that_others_can_write_to_is_not_trusted(
        self, tmp_path: Path, cache: Path, example: bytes
    ) -> None:
        (cache / "infra_lib").chmod(0o777)
        (file,) = kept(cache)
        made = run(tmp_path / "app", cache)
        assert made.stack == example
        assert "can be written by others" in made.warnings[0]
        assert kept(cache) == [file]

    @pytest.mark.parametrize(
        ("mode", "owner", "group", "trusted"),
        [
            (0o755, -1, -1, True),
            (0o777, -1, -1, False),
            (0o1777, -1, -1, True),  # as /tmp is
            (0o757, -1, -1, False),
            (0o775, -1, OTHER, False),
            (0o1775, -1, OTHER, True),
            (0o755, OTHER, -1, False),
            (0o1777, OTHER, -1, False),
        ],
    )
    @pytest.mark.parametrize("where", ["above", "behind a link"])
    def test_whoever_may_put_another_folder_in_its_place_is_trusted_or_it_is_not(
        self,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        mode: int,
        owner: int,
        group: int,
        trusted: bool,
        where: str,
    ) -> None:
        if os.geteuid() != 0 and {owner, group} != {-1}:
            pytest.skip("only root gives folders away")
        above = tmp_path / "above"
        (above / "cache/infra_lib").mkdir(parents=True, mode=0o755)
        os.chown(above, owner, group)
        above.chmod(mode)
        (tmp_path / "link").symlink_to(above)
        cache = (tmp_path / "link" if where == "behind a link" else above) / "cache"
        monkeypatch.setenv("XDG_CACHE_HOME", str(cache))
        if trusted:
            assert assembly_cache._folder() == above / "cache/infra_lib"
        else:
            with pytest.raises(PermissionError, match=f"{above} can be written by others"):
                assembly_cache._folder()

    def test_others_may_add_nothing_to_it(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """As they may to a sticky folder."""
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        assembly_cache._folder().chmod(0o1777)
        with pytest.raises(PermissionError, match="infra_lib can be written by others"):
            assembly_cache._folder()

    def test_only_a_file_is_one(self, tmp_path: Path) -> None:
        os.mkfifo(tmp_path / "fifo", 0o600)
        (tmp_path / "folder").mkdir(0o700)
        (tmp_path / "file").touch(0o600)
        names = ("fifo", "folder", "file", "nothing")
        assert [assembly_cache._is_trusted(tmp_path / name) for name in names] == [
            *(False, False, True, False)
        ]

    def test_what_is_above_the_users_home_is_not_looked_at(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """In a container it may be nobody's."""
        home = tmp_path / "above/home"
        (home / ".cache").mkdir(parents=True)
        (tmp_path / "above").chmod(0o777)
        monkeypatch.setenv("HOME", str(home))
        monkeypatch.setenv("XDG_CACHE_HOME", str(home / ".cache"))
        assert assembly_cache._folder() == home / ".cache/infra_lib"
        home.chmod(0o777)
        with pytest.raises(PermissionError, match=f"{home} can be written by others"):
            assembly_cache._folder()

    def test_a_group_of_the_users_own_is_not_others(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Each user has one where umask is 002."""
        user = pwd.getpwuid(os.geteuid())
        os.chown(tmp_path, -1, user.pw_gid)
        tmp_path.chmod(0o775)
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

        def named(name: str, *members: str) -> None:
            entry = grp.struct_group((name, "x", user.pw_gid, list(members)))
            monkeypatch.setattr(grp, "getgrgid", lambda _: entry)

        for members in ((), (user.pw_name,)):
            named(user.pw_name, *members)
            assembly_cache._folder()
        for shared in (("staff",), (user.pw_name, user.pw_name, "someone")):
            named(*shared)
            with pytest.raises(PermissionError):
                assembly_cache._folder()

    @pytest.mark.parametrize("writer", ["everyone", "another", "by link"])
    def test_a_file_that_others_may_have_written_is_not_run_but_made_anew(
        self, tmp_path: Path, warm: Path, cache: Path, example: bytes, writer: str
    ) -> None:
        (file,) = kept(cache)
        file.write_bytes(b"theirs")
        if writer == "everyone":
            file.chmod(0o646)
        elif writer == "another":
            if os.geteuid() != 0:
                pytest.skip("only root gives files away")
            os.chown(file, OTHER, -1)
        else:
            file.rename(tmp_path / "theirs")
            file.symlink_to(tmp_path / "theirs")
        made = run(tmp_path / "app", cache)
        assert (made.warnings, made.stack) == ([], example)
        assert kept(cache) == [file]
        status = file.lstat()
        assert (status.st_uid, status.st_mode) == (os.geteuid(), stat.S_IFREG | 0o600)
        assert file.read_bytes() == kept(warm)[0].read_bytes()
        if writer == "by link":
            assert (tmp_path / "theirs").read_bytes() == b"theirs"

    def test_several_processes_fill_it_at_once(self, tmp_path: Path, example: bytes) -> None:
        folders = [tmp_path / str(number) for number in range(4)]
        for folder in folders:
            folder.mkdir()
        processes = [
            subprocess.Popen(
                [sys.executable, "-c", APP.format(first="", second="", late="")],
                cwd=folder,
                env=environment(tmp_path / "cache"),
                stderr=subprocess.PIPE,
                text=True,
            )
            for folder in folders
        ]
        for folder, process in zip(folders, processes, strict=True):
            assert WARNING not in process.communicate()[1]
            assert (folder / "out/stacks/gcp/cdk.tf.json").read_bytes() == example
        assert [path.suffix for path in kept(tmp_path / "cache")] == [".tgz"]

    def test_a_kill_while_it_is_filled_leaves_no_half_file(
        self, tmp_path: Path, example: bytes
    ) -> None:
        cache = tmp_path / "cache"
        # The second process, in which a new assembly is tried, waits for good.
        waiting = tmp_path / "waiting"
        process = subprocess.Popen(
            [sys.executable, "-c", APP.format(first="", second="", late="")],
            cwd=tmp_path,
            env=environment(cache, JSII_NODE=node(tmp_path, f"touch {waiting}; sleep infinity")),
            stderr=subprocess.DEVNULL,
            process_group=0,
        )
        while not waiting.exists():
            assert process.poll() is None
            time.sleep(0.005)
        os.killpg(process.pid, signal.SIGKILL)
        assert process.wait() == -signal.SIGKILL
        assert [path.suffix for path in kept(cache)] == [".tmp"]
        made = run(tmp_path / "app", cache)
        assert (made.warnings, made.stack) == ([], example)

    def test_a_new_release_of_the_provider_or_jsii_meets_nothing_old(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from jsii._kernel.types import LoadRequest

        tarball = tmp_path / "provider.tgz"
        tarball.write_bytes(b"1")

        def name(version: str, *submodules: str) -> str:
            request = LoadRequest("@cdktf/provider-google", version, str(tarball))
            return assembly_cache._name(request, frozenset(submodules))

        names = [
            name("1.0.0", "a"),
            name("1.0.1", "a"),
            name("1.0.0", "b"),
            name("1.0.0", "a", "b"),
        ]
        tarball.write_bytes(b"12")
        names.append(name("1.0.0", "a"))
        monkeypatch.setattr(assembly_cache, "jsii_version", "9.9.9")
        names.append(name("1.0.0", "a"))
        assert len(set(names)) == len(names)


class TestSurprises:
    def test_another_jsii(self, tmp_path: Path, cache: Path, example: bytes) -> None:
        # A release that has moved what is used of it.
        first = "import cdktf, jsii._kernel.providers.process as p\ndel p._NodeProcess"
        made = run(tmp_path / "app", cache, first=first)
        assert made.stack == example
        assert len(made.warnings) == 1
        assert "_NodeProcess" in made.warnings[0]

    def test_nothing_more_is_cut_once_the_whole_is_loaded(
        self, tmp_path: Path, cache: Path, plain: Run
    ) -> None:
        (file,) = kept(cache)
        file.write_bytes(b"")
        made = run(tmp_path / "app", cache, late=IMPORTS + RESOURCES)
        assert (len(made.warnings), made.stack) == (1, plain.stack)
        assert kept(cache) == []

    def test_an_assembly_that_does_not_load_is_not_kept(
        self, tmp_path: Path, example: bytes
    ) -> None:
        # The second process, in which a new assembly is tried, dies.
        variables = {"JSII_NODE": node(tmp_path, "exit 1")}
        made = run(tmp_path / "app", tmp_path / "cache", **variables)
        assert (len(made.warnings), made.stack) == (1, example)
        assert kept(tmp_path / "cache") == []
