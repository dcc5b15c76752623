/**
 * Attention kernels for one head size, with the rows that an invocation works on in named registers: an indexed local array
 * would live in memory. The text is made here because WGSL cannot name a number of registers; the mathematics is that of
 * shaders/attention_*.wgsl, the oracles. qkv is read as vec4, so the head size is a multiple of 4.
 */

/** "line with # for 0 … count−1", joined. */
function each(count: number, line: string, separator = '\n'): string {
  return Array.from({ length: count }, (_, i) => line.replaceAll('#', String(i))).join(separator)
}

function dot(count: number, left: string, right: string): string {
  return each(count, `dot(${left}#, ${right}#)`, ' + ')
}

const PARAMS = 'struct Params { B: u32, T: u32, NH: u32, HS: u32 }'

/** Index arithmetic of one invocation per (b, head, position); widths in vec4s. */
function prologue(kernel: string, position: string, n: number): string {
  return `
@compute @workgroup_size(16)
fn ${kernel}(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 16u + id.x;
  if (i >= params.B * params.NH * params.T) { return; }
  let T = params.T;
  let ${position} = i % T;
  let head = (i / T) % params.NH;
  let b = i / (T * params.NH);
  let width = params.NH * ${n}u;
  let stride = 3u * width;
  let first = b * T * stride + head * ${n}u; // q of position 0; k and v lie width and 2·width behind
  let scale = ${1 / Math.sqrt(4 * n)};
`
}

export function forwardSource(headSize: number): string {
  const n = headSize / 4
  return `// attention_forward for head size ${headSize}: query and output row in registers, online softmax over the keys.
${PARAMS}
@group(0) @binding(0) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> o: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> lse: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;
${prologue('attention_forward', 't', n)}
  let at = first + t * stride;
${each(n, '  let q# = qkv[at + #u] * scale;\n  var o# = vec4f(0.0);')}
  var highest = -1e30;
  var sum = 0.0;
  var k = first + width;
  for (var s = 0u; s <= t; s++) {
${each(n, '    let k# = qkv[k + #u];')}
    let score = ${dot(n, 'q', 'k')};
    let raised = max(highest, score);
    let keep = exp(highest - raised);
    let weight = exp(score - raised);
    sum = sum * keep + weight;
    highest = raised;
    let v = k + width;
${each(n, '    o# = o# * keep + weight * qkv[v + #u];')}
    k += stride;
  }
  let out = (b * T + t) * width + head * ${n}u;
  let inverse = 1.0 / sum;
${each(n, '  o[out + #u] = o# * inverse;')}
  lse[i] = highest + log(sum);
}
`
}

const BACKWARD_BINDINGS = `@group(0) @binding(0) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(1) var<storage, read> dout: array<vec4f>;
@group(0) @binding(2) var<storage, read> lse: array<f32>;
@group(0) @binding(3) var<storage, read> delta: array<f32>;
@group(0) @binding(4) var<storage, read_write> dqkv: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;`

export function backwardQuerySource(headSize: number): string {
  const n = headSize / 4
  return `// attention_backward_query for head size ${headSize}: query, its gradient and dout row in registers.
${PARAMS}
${BACKWARD_BINDINGS}
${prologue('attention_backward_query', 't', n)}
  let at = first + t * stride;
  let grad = (b * T + t) * width + head * ${n}u;
${each(n, '  let q# = qkv[at + #u] * scale;\n  let g# = dout[grad + #u];\n  var d# = vec4f(0.0);')}
  let log_sum = lse[i];
  let subtract = delta[i];
  var k = first + width;
  for (var s = 0u; s <= t; s++) {
    let v = k + width;
${each(n, '    let k# = qkv[k + #u];\n    let v# = qkv[v + #u];')}
    let p = exp(${dot(n, 'q', 'k')} - log_sum);
    let ds = p * (${dot(n, 'g', 'v')} - subtract) * scale;
${each(n, '    d# += ds * k#;')}
    k += stride;
  }
${each(n, '  dqkv[at + #u] = d#;')}
}
`
}

export function backwardKeyValueSource(headSize: number): string {
  const n = headSize / 4
  return `// attention_backward_key_value for head size ${headSize}: key, value and their gradients in registers.
${PARAMS}
${BACKWARD_BINDINGS}
${prologue('attention_backward_key_value', 's', n)}
  let k = first + width + s * stride;
  let v = k + width;
${each(n, '  let k# = qkv[k + #u] * scale;\n  let v# = qkv[v + #u];\n  var dk# = vec4f(0.0);\n  var dv# = vec4f(0.0);')}
  var q = first + s * stride;
  var grad = (b * T + s) * width + head * ${n}u;
  let row = (b * params.NH + head) * T;
  for (var t = s; t < T; t++) {
${each(n, '    let q# = qkv[q + #u];\n    let g# = dout[grad + #u];')}
    let p = exp(${dot(n, 'q', 'k')} - lse[row + t]);
    let ds = p * (${dot(n, 'g', 'v')} - delta[row + t]) * scale;
${each(n, '    dk# += ds * q#;\n    dv# += p * g#;')}
    q += stride;
    grad += width;
  }
${each(n, '  dqkv[k + #u] = dk#;\n  dqkv[v + #u] = dv#;')}
}
`
}
