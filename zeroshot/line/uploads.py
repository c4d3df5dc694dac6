"""A request -> the bytes of one picture and how to judge it.

  upload = await uploads.read(request)
  upload.data, upload.name, upload.recipe, upload.threshold

The name of an upload is only printed: no path of a client is ever opened.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request

from zeroshot.line.inspector import stem_of
from zeroshot.line.refusals import Refusal

PICTURE, RECIPE, THRESHOLD = 'picture', 'recipe', 'threshold'
_MULTIPART = 'multipart/form-data'
_MAX_FIELDS = 8
_MAX_FIELD_BYTES = 1024


class Upload(NamedTuple):
  """One picture.

  Attributes:
    data: content of its file.
    name: of the file, without folder and ending.
    recipe: name of a recipe; None is the only one.
    threshold: in [0, 1]; None is the recipe's.
  """

  data: bytes
  name: str
  recipe: str | None
  threshold: float | None


async def read(request: Request) -> Upload:
  """Reads the form of a request.

  Args:
    request: its body has not been read.

  Raises:
    Refusal: it is no form, or not one of a picture.
  """
  content_type = request.headers.get('content-type', '')
  if content_type.partition(';')[0].strip().lower() != _MULTIPART:
    raise Refusal(
      415,
      'no form',
      f'the request is {content_type[:80] or "of no type"!r}; send '
      f'{_MULTIPART} with a file {PICTURE!r}: curl -F {PICTURE}=@part.png',
    )
  try:
    form = await request.form(
      max_files=1, max_fields=_MAX_FIELDS, max_part_size=_MAX_FIELD_BYTES
    )
  except HTTPException as error:
    raise _malformed(error.detail) from error
  except ClientDisconnect as error:
    raise _malformed('it ended before its body did') from error
  except (ValueError, LookupError) as error:
    raise _malformed(str(error)) from error
  try:
    return await _to_upload(form)
  finally:
    await form.close()


async def _to_upload(form: FormData) -> Upload:
  values = _check_fields(form)
  picture = values.get(PICTURE)
  if not isinstance(picture, UploadFile):
    found = 'is text' if PICTURE in values else 'is missing'
    raise Refusal(
      422,
      'no picture',
      f'the file {PICTURE!r} {found}; send the content of a picture file: '
      f'curl -F {PICTURE}=@part.png',
    )
  data = await picture.read()
  name = stem_of(picture.filename or '')
  if not data:
    raise Refusal(422, 'no picture', f'{name}: the file is empty')
  recipe = values.get(RECIPE)
  return Upload(
    data,
    name,
    recipe if isinstance(recipe, str) else None,
    _to_threshold(values.get(THRESHOLD)),
  )


def _check_fields(form: FormData) -> dict[str, str | UploadFile]:
  """The fields by name; refuses unknown ones and one given twice."""
  values: dict[str, str | UploadFile] = {}
  for name, value in form.multi_items():
    if name not in (PICTURE, RECIPE, THRESHOLD):
      raise Refusal(
        422,
        'unknown field',
        f'there is no field {name[:80]!r}; the fields are {PICTURE}, {RECIPE} '
        f'and {THRESHOLD}',
      )
    if name in values:
      raise Refusal(422, 'field twice', f'the field {name!r} is given twice')
    if name != PICTURE and not isinstance(value, str):
      raise Refusal(422, 'field is a file', f'the field {name!r} is a text')
    values[name] = value
  return values


def _to_threshold(value: str | UploadFile | None) -> float | None:
  if value is None:
    return None
  try:
    threshold = float(str(value))
  except ValueError:
    threshold = math.nan
  if not 0 <= threshold <= 1:
    raise Refusal(
      422,
      'wrong threshold',
      f'{THRESHOLD} is {str(value)[:80]!r}; give a number from 0 to 1',
    )
  return threshold


def _malformed(why: str) -> Refusal:
  return Refusal(
    400, 'malformed', f'the form of the request cannot be read: {why}'
  )
