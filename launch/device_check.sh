#!/usr/bin/env bash
# launch/device_check.sh OUT [FLAGS OF launch.device_check]
#
# On a bare machine with one GPU and JAX, without a network: nine minutes of
# measurements, then OUT/check.json and OUT/check.md. See launch/device_check.py.
#
#   PYTHON=FILE    the interpreter that has JAX; without it .venv's, or python3
#   WHEELS=FOLDER  wheels of what that Python lacks, for a folder of packages
#                  that is made beside OUT
#   GRACE_S=30     seconds beyond --limit_s before what still runs is ended; the
#                  results until then are on the disk

set -o errexit -o nounset -o pipefail

readonly MISTAKE=2 DEFAULT_LIMIT_S=540
readonly NEEDED=(jax flax optax clu ml_collections orbax.checkpoint cv2 numpy
  scipy safetensors absl onnx onnxruntime PIL tifffile rich filelock matplotlib)

if (($# < 1)) || [[ $1 == -* ]]; then
  echo "error: usage: $0 OUT [--limit_s=SECONDS ...]" >&2
  exit "$MISTAKE"
fi
mkdir -p "$1"
out=$(cd "$1" && pwd)
shift
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
python=${PYTHON:-$root/.venv/bin/python}
[[ -n ${PYTHON:-} || -x $python ]] || python=python3
export PYTHONPATH=$root${PYTHONPATH:+:$PYTHONPATH}

# The names of those modules of NEEDED that Python does not find.
missing() {
  "$python" -c '
import importlib.util, sys
for name in sys.argv[1:]:
  top = name.partition(".")[0]
  if not (importlib.util.find_spec(top) and importlib.util.find_spec(name)):
    print(name)' "${NEEDED[@]}"
}

absent=$(missing)
if [[ -n $absent && -n ${WHEELS:-} ]]; then
  "$python" -m pip install --quiet --no-index --no-deps \
    --target="$out/packages" "$WHEELS"/*.whl
  export PYTHONPATH=$PYTHONPATH:$out/packages
  absent=$(missing)
fi
if [[ -n $absent ]]; then
  echo "error: $python lacks ${absent//$'\n'/, }; give a folder of their" \
    "wheels (pip download) as WHEELS=FOLDER, or another PYTHON" >&2
  exit "$MISTAKE"
fi

limit=$DEFAULT_LIMIT_S
for argument in "$@"; do
  [[ $argument == --limit_s=* ]] && limit=${argument#--limit_s=}
done
limit=${limit%.*}
export TF_CPP_MIN_LOG_LEVEL=${TF_CPP_MIN_LOG_LEVEL:-2}
# A program is compiled once, also where it is measured, traced and trained.
export JAX_COMPILATION_CACHE_DIR=${JAX_COMPILATION_CACHE_DIR:-$out/cache}
cd "$root"
status=0
timeout --kill-after=10 "$((limit + ${GRACE_S:-30}))" \
  "$python" -m launch.device_check --out="$out" "$@" || status=$?
if ((status == 124 || status == 137)); then
  echo "stopped after $limit s and ${GRACE_S:-30}; $out/check.md has what was" \
    "measured until then, and what was running" >&2
fi
exit "$status"
