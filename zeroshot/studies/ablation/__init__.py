"""Rows of variants, each trained and evaluated, in one table.

plan             the rows of the config as commands
bank             photographs for the rows that need them
jobs             which process runs what: locks, shards, what is done
child            runs one command, which ends with this process
die_with_parent  asks Linux to kill a command with its parent
records          what is on disk: metrics, trainings, failures
table            metrics of all rows -> JSON and Markdown
report           writes the table of what is on disk
"""
