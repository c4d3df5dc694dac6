"""The objects of the HTTP interface, for its documentation.

  responses={422: {'model': schema.Refused}}

A verdict has all keys of ``zeroshot inspect --json``; those of importance are
described here.
"""

from __future__ import annotations

from typing import Any

import pydantic


class Box(pydantic.BaseModel):
  """A difference, in pixels of the test picture."""

  model_config = pydantic.ConfigDict(extra='allow')
  x1: float
  y1: float
  x2: float
  y2: float
  confidence: float
  kind: str


class Verdict(pydantic.BaseModel):
  """The outcome for one picture."""

  model_config = pydantic.ConfigDict(extra='allow')
  name: str
  recipe: str
  verdict: str = pydantic.Field(description="'same' or 'different'")
  boxes: list[Box] = pydantic.Field(description='most certain first')
  threshold: float
  registration: dict[str, Any]
  seconds: float
  warnings: list[str]


class Refused(pydantic.BaseModel):
  """Why there is no verdict; with ``verdict`` if the picture was looked at."""

  model_config = pydantic.ConfigDict(extra='allow')
  error: str = pydantic.Field(description='a sentence, with the remedy')
  reason: str = pydantic.Field(description='a word or two for programs')


class Recipes(pydantic.BaseModel):
  """What is served."""

  recipes: list[dict[str, Any]]


class Health(pydantic.BaseModel):
  """Whether new requests are welcome."""

  status: str = pydantic.Field(description="'ok' or 'stopping'")
  version: str


FORM = {
  'required': True,
  'content': {
    'multipart/form-data': {
      'schema': {
        'type': 'object',
        'required': ['picture'],
        'properties': {
          'picture': {
            'type': 'string',
            'format': 'binary',
            'description': 'a picture file of any format, 8 or 16 bits',
          },
          'recipe': {
            'type': 'string',
            'description': 'name of a recipe, needed where several are served',
          },
          'threshold': {
            'type': 'number',
            'minimum': 0,
            'maximum': 1,
            'description': "least confidence that counts, else the recipe's",
          },
        },
      }
    }
  },
}
