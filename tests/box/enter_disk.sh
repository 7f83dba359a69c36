#!/bin/sh
# A root on a partition as a computer of its own, without a kernel of its own: enter_disk.sh PARTITION CONSOLE DISK NODE=NAME...
#
# systemd of this computer's /usr is process 1 of new namespaces; the root PARTITION (ext4) has the rest, and what is to lie over
# /usr in its folder usr-over. CONSOLE is a terminal; DISK and each NODE are there, too, in /dev. A kernel that reads no GPT shows a
# partition without its NAME: then it is shown here. $FIRMWARE is a folder, /run/firmware there. Needs root and a cgroup2; ends with
# the caller.
set -eu
unified=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
mkdir -p "$unified/nailfold-roots"
echo $$ >"$unified/nailfold-roots/cgroup.procs"
exec unshare --pid --mount --cgroup --uts --ipc --net --fork --kill-child sh -eu -c '
    partition=$1 console=$2 disk=$3; shift 3
    mount --make-rprivate /
    mount -t tmpfs memory /mnt
    new=/mnt/new
    mkdir $new
    mount -t ext4 "$partition" $new
    mount -t overlay -o "lowerdir=/usr,upperdir=$new/usr-over/upper,workdir=$new/usr-over/work" overlay $new/usr
    for memory in run tmp dev; do mount -t tmpfs -o mode=755 memory $new/$memory; done
    chmod 1777 $new/tmp
    mount -t proc proc $new/proc
    mount -t sysfs sysfs $new/sys
    mount -t cgroup2 cgroup2 $new/sys/fs/cgroup
    for node in null zero full random urandom tty $disk; do touch $new/dev/$node; mount --bind /dev/$node $new/dev/$node; done
    for named in "$@"; do
        node=${named%%=*} told=$new/sys/class/block/${named%%=*}/uevent
        touch $new/dev/$node; mount --bind /dev/$node $new/dev/$node
        grep -q ^PARTNAME= $told && continue
        { cat $told; echo "PARTNAME=${named#*=}"; } >$new/run/uevent-$node
        mount --bind $new/run/uevent-$node $told
    done
    mkdir $new/dev/pts $new/dev/shm
    mount -t devpts -o newinstance,ptmxmode=0666 devpts $new/dev/pts
    mount -t tmpfs memory $new/dev/shm
    ln -s pts/ptmx $new/dev/ptmx
    # What a firmware keeps outside of every disk.
    mkdir $new/run/firmware; mount --bind "$FIRMWARE" $new/run/firmware
    ln -s /proc/self/fd $new/dev/fd
    touch $new/dev/console
    mount --bind "$console" $new/dev/console
    cd $new
    mkdir -p mnt
    pivot_root . mnt
    umount -l /mnt
    # As systemd makes it where it finds no container: what is mounted in a service is seen outside, where it may be.
    mount --make-rshared /
    exec env -i container=unshare PATH=/usr/sbin:/usr/bin:/sbin:/bin /lib/systemd/systemd --log-target=console
' enter "$@" </dev/null
