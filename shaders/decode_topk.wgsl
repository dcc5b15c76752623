// values[t_offset + index] += value for k pairs at encoded[s_offset …] (indices, then values); no index is there twice. One
// invocation per pair.
struct Params { n: u32, k: u32, s_offset: u32, t_offset: u32 }
@group(0) @binding(0) var<storage, read> encoded: array<u32>;
@group(0) @binding(1) var<storage, read_write> values: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn decode_topk(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= params.k) { return; }
  let index = encoded[params.s_offset + i];
  if (index < params.n) { values[params.t_offset + index] += bitcast<f32>(encoded[params.s_offset + params.k + i]); }
}
