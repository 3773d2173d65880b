// Draws a grid of many small cells. A pixel shows the mean of exactly the part of the grid beneath it, never one cell
// picked out of many. A click, or Enter after the arrow keys, says which cell was meant.
const LEFT = 92, TOP = 6, BOTTOM = 40, RIGHT = 10;
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const NOTHING = 255, FULL = 254, FINEST = 9, PALE = 0.18;

export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const root = parentElement.querySelector(".grid");
  const view = root.view || (root.view = { cursor: null, keys: false });
  view.send = (cell) => setTriggerValue("picked", cell);
  if (view.content !== data.content || view.rows !== data.rows) {
    view.cells = unpacked(data);
    view.minutes = new Int32Array(bytes(data.minutes).buffer);
    view.content = data.content;
    view.rows = data.rows;
  }
  view.inside = data.inside && unpacked({ ...data, content: data.inside, bits: true });
  view.data = data;
  view.stale = true;
  dress(root, data);
  if (!view.ready) {
    view.ready = true;
    listen(root, view);
  }
  const seen = new ResizeObserver(() => { view.stale = true; draw(root, view); });
  seen.observe(root);
  draw(root, view);
  return () => seen.disconnect();
}

// ---- the data --------------------------------------------------------------------------------------------------------
function bytes(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}

function unpacked({ content, bits, rows, columns }) {
  const raw = bytes(content);
  if (!bits) return raw;
  const cells = new Uint8Array(rows * columns), stride = Math.ceil(rows / 8);
  for (let column = 0; column < columns; column++)
    for (let row = 0; row < rows; row++)
      cells[column * rows + row] = (raw[column * stride + (row >> 3)] >> (7 - (row & 7))) & 1 ? FULL : 0;
  return cells;
}

// Means over pixels: sums over the rows beneath each pixel row, then over the columns beneath each pixel column; a cell
// that lies half under a pixel counts half, one without a value not at all. Gives levels 0 to 254, or -1.
function averaged(cells, rows, columns, width, height) {
  const found = new Float32Array(width * height);
  const sum = new Float64Array(columns), weight = new Float64Array(columns);
  const across = shares(columns, width), down = shares(rows, height);
  for (let y = 0; y < height; y++) {
    sum.fill(0);
    weight.fill(0);
    for (let column = 0; column < columns; column++) {
      for (const [row, part] of down[y]) {
        const level = cells[column * rows + row];
        if (level !== NOTHING) {
          sum[column] += part * level;
          weight[column] += part;
        }
      }
    }
    for (let x = 0; x < width; x++) {
      let total = 0, seen = 0;
      for (const [column, part] of across[x]) {
        total += part * sum[column];
        seen += part * weight[column];
      }
      found[y * width + x] = seen > 1e-9 ? total / seen : -1;
    }
  }
  return found;
}

// Which of ``count`` cells lie beneath each of ``pixels``, and how much of the cell.
function shares(count, pixels) {
  return Array.from({ length: pixels }, (_, pixel) => {
    const from = (pixel * count) / pixels, to = ((pixel + 1) * count) / pixels, parts = [];
    for (let cell = Math.floor(from); cell < Math.min(Math.ceil(to - 1e-9), count); cell++)
      parts.push([cell, Math.min(to, cell + 1) - Math.max(from, cell)]);
    return parts;
  });
}

// ---- drawing ---------------------------------------------------------------------------------------------------------
function draw(root, view) {
  const { data } = view, canvas = root.querySelector("canvas");
  const wide = Math.max(root.clientWidth, 200), high = data.height, ratio = window.devicePixelRatio || 1;
  const width = wide - LEFT - RIGHT, height = high - TOP - BOTTOM;
  if (width < 20 || height < 20) return;
  view.box = { width, height };
  if (view.stale || view.drawn !== `${width}x${height}@${ratio}`) {
    canvas.width = Math.round(wide * ratio);
    canvas.height = Math.round(high * ratio);
    canvas.style.height = `${high}px`;
    view.image = painted(view, Math.round(width * ratio), Math.round(height * ratio));
    view.drawn = `${width}x${height}@${ratio}`;
    view.stale = false;
  }
  const pen = canvas.getContext("2d");
  pen.setTransform(1, 0, 0, 1, 0, 0);
  pen.fillStyle = data.ink.background;
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.putImageData(view.image, Math.round(LEFT * ratio), Math.round(TOP * ratio));
  pen.setTransform(ratio, 0, 0, ratio, 0, 0);
  axes(pen, view);
  for (const [row, first, last] of data.boxes) outline(pen, view, row, first, last, data.ink.mark, 1.5);
  if (data.picked) mark(pen, view, data.picked);
  if (view.cursor) outline(pen, view, view.cursor.row, view.cursor.column, view.cursor.column + 1, data.ink.text, 1);
}

