/**
 * Attention kernels for one head size where a GPU is simulated on a CPU and a load costs more than the arithmetic after
 * it: the four invocations of a quad take adjacent positions of one head, walk the other side's rows together, load a
 * quarter of each row and get the rest by broadcast. A quad walks as far as its furthest position; causally masked
 * values count 0. The mathematics is that of shaders/attention_*.wgsl, the oracles.
 */

/** "line with # for 0 … count−1", joined. */
function each(count: number, line: string, separator = '\n'): string {
  return Array.from({ length: count }, (_, i) => line.replaceAll('#', String(i))).join(separator)
}

function dot(count: number, left: string, right: string): string {
  return each(count, `dot(${left}#, ${right}#)`, ' + ')
}

/** Declares `row0 …`: the n vec4s from `at` of `buffer`, the same for the whole quad. */
function shared(n: number, row: string, buffer: string, at: string): string {
  const lines: string[] = []
  for (let part = 0; part < n; part += 4) {
    const own = n - part < 4 ? `min(lane, ${n - part - 1}u)` : 'lane'
    lines.push(`    let ${row}_part${part / 4} = ${buffer}[${at} + ${part}u + ${own}];`)
  }
  for (let i = 0; i < n; i++)
    lines.push(`    let ${row}${i} = quadBroadcast(${row}_part${Math.floor(i / 4)}, ${i % 4}u);`)
  return lines.join('\n')
}

const PARAMS = 'enable subgroups;\nstruct Params { B: u32, T: u32, NH: u32, KV: u32, HS: u32 }'

/** Index arithmetic of one quad per four positions of a (b, head), the heads being NH or KV; widths in vec4s. */
function prologue(kernel: string, position: string, heads: 'NH' | 'KV', n: number): string {
  return `
@compute @workgroup_size(4)
fn ${kernel}(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let T = params.T;
  let quads = (T + 3u) / 4u;
  let quad = group.y * groups.x + group.x;
  if (quad >= params.B * params.${heads} * quads) { return; }
  let begin = quad % quads * 4u;
  let head = (quad / quads) % params.${heads};
  let b = quad / (quads * params.${heads});
  let ${position} = min(begin + lane, T - 1u);
  let width = params.NH * ${n}u;
  let key_width = params.KV * ${n}u;
  let stride = width + 2u * key_width;
  let shared_by = params.NH / params.KV; // query heads to a key head
  let first = b * T * stride; // q of position 0; k lies width behind, v another key_width
  let scale = ${1 / Math.sqrt(4 * n)};
`
}

export function forwardQuads(headSize: number): string {
  const n = headSize / 4
  return `// attention_forward for head size ${headSize}, a quad per four queries.
${PARAMS}
@group(0) @binding(0) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(1) var<storage, read_write> o: array<vec4f>;
@group(0) @binding(2) var<storage, read_write> lse: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;
${prologue('attention_forward', 't', 'NH', n)}
  let at = first + t * stride + head * ${n}u;
  let keys = first + width + head / shared_by * ${n}u; // k of position 0
  let row = (b * params.NH + head) * T;
${each(n, '  let q# = qkv[at + #u] * scale;\n  var o# = vec4f(0.0);')}
  var highest = -1e30;
  var sum = 0.0;
  let end = min(begin + 4u, T);
  for (var s = 0u; s < end; s++) {
    let k = keys + s * stride;
${shared(n, 'k', 'qkv', 'k')}
    let score = select(-1e30, ${dot(n, 'q', 'k')}, s <= t);
    let raised = max(highest, score);
    let keep = exp(highest - raised);
    let weight = exp(score - raised);
    sum = sum * keep + weight;
    highest = raised;
${shared(n, 'v', 'qkv', 'k + key_width')}
${each(n, '    o# = o# * keep + weight * v#;')}
  }
  if (begin + lane >= T) { return; }
  let out = (b * T + t) * width + head * ${n}u;
  let inverse = 1.0 / sum;
${each(n, '  o[out + #u] = o# * inverse;')}
  lse[row + t] = highest + log(sum);
}
`
}

const BACKWARD_BINDINGS = `@group(0) @binding(0) var<storage, read> qkv: array<vec4f>;
@group(0) @binding(1) var<storage, read> dout: array<vec4f>;
@group(0) @binding(2) var<storage, read> lse: array<f32>;
@group(0) @binding(3) var<storage, read> delta: array<f32>;
@group(0) @binding(4) var<storage, read_write> dqkv: array<vec4f>;
@group(0) @binding(5) var<uniform> params: Params;`

export function backwardQueryQuads(headSize: number): string {
  const n = headSize / 4
  return `// attention_backward_query for head size ${headSize}, a quad per four queries.
${PARAMS}
${BACKWARD_BINDINGS}
${prologue('attention_backward_query', 't', 'NH', n)}
  let at = first + t * stride + head * ${n}u;
  let keys = first + width + head / shared_by * ${n}u; // k of position 0
  let row = (b * params.NH + head) * T;
  let grad = (b * T + t) * width + head * ${n}u;
${each(n, '  let q# = qkv[at + #u] * scale;\n  let g# = dout[grad + #u];\n  var d# = vec4f(0.0);')}
  let log_sum = lse[row + t];
  let subtract = delta[row + t];
  let end = min(begin + 4u, T);
  for (var s = 0u; s < end; s++) {
    let k = keys + s * stride;
${shared(n, 'k', 'qkv', 'k')}
    let p = select(0.0, exp(${dot(n, 'q', 'k')} - log_sum), s <= t);
${shared(n, 'v', 'qkv', 'k + key_width')}
    let ds = p * (${dot(n, 'g', 'v')} - subtract) * scale;
${each(n, '    d# += ds * k#;')}
  }
  if (begin + lane >= T) { return; }
${each(n, '  dqkv[at + #u] = d#;')}
}
`
}

export function backwardKeyValueQuads(headSize: number): string {
  const n = headSize / 4
  return `// attention_backward_key_value for head size ${headSize}, a quad per four keys.
${PARAMS}
${BACKWARD_BINDINGS}
${prologue('attention_backward_key_value', 's', 'KV', n)}
  let k = first + width + s * stride + head * ${n}u;
  let v = k + key_width;
${each(n, '  let k# = qkv[k + #u] * scale;\n  let v# = qkv[v + #u];\n  var dk# = vec4f(0.0);\n  var dv# = vec4f(0.0);')}
  for (var h = head * shared_by; h < (head + 1u) * shared_by; h++) {
    let row = (b * params.NH + h) * T;
    for (var t = begin; t < T; t++) {
${shared(n, 'q', 'qkv', `first + t * stride + h * ${n}u`)}
${shared(n, 'g', 'dout', `(b * T + t) * width + h * ${n}u`)}
    let p = select(0.0, exp(${dot(n, 'q', 'k')} - lse[row + t]), s <= t);
    let ds = p * (${dot(n, 'g', 'v')} - delta[row + t]) * scale;
${each(n, '    dk# += ds * q#;\n    dv# += p * g#;')}
    }
  }
  if (begin + lane >= T) { return; }
${each(n, '  dqkv[k + #u] = dk#;\n  dqkv[v + #u] = dv#;')}
}
`
}
