# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by build: gets a pinned source package. apt does the work, with a state
# of its own, so that the machine's package configuration is read and never
# changed; the suites are those of an older release than the machine's.

# Prints "URI SUITE" for each release that apt is configured for, in either
# format of its sources. apt itself reads them: it names what an update would
# fetch, whether or not it has ever fetched anything. Needs die.
configured_releases() {
  local plan
  if ! plan=$(LC_ALL=C timeout 60 apt-get update --print-uris 2>&1 < /dev/null); then
    die 3 "apt cannot read its sources: $(grep -m 1 '^E:' <<< "$plan"); apt-get check shows all of it"
  fi
  sed -n "s,^'\([^ ]*\)/dists/\([^ ]*\)/InRelease' .*,\1 \2,p" <<< "$plan" | grep -v '^cdrom:' || true
}

# run_apt SECONDS LOG ARGUMENT...: apt-get with $apt_options, in the folder of the
# log. On a full disk apt was seen to wait for a retry that never came: it is
# ended there, and $out_of_room says so.
run_apt() {
  local seconds=$1 log=$2 job
  shift 2
  LC_ALL=C timeout --kill-after=10 "$seconds" env --chdir="${log%/*}" apt-get "${apt_options[@]}" -q "$@" > "$log" 2>&1 < /dev/null &
  job=$!
  while kill -0 "$job" 2> /dev/null; do
    sleep 0.2
    has_room "${log%/*}" || { out_of_room=1; kill "$job" 2> /dev/null; break; }
  done
  wait "$job"
}

has_room() { [[ $(df -P -k "$1" | awk 'NR == 2 { print $4 }') -ge 1024 ]]; }

# Prints "main URI" and "security URI" for each archive that apt is configured
# for and that is, or may be, Debian's. Lists that are there tell the origin: an
# archive of another origin is left out, and Debian's come first. An archive
# without lists may be Debian's; the signature tells when it is read.
debian_archives() {
  local releases origins
  releases=$(configured_releases) || return
  # shellcheck disable=SC2016 # the variables are apt's
  origins=$(apt-get indextargets --format '$(REPO_URI) $(ORIGIN)' 2> /dev/null < /dev/null) || true
  awk '
    { uri = $1; sub(/\/$/, "", uri) }
    NR == FNR { if (NF > 1) origin[uri] = $2; next }
    NF == 2 {
      kind = $2 ~ /-security$|\/updates$/ ? "security" : "main"
      if (origin[uri] != "" && origin[uri] != "Debian" || seen[kind, uri]++) next
      if (origin[uri] == "Debian") print kind, uri
      else unknown[++count] = kind " " uri
    }
    END { for (i = 1; i <= count; i++) print unknown[i] }' <(printf '%s\n' "$origins") <(printf '%s\n' "$releases")
}

# Takes user and password out of a URI that is printed.
without_password() { sed 's,//[^/@ ]*@,//,g'; }

# Fills $apt_options and reads the lists of SUITES into the private state WORK.
# Each suite that could not be read is named with apt's reason. Sets $unread to
# the number of those that may exist all the same: the network failed, not the
# archive. Needs say and die.
read_suites() {
  local work=$1 suites=$2 keyring=$3 suite kind uri found archives log=$1/update.log
  mkdir -p "$work"/{lists/partial,archives/partial,etc}
  archives=$(debian_archives) || exit
  for suite in ${suites//,/ }; do
    found=
    while read -r kind uri; do
      if [[ $kind == security && $suite == *-security || $kind == main && $suite != *-security ]]; then
        printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$uri" "$suite" >> "$work/etc/sources.list"
        found=1
      fi
    done <<< "$archives"
    [[ -n $found ]] || say "apt's sources name no Debian archive that could have $suite: it is not looked into"
  done
  apt_options=(
    -o "Dir::State=$work" -o "Dir::State::Lists=$work/lists" -o Dir::State::status=/dev/null
    -o "Dir::Cache=$work" -o "Dir::Cache::Archives=$work/archives"
    -o "Dir::Etc::SourceList=$work/etc/sources.list" -o Dir::Etc::SourceParts=/dev/null
    # An old suite is not refreshed for ever; its signature still counts.
    -o Acquire::Check-Valid-Until=false
    -o Acquire::Languages=none -o Acquire::Retries=2
    -o Acquire::http::Timeout=20 -o Acquire::https::Timeout=20
    # Run by root, apt would fetch as a user who may not enter the cache.
    -o APT::Sandbox::User=root
  )
  [[ -s $work/etc/sources.list ]] || return 0
  say "reading the package lists of ${suites//,/ and } (some seconds)"
  run_apt 300 "$log" update || true
  unread=0
  ! is_full "$work" || die 3 "$(full)"
  local read_ones reason
  # shellcheck disable=SC2016 # the variables are apt's
  read_ones=$(apt-get "${apt_options[@]}" indextargets --format '$(REPO_URI) $(RELEASE)' 2> /dev/null | sed 's,/ , ,') || true
  while read -r _ _ uri suite _; do
    ! grep -qxF "$uri $suite" <<< "$read_ones" || continue
    uri=$(without_password <<< "$uri")
    # The archive's own answer, or the network's, is in the line after "Err:".
    reason=$(grep -A 1 "^Err:.* $uri $suite " "$log" | sed -n '/^  /{s/^ *//p;q}') || true
    case $reason in
      *signature* | *'not signed'* | *NO_PUBKEY*) reason="not signed by a key of $keyring ($reason)" ;;
      404* | *'File not found'*) reason='the archive does not have it' ;;
      *)
        unread=$((unread + 1))
        [[ -n $reason ]] || reason=$(grep -m 1 '^E:' "$log") || reason='apt did not end within 300 s'
        ;;
    esac
    say "could not read $suite of $uri: $reason"
  done < "$work/etc/sources.list"
}