function painted(view, width, height) {
  const { data, cells } = view, image = new ImageData(width, height);
  const levels = averaged(cells, data.rows, data.columns, width, height), scale = colours(data.colours);
  const inside = view.inside && averaged(view.inside, data.rows, data.columns, width, height);
  const paper = [1, 3, 5].map((place) => parseInt(data.ink.background.slice(place, place + 2), 16));
  for (let place = 0; place < levels.length; place++) {
    if (levels[place] < 0) continue;
    const from = 3 * Math.round(levels[place]), part = inside ? PALE + ((1 - PALE) * inside[place]) / FULL : 1;
    for (let ink = 0; ink < 3; ink++) image.data[4 * place + ink] = part * scale[from + ink] + (1 - part) * paper[ink];
    image.data[4 * place + 3] = 255;
  }
  return image;
}

function colours(stops) {
  const scale = new Uint8Array(3 * (FULL + 1));
  const rgb = stops.map((stop) => [1, 3, 5].map((place) => parseInt(stop.slice(place, place + 2), 16)));
  for (let level = 0; level <= FULL; level++) {
    const place = (level / FULL) * (rgb.length - 1), before = Math.min(Math.floor(place), rgb.length - 2);
    for (let part = 0; part < 3; part++)
      scale[3 * level + part] = rgb[before][part] + (place - before) * (rgb[before + 1][part] - rgb[before][part]);
  }
  return scale;
}

function axes(pen, view) {
  const { data, box } = view, { width, height } = box;
  pen.strokeStyle = data.ink.line;
  pen.lineWidth = 1;
  pen.strokeRect(LEFT - 0.5, TOP - 0.5, width + 1, height + 1);
  pen.fillStyle = data.ink.text;
  pen.font = `12px ${view.font}`;
  pen.textBaseline = "middle";
  pen.textAlign = "right";
  const most = Math.max(2, Math.floor(height / 19));
  for (const row of ticks(data.rows, most, data.rowNames ? [1, 2, 7, 14, 28] : null)) {
    const y = TOP + ((row + 0.5) / data.rows) * height;
    pen.fillText(label(view, row), LEFT - 8, y);
  }
  pen.textAlign = "center";
  pen.textBaseline = "top";
  for (const column of ticks(data.columns, Math.max(2, Math.floor(width / (12 + 8 * Math.max(...data.names.map((name) => name.length))))), data.steps)) {
    const x = LEFT + ((column + (data.steps ? 0 : 0.5)) / data.columns) * width;
    pen.fillText(data.names[column], x, TOP + height + 6);
  }
  pen.fillText(data.titles.x, LEFT + width / 2, TOP + height + 23);
  pen.save();
  pen.translate(9, TOP + height / 2);
  pen.rotate(-Math.PI / 2);
  pen.textBaseline = "middle";
  pen.fillText(data.titles.y, 0, 0);
  pen.restore();
}

// Round positions, at most ``most`` of them.
function ticks(count, most, steps) {
  const round = steps || [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5];
  const step = round.find((size) => count / size <= most) || Math.ceil(count / most);
  return Array.from({ length: Math.ceil(count / step) }, (_, number) => number * step);
}

function label(view, row) {
  const { data } = view;
  if (data.rowNames) return data.rowNames[row];
  const sample = Math.min(Math.floor((row * data.samples) / data.rows), data.samples - 1);
  return data.byTime ? day(view, sample, true) : sample === 0 ? "1st" : `${(sample + 1).toLocaleString("en")}th`;
}

function mark(pen, view, { row, column }) {
  const { data, box } = view, y = TOP + ((row + 0.5) / data.rows) * box.height;
  if (!data.rowNames) {
    for (const [colour, width] of [[data.ink.background, 3], [data.ink.text, 1.5]]) {
      pen.strokeStyle = colour;
      pen.lineWidth = width;
      pen.beginPath();
      pen.moveTo(LEFT, y);
      pen.lineTo(LEFT + box.width, y);
      pen.stroke();
    }
  }
  if (column === null) return;
  for (const [colour, width] of [[data.ink.background, 4], [data.ink.text, 2]]) outline(pen, view, row, column, column + 1, colour, width);
}

function outline(pen, view, row, first, last, colour, line) {
  const { data, box } = view, tall = box.height / data.rows, wide = box.width / data.columns;
  const middle = [LEFT + ((first + last) / 2) * wide, TOP + (row + 0.5) * tall];
  const width = Math.max((last - first) * wide, FINEST), height = Math.max(tall, FINEST);
  pen.strokeStyle = colour;
  pen.lineWidth = line;
  pen.strokeRect(middle[0] - width / 2, middle[1] - height / 2, width, height);
}

