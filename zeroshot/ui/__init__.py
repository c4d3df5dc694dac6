"""Two drop zones in a browser, for those who would not type a command.

app   the page, and how it is served
"""
