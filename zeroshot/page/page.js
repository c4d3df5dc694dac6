// Verdicts, the table and the chosen pair; viewer.js shows the pictures.

const data = JSON.parse(document.getElementById('data').textContent);
const $ = (id) => document.getElementById(id);
const STEP = 200; // rows of the table at a time
const WORDS = {different: 'Different', same: 'Same', error: 'Error'};
const RANKS = {different: 2, error: 1, same: 0};

const rows = data.rows.map((row) => ({
  ...row,
  candidates: row.candidates ?? [],
  isOne: row.verdict === 'error' && row.shown,
  top: Math.max(-1, ...(row.candidates ?? []).map((box) => box[4])),
  text: [...new Set([
    row.name, row.error ?? '', ...(row.candidates ?? []).map((box) => box[5]),
  ])].join('\n').toLowerCase(),
}));
const kinds = [...new Set(rows.flatMap((r) => r.candidates.map((b) => b[5])))];
const styles = stylesOf(kinds);
const stored = data.settings.threshold
  ?? rows.find((row) => row.threshold !== undefined)?.threshold ?? 0.5;

const state = {
  threshold: null, // null: what was stored, each row by its own threshold
  minSize: null, // px; null: what was stored
  key: 'row', descending: false, limit: STEP,
  listed: rows, chosen: null,
};

function element(name, properties = {}, ...children) {
  const made = Object.assign(document.createElement(name), properties);
  made.append(...children);
  return made;
}

function chip(verdict, isLive) {
  return element('span', {
    className: `chip ${verdict}${isLive ? ' live' : ''}`,
    textContent: WORDS[verdict],
  });
}

// --- Verdicts -----------------------------------------------------------

function judge() {
  for (const row of rows) {
    if (row.verdict === 'error') {
      Object.assign(row, {found: [], now: 'error'});
    } else if (state.threshold === null && state.minSize === null) {
      Object.assign(row, {found: row.boxes, now: row.verdict});
    } else {
      const least = state.threshold ?? row.threshold;
      row.found = row.candidates.filter((box) => (
        box[4] >= least && (state.minSize === null || sizeOf(box) >= state.minSize)
      ));
      row.now = row.found.length ? 'different' : 'same';
    }
  }
}

function showSummary() {
  const count = (verdict) => rows.filter((row) => row.now === verdict).length;
  const times = rows.filter((row) => row.seconds !== undefined)
    .map((row) => row.seconds).sort((a, b) => a - b);
  const total = times.reduce((sum, time) => sum + time, 0);
  const middle = times[Math.floor(times.length / 2)];
  const tile = (value, words, verdict = '') => element(
    'div', {className: `tile ${verdict}`},
    element('b', {textContent: value}), element('span', {textContent: words}),
  );
  $('tiles').replaceChildren(
    tile(count('different'), 'different', 'different'),
    tile(count('same'), 'same', 'same'),
    tile(count('error'), 'could not be inspected', 'error'),
    tile(rows.length, rows.length === 1 ? 'pair' : 'pairs'),
    tile(middle === undefined ? '–' : `${seconds(middle)} s`,
      `a pair, median; ${seconds(total)} s in all`),
  );
}

function seconds(time) {
  return time.toFixed(time < 10 ? 2 : time < 100 ? 1 : 0);
}

function showThreshold() {
  const isLive = state.threshold !== null || state.minSize !== null;
  const at = state.threshold ?? stored;
  $('threshold-value').textContent = at.toFixed(3);
  $('threshold').setAttribute('aria-valuetext', at.toFixed(3));
  $('threshold').closest('section').classList.toggle('changed', isLive);
  const others = rows.filter((row) => row.now !== row.verdict).length;
  $('threshold-note').textContent = !isLive
    ? 'As stored. Move a slider to see what would be found.'
    : `${others} of ${rows.length} verdicts differ from the stored ones, `
      + `at ${stored.toFixed(3)}.`;
}

function setLimits(limits) {
  Object.assign(state, limits);
  if (state.threshold === null) $('threshold').value = stored;
  if (state.minSize === null) $('size').value = 0;
  judge();
  showSummary();
  showThreshold();
  showLeastSize();
  showOverview();
  list();
  showFound();
  if (state.chosen) viewer.setBoxes(state.chosen.found);
}

// --- The table ----------------------------------------------------------

function list() {
  const wanted = $('search').value.trim().toLowerCase();
  const verdict = $('filter').value;
  const value = {
    row: (row) => row.row,
    name: (row) => row.name,
    verdict: (row) => RANKS[row.now],
    boxes: (row) => row.found.length,
    top: (row) => row.top,
    severity: highestSeverity,
    seconds: (row) => row.seconds ?? -1,
  }[state.key];
  const order = new Intl.Collator(undefined, {numeric: true});
  const compare = state.key === 'name'
    ? (a, b) => order.compare(a.name, b.name) : (a, b) => value(a) - value(b);
  const sign = state.descending ? -1 : 1;
  state.listed = rows
    .filter((row) => row.text.includes(wanted) && (!verdict || row.now === verdict))
    .sort((a, b) => sign * compare(a, b) || a.row - b.row);
  for (const head of document.querySelectorAll('[data-key]')) {
    const th = head.closest('th');
    if (head.dataset.key !== state.key) th.removeAttribute('aria-sort');
    else th.ariaSort = state.descending ? 'descending' : 'ascending';
  }
  drawRows();
}

