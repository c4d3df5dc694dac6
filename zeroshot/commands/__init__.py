"""The command ``zeroshot``, a file for each of its subcommands and their parts.

A subcommand's file has ``SUMMARY``, a line; ``add_arguments(parser)``; and
``run(options) -> exit status``.
"""
