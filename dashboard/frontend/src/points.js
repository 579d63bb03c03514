/** Draws many points with WebGL: places and paint are sent to the graphics memory once, a redraw sends nothing. */

import * as twgl from "twgl.js";
import { NOWHERE, STEPS } from "./places.js";

/**
 * @typedef {import("./places.js").Cloud} Cloud
 * @typedef {{size: number, opacity: number, muted: number}} Look size in CSS pixels, opacity of bright and muted points
 */

const VERTEX = `#version 300 es
in vec2 place;
in float paint;
in float light;
uniform vec4 frame;    // x from, y from, width, height in map units
uniform vec2 centre;
uniform vec2 reach;    // half of what is seen, in map units
uniform float size;
uniform float wanted;  // 1 muted, 2 bright
uniform sampler2D palette;
out vec3 colour;
void main() {
  bool shown = light == wanted && place.x < ${NOWHERE}.0;
  vec2 at = frame.xy + place / ${STEPS}.0 * frame.zw;
  gl_Position = shown ? vec4((at - centre) / reach, 0.0, 1.0) : vec4(2.0, 2.0, 0.0, 1.0);
  gl_PointSize = size;
  colour = texelFetch(palette, ivec2(int(paint), 0), 0).rgb;
}`;

const FRAGMENT = `#version 300 es
precision highp float;
in vec3 colour;
uniform float opacity;
uniform float shape;
uniform float size;
out vec4 result;
void main() {
  vec2 from = abs(gl_PointCoord - 0.5) * 2.0;
  float far = shape == 1.0 ? from.x + from.y : length(from);
  float edge = 1.0 - smoothstep(1.0 - 2.0 / size, 1.0, far);
  if (edge <= 0.0) discard;
  float cover = opacity * edge;
  result = vec4(colour * cover, cover);
}`;

/**
 * Something that draws points on ``canvas``: with WebGL, or in two dimensions where there is none.
 *
 * @param {HTMLCanvasElement} canvas
 * @param {import("./camera.js").Frame} frame of the places
 */
export function pointDrawer(canvas, frame) {
  const gl = canvas.getContext("webgl2", { antialias: false, alpha: true });
  return gl ? new GlPoints(gl, frame) : new FlatPoints(canvas, frame);
}

class GlPoints {
  kind = "webgl";

  /** @param {WebGL2RenderingContext} gl @param {import("./camera.js").Frame} frame */
  constructor(gl, frame) {
    this.gl = gl;
    this.frame = [frame[0], frame[2], frame[1] - frame[0], frame[3] - frame[2]];
    /** @type {{cloud: Cloud, info: twgl.BufferInfo, levels: Set<number>}[]} */
    this.clouds = [];
    /** @type {string[]} */
    this.colours = [];
    // A lost context (a driver that restarts, a laptop that wakes) comes back empty: everything is sent again.
    gl.canvas.addEventListener("webglcontextlost", (event) => event.preventDefault());
    gl.canvas.addEventListener("webglcontextrestored", () => {
      this.#begin();
      this.setClouds(this.clouds.map(({ cloud }) => cloud));
      this.setPalette(this.colours);
      this.onRestored?.();
    });
    /** @type {(() => void) | undefined} */
    this.onRestored = undefined;
    this.#begin();
  }

