"""Pictures, lists of pairs, labels and backgrounds on the host.

pictures     reads and writes picture files
decoding     the content of a picture file -> pixels
tiff         TIFF files of any kind
heic         pictures of phones, by an optional package
raw          raw pictures of cameras, by an optional package
headers      checks picture files before they are decoded
bit_depth    how many bits samples of 16 bits really use
limits       the largest picture, and the errors of every format
masks        painted masks -> boxes
pair_shapes  checks the shapes of a pair
deeppcb      the layout of the DeepPCB data set
tables       CSV files
records      lines of a manifest, CSV or JSON
manifest     labelled pairs
pair_list    pairs to inspect
bank         the image bank of background photographs
readable     checks the pictures of pairs before a run
checks       all faults of a data set
faults       many faults in one error
"""
