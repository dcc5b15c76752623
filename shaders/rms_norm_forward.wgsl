// y = x·rstd·gamma over C with rstd = 1/√(mean x² + epsilon) (Zhang and Sennrich 2019).
// x (R, C), gamma (C) → y (R, C), stats (R) = rstd. One invocation per row.
struct Params { rows: u32, C: u32, epsilon: f32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> gamma: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<storage, read_write> stats: array<f32>;
@group(0) @binding(4) var<uniform> params: Params;

@compute @workgroup_size(32)
fn rms_norm_forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let r = id.y * groups.x * 32u + id.x;
  if (r >= params.rows) { return; }
  let C = params.C;
  let base = r * C;
  var squares = 0.0;
  for (var c = 0u; c < C; c++) { squares += x[base + c] * x[base + c]; }
  let rstd = inverseSqrt(squares / f32(C) + params.epsilon);
  for (var c = 0u; c < C; c++) { y[base + c] = x[base + c] * rstd * gamma[c]; }
  stats[r] = rstd;
}
