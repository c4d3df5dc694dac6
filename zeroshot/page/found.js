// The boxes of a pair: their sizes, their order, their table, the least size.
//
// A box is [x1, y1, x2, y2, confidence, kind, size in px and in mm, area, sign,
// severity]; older results have the first six.

const SIZE = 6;
const SIZE_STEPS = 100; // of the slider, closer together for small sizes

// Columns of the table: what they are called, and by what they are sorted.
const COLUMNS = {
  kind: {text: 'Kind', of: (box) => box[5]},
  confidence: {text: 'Confidence', of: (box) => -box[4]},
  size: {text: 'Size', of: (box) => -sizeOf(box)},
  severity: {text: 'Severity', of: (box) => -severityOf(box)},
};

function sizeOf(box) {
  return box[SIZE] ?? Math.max(box[2] - box[0], box[3] - box[1]);
}

function severityOf(box) {
  return box[10] ?? box[4];
}

function sizeText(px, mm) {
  const pixels = `${px < 10 ? Number(px.toFixed(1)) : Math.round(px)} px`;
  return mm === null || mm === undefined ? pixels : `${Number(mm.toPrecision(3))} mm`;
}

function severityText(box) {
  if (typeof box[10] !== 'number') return '–';
  return box[10].toFixed(box[10] < 10 ? 1 : 0);
}

// All about a box in a line.
function describeBox(box) {
  const [, , , , confidence, kind, px, mm, , sign] = box;
  const parts = [styles.get(kind).letter, kind, percent(confidence)];
  if (typeof px === 'number') parts.push(sizeText(px, mm), sign ?? '');
  return parts.join('  ').trim();
}

function highestSeverity(row) {
  return Math.max(-1, ...row.found.map(severityOf));
}

// --- The least size -----------------------------------------------------

const sizes = rows.flatMap((row) => row.candidates.map(sizeOf));
const scaleMm = data.settings.mm_per_px ?? null;
const leastSize = {
  stored: data.settings.min_size_px ?? 0,
  most: Math.max(1, ...sizes),
  at(step) {
    const share = (step / SIZE_STEPS) ** 2;
    return Math.round(this.stored + share * Math.max(this.most - this.stored, 0));
  },
};

function showLeastSize() {
  const px = state.minSize ?? leastSize.stored;
  const words = sizeText(px, scaleMm && scaleMm * px);
  $('size-value').textContent = words;
  $('size').setAttribute('aria-valuetext', words);
}

// --- The table ----------------------------------------------------------

const order = {key: 'severity', backward: false};

function sortedBoxes(boxes) {
  const {of} = COLUMNS[order.key];
  const sign = order.backward ? -1 : 1;
  return boxes.map((box, index) => ({box, index})).sort((a, b) => (
    sign * (of(a.box) < of(b.box) ? -1 : of(a.box) > of(b.box) ? 1 : 0)
    || severityOf(b.box) - severityOf(a.box)
  ));
}

function headOf(key) {
  const {text} = COLUMNS[key];
  const button = element('button', {type: 'button', textContent: text, onclick() {
    order.backward = order.key === key && !order.backward;
    order.key = key;
    showFound();
    document.querySelector(`#found [data-sort="${key}"]`).focus();
  }});
  button.dataset.sort = key;
  const head = element('th', {scope: 'col'}, button);
  if (order.key === key) head.ariaSort = order.backward ? 'ascending' : 'descending';
  return head;
}

function foundLine({box, index}, rank) {
  const [x1, y1, , , confidence, kind, px, mm, , sign] = box;
  const button = element('button', {
    type: 'button', textContent: 'Zoom',
    onclick() {
      viewer.zoomTo(box);
      viewer.point(index);
    },
  });
  button.setAttribute('aria-label', `Zoom to box ${rank + 1}, ${kind}`);
  const cell = (text) => element('td', {textContent: text});
  const line = element(
    'tr', {onpointerenter: () => viewer.point(index), onpointerleave: () => viewer.point(-1)},
    cell(`${styles.get(kind).letter}  ${kind}`),
    cell(percent(confidence, 1)),
    cell(sizeText(px ?? sizeOf(box), mm)),
    cell(severityText(box)),
    cell(sign ?? ''),
    cell(`${Math.round(x1)}, ${Math.round(y1)} px`),
    element('td', {className: 'number'}, button),
  );
  line.dataset.box = index;
  return line;
}

function foundTable(row) {
  const plain = (text) => element('th', {scope: 'col', textContent: text});
  const head = element(
    'tr', {}, ...Object.keys(COLUMNS).map(headOf), ...['Sign', 'Left, top', ''].map(plain),
  );
  return element('div', {className: 'scroll'}, element(
    'table', {}, element('thead', {}, head),
    element('tbody', {}, ...sortedBoxes(row.found).map(foundLine)),
  ));
}

// Marks the line of the box that is pointed at on the stage.
function markLine(index) {
  for (const line of document.querySelectorAll('#found tbody tr')) {
    line.classList.toggle('pointed', Number(line.dataset.box) === index);
  }
}
