"""The content of a page, and the messages for a damaged folder."""

from __future__ import annotations

import base64
import json
import re
import shutil

import cv2
import numpy as np
import pytest

from tests.page import parts
from zeroshot.commands import main
from zeroshot.page import document, embedding, write

PICTURE = re.compile(r'id="picture-(\d+)-(\w+)">data:image/webp;base64,')


@pytest.fixture
def folder(tmp_path):
  return parts.write_inspected(tmp_path / '<results>', parts.lines())


def page_of(folder, **options):
  """The page's text and the notes."""
  out = folder / 'report.html'
  notes = write.write(folder, out, **options)
  return out.read_text(encoding='utf-8'), notes


def data_of(text):
  match = re.search(r'id="data">(.*?)</script>', text, re.DOTALL)
  return json.loads(match[1])


def test_the_page_holds_everything(folder):
  text, notes = page_of(folder)
  assert notes == ()
  data = data_of(text)
  assert [row['name'] for row in data['rows']] == [
    row['name'] for row in parts.lines()
  ]
  assert data['rows'][0]['boxes'][1][4:6] == [0.6, 'open']
  assert len(data['rows'][0]['candidates']) == 3
  assert data['rows'][4]['error'].endswith('the picture is cut short')
  assert len(PICTURE.findall(text)) == 2 * 4


def test_names_are_never_markup(folder):
  text, _ = page_of(folder)
  for name in parts.HOSTILE:
    assert name not in text
  assert '<h1>&lt;results&gt;</h1>' in text
  # The pictures', the data's and the page's own.
  assert text.count('<script') == 2 * 4 + 2


def test_the_page_fetches_nothing(folder):
  text, _ = page_of(folder)
  assert set(re.findall(r'\bhttps?://[^\s\'"]+', text)) == {
    'http://www.w3.org/2000/svg'
  }
  assert not re.search(r'\b(?:src|href)="(?!data:)', text)
  assert "default-src 'none'" in text


def test_pairs_that_differ_come_first(folder):
  text, notes = page_of(folder, max_pictures=2)
  shown = [row for row, name in PICTURE.findall(text) if name == 'test']
  assert shown == ['3', '1']  # 0.95, then 0.9
  assert notes == (
    '2 of 4 pairs are shown without their pictures; give --max_pictures for '
    'more.',
  )
  assert data_of(text)['notes'] == list(notes)
  assert PICTURE.findall(page_of(folder, max_pictures=0)[0]) == []


def test_a_half_written_line_is_told_of(folder):
  file = folder / 'results.jsonl'
  file.write_text(file.read_text()[:-20])
  text, notes = page_of(folder)
  assert 'half-written' in notes[0]
  assert '1 of 5 pairs are not done' in notes[1]
  assert len(data_of(text)['rows']) == 4


def test_the_later_line_of_a_row_holds(folder):
  again = parts.line(5, 'done at last')
  parts.write_inspected(folder, [*parts.lines(), again])
  rows = data_of(page_of(folder)[0])['rows']
  assert [row['row'] for row in rows] == [1, 2, 3, 4, 5]
  assert rows[4]['verdict'] == 'same'


def test_missing_pictures_are_told_of(folder):
  (folder / 'pairs/0001/test.png').unlink()
  (folder / 'pairs/0002/reference.png').write_bytes(b'no picture')
  small = np.zeros((8, 8, 3), np.uint8)
  cv2.imwrite(str(folder / 'pairs/0003/test.png'), small)
  text, notes = page_of(folder)
  assert notes == ('The pictures of 3 pairs are missing.',)
  faults = [row.get('fault') for row in data_of(text)['rows']]
  assert 'test.png: no such file' in faults[0]
  assert 'reference.png: not a picture' in faults[1]
  assert 'is 8x8 and the results tell of 64x48' in faults[2]
  assert faults[3:] == [None, None]


def test_pictures_from_elsewhere_are_not_shown(folder, tmp_path):
  shutil.copytree(folder / 'pairs/0001', tmp_path / 'elsewhere')
  rows = [{**parts.line(1, 'a'), 'pictures': '../elsewhere'}]
  parts.write_inspected(folder, rows)
  (row,) = data_of(page_of(folder)[0])['rows']
  assert 'lies outside' in row['fault']


def damage(change):
  """Lines of which the second is changed."""
  rows = parts.lines()
  rows[1] |= change
  return ''.join(json.dumps(row) + '\n' for row in rows)


@pytest.mark.parametrize(
  ('name', 'text', 'message'),
  [
    ('run.json', None, 'neither run.json nor metrics.json nor results.csv'),
    ('run.json', '{"weights"', r'run\.json: no JSON .* inspect again'),
    ('run.json', '{"threshold": "x"}', 'threshold is no number'),
    ('run.json', '[]', r'run\.json: no JSON object; run zeroshot inspect'),
    ('results.jsonl', None, r'results\.jsonl: there is no such file; run'),
    ('results.jsonl', '', r'results\.jsonl: no pair is done yet'),
    ('results.jsonl', '{"row"\n{}\n', r'results\.jsonl, line 1: .*no JSON'),
    ('results.jsonl', damage({'verdict': 'ok'}), "line 2: .*verdict is 'ok'"),
  ],
)
def test_a_damaged_folder_is_refused(folder, name, text, message):
  if text is None:
    (folder / name).unlink()
  else:
    (folder / name).write_text(text)
  with pytest.raises(ValueError, match=message):
    page_of(folder)
  assert not (folder / 'report.html').exists()


