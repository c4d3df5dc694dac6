"""A trace of some updates, and Weights & Biases without a network."""

from __future__ import annotations

import gzip
import json
import sys

import pytest

from tests.train import toy
from zeroshot.train import reports


def test_a_trace_is_written_of_the_updates_asked_for(tmp_path):
  toy.train(tmp_path, reports=reports.Reports(profile_steps=2))
  (trace,) = (tmp_path / reports.TRACE).rglob('perfetto_trace.json.gz')
  events = json.loads(gzip.decompress(trace.read_bytes()))
  assert len(events['traceEvents'] if isinstance(events, dict) else events) > 10
  assert list((tmp_path / reports.TRACE).rglob('*.xplane.pb'))
  assert toy.log_lines(tmp_path)[-1]['step'] == 8


def test_a_run_that_ends_early_closes_its_trace(tmp_path):
  toy.train(
    tmp_path,
    steps=2,
    warmup_steps=0,
    reports=reports.Reports(profile_steps=50),
  )
  assert list((tmp_path / reports.TRACE).rglob('*.xplane.pb'))
  with reports.trace(tmp_path / 'next', first=0, num_steps=1) as after:
    after(1, ())  # fails where a trace is open
  assert (tmp_path / 'next').is_dir()


def test_nothing_is_reported_by_default(tmp_path):
  toy.train(tmp_path, steps=1, warmup_steps=0)
  names = {path.name for path in tmp_path.iterdir()}
  assert not names & {reports.TRACE, 'wandb', 'wandb_run_id'}


def test_without_the_package_the_extra_is_named(tmp_path, monkeypatch):
  monkeypatch.setitem(sys.modules, 'wandb', None)
  with pytest.raises(ValueError, match=r'zeroshot-inspection\[wandb\]'):
    reports.start_wandb('boards', tmp_path, {})


@pytest.mark.filterwarnings('ignore')
def test_a_run_is_kept_offline_and_goes_on(tmp_path, monkeypatch):
  pytest.importorskip('wandb')
  monkeypatch.setenv('WANDB_MODE', 'offline')
  monkeypatch.setenv('WANDB_SILENT', 'true')
  asked = reports.Reports(wandb='boards')
  toy.train(tmp_path, steps=4, reports=asked)
  name = (tmp_path / 'wandb_run_id').read_text()
  toy.train(tmp_path, steps=8, allow_config_change=True, reports=asked)
  assert (tmp_path / 'wandb_run_id').read_text() == name
  files = list((tmp_path / 'wandb').glob(f'offline-run-*/run-{name}.wandb'))
  assert files
  assert b'square' in b''.join(file.read_bytes() for file in files)
