"""The request of one ``zeroshot inspect``.

  options = InspectOptions(reference='good.png', test='part.png')

Imports no NumPy and no JAX: the command line is parsed without them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from zeroshot.data.limits import MAX_MEGAPIXELS
from zeroshot.inspection import least_size
from zeroshot.inspection.least_size import LeastSize
from zeroshot.inspection.regions import Region
from zeroshot.inspection.shards import Shard

ORDERS = ('confidence', 'severity')
RUNTIMES = ('auto', 'onnxruntime', 'openvino', 'jax')
PRECISIONS = ('f32', 'bf16')
ENGINES = ('local', 'ray')


@dataclasses.dataclass(frozen=True, kw_only=True)
class InspectOptions:
  """What to inspect, how, and where the results go.

  Attributes:
    reference: file of the good part; None with ``manifest``.
    test: file of the part under test; None with ``manifest``.
    name: of the one pair; None takes the stem of ``test``.
    manifest: file of a list of pairs; None for one pair.
    shard: share of the list to inspect; None is all of it.
    engine: what inspects the list, one of ``ENGINES``.
    actors: processes of ``'ray'``; 0 is the cores of the cluster but one.
    out: results folder; None writes nothing.
    json: whether results are printed as JSON lines.
    weights: name of shipped weights, or a file.
    threshold: least confidence of a box that counts; None takes the
      calibrated one.
    min_size: least size of a difference, see ``least_size.parse``; None
      reports all.
    mm_per_px: see ``least_size.LeastSize``.
    sort: order of the boxes, the highest first, one of ``ORDERS``.
    kinds: overrides ``detect.kinds`` of the weights; None keeps it.
    local_field: ``'on'`` or ``'off'``: overrides ``detect.local_field``; None
      keeps it.
    runtime: what runs the network, one of ``RUNTIMES``.
    precision: of its arithmetic, one of ``PRECISIONS``.
    max_megapixels: larger pictures, in 1e6 pixels, are refused.
    roi: regions to inspect; none means the whole picture.
    ignore: file of a mask of what to ignore.
    bits: 8 to 16, that samples stored in 16 bits use; None finds them.
  """

  reference: str | None = None
  test: str | None = None
  name: str | None = None
  manifest: str | None = None
  shard: Shard | None = None
  engine: str = 'local'
  actors: int = 0
  out: str | None = None
  json: bool = False
  weights: str = 'default'
  threshold: float | None = None
  min_size: str | None = None
  mm_per_px: float | None = None
  sort: str = 'confidence'
  kinds: str | None = None
  local_field: str | None = None
  runtime: str = 'auto'
  precision: str = 'f32'
  max_megapixels: float = MAX_MEGAPIXELS
  roi: Sequence[Region] = ()
  ignore: str | None = None
  bits: int | None = None

  @property
  def least(self) -> LeastSize:
    """``min_size`` with its scale; ValueError if they make no sense."""
    return least_size.of(self.min_size, self.mm_per_px)

  @property
  def writes_parquet(self) -> bool:
    """Whether a list or its results lie on object storage, or Ray is asked."""
    places = (self.manifest or '', self.out or '')
    return self.engine == 'ray' or (
      self.manifest is not None and any('://' in place for place in places)
    )

  @property
  def has_local_field(self) -> bool | None:
    """``local_field`` as ``Detector.load`` takes it."""
    return None if self.local_field is None else self.local_field == 'on'
