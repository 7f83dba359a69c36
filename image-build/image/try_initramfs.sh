#!/bin/sh
# Whether a root's initramfs can do its work with the programs that are in it: try_initramfs.sh ROOT INITRD, INITRD as ROOT has it.
# Makes, checks and repairs a file system in a file, by the functions of data-partition.sh and the initramfs's own shell. Needs root.
set -eu
root=$1 initrd=$2
trial=/tmp/initramfs-trial
rm -rf "$root$trial"
chroot "$root" env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin unmkinitramfs "$initrd" $trial
place=$root$trial
# With microcode before it there are two.
[ ! -d "$place/main" ] || place=$place/main
mkdir -p "$place/dev"
mknod "$place/dev/null" c 1 3
mknod "$place/dev/urandom" c 1 9
mkdir -p "$place/proc"
rm -f "$place/etc/mtab"
# resize2fs asks what is mounted.
echo "rootfs / rootfs rw 0 0" | tee "$place/etc/mtab" >"$place/proc/mounts"
truncate -s 64M "$place/disk"
# The shell inside expands.
# shellcheck disable=SC2016
chroot "$place" env -i PATH=/usr/lib/nailfold:/usr/sbin:/usr/bin:/sbin:/bin sh -c '
    . /usr/share/nailfold/data-partition.sh
    mke2fs -q -F -t ext4 -L data /disk || exit 1
    check /disk && [ $IS_REPAIRED = false ] || exit 2
    # The table of groups, which e2fsck -p would believe.
    dd if=/dev/urandom of=/disk bs=1024 seek=2 count=1 conv=notrunc 2>/dev/null
    check /disk && [ $IS_REPAIRED = true ] || exit 3
    resize2fs /disk 48M || exit 4
    note_check / /note && grep -q "^{\"is_repaired\":true,\"without_name\":0,\"set_aside\":\[\]}$" /note || exit 5
    cryptsetup --version && sfdisk --version && blkdiscard --version || exit 6
    printf "label: gpt\nsize=8MiB\n" | sfdisk --quiet --wipe never --wipe-partitions never /disk
    DISK=/disk NUMBER=1
    name_of_disk | grep -qx "[0-9a-f]\{8\}" || exit 7
' >"$place/log" 2>&1 || { echo "the initramfs cannot do its work ($?):" >&2; tail -n 20 "$place/log" >&2; exit 1; }
rm -rf "$root$trial"
