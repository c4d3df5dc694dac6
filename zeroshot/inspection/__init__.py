"""Pictures as they come -> a verdict: what an inspection engineer calls.

detector   Detector: load once, inspect many
inputs     paths and arrays of any kind -> images
areas      regions of interest and what to ignore -> where to look
alignment  how far the two still lie apart
relation   whether two pictures show the same part, and which way up
result     Inspection: what was found in one pair
folder     the folder that a run of inspections fills, and resumes from
"""
