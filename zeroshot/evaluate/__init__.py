"""Detections and ground truth -> metrics.

protocols          all protocols on one set of pictures
protocol_metrics   what they return
metrics            the base of all metrics, and their JSON
details            metrics of the detailed protocols
matching           detections against ground truth, as DeepPCB does
average_precision  pooled AP, precision and recall
intervals          bootstrap and Student's intervals
reliability        confidence against the share of correct boxes
kinds              confusion of kinds, and how class-aware metrics rank
voc                AP of each kind, as PASCAL VOC counts it
coco               COCO's AP, by pycocotools
froc               what is found against false boxes a picture
failures           the worst false alarms, misses and wrong kinds
box_shapes         boxes as annotators draw them
benchmark_files    files of DeepPCB's benchmark
scoring            sets of boxes as DeepPCB's benchmark scores them
pairs              a detector on one labelled pair
misalign           a moved reference picture
retakes            a simulated photograph of the same part
defect_free        false alarms and thresholds on good parts
synthetic          metrics on synthetic pairs
drawn_sets         drawn pairs in folders, to measure with
pixel              metrics of score maps against masks
"""
