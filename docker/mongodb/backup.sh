#!/bin/sh
# Backs up everything but the cache: workflows, accounts, secrets (encrypted), schedules, runs.
#   MONGODB_URI=mongodb://… docker/mongodb/backup.sh bus-2026-11-25.archive.gz
# The key of the vault and the folder of files are not in it: keep those apart.
set -eu
: "${MONGODB_URI:?the address of the database}"
target=${1:?the file to write}
mongodump --uri="$MONGODB_URI" --archive="$target.part" --gzip --excludeCollection=chunks
mv "$target.part" "$target"
