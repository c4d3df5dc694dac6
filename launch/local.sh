#!/usr/bin/env bash
# launch/local.sh 2 2 launch.train --config=configs/smoke.py --workdir=runs/smoke
#
# NUM_PROCESSES DEVICES_PER_PROCESS COMMAND... : a command in several processes
# on this machine. Where JAX_PLATFORMS=cpu, or there is no GPU, the devices are
# fake ones on the CPU; otherwise each process gets its own slice of the GPUs.
#
#   LOGS=FOLDER   what process K prints is FOLDER/process-K.log; without it a
#                 folder is made and named. Process 0 prints here as well.
#   PORT=NUMBER   of the coordinator, on 127.0.0.1; without it a free one.
#
# SIGTERM and SIGINT are passed on to all. When a process fails, JAX ends the
# others; after 25 s they are killed. Exits with the first status that is not 0;
# 75, as zeroshot/runtime/exit_status.py has it, only where all ended so.

set -o errexit -o nounset -o pipefail

readonly GRACE_S=25 PREEMPTED=75

if (($# < 3)) || [[ ! $1$2 =~ ^[0-9]+$ ]] || (($1 < 1 || $2 < 1)); then
  echo "error: usage: $0 NUM_PROCESSES DEVICES_PER_PROCESS COMMAND..." >&2
  exit 2
fi
num_processes=$1
num_devices=$2
shift 2

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
environment=${UV_PROJECT_ENVIRONMENT:-.venv}
[[ $environment == /* ]] || environment=$root/$environment
python=$environment/bin/python
[[ -x $python ]] || python=python
export PYTHONPATH=$root${PYTHONPATH:+:$PYTHONPATH}

logs=${LOGS:-$(mktemp -d)}
mkdir -p "$logs"
echo "logs: $logs" >&2
port=${PORT:-$("$python" -c 'import socket
with socket.socket() as s:
  s.bind(("127.0.0.1", 0))
  print(s.getsockname()[1])')}

gpus=()
if [[ ${JAX_PLATFORMS:-} != cpu ]]; then
  if [[ -n ${CUDA_VISIBLE_DEVICES+given} ]]; then
    IFS=, read -ra gpus <<< "$CUDA_VISIBLE_DEVICES"
  elif command -v nvidia-smi > /dev/null; then
    mapfile -t gpus < <(nvidia-smi --query-gpu=index --format=csv,noheader)
  fi
fi
if ((${#gpus[@]} == 0)); then
  export JAX_PLATFORMS=cpu
  export XLA_FLAGS="${XLA_FLAGS:-} \
--xla_force_host_platform_device_count=$num_devices"
elif ((${#gpus[@]} < num_processes * num_devices)); then
  echo "error: $((num_processes * num_devices)) GPUs are asked for and" \
    "${#gpus[@]} are here; JAX_PLATFORMS=cpu makes fake devices" >&2
  exit 2
fi

pids=()
trap 'kill -TERM "${pids[@]}" 2> /dev/null || true' TERM
trap 'kill -INT "${pids[@]}" 2> /dev/null || true' INT

# Started under monitor mode they are process groups of their own and do not
# ignore SIGINT. It ends here: Ctrl-C has to reach this script, and under it the
# terminal's group would be that of the sleep below.
set -o monitor
for ((k = 0; k < num_processes; k++)); do
  if ((${#gpus[@]})); then
    slice=("${gpus[@]:k * num_devices:num_devices}")
    CUDA_VISIBLE_DEVICES=$(IFS=, && echo "${slice[*]}")
    export CUDA_VISIBLE_DEVICES
  fi
  "$python" -m "$@" "--distributed=127.0.0.1:$port,$num_processes,$k" \
    > "$logs/process-$k.log" 2>&1 &
  pids+=($!)
done
set +o monitor
tail -n +1 -s 0.1 --pid="${pids[0]}" -f "$logs/process-0.log" &
shown=$!

statuses=()
failure=0 # the first status that is neither 0 nor 75
deadline=
while ((${#statuses[@]} < num_processes)); do
  sleep 0.1 || true # Ctrl-C ends it as well
  for ((k = 0; k < num_processes; k++)); do
    if [[ -n ${statuses[k]:-} ]] || kill -0 "${pids[k]}" 2> /dev/null; then
      continue
    fi
    status=0
    wait "${pids[k]}" || status=$?
    statuses[k]=$status
    ((status == 0)) || : "${deadline:=$((SECONDS + GRACE_S))}"
    ((failure || status == 0 || status == PREEMPTED)) || failure=$status
  done
  if [[ -n $deadline ]] && ((SECONDS >= deadline)); then
    echo "$0: killing what is left $GRACE_S s after a failure" >&2
    kill -KILL "${pids[@]}" 2> /dev/null || true
    deadline=$((SECONDS + GRACE_S))
  fi
done
wait "$shown" || true

echo "exit statuses: ${statuses[*]}" >&2
if ((failure)); then
  exit "$failure"
fi
sorted=$(printf '%s\n' "${statuses[@]}" | sort -u)
[[ $sorted != *$'\n'* ]] || exit 1 # some were preempted, some were not
exit "$sorted"
