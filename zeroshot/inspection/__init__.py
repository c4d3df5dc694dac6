"""Pictures as they come -> a verdict: what an inspection engineer calls.

detector   Detector: load once, inspect many
inputs     paths and arrays of any kind -> images
relation   whether two pictures show the same part, and which way up
result     Inspection: what was found in one pair
"""
