"""The command line ``zeroshot``.

main            parses the command line and calls the subcommand
inspect         arguments of ``zeroshot inspect``
inspect_pair    one pair
inspect_list    a list of pairs
inspect_cluster a list of pairs on a Ray cluster
inspect_recipe  parts of one product, by a recipe
teach           ``zeroshot teach``
accept          ``zeroshot accept``
check           ``zeroshot check``
report          ``zeroshot report``
watch           ``zeroshot watch``
serve           ``zeroshot serve``
export          ``zeroshot export``
ui              ``zeroshot ui``
completion      ``zeroshot completion``
demo            ``zeroshot demo``
arguments       what several subcommands take
terminal        text that is safe to print

The file of a subcommand has ``SUMMARY``, one line; ``add_arguments(parser)``;
and ``run(options) -> exit status``. ``main`` imports all of them to parse a
command line, so they import NumPy and JAX in ``run`` alone.
"""
