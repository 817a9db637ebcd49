#!/bin/sh
# Puts a backup back, in the place of what is there. Stop gateways and workers first.
#   MONGODB_URI=mongodb://… docker/mongodb/restore.sh bus-2026-11-25.archive.gz
# Queues need no backup: what the runs in the store have due is published again.
set -eu
: "${MONGODB_URI:?the address of the database}"
source=${1:?the file to read}
mongorestore --uri="$MONGODB_URI" --archive="$source" --gzip --drop
