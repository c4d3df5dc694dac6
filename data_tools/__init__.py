"""Command-line tools that prepare data.

check             checks every picture and annotation that a run would read
import_coco       COCO annotations -> manifest
import_masks      painted masks -> manifest
import_yolo       YOLO labels -> manifest
importing         flags, references and manifest writing of the importers
label_boxes       boxes of labelling tools -> first and last pixels
make_pairs        draws a small set of boards in DeepPCB's layout
pack_backgrounds  packs photographs into an image bank
"""
