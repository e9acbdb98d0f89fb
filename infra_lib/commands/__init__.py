"""The commands of `infra`, a module each: cli lists them, and load finds their fleet."""
