"""Two drop zones in a browser, as an alternative to the command line.

app         builds and serves the page
components  its drop zones, sliders, and what shows an outcome
"""

import os

os.environ.setdefault('GRADIO_ANALYTICS_ENABLED', 'False')
