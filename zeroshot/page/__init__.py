"""A folder of results -> one self-contained HTML file.

write      writes the page of an inspect or an evaluate folder
results    reads and checks an inspect folder
inspected  the page of an inspect folder: every pair with its boxes
lot        the page of a watch folder: verdicts over time, a heat map
evaluated  the page of an evaluate folder: metrics, curves, failures
taught     the recipe that judged: good parts, variation, words
coverage   what was not compared, as polygons
charts     curves as SVG
markup     sections, tables and images as HTML
embedding  picture files -> data URIs
document   the frame of a page: style, script, data

page.html is the frame, inspect.html the body of the inspection's page and
page.css their style. Of the script, which is one in the page, marks.js draws
boxes, aligned.js how a pair was aligned, viewer.js shows the pictures, found.js
lists the boxes of a pair, overview.js tells of all pairs, taught.js shows the
recipe, page.js does all else, and keys.js listens.
"""

MAX_PICTURES = 200  # pairs shown with their pictures, unless told otherwise
