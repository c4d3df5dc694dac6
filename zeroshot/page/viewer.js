// The stage: reference and test on top of each other, boxes over them.
//
//   const viewer = makeViewer(document.getElementById('stage'));
//   viewer.show(pair, boxes);
//
// A *view* maps a picture's pixels to those of a pane: x * scale + left. A
// *pane* is the part of the stage that a picture fills: all of it, or half.

const BLINK_MS = 500; // each picture; both together once a second
const MOST_ZOOM = 40; // screen pixels of a picture's pixel
const BOX_ZOOM = 10; // likewise, of a box that is zoomed to
const GAP_PX = 6; // between the panes of two pictures
const LAID_WORDS = 'Red: reference. Cyan: test. Grey: both agree';

function makeViewer(stage, {styles, onMode, onPlay, onPoint, onDraw}) {
  const layers = {
    reference: stage.querySelector('#reference'),
    test: stage.querySelector('#test'),
  };
  const drawn = stage.querySelector('#drawn');
  const divider = stage.querySelector('#divider');
  const tags = ['#tag-left', '#tag-right'].map((t) => stage.querySelector(t));
  const absent = stage.querySelector('#absent');
  const reduced = matchMedia('(prefers-reduced-motion: reduce)');
  const state = {
    pair: null, boxes: [], pointed: -1, mode: 'overlay', side: 'test', share: 0.5,
    playing: false, boxesShown: true, fieldShown: false, view: {scale: 1, left: 0, top: 0},
    fitted: true,
  };
  let timer = 0;

  const size = () => state.pair?.size ?? [1, 1];
  // A pair that was not aligned has one picture, of both.
  const modeNow = () => state.pair?.isOne ? 'overlay' : state.mode;

  function panes() {
    const {clientWidth: width, clientHeight: height} = stage;
    if (modeNow() !== 'side') return [{x: 0, y: 0, width, height}];
    const [w, h] = size(); // stacked where that shows the two larger
    const stacked = Math.min(width / w, height / 2 / h)
      > Math.min(width / 2 / w, height / h);
    const [half, low] = [(width - GAP_PX) / 2, (height - GAP_PX) / 2];
    return stacked
      ? [{x: 0, y: 0, width, height: low},
        {x: 0, y: low + GAP_PX, width, height: low}]
      : [{x: 0, y: 0, width: half, height},
        {x: half + GAP_PX, y: 0, width: half, height}];
  }

  function fitScale() {
    const [pane] = panes();
    const [w, h] = size();
    return Math.min(pane.width / w, pane.height / h);
  }

  function fit() {
    const [pane] = panes();
    const [w, h] = size();
    const scale = fitScale();
    state.view = {
      scale, left: (pane.width - w * scale) / 2, top: (pane.height - h * scale) / 2,
    };
    state.fitted = true;
    draw();
  }

  // Zooms about a point of a pane; the picture never leaves the pane.
  function zoom(factor, x, y) {
    const [pane] = panes();
    const {view} = state;
    const least = fitScale();
    const scale = Math.min(
      Math.max(view.scale * factor, least), Math.max(MOST_ZOOM, least),
    );
    if (scale <= least * 1.001) return fit();
    const [px, py] = [x ?? pane.width / 2, y ?? pane.height / 2];
    view.left = px - (px - view.left) * scale / view.scale;
    view.top = py - (py - view.top) * scale / view.scale;
    view.scale = scale;
    state.fitted = false;
    pan(0, 0);
  }

  function pan(dx, dy) {
    const [pane] = panes();
    const [w, h] = size();
    const {view} = state;
    const hold = (start, room, length) => length <= room
      ? (room - length) / 2
      : Math.min(0, Math.max(start, room - length));
    view.left = hold(view.left + dx, pane.width, w * view.scale);
    view.top = hold(view.top + dy, pane.height, h * view.scale);
    draw();
  }

  function zoomTo([x1, y1, x2, y2]) {
    const [pane] = panes();
    const least = fitScale();
    const scale = Math.max(least, Math.min(
      Math.max(BOX_ZOOM, 2 * least), 0.3 * pane.width / (x2 - x1), 0.3 * pane.height / (y2 - y1),
    ));
    state.view = {
      scale,
      left: pane.width / 2 - scale * (x1 + x2) / 2,
      top: pane.height / 2 - scale * (y1 + y2) / 2,
    };
    state.fitted = false;
    pan(0, 0);
  }

  function placeLayer(layer, pane, isShown) {
    const image = layer.firstElementChild;
    layer.hidden = !isShown || !state.pair?.shown;
    layer.classList.toggle('sharp', state.view.scale > 2);
    Object.assign(layer.style, {
      left: `${pane.x}px`, top: `${pane.y}px`,
      width: `${pane.width}px`, height: `${pane.height}px`,
      clipPath: 'none',
    });
    if (!image.naturalWidth) return;
    const {scale, left, top} = state.view;
    const [w, h] = size();
    image.style.transform = `translate(${left}px, ${top}px) `
      + `scale(${scale * w / image.naturalWidth}, ${scale * h / image.naturalHeight})`;
  }

  function drawMarks(pane) {
    const part = svg('svg', {...pane, overflow: 'hidden'});
    const {uncompared, field} = state.pair;
    if (uncompared?.length) part.append(hatched(uncompared, state.view));
    if (state.boxesShown) part.append(...boxMarks(state, styles, pane));
    if (state.fieldShown && field?.length) part.append(arrows(field, size(), state.view));
    return part;
  }

  function draw() {
    const {side, share, pair} = state;
    const mode = modeNow();
    const [first, second = first] = panes();
    const isStacked = second.y > 0;
    const isOne = {overlay: 'test', reference: 'reference', blink: side}[mode];
    placeLayer(layers.reference, first, isOne !== 'test');
    placeLayer(layers.test, second, isOne !== 'reference');
    if (mode === 'swipe') {
      const x = share * first.width;
      layers.reference.style.clipPath = `inset(0 ${first.width - x}px 0 0)`;
      layers.test.style.clipPath = `inset(0 0 0 ${x}px)`;
      divider.style.left = `${x}px`;
      divider.setAttribute('aria-valuenow', Math.round(100 * share));
      divider.setAttribute(
        'aria-valuetext', `reference up to ${Math.round(100 * share)} %`,
      );
    }
    divider.hidden = mode !== 'swipe' || !pair?.shown;
    stage.dataset.side = isOne ?? 'both';
    stage.classList.toggle('stacked', isStacked);
    stage.classList.toggle('laid', mode === 'laid');
    stage.classList.toggle('zoomed', !state.fitted);
    const words = pair?.isOne || mode === 'laid' ? [LAID_WORDS]
      : isOne === 'test' ? ['Test'] : isOne ? ['Reference'] : ['Reference', 'Test'];
    tags.forEach((tag, index) => {
      tag.textContent = (pair?.shown && words[index]) || '';
    });
    drawn.replaceChildren(...(pair?.shown ? panes().map(drawMarks) : []));
    onDraw(pair, state.view, mode);
  }

  function play(isPlaying) {
    clearInterval(timer);
    state.playing = isPlaying && state.mode === 'blink';
    if (state.playing) timer = setInterval(() => flip(), BLINK_MS);
    onPlay(state.playing);
  }

  function flip() {
    state.side = state.side === 'test' ? 'reference' : 'test';
    draw();
  }

  function setMode(mode) {
    state.mode = mode;
    state.side = 'test';
    play(mode === 'blink' && !reduced.matches);
    onMode(mode);
    if (state.fitted) fit(); else pan(0, 0);
  }

  function move(by) {
    state.share = Math.min(1, Math.max(0, state.share + by));
    draw();
  }

  // The box that is pointed at has its label, whatever else has one.
  function point(index) {
    if (index === state.pointed) return;
    state.pointed = index;
    onPoint(index);
    draw();
  }

  listen();

  function listen() {
    const held = new Map(); // pointers on the stage
    let apart = 0; // of two fingers
    const spot = (event) => {
      const box = stage.getBoundingClientRect();
      const last = panes().at(-1);
      const [x, y] = [event.clientX - box.left, event.clientY - box.top];
      return [x >= last.x ? x - last.x : x, y >= last.y ? y - last.y : y];
    };
    const spread = () => {
      const [a, b] = held.values();
      return Math.hypot(a.clientX - b.clientX, a.clientY - b.clientY);
    };
    stage.addEventListener('wheel', (event) => {
      event.preventDefault();
      zoom(Math.exp(-Math.sign(event.deltaY) * 0.18), ...spot(event));
    }, {passive: false});
    stage.addEventListener('dblclick', (event) => {
      if (state.fitted) zoom(3, ...spot(event)); else fit();
    });
    stage.addEventListener('pointerleave', () => point(-1));
    stage.addEventListener('pointerdown', (event) => {
      if (event.target === divider) return;
      point(boxAt(state, ...spot(event)));
      held.set(event.pointerId, event);
      stage.setPointerCapture(event.pointerId);
      stage.classList.add('held');
      if (held.size === 2) apart = spread();
    });
    stage.addEventListener('pointermove', (event) => {
      const before = held.get(event.pointerId);
      if (!before) return point(boxAt(state, ...spot(event)));
      held.set(event.pointerId, event);
      if (held.size === 2) {
        zoom(spread() / apart, ...spot(event));
        apart = spread();
      } else {
        pan(event.clientX - before.clientX, event.clientY - before.clientY);
      }
    });
    for (const name of ['pointerup', 'pointercancel']) {
      stage.addEventListener(name, (event) => {
        held.delete(event.pointerId);
        stage.classList.toggle('held', held.size > 0);
      });
    }
    divider.addEventListener('pointerdown', (event) => {
      divider.setPointerCapture(event.pointerId);
    });
    divider.addEventListener('pointermove', (event) => {
      if (!divider.hasPointerCapture(event.pointerId)) return;
      const x = event.clientX - stage.getBoundingClientRect().left;
      move(x / stage.clientWidth - state.share);
    });
    new ResizeObserver(() => {
      if (state.fitted) fit(); else pan(0, 0);
    }).observe(stage);
    reduced.addEventListener('change', () => play(!reduced.matches));
  }

  return {
    state, fit, zoom, zoomTo, move, setMode, play, flip, point, redraw: draw,
    setBoxesShown(isShown) {
      state.boxesShown = isShown;
      draw();
    },
    setFieldShown(isShown) {
      state.fieldShown = isShown;
      draw();
    },
    setBoxes(boxes) {
      Object.assign(state, {boxes, pointed: -1});
      draw();
    },
    // Shows a pair; message is what stands in the place of its pictures.
    async show(pair, boxes, message) {
      const same = state.pair?.size?.join() === pair.size?.join();
      Object.assign(state, {pair, boxes, pointed: -1});
      absent.textContent = message;
      absent.hidden = !message;
      if (!same || state.fitted) fit(); else pan(0, 0);
      if (!pair.shown) return;
      await Promise.all(Object.entries(layers).map(([name, layer]) => {
        const image = layer.firstElementChild;
        const id = `picture-${pair.row}-${pair.isOne ? 'alignment' : name}`;
        image.src = document.getElementById(id).textContent;
        return image.decode().catch(() => {}); // another pair was chosen
      }));
      if (state.pair === pair && pair.isOne) {
        const image = layers.test.firstElementChild;
        pair.size = [image.naturalWidth, image.naturalHeight];
        fit();
      }
      if (state.pair === pair) draw();
    },
  };
}
