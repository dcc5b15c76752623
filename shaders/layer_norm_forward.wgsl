// y = (x - mean)·rstd·gamma + beta over C, variance of the population in a second pass.
// x (R, C), gamma (C), beta (C) → y (R, C), stats (R, 2) = (mean, rstd). One invocation per row.
struct Params { rows: u32, C: u32, epsilon: f32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> gamma: array<f32>;
@group(0) @binding(2) var<storage, read> beta: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<storage, read_write> stats: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;

@compute @workgroup_size(32)
fn layer_norm_forward(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let r = id.y * groups.x * 32u + id.x;
  if (r >= params.rows) { return; }
  let C = params.C;
  let base = r * C;
  var sum = 0.0;
  for (var c = 0u; c < C; c++) { sum += x[base + c]; }
  let mean = sum / f32(C);
  var squares = 0.0;
  for (var c = 0u; c < C; c++) {
    let d = x[base + c] - mean;
    squares += d * d;
  }
  let rstd = inverseSqrt(squares / f32(C) + params.epsilon);
  for (var c = 0u; c < C; c++) { y[base + c] = (x[base + c] - mean) * rstd * gamma[c] + beta[c]; }
  stats[2u * r] = mean;
  stats[2u * r + 1u] = rstd;
}
