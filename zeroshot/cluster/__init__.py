"""A list of millions of pairs, inspected on a Ray cluster.

run      the list -> Parquet files, in this process or on a cluster
pool     Ray Data and its processes
actor    inspects batches of rows; one detector in each process
rows     the rows of a list of any length
chunks   the Parquet files of results, written whole
places   files by path or URL: local disks and object storage
"""
