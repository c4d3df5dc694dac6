"""Two drop zones in a browser, as an alternative to the command line.

app         builds and serves the page
recipe_tab  its tab where a recipe is taught and tried
recipes     what that tab does
outcome     what the page shows of an inspection
components  its drop zones, sliders, and what shows an outcome
"""

import os

os.environ.setdefault('GRADIO_ANALYTICS_ENABLED', 'False')
