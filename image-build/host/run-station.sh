#!/bin/sh
# `make run`: a Mosquitto on loopback where none answers yet, then the station in the foreground.
set -eu
PATH=$PATH:/usr/sbin
port=${NAILFOLD_MQTT_PORT:-1883}
data=${NAILFOLD_DATA_DIR:-var}
mkdir -p "$data/mosquitto"

answers() { .venv/bin/python -c "import socket,sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])), 1)" "$port" 2>/dev/null; }

broker=
if answers; then
    echo "using the MQTT broker that already answers on 127.0.0.1:$port"
else
    data_abs=$(cd "$data/mosquitto" && pwd)
    printf 'listener %s 127.0.0.1\nallow_anonymous true\npersistence true\npersistence_location %s/\nautosave_interval 30\n' \
        "$port" "$data_abs" > "$data/mosquitto/mosquitto.conf"
    # Mosquitto started by root would drop to its own user, which may not enter this folder.
    [ "$(id -u)" != 0 ] || echo "user root" >> "$data/mosquitto/mosquitto.conf"
    mosquitto -c "$data/mosquitto/mosquitto.conf" > "$data/mosquitto/mosquitto.log" 2>&1 &
    broker=$!
    trap 'kill $broker 2>/dev/null || true' EXIT
    tries=0
    until answers; do
        tries=$((tries + 1))
        if [ $tries -gt 50 ] || ! kill -0 $broker 2>/dev/null; then
            echo "Mosquitto did not start on port $port; see $data/mosquitto/mosquitto.log" >&2
            exit 1
        fi
        sleep 0.1
    done
fi
# The shell stays, to stop the broker it started; signals from a terminal reach the station directly.
trap 'kill -TERM $station 2>/dev/null || true' INT TERM
.venv/bin/nailfold run --data-dir "$data" --mqtt-host 127.0.0.1 --mqtt-port "$port" "$@" &
station=$!
status=0
wait $station || status=$?
# A signal interrupts the first wait before the station has stopped in order.
kill -0 $station 2>/dev/null && { wait $station && status=0 || status=$?; }
exit $status