function drawRows() {
  const part = state.listed.slice(0, state.limit);
  const hadFocus = $('rows').contains(document.activeElement);
  $('rows').replaceChildren(...part.map(tableRow));
  markChosen(hadFocus);
  const left = state.listed.length - part.length;
  $('more').hidden = left === 0;
  $('more').textContent = `Show ${Math.min(left, STEP)} more`;
  $('shown').textContent = state.listed.length
    ? `${part.length} of ${state.listed.length} listed, ${rows.length} in all`
    : 'No pair matches the search.';
}

function tableRow(row) {
  const number = (text) => element('td', {className: 'number', textContent: text});
  const button = element('button', {
    type: 'button', textContent: row.name, tabIndex: -1,
  });
  const made = element(
    'tr', {onclick: () => choose(row)},
    element('td', {}, button),
    element('td', {}, chip(row.now, row.now !== row.verdict)),
    number(row.now === 'error' ? '–' : row.found.length),
    number(row.top < 0 ? '–' : percent(row.top)),
    number(row.found.length ? Math.round(highestSeverity(row)) : '–'),
    number(row.seconds === undefined ? '–' : seconds(row.seconds)),
  );
  made.dataset.row = row.row;
  return made;
}

// One row can be reached by Tab: the chosen one, else the first. From one that
// is not listed, next goes to the first.
function markChosen(takesFocus = false) {
  const all = [...$('rows').children];
  const chosen = all.find((tr) => Number(tr.dataset.row) === state.chosen?.row);
  for (const tr of all) {
    tr.toggleAttribute('aria-current', tr === chosen);
    if (tr === chosen) tr.setAttribute('aria-current', 'true');
    tr.querySelector('button').tabIndex = tr === (chosen ?? all[0]) ? 0 : -1;
  }
  const place = state.listed.indexOf(state.chosen);
  $('previous').disabled = place <= 0;
  $('next').disabled = place === state.listed.length - 1;
  if (chosen && takesFocus) chosen.querySelector('button').focus();
  return chosen;
}

// --- The chosen pair ----------------------------------------------------

const viewer = makeViewer($('stage'), {
  styles,
  onMode(mode) {
    document.querySelector(`[name="mode"][value="${mode}"]`).checked = true;
    $('play').hidden = mode !== 'blink';
  },
  onPlay(isPlaying) {
    $('play').textContent = isPlaying ? 'Pause' : 'Play';
  },
  onPoint: markLine,
  onDraw: placeVariation,
});

function choose(row) {
  state.chosen = row;
  const place = state.listed.indexOf(row);
  if (place >= state.limit) {
    state.limit = STEP * Math.ceil((place + 1) / STEP);
    drawRows();
  }
  const hadFocus = $('rows').contains(document.activeElement);
  markChosen(hadFocus)?.scrollIntoView({block: 'nearest'});
  $('name').textContent = row.name;
  showAlignment(row);
  markGoodPart(row);
  viewer.show(row, row.found, absence(row));
  showFound();
}

function absence(row) {
  if (row.isOne) return '';
  if (row.verdict === 'error') return `Could not be inspected: ${row.error}`;
  if (row.fault) return `Picture missing: ${row.fault}`;
  return row.shown ? '' : 'Shown without pictures, to keep this page small.';
}

function definitions(pairs) {
  return pairs.map(([name, value]) => element(
    'div', {}, element('dt', {textContent: name}),
    element('dd', {textContent: value}),
  ));
}

function step(by) {
  const place = state.listed.indexOf(state.chosen);
  const row = state.listed[place < 0 ? 0 : place + by];
  if (row) choose(row);
}

function swatch(style) {
  const made = svg('svg', {width: 48, height: 20, 'aria-hidden': 'true'});
  made.append(
    ...pill({x: 1, y: 1, width: 18, height: 17}, style.letter, style),
    ...stroked('path', {d: 'M22 10H48'}, style),
  );
  return made;
}

function showFound() {
  const row = state.chosen;
  if (!row) return;
  $('verdict').replaceChildren(chip(row.now, row.now !== row.verdict));
  const counts = new Map();
  for (const box of row.found) counts.set(box[5], (counts.get(box[5]) ?? 0) + 1);
  $('legend').replaceChildren(...[...counts].sort().map(([kind, count]) => element(
    'li', {}, swatch(styles.get(kind)), `${kind} (${count})`,
  )));
  $('found').replaceChildren(...(row.found.length ? [foundTable(row)] : []));
  if (row.accept) $('found').append(acceptance(row.accept));
}

function acceptance(command) {
  return element(
    'details', {className: 'accept'},
    element('summary', {textContent: 'This part is good'}),
    element('p', {textContent: 'Run this, and the recipe learns it:'}),
    element('code', {textContent: command}),
  );
}

// --- What is told once --------------------------------------------------

function showFacts() {
  const {settings} = data;
  const facts = [
    ['Weights', settings.weights],
    ['Stored threshold', stored.toFixed(3)],
    ['Least size', settings.min_size_px
      && sizeText(settings.min_size_px, scaleMm && scaleMm * settings.min_size_px)],
    ['Pairs from', settings.manifest],
    ['Region', settings.roi && String(settings.roi)],
    ['Ignored', settings.ignore && String(settings.ignore)],
    ['zeroshot', settings.version],
  ].filter(([, value]) => value !== null && value !== undefined && value !== '');
  $('facts').append(...definitions(facts));
  $('notes').append(...data.notes.map((note) => element('li', {textContent: note})));
  $('notes').hidden = !data.notes.length;
  const errors = rows.filter((row) => row.verdict === 'error');
  $('errors').hidden = !errors.length;
  for (const row of errors) {
    $('error-list').append(
      element('dt', {textContent: row.name}),
      element('dd', {textContent: row.error}),
    );
  }
}
