"""The commands of `infra`, a module each; `infra_lib.cli` lists them."""
