"""Two pictures of any kind -> a verdict and boxes of the differences.

detector        Detector: load once, inspect any number of pairs
comparison      two pictures -> detections, if they can be aligned
prepared        references that are read once for many test pictures
loading         a weights file -> the network and settings that Detector needs
inputs          paths and arrays of any kind -> pixels
brightness      two pictures -> one scale of brightness
regions         regions of interest, as numbers and as text
least_size      the least size of a difference, in px or mm
areas           regions of interest and an ignore mask -> a pixel mask
alignment       residual misalignment of an aligned pair
could_not_align the refusal of a pair, with a picture of both
differences     boxes with their size and severity; which of them count
result          Inspection: the outcome for one pair
options         InspectOptions: the request of one ``zeroshot inspect``
settings        the settings of a run that ``run.json`` stores
folder          the results folder of a run, which later runs resume
result_records  the lines of ``results.jsonl``, read and validated
lot             the lot statistics of a watched folder
listed          a list of pairs -> records in a results folder
shards          a share of a list, for one of several processes
"""
