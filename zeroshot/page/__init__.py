"""A folder of results -> one HTML file that needs nothing else.

write      the door: from an inspect or an evaluate folder to the file
results    what an inspect folder says, checked
inspected  its page: every pair, to be looked at and judged
evaluated  the page of an evaluate folder: figures, curves, failures
charts     curves as SVG
embedding  picture files -> text that stands in the page
document   the file's frame: style, script, data

page.html is the frame, inspect.html the body of the inspection's page,
page.css their style, viewer.js the pictures and page.js all else that moves.
"""
