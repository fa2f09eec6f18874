// The generator of gancourse.models.conditional_convnet, evaluation mode, in plain JavaScript: for the browser and for Node.
"use strict";

const gancourse = {};

// The tensors of a safetensors file by name: {shape, values}.  Numbers come as float16 and become float32.
gancourse.readTensors = (bytes) => {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = 8 + Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(bytes.subarray(8, start)));
  const tensors = {};
  for (const [name, { dtype, shape, data_offsets: [from, to] }] of Object.entries(header)) {
    if (dtype !== "F16") continue; // counters of batches
    const values = new Float32Array((to - from) / 2);
    for (let i = 0; i < values.length; i++) values[i] = gancourse.half(view.getUint16(start + from + 2 * i, true));
    tensors[name] = { shape, values };
  }
  return tensors;
};

gancourse.half = (bits) => {
  const sign = bits & 0x8000 ? -1 : 1, exponent = (bits >> 10) & 31, fraction = bits & 1023;
  if (exponent === 31) return fraction ? NaN : sign * Infinity;
  return sign * (exponent ? 2 ** (exponent - 15) * (1 + fraction / 1024) : 2 ** -24 * fraction);
};

// A 3 x 3 convolution with a border of zeros: x [I, side, side], weight [O, I, 3, 3] -> [O, side, side].
gancourse.convolve = (x, side, { shape: [outputs, inputs], values: weight }) => {
  const wide = side + 2, padded = new Float32Array(inputs * wide * wide);
  for (let row = 0; row < inputs * side; row++) {
    const at = (row + 2 * Math.floor(row / side) + 1) * wide + 1;
    padded.set(x.subarray(row * side, (row + 1) * side), at);
  }
  const y = new Float32Array(outputs * side * side);
  for (let o = 0; o < outputs; o++)
    for (let i = 0; i < inputs; i++)
      for (let k = 0; k < 9; k++) {
        const w = weight[(o * inputs + i) * 9 + k], corner = (i * wide + Math.floor(k / 3)) * wide + (k % 3);
        for (let r = 0; r < side; r++) {
          const from = corner + r * wide, to = (o * side + r) * side;
          for (let c = 0; c < side; c++) y[to + c] += w * padded[from + c];
        }
      }
  return y;
};

// Nearest neighbours: [C, side, side] -> [C, 2 side, 2 side].
gancourse.double = (x, side) => {
  const y = new Float32Array(4 * x.length);
  for (let i = 0; i < y.length; i++) y[i] = x[(Math.floor(i / (4 * side)) * side) + ((i % (2 * side)) >> 1)];
  return y;
};

// Conditional batch normalisation and ReLU, in place.  shares: how much of each row of the tables of gains and biases.
gancourse.normalise = (x, tensors, prefix, shares) => {
  const mean = tensors[prefix + "norm.running_mean"].values, variance = tensors[prefix + "norm.running_var"].values;
  const row = (table, c) => shares.reduce((sum, share, r) => (share ? sum + share * table.values[r * mean.length + c] : sum), 0);
  const area = x.length / mean.length;
  for (let c = 0; c < mean.length; c++) {
    const gain = (1 + row(tensors[prefix + "gain.table.weight"], c)) / Math.sqrt(variance[c] + 1e-5);
    const bias = row(tensors[prefix + "bias.table.weight"], c);
    for (let i = c * area; i < (c + 1) * area; i++) x[i] = Math.max(0, gain * (x[i] - mean[c]) + bias);
  }
  return x;
};

// G: a latent z and the shares of the labels -> an image [3, side, side] in [-1, 1].
gancourse.draw = (tensors, z, shares) => {
  const { shape: [n], values: first } = tensors["first.weight"];
  let x = new Float32Array(n), side = 4, block = 0;
  for (let i = 0; i < n; i++) for (let j = 0; j < z.length; j++) x[i] += first[i * z.length + j] * z[j];
  gancourse.normalise(x, tensors, "norms.0.", shares);
  while (tensors[`convolutions.${++block}.1.weight`]) {
    x = gancourse.double(x, side);
    side *= 2;
    x = gancourse.convolve(x, side, tensors[`convolutions.${block}.1.weight`]);
    gancourse.normalise(x, tensors, `norms.${block}.`, shares);
  }
  const bias = tensors["last.bias"].values;
  return gancourse.convolve(x, side, tensors["last.weight"]).map((value, i) => Math.tanh(value + bias[Math.floor(i / (side * side))]));
};

if (typeof module !== "undefined") module.exports = gancourse;
