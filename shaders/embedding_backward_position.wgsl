// dwpe[t,:] (+)= Σ_b dx[b·T + t,:] for t < T. dx (B·T, C) → dwpe (context, C). One invocation per (t, channel).
struct Params { B: u32, T: u32, C: u32, accumulate: u32 }
@group(0) @binding(0) var<storage, read> dx: array<f32>;
@group(0) @binding(1) var<storage, read_write> dwpe: array<f32>;
@group(0) @binding(2) var<uniform> params: Params;

@compute @workgroup_size(64)
fn embedding_backward_position(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let i = id.y * groups.x * 64u + id.x;
  let width = params.T * params.C;
  if (i >= width) { return; }
  var sum = 0.0;
  for (var b = 0u; b < params.B; b++) { sum += dx[b * width + i]; }
  dwpe[i] = select(sum, dwpe[i] + sum, params.accumulate == 1u);
}
