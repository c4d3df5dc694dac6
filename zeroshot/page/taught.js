// The recipe that judged the parts: its words, its good parts, and where good
// parts differ among themselves, laid over the test picture.

const recipe = data.recipe ?? null;
const variation = {shown: false, image: null};

function goodPart(number) {
  const image = element('img', {
    src: document.getElementById(`recipe-good-${number}`).textContent,
    alt: `Good part ${number}`, draggable: false,
  });
  const variant = recipe.variants[number - 1];
  const words = [`${number}`, variant, number === 1 ? 'frame' : ''].filter(Boolean);
  const made = element(
    'li', {}, image, element('span', {textContent: words.join(' · ')}),
  );
  made.dataset.good = number;
  return made;
}

function showRecipe() {
  $('recipe').hidden = !recipe;
  if (!recipe) return;
  $('recipe-name').textContent = `Recipe ${recipe.name}`;
  $('recipe-verdict').textContent = recipe.verdict;
  $('recipe-certainty').textContent = recipe.certainty;
  for (let number = 1; number <= recipe.shown; number += 1) {
    $('goods').append(goodPart(number));
  }
  const images = [...$('goods').querySelectorAll('img')];
  Promise.all(images.map((image) => image.decode().catch(() => {}))).then(() => {
    if (state.chosen) markGoodPart(state.chosen); // now the strip has its width
  });
  const left = recipe.parts - recipe.shown;
  $('goods-left').textContent = left ? `and ${left} more good parts` : '';
  const scale = recipe.variation;
  if (!scale) return;
  variation.image = element('img', {
    id: 'variation-map', alt: '', draggable: false, hidden: true,
    src: document.getElementById('recipe-variation').textContent,
  });
  $('test').append(variation.image);
  const level = (value) => Math.round(value);
  $('variation-least').textContent = level(scale.least);
  $('variation-most').textContent = level(scale.most);
  $('variation-scale').append(legendBar());
  $('variation-words').textContent = 'By how many levels of 255, summed over the three '
    + 'channels, good parts differ at a place. What is '
    + `${Number(recipe.tolerance.toFixed(2))} times as far from every good part counts in full `
    + 'as a difference.';
}

function legendBar() {
  const bar = svg('svg', {
    viewBox: '0 0 100 1', preserveAspectRatio: 'none', 'aria-hidden': 'true',
  });
  const gradient = svg('linearGradient', {id: 'variation-colours'});
  recipe.colours.forEach((colour, index) => {
    const offset = index / (recipe.colours.length - 1);
    gradient.append(svg('stop', {offset, 'stop-color': colour}));
  });
  bar.append(gradient, svg('rect', {width: 100, height: 1, fill: 'url(#variation-colours)'}));
  return bar;
}

// What the stage shows of a row: called whenever it is drawn.
function placeVariation(row, view, mode) {
  const place = row?.variation;
  const {image} = variation;
  $('variation').closest('label').hidden = !place;
  const isShown = Boolean(place) && variation.shown && row.shown;
  $('variation-note').hidden = !isShown;
  if (!image) return;
  image.hidden = !isShown || mode === 'laid';
  if (image.hidden) return;
  const [a, b, c, d, e, f, g, h, i] = place.matrix;
  image.style.transform = `translate(${view.left}px, ${view.top}px) scale(${view.scale}) `
    + `matrix3d(${[a, d, 0, g, b, e, 0, h, 0, 0, 1, 0, c, f, 0, i].join()})`;
  image.style.clipPath = `polygon(${place.clip.map(([x, y]) => `${x}px ${y}px`).join()})`;
}

// Marks the good part that a row was compared with.
function markGoodPart(row) {
  for (const made of $('goods').children) {
    const isIt = Number(made.dataset.good) === row.good;
    made.toggleAttribute('aria-current', isIt);
    if (isIt) {
      made.setAttribute('aria-current', 'true');
      const {parentElement: strip} = made;
      strip.scrollLeft = made.offsetLeft - (strip.clientWidth - made.offsetWidth) / 2;
    }
  }
  $('goods-compared').textContent = row.good
    ? `${row.name}: compared with good part ${row.good}, the one most like it.` : '';
}

$('variation').addEventListener('change', () => {
  variation.shown = $('variation').checked;
  viewer.redraw();
});
showRecipe();
