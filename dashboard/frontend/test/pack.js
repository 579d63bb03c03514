/** A safetensors file of float tensors. */
export function pack(tensors, metadata = {}) {
  const header = { __metadata__: metadata };
  let end = 0;
  for (const [name, { shape, values }] of Object.entries(tensors)) {
    header[name] = { dtype: "F32", shape, data_offsets: [end, (end += 4 * values.length)] };
  }
  const text = new TextEncoder().encode(JSON.stringify(header));
  const bytes = new Uint8Array(8 + text.length + end);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(text.length), true);
  bytes.set(text, 8);
  for (const [name, { values }] of Object.entries(tensors)) {
    bytes.set(new Uint8Array(new Float32Array(values).buffer), 8 + text.length + header[name].data_offsets[0]);
  }
  return bytes;
}
