# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by the launcher and the scripts: the distribution's packages, and
# signals. Needs say TEXT and die STATUS TEXT.

# Some services and containers have no HOME; the cache is below it.
export HOME=${HOME:-$(getent passwd "$(id -u)" | cut -d : -f 6)}

# ---- packages (Debian's names) ------------------------------------------------

# shellcheck disable=SC2034 # read by name
{
  readonly PACKAGES_lib=(maven gcc make libc6-dev libpmem1)
  readonly PACKAGES_build=(maven gcc make libc6-dev)
  readonly PACKAGES_images=(e2fsprogs xfsprogs)
  readonly PACKAGES_pmem=(libpmem1 libpmem-dev binutils)
  readonly PACKAGES_guest=(gcc make libc6-dev qemu-system-x86 busybox-static cpio gzip e2fsprogs)
  readonly PACKAGES_kernel=(gcc make libc6-dev flex bison bc libelf-dev libssl-dev xz-utils kmod patch perl
    debian-archive-keyring)
  readonly PACKAGES_peers=(libpmemobj1 libpmempool1) # what LLPL is linked to
  readonly PACKAGES_fs=(e2fsprogs fuse2fs mount) # the peers of bench fs
  # Programs that judge an ext2 image mounted through FUSE.
  readonly PACKAGES_suites=(fio stress-ng sqlite3 git rsync attr acl)
  readonly PACKAGES_containers=(docker.io debootstrap iptables)
  # The test of a fresh machine makes one.
  readonly PACKAGES_fresh=(debootstrap)
}

missing_packages() {
  local there package
  # dpkg-query prints nothing for a package that it does not know.
  there=" $(dpkg-query -W -f '${db:Status-Abbrev} ${Package}\n' "$@" 2> /dev/null | sed -n 's/^ii *//p' | paste -sd ' ' || true) "
  while read -r package; do
    [[ $there == *" $package "* ]] || printf '%s\n' "$package"
  done < <(printf '%s\n' "$@" | sort -u)
}

# Prints the reason why apt's package lists have to be read anew, or nothing.
# apt itself names what belongs to the configured sources.
stale_lists() {
  local folder='' plan name
  eval "$(apt-config shell folder Dir::State::Lists/d)"
  plan=$(LC_ALL=C timeout 60 apt-get update --print-uris 2> /dev/null < /dev/null) || return 0
  while read -r _ name _; do
    case $name in
      *_InRelease) [ -e "$folder/$name" ] || [ -e "$folder/${name%InRelease}Release" ] || break ;;
      *_binary-all_Packages) ;; # most archives have none
      *_Packages) compgen -G "$folder/$name*" > /dev/null || break ;;
    esac
    name=
  done < <(grep "^'" <<< "$plan" | grep -v "^'cdrom:")
  if [ -n "${name:-}" ]; then
    echo "$name is not there"
  elif [ -z "$(find "$folder" "$folder/partial" -maxdepth 0 -mtime -1 2> /dev/null)" ]; then
    echo "the last ones are older than a day"
  fi
}

# Reads apt's package lists anew; an archive that cannot be read is named.
refresh_lists() {
  local log=$1
  LC_ALL=C timeout --kill-after=10 300 apt-get -o DPkg::Lock::Timeout=120 -o Acquire::http::Timeout=20 \
    -o Acquire::https::Timeout=20 update > "$log" 2>&1 < /dev/null || true
  grep -E '^(W: Failed to fetch|W: GPG error|E: )' "$log" | sed 's,//[^/@ ]*@,//,g; s/^[WE]: /apt-get update: /' \
    | head -n 3 | while IFS= read -r line; do say "$line"; done || true
}

