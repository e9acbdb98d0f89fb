"""The startup script: it lets `clan machines install` in as root, by key only."""

from __future__ import annotations

import re

from infra_lib.model.reference import Reference

# Images differ: their sshd_config may say "PermitRootLogin no" (Debian's on Compute Engine does),
# may include drop-ins or not, and may hold a key of root's that only prints a refusal (cloud-init).
# sshd takes the first value and the first matching key it reads: ours are put first.
_ROOT_BY_KEY = r"""#!/bin/sh
# Lets root in over SSH by the keys in this instance's metadata, never by a password, so that
# `clan machines install` can install NixOS over this image. NixOS itself is left alone.

metadata() {
  url="http://metadata.google.internal/computeMetadata/v1/instance/attributes/$1"
  if command -v curl >/dev/null 2>&1; then
    curl --fail --silent --show-error --retry 5 --header 'Metadata-Flavor: Google' "$url"
  else
    wget --quiet --tries=5 --output-document=- --header='Metadata-Flavor: Google' "$url"
  fi
}

authorize_root() {
  keys=$(metadata ssh-keys | sed -n 's/^root:[[:space:]]*//p') || return
  if [ -z "$keys" ]; then
    echo 'startup-script: no key of root in metadata ssh-keys' >&2
    return 1
  fi
  umask 077
  mkdir -p /root/.ssh
  file=/root/.ssh/authorized_keys
  touch "$file"
  # The block is replaced as a whole: a key that has left the metadata leaves root's keys too.
  {
    printf '%s\n' '# begin infra_lib' "$keys" '# end infra_lib'
    sed '/^# begin infra_lib$/,/^# end infra_lib$/d' "$file"
  } >"$file.new" && mv "$file.new" "$file"
  if command -v restorecon >/dev/null 2>&1; then
    restorecon -R /root/.ssh
  fi
}

permit_root_by_key() {
  config=/etc/ssh/sshd_config
  if grep -Eiq '^[[:space:]]*Include[[:space:]]+/etc/ssh/sshd_config\.d/' "$config"; then
    mkdir -p /etc/ssh/sshd_config.d
    config=/etc/ssh/sshd_config.d/00-infra_lib.conf
  fi
  touch "$config"
  {
    printf '%s\n' '# begin infra_lib' 'PermitRootLogin prohibit-password' \
      'PubkeyAuthentication yes' '# end infra_lib'
    sed '/^# begin infra_lib$/,/^# end infra_lib$/d' "$config"
  } >"$config.new"
  if cmp -s "$config.new" "$config"; then
    rm "$config.new"
    return
  fi
  cp -p "$config" "$config.old"
  cat "$config.new" >"$config"
  rm "$config.new"
  mkdir -p /run/sshd # sshd wants it even for a test; it is not there before the first start
  if ! sshd=$(command -v sshd || command -v /usr/sbin/sshd) || "$sshd" -t; then
    rm "$config.old"
    systemctl try-reload-or-restart ssh 2>/dev/null ||
      systemctl try-reload-or-restart sshd 2>/dev/null ||
      service ssh reload || service sshd reload
  else
    echo 'startup-script: sshd refuses the change; taken back' >&2
    mv "$config.old" "$config"
    return 1
  fi
}

if [ ! -e /etc/NIXOS ]; then
  (authorize_root) || echo 'startup-script: root has no key' >&2
  (permit_root_by_key) || echo 'startup-script: root may not log in by key' >&2
fi
"""

# A file of its own, run by its own interpreter: a script for bash or Python stays one.
_OWN = r"""
script=$(mktemp)
trap 'rm -f "$script"' EXIT
cat >"$script" <<'{end}'
{text}
{end}
chmod 700 "$script"
"$script"
"""
_SHELL = "#!/bin/sh\n"
_OWN_PATTERN = (
    r"\nscript=\$\(mktemp\)\ntrap [^\n]*\ncat >\"\$script\" <<'(?P<end>END_*)'\n"
    r"(?P<text>.*)\n(?P=end)\nchmod 700 \"\$script\"\n\"\$script\"\n\Z"
)


def startup_script(own: str = "") -> str:
    """Return the metadata value `startup-script`: ours, then the machine's own.

    Args:
        own: The machine's own script. Its first line may name an interpreter; `/bin/sh` without.
    """
    if not own.strip():
        return _ROOT_BY_KEY
    text = own if own.startswith("#!") else f"{_SHELL}{own}"
    end = "END"
    while end in text.splitlines():
        end += "_"
    return _ROOT_BY_KEY + _OWN.format(text=text.rstrip("\n"), end=end)


def own_startup_script(value: str) -> str:
    """Return a machine's own script, by what the metadata value `startup-script` is.

    It is the one for which `startup_script` returns that value: of those that differ in an end of
    line, or name `/bin/sh`, the one that people would write. Also what an earlier release wrote
    before it is taken off.

    Args:
        value: The metadata value, or a `Reference` that a stack made of one.

    Returns:
        The script, a `Reference` of a `Reference`; empty for none. What no stack wrote is all the
        machine's own.
    """
    begin = _ROOT_BY_KEY.partition("\n\n")[0]
    if not value.startswith(begin):
        return value
    found = re.search(_OWN_PATTERN, value, re.DOTALL)
    if found is None:
        return ""
    text = found["text"]
    rest = text.removeprefix(_SHELL)
    text = text if rest.startswith("#!") or not rest.strip() else rest
    text = f"{text}\n" if "\n" in text else text
    return Reference(text) if isinstance(value, Reference) else text
