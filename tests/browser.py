"""Chromium for tests, as a machine has it, or as root can install it."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, sync_playwright

_QUIET = (
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
)


def find_chromium() -> str:
  """Path of Chromium; skips the test where it cannot be had."""
  path = shutil.which('chromium') or shutil.which('chromium-browser')
  if path is None and os.geteuid() == 0 and shutil.which('apt-get'):
    _install()
    path = shutil.which('chromium')
  if path is None:
    pytest.skip('no chromium, and it needs root and apt to install it')
  return path


def _install() -> None:
  install = 'apt-get install -y --no-install-recommends chromium'
  subprocess.run(
    f'{install} || {{ apt-get update && {install}; }}',
    shell=True,
    env={**os.environ, 'DEBIAN_FRONTEND': 'noninteractive'},
    stdout=subprocess.DEVNULL,
    check=False,
  )


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
  """A headless Chromium that fetches nothing by itself."""
  with sync_playwright() as playwright:
    browser = playwright.chromium.launch(
      executable_path=find_chromium(),
      args=list(_QUIET),
      chromium_sandbox=False,
    )
    try:
      yield browser
    finally:
      browser.close()
