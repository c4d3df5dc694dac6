// What is drawn over a picture: kinds as colours, dashes and letters.

const SVG = 'http://www.w3.org/2000/svg';
const ROOM_PX = 4; // between a box and what is drawn round it
const NARROW_PX = 520; // a pane with less room has short and fewer labels
const MOST_LABELS = 14; // of a wide pane at a time, on the surest boxes
const MOST_NARROW = 5;

// Okabe and Ito's colours, the green brighter, told apart in grey by lightness,
// dashes and letter.
const STYLES = [
  {colour: '#d55e00', dash: ''},
  {colour: '#56b4e9', dash: '7 3'},
  {colour: '#f0e442', dash: '2 2'},
  {colour: '#0072b2', dash: '9 3 2 3'},
  {colour: '#cc79a7', dash: '4 2'},
  {colour: '#e69f00', dash: '11 4'},
  {colour: '#19d3a2', dash: '2 2 6 2'},
  {colour: '#ffffff', dash: ''},
];
const LETTERS = new Map([
  ['open', 'O'], ['short', 'S'], ['mousebite', 'M'], ['spur', 'P'],
  ['copper', 'C'], ['pin-hole', 'H'], ['difference', 'D'],
]);

// The style and letter of each kind, the same for it on every page.
function stylesOf(kinds) {
  const known = [...LETTERS.keys()];
  const order = [...known, ...kinds.filter((k) => !known.includes(k)).sort()];
  const used = new Set(kinds.map((kind) => LETTERS.get(kind)));
  const styles = new Map();
  order.forEach((kind, index) => {
    if (!kinds.includes(kind)) return;
    let letter = LETTERS.get(kind);
    if (!letter) {
      const free = [...`${kind.toUpperCase()}ABCDEFGHIJKLMNOPQRSTUVWXYZ`];
      letter = free.find((c) => /[A-Z0-9]/.test(c) && !used.has(c)) ?? '?';
      used.add(letter);
    }
    styles.set(kind, {...STYLES[index % STYLES.length], letter});
  });
  return styles;
}

function isDark(colour) {
  const [r, g, b] = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
  return 0.299 * r + 0.587 * g + 0.114 * b < 100;
}

function svg(name, attributes, text) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) {
    element.setAttribute(key, value);
  }
  if (text !== undefined) element.textContent = text;
  return element;
}

// A line or an outline on a halo, so that it is seen on any ground.
function stroked(name, place, style, width = 2.5) {
  const halo = isDark(style.colour) ? '#ffffff' : '#000000';
  return [
    svg(name, {
      ...place, fill: 'none', stroke: halo, 'stroke-width': width + 2, opacity: 0.75,
    }),
    svg(name, {
      ...place, fill: 'none', stroke: style.colour, 'stroke-width': width,
      'stroke-dasharray': style.dash,
    }),
  ];
}

// A text on the style's colour.
function pill(place, text, style) {
  const ink = isDark(style.colour) ? '#ffffff' : '#000000';
  return [
    svg('rect', {
      ...place, rx: 3, fill: style.colour, stroke: ink, 'stroke-opacity': 0.5,
    }),
    svg('text', {
      x: place.x + place.width / 2, y: place.y + 13, 'text-anchor': 'middle',
      fill: ink,
    }, text),
  ];
}

const ruler = document.createElement('canvas').getContext('2d');
ruler.font = '600 12px system-ui, sans-serif';

// A label where it hides neither box nor label: above its box, below it, or
// beside it; where no text fits, the letter stands on its box, unless there are
// too many of them.
function label(box, texts, style, placed, pane, isCrowded) {
  const height = 17;
  const meets = (a, b) => a.x < b.x + b.width && b.x < a.x + a.width
    && a.y < b.y + b.height && b.y < a.y + a.height;
  for (const words of texts) {
    const width = Math.ceil(ruler.measureText(words).width) + 10;
    const x = Math.max(0, Math.min(box.x - 1, pane.width - width));
    const place = [
      {x, y: box.y - height - 3, width, height},
      {x, y: box.y + box.height + 3, width, height},
      {x: box.x + box.width + 4, y: box.y, width, height},
      {x: box.x - width - 4, y: box.y, width, height},
    ].find((p) => p.x >= 0 && p.y >= 0 && p.x + width <= pane.width
      && p.y + height <= pane.height && !placed.some((o) => meets(p, o)));
    if (place) {
      placed.push(place);
      return pill(place, words, style);
    }
  }
  if (isCrowded) return [];
  const place = {x: box.x, y: Math.max(0, box.y), width: 18, height};
  return pill(place, style.letter, style);
}

