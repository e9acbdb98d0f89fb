# shellcheck shell=bash
# Keeps a machine on that turns itself off when nobody uses it.
set -euo pipefail
export LC_ALL=C

leases=${IDLE_STOP_LEASES:-/run/infra-keep-alive}
proc=${IDLE_STOP_PROC:-/proc}
said=${IDLE_STOP_SAID:-/run/infra-idle-stop/said}
longest=$((3 * 24 * 60 * 60))

usage() {
  echo "usage: infra-keep-alive [DURATION | off | status]"
  echo "Keep this machine on for a DURATION such as 90m, 4h (unless given) or 2d, at most 3d."
  echo "off: give up what you asked for; as root, what anybody did."
}

# A lease is a file whose time of change is when it ends, in seconds since the boot. Each has a name
# of its own, so that nobody can take another's.
keep() {
  local seconds=$1 lease=
  # Again where another of the same user, at the same time, has taken it for an earlier one.
  until [[ -n $lease && -e $lease ]]; do
    lease=$(mktemp "$leases/$EUID.XXXXXX")
    touch --date="@$((now + seconds))" "$lease"
    find "$leases" -ignore_readdir_race -mindepth 1 -maxdepth 1 -type f -user "$EUID" \
      ! -path "$lease" -delete
  done
  echo "This machine stays on for $((seconds / 60)) min."
}

off() {
  local whose=(-user "$EUID")
  if ((EUID == 0)); then whose=(); fi
  find "$leases" -ignore_readdir_race -mindepth 1 -maxdepth 1 -type f "${whose[@]}" -delete
  echo "This machine turns itself off once nobody uses it."
}

status() {
  local end who
  while read -r end who; do
    end=${end%%.*}
    [[ $end =~ ^[0-9]{1,12}$ ]] || continue
    if ((10#$end > now && 10#$end <= now + longest)); then
      echo "${who//[^[:alnum:]._@-]/?} keeps it on for $(((10#$end - now + 59) / 60)) min."
    fi
  done < <(find "$leases" -mindepth 1 -maxdepth 1 -type f -name '[0-9]*' -printf '%T@ %u\n')
  if [[ -r $said ]]; then cat "$said"; fi
}

if (($# > 1)); then
  usage >&2
  exit 2
fi
given=${1:-4h}
case $given in
  -h | --help | help)
    usage
    exit
    ;;
esac
if [[ ! -d $leases ]]; then
  echo "infra-keep-alive: this machine does not turn itself off" >&2
  exit 1
fi
read -r now _ <"$proc/uptime"
now=${now%%.*}
if [[ $given == off ]]; then
  off
elif [[ $given == status ]]; then
  status
elif [[ $given =~ ^([1-9][0-9]{0,4})([mhd])$ ]]; then
  case ${BASH_REMATCH[2]} in
    m) unit=60 ;;
    h) unit=3600 ;;
    *) unit=86400 ;;
  esac
  seconds=$((BASH_REMATCH[1] * unit))
  if ((seconds > longest)); then
    echo "infra-keep-alive: $given: at most 3d; ask again before that is over" >&2
    exit 2
  fi
  keep "$seconds"
else
  usage >&2
  exit 2
fi
