// The network in three dimensions: fibres as tubes, nodes as balls, drawn by WebGL 2 when something changes; or, where no
// network was looked for, the faces of the solid's voxels.
// The tables are attributes of the page, see network3d.html and surface3d.html; without WebGL the picture stays.
(function () {
  "use strict";
  const root = document.getElementById("network-viewer");
  if (!root) return;
  const canvas = root.querySelector("canvas");
  // What was drawn is kept, so that the browser can save it as a picture.
  const gl = canvas.getContext("webgl2", { antialias: true, alpha: false, preserveDrawingBuffer: true });
  if (!gl) return;
  const numbers = function (name) { return root.dataset[name].split(" ").map(Number); };
  const table = function (name) {
    const bytes = Uint8Array.from(atob(root.dataset[name]), function (c) { return c.charCodeAt(0); });
    const view = new DataView(bytes.buffer), out = new Uint16Array(bytes.length / 2);
    for (let i = 0; i < out.length; i++) out[i] = view.getUint16(2 * i, true);
    root.removeAttribute("data-" + name);
    return out;
  };
  const rgb = function (hex) { return [1, 3, 5].map(function (k) { return parseInt(hex.slice(k, k + 2), 16); }); };
  const box = numbers("box"), origin = numbers("origin"), extent = Number(root.dataset.extent), thickest = Number(root.dataset.radius);
  const points = table("points"), counts = table("counts"), nodes = table("nodes"), FULL = 65535;

  // --- Shapes: triangles, and for every corner the point of the table that colours it (nodes after the points).
  const many = points.length / 6 > 20000 || nodes.length / 5 > 2500;
  const SIDES = many ? 6 : 10, RINGS = many ? 5 : 8;
  const corners = [], normals = [], owners = [], triangles = [];
  const corner = function (p, n, owner) {
    corners.push(p[0], p[1], p[2]);
    normals.push(n[0] * 127, n[1] * 127, n[2] * 127, 0);
    owners.push(owner);
  };
  const minus = function (a, b) { return [a[0] - b[0], a[1] - b[1], a[2] - b[2]]; };
  const dot = function (a, b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; };
  const cross = function (a, b) { return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]]; };
  const unit = function (a) { const l = Math.hypot(a[0], a[1], a[2]); return l > 0 ? [a[0] / l, a[1] / l, a[2] / l] : null; };
  const along = function (a, n, r) { return [a[0] + n[0] * r, a[1] + n[1] * r, a[2] + n[2] * r]; };
  const place = function (t, i) { return [0, 1, 2].map(function (k) { return origin[k] + t[i + k] / FULL * extent; }); };

  function tube(first, count) {
    const centres = [];
    for (let i = 0; i < count; i++) centres.push(place(points, 6 * (first + i)));
    let side = null, before = null;
    const start = corners.length / 3;
    for (let i = 0; i < count; i++) {
      const tangent = unit(minus(centres[Math.min(i + 1, count - 1)], centres[Math.max(i - 1, 0)])) || before || [0, 0, 1];
      // The ring turns with the axis as little as it can.
      if (side) side = unit(along(side, tangent, -dot(side, tangent)));
      if (!side) side = unit(cross(tangent, Math.abs(tangent[0]) < 0.8 ? [1, 0, 0] : [0, 1, 0]));
      before = tangent;
      const up = cross(tangent, side), radius = points[6 * (first + i) + 3] / FULL * thickest;
      for (let k = 0; k < SIDES; k++) {
        const a = 2 * Math.PI * k / SIDES, cos = Math.cos(a), sin = Math.sin(a);
        const n = [0, 1, 2].map(function (c) { return side[c] * cos + up[c] * sin; });
        corner(along(centres[i], n, radius), n, first + i);
      }
      if (i === 0) continue;
      const a = start + (i - 1) * SIDES, b = a + SIDES;
      for (let k = 0; k < SIDES; k++) {
        const l = (k + 1) % SIDES;
        triangles.push(a + k, b + k, b + l, a + k, b + l, a + l);
      }
    }
    // Lids: where a fibre leaves the box one would look into the tube.
    [[0, -1], [count - 1, 1]].forEach(function (end) {
      const i = end[0], towards = unit(minus(centres[Math.max(1, i)], centres[Math.max(1, i) - 1])) || [0, 0, 1];
      const n = towards.map(function (c) { return c * end[1]; }), middle = corners.length / 3;
      corner(centres[i], n, first + i);
      for (let k = 0; k < SIDES; k++) {
        const from = 3 * (start + i * SIDES + k);
        corner([corners[from], corners[from + 1], corners[from + 2]], n, first + i);
      }
      for (let k = 0; k < SIDES; k++) triangles.push(middle, middle + 1 + k, middle + 1 + (k + 1) % SIDES);
    });
  }
  function ball(i, owner) {
    const centre = place(nodes, 5 * i), radius = nodes[5 * i + 3] / FULL * thickest, start = corners.length / 3, round = 2 * RINGS;
    for (let a = 0; a <= RINGS; a++) {
      for (let b = 0; b <= round; b++) {
        const t = Math.PI * a / RINGS, f = 2 * Math.PI * b / round;
        const n = [Math.sin(t) * Math.cos(f), Math.sin(t) * Math.sin(f), Math.cos(t)];
        corner(along(centre, n, radius), n, owner);
      }
    }
    for (let a = 0; a < RINGS; a++) {
      for (let b = 0; b < round; b++) {
        const p = start + a * (round + 1) + b, q = p + round + 1;
        triangles.push(p, q, q + 1, p, q + 1, p + 1);
      }
    }
  }
  let first = 0;
  counts.forEach(function (count) { tube(first, count); first += count; });
  for (let i = 0; i < nodes.length / 5; i++) ball(i, first + i);
  const faces = root.dataset.faces ? atob(root.dataset.faces) : "";
  root.removeAttribute("data-faces");
  const cell = faces ? numbers("cell") : null;
  for (let i = 0; i < faces.length; i += 4) {
    const code = faces.charCodeAt(i + 3), axis = (code & 7) >> 1, side = code & 1, u = (axis + 1) % 3, v = (axis + 2) % 3;
    const n = [0, 0, 0], start = corners.length / 3;
    n[axis] = side ? 1 : -1;
    for (let k = 0; k < 4; k++) {
      const at = [0, 1, 2].map(function (c) { return faces.charCodeAt(i + c); });
      at[axis] += side;
      at[u] += k & 1;
      at[v] += k >> 1;
      // The last block of an axis may be cut by the box.
      corner(at.map(function (a, c) { return Math.min(a * cell[c], box[c]); }), n, code >> 3);
    }
    triangles.push(start, start + 1, start + 3, start, start + 3, start + 2);
  }

  // --- Programs.
  function program(vertex, fragment) {
    const p = gl.createProgram();
    [[gl.VERTEX_SHADER, vertex], [gl.FRAGMENT_SHADER, fragment]].forEach(function (s) {
      const shader = gl.createShader(s[0]);
      gl.shaderSource(shader, "#version 300 es\nprecision highp float;\n" + s[1]);
      gl.compileShader(shader);
      gl.attachShader(p, shader);
    });
    gl.linkProgram(p);
    return gl.getProgramParameter(p, gl.LINK_STATUS) ? p : null;
  }
  const solid = program(
    "layout(location=0) in vec3 place; layout(location=1) in vec3 normal; layout(location=2) in vec3 colour;" +
    "uniform mat4 view, lens; out vec3 n; out vec3 c; out vec3 eye;" +
    "void main() { vec4 p = view * vec4(place, 1.0); eye = p.xyz; n = mat3(view) * normal; c = colour; gl_Position = lens * p; }",
    "in vec3 n; in vec3 c; in vec3 eye; uniform vec3 ground; uniform vec2 fade; out vec4 o;" +
    "void main() { vec3 m = normalize(n), e = normalize(-eye); if (dot(m, e) < 0.0) m = -m;" +
    "vec3 l = normalize(vec3(-0.45, 0.6, 0.75)); float sky = 0.5 + 0.5 * m.y;" +
    "vec3 s = c * (0.34 + 0.16 * sky + 0.58 * max(dot(m, l), 0.0)) + 0.16 * pow(max(dot(m, normalize(l + e)), 0.0), 40.0);" +
    "float far = clamp((-eye.z - fade.x) / fade.y, 0.0, 1.0); o = vec4(mix(s, ground, 0.62 * far), 1.0); }");
  const lines = program(
    "layout(location=0) in vec3 place; uniform mat4 view, lens; void main() { gl_Position = lens * view * vec4(place, 1.0); }",
    "uniform vec3 ink; out vec4 o; void main() { o = vec4(ink, 1.0); }");
  if (!solid || !lines) return;
  function array(data, location, width, type, normalised) {
    const buffer = gl.createBuffer();
    gl.bindBuffer(gl.ARRAY_BUFFER, buffer);
    gl.bufferData(gl.ARRAY_BUFFER, data, gl.STATIC_DRAW);
    gl.enableVertexAttribArray(location);
    gl.vertexAttribPointer(location, 3, type, normalised, width, 0);
    return buffer;
  }
  const shape = gl.createVertexArray();
  gl.bindVertexArray(shape);
  array(new Float32Array(corners), 0, 0, gl.FLOAT, false);
  array(new Int8Array(normals), 1, 4, gl.BYTE, true);
  const paint = new Uint8Array(4 * owners.length);
  const painted = array(paint, 2, 4, gl.UNSIGNED_BYTE, true);
  gl.bindBuffer(gl.ELEMENT_ARRAY_BUFFER, gl.createBuffer());
  gl.bufferData(gl.ELEMENT_ARRAY_BUFFER, new Uint32Array(triangles), gl.STATIC_DRAW);
  const frame = gl.createVertexArray(), edges = [];
  gl.bindVertexArray(frame);
  for (let axis = 0; axis < 3; axis++) {
    for (let k = 0; k < 4; k++) {
      const a = [0, 0, 0], b = [0, 0, 0], u = (axis + 1) % 3, v = (axis + 2) % 3;
      a[u] = b[u] = k & 1 ? box[u] : 0;
      a[v] = b[v] = k & 2 ? box[v] : 0;
      b[axis] = box[axis];
      edges.push.apply(edges, a.concat(b));
    }
  }
  array(new Float32Array(edges), 0, 0, gl.FLOAT, false);
  const numberOfTriangles = triangles.length;

  // --- Colours.
  const modes = Array.from(root.querySelectorAll(".modes label"), function (label) {
    const d = label.dataset, anchors = d.colours ? d.colours.split(",").map(rgb) : null;
    if (anchors) label.querySelector(".ramp i").style.background = "linear-gradient(90deg," + d.colours + ")";
    label.querySelectorAll("[data-colour]").forEach(function (s) { s.querySelector("i").style.background = s.dataset.colour; });
    return { input: label.querySelector("input"), low: Number(d.low), high: Number(d.high), anchors: anchors };
  });
  const tagColours = Array.from(root.querySelectorAll(".modes [data-colour]"), function (s) { return rgb(s.dataset.colour); });
  const NONE = [128, 134, 142];
  function colourOf(mode, owner) {
    if (faces) return tagColours[owner];
    const isNode = owner >= first, i = isNode ? 5 * (owner - first) : 6 * owner, t = isNode ? nodes : points;
    if (mode.input.value === "tag") return tagColours[isNode || t[i + 5] ? 1 : 0];
    let share;
    if (mode.input.value === "diameter") {
      share = (2 * t[i + 3] / FULL * thickest - mode.low) / (mode.high - mode.low);
    } else {
      if (t[i + 4] === 0) return NONE;
      share = t[i + 4] / FULL;
    }
    const at = Math.min(1, Math.max(0, share)) * (mode.anchors.length - 1), k = Math.min(mode.anchors.length - 2, Math.floor(at));
    return [0, 1, 2].map(function (c) { return mode.anchors[k][c] + (at - k) * (mode.anchors[k + 1][c] - mode.anchors[k][c]); });
  }
  function colour() {
    const mode = modes.find(function (m) { return m.input.checked; }) || modes[0];
    let last = -1, c = NONE;
    owners.forEach(function (owner, i) {
      if (owner !== last) { c = colourOf(mode, owner); last = owner; }
      paint.set([c[0], c[1], c[2], 255], 4 * i);
    });
    gl.bindBuffer(gl.ARRAY_BUFFER, painted);
    gl.bufferData(gl.ARRAY_BUFFER, paint, gl.STATIC_DRAW);
    redraw();
  }

  // --- The camera: x to the right, z down, seen from a corner; depth runs down as in the slices.
  const START = { turn: 0.56, tilt: 0.42, near: 1 };
  const eye = Object.assign({}, START);
  const middle = box.map(function (b) { return b / 2; }), reach = Math.hypot(box[0], box[1], box[2]) / 2, OPENING = 0.36;
  const distance = function () { return reach / Math.sin(OPENING) * 1.02 * eye.near; };
  function view() {
    const ca = Math.cos(eye.turn), sa = Math.sin(eye.turn), ce = Math.cos(eye.tilt), se = Math.sin(eye.tilt);
    const right = [ca, sa, 0], down = [-sa * se, ca * se, ce], into = [sa * ce, -ca * ce, se];
    const m = new Float32Array(16);
    [right, down.map(function (c) { return -c; }), into.map(function (c) { return -c; })].forEach(function (row, r) {
      for (let k = 0; k < 3; k++) m[4 * k + r] = row[k];
      m[12 + r] = -dot(row, middle) - (r === 2 ? distance() : 0);
    });
    m[15] = 1;
    return m;
  }
  function lens(aspect) {
    const f = 1 / Math.tan(OPENING), d = distance(), near = Math.max(d - 1.2 * reach, 0.02 * reach), far = d + 1.2 * reach;
    const narrow = Math.min(1, aspect);
    return new Float32Array([f * narrow / aspect, 0, 0, 0, 0, f * narrow, 0, 0, 0, 0, (far + near) / (near - far), -1, 0, 0, 2 * far * near / (near - far), 0]);
  }
  const names = root.querySelectorAll(".axis");
  function label(v, p) {
    ["x", "y", "z"].forEach(function (name, k) {
      const at = [0, 0, 0, 1];
      at[k] = box[k] * 1.04;
      const times = function (m, a) { return [0, 1, 2, 3].map(function (r) { return m[r] * a[0] + m[4 + r] * a[1] + m[8 + r] * a[2] + m[12 + r] * a[3]; }); };
      const c = times(p, times(v, at)), x = (c[0] / c[3] + 1) / 2 * canvas.clientWidth, y = (1 - c[1] / c[3]) / 2 * canvas.clientHeight;
      names[k].textContent = name + " " + Number(box[k].toPrecision(3)) + " " + root.dataset.unit;
      const held = Math.min(canvas.clientWidth - names[k].offsetWidth / 2 - 4, Math.max(names[k].offsetWidth / 2 + 4, x));
      names[k].style.transform = "translate(" + held + "px," + y + "px) translate(-50%,-50%)";
    });
  }
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  let waiting = false;
  function redraw() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(function () {
      waiting = false;
      const ratio = Math.min(2, window.devicePixelRatio || 1);
      const width = Math.max(1, Math.round(canvas.clientWidth * ratio)), height = Math.max(1, Math.round(canvas.clientHeight * ratio));
      if (canvas.width !== width || canvas.height !== height) { canvas.width = width; canvas.height = height; }
      const ground = dark.matches ? [0.075, 0.095, 0.12] : [0.972, 0.976, 0.98], ink = dark.matches ? [0.36, 0.41, 0.47] : [0.62, 0.66, 0.71];
      const v = view(), p = lens(width / height);
      gl.viewport(0, 0, width, height);
      gl.clearColor(ground[0], ground[1], ground[2], 1);
      gl.clear(gl.COLOR_BUFFER_BIT | gl.DEPTH_BUFFER_BIT);
      gl.enable(gl.DEPTH_TEST);
      [[solid, shape], [lines, frame]].forEach(function (pass) {
        gl.useProgram(pass[0]);
        gl.bindVertexArray(pass[1]);
        const u = function (name) { return gl.getUniformLocation(pass[0], name); };
        gl.uniformMatrix4fv(u("view"), false, v);
        gl.uniformMatrix4fv(u("lens"), false, p);
        if (pass[0] === solid) {
          gl.uniform3fv(u("ground"), ground);
          gl.uniform2f(u("fade"), distance() - 0.8 * reach, 2.0 * reach);
          gl.drawElements(gl.TRIANGLES, numberOfTriangles, gl.UNSIGNED_INT, 0);
        } else {
          gl.uniform3fv(u("ink"), ink);
          gl.drawArrays(gl.LINES, 0, 24);
        }
      });
      label(v, p);
    });
  }

  // --- Hands.
  function turn(dx, dy) {
    eye.turn += dx;
    eye.tilt = Math.min(Math.PI / 2, Math.max(-Math.PI / 2, eye.tilt + dy));
    redraw();
  }
  function zoom(factor) { eye.near = Math.min(3, Math.max(0.15, eye.near * factor)); redraw(); }
  const fingers = new Map();
  const spread = function () { const f = Array.from(fingers.values()); return Math.hypot(f[0][0] - f[1][0], f[0][1] - f[1][1]); };
  canvas.addEventListener("pointerdown", function (event) {
    canvas.setPointerCapture(event.pointerId);
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
  });
  canvas.addEventListener("pointermove", function (event) {
    const was = fingers.get(event.pointerId);
    if (!was) return;
    const before = fingers.size === 2 ? spread() : 0;
    fingers.set(event.pointerId, [event.clientX, event.clientY]);
    if (fingers.size === 2) zoom(before / Math.max(1, spread()));
    else turn((event.clientX - was[0]) * 0.008, (event.clientY - was[1]) * 0.008);
  });
  ["pointerup", "pointercancel"].forEach(function (name) {
    canvas.addEventListener(name, function (event) { fingers.delete(event.pointerId); });
  });
  // The wheel scrolls the page until the view is chosen.
  canvas.addEventListener("wheel", function (event) {
    if (document.activeElement !== canvas) return;
    event.preventDefault();
    zoom(Math.exp(Math.sign(event.deltaY) * 0.12));
  }, { passive: false });
  canvas.addEventListener("keydown", function (event) {
    const turns = { ArrowLeft: [-0.1, 0], ArrowRight: [0.1, 0], ArrowUp: [0, -0.1], ArrowDown: [0, 0.1] }[event.key];
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (turns) turn(turns[0], turns[1]);
    else if (event.key === "+" || event.key === "=") zoom(1 / 1.2);
    else if (event.key === "-") zoom(1.2);
    else if (event.key === "Home") { Object.assign(eye, START); redraw(); } else return;
    event.preventDefault();
  });
  const looks = { x: [-Math.PI / 2, 0], y: [0, 0], z: [0, Math.PI / 2] };
  root.querySelectorAll("button").forEach(function (button) {
    button.addEventListener("click", function () {
      const wish = button.dataset.do;
      if (wish === "in") zoom(1 / 1.25);
      else if (wish === "out") zoom(1.25);
      else if (wish === "reset") { Object.assign(eye, START); redraw(); } else { eye.turn = looks[wish][0]; eye.tilt = looks[wish][1]; redraw(); }
    });
  });
  modes.forEach(function (mode) { mode.input.addEventListener("change", colour); });
  dark.addEventListener("change", redraw);
  canvas.addEventListener("webglcontextlost", function () {
    root.hidden = true;
    document.documentElement.classList.remove("has-3d");
  });
  root.hidden = false;
  document.documentElement.classList.add("has-3d");
  new ResizeObserver(redraw).observe(canvas);
  colour();
  root.dataset.ready = "";
})();
