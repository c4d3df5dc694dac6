// How a pair was aligned: its figures, what was not compared, the local field.
//
// Places are drawn by a view, see viewer.js.

const HATCH_PX = 9; // from one line to the next, on the screen
const HEAD_PX = 5; // of an arrow
const ARROW = {colour: '#ffe14d', dash: ''};

// A definition list as [name, text]; figures that older results lack are left
// out.
function alignmentFigures(row) {
  const to = row.registration;
  const figures = [
    ['Size', `${row.size[0]} × ${row.size[1]} px`], ['Aligned by', String(to.method)],
  ];
  const add = (name, key, digits, unit, factor = 1) => {
    if (typeof to[key] !== 'number') return;
    figures.push([name, `${(factor * to[key]).toFixed(digits)}${unit}`]);
  };
  add('Shift', 'shift_px', 1, ' px');
  add('Rotation', 'rotation_deg', 2, '°');
  add('Scale', 'scale', 4, '');
  add('Local field, most', 'max_local_px', 1, ' px');
  add('Apart afterwards', 'residual_px', 2, ' px');
  if (typeof to.probability === 'number') {
    figures.push(['Alignment right', percent(to.probability, 1)]);
  }
  add('Compared', 'coverage', 1, ' %', 100);
  return figures;
}

// Areas, as polygons of one path, dimmed and hatched.
function hatched(areas, {scale, left, top}) {
  const group = svg('g', {class: 'uncompared'});
  const pattern = svg('pattern', {
    id: 'hatch', width: HATCH_PX, height: HATCH_PX,
    patternUnits: 'userSpaceOnUse', patternTransform: 'rotate(45)',
  });
  pattern.append(
    svg('rect', {width: HATCH_PX, height: HATCH_PX, opacity: 0.5}),
    svg('rect', {width: 2, height: HATCH_PX, fill: '#ffffff', opacity: 0.7}),
  );
  const d = areas.map((points) => `M${points.map(([x, y]) => (
    `${(x * scale + left).toFixed(1)} ${(y * scale + top).toFixed(1)}`
  )).join('L')}Z`).join('');
  group.append(pattern, svg('path', {d, fill: 'url(#hatch)', 'fill-rule': 'evenodd'}));
  return group;
}

// How many times its length an arrow is drawn: the longest as far as the next.
function enlargement(nodes, [width, height]) {
  const longest = Math.max(...nodes.map(([, , dx, dy]) => Math.hypot(dx, dy)));
  const room = Math.sqrt(width * height / nodes.length);
  return longest > 0 ? Math.max(1, Math.floor(0.9 * room / longest)) : 1;
}

// An arrow at each node [x, y, dx, dy]: the reference was moved by -dx, -dy.
function arrows(nodes, size, {scale, left, top}) {
  const group = svg('g', {class: 'field'});
  const factor = enlargement(nodes, size);
  for (const [x, y, dx, dy] of nodes) {
    const [fromX, fromY] = [x * scale + left, y * scale + top];
    const [toX, toY] = [fromX - dx * factor * scale, fromY - dy * factor * scale];
    const angle = Math.atan2(toY - fromY, toX - fromX);
    const barb = (turn) => `${(toX - HEAD_PX * Math.cos(angle + turn)).toFixed(1)} `
      + (toY - HEAD_PX * Math.sin(angle + turn)).toFixed(1);
    const tip = `${toX.toFixed(1)} ${toY.toFixed(1)}`;
    const arrow = svg('g', {class: 'arrow'});
    arrow.append(...stroked('path', {
      d: `M${fromX.toFixed(1)} ${fromY.toFixed(1)}L${tip}M${barb(0.5)}L${tip}L${barb(-0.5)}`,
    }, ARROW));
    group.append(arrow);
  }
  return group;
}

// What stands below the pictures of a row, but for its boxes.
function showAlignment(row) {
  const figures = row.registration ? alignmentFigures(row) : [];
  $('alignment').replaceChildren(...definitions(figures));
  const hasField = Boolean(row.field?.length);
  $('field').closest('label').hidden = !hasField;
  $('field-note').hidden = !hasField;
  if (hasField) {
    $('field-note').textContent = 'Arrows: how the reference was moved locally, '
      + `drawn ${enlargement(row.field, row.size)} times as long.`;
  }
  const told = row.isOne ? [row.error] : row.warnings ?? [];
  $('warnings').replaceChildren(...told.map((text) => element('li', {textContent: text})));
  $('warnings').hidden = !told.length;
  $('modes').disabled = Boolean(row.isOne);
}
