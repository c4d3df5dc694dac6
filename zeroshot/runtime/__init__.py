"""What every command shares: how it starts, ends and writes its files.

Files:
  cli           flags, exit statuses, how a user is told what went wrong
  distributed   the processes of a run find each other
  broadcast     what they tell each other
  crash_report  what ended a process, beside the results
  machine       cores and memory of this process
  provenance    commit and hardware that figures come from
  locks         one process at a time in a folder
  atomic_files  files that are there whole or not at all
  json_text     figures as JSON
"""
