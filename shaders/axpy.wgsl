// target[t_offset + i] (+)= scale·source[s_offset + i] for i < n. One invocation per element.
struct Params { n: u32, s_offset: u32, t_offset: u32, accumulate: u32, scale: f32 }
@group(0) @binding(0) var<storage, read> source: array<f32>;
@group(0) @binding(1) var<storage, read_write> target_values: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn axpy(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  if (i >= params.n) { return; }
  let value = params.scale * source[params.s_offset + i];
  let at = params.t_offset + i;
  target_values[at] = select(value, target_values[at] + value, params.accumulate == 1u);
}
