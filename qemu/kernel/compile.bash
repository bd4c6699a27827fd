# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash disable=SC2154 # build sets the variables
# Sourced by build: from a package file and patches to a bzImage. This file is part
# of every kernel's hash, as fragments and patches are; build is not. Needs say,
# die, cache, package, version, sha256, fragments, patches, and misfit: the status
# when the source is not one that patches and fragments are for.

# Ends with 3 when the log shows that the disk is full, else with STATUS.
failed() {
  local status=$1 log=$2
  shift 2
  # On a full disk the log has room for nothing either.
  if grep -q 'No space left on device' "$log" || [[ $(df -P -k "$cache" | awk 'NR == 2 { print $4 }') -lt 1024 ]]; then
    die 3 "the disk of $cache is full: make room there, or set XDG_CACHE_HOME to another disk, and run again"
  fi
  tail -n 20 "$log" >&2
  die "$status" "$*; all of it: $log"
}

unpack() {
  local deb=$1 tree=$2
  say "unpacking $package (about 30 s)"
  rm -rf "$tree"
  mkdir -p "$tree/source" "$tree/objects" "$tree/applied"
  : > "$tree/.dirty"
  # Other machines' code is half of the archive and never read here; their
  # Kconfig files are.
  dpkg-deb --fsys-tarfile "$deb" \
    | tar --extract --to-stdout "./usr/src/$package.tar.xz" \
    | tar --extract --xz --directory "$tree/source" --strip-components=1 --anchored --wildcards \
      --exclude="$package/drivers/gpu/drm/*.[ch]" \
      --exclude="$package/drivers/net/*/*/*.[ch]" \
      --exclude="$package/sound/*/*.c" \
      --exclude="$package/Documentation/*/*" \
      --exclude="$package/arch/[!x]*/*/*.[chS]" \
      --exclude="$package/arch/[!x]*/*.dts*" \
      2> "$tree/unpack.log" || failed 1 "$tree/unpack.log" "cannot unpack $deb"
}

