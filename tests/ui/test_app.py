"""The page with two drop zones, in a real browser."""

from __future__ import annotations

import socket

import cv2
import gradio as gr
import numpy as np
import pytest

from tests import samples
from zeroshot.inspection import result
from zeroshot.report import drawing
from zeroshot.ui import app, components, outcome

SIZES = 'size_px', 'size_mm'


@pytest.fixture(scope='module')
def detector():
  return samples.load_detector()


@pytest.fixture(scope='module')
def files(tmp_path_factory):
  """Paths of two pictures that differ."""
  folder = tmp_path_factory.mktemp('pair')
  return samples.write_pair(folder, height=120, width=120, box=(50, 40, 70, 60))


def test_the_threshold_filters_what_was_found(detector, files):
  state, verdict, overlay, laid, rows, text = app.inspect(detector, *files, 0.5)
  assert state.verdict == result.DIFFERENT
  assert verdict == f'## Different: {len(rows)}'
  assert overlay.shape == laid.shape == (120, 120, 3)
  assert '"different"' in text
  state, verdict, _, _, rows, _ = outcome.refilter(state, 1.0)
  assert (state.verdict, rows) == (result.SAME, [])
  assert verdict == '## No difference'


def test_the_least_size_filters_what_was_found(detector, files):
  state, _, _, _, rows, _ = app.inspect(detector, *files, 0.5, 10, 0.1)
  size_px, size_mm = (rows[0][components.COLUMNS.index(key)] for key in SIZES)
  assert size_px == pytest.approx(20, abs=3)
  assert size_mm == pytest.approx(0.1 * size_px, rel=0.01)
  state, verdict, *_ = outcome.refilter(state, 0.5, 30)
  assert verdict == '## No difference'
  _, verdict, *_ = outcome.refilter(state, 0.5, 5)
  assert verdict.startswith('## Different: 1')
  assert 'Inspected for 10 px and more' in verdict


def test_a_box_is_seen_close_up_in_both_pictures(detector, files):
  state, *_ = app.inspect(detector, *files, 0.5)
  near = state.close_up(state.boxes[0][:4])
  half = (near.shape[1] - drawing.GAP_PX) // 2
  assert near.shape[0] >= 360
  middle = near.shape[0] // 2, half // 2
  assert near[middle].mean() < 110  # the good part is dark there
  assert near[middle[0], half + drawing.GAP_PX + half // 2].mean() > 200
  corner = state.close_up((0, 0, 4, 4))
  assert corner.shape[0] >= 360


def test_what_cannot_be_inspected_is_told_without_the_upload_folder(
  detector, files, tmp_path
):
  broken = tmp_path / 'broken.png'
  broken.write_bytes(b'no picture')
  with pytest.raises(gr.Error) as raised:
    app.inspect(detector, files[0], str(broken), 0.5)
  assert 'broken.png' in raised.value.message
  assert str(tmp_path) not in raised.value.message


def test_what_cannot_be_aligned_is_shown(detector, tmp_path):
  for seed in (0, 9):
    cv2.imwrite(str(tmp_path / f'{seed}.png'), samples.cells(seed=seed))
  paths = [str(tmp_path / f'{seed}.png') for seed in (0, 9)]
  state, verdict, overlay, laid, rows, _ = app.inspect(detector, *paths, 0.5)
  assert (state, overlay, rows) == (None, None, [])
  assert verdict.startswith('## Could not align\n\ncould not align: refer')
  assert laid.shape == (120, 120, 3)


@pytest.mark.slow
def test_in_a_browser(address, chromium, files, tmp_path):
  port = int(address.rstrip('/').rpartition(':')[2])
  with socket.socket() as elsewhere:  # loopback alone, no other address of ours
    elsewhere.settimeout(2)
    assert elsewhere.connect_ex((_own_address(), port)) != 0
  large = tmp_path / 'large.bmp'
  cv2.imwrite(str(large), np.zeros((800, 800, 3), np.uint8))
  with chromium.new_page() as page:
    errors = []
    page.on('pageerror', lambda error: errors.append(str(error)))
    page.goto(address, wait_until='domcontentloaded')
    for name, file in zip(('reference', 'test'), files, strict=True):
      page.locator(f'#{name} input[type=file]').set_input_files(file)
      page.locator(f'#{name} img').first.wait_for()
    page.get_by_role('button', name='Inspect').click()
    page.get_by_text('Different: 1').wait_for()
    page.locator('#differences img').first.wait_for()
    slider = page.locator('#threshold input[type=range]')
    slider.focus()
    slider.press('End')
    slider.dispatch_event('pointerup')
    page.get_by_text('No difference').wait_for()
    # Another picture: no verdict, wherever the slider is.
    page.locator('#test').get_by_label('Remove Image').click()
    page.get_by_text('Give two pictures').wait_for()
    slider.press('Home')
    slider.dispatch_event('pointerup')
    page.wait_for_timeout(1000)
    assert page.get_by_text('Give two pictures').is_visible()
    page.goto(address, wait_until='domcontentloaded')
    page.locator('#test input[type=file]').set_input_files(large)
    page.get_by_text('exceed', exact=False).first.wait_for()
    assert errors == []


def _own_address():
  """An address of this machine that is not loopback; no packet is sent."""
  with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
    try:
      probe.connect(('192.0.2.1', 9))
    except OSError:
      pytest.skip('this machine has no address but loopback')
    return probe.getsockname()[0]
