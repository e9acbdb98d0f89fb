"""`infra cost --diff` against what git has: real repositories, and what may be wrong with them."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from ast import literal_eval
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infra_lib.commands.cli import main
from tests.helpers import CHECKOUT, process
from tests.helpers.folders import contents
from tests.helpers.process import git

from ..model.bad import PRELUDE

SMALL, MEDIUM = 0.1, 0.3
MAIN = f"""{PRELUDE}
PRICES = Catalog(prices=(Price("e2-small", "*", {SMALL}), Price("e2-medium", "*", {MEDIUM})))


def node(name="galena", machine_type="e2-small", **fields):
    return gcp(name, machine_type, catalog=PRICES, **fields)


metals = fleet(node())
"""
DEARER = round((MEDIUM - SMALL) * 730, 2)
SETTINGS = '[tool.nixgen]\nsource = "described:metals"\n'

Describe = Callable[..., Path]


def describe(folder: Path, fleet: str = "fleet(node())") -> Path:
    """Describe a fleet in a folder, which is below a repository or is one."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "described.py").write_text(MAIN.replace("fleet(node())", fleet, 1))
    (folder / "pyproject.toml").write_text(SETTINGS)
    return folder


def commit(repository: Path, message: str = "Change") -> str:
    git(repository, "add", "--all")
    git(repository, "commit", "--quiet", "--allow-empty", "--message", message)
    return git(repository, "rev-parse", "HEAD").strip()


