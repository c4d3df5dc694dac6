"""The command ``zeroshot``, a file for each of its subcommands.

A subcommand's file has ``SUMMARY``, a line; ``add_arguments(parser)``; and
``run(options) -> exit status``.
"""
