"""Recipes at work: an HTTP server, a watched folder.

Served:
  serve      listens, and stops on a signal with every accepted request answered
  app        the HTTP interface: inspect, recipes, health, metrics
  schema     the objects of the interface, for its documentation
  settings   limits and the token of a server
  station    the inspectors, the desk and the metrics of one server
  desk       a bounded queue before a few threads
  uploads    a request -> the bytes of one picture and its options
  requests   one request: number, log line, bounded body
  refusals   a request that is refused, with status and reason
  metrics    counters and times, as Prometheus reads them
  logs       log lines as JSON

Watched:
  watch      judges the pictures that are dropped into a folder
  arrivals   the pictures of a folder that are whole
  outcomes   verdicts, overlays and lot statistics that survive a crash

Both:
  start      recipes on the disk -> a running server, or a running watch
  inspector  what judges a picture: the detector of a recipe, or one like it
"""