def make_repository(tmp_path: Path) -> Path:
    """Make a repository with one commit, in which a fleet of one small machine is described."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch", "main")
    describe(folder)
    commit(folder)
    return folder


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    return make_repository(tmp_path)


def cost(
    folder: Path, *arguments: str, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return process.python("-P", "-m", "infra_lib", "cost", *arguments, cwd=folder, env=env)


def found(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> dict[str, Any]:
    """What --diff --json prints, and nothing else."""
    done = cost(folder, "--json", "--diff", *arguments, env=env)
    assert done.returncode == 0, done.stderr
    assert "Traceback" not in done.stderr
    data: dict[str, Any] = json.loads(done.stdout)
    return data


def month(data: dict[str, Any]) -> float:
    usd: float = data["total"]["difference"]["usd_per_month"]
    return usd


def refused(folder: Path, *arguments: str, env: dict[str, str] | None = None) -> str:
    """The one line that is said of bad input."""
    done = cost(folder, *arguments, env=env)
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    lines = [line for line in done.stderr.splitlines() if not line.startswith("infra: warning:")]
    assert len(lines) == 1, done.stderr
    return lines[0]


MEDIUM_NODE = 'fleet(node(machine_type="e2-medium"))'


def test_a_dirty_work_tree_is_compared_with_its_commit(repository: Path) -> None:
    head = git(repository, "rev-parse", "HEAD").strip()
    describe(repository, MEDIUM_NODE)
    before = contents(repository)
    data = found(repository)
    assert data["against"] == {
        "source": None,
        "revision": "HEAD",
        "commit": head,
        "missing": None,
    }
    (machine,) = data["machines"]
    assert machine["what"] == ["e2-small → e2-medium"]
    assert machine["difference"] == {
        "usd_per_hour": round(MEDIUM - SMALL, 6),
        "usd_per_month": DEARER,
        "by_currency": {
            "USD": {"per_hour": round(MEDIUM - SMALL, 6), "per_month": DEARER},
        },
    }
    text = cost(repository, "--diff").stdout
    assert f"+${DEARER:.2f}  e2-small → e2-medium\n" in text
    assert f"Against HEAD ({head[:12]}). " in text
    assert cost(repository, "--diff", "--markdown").stdout.startswith(f"▲ **+${DEARER:.2f} a month")
    # Neither the index nor anything else is touched, and nothing is left behind.
    assert contents(repository) == before


def test_nothing_changed(repository: Path) -> None:
    done = cost(repository, "--diff")
    assert done.returncode == 0
    assert done.stdout.startswith("Nothing changed against HEAD (")
    assert done.stdout.count("\n") == 1
    # What there is to warn of is so of the fleet of now, and said once.
    assert done.stderr.count("ssh_keys=()") == 1


def test_what_git_calls_a_commit_is_accepted(repository: Path) -> None:
    describe(repository, MEDIUM_NODE)
    commit(repository, "Second: dearer")
    git(repository, "tag", "--annotate", "--message", "A tag", "v1", "HEAD~1")
    git(repository, "branch", "feature/a|b", "HEAD~1")
    first = git(repository, "rev-parse", "HEAD~1").strip()
    for name in ("HEAD~1", "v1", first, first[:8], "feature/a|b", "HEAD^{/Change}", ":/Change"):
        data = found(repository, name)
        assert (month(data), data["against"]["commit"]) == (DEARER, first), name
    assert month(found(repository, "@")) == 0


def test_another_fleet_of_the_same_project(repository: Path) -> None:
    with (repository / "described.py").open("a") as file:
        file.write(f"\nother = {MEDIUM_NODE}\n\ndef made():\n    return other\n")
    for source in ("described:other", "described:made"):
        data = found(repository, source)
        assert month(data) == -DEARER
        assert data["against"]["source"] == source
    assert "Against described:other. " in cost(repository, "--diff", "described:other").stdout
    data = found(repository, "described:metals", "--source", "described:other")
    assert month(data) == DEARER
    assert refused(repository, "--diff", "nowhere:fleet").startswith(
        "infra: source nowhere:fleet: there is no module 'nowhere' in "
    )
    assert refused(repository, "--diff", "described:KEY").startswith(
        "infra: source described:KEY: a Fleet, or a callable that returns one, is accepted"
    )


def test_a_source_that_is_named_holds_for_both(repository: Path) -> None:
    both = "\nother = fleet(node('other', {!r}))\n"
    path = repository / "described.py"
    path.write_text(MAIN + both.format("e2-small"))
    commit(repository)
    path.write_text(MAIN + both.format("e2-medium"))
    assert [it["name"] for it in found(repository, "--source", "described:other")["machines"]] == [
        "other"
    ]
    assert found(repository)["machines"] == []


def test_a_project_below_the_top_is_compared_with_itself(repository: Path) -> None:
    project = describe(repository / "infra/fleet", MEDIUM_NODE)
    (project / "docs").mkdir()
    (project / "docs/page.md").write_text("")
    commit(repository)
    describe(project)
    (project / "new").mkdir()
    for folder in (project, project / "docs", project / "new"):
        assert month(found(folder)) == -DEARER


def test_the_settings_of_then_say_where_the_fleet_was_then(repository: Path) -> None:
    describe(repository, MEDIUM_NODE)
    (repository / "described.py").rename(repository / "renamed.py")
    (repository / "pyproject.toml").write_text(SETTINGS.replace("described", "renamed"))
    assert month(found(repository)) == DEARER


def test_files_that_are_named_from_the_working_folder_are_those_of_then(repository: Path) -> None:
    project = describe(repository / "infra", "fleet(node(machine_type=open('size').read()))")
    (project / "size").write_text("e2-small")
    commit(repository)
    (project / "size").write_text("e2-medium")
    assert month(found(project)) == DEARER


def test_settings_around_the_folder_that_a_revision_is_read_into_are_not_its_own(
    repository: Path, tmp_path: Path
) -> None:
    (repository / "pyproject.toml").unlink()
    commit(repository)
    (repository / "pyproject.toml").write_text(SETTINGS)
    private = tmp_path / "private"
    private.mkdir()
    (private / "pyproject.toml").write_text(SETTINGS.replace("described", "elsewhere"))
    data = found(repository, env={"TMPDIR": str(private)})
    assert (data["against"]["missing"], data["machines"]) == (None, [])


def test_helper_modules_and_facts_are_those_of_then(repository: Path) -> None:
    """And none of now takes their place, whatever is on the path or loaded."""
    names = "from sizes.all_sizes import SIZE\nfrom pathlib import Path\n"
    described = MAIN.replace("fleet(node())", "fleet(node(machine_type=SIZE), facts=FACTS)", 1)
    facts = "FACTS = Facts.load(Path(__file__).with_name('facts.json'))\nmetals ="
    (repository / "described.py").write_text(names + described.replace("metals =", facts, 1))
    (repository / "src/sizes").mkdir(parents=True)
    (repository / "src/sizes/all_sizes.py").write_text("SIZE = 'e2-small'\n")
    (repository / "facts.json").write_text('{"machines": {}, "version": 1}\n')
    commit(repository)
    (repository / "src/sizes/all_sizes.py").write_text("SIZE = 'e2-medium'\n")
    (repository / "facts.json").write_text("not JSON of then")
    path = os.pathsep.join([str(repository / "src"), str(repository), str(CHECKOUT)])
    assert "facts.json" in refused(repository, "--diff", env={"PYTHONPATH": path})
    (repository / "facts.json").unlink()
    assert month(found(repository, env={"PYTHONPATH": path})) == DEARER


def test_what_is_loaded_already_is_not_taken_for_what_was(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(repository)
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    monkeypatch.delitem(sys.modules, "described", raising=False)
    describe(repository, MEDIUM_NODE)
    try:
        assert main(["cost"]) == 0
        capsys.readouterr()
        assert main(["cost", "--diff", "--json"]) == 0
    finally:
        sys.modules.pop("described", None)
    assert month(json.loads(capsys.readouterr().out)) == DEARER


def test_prices_are_those_of_now_also_where_the_repository_is_infra_libs_own(
    repository: Path,
) -> None:
    for name in ("infra_lib", "nixgen"):
        shutil.copytree(CHECKOUT / name, repository / name)
    broken = [
        repository / name
        for name in ("infra_lib/fleet.py", "infra_lib/clan_services/__init__.py", "nixgen/expr.py")
    ]
    texts = [path.read_text() for path in broken]
    for path in broken:
        path.write_text("raise RuntimeError('of then')\n")
    described = (repository / "described.py").read_text()
    (repository / "described.py").write_text(f"{described}\nimport infra_lib.clan_services\n")
    commit(repository)
    for path, text in zip(broken, texts, strict=True):
        path.write_text(text)
    describe(repository, MEDIUM_NODE)
    assert month(found(repository, env={"PYTHONPATH": str(repository)})) == DEARER


def test_what_is_installed_in_the_work_tree_stays_in_reach(repository: Path) -> None:
    """And a folder of sources that is new is not: then, it was not there."""
    installed, sources = repository / "vendor", repository / "src"
    (installed / "sizes-1.dist-info").mkdir(parents=True)
    (installed / "sizes.py").write_text("SIZE = 'e2-small'\n")
    (repository / ".gitignore").write_text("vendor\n")
    text = MAIN.replace("fleet(node())", "fleet(node(machine_type=SIZE))", 1)
    (repository / "described.py").write_text(f"from sizes import SIZE\n{text}")
    commit(repository)
    path = os.pathsep.join([str(installed), str(sources), str(CHECKOUT)])
    assert month(found(repository, env={"PYTHONPATH": path})) == 0
    sources.mkdir()
    (repository / "described.py").rename(sources / "moved.py")
    (repository / "pyproject.toml").write_text(SETTINGS.replace("described", "moved"))
    data = found(repository, "--source", "moved:metals", env={"PYTHONPATH": path})
    assert data["against"]["missing"] == "source moved:metals: there is no module 'moved' in ."
    assert [it["change"] for it in data["machines"]] == ["new"]


@pytest.mark.parametrize(
    ("source", "missing"),
    [
        ("new:metals", "source new:metals: there is no module 'new' in ."),
        ("described:ores", "source described:ores: module 'described' has no attribute 'ores'"),
    ],
)
def test_a_fleet_that_was_not_there_is_new_and_that_is_said(
    repository: Path, source: str, missing: str
) -> None:
    (repository / "new.py").write_text(MAIN)
    with (repository / "described.py").open("a") as file:
        file.write("\nores = metals\n")
    data = found(repository, "--source", source)
    assert data["against"]["missing"] == missing
    assert data["total"]["before"] is None
    assert [it["change"] for it in data["machines"]] == ["new"]
    said = f"No fleet is there, so that all is new: {missing}\n"
    assert said in cost(repository, "--diff", "--source", source).stdout
    markdown = cost(repository, "--diff", "--markdown", "--source", source).stdout
    assert "No fleet is there, so that all is new: source " in markdown


def test_a_project_that_was_not_there_is_new(repository: Path) -> None:
    project = describe(repository / "infra")
    data = found(project)
    assert data["against"]["missing"] == "there is no folder infra"
    assert [it["change"] for it in data["machines"]] == ["new"]


def test_before_the_first_commit_all_is_new(tmp_path: Path) -> None:
    describe(tmp_path)
    git(tmp_path, "init", "--quiet")
    for arguments in ((), ("HEAD",), ("@",)):
        data = found(tmp_path, *arguments)
        assert data["against"]["commit"] is None
        assert [it["change"] for it in data["machines"]] == ["new"]
    assert "HEAD (no commit yet)" in cost(tmp_path, "--diff").stdout
    assert "git rev-parse: fatal: " in refused(tmp_path, "--diff", "HEAD~1")


@pytest.mark.parametrize(
    ("revision", "said"),
    [
        ("nope", "revision 'nope': git rev-parse: fatal: "),
        ("-x", "revision '-x': what git calls a commit is accepted: "),
        ("--help", "revision '--help': what git calls a commit is accepted: "),
        ("", "revision '': what git calls a commit is accepted: "),
        ("HEAD:./described.py", "revision 'HEAD:./described.py': git rev-parse: "),
        ("^HEAD", "revision '^HEAD': what git calls a commit is accepted: "),
        ("main..main", "revision 'main..main': git rev-parse: fatal: "),
        ("a\x1b[2J\n", r"revision 'a\x1b[2J\n': git rev-parse: fatal: "),
    ],
)
def test_what_is_no_commit_is_refused_with_what_git_says(
    repository: Path, revision: str, said: str
) -> None:
    assert refused(repository, f"--diff={revision}").startswith(f"infra: {said}")


def test_outside_of_a_repository_is_refused_with_what_git_says(tmp_path: Path) -> None:
    describe(tmp_path)
    assert "git rev-parse: fatal: not a git repository" in refused(tmp_path, "--diff")


def test_without_git_that_is_said(repository: Path, tmp_path: Path) -> None:
    said = refused(repository, "--diff", env={"PATH": str(tmp_path)})
    assert said == "infra: revision 'HEAD': git cannot be run (No such file or directory)"
    # Another fleet is compared without it.
    assert month(found(repository, "described:metals", env={"PATH": str(tmp_path)})) == 0


def test_a_shallow_clone_says_what_to_do(repository: Path, tmp_path: Path) -> None:
    commit(repository)
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{repository}", str(clone))
    assert found(clone)["machines"] == []
    assert "this clone is shallow: git fetch --unshallow gets what is older" in refused(
        clone, "--diff", "HEAD~1"
    )


def test_a_partial_clone_is_not_filled_and_what_it_lacks_is_said(
    repository: Path, tmp_path: Path
) -> None:
    (repository / "large").write_text("of then")
    commit(repository)
    (repository / "large").write_text("of now")
    commit(repository)
    git(repository, "config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    options = ("--quiet", "--filter=blob:none")
    git(tmp_path, "clone", *options, f"file://{repository}", str(clone))
    before = contents(clone)
    done = cost(clone, "--diff", "HEAD~1")
    assert done.returncode == 0, done.stderr
    assert "Nothing changed" in done.stdout
    assert re.search(
        r"warning: revision HEAD~1 .*: not in this clone, and left out: large$",
        done.stderr,
        re.MULTILINE,
    )
    assert contents(clone) == before


def test_a_clone_without_the_folders_of_a_revision_is_not_filled_but_refused(
    repository: Path, tmp_path: Path
) -> None:
    describe(repository, MEDIUM_NODE)
    commit(repository)
    git(repository, "config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", "--filter=tree:0", f"file://{repository}", str(clone))
    before = contents(clone)
    assert "git ls-tree: " in refused(clone, "--diff", "HEAD~1")
    assert contents(clone) == before


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("metals = (", "described.py:1: '(' was never closed"),
        ("metals = 1 / 0", "source described:metals: ZeroDivisionError at described.py:1: "),
        ("metals = 5", "source described:metals: a Fleet, or a callable that returns one, is"),
        ("import os\nos._exit(0)", "source described:metals: SystemExit at described.py:2: "),
        ("import gone_since", "source described:metals: ModuleNotFoundError at described.py:1: "),
        (
            "from infra_lib import *\nMachineType('a', '8', 30)",
            "described.py:2: machine type 'a': vcpus='8': ",
        ),
    ],
)
def test_a_revision_that_does_not_load_is_named_with_its_error(
    repository: Path, code: str, said: str
) -> None:
    (repository / "described.py").write_text(code)
    name = commit(repository)[:12]
    describe(repository)
    message = refused(repository, "--diff")
    assert message.startswith(f"infra: revision HEAD ({name}): {said}")
    assert "infra-cost-" not in message


def test_what_a_revision_prints_is_not_in_the_output(repository: Path) -> None:
    (repository / "described.py").write_text(f"print('of then')\n{MAIN}")
    commit(repository)
    describe(repository)
    done = cost(repository, "--diff", "--json")
    assert json.loads(done.stdout)["machines"] == []
    assert "of then" in done.stderr


def test_a_fleet_that_is_wrong_now_is_said_as_ever(repository: Path) -> None:
    (repository / "described.py").write_text("metals = 5")
    assert refused(repository, "--diff") == refused(repository)


LISTING = """\
import os
from pathlib import Path

