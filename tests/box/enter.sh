#!/bin/sh
# An installed root as a computer of its own, without a kernel of its own: enter.sh ROOT EXTRA DATA
#
# systemd is process 1 of new namespaces; what it writes goes to memory, but for /var/lib/nailfold, which is the folder DATA.
# EXTRA is laid over the root. The network stays the caller's. Needs root and a cgroup2; ends with the caller.
set -eu
root=$1 extra=$2 data=$3
unified=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
mkdir -p "$unified/nailfold-services"
echo $$ >"$unified/nailfold-services/cgroup.procs"
exec unshare --pid --mount --cgroup --uts --ipc --fork --kill-child sh -eu -c '
    root=$1 extra=$2 data=$3
    mount --make-rprivate /
    mount -t tmpfs -o size=1g memory /mnt
    mkdir /mnt/upper /mnt/work /mnt/new
    mount -t overlay -o "lowerdir=$root,upperdir=/mnt/upper,workdir=/mnt/work" overlay /mnt/new
    cp -a "$extra/." /mnt/new/
    new=/mnt/new
    mount --bind "$data" $new/var/lib/nailfold
    for memory in run tmp dev; do mount -t tmpfs -o mode=755 memory $new/$memory; done
    chmod 1777 $new/tmp
    mount -t proc proc $new/proc
    mount -t sysfs sysfs $new/sys
    mount -t cgroup2 cgroup2 $new/sys/fs/cgroup
    for node in null zero full random urandom tty; do touch $new/dev/$node; mount --bind /dev/$node $new/dev/$node; done
    mkdir $new/dev/pts $new/dev/shm
    mount -t devpts -o newinstance,ptmxmode=0666 devpts $new/dev/pts
    mount -t tmpfs memory $new/dev/shm
    ln -s pts/ptmx $new/dev/ptmx
    ln -s /proc/self/fd $new/dev/fd
    cd $new
    pivot_root . mnt
    umount -l /mnt
    # As systemd makes it where it finds no container: a stick that is mounted later is seen in a service.
    mount --make-rshared /
    exec env -i container=unshare PATH=/usr/sbin:/usr/bin:/sbin:/bin /sbin/init systemd.mask=nailfold-first-boot.service
' enter "$root" "$extra" "$data" </dev/null
