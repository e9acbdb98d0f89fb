# shellcheck shell=bash
# Turns the machine off once nothing has used it for long enough. A timer runs this every minute.
#
# What uses the machine starts the time anew: work on a GPU, load, a key that somebody presses in a
# terminal, a lease of infra-keep-alive, a lock of systemd-inhibit, a boot. What is merely there, a
# session or a process that has a GPU and does nothing on it, makes that time longer.
#
# Times are seconds since the boot, which no change of the clock moves. What users and processes are
# called is never read; nobody's file is opened.
set -euo pipefail
shopt -s nullglob
export LC_ALL=C

minutes=${IDLE_STOP_MINUTES:?}
session_minutes=${IDLE_STOP_SESSION_MINUTES:?} # or "never"
stalled_minutes=${IDLE_STOP_STALLED_MINUTES:?} # or "never"
grace=$((${IDLE_STOP_GRACE_MINUTES:?} * 60))
boot_minutes=${IDLE_STOP_BOOT_MINUTES:?}
gpu_percent=${IDLE_STOP_GPU_PERCENT:?}
load=${IDLE_STOP_LOAD:?} # in hundredths
nvidia_smi=${IDLE_STOP_NVIDIA_SMI:-} # empty on a machine without a GPU

state=${RUNTIME_DIRECTORY:?}
proc=${IDLE_STOP_PROC:-/proc}
dev=${IDLE_STOP_DEV:-/dev}
leases=${IDLE_STOP_LEASES:-/run/infra-keep-alive}
patience=${IDLE_STOP_PATIENCE:-20} # how many seconds nvidia-smi has

longest_lease=$((3 * 24 * 60 * 60))
longest_blind=$((24 * 60)) # minutes, where what cannot be asked would keep the machine on for ever
longest_gap=300            # seconds in which nobody looked

# Prints a time that was written down; nothing where there is none, or it makes no sense.
remembered() {
  local value=
  if [[ -f $state/$1 ]]; then read -r value <"$state/$1" || true; fi
  if [[ $value =~ ^[0-9]{1,12}$ ]] && ((10#$value <= now)); then echo "$((10#$value))"; fi
}

# Keeps what is the case for whoever asks, and logs it when it is of another kind than before.
tell() {
  local kind=$1 text=$2 before=
  if [[ -f $state/kind ]]; then read -r before <"$state/kind" || true; fi
  echo "$text" >"$state/said"
  if [[ $kind != "$before" ]]; then
    echo "$kind" >"$state/kind"
    echo "$text"
  fi
}

# The machine is in use: the first reason is told.
use() {
  used=${used:-$1}
}

# Something is there that the machine is to stay on for, but not for ever.
hold() {
  local most=$1 reason=$2
  if [[ $most == never ]]; then
    forever=$reason
  elif ((most * 60 > limit)); then
    limit=$((most * 60))
    held=$reason
  fi
}

# Something cannot be asked. It may be in use, and it may have broken for good.
blind() {
  local most=$1 reason=$2
  if [[ $most == never ]]; then most=$longest_blind; fi
  hold "$most" "$reason"
}

# Whether an nvidia-smi of an earlier run still hangs in the driver, where no signal ends it.
hangs() {
  local pid="" name=""
  if [[ -f $state/hanging ]]; then read -r pid <"$state/hanging" || true; fi
  if [[ ! $pid =~ ^[0-9]{1,9}$ || ! -r $proc/$pid/comm ]]; then return 1; fi
  read -r name <"$proc/$pid/comm" || return 1
  [[ $name == nvidia-smi ]]
}

# Asks nvidia-smi, and leaves it alone when it does not answer: to wait for it would be to hang too.
ask_gpus() {
  local answer=$1 pid tries
  shift
  "$nvidia_smi" "$@" >"$answer" 2>/dev/null &
  pid=$!
  for ((tries = 0; tries < patience * 20; tries++)); do
    if ! kill -0 "$pid" 2>/dev/null; then
      wait "$pid"
      return
    fi
    sleep 0.05
  done
  disown "$pid" # without a word about its end
  kill -KILL "$pid" 2>/dev/null || true
  echo "$pid" >"$state/hanging"
  return 1
}

look_at_gpus() {
  local line most=0 measured=yes processes=0
  if [[ -z $nvidia_smi ]]; then return; fi
  if hangs; then
    blind "$stalled_minutes" "nvidia-smi hangs"
    return
  fi
  if ! ask_gpus "$state/gpus" --query-gpu=utilization.gpu --format=csv,noheader,nounits ||
    [[ ! -s $state/gpus ]]; then
    blind "$stalled_minutes" "nvidia-smi fails"
    return
  fi
  while read -r line; do
    case $line in
      "[N/A]" | N/A | "[Not Supported]") measured=no ;; # as of a GPU in parts
      "" | *[!0-9]* | ????*) blind "$stalled_minutes" "a GPU does not say what it does" ;;
      *) if ((10#$line > most)); then most=$((10#$line)); fi ;;
    esac
  done <"$state/gpus"
  if ((most > gpu_percent)); then
    use "a GPU is at $most %"
    return
  fi
  if ! ask_gpus "$state/processes" --query-compute-apps=pid --format=csv,noheader; then
    blind "$stalled_minutes" "nvidia-smi fails"
    return
  fi
  while read -r line; do
    case $line in
      "" | "No running processes found") ;;
      *[!0-9]*) blind "$stalled_minutes" "a GPU does not say what has it" ;; # "[Not Supported]"
      *) processes=$((processes + 1)) ;;
    esac
  done <"$state/processes"
  if ((processes > 0)); then
    if [[ $measured == no ]]; then
      use "a process has a GPU that does not measure its use"
    else
      hold "$stalled_minutes" "a process has a GPU and does nothing on it"
    fi
  fi
}

