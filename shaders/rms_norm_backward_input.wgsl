// With x̂ = x·rstd and g = dy·gamma: dx = rstd·(g - x̂·mean_c(g·x̂)) (+ upstream).
// dy, x, upstream (R, C), gamma (C), stats (R) → dx (R, C). One invocation per row.
struct Params { rows: u32, C: u32, use_upstream: u32 }
@group(0) @binding(0) var<storage, read> dy: array<f32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@group(0) @binding(2) var<storage, read> gamma: array<f32>;
@group(0) @binding(3) var<storage, read> stats: array<f32>;
@group(0) @binding(4) var<storage, read> upstream: array<f32>;
@group(0) @binding(5) var<storage, read_write> dx: array<f32>;
@group(0) @binding(6) var<uniform> params: Params;

@compute @workgroup_size(32)
fn rms_norm_backward_input(@builtin(global_invocation_id) id: vec3u, @builtin(num_workgroups) groups: vec3u) {
  let r = id.y * groups.x * 32u + id.x;
  if (r >= params.rows) { return; }
  let C = params.C;
  let base = r * C;
  let rstd = stats[r];
  var sum = 0.0;
  for (var c = 0u; c < C; c++) { sum += dy[base + c] * gamma[c] * x[base + c] * rstd; }
  let mean = sum / f32(C);
  for (var c = 0u; c < C; c++) {
    var value = rstd * (dy[base + c] * gamma[c] - x[base + c] * rstd * mean);
    if (params.use_upstream == 1u) { value += upstream[base + c]; }
    dx[base + c] = value;
  }
}
