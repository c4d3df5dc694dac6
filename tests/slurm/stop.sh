#!/usr/bin/env bash
# tests/slurm/stop.sh FOLDER
#
# Ends the Slurm that tests/slurm/start.sh started there, with its jobs.

set -o errexit -o nounset -o pipefail

folder=$(realpath -m "${1:?usage: $0 FOLDER}")
export SLURM_CONF=$folder/slurm.conf
if [[ -e $SLURM_CONF ]]; then
  timeout 10 scancel --full --signal=KILL --user=root 2> /dev/null || true
  timeout 10 scancel --user=root 2> /dev/null || true
fi
for daemon in slurmd slurmctld munged; do
  file=$folder/$daemon.pid
  [[ -e $file ]] || continue
  pid=$(< "$file")
  kill "$pid" 2> /dev/null || true
  for _ in {1..50}; do
    kill -0 "$pid" 2> /dev/null || break
    sleep 0.2
  done
  kill -KILL "$pid" 2> /dev/null || true
  rm -f "$file"
done