# Starts a tree as a copy of one that has the same source and has been compiled:
# what the two kernels' patches leave alone is then compiled already. Fails when
# there is none.
copy_sibling() {
  local tree=$1 sibling from
  for sibling in "$cache/trees"/*-"${sha256:0:16}"; do
    [[ $sibling != "$tree" && -f $sibling/objects/vmlinux ]] || continue
    exec 8> "$sibling.lock"
    # Waiting here could be waiting for one that waits for us.
    if flock -n 8 && [[ -d $sibling/applied && ! -e $sibling/.dirty ]]; then
      say "copying the tree of $(basename "${sibling%-*}")"
      from=$(cd "$sibling" && pwd -P)
      rm -rf "$tree"
      mkdir -p "$tree"
      : > "$tree/.dirty"
      cp -a "$sibling"/{source,objects,applied} "$tree" 2> "$tree/copy.log" \
        || failed 1 "$tree/copy.log" "cannot copy $sibling"
      exec 8>&-
      # The command of every object is on record with its paths; with others it
      # would count as changed.
      (cd "$tree/objects" && grep -rlZF --include='*.cmd' -e "$from/" . \
        | xargs -0r sed -i "s,$from/,$(pwd -P | sed 's,/objects$,,')/,g") || die 1 "cannot relocate $tree"
      rm "$tree/.dirty"
      return
    fi
    exec 8>&-
  done
  return 1
}

# Brings the unpacked source from the patches it has to the patches it shall
# have. make goes by times, so a file that comes out as it went in keeps its own:
# otherwise a change to the first of three patches recompiles for all of them.
apply_patches() {
  local tree=$1 patch old file before
  if [[ ! -e $tree/.dirty ]] && cmp -s <(cat "$tree/applied"/* 2> /dev/null) \
    <(cat ${patches[0]+"${patches[@]}"} < /dev/null); then
    return
  fi
  : > "$tree/.dirty"
  rm -rf "$tree"/before-*
  before=$(mktemp -d "$tree/before-XXXXXX")
  while IFS= read -r file; do
    [[ ! -f $tree/source/$file ]] || (cd "$tree/source" && cp -p --parents "$file" "$before")
  done < <(cat /dev/null "$tree/applied"/[0-9]* ${patches[0]+"${patches[@]}"} 2> /dev/null | sed -n 's,^+++ b/,,p')
  for old in $(find "$tree/applied" -type f -printf '%f\n' | LC_ALL=C sort -r); do
    patch -d "$tree/source" -p1 -s -R -f -F0 < "$tree/applied/$old" >&2 \
      || die 1 "cannot take $old back; remove $tree and try again"
    rm "$tree/applied/$old"
  done
  local n=0
  for patch in ${patches[0]+"${patches[@]}"}; do
    say "applying $(basename "$patch")"
    patch -d "$tree/source" -p1 -s -f -F0 < "$patch" >&2 \
      || die "$misfit" "$(basename "$patch") does not apply to $package $version"
    n=$((n + 1))
    cp "$patch" "$(printf '%s/applied/%03d' "$tree" "$n")"
  done
  while IFS= read -r file; do
    ! cmp -s "$before/$file" "$tree/source/$file" || touch -r "$before/$file" "$tree/source/$file"
  done < <(cd "$before" && find . -type f)
  rm -rf "$before"
  rm "$tree/.dirty"
}

# Fails with the list when the configuration is not what the fragments ask for:
# Kconfig drops a symbol with an unmet dependency without a word.
check_config() {
  local config=$1 line symbol wrong=()
  while IFS= read -r line; do
    case $line in
      CONFIG_*=*) grep -qxF -- "$line" "$config" || wrong+=("$line") ;;
      '# CONFIG_'*' is not set')
        symbol=${line#'# '}
        ! grep -q "^${symbol%% *}=" "$config" || wrong+=("$line")
        ;;
    esac
  done < <(cat "${fragments[@]}")
  ((${#wrong[@]} == 0)) || die "$misfit" "the configuration does not hold for $package $version: ${wrong[*]}"
}

compile() {
  local name=$1 tree=$2 log=$3
  # What would make two builds of one source differ: clock, user, host, counter.
  local -x KBUILD_BUILD_TIMESTAMP='Thu Jan  1 00:00:00 UTC 1970'
  local -x KBUILD_BUILD_USER=pmem4j KBUILD_BUILD_HOST=pmem4j KBUILD_BUILD_VERSION=1
  local -x LC_ALL=C ARCH=x86_64
  unset KCONFIG_CONFIG KBUILD_OUTPUT LOCALVERSION CROSS_COMPILE MAKEFLAGS
  local make=(make -C "$tree/source" O="$tree/objects")

  say 'configuring'
  {
    "${make[@]}" tinyconfig \
      && (cd "$tree/source" && scripts/kconfig/merge_config.sh -m -O "$tree/objects" \
        "$tree/objects/.config" "${fragments[@]}") \
      && "${make[@]}" olddefconfig
  } > "$log" 2>&1 || failed "$misfit" "$log" "configuring $package $version failed"
  check_config "$tree/objects/.config"

  say "compiling with ${JOBS:-$(nproc)} jobs (about $((10 / ${JOBS:-$(nproc)} + 1)) minutes from nothing, 20 s after a change)"
  local begun=$SECONDS count=0 shown=-1
  # A sign of life every few hundred files; the whole output is in the log.
  "${make[@]}" -j "${JOBS:-$(nproc)}" LOCALVERSION="-$name" bzImage 2>&1 \
    | tee -a "$log" \
    | while IFS= read -r _; do
      count=$((count + 1))
      if ((count / 250 != shown)); then
        shown=$((count / 250))
        say "  $count steps, $((SECONDS - begun)) s"
      fi
    done || failed "$misfit" "$log" "compiling $package $version failed"
  say "compiled in $((SECONDS - begun)) s"
}
