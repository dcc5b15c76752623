/**
 * Attention kernels for one head size, with an invocation's rows in named registers: an indexed local array would live
 * in memory. The source is generated because WGSL cannot parameterize the number of registers; the mathematics is that
 * of shaders/attention_*.wgsl, the oracles. qkv is read as vec4, so the head size is a multiple of 4.
 */

/** "line with # for 0 … count−1", joined. */
function each(count: number, line: string, separator = '\n'): string {
  return Array.from({ length: count }, (_, i) => line.replaceAll('#', String(i))).join(separator)
}

function dot(count: number, left: string, right: string): string {
  return each(count, `dot(${left}#, ${right}#)`, ' + ')
}

const PARAMS = 'struct Params { B: u32, T: u32, NH: u32, KV: u32, HS: u32 }'

/** Index arithmetic of one invocation per (b, head, position), the heads being NH or KV; widths in vec4s. */
function prologue(kernel: string, position: string, heads: 'NH' | 'KV', n: number): string {
  return `
@compute @workgroup_size(16)
fn ${kernel}(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 16u + id.x;
  if (i >= params.B * params.${heads} * params.T) { return; }
  let T = params.T;
  let ${position} = i % T;
  let head = (i / T) % params.${heads};
  let b = i / (T * params.${heads});
  let width = params.NH * ${n}u;
  let key_width = params.KV * ${n}u;
  let stride = width + 2u * key_width;
  let shared_by = params.NH / params.KV; // query heads to a key head
  let first = b * T * stride; // q of position 0; k lies width behind, v another key_width
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
${prologue('attention_forward', 't', 'NH', n)}
  let at = first + t * stride + head * ${n}u;
${each(n, '  let q# = qkv[at + #u] * scale;\n  var o# = vec4f(0.0);')}
  var highest = -1e30;
  var sum = 0.0;
  var k = first + width + head / shared_by * ${n}u;
  for (var s = 0u; s <= t; s++) {
${each(n, '    let k# = qkv[k + #u];')}
    let score = ${dot(n, 'q', 'k')};
    let raised = max(highest, score);
    let keep = exp(highest - raised);
    let weight = exp(score - raised);
    sum = sum * keep + weight;
    highest = raised;
    let v = k + key_width;
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
${prologue('attention_backward_query', 't', 'NH', n)}
  let at = first + t * stride + head * ${n}u;
  let grad = (b * T + t) * width + head * ${n}u;
${each(n, '  let q# = qkv[at + #u] * scale;\n  let g# = dout[grad + #u];\n  var d# = vec4f(0.0);')}
  let log_sum = lse[i];
  let subtract = delta[i];
  var k = first + width + head / shared_by * ${n}u;
  for (var s = 0u; s <= t; s++) {
    let v = k + key_width;
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
${prologue('attention_backward_key_value', 's', 'KV', n)}
  let k = first + width + s * stride + head * ${n}u;
  let v = k + key_width;
${each(n, '  let k# = qkv[k + #u] * scale;\n  let v# = qkv[v + #u];\n  var dk# = vec4f(0.0);\n  var dv# = vec4f(0.0);')}
  for (var h = head * shared_by; h < (head + 1u) * shared_by; h++) {
    var q = first + s * stride + h * ${n}u;
    var grad = (b * T + s) * width + h * ${n}u;
    let row = (b * params.NH + h) * T;
    for (var t = s; t < T; t++) {
${each(n, '      let q# = qkv[q + #u];\n      let g# = dout[grad + #u];')}
      let p = exp(${dot(n, 'q', 'k')} - lse[row + t]);
      let ds = p * (${dot(n, 'g', 'v')} - delta[row + t]) * scale;
${each(n, '      dk# += ds * q#;\n      dv# += p * g#;')}
      q += stride;
      grad += width;
    }
  }
${each(n, '  dqkv[k + #u] = dk#;\n  dqkv[v + #u] = dv#;')}
}
`
}
