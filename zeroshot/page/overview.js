// All pairs at a glance: verdicts in their order, and where differences were.

const LEAST_PAIRS = 5; // fewer need no overview
const HEAT_CELLS = 32; // along the longer side
const BAR = {height: 90, most: 600}; // bars at most: more rows share one

// How many boxes count in each row, as bars in the colour of the verdict.
function verdictBars() {
  const share = Math.ceil(rows.length / BAR.most);
  const groups = [];
  for (let first = 0; first < rows.length; first += share) {
    groups.push(rows.slice(first, first + share));
  }
  const counts = groups.map((group) => Math.max(...group.map((row) => row.found.length)));
  const most = Math.max(1, ...counts);
  const chart = svg('svg', {
    viewBox: `0 0 ${groups.length} ${BAR.height}`, preserveAspectRatio: 'none',
    role: 'img', 'aria-label': 'Boxes of each pair, in the order of the list',
  });
  groups.forEach((group, index) => {
    const has = (verdict) => group.some((row) => row.now === verdict);
    const verdict = has('error') ? 'error' : has('different') ? 'different' : 'same';
    const height = verdict === 'same' ? 4
      : 4 + (BAR.height - 4) * Math.sqrt(counts[index] / most);
    const bar = svg('rect', {
      x: index + 0.08, width: 0.84, y: BAR.height - height, height, class: `bar ${verdict}`,
    });
    bar.append(svg('title', {}, `${group[0].name}: ${WORDS[verdict]}, ${counts[index]}`));
    bar.addEventListener('click', () => choose(group[0]));
    chart.append(bar);
  });
  return chart;
}

// In how many pairs a difference covers each cell, of the most cells across.
function heatCells() {
  const sized = rows.filter((row) => row.size);
  const [width, height] = sized[0]?.size ?? [1, 1];
  const cell = Math.max(width, height) / HEAT_CELLS;
  const [across, down] = [Math.ceil(width / cell), Math.ceil(height / cell)];
  const counts = new Array(across * down).fill(0);
  for (const row of sized) {
    const hit = new Set();
    for (const [x1, y1, x2, y2] of row.found) {
      const at = (value, side, count) => (
        Math.min(count - 1, Math.max(0, Math.floor(value / side * count)))
      );
      const [left, right] = [at(x1, row.size[0], across), at(x2 - 1, row.size[0], across)];
      const [top, bottom] = [at(y1, row.size[1], down), at(y2 - 1, row.size[1], down)];
      for (let y = top; y <= bottom; y += 1) {
        for (let x = left; x <= right; x += 1) hit.add(y * across + x);
      }
    }
    for (const index of hit) counts[index] += 1;
  }
  return {counts, across, down};
}

function heatMap() {
  const {counts, across, down} = heatCells();
  const most = Math.max(1, ...counts);
  const map = svg('svg', {
    viewBox: `0 0 ${across} ${down}`, role: 'img', class: 'heat',
    'aria-label': 'In how many pairs a difference was at each place',
  });
  map.append(svg('rect', {width: across, height: down, class: 'ground'}));
  counts.forEach((count, index) => {
    if (!count) return;
    const place = {x: index % across, y: Math.floor(index / across), width: 1, height: 1};
    const mark = svg('rect', {...place, class: 'hot', opacity: 0.15 + 0.85 * count / most});
    mark.append(svg('title', {}, `${count} of ${rows.length} pairs`));
    map.append(mark);
  });
  return {map, most};
}

function showOverview() {
  $('overview').hidden = rows.length < LEAST_PAIRS;
  if ($('overview').hidden) return;
  const {map, most} = heatMap();
  $('overview-bars').replaceChildren(verdictBars());
  $('overview-heat').replaceChildren(map);
  $('overview-most').textContent = `Where differences were; the darkest in ${most} of ${rows.length} pairs.`;
}
