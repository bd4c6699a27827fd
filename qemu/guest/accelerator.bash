# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # boot sets the variables
# Sourced by boot: whether KVM boots a kernel on this machine. A device that opens
# proves nothing, so a guest is booted. Needs qemu, qemu_version, print_args and say.

# choose_accelerator KERNEL INITRD: sets accel to kvm where a guest gets as far as
# its first program. Two callers at once do not both try.
choose_accelerator() {
  local kernel=$1 initrd=$2 cache answer hash
  [[ $(uname -m) == x86_64 && -r ${PMEM4J_KVM_DEVICE:-/dev/kvm} && -w ${PMEM4J_KVM_DEVICE:-/dev/kvm} ]] || return 0
  cache=${XDG_CACHE_HOME:-$HOME/.cache}/pmem4j
  hash=$({
    cat /etc/machine-id 2> /dev/null || uname -n
    uname -srv
    grep -m 2 -E '^(model name|flags)' /proc/cpuinfo
    printf '%s\n' "$qemu" "$qemu_version"
  } | sha256sum | cut -c 1-16)
  answer=$cache/accelerators/$hash
  if is_answered; then
    return
  fi
  # A kernel from elsewhere may be one that boots nowhere: it proves nothing.
  [[ $kernel == "$cache"/kernels/* && $initrd == "$cache"/guests/* ]] || return 0
  mkdir -p "$cache/accelerators" 2> /dev/null || return 0
  { exec 7> "$cache/accelerators/.lock"; } 2> /dev/null || return 0
  flock -w 10 7 || return 0
  if ! is_answered; then
    say 'trying KVM once, for at most 8 seconds'
    if boots_with_kvm "$kernel" "$initrd"; then
      accel=kvm
    else
      say 'KVM boots no kernel here: TCG is used for a week (PMEM4J_ACCEL=kvm uses KVM all the same)'
    fi
    { printf '%s\n' "$accel" > "$answer.new" && mv "$answer.new" "$answer"; } 2> /dev/null || true
  fi
  exec 7>&-
}

# Sets accel from the cache. A negative answer holds for a week: the machine may
# have been busy, or set up anew.
is_answered() {
  local known
  known=$(cat "$answer" 2> /dev/null) || return 1
  [[ $known == kvm || -n $(find "$answer" -mtime -7) ]] || return 1
  [[ $known == kvm || $known == tcg,thread=multi ]] || return 1
  accel=$known
}

boots_with_kvm() {
  local kernel=$1 initrd=$2 work args status=1
  work=$(mktemp -d "${TMPDIR:-/tmp}/pmem4j-kvm-XXXXXX") || return 1
  if truncate -s 64M "$work/nvdimm"; then
    mapfile -t args < <(PMEM4J_ACCEL=kvm PMEM4J_NVDIMM2='' PMEM4J_DISKS='' PMEM4J_APPEND='' \
      print_args "$kernel" "$initrd" "$work/nvdimm" "$work/agent" "$work/qmp" \
      'rdinit=/bin/busybox -- printf pmem4j-%s-up kvm')
    # The first program prints and ends. The kernel does not survive that: QEMU ends.
    # The command line, which a kernel may print, does not have the text.
    (ulimit -c 0; timeout --kill-after=1 7 "$qemu" "${args[@]}" < /dev/null 2> /dev/null) \
      | grep -qF pmem4j-kvm-up && status=0
  fi
  rm -rf "$work"
  return "$status"
}