root = Path(__file__).parent


def holds(path):
    if path.is_symlink():
        return os.readlink(path)
    return path.is_file() and (path.read_bytes(), os.access(path, os.X_OK))


found = [Path(top, each) for top, dirs, files in os.walk(root) for each in (*dirs, *files)]
print("LISTED", sorted((str(each.relative_to(root)), holds(each)) for each in found))
"""
"""All that is beside a module, in one line."""

HOSTILE_NAMES = (b"a\nb", b"-x", b"a b|c", "é".encode(), b"\x1b[2J", b"$(touch x)", b"a\tb")


def test_files_are_written_as_they_were_committed_whatever_they_are_called(
    repository: Path, tmp_path: Path
) -> None:
    """Also those that an archive would leave out, and without what a checkout would run."""
    ran = tmp_path / "ran"
    (repository / "described.py").write_text(LISTING + MAIN)
    names = [*HOSTILE_NAMES, *([b"\xff"] if sys.platform == "linux" else [])]
    for name in names:
        (repository / os.fsdecode(name)).write_bytes(b"$Id$\r\n")
    (repository / ".gitattributes").write_text(
        "* filter=spy ident\nkept export-ignore export-subst\n"
    )
    (repository / "kept").write_text("$Format:%H$")
    (repository / "run").write_text("#!/bin/sh\n")
    (repository / "run").chmod(0o755)
    (repository / "to-kept").symlink_to("kept")
    (repository / "out").symlink_to(tmp_path)
    (repository / "nowhere").symlink_to("../../../gone")
    commit(repository)
    git(repository, "config", "filter.spy.smudge", f"touch {ran}; cat")
    git(repository, "config", "core.hooksPath", str(tmp_path / "hooks"))
    hook = tmp_path / "hooks/post-checkout"
    hook.parent.mkdir()
    hook.write_text(f"#!/bin/sh\ntouch {ran}\n")
    hook.chmod(0o755)
    done = cost(repository, "--diff")
    assert done.returncode == 0, done.stderr
    then, now = (line for line in done.stderr.splitlines() if line.startswith("LISTED"))
    assert not ran.exists()
    listed = {name: it for name, it in literal_eval(then[7:]) if ".git/" not in f"{name}/"}
    for name in names:
        assert listed[os.fsdecode(name)] == (b"$Id$\r\n", False)
    assert listed["kept"] == (b"$Format:%H$", False)
    assert listed["run"] == (b"#!/bin/sh\n", True)
    assert (listed["to-kept"], listed["out"]) == ("kept", str(tmp_path))
    assert listed["nowhere"] == "../../../gone"
    assert listed == {name: it for name, it in literal_eval(now[7:]) if ".git/" not in f"{name}/"}


@pytest.mark.parametrize("name", ["..", ".git", ".GIT"])
def test_a_path_that_leads_out_is_refused(repository: Path, tmp_path: Path, name: str) -> None:
    """Git itself makes no such tree; who writes one by hand means harm."""
    blob = git(repository, "hash-object", "-w", "described.py").strip()
    inner = bytes.fromhex(_tree(repository, b"100644 escaped\0" + bytes.fromhex(blob)))
    outer = _tree(repository, f"40000 {name}".encode() + b"\0" + inner)
    made = git(repository, "commit-tree", "-m", "Harm", outer).strip()
    said = refused(repository, "--diff", made)
    assert f"it has the path '{name}/escaped', which is not written" in said
    assert not (tmp_path / "escaped").exists()


def _tree(repository: Path, data: bytes) -> str:
    done = subprocess.run(
        ["git", "hash-object", "--literally", "-t", "tree", "-w", "--stdin"],
        cwd=repository,
        input=data,
        capture_output=True,
        check=True,
    )
    return done.stdout.decode().strip()


def test_nothing_is_written_through_a_link(repository: Path, tmp_path: Path) -> None:
    """A tree that has a name twice, as a link and as a folder."""
    outside = tmp_path / "outside"
    outside.mkdir()

    def blob(data: str) -> bytes:
        (tmp_path / "data").write_text(data)
        return bytes.fromhex(git(repository, "hash-object", "-w", str(tmp_path / "data")).strip())

    held = _tree(
        repository,
        b"100644 file\0" + blob("harm") + b"120000 link\0" + blob("harm"),
    )
    tree = _tree(
        repository,
        b"120000 a\0"
        + blob(str(outside))
        + b"40000 a\0"
        + bytes.fromhex(held)
        + b"100644 described.py\0"
        + blob(MAIN),
    )
    made = git(repository, "commit-tree", "-m", "Harm", tree).strip()
    assert month(found(repository, made)) == 0
    assert list(outside.iterdir()) == []


def test_submodules_that_are_here_are_read_and_others_are_named(
    repository: Path, tmp_path: Path
) -> None:
    sizes = tmp_path / "sizes"
    sizes.mkdir()
    git(sizes, "init", "--quiet")
    (sizes / "all_sizes.py").write_text("SIZE = 'e2-small'\n")
    commit(sizes)
    allowed = ("-c", "protocol.file.allow=always", "submodule", "--quiet", "add")
    git(repository, *allowed, str(sizes), "sizes")
    text = MAIN.replace("fleet(node())", "fleet(node(machine_type=SIZE))", 1)
    (repository / "described.py").write_text(f"from sizes.all_sizes import SIZE\n{text}")
    commit(repository)
    (repository / "sizes/all_sizes.py").write_text("SIZE = 'e2-medium'\n")
    assert month(found(repository)) == DEARER
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "--quiet", str(repository), str(clone))
    describe(clone)
    done = cost(clone, "--diff")
    assert done.returncode == 2
    assert ": not in this clone, and left out: sizes\n" in done.stderr
    assert "No module named 'sizes" in done.stderr


def test_in_a_hook_of_git_it_is_this_repository_that_is_read(
    repository: Path, tmp_path: Path
) -> None:
    """`git commit` tells its hooks of its own folder and index, also by variables."""
    hook = repository / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(
        f"#!/bin/sh\nenv | grep ^GIT_ > {tmp_path / 'env'}\n"
        f"PYTHONPATH={CHECKOUT} exec {sys.executable} -PB -m infra_lib cost --diff --json "
        f"> {tmp_path / 'said'}\n"
    )
    hook.chmod(0o755)
    describe(repository, MEDIUM_NODE)
    git(repository, "commit", "--quiet", "--all", "--message", "By the index of a hook")
    assert "GIT_INDEX_FILE=" in (tmp_path / "env").read_text()
    assert month(json.loads((tmp_path / "said").read_text())) == DEARER
    assert git(repository, "status", "--porcelain") == ""
    # A linked work tree's hook is told of GIT_DIR, too.
    linked = tmp_path / "linked"
    git(repository, "worktree", "add", "--quiet", str(linked))
    describe(linked)
    git(linked, "commit", "--quiet", "--all", "--message", "Cheaper")
    assert "GIT_DIR=" in (tmp_path / "env").read_text()
    assert month(json.loads((tmp_path / "said").read_text())) == -DEARER


def test_variables_that_point_elsewhere_do_not_confuse(repository: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "--quiet")
    describe(other, MEDIUM_NODE)
    commit(other)
    elsewhere = {
        "GIT_DIR": str(other / ".git"),
        "GIT_WORK_TREE": str(other),
        "GIT_INDEX_FILE": str(other / ".git/index"),
        "GIT_OBJECT_DIRECTORY": str(other / ".git/objects"),
        "GIT_NAMESPACE": "other",
    }
    assert found(repository, env=elsewhere)["machines"] == []


def test_nothing_is_left_behind_when_it_is_terminated(repository: Path, tmp_path: Path) -> None:
    reached, private = tmp_path / "reached", tmp_path / "private"
    private.mkdir()
    os.mkfifo(reached)
    waiting = f"import time\nopen({str(reached)!r}, 'w').close()\ntime.sleep(600)\n"
    (repository / "described.py").write_text(waiting)
    commit(repository)
    describe(repository)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        with subprocess.Popen(
            [sys.executable, "-P", "-m", "infra_lib", "cost", "--diff"],
            cwd=repository,
            env={**process.environment(), "TMPDIR": str(private)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        ) as running:
            reached.read_text()  # the revision is being loaded
            assert [*private.iterdir()] != []
            running.send_signal(number)
            out, _ = running.communicate()
        assert (running.returncode, out) == (128 + number, b"")
        assert [*private.iterdir()] == []


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ("budget_usd_per_hour=50", None),
        ("budget_usd_per_hour=0.05", "which is more; turn something off, raise the budget\n"),
        (
            "budget_usd_per_hour=50, catalog=Catalog(prices=(Price('e2-small', '*', None),))",
            "so that nobody can tell whether it is more; say what it costs: Catalog(prices=…)\n",
        ),
    ],
)
def test_over_the_budget_it_ends_with_1_and_says_why(
    repository: Path, fields: str, problem: str | None
) -> None:
    budget, _, catalog = fields.partition(", ")
    text = MAIN.replace("fleet(node())", f"fleet(node(), {budget})", 1)
    if catalog:
        text = text.replace(f'"e2-small", "*", {SMALL}', '"e2-small", "*", None')
    (repository / "described.py").write_text(text)
    for form in ((), ("--json",), ("--markdown",)):
        done = cost(repository, "--diff", *form)
        assert done.returncode == (1 if problem else 0)
        assert done.stdout
        said = [line for line in done.stderr.splitlines() if "warning" not in line]
        assert len(said) == bool(problem)
        if problem:
            assert said[0].startswith("infra: fleet 'metals': budget_usd_per_hour=")
            assert problem in done.stderr
            assert "--over-budget" not in done.stderr
    assert ("what is to be on costs" in cost(repository, "--diff", "--markdown").stdout) == bool(
        problem
    )
    told = json.loads(cost(repository, "--diff", "--json").stdout)["over_budget"]
    assert (told is None) == (problem is None)


def test_flags_that_do_not_go_together_are_refused(repository: Path) -> None:
    assert "give both" in refused(repository, "--markdown")
    assert "one of them" in refused(repository, "--diff", "--markdown", "--json")


def test_the_same_input_gives_the_same_bytes(repository: Path) -> None:
    describe(repository, 'fleet(node(), *(node(f"m{n}") for n in range(30)))')
    for form in ((), ("--json",), ("--markdown",)):
        first, second = (
            cost(repository, "--diff", *form, env={"PYTHONHASHSEED": seed}).stdout
            for seed in ("1", "2")
        )
        assert first == second
