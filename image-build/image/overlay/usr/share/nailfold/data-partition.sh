# shellcheck shell=sh
# The data partition: made at the first start, as large as the disk allows and encrypted; erased for good when that is asked for.
# Read by the initramfs (scripts/local-premount/nailfold-disk), with nothing of the disk in use, and by tests on a plain file.
#
# DISK is the whole disk, KEY the partition "key", DATA the partition "data" or "data-new"; NUMBER is that partition's.
# A partition is called data-new until everything in it is whole: a power cut on the way makes the next start begin anew.

KEY_MAGIC=NAILFOLD-KEY-1
ERASE_MAGIC=NAILFOLD-ERASE
ERASE_AT_BLOCK=1
STICK=/dev/disk/by-label/NAILFOLD
STICK_AT=/run/stick
DATA_TYPE=6e61696c-666f-4c64-8000-646174610000

restart() { /bin/busybox reboot -f; }
say() { echo "nailfold: $*" >/dev/console; }

# The key is in the first 4 KiB of KEY, a request to erase in the second.
read_key() { dd if="$KEY" bs=4096 count=1 2>/dev/null | sed -n "/^$KEY_MAGIC\$/{n;p;q}" | tr -d '\n'; }
is_erase_asked() { [ "$(dd if="$KEY" bs=4096 skip=$ERASE_AT_BLOCK count=1 2>/dev/null | head -n 1 | tr -d '\0')" = "$ERASE_MAGIC" ]; }

# write_block FILE NUMBER: standard input into that 4 KiB of a file or device, on the disk when this returns.
write_block() { dd of="$1" bs=4096 seek="$2" count=1 conv=sync,notrunc,fsync iflag=fullblock 2>/dev/null; }
fresh_key() { { echo $KEY_MAGIC; head -c 64 /dev/urandom | od -An -v -tx1 | tr -d ' \n'; echo; } | write_block "$KEY" 0; }
ask_to_erase() { echo $ERASE_MAGIC | write_block "$KEY" $ERASE_AT_BLOCK; }

# opens DATA: whether the key of this box opens it.
opens() { read_key | cryptsetup open --test-passphrase --key-file=- "$1" 2>/dev/null; }

# All of the disk behind the slots.
append_partition() { echo "size=+, type=$DATA_TYPE, name=data-new" | sfdisk --quiet --append "$DISK"; }
name_partition() { sfdisk --quiet --part-label "$DISK" "$NUMBER" "$1"; }

