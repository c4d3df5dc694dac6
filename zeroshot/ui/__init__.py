"""Two drop zones in a browser, as an alternative to the command line.

app   builds and serves the page
"""