look_at_load() {
  local one above
  read -r one _ <"$proc/loadavg"
  [[ $one =~ ^([0-9]{1,7})\.([0-9]{2})$ ]]
  above=$((10#${BASH_REMATCH[1]} * 100 + 10#${BASH_REMATCH[2]} - load))
  if hangs; then above=$((above - 100)); fi # it counts as load, and does nothing
  if ((above > 0)); then use "the load is $one"; fi
}

# Whether a key was pressed in a terminal since the last look, or one was opened or closed.
look_at_terminals() {
  local terminals seen=
  terminals=("$dev"/pts/[0-9]* "$dev"/tty[0-9]* "$dev"/ttyS[0-9]*)
  # One that is closed meanwhile is no mistake.
  if ((${#terminals[@]})); then seen=$(stat --format='%n %X' "${terminals[@]}" 2>/dev/null) || true; fi
  if [[ -f $state/terminals && $seen != "$(<"$state/terminals")" ]]; then
    use "somebody typed in a terminal"
  fi
  echo "$seen" >"$state/terminals"
}

look_at_sessions() {
  local sessions session properties line class phase
  if ! sessions=$(timeout 10 loginctl list-sessions --no-legend --no-pager 2>/dev/null); then
    blind "$session_minutes" "nobody knows who is logged in"
    return
  fi
  while read -r session _; do
    [[ $session =~ ^[A-Za-z0-9]+$ ]] || continue
    if properties=$(timeout 10 loginctl show-session "$session" --property=Class --property=State 2>/dev/null); then
      class="" phase=""
    elif (($? == 124)); then
      blind "$session_minutes" "nobody knows who is logged in"
      return
    else
      continue # it has ended
    fi
    while read -r line; do
      case $line in
        Class=*) class=${line#Class=} ;;
        State=*) phase=${line#State=} ;;
      esac
    done <<<"$properties"
    # Others are of services and of greeters; one that is closing has lost whoever it was of.
    if [[ $class == user* && $phase != closing ]]; then
      hold "$session_minutes" "somebody is logged in"
      return
    fi
  done <<<"$sessions"
}

look_at_locks() {
  local locks
  # Without a session, these are properties of logind itself: what all locks together block.
  if ! locks=$(timeout 10 loginctl show-session --property=BlockInhibited --value 2>/dev/null); then
    blind "$session_minutes" "nobody knows which locks there are"
    return
  fi
  case ":$locks:" in
    *:shutdown:* | *:idle:*) use "a lock forbids it (systemd-inhibit --list)" ;;
  esac
}

# A lease is a file whose time of change is when it ends, in seconds since the boot.
look_at_leases() {
  local end
  [[ -d $leases ]] || return 0
  while read -r end; do
    end=${end%%.*}
    [[ $end =~ ^[0-9]{1,12}$ ]] || continue
    if ((10#$end > now && 10#$end <= now + longest_lease)); then
      use "infra-keep-alive keeps it on for $(((10#$end - now + 59) / 60)) min"
    fi
  done < <(find "$leases" -mindepth 1 -maxdepth 1 -type f -name '[0-9]*' -printf '%T@\n' 2>/dev/null)
}

warn_everybody() {
  local text="This machine is not in use, and turns itself off in about $1 min. Press a key in a \
terminal to keep it on for now, or run: infra-keep-alive 4h"
  echo "<4>$text"
  timeout 10 wall "$text" 2>/dev/null || true
}

read -r now _ <"$proc/uptime"
now=${now%%.*}
[[ $now =~ ^[0-9]{1,12}$ ]]

used="" held="" forever="" limit=$((minutes * 60))
if ((now < boot_minutes * 60)); then use "it has just started"; fi
# What may take long comes first, and whoever may just have come comes last: nothing but the end
# itself lies between the last look at people and that.
look_at_gpus
look_at_load
look_at_locks
look_at_sessions
look_at_leases
look_at_terminals

since=$(remembered since)
last=$(remembered last)
echo "$now" >"$state/last"
if [[ -z $since || -z $last ]] || ((now - last > longest_gap)); then
  use "it is looked at for the first time"
fi
if [[ -n $used ]]; then
  echo "$now" >"$state/since"
  rm -f "$state/warned"
  tell used "In use: $used."
  exit
fi

quiet=$(((now - since) / 60))
if [[ -n $forever ]]; then
  tell held "Not in use for $quiet min; stays on: $forever."
  exit
fi
left=$((limit - (now - since)))
if ((left > grace)); then
  tell "quiet${held:+ $held}" "Not in use for $quiet min; turns itself off in $(((left + 59) / 60)) min, unless it is used${held:+ ($held)}."
  exit
fi
warned=$(remembered warned)
# A warning that is long past is none: the machine stayed on after all.
if [[ -z $warned ]] || ((now - warned > grace + 600)); then
  echo "$now" >"$state/warned"
  tell warned "Not in use for $quiet min; turns itself off in $(((grace + 59) / 60)) min."
  warn_everybody "$(((grace + 59) / 60))"
  exit
fi
soon=$((left > grace - (now - warned) ? left : grace - (now - warned)))
if ((soon > 0)); then
  tell warned "Not in use for $quiet min; turns itself off in $(((soon + 59) / 60)) min."
  exit
fi

tell off "Not in use for $quiet min; turns itself off now."
if ! systemctl poweroff; then
  echo "<3>The machine could not turn itself off, and tries again."
  exit 1
fi
