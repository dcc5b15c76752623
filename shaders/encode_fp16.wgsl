// Two halves per word: encoded[t_offset + w] = (values[2w], values[2w + 1]) from values[s_offset …], n values. What is
// larger than the largest half is clamped to it: an infinite gradient would spoil everybody's sum. One invocation per word.
struct Params { n: u32, s_offset: u32, t_offset: u32 }
@group(0) @binding(0) var<storage, read> values: array<f32>;
@group(0) @binding(1) var<storage, read_write> encoded: array<u32>;
@group(0) @binding(2) var<uniform> params: Params;

fn value_at(i: u32) -> f32 {
  if (i >= params.n) { return 0.0; }
  return clamp(values[params.s_offset + i], -65504.0, 65504.0);
}

@compute @workgroup_size(64)
fn encode_fp16(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let w = id.y * groups.x * 64u + id.x;
  if (2u * w >= params.n) { return; }
  encoded[params.t_offset + w] = pack2x16float(vec2f(value_at(2u * w), value_at(2u * w + 1u)));
}
