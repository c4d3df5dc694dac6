"""Bad requests: each is refused with a status and a reason."""

from __future__ import annotations

import numpy as np
import pytest

from tests import samples
from tests.line import bad_requests, parts
from tests.line.asking import assert_refused, client_of, post


@pytest.fixture(scope='module')
def client():
  return client_of(parts.OnePart(), max_megabytes=1, max_megapixels=1)


@pytest.mark.parametrize('ending', ['.png', '.jpg', '.bmp', '.tiff', '.webp'])
def test_truncated_pictures(client, ending):
  data = parts.encode(samples.cells(), ending)
  for share in (0.3, 0.9):
    answer = post(client, data[: int(len(data) * share)], f'cut{ending}')
    assert_refused(answer, 422, 'unfit picture', 'cut')


def test_what_is_no_picture(client):
  for data in (
    b'a note',
    b'\x89PNG\r\n\x1a\n',
    b'GIF89a',
    b'%PDF-1.7\n%',
    b'\0',
  ):
    assert_refused(post(client, data), 422, 'unfit picture', 'part7')
  assert_refused(post(client, b''), 422, 'no picture', 'empty')


def test_a_bomb_is_refused_by_its_header(client):
  answer = post(client, parts.bomb(40_000))
  assert_refused(answer, 422, 'unfit picture', '40000x40000', 'megapixels')
  wide = parts.encode(np.zeros((8, 40_000, 3), np.uint8))
  assert_refused(post(client, wide), 422, 'unfit picture', '40000x8', 'side')
  large = parts.encode(np.zeros((1001, 1000, 3), np.uint8))
  assert len(large) < 10_000
  assert_refused(post(client, large), 422, 'unfit picture', '1000x1001')


def test_too_many_bytes(client):
  data = parts.encode(np.zeros((700, 700, 3), np.uint8), '.bmp')
  assert_refused(post(client, data), 413, 'too large', '1 MB')

  def chunks():  # of a client that does not say how many bytes come
    for _ in range(40):
      yield bytes(2**15)

  answer = client.post(
    '/inspect',
    content=chunks(),
    headers={'content-type': 'multipart/form-data; boundary=x'},
  )
  assert answer.status_code in (400, 413), answer.text


def test_forms_that_are_none(client):
  answer = client.post('/inspect', content=parts.good())
  assert_refused(answer, 415, 'no form', 'curl')
  answer = client.post('/inspect', json={'picture': 'part7.png'})
  assert_refused(answer, 415, 'no form', 'application/json')
  answer = client.post('/inspect', data={'picture': '/etc/passwd'})
  assert_refused(answer, 415, 'no form', 'urlencoded')
  for content_type, body in (
    ('multipart/form-data', b'x'),
    ('multipart/form-data; boundary=x', b'no boundary at all'),
    ('multipart/form-data; boundary=x', b'--x\r\nA: b\r\n\r\nc\r\n--x--\r\n'),
  ):
    answer = client.post(
      '/inspect', content=body, headers={'content-type': content_type}
    )
    assert answer.status_code in (400, 422), answer.text
    assert answer.json()['reason'] in ('malformed', 'no picture')


def test_fields_that_are_wrong(client):
  picture = {'picture': ('a.png', parts.good())}
  answer = client.post('/inspect', files={'image': ('a.png', parts.good())})
  assert_refused(answer, 422, 'unknown field', 'image')
  text = {'picture': (None, '/etc/passwd')}
  answer = client.post('/inspect', files=text)
  assert_refused(answer, 422, 'no picture', 'is text')
  answer = client.post('/inspect', files={'threshold': ('a', b'1')})
  assert_refused(answer, 422, 'field is a file', 'threshold')
  answer = client.post(
    '/inspect', files=picture, data={'threshold': ['0.1', '0.2']}
  )
  assert_refused(answer, 422, 'field twice', 'threshold')
  answer = client.post('/inspect', files=[*picture.items()] * 2)
  assert_refused(answer, 400, 'malformed', 'files')


def test_the_name_of_an_upload_is_only_printed(client):
  for name, printed in (
    ('../../etc/passwd', 'passwd'),
    ('C:\\parts\\part7.png', 'part7'),
    ('x' * 300 + '.png', 'x' * 100),
  ):
    assert post(client, parts.good(), name).json()['name'] == printed


# Starlette leaves the file of a part without an end to the garbage collector.
@pytest.mark.filterwarnings('ignore::pytest.PytestUnraisableExceptionWarning')
@pytest.mark.parametrize(
  'count', [26, pytest.param(1000, marks=pytest.mark.slow)]
)
def test_bad_requests_of_every_kind_have_a_reason(count):
  client = client_of(parts.OnePart(), max_megapixels=20)
  assert bad_requests.send(client, count).total() == count
