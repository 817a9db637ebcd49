#!/bin/sh
# Puts the passwords of the environment into the definitions and starts the broker.
set -eu
umask 077
sed -e "s|@GATEWAY_PASSWORD@|${GATEWAY_PASSWORD:?}|" -e "s|@WORKER_PASSWORD@|${WORKER_PASSWORD:?}|" \
    /bus/definitions.json > /tmp/definitions.json
chown rabbitmq /tmp/definitions.json
export RABBITMQ_CONFIG_FILE=/bus/rabbitmq.conf
exec docker-entrypoint.sh rabbitmq-server
