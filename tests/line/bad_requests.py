"""Bad requests of many kinds: truncated, bombs, wrong types, path names.

python -m tests.line.bad_requests 1000
"""

from __future__ import annotations

import sys
from collections import Counter

import numpy as np

from tests import samples
from tests.line import parts

_ENDINGS = ('.png', '.jpg', '.bmp', '.tiff', '.webp', '.ppm')
_PATHS = (
  '/etc/passwd',
  '../../etc/passwd',
  '..\\..\\windows\\win.ini',
  'file:///etc/passwd',
  'a\0.png',
  '%2e%2e%2fpart.png',
  '/dev/zero',
  'x' * 5000,
)


def truncated(rng):
  """A picture whose end is missing."""
  data = parts.encode(samples.cells(), str(rng.choice(_ENDINGS)))
  return upload(data[: rng.integers(1, len(data) * 9 // 10)])


def bomb(rng):
  """A few bytes that declare a huge picture."""
  return upload(parts.bomb(int(rng.integers(20_000, 2**31))))


def pnm_bomb(rng):
  side = int(rng.integers(20_000, 10**9))
  return upload(b'P6\n%d %d\n255\n' % (side, side) + b'\0' * 99)


def wide(rng):
  """40,000 px and more in a few kilobytes."""
  size = [int(rng.integers(1, 9)), int(rng.integers(40_000, 60_000))]
  if rng.random() < 0.5:
    size.reverse()
  return upload(parts.encode(np.zeros((*size, 3), np.uint8)))


def large(rng):
  side = int(rng.integers(4500, 5500))  # beyond 20 megapixels
  return upload(parts.encode(np.zeros((side, side, 1), np.uint8)))


def noise(rng):
  """Bytes without a meaning, some behind the first bytes of a picture."""
  starts = (b'', b'\x89PNG\r\n\x1a\n', b'\xff\xd8\xff\xe0', b'BM', b'II*\0')
  start = starts[rng.integers(len(starts))]
  return upload(start + rng.bytes(int(rng.integers(0, 3000))))


def flipped(rng):
  """A PNG with a wrong byte in its compressed pixels."""
  data = bytearray(parts.good())
  data[rng.integers(60, len(data) - 30)] ^= int(rng.integers(1, 256))
  return upload(bytes(data))


def wrong_type(rng):
  """No form, or another one."""
  types = ('image/png', 'application/json', 'text/plain', '', '\xff', 'a/b;;')
  content = (parts.good(), b'{"picture": "/etc/passwd"}', b'')
  return dict(
    content=content[rng.integers(3)],
    headers={'content-type': types[rng.integers(len(types))].encode('latin-1')},
  )


def broken_form(rng):
  """A form that ends early, or has a wrong boundary or head."""
  boundary = rng.choice(['x', 'y', '', '"', 'x' * 300, '\\'])
  head = b'--x\r\nContent-Disposition: form-data; name="picture"; filename="a"'
  body = head + b'\r\n\r\n' + parts.good() + b'\r\n--x--\r\n'
  changed = bytearray(body[: rng.integers(0, len(body) - 9)])
  return dict(
    content=bytes(changed),
    headers={'content-type': f'multipart/form-data; boundary={boundary}'},
  )


def path_name(rng):
  """A path in the place of a picture, of its name, or of a recipe."""
  path = _PATHS[rng.integers(len(_PATHS))]
  kind = rng.integers(3)
  if kind == 0:
    return dict(files={'picture': (None, path[:1000])})
  if kind == 1:
    return dict(files={'picture': (path.replace('\0', ''), b'no picture')})
  return upload(parts.good(), recipe=path)


def wrong_field(rng):
  fields = (
    {'threshold': rng.choice(['2', '-1', 'nan', 'inf', 'x', '', '1e999'])},
    {'treshold': '0.5'},
    {f'f{number}': '' for number in range(50)},
    {'recipe': 'x' * 2000},
  )
  return upload(parts.good(), **fields[rng.integers(len(fields))])


def many_files(rng):
  count = int(rng.integers(2, 200))
  return dict(files=[('picture', ('a.png', b'a'))] * count)


def another_part(rng):
  """A picture that cannot be aligned."""
  return upload(parts.encode(samples.cells(seed=int(rng.integers(1, 99)))))


KINDS = (
  truncated,
  bomb,
  pnm_bomb,
  wide,
  large,
  noise,
  flipped,
  wrong_type,
  broken_form,
  path_name,
  wrong_field,
  many_files,
  another_part,
)


def upload(data, **fields):
  """The arguments of ``httpx.post`` for a picture and fields."""
  return dict(files={'picture': ('part7.png', data)}, data=fields)


def send(client, count):
  """Sends requests of all kinds by turns; each must be refused.

  Returns:
    How often each kind was refused with each status and reason.
  """
  rng = np.random.default_rng(0)
  refused = Counter()
  for number in range(count):
    kind = KINDS[number % len(KINDS)]
    answer = client.post('/inspect', **kind(rng))
    told = answer.text[:300]
    assert 400 <= answer.status_code < 500, (number, kind.__name__, told)
    content = answer.json()
    assert content['reason'], (number, kind.__name__, told)
    assert len(content['error']) > 10, (number, kind.__name__, told)
    refused[kind.__name__, answer.status_code, content['reason']] += 1
  good = client.post('/inspect', **upload(parts.good()))
  assert good.json()['verdict'] == 'same', good.text
  return refused


if __name__ == '__main__':
  from tests.line.asking import client_of

  outcome = send(
    client_of(parts.OnePart(), max_megapixels=20), int(sys.argv[1])
  )
  for (name, status, reason), number in sorted(outcome.items()):
    print(f'{number:5} {name:14} {status} {reason}')
  print(f'{outcome.total()} bad requests, each refused with a reason')
