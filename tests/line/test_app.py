"""The HTTP interface, without a network."""

from __future__ import annotations

import io
import json
import logging
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient

from tests import samples
from tests.line import parts
from tests.line.asking import assert_refused, client_of, post, station_of
from zeroshot.line import app, logs, settings


@pytest.fixture(scope='module')
def client():
  return client_of(parts.OnePart(), max_megabytes=1, max_megapixels=1)


def test_a_good_and_a_bad_part(client):
  good = post(client, parts.good()).json()
  assert (good['verdict'], good['boxes']) == ('same', [])
  assert (good['name'], good['recipe']) == ('part7', 'cells')
  answer = post(client, parts.bad())
  assert answer.status_code == 200
  bad = answer.json()
  assert bad['verdict'] == 'different'
  x1, y1, x2, y2 = samples.CHANGED
  box = bad['boxes'][0]
  assert x1 <= (box['x1'] + box['x2']) / 2 <= x2
  assert y1 <= (box['y1'] + box['y2']) / 2 <= y2
  assert {'threshold', 'registration', 'seconds', 'warnings'} <= set(bad)


def test_a_threshold_of_the_request(client):
  answer = post(client, parts.bad(), threshold='1').json()
  assert (answer['verdict'], answer['threshold']) == ('same', 1.0)
  for text in ('2', '-0.1', 'nan', 'much'):
    answer = post(client, parts.bad(), threshold=text)
    assert_refused(answer, 422, 'wrong threshold', text)


def test_the_recipe_is_chosen_by_name():
  client = client_of(parts.OnePart('one'), parts.OnePart('two'))
  assert post(client, parts.good(), recipe='two').json()['recipe'] == 'two'
  assert_refused(post(client, parts.good()), 422, 'no recipe', "'one', 'two'")
  for name in ('three', '../one', 'one/../two', ''):
    answer = post(client, parts.good(), recipe=name)
    assert_refused(answer, 404, 'no such recipe', repr(name), "'one'")
  assert [r['name'] for r in client.get('/recipes').json()['recipes']] == [
    'one',
    'two',
  ]


def test_two_recipes_of_one_name_are_refused():
  with pytest.raises(ValueError, match="'one'"):
    client_of(parts.OnePart('one'), parts.OnePart('one'))
  with pytest.raises(ValueError, match='no recipe'):
    client_of()


def test_another_part_has_no_verdict(client):
  answer = post(client, parts.other())
  assert_refused(answer, 422, 'could not align', 'the same part')
  assert answer.json()['verdict'] == 'error'


def test_paths_and_methods_of_others(client):
  assert_refused(client.get('/../etc/passwd'), 404, 'no such path')
  assert_refused(client.get('/inspect'), 405, 'wrong method')
  assert_refused(client.put('/recipes'), 405, 'wrong method')


def test_the_token_is_asked_for():
  client = client_of(parts.OnePart(), token='sesame')
  assert client.get('/health').json()['status'] == 'ok'
  assert client.get('/openapi.json').status_code == 200
  for headers in ({}, {'Authorization': 'Bearer wrong'}):
    for answer in (
      client.get('/recipes', headers=headers),
      client.get('/metrics', headers=headers),
      client.post('/inspect', files={'picture': parts.good()}, headers=headers),
    ):
      assert_refused(answer, 401, 'unauthorized', 'Bearer TOKEN')
  right = {'Authorization': 'Bearer sesame'}
  assert client.get('/recipes', headers=right).status_code == 200
  answer = client.post(
    '/inspect', files={'picture': parts.good()}, headers=right
  )
  assert answer.json()['verdict'] == 'same'


def test_a_token_that_no_header_carries():
  assert settings.token_of({}) is None
  assert settings.token_of({'ZEROSHOT_TOKEN': 'a'}) == 'a'
  for token in ('', 'ä', 'a\n', ' a'):
    with pytest.raises(ValueError, match='ZEROSHOT_TOKEN'):
      settings.token_of({'ZEROSHOT_TOKEN': token})


def test_limits_out_of_range():
  for name, value in (
    ('queue', -1),
    ('timeout_s', 0),
    ('max_megapixels', 2000),
    ('max_megabytes', float('inf')),
  ):
    with pytest.raises(ValueError, match=name):
      settings.Settings(**{name: value})