# Installs and adds only: never upgrades, never removes, never touches the package configuration.
install_packages() {
  local line=(apt-get install -y --no-install-recommends --no-upgrade --no-remove) log stale attempt reason
  [ "$(id -u)" -eq 0 ] || die 3 "packages are missing; as root run: ${line[*]} $*"
  say "installing $* (about a minute)"
  log=$(mktemp) || die 3 "no temporary file can be made in ${TMPDIR:-/tmp}: make room there, or set TMPDIR"
  stale=$(stale_lists)
  for attempt in first last; do
    if [ "$attempt" = last ] || [ -n "$stale" ]; then
      say "reading apt's package lists: ${stale:-a package could not be fetched} (about 10 seconds)"
      refresh_lists "$log"
    fi
    if DEBIAN_FRONTEND=noninteractive LC_ALL=C timeout --kill-after=30 1800 "${line[@]}" \
      -o DPkg::Lock::Timeout=120 "$@" > "$log" 2>&1 < /dev/null; then
      rm -f "$log"
      return
    fi
    stale=
  done
  reason=$(grep -m 1 '^E:' "$log" | sed 's,//[^/@ ]*@,//,g') || reason='apt-get did not end within 30 minutes'
  rm -f "$log"
  die 3 "could not install $*: $reason. Check the network and the room on the disk, then run: ${line[*]} $*"
}

# need_packages GROUP...: installs what is missing of the groups.
need_packages() {
  local group list=() missing
  for group in "$@"; do
    local -n members="PACKAGES_$group"
    list+=("${members[@]}")
  done
  if ! command -v dpkg-query > /dev/null; then
    say "this is no Debian system: these packages or their equivalents must be installed: ${list[*]}"
    return
  fi
  mapfile -t missing < <(missing_packages "${list[@]}")
  [ "${#missing[@]}" -eq 0 ] || install_packages "${missing[@]}"
}

# The same for a script: under the launcher it installs, by hand it only says
# what is missing.
script_packages() {
  [ "${PMEM4J_INSTALL:-}" != 1 ] || need_packages "$@"
}

# ---- signals ------------------------------------------------------------------

# guard COMMAND...: runs a command or function in a process group of its own and
# returns its status. SIGINT, SIGTERM and SIGHUP end all of the group, whatever it
# started, within 5 seconds; then this shell exits with 130, 143 or 129.
guard() {
  local status=0
  # Job control gives the group, and lets SIGINT through to what runs behind.
  set -m
  "$@" < /dev/null &
  guarded=$!
  set +m
  trap 'end_guarded 130' INT
  trap 'end_guarded 143' TERM
  trap 'end_guarded 129' HUP
  wait "$guarded" || status=$?
  trap - INT TERM HUP
  return "$status"
}

end_guarded() {
  local turn
  trap '' INT TERM HUP
  kill -TERM -- "-$guarded" 2> /dev/null || true
  for turn in {1..50}; do
    kill -0 -- "-$guarded" 2> /dev/null || break
    sleep 0.1
  done
  [ "$turn" -lt 50 ] || kill -KILL -- "-$guarded" 2> /dev/null || true
  wait "$guarded" 2> /dev/null || true
  exit "$1"
}

# ---- the cache ----------------------------------------------------------------

# Ends with one line when the folder cannot be made or written.
need_writable() {
  local folder=$1 reason
  reason=$(LC_ALL=C mkdir -p "$folder" 2>&1) \
    || die 3 "cannot make the cache $folder (${reason##*: }): set XDG_CACHE_HOME to a folder that can be written"
  [ -w "$folder" ] \
    || die 3 "cannot write to the cache $folder (its owner is $(stat -c %U "$folder"), this is $(id -un)): set XDG_CACHE_HOME to a folder that can be written"
}

# need_room FOLDER MEBIBYTES PURPOSE: ends with one line when there is less.
need_room() {
  local free
  free=$(df -P -m "$1" | awk 'NR == 2 { print $4 }')
  [ "$free" -ge "$2" ] \
    || die 3 "$1 has $free MiB free and $3 needs about $2: make room there, or set XDG_CACHE_HOME to another disk"
}
