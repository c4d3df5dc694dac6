"""Opens pages in a browser and reads them."""

from __future__ import annotations

import contextlib

from playwright.sync_api import expect

DESKTOP, PHONE = (1280, 900), (390, 844)


@contextlib.contextmanager
def open_page(chromium, file, size=DESKTOP, **options):
  """The page; afterwards it must have made no request and logged no error."""
  width, height = size
  context = chromium.new_context(
    viewport={'width': width, 'height': height}, **options
  )
  page = context.new_page()
  faults = []
  page.on('console', lambda message: faults.append(message.text))
  page.on('pageerror', lambda error: faults.append(str(error)))
  page.on(
    'request',
    lambda request: (
      request.url.startswith('data:')
      or request.url == file.as_uri()
      or faults.append(request.url)
    ),
  )
  page.goto(file.as_uri())
  page.evaluate("document.querySelector('#test img')?.decode()")
  yield page
  assert page.evaluate('window.hacked') is None
  context.close()
  assert faults == []


def texts(page, selector):
  return page.locator(selector).all_inner_texts()


def names(page):
  return texts(page, '#rows button')


def set_threshold(page, value):
  page.locator('#threshold').fill(str(value))
  expect(page.locator('#threshold-value')).to_have_text(f'{value:.3f}')
