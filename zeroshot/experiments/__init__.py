"""One run: set-up, evaluation, calibration.

setup                     config -> what is trained
labelled_sets             labelled pairs to train on and to stop by
early_stopping            stops when held-out groups no longer improve
loading                   a run or a weights file -> detector
evaluation                evaluates weights and writes the results
evaluation_inputs         its settings and pairs, checked first
evaluation_misalignments  AP against misalignment
evaluation_retakes        false alarms on simulated retakes
evaluation_pictures       its pictures
evaluation_zips           its detections in the benchmark's format
labelled_metrics          metrics of weights on labelled pairs
pair_shards               work shared among processes and devices
calibration               confidences and threshold without labelled defects
good_pairs                the threshold from real good pairs
pair_calibration          confidences and threshold from labelled pairs
benchmark                 weights and baselines on sets of pairs
benchmark_sets            drawn, real and board pairs
benchmark_report          its tables
benchmark_sheets          its worst false alarms and misses
demo_pairs                what zeroshot demo inspects
"""
