#!/bin/sh
# A Debian 12 root with the package installed, for the virtual box: make_root.sh PACKAGE FOLDER. Makes FOLDER, for the services on
# this kernel, and FOLDER.squashfs, for the emulated machine. Needs root, mmdebstrap and squashfs-tools.
set -eu
package=$1 root=$2
[ "$(id -u)" = 0 ] || { echo "needs root, to make a root file system" >&2; exit 1; }
command -v mmdebstrap >/dev/null || { echo "needs mmdebstrap: apt-get install mmdebstrap" >&2; exit 1; }
command -v mksquashfs >/dev/null || { echo "needs mksquashfs: apt-get install squashfs-tools" >&2; exit 1; }
rm -rf "$root" "$root.new" "$root.squashfs"
mkdir -p "$(dirname "$root")"
mmdebstrap --quiet --variant=minbase --include=systemd-sysv,udev,dbus,kmod,iproute2,curl \
    --customize-hook="cp '$package' \"\$1/nailfold.deb\"" \
    --customize-hook='cp /etc/resolv.conf "$1/etc/resolv.conf"' \
    --customize-hook='chroot "$1" apt-get install -y -qq --no-install-recommends /nailfold.deb' \
    --customize-hook='rm "$1/nailfold.deb"' \
    --customize-hook='echo nailfold-virtual-box > "$1/etc/hostname"; passwd --root "$1" -d root >/dev/null' \
    bookworm "$root.new"
mv "$root.new" "$root"
mksquashfs "$root" "$root.squashfs.new" -quiet -no-progress -noappend -comp lzo -Xalgorithm lzo1x_1 -b 256K
mv "$root.squashfs.new" "$root.squashfs"
