// Keys, mouse and what happens first; the functions stand in page.js.

const KEYS = {
  j: () => step(1), k: () => step(-1),
  ArrowDown: () => step(1), ArrowUp: () => step(-1),
  ' ': () => {
    if (viewer.state.mode !== 'blink') viewer.setMode('blink');
    viewer.play(false);
    viewer.flip();
  },
  p: () => {
    if (viewer.state.mode !== 'blink') viewer.setMode('blink');
    else viewer.play(!viewer.state.playing);
  },
  ArrowLeft: () => viewer.move(-0.02), ArrowRight: () => viewer.move(0.02),
  '+': () => viewer.zoom(1.3), '=': () => viewer.zoom(1.3),
  '-': () => viewer.zoom(1 / 1.3), 0: () => viewer.fit(),
  b: () => $('boxes').click(),
  f: () => $('field').closest('label').hidden || $('field').click(),
  v: () => $('variation').closest('label').hidden || $('variation').click(),
  '/': () => $('search').focus(),
};
['overlay', 'swipe', 'blink', 'side', 'reference', 'laid'].forEach((mode, index) => {
  KEYS[index + 1] = () => viewer.setMode(mode);
});

// What a key does by itself where the focus is, it goes on doing.
function isTaken(event) {
  const {target, key} = event;
  if (event.ctrlKey || event.metaKey || event.altKey) return true;
  if (target.matches('input[type="search"], select')) return true;
  if (target.matches('input[type="range"], [name="mode"]')) return /^Arrow/.test(key);
  if (key !== ' ') return false;
  return target.matches('button, input[type="checkbox"]') && !target.closest('#rows');
}

document.addEventListener('keydown', (event) => {
  if (event.key === 'Escape') document.activeElement.blur();
  if (isTaken(event) || !KEYS[event.key]) return;
  event.preventDefault();
  KEYS[event.key]();
});
let waiting = 0; // for the next frame, with the slider's newest value
$('threshold').addEventListener('input', () => {
  cancelAnimationFrame(waiting);
  waiting = requestAnimationFrame(
    () => setLimits({threshold: Number($('threshold').value)}),
  );
});
$('size').addEventListener('input', () => {
  cancelAnimationFrame(waiting);
  waiting = requestAnimationFrame(
    () => setLimits({minSize: leastSize.at(Number($('size').value))}),
  );
});
$('stored').addEventListener('click', () => {
  setLimits({threshold: null, minSize: null});
  $('threshold').focus();
});
for (const [id, name] of [['search', 'input'], ['filter', 'change']]) {
  $(id).addEventListener(name, () => {
    state.limit = STEP;
    list();
    if (!state.listed.includes(state.chosen) && state.listed.length) {
      choose(state.listed[0]);
    }
  });
}
for (const head of document.querySelectorAll('[data-key]')) {
  head.addEventListener('click', () => {
    const {key} = head.dataset;
    state.descending = state.key === key ? !state.descending : key !== 'name';
    state.key = key;
    list();
  });
}
$('more').addEventListener('click', () => {
  state.limit += STEP;
  drawRows();
});
for (const radio of document.querySelectorAll('[name="mode"]')) {
  radio.addEventListener('change', () => viewer.setMode(radio.value));
}
$('play').addEventListener('click', () => viewer.play(!viewer.state.playing));
$('boxes').addEventListener('change', () => viewer.setBoxesShown($('boxes').checked));
$('field').addEventListener('change', () => viewer.setFieldShown($('field').checked));
$('in').addEventListener('click', () => viewer.zoom(1.3));
$('out').addEventListener('click', () => viewer.zoom(1 / 1.3));
$('fit').addEventListener('click', () => viewer.fit());
$('previous').addEventListener('click', () => step(-1));
$('next').addEventListener('click', () => step(1));

showFacts();
setLimits({});
choose(rows.find((row) => row.verdict === 'different') ?? rows[0]);