# source_file PACKAGE VERSION SHA256: prints where the cache keeps the package.
source_file() { printf '%s/sources/%s/%s_%s_all.deb\n' "${cache:?}" "$3" "$1" "${2//:/%3a}"; }

# fetch_source PACKAGE VERSION SHA256 SUITES: prints the path of the package file
# in the cache. When every archive was read and none offers the version, records
# the newest that is offered in $cache/unpinned and prints nothing. Needs $cache,
# $pinned_version, say, die, need_writable and need_room.
fetch_source() {
  local package=$1 version=$2 sha256=$3 suites=$4
  local store=$cache/sources/$sha256 file
  file=$(source_file "$package" "$version" "$sha256")
  need_writable "$store"
  # Two kernels of one source fetch it once.
  exec 8> "$store/.lock"
  flock -w 1800 8 || die 3 "another process has held $store/.lock for half an hour"

  # The sum is checked every time: the cache is only as good as the disk.
  if [[ -f $file ]]; then
    if [[ $(sha256sum < "$file") == "$sha256  -" ]]; then
      printf '%s\n' "$file"
      return
    fi
    say "the cached $package is damaged: fetching it again"
    rm -f "$file"
  fi
  local by_hand="or put the file there yourself: $file"
  local keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  [[ -f $keyring ]] || die 3 "no $keyring; install it with: apt-get install debian-archive-keyring ($by_hand)"
  need_room "$store" 400 'the source of a kernel, with the package lists,'

  local work apt_options=() unread=0
  # Under the lock no other process fetches: what is there was left by a killed one.
  rm -rf "$store"/.apt-*
  work=$(mktemp -d "$store/.apt-XXXXXX")
  # shellcheck disable=SC2064
  trap "rm -rf '$work'" EXIT
  read_suites "$work" "$suites" "$keyring"
  [[ -s $work/etc/sources.list ]] || die 3 "apt knows no Debian archive to get $package from ($by_hand)"

  local seen
  seen=$(apt-cache "${apt_options[@]}" madison "$package" 2> /dev/null | awk -F '|' '{gsub(/ /, "", $2); print $2}' \
    | awk '!seen[$0]++' | paste -sd ' ')
  if [[ " $seen " != *" $version "* ]]; then
    ((unread == 0)) || die 3 "$package $version may be in an archive that could not be read (see above): check the network and run again, $by_hand"
    [[ ${PMEM4J_PINNED:-} != 1 ]] || die 3 "no archive offers $package $version any more (there: ${seen:-nothing}), and nothing else is taken with --pinned or PMEM4J_PINNED=1; to pin anew, put version and sha256 into qemu/kernel/kernels.tsv, $by_hand"
    [[ -n $seen ]] || die 4 "no archive offers a version of $package any more: ${suites//,/, } were looked into ($by_hand)"
    substitute "$package" "${seen%% *}"
    return
  fi
  say "fetching $package $version (120 MB)"
  run_apt 1800 "$work/download.log" download "$package=$version" \
    || die 3 "cannot fetch $package $version: $(download_error "$work") ($by_hand)"
  local got=("$work/$package"_*.deb)
  [[ $(sha256sum < "${got[0]}") == "$sha256  -" ]] \
    || die 3 "$package $version is signed, but its sha256 is not the one that qemu/kernel/kernels.tsv pins"
  mv "${got[0]}" "$file"
  printf '%s\n' "$file"
}

# True when apt, of which WORK is the private state, found no room there.
is_full() {
  [[ -n ${out_of_room:-} ]] || grep -qs 'No space left\|not enough free space' "$1"/*.log || ! has_room "$1"
}

full() { echo "the disk of $cache is full: make room there, or set XDG_CACHE_HOME to another disk"; }

# The reason why a download failed, in one line.
download_error() {
  if is_full "$1"; then
    full
  else
    sed -n 's/^E: //p' "$1/download.log" | without_password | sed -n 1p
  fi
}

# substitute PACKAGE VERSION: records the version that is taken in the place of
# $pinned_version, with the sum that the signed lists name.
substitute() {
  local package=$1 version=$2 sum record
  sum=$(apt-cache "${apt_options[@]}" show "$package=$version" 2> /dev/null | sed -n 's/^SHA256: *//p' | sed -n 1p)
  [[ $sum =~ ^[0-9a-f]{64}$ ]] || die 3 "the package lists name no SHA256 of $package $version"
  need_writable "$cache/unpinned"
  record=$(mktemp "$cache/unpinned/.new-XXXXXX")
  printf '%s %s\n' "$version" "$sum" > "$record"
  mv "$record" "$cache/unpinned/$package-${pinned_version:?}"
}
