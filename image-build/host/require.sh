#!/bin/sh
# Makes sure that the host has what pip and npm cannot bring: require.sh run|test
#
# As root on a system with apt the missing packages are installed. Otherwise one line names them and the script fails.
# Packages that only widen the test suite (the virtual machine, PostgreSQL, ejabberd, dciodvfy, Orthanc) are never fatal: their tests skip and say why.
set -eu
purpose=${1:?usage: require.sh run|test}
PATH=$PATH:/usr/sbin:/sbin
missing= optional=

has() { command -v "$1" >/dev/null 2>&1; }
has_library() { for place in /lib /usr/lib /lib64 /usr/lib64; do
    [ -z "$(find "$place" -maxdepth 2 -name "$1" 2>/dev/null | head -n 1)" ] || return 0; done; return 1; }

"${PYTHON:-python3}" -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
has mosquitto || missing="$missing mosquitto"
has_library 'libGL.so.1' || missing="$missing libgl1"
has_library 'libgthread-2.0.so.0' || missing="$missing libglib2.0-0"
# The report's PDF: WeasyPrint lays text out with Pango. Its own font comes with the product; DejaVu has what that lacks.
has_library 'libpango-1.0.so.0' || missing="$missing libpango-1.0-0"
has_library 'libpangoft2-1.0.so.0' || missing="$missing libpangoft2-1.0-0"
has_library 'libharfbuzz-subset.so.0' || missing="$missing libharfbuzz-subset0"
[ -d /usr/share/fonts/truetype/dejavu ] || [ -d /usr/share/fonts/dejavu ] || missing="$missing fonts-dejavu-core"

if [ "$purpose" = test ]; then
    has mosquitto_sub || missing="$missing mosquitto-clients"
    if ! has chromium && ! has google-chrome && [ -z "${NAILFOLD_CHROMIUM:-}" ]; then
        # Ubuntu's chromium package is a snap stub that does not run here; the Makefile lets playwright fetch its own.
        grep -qs '^ID=ubuntu' /etc/os-release || missing="$missing chromium"
    fi
    has_library 'libatomic.so.1' || missing="$missing libatomic1" # playwright's driver
    has qemu-system-x86_64 || optional="$optional qemu-system-x86"
    has busybox || optional="$optional busybox-static"
    { has erl && [ -n "$(find /usr/lib -path '*/ejabberd-*/ebin/mod_mqtt.beam' 2>/dev/null | head -n 1)" ]; } ||
        optional="$optional ejabberd" # the fleet on a broker of another make
    has dciodvfy || optional="$optional dicom3tools" # the DICOM objects by another's reading of the standard
    has Orthanc || optional="$optional orthanc" # a PACS that clinics run
    [ -n "$(find /usr/lib/postgresql -name initdb 2>/dev/null | head -n 1)" ] || optional="$optional postgresql"
fi

[ -z "$missing$optional" ] && exit 0
if [ "$(id -u)" = 0 ] && has apt-get; then
    export DEBIAN_FRONTEND=noninteractive
    echo "installing with apt:$missing$optional"
    # Another installation (unattended upgrades) may hold the lock: wait for it.
    apt_get() { apt-get -o DPkg::Lock::Timeout=600 -qq "$@"; }
    apt_get update
    [ -z "$missing" ] || apt_get install -y --no-install-recommends $missing >/dev/null
    [ -z "$optional" ] || apt_get install -y --no-install-recommends $optional >/dev/null ||
        echo "could not install$optional: the tests that need them will skip"
elif [ -n "$missing" ]; then
    echo "nailfold needs packages that are missing here; please run: sudo apt-get install$missing" >&2
    exit 1
else
    echo "not installed:$optional (the tests that need them will skip)"
fi
