#!/bin/sh
# Looks at the box from inside and prints "PROBE key value" lines.
say() { echo "PROBE $*"; }
up() { cut -d' ' -f1 /proc/uptime; }
url=http://127.0.0.1:8080
until curl -fsS -m 60 $url/health/ready >/run/ready 2>/dev/null; do
    [ "$(systemctl show -p NRestarts --value nailfold-station)" -lt 3 ] || { say failed the station is started again and again; exit 1; }
    sleep 3
done
say boot_to_live_s "$(up)"
say ready "$(cat /run/ready)"
for unit in nailfold-station nailfold-firmware nailfold-first-boot nailfold-engines; do
    say "unit $unit $(systemctl show -p ActiveState,SubState,Result,NRestarts,StatusText --value $unit | tr '\n' ' ')"
done
say "gpio $(stat -c '%G %a' /dev/gpiochip0 2>/dev/null)"
say "socket $(stat -c '%U %G %a' /run/nailfold-firmware/board.sock 2>/dev/null)"
say "board $(journalctl -b --no-pager -o cat -u nailfold-station | grep -m1 'board ')"
say "firmware $(journalctl -b --no-pager -o cat -u nailfold-firmware | tail -n 3 | tr '\n' '|')"
/opt/nailfold/bin/python3 /probe/exam.py || say failed exam
# Longer than the station's and the firmware's watchdogs: systemd hears that both live.
sleep 75
say "restarts $(systemctl show -p NRestarts --value nailfold-station) $(systemctl show -p NRestarts --value nailfold-firmware)"
kill -9 "$(systemctl show -p MainPID --value nailfold-firmware)"
# Python alone takes twenty seconds to start here.
for _ in $(seq 40); do
    sleep 3
    [ "$(systemctl is-active nailfold-firmware)" = active ] && [ "$(journalctl -b --no-pager -o cat -u nailfold-station | grep -c 'connected')" -ge 2 ] && break
done
say "after_kill $(systemctl is-active nailfold-firmware) $(journalctl -b --no-pager -o cat -u nailfold-station | grep -c 'connected')"
say critical_chain
systemd-analyze critical-chain --no-pager nailfold-station.service 2>&1 | sed 's/^/PROBE-CHAIN /'
say watchdog "$(cat /sys/class/watchdog/watchdog0/identity 2>&1)"
say done "$(up)"
# Nobody feeds the watchdog any more: the computer must start anew.
systemctl mask --runtime nailfold-firmware
kill -9 "$(systemctl show -p MainPID --value nailfold-firmware)"
sleep 1000
say failed the watchdog did not bite
