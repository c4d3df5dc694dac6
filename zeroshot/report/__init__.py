"""Results as pictures and tables.

confusion_matrix     which kind was found as which
contact_sheet        the worst failures, a tile each
drawing              reference, test with boxes and score map side by side
few_shot_curve       accuracy against the number of labelled pairs
markdown_table       cells as a Markdown table
reliability_diagram  how often boxes of each confidence are right
"""
