"""The shell that installs NixOS: on the machine that is meant, and only where it does not run."""

from __future__ import annotations

import shlex

# One word of a shell, for ssh: what it prints is the name. Its status is 0 or 1, and 1 of NixOS's
# installer too. All else is said by ssh, or by an image that does not let root in yet.
_QUESTION = "'hostname; test -e /etc/NIXOS && ! grep -q VARIANT_ID=installer /etc/os-release'"
# With 5 s between them: minutes, while a machine starts and its startup script runs.
_TRIES = 60
# An image that lets root in has published its keys, if it ever does: Google takes ten questions a
# minute (https://cloud.google.com/compute/docs/metadata/manage-guest-attributes).
_TRIES_FOR_KEYS = 6
# A line of known_hosts of each line that gcloud prints: the key's type, and the key.
_KNOWN = r"s/^\([a-z][-@.a-z0-9]*\)[[:space:]]\{1,\}\([A-Za-z0-9+/=]\{1,\}\)$/NAME \1 \2/p"

ALONE = "-o ControlPath=none"
"""Options of ssh for a connection that nothing shares: a shared one may lead to what had the
address before."""

UNCHECKED = (
    f"{ALONE} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o ForwardAgent=no "
    "-o LogLevel=ERROR"
)
"""Options of ssh for a machine whose host key nobody knows: it is asked, and is given nothing."""

FOLDER = (
    "folder=$(mktemp -d /tmp/infra.XXXXXX) || exit",
    """trap 'rm -rf "$folder"' EXIT""",
)
"""Lines of shell that make a folder, named by the variable `folder`, which goes with the shell."""


def clan_install(machine: str, host: str, checked: str) -> str:
    """Return the command that installs NixOS on a machine, and wipes what is there.

    Args:
        machine: The machine's name.
        host: Where SSH reaches it, as it stands between double quotes.
        checked: What clan does about its host key: "ask", or "none" where nobody knows it.
    """
    return (
        f"clan machines install {machine} --update-hardware-config nixos-facter --build-on remote "
        f'--host-key-check {checked} --target-host "{host}" --yes'
    )


def guarded(
    machine: str,
    install: str,
    *,
    ssh: str,
    host: str,
    published: tuple[str, str] | None,
    advice: str,
    anew: bool = False,
    named: bool = False,
) -> tuple[str, ...]:
    """Return lines of shell that ask a machine who it is, and install it.

    Nothing is installed before the machine itself has said, in one answer, that it has the right
    name and that it does not run NixOS. An image on Compute Engine has the instance's name for a
    host name, some images with the domain after it. The lines `exit` with 1 where something is
    wrong. They are for any shell that is like sh: people paste them, and Terraform runs them.

    Args:
        machine: The machine's name.
        install: The command that installs it.
        ssh: Options of ssh.
        host: Where SSH reaches it, as it stands between double quotes.
        published: The zone and the project of an instance whose image may have published its host
            key, which is checked then; it takes what `FOLDER` makes. None for any other machine.
        advice: What to look at when it does not let root in.
        anew: Whether it has been made anew, and running NixOS tells that it has not been.
        named: Whether a person may say what name it answers to, in the variable ANSWERS_TO.
    """
    runs = (
        f"echo {shlex.quote(f'{machine} runs NixOS: it was not made anew, and is left alone')} >&2"
        "; exit 1"
        if anew
        else f"echo {machine} runs NixOS already"
    )
    other = f"{host} answers to the name '$said', not '$name': it is left alone"
    other += "; if it is the one to wipe, ANSWERS_TO=$said says so" if named else ""
    more = f"{host} answers with more than a name: '$said'; it is left alone"
    check = () if published is None else _checked(machine, *published, ssh=ssh, host=host)
    silent = f"{machine} does not let root in over SSH, so nothing is installed: {advice}"
    return (
        f"name=${{ANSWERS_TO:-{machine}}}" if named else f"name={machine}",
        "tries=0",
        "until",
        f'  said=$(ssh -n {ssh} -- "{host}" {_QUESTION})',
        "  nixos=$?",
        f"  test $nixos -le 1 || test $((tries += 1)) -ge {_TRIES}",
        "do sleep 5; done",
        'case "$nixos $said" in',
        # An asterisk stands for lines, too.
        f"""[01]\\ *[[:space:]]*) printf '%s\\n' "{more}" >&2; exit 1 ;;""",
        '"1 $name" | "1 $name".*)',
        *(f"  {line}" for line in check),
        f"  {install} ;;",
        f'"0 $name" | "0 $name".*) {runs} ;;',
        f"""[01]\\ *) printf '%s\\n' "{other}" >&2; exit 1 ;;""",
        f"*) echo {shlex.quote(silent)} >&2; exit 1 ;;",
        "esac",
    )


def _checked(machine: str, zone: str, project: str, *, ssh: str, host: str) -> tuple[str, ...]:
    """Return lines of shell that check an instance's host key by what its image has published.

    Google's agent, which most images have, writes the public keys into the instance's guest
    attributes at its first boot (https://github.com/GoogleCloudPlatform/guest-agent), and Google
    tells them to whoever may see the instance. The machine has to give its answer once more, under
    one of these keys. Where none is told, that is said, and the installation goes on: not every
    image publishes them, and not everybody has gcloud.

    The lines take what `FOLDER` makes and the answer as `said`.

    Args:
        machine: The machine's name.
        zone: The zone it is in.
        project: The ID of the project it is in.
        ssh: Options of ssh; those about host keys do not count here.
        host: Where SSH reaches it, as it stands between double quotes.
    """
    asked = shlex.join(
        (
            *("gcloud", "compute", "instances", "get-guest-attributes", machine),
            *("--query-path=hostkeys/", f"--zone={zone}", f"--project={project}"),
            *("--format=value(key,value)", "--quiet"),
        )
    )
    known = shlex.quote(_KNOWN.replace("NAME", machine))
    pinned = (
        f"-o HostKeyAlias={machine} -o StrictHostKeyChecking=yes "
        '-o "UserKnownHostsFile=$folder/keys" -o GlobalKnownHostsFile=/dev/null'
    )
    other = f"{machine} does not answer under a host key that its image has published"
    unknown = (
        f"{machine}: its host key is not checked: gcloud tells of none that its image has published"
    )
    return (
        f"tries=$(command -v gcloud >/dev/null && echo 0 || echo {_TRIES_FOR_KEYS})",
        "until",
        f'  {asked} </dev/null 2>"$folder/why" | sed -n {known} >"$folder/keys"',
        f'  test -s "$folder/keys" || test $((tries += 1)) -ge {_TRIES_FOR_KEYS}',
        "do sleep 5; done",
        'if test ! -s "$folder/keys"; then',
        f'  cat "$folder/why" >&2; echo {shlex.quote(unknown)} >&2',
        f'elif test "$(ssh -n {pinned} {ssh} -- "{host}" {_QUESTION})" != "$said"; then',
        f"  echo {shlex.quote(f'{other}: it is left alone')} >&2; exit 1",
        "fi",
    )
