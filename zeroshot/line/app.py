"""The HTTP interface: POST /inspect, GET /recipes, /health, /metrics, /docs.

  served = app.build(station.Station([detector], settings.Settings(), log))

An error is ``{"error": a sentence, "reason": a word}``.
"""

from __future__ import annotations

import asyncio
import functools
import hmac
import time
from collections.abc import Callable, Coroutine
from typing import Annotated, Any

import fastapi
from fastapi import responses
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from starlette.exceptions import HTTPException

from zeroshot.line import (
  desk,
  inspector,
  metrics,
  requests,
  schema,
  uploads,
)
from zeroshot.line.refusals import Refusal
from zeroshot.line.station import Station
from zeroshot.version import version

_BEARER = HTTPBearer(
  auto_error=False, description='The token of ZEROSHOT_TOKEN, if it is set.'
)
_Credentials = Annotated[
  HTTPAuthorizationCredentials | None, fastapi.Depends(_BEARER)
]
_REASONS = {404: 'no such path', 405: 'wrong method', 400: 'malformed'}
_REFUSED: dict[int | str, dict[str, Any]] = {
  status: {'model': schema.Refused, 'description': text}
  for status, text in {
    400: 'the form cannot be read',
    401: 'the token is missing or wrong',
    404: 'no such recipe',
    408: 'the request took too long to arrive',
    413: 'too many bytes',
    415: 'no form',
    422: 'no picture, one that cannot be read, or one that cannot be aligned',
    429: 'the queue is full',
    503: 'not done in time',
  }.items()
}


def build(station: Station) -> fastapi.FastAPI:
  """The application that serves a station."""
  app = fastapi.FastAPI(
    title='zeroshot',
    version=version(),
    description='Judges pictures of parts by recipes.',
    redoc_url=None,
  )
  app.add_middleware(requests.Requests, station=station)
  app.add_exception_handler(Refusal, _answer_refusal)
  app.add_exception_handler(HTTPException, _answer_http)
  guard = [fastapi.Depends(_guard(station))]

  @app.post(
    '/inspect',
    dependencies=guard,
    response_model=None,
    responses={200: {'model': schema.Verdict}, **_REFUSED},
    openapi_extra={'requestBody': schema.FORM},
  )
  async def inspect(request: fastapi.Request) -> responses.JSONResponse:
    """Judges one picture."""
    return await _inspect(station, request)

  _add_reports(app, station, guard)
  return app


def _add_reports(
  app: fastapi.FastAPI, station: Station, guard: list[Any]
) -> None:
  """Adds what is read by programs that look after the server."""

  @app.get('/recipes', dependencies=guard, response_model=schema.Recipes)
  async def recipes() -> dict[str, Any]:
    """The recipes that are served."""
    return {'recipes': station.describe()}

  @app.get(
    '/health',
    response_model=schema.Health,
    responses={503: {'model': schema.Health, 'description': 'stopping'}},
  )
  async def health(response: fastapi.Response) -> dict[str, str]:
    """Whether new requests are welcome; needs no token."""
    if station.is_stopping:
      response.status_code = 503
      return {'status': 'stopping', 'version': version()}
    return {'status': 'ok', 'version': version()}

  @app.get(
    '/metrics',
    dependencies=guard,
    response_class=responses.PlainTextResponse,
  )
  async def figures() -> fastapi.Response:
    """Counters and times, for Prometheus."""
    return fastapi.Response(
      station.metrics.to_text(), media_type=metrics.CONTENT_TYPE
    )


def _guard(station: Station) -> Callable[..., Coroutine[Any, Any, None]]:
  """A dependency that refuses requests without the token."""
  token = station.settings.token

  async def check(credentials: _Credentials) -> None:
    given = '' if credentials is None else credentials.credentials
    if token is not None and not hmac.compare_digest(
      given.encode(), token.encode()
    ):
      raise Refusal(
        401,
        'unauthorized',
        'the token is missing or wrong; send the header Authorization: Bearer '
        'TOKEN',
      )

  return check


async def _inspect(
  station: Station, request: fastapi.Request
) -> responses.JSONResponse:
  """Judges one picture; see ``schema.FORM``."""
  deadline = time.monotonic() + station.settings.timeout_s
  try:
    with station.desk.admit() as place:
      upload = await _read_in_time(request, deadline)
      chosen = station.choose(upload.recipe)
      requests.note(request.scope, recipe=chosen.name, name=upload.name)
      judged = await place.run(
        functools.partial(_judge, station, chosen, upload),
        timeout_s=deadline - time.monotonic(),
      )
  except desk.Full:
    raise Refusal(
      429,
      'busy',
      f'{station.desk.places} requests are in hand; try again in a second',
      retry_after_s=1,
    ) from None
  except TimeoutError:
    raise Refusal(
      503,
      'timeout',
      f'no verdict within {station.settings.timeout_s:g} s; try again, or '
      'start the server with a larger --timeout_s',
      retry_after_s=1,
    ) from None
  notes = dict(
    verdict=judged.verdict, boxes=len(judged.record.get('boxes', ()))
  )
  if 'reason' in judged.record:
    notes['reason'] = judged.record['reason']
  requests.note(request.scope, **notes)
  return responses.JSONResponse(
    judged.record, 422 if 'error' in judged.record else 200
  )


async def _read_in_time(
  request: fastapi.Request, deadline: float
) -> uploads.Upload:
  try:
    async with asyncio.timeout(deadline - time.monotonic()):
      return await uploads.read(request)
  except TimeoutError:
    raise Refusal(
      408, 'too slow', 'the request took too long to arrive; send it again'
    ) from None


def _judge(
  station: Station, chosen: inspector.Inspector, upload: uploads.Upload
) -> inspector.Judged:
  """Decodes and judges a picture, in a thread."""
  start = time.perf_counter()
  verdict = 'error'
  try:
    pixels = inspector.decode(
      upload.data,
      upload.name,
      max_megapixels=station.settings.max_megapixels,
    )
    judged = inspector.judge(
      chosen, pixels, upload.name, threshold=upload.threshold
    )
    verdict = judged.record.get('reason', judged.verdict)
    return judged
  except ValueError as error:
    text = ' '.join(str(error).split())
    raise Refusal(422, 'unfit picture', text) from error
  except Exception as error:
    station.log.exception('failed')
    raise Refusal(
      500,
      'internal error',
      f'{upload.name}: {type(error).__name__}; see the log of the server',
    ) from error
  finally:
    seconds = time.perf_counter() - start
    station.metrics.judged(chosen.name, verdict, seconds)


async def _answer_refusal(
  request: fastapi.Request, error: Exception
) -> responses.JSONResponse:
  assert isinstance(error, Refusal)
  requests.note(request.scope, reason=error.reason, error=str(error))
  headers = {}
  if error.retry_after_s is not None:
    headers['Retry-After'] = str(error.retry_after_s)
  if error.status == 401:
    headers['WWW-Authenticate'] = 'Bearer'
  content = {'error': str(error), 'reason': error.reason}
  return responses.JSONResponse(content, error.status, headers)


async def _answer_http(
  request: fastapi.Request, error: Exception
) -> responses.JSONResponse:
  assert isinstance(error, HTTPException)
  reason = _REASONS.get(error.status_code, 'refused')
  requests.note(request.scope, reason=reason)
  content = {'error': str(error.detail), 'reason': reason}
  return responses.JSONResponse(content, error.status_code, error.headers)
