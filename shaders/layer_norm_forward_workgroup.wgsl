// The same as layer_norm_forward with one workgroup per row, for devices where a row per invocation reads scattered.
const WIDTH = 64u;
struct Params { rows: u32, C: u32, epsilon: f32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> gamma: array<f32>;
@group(0) @binding(2) var<storage, read> beta: array<f32>;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@group(0) @binding(4) var<storage, read_write> stats: array<f32>;
@group(0) @binding(5) var<uniform> params: Params;
var<workgroup> part: array<f32, WIDTH>;

fn total(lane: u32, value: f32) -> f32 {
  part[lane] = value;
  workgroupBarrier();
  for (var half = WIDTH / 2u; half > 0u; half /= 2u) {
    if (lane < half) { part[lane] += part[lane + half]; }
    workgroupBarrier();
  }
  let sum = part[0];
  workgroupBarrier();
  return sum;
}

@compute @workgroup_size(WIDTH)
fn layer_norm_forward(@builtin(workgroup_id) group: vec3u, @builtin(num_workgroups) groups: vec3u, @builtin(local_invocation_index) lane: u32) {
  let r = group.y * groups.x + group.x;
  let C = params.C;
  let inside = r < params.rows;
  let base = select(0u, r, inside) * C;
  var sum = 0.0;
  for (var c = lane; c < C; c += WIDTH) { sum += x[base + c]; }
  let mean = total(lane, sum) / f32(C);
  var squares = 0.0;
  for (var c = lane; c < C; c += WIDTH) {
    let d = x[base + c] - mean;
    squares += d * d;
  }
  let rstd = inverseSqrt(total(lane, squares) / f32(C) + params.epsilon);
  if (!inside) { return; }
  for (var c = lane; c < C; c += WIDTH) { y[base + c] = (x[base + c] - mean) * rstd * gamma[c] + beta[c]; }
  if (lane == 0u) {
    stats[2u * r] = mean;
    stats[2u * r + 1u] = rstd;
  }
}