def test_a_page_is_replaced_whole_or_not_at_all(folder, monkeypatch):
  before, _ = page_of(folder)

  def fail(*arguments, **options):
    raise OSError('no space left')

  monkeypatch.setattr(embedding, 'embed', fail)
  with pytest.raises(OSError, match='no space'):
    page_of(folder)
  assert (folder / 'report.html').read_text(encoding='utf-8') == before
  assert not list(folder.glob('*.partial'))


def test_a_large_picture_is_shrunk(tmp_path):
  file = tmp_path / 'large.png'
  cv2.imwrite(str(file), np.zeros((50, 3200, 3), np.uint8))
  uri = embedding.embed(file, size=(3200, 50))
  data = base64.b64decode(uri.partition(',')[2])
  image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
  assert image.shape == (25, 1600, 3)


def test_the_command_writes_the_page(folder, tmp_path, capsys):
  assert main.main(['report', str(folder)]) == 0
  assert capsys.readouterr().out == f'{folder / "report.html"}\n'
  out = tmp_path / 'page.html'
  words = ['report', str(folder), f'--out={out}', '--max_pictures=1']
  assert main.main(words) == 0
  printed = capsys.readouterr()
  assert printed.out == f'{out}\n'
  assert printed.err.startswith('note: 3 of 4 pairs are shown without')
  assert out.is_file()


@pytest.mark.parametrize(
  ('words', 'message'),
  [
    (['nowhere'], 'nowhere: there is no such folder'),
    (['{}', '--out=nowhere/page.html'], 'there is no folder nowhere; make it'),
    (['{}', '--max_pictures=-1'], 'max_pictures is -1; give 0 or more'),
  ],
)
def test_a_mistake_ends_in_one_line(folder, capsys, words, message):
  assert main.main(['report', *(w.format(folder) for w in words)]) == 2
  printed = capsys.readouterr()
  assert printed.out == ''
  assert printed.err.startswith('error: ')
  assert printed.err.count('\n') == 1
  assert message in printed.err


# --- Evaluations ------------------------------------------------------------


@pytest.fixture
def evaluated(tmp_path):
  return parts.write_evaluated(tmp_path / '<evaluation>')


def test_an_evaluation_shows_its_figures(evaluated):
  text, notes = page_of(evaluated)
  assert notes == ()
  figures = json.loads((evaluated / 'metrics.json').read_text())
  assert f'<b>{figures["official"]["ap"]:.3f}</b>' in text
  assert '>&lt;b&gt;</th>' in text  # a group's name
  assert '<dd>&lt;root&gt;</dd>' in text
  assert text.count('<svg') == 2  # misalignment is not measured
  assert text.count('<img') == 3 + 2
  assert '--config.eval.misalignments=&#x27;((0,0),(5,1),' in text
  text, notes = page_of(evaluated, max_pictures=1)
  assert text.count('<img') == 3 + 1
  assert notes[0].startswith('1 of 2 example pairs are left out')


def test_what_is_measured_is_drawn_and_what_is_undefined_is_not(evaluated):
  file = evaluated / 'metrics.json'
  figures = json.loads(file.read_text())
  figures['misalignment'] = [
    dict(shift_px=0, rotation_deg=0, scale=1, ap=0.987, num_images=9),
    dict(shift_px=5, rotation_deg=1, scale=1, ap=None, num_images=9),
  ]
  file.write_text(json.dumps(figures))
  text, _ = page_of(evaluated)
  assert text.count('<svg') == 3
  assert '>0.987</text>' in text
  assert '>5 px</text>' in text
  del figures['official']['pr_curve']
  figures['official']['ap'] = None
  file.write_text(json.dumps(figures))
  text, _ = page_of(evaluated)
  assert text.count('<svg') == 2
  assert 'Not measured: evaluate again' in text
  assert '<b>–</b>' in text


def test_missing_pictures_of_an_evaluation_are_told_of(evaluated):
  (evaluated / 'misses.png').unlink()
  (evaluated / 'pictures' / 'a.png').write_bytes(b'')
  text, notes = page_of(evaluated)
  assert 'misses.png: no such file' in notes[0]
  assert 'a.png: the file is empty' in notes[1]
  assert text.count('<img') == 2 + 1


def test_figures_are_never_markup(evaluated):
  file = evaluated / 'metrics.json'
  figures = json.loads(file.read_text())
  hostile = '<meta http-equiv="refresh" content="0">'
  figures['official']['num_images'] = hostile
  figures['official-6']['confusion']['counts'][0][0] = hostile
  file.write_text(json.dumps(figures))
  text, _ = page_of(evaluated)
  assert hostile not in text
  assert text.count('&lt;meta http-equiv=&quot;refresh') == 2


@pytest.mark.parametrize(
  ('name', 'value'),
  [
    ('config', None),
    ('config', {'eval': None}),
    ('misalignment', [dict(shift_px=0, rotation_deg=0, ap=10**400)]),
  ],
)
def test_a_damaged_part_of_the_figures_is_told(evaluated, name, value):
  file = evaluated / 'metrics.json'
  file.write_text(json.dumps(json.loads(file.read_text()) | {name: value}))
  with pytest.raises(ValueError, match=r'metrics\.json: not the metrics of an'):
    page_of(evaluated)


@pytest.mark.parametrize('content', ['{}', '{"official": []}', '{', 'null'])
def test_metrics_of_something_else_are_refused(evaluated, content):
  (evaluated / 'metrics.json').write_text(content)
  with pytest.raises(ValueError, match=r'metrics\.json: no.* launch\.evaluate'):
    page_of(evaluated)


def test_no_asset_ends_its_own_element():
  for name in (
    'page.css',
    'marks.js',
    'aligned.js',
    'viewer.js',
    'page.js',
    'keys.js',
  ):
    assert '<!-- data -->' not in document.asset(name)
    assert '</script' not in document.asset(name)
