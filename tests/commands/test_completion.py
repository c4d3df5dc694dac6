"""The completion scripts, in the shells that are at hand."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from zeroshot.commands import completion, main


def complete(tmp_path, words):
  """What bash offers for the last of the words."""
  script = tmp_path / 'zeroshot'
  script.write_text(completion.script('bash'))
  lines = [
    f'source {script}',
    f'COMP_WORDS=({" ".join(repr(word) for word in words)})',
    f'COMP_CWORD={len(words) - 1}',
    'function=$(complete -p zeroshot | sed "s/.*-F \\([^ ]*\\).*/\\1/")',
    '$function zeroshot "${COMP_WORDS[COMP_CWORD]}" ""',
    'printf "%s\\n" "${COMPREPLY[@]}"',
  ]
  done = subprocess.run(
    [shutil.which('bash') or pytest.skip('no bash'), '-c', '\n'.join(lines)],
    cwd=tmp_path,
    capture_output=True,
    text=True,
  )
  assert done.returncode == 0, done.stderr
  return set(done.stdout.split())


def test_commands_are_completed(tmp_path):
  assert complete(tmp_path, ['zeroshot', '']) >= set(main.SUBCOMMANDS)
  assert complete(tmp_path, ['zeroshot', 'ins']) == {'inspect'}


def test_options_and_their_words_are_completed(tmp_path):
  found = complete(tmp_path, ['zeroshot', 'inspect', '--m'])
  assert found == {
    '--manifest',
    '--max_megapixels',
    '--min_size',
    '--mm_per_px',
  }
  words = complete(tmp_path, ['zeroshot', 'inspect', '--sort', ''])
  assert words == {'confidence', 'severity'}


def test_pictures_are_completed(tmp_path):
  (tmp_path / 'good.png').touch()
  assert complete(tmp_path, ['zeroshot', 'inspect', 'go']) == {'good.png'}


@pytest.mark.parametrize('shell', completion.SHELLS)
def test_the_script_is_of_that_shell(capsys, shell):
  assert main.main(['completion', shell]) == 0
  text = capsys.readouterr().out
  assert 'zeroshot' in text
  assert all(name in text for name in main.SUBCOMMANDS)
  if shutil.which(shell):
    subprocess.run([shell, '-n'], input=text, text=True, check=True)
