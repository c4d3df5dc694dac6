"""A folder of results -> one HTML file that needs nothing else.

write      the door: from an inspect or an evaluate folder to the file
results    what an inspect folder says, checked
inspected  its page: every pair, to be looked at and judged
evaluated  the page of an evaluate folder: figures, curves, failures
charts     curves as SVG
markup     parts of a page as HTML
embedding  picture files -> text that stands in the page
document   the file's frame: style, script, data

page.html is the frame, inspect.html the body of the inspection's page and
page.css their style. Of the script, which is one in the page, marks.js draws
boxes, viewer.js shows the pictures, page.js all else, and keys.js listens.
"""

MAX_PICTURES = 200  # pairs shown with their pictures, unless told otherwise
