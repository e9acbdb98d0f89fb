"""What `infra help TOPIC` prints of what several commands have in common."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

TOPICS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "colour": (
            "when the output has colours",
            """\
On a terminal, states, prices and differences are in colour, in the eight colours that every
terminal lets its owner choose. In a pipe or a file they are not, nor where NO_COLOR is set in the
environment, or TERM is dumb. What a colour says stands in words beside it.""",
        ),
        "completion": (
            "having a shell complete commands, options and machines",
            """\
bash    in ~/.bashrc:                   source <(infra completion bash)
zsh     in ~/.zshrc, after compinit:    source <(infra completion zsh)
fish    in config.fish:                 infra completion fish | source

It takes argcomplete, which is in the extra [all]. Names of machines and tags are those of the fleet
that pyproject.toml names, whose module is run for that, as by every other command: complete none in
a folder whose code you would not run.""",
        ),
        "environment": (
            "the environment variables that are read",
            """\
INFRA_DEBUG=1            tracebacks in place of messages
NO_COLOR                 no colours: infra help colour
COLUMNS                  how wide the terminal is, for tables
HCLOUD_TOKEN             Hetzner Cloud's credentials, which its provider and hcloud read
TERRAFORM_BINARY_NAME    what Terraform is called: tofu for OpenTofu
JSII_NODE                the Node.js that cdktf runs on

Google's credentials are those that gcloud has.""",
        ),
        "exit-status": (
            "what the exit status of a command says",
            """\
0    fine
1    a check failed, a difference was found, something was refused, or nothing was found
2    bad input or usage; nothing was written and nothing was changed
130  interrupted by Ctrl-C

infra ssh to one machine ends with what the command there ended with, and with 255 where ssh itself
failed.""",
        ),
        "json": (
            "output for programs",
            """\
Every command that tells something takes --json, and prints one document of a shape that stays:
further keys may come, none goes or changes what it means. An amount that nobody knows is null,
never 0. Messages go to stderr, and -q leaves out those that are no errors.""",
        ),
        "machines": (
            "how machines are named",
            """\
Words after a command are names of machines, in whatever order; --tag TAG means all that have a tag,
and may be given again for those with another one too. With neither, all machines are meant. A
command that changes something wants them named, but for infra deploy and infra destroy, which do it
to all, and ask first.

infra gpus takes what GPUs are called, infra diff a revision of git, infra sync a source, and infra
help a topic.""",
        ),
        "source": (
            "where the fleet is found",
            """\
The nearest pyproject.toml says where the fleet is described:

    [tool.nixgen]
    source = "main:fleet"

--source MODULE:ATTRIBUTE names another. It is a Fleet, or a callable that returns one.""",
        ),
        "states": (
            "off, on and stopped",
            """\
off        enabled=False: it is not in the cloud, nor billed, but for what outlives it: data disks
           and kept addresses. Its boot disk is gone. A machine with a GPU is off unless it says
           enabled=True.
on         enabled=True: it runs, and is billed.
stopped    enabled=True, stopped=True: its disks stay and are billed, vCPUs, memory and GPUs are
           not. Where a cloud bills for a server that is powered off, this is refused.

infra enable, disable, stop and start change these words in the Python, and with --deploy in the
cloud.""",
        ),
    }
)
"""The topics by name: what each is about, and its text, in lines of up to 100 columns."""
