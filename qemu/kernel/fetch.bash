# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Sourced by build: gets a pinned source package. apt does the work, with a state
# of its own, so that the machine's package configuration is read and never
# changed; the suites are those of an older release than the machine's.

# URIs of the machine's Debian archive and Debian security archive, as apt knows
# them: "main URI" and "security URI" lines.
debian_archives() {
  # shellcheck disable=SC2016 # the variables are apt's
  apt-get indextargets --format '$(CREATED_BY) $(RELEASE) $(ORIGIN) $(REPO_URI)' 2> /dev/null \
    | awk '
      # ORIGIN is only known once the lists have been fetched.
      $1 == "Packages" && ($3 == "Debian" || $3 == "$(ORIGIN)") {
        kind = $2 ~ /-security$/ ? "security" : $2 ~ /^[a-z]+$/ ? "main" : ""
        if (kind && !seen[kind, $4]++) print kind, $4
      }'
}

# fetch_source PACKAGE VERSION SHA256 SUITES: prints the path of the package file
# in the cache. Needs $cache, say and die.
fetch_source() {
  local package=$1 version=$2 sha256=$3 suites=$4
  : "${cache:?}"
  local store=$cache/sources/$sha256 file
  file=$store/${package}_${version//:/%3a}_all.deb

  # The sum is checked every time: the cache is only as good as the disk.
  if [[ -f $file ]]; then
    if [[ $(sha256sum < "$file") == "$sha256  -" ]]; then
      printf '%s\n' "$file"
      return
    fi
    say "the cached $package is damaged; fetching it again"
    rm -f "$file"
  fi
  local by_hand="or put the file there yourself: $file"
  local keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  [[ -f $keyring ]] || die 3 "no $keyring; install it with: apt-get install debian-archive-keyring ($by_hand)"

  local work
  mkdir -p "$store"
  work=$(mktemp -d "$store/.apt-XXXXXX")
  # shellcheck disable=SC2064
  trap "rm -rf '$work'" EXIT
  mkdir -p "$work"/{lists/partial,archives/partial,etc}
  local suite kind uri
  while read -r kind uri; do
    for suite in ${suites//,/ }; do
      if [[ $kind == security && $suite == *-security || $kind == main && $suite != *-security ]]; then
        printf 'deb [signed-by=%s] %s %s main\n' "$keyring" "$uri" "$suite"
      fi
    done
  done < <(debian_archives) > "$work/etc/sources.list"
  [[ -s $work/etc/sources.list ]] || die 3 "apt knows no Debian archive to get $package from ($by_hand)"

  local options=(
    -o "Dir::State=$work" -o "Dir::State::Lists=$work/lists" -o Dir::State::status=/dev/null
    -o "Dir::Cache=$work" -o "Dir::Cache::Archives=$work/archives"
    -o "Dir::Etc::SourceList=$work/etc/sources.list" -o Dir::Etc::SourceParts=/dev/null
    # An old suite is not refreshed for ever; its signature still counts.
    -o Acquire::Check-Valid-Until=false
    -o Acquire::Languages=none -o Acquire::Retries=3
    # Run by root, apt would fetch as a user who may not enter the cache.
    -o APT::Sandbox::User=root
  )
  say "reading the package lists of ${suites//,/ and }"
  apt-get "${options[@]}" -q update >&2 || say 'not every list could be read; trying all the same'
  local seen
  seen=$(apt-cache "${options[@]}" madison "$package" 2> /dev/null | awk -F '|' '{gsub(/ /, "", $2); print $2}' | sort -u | paste -sd ' ')
  [[ " $seen " == *" $version "* ]] || die 3 "$package $version is not in ${suites//,/, } (there: ${seen:-nothing}); to pin anew, put version and sha256 into qemu/kernel/kernels.tsv, $by_hand"
  say "fetching $package $version"
  (cd "$work" && apt-get "${options[@]}" -q download "$package=$version" >&2) \
    || die 3 "cannot fetch $package $version ($by_hand)"
  local got=("$work/$package"_*.deb)
  [[ $(sha256sum < "${got[0]}") == "$sha256  -" ]] \
    || die 3 "$package $version is signed but has not the sha256 that qemu/kernel/kernels.tsv pins"
  mv "${got[0]}" "$file"
  rm -rf "$work"
  trap - EXIT
  printf '%s\n' "$file"
}
