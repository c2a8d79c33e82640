// Slices in three directions: layers are images whose pixels are codes, drawn onto canvases plane by plane.
// The data and their meaning are attributes of the page, see slices.html; nothing is loaded.
(function () {
  "use strict";
  // A page may hold several volumes, each with its viewer.
  document.querySelectorAll(".slices").forEach(start);

  function start(root) {
  const numbers = function (name) { return root.dataset[name].split(" ").map(Number); };
  const AXES = ["x", "y", "z"];
  const size = numbers("size"), full = numbers("full"), step = numbers("step"), edges = numbers("edges");
  const columns = Number(root.dataset.columns), unit = root.dataset.unit;
  const at = size.map(function (n) { return n >> 1; });
  const rgb = function (hex) { return [1, 3, 5].map(function (k) { return parseInt(hex.slice(k, k + 2), 16); }); };
  const GROUND = [24, 29, 36];

  // Digits that a step of the scale is worth.
  function decimals(layer) {
    const smallest = (layer.high - layer.low) / layer.steps;
    return Math.min(9, Math.max(0, -Math.floor(Math.log10(smallest) + 1e-9)));
  }
  function shown(value, digits) {
    const big = Math.abs(value);
    return big !== 0 && (big >= 1e6 || big < 1e-4) ? value.toExponential(2) : value.toFixed(digits);
  }

  const layers = Array.from(root.querySelectorAll(".layer"), function (row) {
    const d = row.dataset, kind = d.kind;
    const layer = {
      row: row, kind: kind, low: Number(d.low), high: Number(d.high), unit: d.unit,
      below: "below" in d, above: "above" in d, first: kind === "field" ? 1 : 0, steps: kind === "field" ? 254 : 255,
      name: row.querySelector(".name").textContent.trim(), box: row.querySelector("input[type=checkbox]"),
      slider: row.querySelector(".opacity"), colours: new Uint8Array(256 * 4), labels: [], codes: null,
    };
    if (kind === "labels") {
      row.querySelectorAll("[data-label]").forEach(function (item) {
        const colour = rgb(item.dataset.colour), k = Number(item.dataset.label);
        layer.labels[k] = item.dataset.name;
        layer.colours.set([colour[0], colour[1], colour[2], 255], 4 * k);
        item.querySelector("i").style.background = item.dataset.colour;
      });
    } else {
      const anchors = d.colours.split(",").map(rgb);
      const ends = d.window.split(" ").map(Number);
      for (let code = layer.first; code < 256; code++) {
        const share = Math.min(1, Math.max(0, (code - ends[0]) / (ends[1] - ends[0])));
        const t = share * (anchors.length - 1), k = Math.min(anchors.length - 2, Math.floor(t));
        for (let c = 0; c < 3; c++) {
          layer.colours[4 * code + c] = Math.round(anchors[k][c] + (t - k) * (anchors[k + 1][c] - anchors[k][c]));
        }
        layer.colours[4 * code + 3] = 255;
      }
      const digits = decimals(layer);
      ["low", "high"].forEach(function (end, k) {
        const value = layer.low + (ends[k] - layer.first) / layer.steps * (layer.high - layer.low);
        row.querySelector("[data-end=" + end + "]").textContent = shown(value, digits);
      });
      row.querySelector(".ramp i").style.background = "linear-gradient(90deg," + d.colours + ")";
    }
    return layer;
  });

  // Codes of a layer with x fastest, out of its image.
  function unpack(layer) {
    const image = layer.row.querySelector("img");
    return image.decode().then(function () {
      const canvas = document.createElement("canvas");
      canvas.width = image.naturalWidth;
      canvas.height = image.naturalHeight;
      const context = canvas.getContext("2d", { willReadFrequently: true });
      context.drawImage(image, 0, 0);
      const codes = new Uint8Array(size[0] * size[1] * size[2]);
      for (let z = 0; z < size[2]; z++) {
        const pixels = context.getImageData((z % columns) * size[0], Math.floor(z / columns) * size[1], size[0], size[1]).data;
        const start = z * size[0] * size[1];
        for (let i = 0; i < size[0] * size[1]; i++) codes[start + i] = pixels[4 * i];
      }
      layer.codes = codes;
      image.remove();
    });
  }

  const stride = [1, size[0], size[0] * size[1]];
  const panes = Array.from(root.querySelectorAll(".pane"), function (figure) {
    const axis = function (name) { return AXES.indexOf(figure.dataset[name]); };
    const pane = {
      right: axis("right"), down: axis("down"), normal: axis("normal"), canvas: figure.querySelector("canvas"),
      slider: figure.querySelector("input"), output: figure.querySelector("output"), small: document.createElement("canvas"),
    };
    pane.small.width = size[pane.right];
    pane.small.height = size[pane.down];
    const lengths = [pane.right, pane.down].map(function (k) { return full[k] * edges[k]; });
    pane.canvas.style.aspectRatio = lengths[0] + " / " + lengths[1];
    // The tallest that leaves the slider on the screen.
    pane.canvas.style.maxWidth = "calc(min(68vh, 560px) * " + lengths[0] / lengths[1] + ")";
    pane.perPixel = lengths[0];
    pane.slider.max = size[pane.normal] - 1;
    return pane;
  });

  // Where the middle of block i is, and the first voxel of it.
  function place(k, i) { return (i * step[k] + Math.min((i + 1) * step[k], full[k])) / 2 * edges[k]; }
  const digits = Math.min(6, Math.max(0, 1 - Math.floor(Math.log10(Math.min.apply(null, edges)) + 1e-9)));

  function compose(pane) {
    const width = pane.small.width, height = pane.small.height, context = pane.small.getContext("2d");
    const image = context.createImageData(width, height), out = image.data;
    for (let i = 0; i < width * height; i++) out.set([GROUND[0], GROUND[1], GROUND[2], 255], 4 * i);
    const base = at[pane.normal] * stride[pane.normal], du = stride[pane.right], dv = stride[pane.down];
    layers.forEach(function (layer) {
      const opacity = Number(layer.slider.value) / 100;
      if (!layer.codes || !layer.box.checked || opacity === 0) return;
      const codes = layer.codes, colours = layer.colours;
      for (let v = 0, o = 0; v < height; v++) {
        for (let u = 0, i = base + v * dv; u < width; u++, i += du, o += 4) {
          const c = 4 * codes[i];
          if (colours[c + 3] === 0) continue;
          for (let k = 0; k < 3; k++) out[o + k] += (colours[c + k] - out[o + k]) * opacity;
        }
      }
    });
    context.putImageData(image, 0, 0);
  }

  // The longest of 1, 2, 5 times a power of ten up to a quarter of the width.
  function bar(width) {
    const longest = width / 4, power = Math.pow(10, Math.floor(Math.log10(longest) + 1e-9));
    const length = [5, 2, 1].find(function (m) { return m * power <= longest * (1 + 1e-9); }) * power;
    if (unit !== "µm") return [length, Number(length.toPrecision(1)) + " voxels"];
    const scale = length >= 1000 ? [1e-3, "mm"] : length < 1 ? [1e3, "nm"] : [1, "µm"];
    return [length, Number((length * scale[0]).toPrecision(1)) + " " + scale[1]];
  }

  function draw(pane) {
    const canvas = pane.canvas, ratio = window.devicePixelRatio || 1;
    const width = Math.max(1, Math.round(canvas.clientWidth * ratio)), height = Math.max(1, Math.round(canvas.clientHeight * ratio));
    if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
    const context = canvas.getContext("2d"), em = 13 * ratio;
    context.imageSmoothingEnabled = false;
    context.drawImage(pane.small, 0, 0, width, height);
    const x = (at[pane.right] + 0.5) / size[pane.right] * width, y = (at[pane.down] + 0.5) / size[pane.down] * height;
    const gap = 9 * ratio;
    context.lineWidth = ratio;
    context.strokeStyle = "rgba(255,255,255,.55)";
    context.beginPath();
    [[0, y, x - gap, y], [x + gap, y, width, y], [x, 0, x, y - gap], [x, y + gap, x, height]].forEach(function (l) {
      context.moveTo(l[0], l[1]);
      context.lineTo(l[2], l[3]);
    });
    context.stroke();
    const scale = bar(pane.perPixel), length = scale[0] / pane.perPixel * width, pad = 0.7 * em;
    context.font = "600 " + em + "px system-ui, sans-serif";
    const text = context.measureText(scale[1]).width, box = Math.max(length, text) + 2 * pad;
    context.fillStyle = "rgba(15,19,24,.72)";
    context.fillRect(pad, height - 2.9 * em - pad / 2, box, 2.5 * em);
    context.fillStyle = "#fff";
    context.fillText(scale[1], 2 * pad, height - 1.85 * em);
    context.fillRect(2 * pad, height - 1.4 * em, length, 0.32 * em);
    const names = [AXES[pane.right] + " →", AXES[pane.down] + " ↓"];
    context.fillStyle = "rgba(15,19,24,.72)";
    context.fillRect(0, 0, 1.5 * pad + context.measureText(names[0] + "  " + names[1]).width, 1.6 * em);
    context.fillStyle = "#fff";
    context.fillText(names[0] + "  " + names[1], 0.7 * pad, 1.15 * em);
  }

  const readout = root.querySelector(".readout");
  function read(point) {
    const i = point[0] + point[1] * stride[1] + point[2] * stride[2];
    const parts = [AXES.map(function (name, k) { return name + " " + place(k, point[k]).toFixed(digits); }).join(", ") + " " + unit];
    parts.push("voxel " + point.map(function (p, k) { return p * step[k]; }).join(", "));
    layers.forEach(function (layer) {
      if (!layer.codes) return;
      const code = layer.codes[i];
      if (layer.kind === "labels") {
        parts.push(layer.labels[code] || (code === 0 ? "pore" : "label " + code));
      } else if (code >= layer.first) {
        const value = layer.low + (code - layer.first) / layer.steps * (layer.high - layer.low);
        const beyond = layer.below && code === layer.first ? "≤ " : layer.above && code === 255 ? "≥ " : "";
        parts.push(layer.name + " " + beyond + shown(value, decimals(layer)) + (layer.unit ? " " + layer.unit : ""));
      }
    });
    readout.replaceChildren.apply(readout, parts.map(function (part) {
      const item = document.createElement("span");
      item.textContent = part;
      return item;
    }));
  }

  let waiting = false;
  function redraw() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(function () {
      waiting = false;
      panes.forEach(function (pane) {
        compose(pane);
        draw(pane);
        pane.slider.value = at[pane.normal];
        pane.output.textContent = place(pane.normal, at[pane.normal]).toFixed(digits) + " " + unit;
      });
    });
  }
  function move(axis, to) {
    at[axis] = Math.min(size[axis] - 1, Math.max(0, to));
    read(at);
    redraw();
  }

  panes.forEach(function (pane) {
    const under = function (event) {
      const box = pane.canvas.getBoundingClientRect(), point = at.slice();
      const index = function (part, n) { return Math.min(n - 1, Math.max(0, Math.floor(part * n))); };
      point[pane.right] = index((event.clientX - box.left) / box.width, size[pane.right]);
      point[pane.down] = index((event.clientY - box.top) / box.height, size[pane.down]);
      return point;
    };
    const go = function (event) {
      const point = under(event);
      at[pane.right] = point[pane.right];
      move(pane.down, point[pane.down]);
    };
    pane.canvas.addEventListener("pointerdown", function (event) {
      pane.canvas.setPointerCapture(event.pointerId);
      go(event);
    });
    pane.canvas.addEventListener("pointermove", function (event) { if (event.buttons) go(event); else read(under(event)); });
    pane.canvas.addEventListener("pointerleave", function () { read(at); });
    pane.canvas.addEventListener("keydown", function (event) {
      const far = event.shiftKey ? 10 : 1;
      const moves = {
        ArrowLeft: [pane.right, -far], ArrowRight: [pane.right, far], ArrowUp: [pane.down, -far], ArrowDown: [pane.down, far],
        PageUp: [pane.normal, far], PageDown: [pane.normal, -far],
      };
      const wish = moves[event.key];
      if (!wish || event.ctrlKey || event.metaKey || event.altKey) return;
      event.preventDefault();
      move(wish[0], at[wish[0]] + wish[1]);
    });
    pane.slider.addEventListener("input", function () { move(pane.normal, Number(pane.slider.value)); });
  });
  layers.forEach(function (layer) {
    [layer.box, layer.slider].forEach(function (control) { control.addEventListener("input", redraw); });
  });

  Promise.all(layers.map(unpack)).then(function () {
    root.closest(".live").hidden = false;
    document.documentElement.classList.add("has-slices");
    document.querySelectorAll("details.stills").forEach(function (still) { still.open = false; });
    new ResizeObserver(redraw).observe(root);
    read(at);
    redraw();
    root.dataset.ready = "";
  });
  }
})();
