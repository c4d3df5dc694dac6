"""Scores a submission the way DeepPCB's benchmark does; prints one JSON object.

python -m launch.score --ground_truth=GT.zip --detections=SUBMISSION.zip

The ground truth is a zip or a folder, the data set's PCBData for example.
"""

from __future__ import annotations

from collections.abc import Sequence

from absl import flags

from zeroshot.evaluate import benchmark_files, scoring
from zeroshot.runtime import cli, json_text


def main(argv: Sequence[str]) -> None:
  """Reads both sets of boxes and prints precision, recall, hmean and AP."""
  del argv
  options = flags.FLAGS
  metrics = scoring.score_set(
    benchmark_files.read_ground_truth(options.ground_truth),
    benchmark_files.read_detections(options.detections),
    iou_threshold=options.iou_threshold,
    class_aware=not options.class_agnostic,
  )
  print(json_text.to_json(metrics))


if __name__ == '__main__':
  flags.DEFINE_string(
    'ground_truth', None, 'Zip or folder of IMAGE.txt.', required=True
  )
  flags.DEFINE_string(
    'detections', None, 'Zip of IMAGE.txt, as submitted.', required=True
  )
  flags.DEFINE_float(
    'iou_threshold', 0.33, 'A match needs an IoU strictly over it.'
  )
  flags.DEFINE_bool('class_agnostic', False, 'Leave the types out of account.')
  cli.run(main)
