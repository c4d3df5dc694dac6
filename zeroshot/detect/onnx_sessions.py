"""ONNX files in ONNX Runtime and in OpenVINO.

  run = open_onnxruntime(data)
  outputs = run({'reference': planes, 'test': planes})

Both use the cores that the process may use, and threads may share a session.
"""

from __future__ import annotations

import importlib
import sys
import threading
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from zeroshot.runtime import machine
from zeroshot.types import HostArray

if TYPE_CHECKING:
  import onnxruntime

# From named inputs to the outputs, in the order of the file.
Run = Callable[[Mapping[str, HostArray]], list[HostArray]]
_LOG_ERRORS = 3  # a log level of ONNX Runtime: errors only


def open_onnxruntime(data: bytes, *, num_threads: int = 0) -> Run:
  """Opens a file in ONNX Runtime, on the CPU.

  Args:
    data: content of the file.
    num_threads: for each operation; 0 is one for each usable core.

  Raises:
    ImportError: ONNX Runtime is not installed.
    Exception: the content is no model; ONNX Runtime's errors have no common
      class.
  """
  return run_of(onnxruntime_session(data, num_threads=num_threads))


def run_of(session: onnxruntime.InferenceSession) -> Run:
  """What runs an open session."""

  def run(feed: Mapping[str, HostArray]) -> list[HostArray]:
    return [np.asarray(output) for output in session.run(None, dict(feed))]

  return run


def onnxruntime_session(
  data: bytes, *, num_threads: int = 0
) -> onnxruntime.InferenceSession:
  """See ``open_onnxruntime``."""
  import onnxruntime

  options = onnxruntime.SessionOptions()
  options.intra_op_num_threads = num_threads or machine.usable_cores()
  options.inter_op_num_threads = 1
  options.log_severity_level = _LOG_ERRORS
  # One block for all that a run needs is half as large again as its parts.
  options.enable_mem_pattern = False
  # Threads that spin while they wait take the cores from other processes.
  options.add_session_config_entry('session.intra_op.allow_spinning', '0')
  return onnxruntime.InferenceSession(
    data, options, providers=['CPUExecutionProvider']
  )


def import_openvino() -> Any:
  """OpenVINO, without the message that its import sends to its makers.

  That would leave the machine, and fork the process, threads and all. Without
  its package for messages OpenVINO does without them.

  Raises:
    ImportError: OpenVINO is not installed.
  """
  modules: dict[str, Any] = sys.modules
  modules.setdefault('openvino_telemetry', None)  # importing it fails
  return importlib.import_module('openvino')


def open_openvino(data: bytes, *, precision: str = 'f32') -> Run:
  """Opens a file in OpenVINO, on the CPU.

  Args:
    data: content of the file.
    precision: of the arithmetic, ``'f32'`` or ``'bf16'``.

  Raises:
    ValueError: OpenVINO is not installed, or the CPU lacks the precision.
  """
  try:
    openvino = import_openvino()
  except ImportError as error:
    raise ValueError(
      f'runtime=openvino needs a package that is not installed ({error}); '
      "pip install 'zeroshot-inspection[openvino]'"
    ) from error
  core = openvino.Core()
  able = core.get_property('CPU', 'OPTIMIZATION_CAPABILITIES')
  if precision == 'bf16' and 'BF16' not in able:
    raise ValueError(
      "precision='bf16': this CPU has no bf16 arithmetic; take 'f32'"
    )
  options: dict[str, Any] = {
    'INFERENCE_PRECISION_HINT': precision,
    'INFERENCE_NUM_THREADS': machine.usable_cores(),
    'ENABLE_CPU_PINNING': False,  # processes would be pinned to the same cores
    'PERFORMANCE_HINT': 'LATENCY',
  }
  compiled = core.compile_model(core.read_model(data), 'CPU', options)
  local = threading.local()  # a request serves one thread

  def run(feed: Mapping[str, HostArray]) -> list[HostArray]:
    if not hasattr(local, 'request'):
      local.request = compiled.create_infer_request()
    local.request.infer(dict(feed), share_inputs=True)
    return [
      np.array(local.request.get_tensor(output).data)
      for output in compiled.outputs
    ]

  return run
