#!/bin/sh
# What a machine says of itself, for `infra verify`. It reads, and changes nothing.
#
# What is asked is said before, in a line "? NAME". Each answer is a line "= NAME STATUS", where 127 means that there is no such program and 124 that
# it did not end; then what was said, each line behind a "|". infra_lib/operate/health/answers.py
# reads that.

LC_ALL=C
# Where NixOS has its programs, for shells that log in without a profile.
PATH=$PATH:/run/current-system/sw/bin:/run/wrappers/bin:/usr/sbin:/sbin
export LC_ALL PATH

limited() {
  if command -v timeout >/dev/null 2>&1; then timeout -k 2 20 "$@"; else "$@"; fi
}

ask() {
  name=$1
  shift
  said=
  answer=127
  printf '? %s\n' "$name"
  if command -v "$1" >/dev/null 2>&1; then
    # What it is asked by comes on standard input, and nothing else may read that.
    said=$(limited "$@" 2>&1 </dev/null)
    answer=$?
  fi
  printf '= %s %s\n' "$name" "$answer"
  test -z "$said" || printf '%s\n' "$said" | sed 's/^/|/'
}

tell() {
  system=/run/current-system
  booted=/run/booted-system
  printf 'infra-probe 1\n'
  ask user id -u
  ask os cat /etc/os-release
  ask version nixos-version
  ask generation readlink /nix/var/nix/profiles/system
  ask profile readlink -f /nix/var/nix/profiles/system
  ask system readlink -f "$system"
  ask kernel readlink -f "$system/kernel" "$system/initrd" "$system/kernel-modules"
  ask booted_kernel readlink -f "$booted/kernel" "$booted/initrd" "$booted/kernel-modules"
  ask host uname -n
  ask platform uname -m
  ask driver cat /proc/driver/nvidia/version
  ask persistenced systemctl is-active nvidia-persistenced.service
  ask zerotier zerotier-cli -j info
  ask networks zerotier-cli -j listnetworks
  ask addresses ip -o addr show
  ask mounts cat /proc/self/mounts
  ask time timedatectl show -p NTPSynchronized
  ask firewall systemctl is-active firewall.service
  ask nftables systemctl is-active nftables.service
  ask iptables iptables -w -S
  ask nft nft list ruleset
  ask units systemctl --failed --plain --no-legend --no-pager
  # At last, for one that hangs in the driver cannot be ended.
  ask gpus nvidia-smi --query-gpu=name,driver_version,persistence_mode --format=csv,noheader
  ask cuda nvidia-smi -q -d COMPUTE
  printf 'infra-probe end\n'
}

# A function, so that all has been read before anything is asked.
tell
