"""The commands of `infra`, a module each; `infra_lib.commands.cli` lists them."""