// ---- words -----------------------------------------------------------------------------------------------------------
function day(view, sample, short = false) {
  const last = view.minutes[view.minutes.length - 1], moment = new Date(view.minutes[sample] * 60000);
  const date = `${moment.getUTCDate()} ${MONTHS[moment.getUTCMonth()]}`;
  if (short && last - view.minutes[0] < 6 * 1440) return `${DAYS[moment.getUTCDay()]} ${clock(view.minutes[sample])}`;
  if (view.data.byTime && last - view.minutes[0] > 300 * 1440) return `${date} ${moment.getUTCFullYear()}`;
  return `${DAYS[moment.getUTCDay()]} ${date}`;
}

function clock(minutes) {
  return new Date(minutes * 60000).toISOString().slice(11, 16);
}

function number(value) {
  return Number(value.toPrecision(3)).toLocaleString("en", { maximumSignificantDigits: 3 });
}

function said(view, { row, column }) {
  const { data, cells } = view, level = cells[column * data.rows + row];
  const value = data.low + (level / FULL) * (data.high - data.low);
  if (data.rowNames) {
    const where = `${data.rowNames[row]}, ${data.names[column]}`;
    return level === NOTHING ? `${where}: no sample` : `${where}: ${data.titles.value.split(" (")[0]} ${number(value)}`;
  }
  const group = data.samples / data.rows, first = Math.floor(row * group);
  const when = `${day(view, first)} ${clock(view.minutes[first])}`;
  const of = [data.parts, group > 1 ? `${Math.round(group)} samples` : ""].filter(Boolean).join(" of ");
  const word = of ? `${number(100 * value)} % of ${group > 1 ? "" : "its "}${of} kept` : data.labels[level === FULL ? 1 : 0];
  return `${when}, epoch ${data.names[column]}: ${word}`;
}

function dress(root, data) {
  const scale = root.querySelector(".scale");
  root.querySelector(".low").textContent = data.ends[0];
  root.querySelector(".high").textContent = data.ends[1];
  root.querySelector(".what").textContent = data.titles.value;
  scale.style.background = `linear-gradient(to right, ${data.legend.join(",")})`;
  root.querySelector(".marked").hidden = !data.boxes.length;
  root.style.setProperty("--ink", data.ink.text);
  root.style.setProperty("--line", data.ink.line);
  root.style.setProperty("--mark", data.ink.mark);
  root.style.setProperty("--paper", data.ink.background);
  root.style.setProperty("--accent", data.ink.accent);
  root.querySelector("canvas").setAttribute("aria-label", data.alt);
}

// ---- hands -----------------------------------------------------------------------------------------------------------
function listen(root, view) {
  const canvas = root.querySelector("canvas"), tip = root.querySelector(".tip");
  view.font = getComputedStyle(root).fontFamily;
  const under = (event) => {
    const frame = canvas.getBoundingClientRect(), { data, box } = view;
    const x = (event.clientX - frame.left - LEFT) / box.width, y = (event.clientY - frame.top - TOP) / box.height;
    if (x < 0 || x >= 1 || y < 0 || y >= 1) return null;
    return { row: Math.floor(y * data.rows), column: Math.floor(x * data.columns) };
  };
  const show = (cell) => {
    view.cursor = cell;
    tip.hidden = !cell;
    if (cell) {
      const { data, box } = view, x = LEFT + ((cell.column + 0.5) / data.columns) * box.width;
      tip.textContent = said(view, cell);
      tip.style.top = `${TOP + ((cell.row + 0.5) / data.rows) * box.height}px`;
      tip.style.left = x > root.clientWidth / 2 ? "auto" : `${x + 12}px`;
      tip.style.right = x > root.clientWidth / 2 ? `${root.clientWidth - x + 12}px` : "auto";
    }
    draw(root, view);
  };
  const pick = (cell) => cell && view.send({ row: cell.row, column: cell.column });
  canvas.addEventListener("pointermove", (event) => show(under(event)));
  canvas.addEventListener("pointerleave", () => show(null));
  canvas.addEventListener("click", (event) => pick(under(event)));
  canvas.addEventListener("blur", () => show(null));
  canvas.addEventListener("keydown", (event) => {
    const { data } = view, step = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] }[event.key];
    const at = view.cursor || (data.picked ? { row: data.picked.row, column: data.picked.column || 0 } : { row: 0, column: 0 });
    if (step) {
      event.preventDefault();
      const fast = event.shiftKey ? 10 : 1;
      show({
        row: Math.min(Math.max(at.row + fast * step[0], 0), data.rows - 1),
        column: Math.min(Math.max(at.column + fast * step[1], 0), data.columns - 1),
      });
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      pick(at);
    }
  });
  root.querySelector("button").addEventListener("click", () => {
    const link = document.createElement("a");
    link.href = canvas.toDataURL("image/png");
    link.download = `${view.data.file}.png`;
    link.click();
  });
}