  #begin() {
    this.program = twgl.createProgramInfo(this.gl, [VERTEX, FRAGMENT]);
    this.palette = this.gl.createTexture();
  }

  /** @param {Cloud[]} clouds */
  setClouds(clouds) {
    this.#forget();
    this.clouds = clouds.map((cloud) => ({
      cloud,
      levels: levelsOf(cloud),
      info: twgl.createBufferInfoFromArrays(this.gl, {
        place: { numComponents: 2, data: cloud.places, normalize: false },
        paint: { numComponents: 1, data: cloud.paint, normalize: false },
        light: { numComponents: 1, data: cloud.light, normalize: false },
      }),
    }));
  }

  /** Sends changed paint and light of the clouds again; places stay where they are. */
  repaint() {
    for (const held of this.clouds) {
      const { cloud, info } = held;
      held.levels = levelsOf(cloud);
      for (const [name, values] of Object.entries({ paint: cloud.paint, light: cloud.drawn ?? cloud.light })) {
        const attribute = info.attribs?.[name];
        if (attribute) twgl.setAttribInfoBufferFromArray(this.gl, attribute, values);
      }
    }
  }

  /** @param {string[]} colours #RRGGBB, at most 256 */
  setPalette(colours) {
    this.colours = colours;
    const { gl } = this;
    const pixels = new Uint8Array(4 * 256).fill(255);
    colours.slice(0, 256).forEach((colour, index) => pixels.set(channels(colour), 4 * index));
    gl.bindTexture(gl.TEXTURE_2D, this.palette ?? null);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA, 256, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, pixels);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MIN_FILTER, gl.NEAREST);
    gl.texParameteri(gl.TEXTURE_2D, gl.TEXTURE_MAG_FILTER, gl.NEAREST);
  }

  /** @param {import("./camera.js").Camera} camera @param {Look} look @param {number} ratio device pixels for a CSS pixel */
  draw(camera, look, ratio) {
    const { gl, program } = this;
    if (!program || gl.isContextLost()) return;
    gl.viewport(0, 0, gl.canvas.width, gl.canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    gl.enable(gl.BLEND);
    gl.blendFunc(gl.ONE, gl.ONE_MINUS_SRC_ALPHA);
    gl.useProgram(program.program);
    for (const wanted of [1, 2]) {
      for (const { cloud, info, levels } of this.clouds) {
        // Every point goes through the shader, shown or not: a round in which none is shown is left out.
        if (!levels.has(wanted)) continue;
        // A diamond of the same width has a smaller area: drawn a little larger it weighs as much.
        const size = ratio * look.size * (cloud.shape === 1 ? 1.25 : 1);
        twgl.setBuffersAndAttributes(gl, program, info);
        twgl.setUniforms(program, {
          frame: this.frame,
          centre: camera.centre,
          reach: [camera.width / camera.scale / 2, camera.height / camera.scale / 2],
          size,
          wanted,
          palette: this.palette,
          opacity: wanted === 2 ? look.opacity : look.muted,
          shape: cloud.shape,
        });
        twgl.drawBufferInfo(gl, info, gl.POINTS);
      }
    }
  }

  #forget() {
    for (const { info } of this.clouds) {
      for (const { buffer } of Object.values(info.attribs ?? {})) this.gl.deleteBuffer(buffer);
    }
    this.clouds = [];
  }

  remove() {
    this.#forget();
    // A page that comes and goes must not keep its contexts: browsers allow about sixteen.
    this.gl.getExtension("WEBGL_lose_context")?.loseContext();
  }
}

class FlatPoints {
  kind = "canvas";

  /** @param {HTMLCanvasElement} canvas @param {import("./camera.js").Frame} frame */
  constructor(canvas, frame) {
    const context = canvas.getContext("2d");
    if (!context) throw new Error("this browser draws neither with WebGL nor on a canvas");
    this.canvas = canvas;
    this.context = context;
    this.frame = frame;
    /** @type {Cloud[]} */
    this.clouds = [];
    /** @type {string[]} */
    this.colours = [];
    /** @type {(() => void) | undefined} */
    this.onRestored = undefined;
  }

  /** @param {Cloud[]} clouds */
  setClouds(clouds) {
    this.clouds = clouds;
  }

  repaint() {}

  /** @param {string[]} colours */
  setPalette(colours) {
    this.colours = colours;
  }

  /** @param {import("./camera.js").Camera} camera @param {Look} look @param {number} ratio */
  draw(camera, look, ratio) {
    const { context, frame } = this;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, camera.width, camera.height);
    const [wide, high] = [(frame[1] - frame[0]) / STEPS, (frame[3] - frame[2]) / STEPS];
    for (const wanted of [1, 2]) {
      context.globalAlpha = wanted === 2 ? look.opacity : look.muted;
      for (const { places, paint, light: all, drawn, shape } of this.clouds) {
        const light = drawn ?? all;
        const half = (look.size / 2) * (shape === 1 ? 1.25 : 1);
        let last = -1;
        for (let i = 0; i < paint.length; i++) {
          if (light[i] !== wanted || places[2 * i] === NOWHERE) continue;
          const x = camera.across(frame[0] + places[2 * i] * wide);
          const y = camera.down(frame[2] + places[2 * i + 1] * high);
          if (x < -half || y < -half || x > camera.width + half || y > camera.height + half) continue;
          if (paint[i] !== last) context.fillStyle = this.colours[(last = paint[i])] ?? "#888888";
          context.beginPath();
          if (shape === 1) {
            context.moveTo(x, y - half);
            context.lineTo(x + half, y);
            context.lineTo(x, y + half);
            context.lineTo(x - half, y);
          } else context.arc(x, y, half, 0, 2 * Math.PI);
          context.fill();
        }
      }
    }
    context.globalAlpha = 1;
  }

  remove() {}
}

/** @param {Cloud} cloud @returns {Set<number>} which of hidden, muted and bright there are */
function levelsOf({ light }) {
  const found = new Uint8Array(3);
  for (let i = 0; i < light.length; i++) found[light[i]] = 1;
  return new Set([0, 1, 2].filter((level) => found[level]));
}

/** @param {string} colour #RRGGBB @returns {number[]} red, green, blue from 0 to 255 */
export function channels(colour) {
  return [1, 3, 5].map((start) => Number.parseInt(colour.slice(start, start + 2), 16));
}

/**
 * The size of a point that suits so many of them, in CSS pixels.
 *
 * @param {number} count
 * @returns {number}
 */
export function pointSize(count) {
  if (count <= 3000) return 7;
  if (count <= 20000) return 5;
  return count <= 100000 ? 4 : 3;
}
