"""What a machine answers when it is asked whether it runs NixOS."""

RUNS_NIXOS = "'test -e /etc/NIXOS && ! grep -q VARIANT_ID=installer /etc/os-release'"
"""The word of a shell that has ssh ask: the answer is 0 or 1, and 1 of NixOS's installer too. All
else is said by ssh, or by an image that does not let root in yet."""
