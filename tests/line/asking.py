"""A server without a network: requests, and what a refusal must say."""

from __future__ import annotations

import logging

from fastapi.testclient import TestClient

from zeroshot.line import app, settings, station


def station_of(*inspectors, **limits):
  limits = {'timeout_s': 600, **limits}  # on a machine with other load too
  return station.Station(
    inspectors, settings.Settings(**limits), logging.getLogger('test')
  )


def client_of(*inspectors, **limits):
  return TestClient(app.build(station_of(*inspectors, **limits)))


def post(client, data, name='part7.png', **fields):
  return client.post('/inspect', files={'picture': (name, data)}, data=fields)


def assert_refused(answer, status, reason, *words):
  """Asserts the status, the reason and words of the sentence."""
  assert answer.status_code == status, answer.text
  content = answer.json()
  assert content['reason'] == reason
  assert all(word in content['error'] for word in words), content
