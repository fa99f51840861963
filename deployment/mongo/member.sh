#!/bin/bash
# Starts one member of the replica set; the official image's entrypoint makes the administrator where
# MONGO_INITDB_ROOT_... are set and the volume is empty. Members know each other by a common key, which
# mongod reads from a file that nobody else can.
set -euo pipefail

: "${MONGO_REPLICA_KEY:?a long random text, the same for all members}"
umask 077
printf '%s' "$MONGO_REPLICA_KEY" | base64 --wrap=0 > /run/replica.key
chown mongodb:mongodb /run/replica.key
unset MONGO_REPLICA_KEY

exec docker-entrypoint.sh mongod --replSet farol --keyFile /run/replica.key --bind_ip_all \
    --wiredTigerCacheSizeGB "${MONGO_CACHE_GB:-0.5}" --quiet
