/** Shapes that both maps draw above the points. */

/**
 * A star of five points with a light edge.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {number} x @param {number} y its middle
 * @param {number} radius
 * @param {string} colour
 * @param {string} edge
 */
export function star(context, x, y, radius, colour, edge) {
  context.beginPath();
  for (let i = 0; i < 10; i++) {
    const far = i % 2 ? radius * 0.45 : radius;
    const angle = -Math.PI / 2 + (i * Math.PI) / 5;
    context.lineTo(x + far * Math.cos(angle), y + far * Math.sin(angle));
  }
  fill(context, colour, edge, 0.9);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x @param {number} y its middle
 * @param {number} radius
 * @param {string} colour @param {string} edge
 */
export function disc(context, x, y, radius, colour, edge) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  fill(context, colour, edge, 2);
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x @param {number} y its middle
 * @param {number} radius
 * @param {string} colour @param {string} edge
 */
export function diamond(context, x, y, radius, colour, edge) {
  context.beginPath();
  context.moveTo(x, y - radius);
  context.lineTo(x + radius, y);
  context.lineTo(x, y + radius);
  context.lineTo(x - radius, y);
  fill(context, colour, edge, 2);
}

/** @param {CanvasRenderingContext2D} context @param {string} colour @param {string} edge @param {number} width of the edge */
function fill(context, colour, edge, width) {
  context.closePath();
  context.fillStyle = colour;
  context.fill();
  context.lineWidth = width;
  context.strokeStyle = edge;
  context.stroke();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x @param {number} y
 * @param {number} radius
 * @param {string} colour
 * @param {number} width
 */
export function ring(context, x, y, radius, colour, width) {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.stroke();
}

/**
 * Words that can be read over points.
 *
 * @param {CanvasRenderingContext2D} context
 * @param {string} text
 * @param {number} x @param {number} y
 * @param {{text: string, background: string, font: string, label: number}} theme
 * @param {CanvasTextAlign} align
 */
export function label(context, text, x, y, theme, align = "center") {
  context.font = `${theme.label}px ${theme.font}`;
  context.textAlign = align;
  context.lineWidth = 3;
  context.lineJoin = "round";
  context.strokeStyle = theme.background;
  context.strokeText(text, x, y);
  context.fillStyle = theme.text;
  context.fillText(text, x, y);
}
