"""Results as pictures and tables.

confusion_matrix     true kinds against detected kinds
contact_sheet        the worst failures, a tile each
drawing              reference, test with boxes and score map side by side
example_sheet        examples of a training batch
few_shot_curve       accuracy against the number of labelled pairs
figure               a matplotlib figure as an image
markdown_table       cells as a Markdown table
reliability_diagram  confidence against the share of correct boxes
row_plot             metrics of the rows of a table, row below row
"""
