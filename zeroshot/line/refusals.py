"""A request that is refused: its status, and why in a word and a sentence.

raise refusals.Refusal(404, 'no such recipe', 'cap: no such recipe; ...')
"""

from __future__ import annotations


class Refusal(Exception):
  """Ends a request with a status of 400 or more.

  Attributes:
    status: of HTTP.
    reason: a word or two that a program can look for.
    retry_after_s: when to try again; None is not to.
  """

  def __init__(
    self,
    status: int,
    reason: str,
    message: str,
    *,
    retry_after_s: int | None = None,
  ) -> None:
    """Stores the parts; ``message`` is a sentence with the remedy."""
    super().__init__(message)
    self.status = status
    self.reason = reason
    self.retry_after_s = retry_after_s