// Places of boxes on a pane, with room round them; for the view see viewer.js.
function placesOf(boxes, {scale, left, top}) {
  return boxes.map(([x1, y1, x2, y2]) => ({
    x: x1 * scale + left - ROOM_PX, y: y1 * scale + top - ROOM_PX,
    width: (x2 - x1) * scale + 2 * ROOM_PX,
    height: (y2 - y1) * scale + 2 * ROOM_PX,
  }));
}

// Which boxes of a pane have labels: of those in sight the surest.
function labelled(boxes, places, pane) {
  const most = pane.width < NARROW_PX ? MOST_NARROW : MOST_LABELS;
  const inSight = boxes.map((_, index) => index).filter((index) => {
    const {x, y, width, height} = places[index];
    return x + width > 0 && y + height > 0 && x < pane.width && y < pane.height;
  });
  const sure = (index) => Math.round(1000 * boxes[index][4]);
  inSight.sort((a, b) => sure(b) - sure(a) || severityOf(boxes[b]) - severityOf(boxes[a]));
  return {chosen: inSight.slice(0, most), isCrowded: inSight.length > most};
}

// Boxes on a pane, with labels on the surest and on the one pointed at.
function boxMarks({boxes, view, pointed}, styles, pane) {
  const places = placesOf(boxes, view);
  const {chosen, isCrowded} = labelled(boxes, places, pane);
  const placed = isCrowded ? chosen.map((index) => places[index]) : [...places];
  const outlines = boxes.map((box, index) => {
    const isThin = isCrowded && !chosen.includes(index) && index !== pointed;
    const group = svg('g', {class: 'box', 'data-kind': box[5]});
    const style = styles.get(box[5]);
    group.append(...isThin
      ? stroked('rect', places[index], {...style, dash: ''}, 1.25)
      : stroked('rect', places[index], style));
    return group;
  });
  const labels = chosen.filter((index) => index !== pointed).flatMap((index) => {
    const [, , , , confidence, kind] = boxes[index];
    const style = styles.get(kind);
    const words = isCrowded || pane.width < NARROW_PX ? [] : [kind];
    const text = [style.letter, ...words, percent(confidence)].join(' ');
    return label(places[index], [text, style.letter], style, placed, pane, isCrowded);
  });
  if (boxes[pointed]) {
    const style = styles.get(boxes[pointed][5]);
    const group = svg('g', {class: 'pointed'});
    group.append(
      ...stroked('rect', places[pointed], style, 4),
      ...label(places[pointed], [describeBox(boxes[pointed])], style, [], pane),
    );
    labels.push(group);
  }
  return [...outlines, ...labels];
}

// The smallest box at a place of a pane, by its index; -1 where there is none.
function boxAt({boxes, view}, x, y) {
  const area = ({width, height}) => width * height;
  const places = placesOf(boxes, view);
  return places.reduce((best, place, index) => {
    const isIn = x >= place.x && y >= place.y
      && x <= place.x + place.width && y <= place.y + place.height;
    return isIn && (best < 0 || area(place) < area(places[best])) ? index : best;
  }, -1);
}

// Never 100 % for what is not certain, nor 0 % for what is not nothing.
function percent(confidence, digits = 0) {
  const least = 10 ** -digits;
  if (confidence > 0 && 100 * confidence < least) return `<${least}%`;
  if (confidence < 1 && 100 * confidence > 100 - least) {
    return `>${(100 - least).toFixed(digits)}%`;
  }
  return `${(100 * confidence).toFixed(digits)}%`;
}
