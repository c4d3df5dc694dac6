"""Configs as plain values: overrides and compatibility.

overrides      ``field=value`` lines, applied as a command would
compatibility  whether two configs make the same run, model or trunk
"""
