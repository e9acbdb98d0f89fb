"""Making a folder hold what is generated, all or nothing."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from nixgen.errors import NixgenError
from nixgen.files import header, paths
from nixgen.files.folder import Folder, open_folder
from nixgen.files.plan import File, Plan, Status, compare, render_all
from nixgen.files.rendered import Rendered
from nixgen.files.values import Files


class ForeignFilesError(NixgenError):
    """Files are in the way that nixgen did not generate, and nobody said to take them over.

    Attributes:
        files: Those.
    """

    def __init__(self, files: Sequence[File]) -> None:
        super().__init__(refusal(files, {}))
        self.files = tuple(files)


def write(
    files: Files | Rendered,
    root: str | Path,
    source: str,
    *,
    adopt: Collection[str] = (),
    notify: Callable[[str], None] = lambda _: None,
) -> Plan:
    """Make a folder hold what is generated: every file, or, when anything fails, none.

    Takes what `plan` takes. What a person wrote is never lost: the version of a file edited by hand
    or taken over is kept beside it, with `.orig` after its name.

    Returns:
        The plan that was carried out, with the statuses as they were before.

    Raises:
        NixgenError: As `plan`, and when one cannot be written. Nothing is changed then.
        ForeignFilesError: When nixgen did not generate a file in the way. Nothing is changed then.
        nixgen.files.interruption.Interrupted: When a signal asked to end meanwhile; it says
            whether all is as before or every file is written.
    """
    rendered = render_all(files, source, adopt)
    with open_folder(Path(root).absolute(), change=True, notify=notify) as here:
        names = here.search()
        if any(paths.is_temporary(name) for name in names):
            from nixgen.files import transaction

            transaction.clean(here, names, header.is_whole)
            names = here.search()
        carried_out = compare(rendered, here, source, adopt, names)
        if foreign := carried_out.with_status(Status.FOREIGN):
            raise ForeignFilesError(foreign)
        if carried_out.drift:
            for copy in _replace(here, carried_out.drift):
                notify(f"kept {copy}: what somebody saved meanwhile")
        return carried_out


def refusal(foreign: Sequence[File], said: Mapping[str, Sequence[str]]) -> str:
    """Return why nothing was written, and how to go on.

    Args:
        foreign: The files in the way.
        said: More about each by its path: one line that goes on, and others below it.
    """
    from posixpath import dirname
    from shlex import join

    first, *others = (file.path for file in foreign)
    take = join(["--adopt", first])
    folder = dirname(first)
    if folder and any(path.startswith(f"{folder}/") for path in others):
        take += f", or all that are in the folder with {join(['--adopt', folder])}"
    return "\n".join(
        (
            *(
                "\n".join(("; ".join((f"{file.path}: {file.reason}", *more[:1])), *more[1:]))
                for file in foreign
                for more in [said.get(file.path, ())]
            ),
            "nothing was written. nixgen diff shows what would be replaced: when all of it is "
            f"described, take it over with {take} (a copy of what a person wrote is kept); or move "
            "it away",
        )
    )


def _replace(here: Folder, drift: Sequence[File]) -> list[str]:
    """Carry out what a plan found, and return the copies that this made it keep."""
    from nixgen.files import transaction  # most runs change nothing

    changes = []
    for file in drift:
        if file.keep and file.found:
            copy = transaction.Change(file.kept, file.found.data, found=None, like=file.found)
            changes.append(copy)
        changes.append(transaction.Change(file.path, file.data, found=file.found, like=file.found))
    return transaction.replace(here, changes)
