// values[t_offset + i] (+)= half i of encoded[s_offset …], i < n. One invocation per value.
struct Params { n: u32, s_offset: u32, t_offset: u32, accumulate: u32 }
@group(0) @binding(0) var<storage, read> encoded: array<u32>;
@group(0) @binding(1) var<storage, read_write> values: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn decode_fp16(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= params.n) { return; }
  let halves = unpack2x16float(encoded[params.s_offset + i / 2u]);
  let value = select(halves.y, halves.x, i % 2u == 0u);
  let at = params.t_offset + i;
  values[at] = select(value, values[at] + value, params.accumulate == 1u);
}
