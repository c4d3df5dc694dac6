"""Start and end of commands, processes, locks, atomic files.

Files:
  cli            flags, start and end of a command
  exit_status    which error ends a command with which status
  distributed    how the processes of a run find each other
  process_group  joins them by JAX
  broadcast      exchanges bytes between them
  crash_report   the traceback or stacks of a crashed process, in a file
  machine        cores and memory of this process
  provenance     commit and hardware behind published numbers
  locks          one process at a time in a folder
  atomic_files   files that are complete or absent
  durable_files  files that survive a crash of the machine
  json_text      metrics as JSON
  environment    the locked virtual environment, from a bare Python
  progress       a progress bar on stderr
"""
