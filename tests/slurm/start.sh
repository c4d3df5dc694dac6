#!/usr/bin/env bash
# tests/slurm/start.sh FOLDER
#
# A real Slurm of one node on this machine: munged, slurmctld and slurmd, with
# all their files in FOLDER. Run as root, on Debian or its like: missing packages
# are installed. Prints the line to run before sbatch, srun and scontrol; where
# it runs already it prints that and no more. tests/slurm/stop.sh ends it.
#
# Exits with 77 where the packages cannot be installed.

set -o errexit -o nounset -o pipefail

folder=$(realpath -m "${1:?usage: $0 FOLDER}")
export SLURM_CONF=$folder/slurm.conf PATH=$PATH:/usr/sbin:/sbin

is_idle() {
  [[ -e $SLURM_CONF ]] && timeout 5 sinfo -h -o %T 2> /dev/null | grep -qx idle
}

install() {
  local command missing=
  for command in sbatch slurmctld slurmd munged; do
    command -v "$command" > /dev/null || missing=$command
  done
  [[ -n $missing ]] || return 0
  command -v apt-get > /dev/null || return 1
  export DEBIAN_FRONTEND=noninteractive
  local packages=(munge slurmctld slurmd slurm-client)
  apt-get install -y --no-install-recommends "${packages[@]}" ||
    { apt-get update && apt-get install -y --no-install-recommends \
      "${packages[@]}"; }
}

if is_idle; then
  echo "export SLURM_CONF=$SLURM_CONF"
  exit
fi
if ((UID != 0)) || ! install > /dev/null; then
  echo "$0: munge and Slurm need root, and apt to install them" >&2
  exit 77
fi

mkdir -p "$folder"/{munge,state,spool,log}
chmod 700 "$folder/munge"
[[ -e $folder/munge/key ]] || head -c 1024 /dev/urandom > "$folder/munge/key"
chmod 600 "$folder/munge/key"
read -r controller_port node_port < <(python3 -c 'import socket
sockets = [socket.socket() for _ in range(2)]
for s in sockets:
  s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in sockets))')
host=$(hostname -s)

# A short cred_expire, since a requeued job waits for that long; a short
# KillWait, since a test has no time. More CPUs than there may be, so that two
# tasks fit anywhere.
cat > "$SLURM_CONF" << END
ClusterName=test
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=$controller_port
SlurmdPort=$node_port
SlurmUser=root
AuthType=auth/munge
CredType=cred/munge
AuthInfo=socket=$folder/munge/socket,cred_expire=5
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
ReturnToService=2
KillWait=5
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/log/slurmctld.log
SlurmdLogFile=$folder/log/slurmd.log
NodeName=$host NodeAddr=127.0.0.1 CPUs=4
PartitionName=test Nodes=$host Default=YES MaxTime=INFINITE
END

munged --force --socket="$folder/munge/socket" \
  --key-file="$folder/munge/key" --seed-file="$folder/munge/seed" \
  --pid-file="$folder/munged.pid" --log-file="$folder/log/munged.log"
slurmctld
slurmd -N "$host"

for _ in {1..60}; do
  if is_idle; then
    echo "export SLURM_CONF=$SLURM_CONF"
    exit
  fi
  sleep 0.5
done
echo "$0: no idle node after 30 s; see $folder/log" >&2
exit 1