# has_lost_its_exams FOLDER: whether a repair took their folder its name; a box that then begins anew would show none.
has_lost_its_exams() {
    [ ! -e "$1/nailfold" ] || return 1
    set -- "$1"/lost+found/*
    [ -e "$1" ]
}

# spare_of_wild_groups DISK: the block of the spare superblock, where the table of groups names blocks that there are not; else nothing.
# e2fsck -p would believe it, throw away what it then does not find, and write the table over its spare copies.
spare_of_wild_groups() {
    { dumpe2fs -h "$1"; dumpe2fs -g "$1"; } 2>/dev/null | awk '
        /^First block:/ { first = $NF } /^Block count:/ { blocks = $NF } /^Blocks per group:/ { size = $NF }
        /^[0-9]+:/ { split($0, at, ":"); for (n = 5; n <= 7; n++) if (at[n] + 0 >= blocks + 0) wild = 1 }
        END { if (wild) print first + size }'
}

# check DISK: all of it, repaired where needed; whether it is whole then. What is damaged and not marked so would not mount, or would
# lose more with every write. IS_REPAIRED says whether it was damaged by more than a power cut.
check() {
    IS_REPAIRED=true
    spare=$(spare_of_wild_groups "$1")
    if [ -n "$spare" ]; then
        e2fsck -f -y -b "$spare" "$1" || [ $? -lt 4 ]
    elif e2fsck -f -p "$1" || [ $? -lt 4 ]; then
        IS_REPAIRED=false
    else
        e2fsck -f -y "$1" || [ $? -lt 4 ]
    fi
}

# note_check FOLDER FILE: what the pages tell of it (appliance/apps/station/data_check.py).
note_check() {
    file=$2
    set -- "$1"/lost+found/*
    [ -e "$1" ] || shift
    printf '{"is_repaired":%s,"without_name":%s,"set_aside":[]}\n' "$IS_REPAIRED" $# >"$file"
}

# is_new FOLDER: whether the station never got as far as reading its settings: a slip in what a stick brought is not for ever.
is_new() { [ ! -e "$1/nailfold/access.json" ]; }

# take_settings FOLDER STICK: what a stick brings a new box, whole or not at all. Windows hides a second ending.
take_settings() {
    for name in site.toml site.toml.txt; do
        [ -f "$2/$name" ] || continue
        cat "$2/$name" >"$1/settings/.site.toml.new" && sync && mv "$1/settings/.site.toml.new" "$1/settings/site.toml" && sync
        return 0
    done
}

encrypt() {
    fresh_key
    # The key is 64 random bytes: nothing is gained by making it slow to try.
    read_key | cryptsetup luksFormat --batch-mode --type luks2 --pbkdf pbkdf2 --pbkdf-force-iterations 1000 \
        --label nailfold-data --key-file=- "$1"
}

# erase DATA: afterwards neither this box nor another reads what was in it. Prints what was done, as one JSON object.
erase() {
    volume=$(cryptsetup luksUUID "$1" 2>/dev/null) || volume=
    key_before=$(read_key)
    [ -z "$volume" ] || cryptsetup erase --batch-mode "$1"
    # Where the header and its copy lay, and the first files.
    dd if=/dev/zero of="$1" bs=1M count=32 conv=notrunc,fsync 2>/dev/null
    blkdiscard -f "$1" 2>/dev/null && discarded=true || discarded=false
    zeros=$(dd if="$1" bs=1M count=32 2>/dev/null | tr -d '\0' | wc -c)
    printf %s "$key_before" | cryptsetup open --test-passphrase --key-file=- "$1" 2>/dev/null && refused=false || refused=true
    head -c 4096 /dev/urandom | write_block "$KEY" 0
    [ -z "$(read_key)" ] && key_gone=true || key_gone=false
    printf '{"volume":"%s","header_is_zero":%s,"old_key_is_refused":%s,"key_is_overwritten":%s,"discarded":%s}\n' \
        "$volume" "$([ "$zeros" = 0 ] && echo true || echo false)" "$refused" "$key_gone" "$discarded"
}
# Last, once the partition is called data-new: the request itself.
forget_request() { head -c 4096 /dev/zero | write_block "$KEY" $ERASE_AT_BLOCK; }

# The name of a box whose data partition cannot be read and so does not say it: of the partition itself.
name_of_disk() { sfdisk --part-uuid "$DISK" "$NUMBER" | tr A-F a-f | cut -c 1-8; }

# stick_asks FILE: whether a stick NAILFOLD with that file is plugged in.
stick_asks() {
    [ -e "$STICK" ] || return 1
    mkdir -p "$STICK_AT"
    for kind in vfat exfat; do
        mount -t $kind -o ro,nosuid,nodev,noexec "$STICK" "$STICK_AT" || continue
        [ -e "$STICK_AT/$1" ] && asks=true || asks=false
        umount "$STICK_AT"
        $asks
        return
    done
    return 1
}

# give_up SENTENCE: the data cannot be used. They stay as they are, unless a stick names this very partition: then the next start erases
# it with its proof, and begins anew. Without this the box would be of no use to anybody who has no screwdriver.
give_up() {
    named=$(name_of_disk)
    [ -n "$named" ] || panic "nailfold: $1. They stay as they are"
    if stick_asks "erase-$named"; then
        say "the stick asks to erase the data that cannot be used; restarting"
        ask_to_erase
        restart
    fi
    panic "nailfold: $1. They stay as they are. To give them up and begin anew: switch on with a stick NAILFOLD that holds an empty file erase-$named"
}