def test_what_is_beyond_the_queue_is_refused():
  gated = parts.Gated()
  with (
    client_of(gated, workers=1, queue=1) as client,
    ThreadPoolExecutor(2) as (pool),
  ):
    waiting = [pool.submit(post, client, parts.good()) for _ in range(2)]
    while 'requests_in_hand 2.0' not in client.get('/metrics').text:
      assert not any(each.done() for each in waiting)
    for _ in range(3):
      answer = post(client, parts.good())
      assert_refused(answer, 429, 'busy', '2 requests')
      assert answer.headers['Retry-After'] == '1'
    gated.gate.set()
    assert [each.result().status_code for each in waiting] == [200, 200]
    assert gated.asked == 2
    assert post(client, parts.good()).status_code == 200  # places are free


def test_a_request_that_takes_too_long():
  gated = parts.Gated()
  with client_of(gated, workers=1, queue=0, timeout_s=1) as client:
    assert_refused(post(client, parts.good()), 503, 'timeout', '1 s')
    # The thread that cannot be stopped keeps its place until it ends.
    assert_refused(post(client, parts.good()), 429, 'busy')
    gated.gate.set()
    while post(client, parts.good()).status_code == 429:
      pass


def test_what_waits_too_long_is_never_begun():
  gated = parts.Gated()
  with client_of(gated, workers=1, queue=1, timeout_s=1) as client:
    with ThreadPoolExecutor(2) as pool:
      waiting = [pool.submit(post, client, parts.good()) for _ in range(2)]
      assert [each.result().status_code for each in waiting] == [503, 503]
    gated.gate.set()
    while 'requests_in_hand 0.0' not in client.get('/metrics').text:
      pass
    assert gated.asked == 1


def test_an_error_of_ours_is_told_and_logged(caplog):
  class Broken(parts.OnePart):
    def inspect(self, test, *, threshold=None):
      raise RuntimeError('secret')

  answer = post(client_of(Broken()), parts.good())
  assert_refused(answer, 500, 'internal error', 'RuntimeError')
  assert 'secret' not in answer.text
  assert 'secret' in caplog.text


def test_metrics():
  client = client_of(parts.OnePart(), workers=1, queue=2)
  post(client, parts.good())
  post(client, parts.bad())
  post(client, b'a note')
  client.get('/no/such/path')
  text = client.get('/metrics').text
  for line in (
    'zeroshot_inspections_total{recipe="cells",verdict="same"} 1.0',
    'zeroshot_inspections_total{recipe="cells",verdict="different"} 1.0',
    'zeroshot_requests_total{path="/inspect",reason="",status="200"} 2.0',
    'reason="unfit picture",status="422"} 1.0',
    'zeroshot_requests_total{path="other",reason="no such path",status="404"}',
    'zeroshot_requests_in_hand 0.0',
    'zeroshot_places 3.0',
  ):
    assert line in text
  assert '/no/such/path' not in text


def test_the_interface_describes_itself(client):
  described = client.get('/openapi.json').json()
  assert set(described['paths']) == {
    '/inspect',
    '/recipes',
    '/health',
    '/metrics',
  }
  inspect = described['paths']['/inspect']['post']
  form = inspect['requestBody']['content']['multipart/form-data']['schema']
  assert form['required'] == ['picture']
  assert '429' in inspect['responses']
  assert client.get('/docs').status_code == 200


def test_log_lines_are_json():
  stream = io.StringIO()
  handler = logging.StreamHandler(stream)
  handler.setFormatter(logs.JsonLines())
  log = logging.Logger(logs.NAME)
  log.addHandler(handler)
  log.info('answered', extra=logs.fields(status=200, name='a\nb'))
  line = json.loads(stream.getvalue())
  assert line['event'] == 'answered'
  assert (line['status'], line['name']) == (200, 'a\nb')
  assert stream.getvalue().count('\n') == 1


def test_a_server_that_stops_says_so_and_still_answers():
  line = station_of(parts.OnePart())
  client = TestClient(app.build(line))
  assert 'connection' not in client.get('/health').headers
  line.is_stopping = True
  health = client.get('/health')
  assert (health.status_code, health.json()['status']) == (503, 'stopping')
  answer = post(client, parts.good())
  assert answer.json()['verdict'] == 'same'
  assert answer.headers['connection'] == 'close'
